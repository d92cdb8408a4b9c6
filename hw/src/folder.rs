//! Folders that synfire writes: whose they are, what may lie there, and their lock.

use crate::error::{Error, Result};
use std::fs::FileType;
use std::io::ErrorKind;
use std::path::Path;
use synfire_golden_model::file::{LockError, OutputLock, io};

/// Beginning of the names of files that exist only during a run, such as locks.
const HIDDEN: &str = ".synfire-";

/// Whether there is nothing at `folder`, or a folder without files.
///
/// # Errors
/// [`Error::OutputFolder`] if there is something else than a folder; [`Error::Io`].
pub fn is_vacant(folder: &Path) -> Result<bool> {
    match std::fs::metadata(folder) {
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(true),
        Err(error) => return Err(io("opening", folder)(error).into()),
        Ok(metadata) if !metadata.is_dir() => {
            return Err(Error::OutputFolder {
                path: folder.into(),
                reason: "it is no folder".into(),
                remedy: "give the name of a new or empty folder",
            });
        }
        Ok(_) => {}
    }
    for entry in std::fs::read_dir(folder).map_err(io("opening", folder))? {
        let name = entry.map_err(io("opening", folder))?.file_name();
        if !name.as_encoded_bytes().starts_with(HIDDEN.as_bytes()) {
            return Ok(false);
        }
    }
    Ok(true)
}

/// Reserves a folder for one run, and creates it if needed.
///
/// # Errors
/// [`Error::Locked`] if another run has reserved it; [`Error::Io`].
pub fn lock(folder: &Path) -> Result<OutputLock> {
    std::fs::create_dir_all(folder).map_err(io("creating folder", folder))?;
    // The lock lies in the folder, so that it is found by every path that leads there.
    match OutputLock::acquire(&folder.join("folder")) {
        Err(LockError::Busy { process, .. }) => {
            let path = folder.into();
            Err(LockError::Busy { path, process }.into())
        }
        lock => Ok(lock?),
    }
}

/// Checks that entries of a folder are files and folders, if `is_used` is true for their names: a link would lead writers
/// and readers out of the folder, and a FIFO or a device has no end.
///
/// # Errors
/// What the first other entry is, as text; the caller names the folder.
pub fn check_entries(folder: &Path, is_used: impl Fn(&str) -> bool) -> Result<(), String> {
    // What is wrong with the folder itself is the caller's to find.
    for entry in std::fs::read_dir(folder).into_iter().flatten().flatten() {
        let name = entry.file_name();
        let name = name.to_string_lossy();
        if let (true, Ok(kind)) = (is_used(&name), entry.file_type()) {
            check_kind(&name, kind)?;
        }
    }
    Ok(())
}

fn check_kind(name: &str, kind: FileType) -> Result<(), String> {
    match (kind.is_file() || kind.is_dir(), kind.is_symlink()) {
        (true, _) => Ok(()),
        (_, true) => Err(format!(
            "{name} is a symbolic link; replace it by the file itself"
        )),
        _ => Err(format!("{name} is a device, a FIFO or a socket; remove it")),
    }
}
