//! Atomic writing: a file is written completely or not at all.

use std::io::Write as _;
use std::path::{Path, PathBuf};
use tempfile::NamedTempFile;

/// Error of an operation on a file, folder or program.
#[derive(Debug, thiserror::Error)]
#[error("{action} {} failed: {source}", path.display())]
pub struct IoError {
    /// Attempted action, such as "reading".
    pub action: &'static str,
    /// Path of the file, folder or program.
    pub path: PathBuf,
    /// Error of the operating system.
    pub source: std::io::Error,
}

/// Adds the action and the path to an I/O error.
pub fn io(action: &'static str, path: impl Into<PathBuf>) -> impl FnOnce(std::io::Error) -> IoError {
    move |source| IoError {
        action,
        path: path.into(),
        source,
    }
}

/// Writes a text file atomically: under a temporary name in the same folder, followed by a rename.
///
/// # Errors
/// If the folder cannot be written to. The file then stays unchanged.
pub fn write_atomically(path: &Path, text: &str) -> Result<(), IoError> {
    let file = temporary_file(path).map_err(io("creating a file in", folder_of(path)))?;
    persist(file, path, |file| file.write_all(text.as_bytes())).map_err(io("writing", path))
}

/// Writes a file atomically: calls `write` with a temporary file in the same folder, then renames that file.
///
/// # Errors
/// If `write` fails, or the folder cannot be written to. The file then stays unchanged.
pub(crate) fn replace(
    path: &Path,
    write: impl FnOnce(&mut NamedTempFile) -> std::io::Result<()>,
) -> std::io::Result<()> {
    persist(temporary_file(path)?, path, write)
}

fn persist(
    mut file: NamedTempFile,
    path: &Path,
    write: impl FnOnce(&mut NamedTempFile) -> std::io::Result<()>,
) -> std::io::Result<()> {
    write(&mut file)?;
    file.persist(path).map_err(|error| error.error)?;
    Ok(())
}

/// Creates a temporary file in the folder of `path`, with the permissions of any other new file. It is deleted unless
/// it is persisted.
fn temporary_file(path: &Path) -> std::io::Result<NamedTempFile> {
    let mut builder = tempfile::Builder::new();
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        // The process's umask applies.
        builder.permissions(std::fs::Permissions::from_mode(0o666));
    }
    builder.prefix(".synfire-").tempfile_in(folder_of(path))
}

/// Folder of a file; `.` if the path is only a file name.
pub(crate) fn folder_of(path: &Path) -> &Path {
    match path.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder,
        _ => Path::new("."),
    }
}
