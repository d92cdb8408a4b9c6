//! Claim of a folder for a build: what in it may be replaced.

use super::manifest::{FORMAT, MANIFEST, MAX_BYTES, is_file_name};
use crate::error::{Error, Result};
use crate::folder::is_vacant;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use synfire_golden_model::file::{read_text, write_atomically};

/// File that lists the files of a build while it is written; it is left behind if the writing is interrupted.
pub(super) const UNFINISHED: &str = "unfinished.json";

/// What every manifest of a build folder has in common, whatever its version.
#[derive(Default, Serialize, Deserialize)]
struct Listing {
    format: String,
    files: BTreeMap<String, String>,
}

/// Files of the earlier build in a folder, which a new one may replace or remove. A folder that is new or empty has none.
///
/// # Errors
/// [`Error::OutputFolder`] if the folder holds other things than a build.
pub(super) fn earlier_files(folder: &Path) -> Result<BTreeSet<String>> {
    if is_vacant(folder)? {
        return Ok(BTreeSet::new());
    }
    let listings: Vec<Listing> = [MANIFEST, UNFINISHED]
        .iter()
        .filter_map(|name| {
            let text = read_text(&folder.join(name), MAX_BYTES).ok()?;
            let listing: Listing = serde_json::from_str(&text).ok()?;
            (listing.format == FORMAT).then_some(listing)
        })
        .collect();
    if listings.is_empty() {
        return Err(Error::OutputFolder {
            path: folder.into(),
            reason: format!("it holds files, but no {MANIFEST} of a build"),
            remedy: "give the name of a new or empty folder, or of an earlier build",
        });
    }
    let names = listings.into_iter().flat_map(|listing| listing.files.into_keys());
    Ok(names.filter(|name| is_file_name(name)).collect())
}

/// Checks that files that are to be written replace only those of the earlier build.
///
/// # Errors
/// [`Error::OutputFolder`] names the first file of somebody else.
pub(super) fn check_free<'a>(
    folder: &Path,
    earlier: &BTreeSet<String>,
    names: impl Iterator<Item = &'a String>,
) -> Result<()> {
    let is_foreign = |name: &&String| {
        !earlier.contains(*name) && std::fs::symlink_metadata(folder.join(name.as_str())).is_ok()
    };
    match { names }.find(is_foreign) {
        None => Ok(()),
        Some(name) => Err(Error::OutputFolder {
            path: folder.into(),
            reason: format!("{name} in it does not belong to the earlier build, and would be replaced"),
            remedy: "move that file away, or give another folder",
        }),
    }
}

/// Lists the files of both builds, so that the next run knows its own files if this one is interrupted.
///
/// # Errors
/// [`Error::Io`].
pub(super) fn mark_unfinished(folder: &Path, names: impl Iterator<Item = String>) -> Result<()> {
    let listing = Listing {
        format: FORMAT.into(),
        files: names.map(|name| (name, String::new())).collect(),
    };
    let path = folder.join(UNFINISHED);
    let text = serde_json::to_string_pretty(&listing).map_err(|error| Error::BuildFolder {
        path: path.clone(),
        reason: format!("its list of files cannot be written as JSON ({error})"),
    })?;
    Ok(write_atomically(&path, &text)?)
}
