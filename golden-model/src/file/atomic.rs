//! Files that are written in whole or not at all.

use std::io::Write as _;
use std::path::{Path, PathBuf};
use tempfile::NamedTempFile;

/// A file or process that could not be used.
#[derive(Debug, thiserror::Error)]
#[error("{action} {} failed: {source}", path.display())]
pub struct IoError {
    /// What was tried, as in "reading".
    pub action: &'static str,
    /// The file, folder or program.
    pub path: PathBuf,
    /// What the operating system said.
    pub source: std::io::Error,
}

/// Names the action and the path that an I/O error comes from.
pub fn io(action: &'static str, path: impl Into<PathBuf>) -> impl FnOnce(std::io::Error) -> IoError {
    move |source| IoError {
        action,
        path: path.into(),
        source,
    }
}

/// Writes a text under a temporary name in the file's folder, and renames it.
///
/// # Errors
/// If the folder cannot be written to. The file is then as it was.
pub fn write_atomically(path: &Path, text: &str) -> Result<(), IoError> {
    let file = temporary_file(path).map_err(io("creating a file in", folder_of(path)))?;
    persist(file, path, |file| file.write_all(text.as_bytes())).map_err(io("writing", path))
}

/// Writes a file with `write`, under a temporary name in the same folder, and renames it.
///
/// # Errors
/// What `write` says, or if the folder cannot be written to. The file is then as it was.
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

/// A file that vanishes unless it is persisted, in the folder of `path`, with the rights of any other new file.
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

/// The folder of a file; `.` where the path is a name alone.
pub(crate) fn folder_of(path: &Path) -> &Path {
    match path.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder,
        _ => Path::new("."),
    }
}
