//! Checks that files are those that the authors of a known set published: other sets use the same names.

use super::{DataError, DataWarning, KNOWN, Known};
use crate::Result;
use crate::file::sha256;
use std::path::Path;

/// A published file of a known set.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Published {
    /// Name of the file, without the ending of a packed form.
    pub file: &'static str,
    /// Number of leading bytes that the checksum covers; `None` for the whole file.
    pub first: Option<usize>,
    /// SHA-256 of the unpacked contents, in hexadecimal.
    pub sha256: &'static str,
}

impl Published {
    /// Computes the SHA-256 of those bytes of a file's unpacked contents that the checksum covers, in hexadecimal.
    pub(super) fn sum(&self, contents: &[u8]) -> String {
        let covered = self.first.unwrap_or(usize::MAX).min(contents.len());
        sha256(&contents[..covered])
    }
}

/// Returns the other set of which a file with this checksum was published.
pub(super) fn other_set(known: &Known, sum: &str) -> Option<&'static str> {
    let others = KNOWN.iter().filter(|other| other.name != known.name);
    let mut published =
        others.flat_map(|other| other.published.iter().map(|published| (other.name, published)));
    published
        .find(|(_, published)| published.sha256 == sum)
        .map(|(name, _)| name)
}

/// Compares the checksums of files with those of the published ones, and warns if one differs. `folder` is the folder of
/// the files.
///
/// # Errors
/// If a file is one of another known set.
pub(super) fn check<'a>(
    known: &Known,
    folder: &Path,
    sums: impl IntoIterator<Item = (&'a str, String)>,
) -> Result<Vec<DataWarning>> {
    let mut warnings = Vec::new();
    for (file, sum) in sums {
        let wanted = known.published.iter().find(|published| published.file == file);
        if wanted.is_none_or(|published| published.sha256 == sum) {
            continue;
        }
        if let Some(found) = other_set(known, &sum) {
            return Err(DataError::OtherSet {
                name: known.name.into(),
                found,
                path: folder.join(file),
            }
            .into());
        }
        // One warning tells enough.
        if warnings.is_empty() {
            warnings.push(DataWarning::Unpublished {
                name: known.name,
                folder: folder.into(),
                file: file.into(),
            });
        }
    }
    Ok(warnings)
}

#[cfg(test)]
mod tests;
