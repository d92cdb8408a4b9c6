//! Folder of the demo: a new one, an empty one, or that of an earlier demo.

use super::super::diagnostic::Result;
use std::path::Path;
use synfire_golden_model::file::{OutputLock, write_atomically};
use synfire_hw::build::generator;
use synfire_hw::folder;

/// File that marks a folder as that of a demo.
const MARK: &str = "demo.json";

/// Takes a folder for the results, and reserves it for this run.
///
/// # Errors
/// If the folder holds other things than the results of a demo, or another run has reserved it.
pub(super) fn claim(output: &Path) -> Result<OutputLock> {
    let mark = output.join(MARK);
    if !folder::is_vacant(output)? && !mark.is_file() {
        return Err(synfire_hw::Error::OutputFolder {
            path: output.into(),
            reason: format!("it holds files, but no {MARK} of an earlier demo"),
            remedy: "give the name of a new or empty folder with `--output`",
        }
        .into());
    }
    let lock = folder::lock(output)?;
    let content = serde_json::json!({ "format": "synfire-demo", "generator": generator() });
    write_atomically(&mark, &format!("{content:#}\n"))?;
    Ok(lock)
}
