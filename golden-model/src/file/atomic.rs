//! Atomic writing: a file is written completely or not at all, and only where a regular file belongs.

use super::read::kind;
use std::fs::{File, OpenOptions};
use std::io::{Error, ErrorKind, Write as _};
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};
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

/// Beginning of the names of files that exist only during a run.
pub(super) const HIDDEN_PREFIX: &str = ".synfire-";

/// Age from which a hidden file without an owner is a leftover: one that is just being made has no lock yet.
const LEFTOVER_AGE: Duration = Duration::from_secs(60);

/// Writes a text file atomically: under a temporary name in the same folder, followed by a rename. Symbolic links are
/// followed, so that the file they lead to is written.
///
/// # Errors
/// If `path` is a device, a FIFO, a socket or a folder, or the folder cannot be written to. The file then stays
/// unchanged.
pub fn write_atomically(path: &Path, text: &str) -> Result<(), IoError> {
    replace(path, |file| file.write_all(text.as_bytes())).map_err(io("writing", path))
}

/// Writes a file atomically: calls `write` with a temporary file in the same folder, then renames that file.
///
/// # Errors
/// If `write` fails, or as [`write_atomically`]. The file then stays unchanged.
pub(crate) fn replace(
    path: &Path,
    write: impl FnOnce(&mut NamedTempFile) -> std::io::Result<()>,
) -> std::io::Result<()> {
    let target = resolve(path)?;
    let mut file = temporary_file(folder_of(&target))?;
    write(&mut file)?;
    if let Ok(existing) = std::fs::metadata(&target) {
        file.as_file().set_permissions(existing.permissions())?;
    }
    file.persist(target).map_err(|error| error.error)?;
    Ok(())
}

/// Finds the file that writing to `path` would replace or create: follows symbolic links, also those that lead to no file
/// yet.
///
/// # Errors
/// If there is something else than a regular file, if links lead in a circle, or if the path ends in no name.
pub fn resolve(path: &Path) -> std::io::Result<PathBuf> {
    /// More links than any system follows.
    const MOST_LINKS: usize = 40;
    let mut target = path.to_owned();
    for _ in 0..MOST_LINKS {
        let metadata = match std::fs::symlink_metadata(&target) {
            Ok(metadata) => metadata,
            Err(error) if error.kind() == ErrorKind::NotFound => return named(target),
            Err(error) => return Err(error),
        };
        if !metadata.is_symlink() {
            return match kind(metadata.file_type()) {
                None => named(target),
                Some(kind) => Err(Error::new(
                    ErrorKind::InvalidInput,
                    format!("it is {kind}; give the name of a regular file or of a new one"),
                )),
            };
        }
        // An absolute link replaces the whole path.
        target = folder_of(&target).join(std::fs::read_link(&target)?);
    }
    Err(Error::new(
        ErrorKind::InvalidInput,
        "symbolic links lead in a circle; give the name of a regular file or of a new one",
    ))
}

/// Returns a path that ends in the name of a file.
fn named(path: PathBuf) -> std::io::Result<PathBuf> {
    // `Path` ignores a slash at the end.
    let is_folder = path.as_os_str().as_encoded_bytes().ends_with(b"/");
    match path.file_name() {
        Some(_) if !is_folder => Ok(path),
        _ => Err(Error::new(
            ErrorKind::InvalidInput,
            "it is no name of a file; give the name of a regular file or of a new one",
        )),
    }
}

/// Creates a temporary file in a folder, with the permissions of any other new file. It is deleted unless it is
/// persisted, and locked until then, so that other runs leave it alone.
fn temporary_file(folder: &Path) -> std::io::Result<NamedTempFile> {
    remove_leftovers(folder);
    // Opened here rather than by the library, whose errors name the temporary file instead of the user's.
    let create = |path: &Path| OpenOptions::new().write(true).create_new(true).open(path);
    let file: NamedTempFile<File> = tempfile::Builder::new()
        .prefix(HIDDEN_PREFIX)
        .make_in(folder, create)?;
    // File systems without locks keep their leftovers.
    let _ = file.as_file().try_lock();
    Ok(file)
}

/// Removes the temporary files and locks of runs that were killed.
fn remove_leftovers(folder: &Path) {
    let Ok(entries) = std::fs::read_dir(folder) else {
        return;
    };
    for entry in entries.flatten() {
        let is_hidden = entry
            .file_name()
            .as_encoded_bytes()
            .starts_with(HIDDEN_PREFIX.as_bytes());
        if is_hidden && is_abandoned(&entry.path()) {
            let _ = std::fs::remove_file(entry.path());
        }
    }
}

/// Whether a file is old, and no process holds its lock.
fn is_abandoned(path: &Path) -> bool {
    let is_old = |metadata: std::fs::Metadata| {
        let age = metadata
            .modified()
            .ok()
            .and_then(|time| SystemTime::now().duration_since(time).ok());
        metadata.is_file() && age.is_some_and(|age| age > LEFTOVER_AGE)
    };
    std::fs::symlink_metadata(path).is_ok_and(is_old)
        && OpenOptions::new()
            .write(true)
            .open(path)
            .is_ok_and(|file| file.try_lock().is_ok())
}

/// Folder of a file; `.` if the path is only a file name.
pub(crate) fn folder_of(path: &Path) -> &Path {
    match path.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder,
        _ => Path::new("."),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn leftovers_of_killed_runs_are_removed() {
        let folder = tempfile::tempdir().unwrap();
        let make = |name: &str, age: u64| {
            let path = folder.path().join(name);
            let file = File::create(&path).unwrap();
            file.set_modified(SystemTime::now() - Duration::from_secs(age))
                .unwrap();
            (path, file)
        };
        let (old, _) = make(".synfire-old", 100);
        let (young, _) = make(".synfire-young", 0);
        let (used, holder) = make(".synfire-used", 100);
        holder.lock().unwrap();
        let (others, _) = make("synfire-old", 100);
        write_atomically(&folder.path().join("a"), "text").unwrap();
        let exist = [&old, &young, &used, &others].map(|path| path.exists());
        assert_eq!(exist, [false, true, true, true]);
        assert_eq!(std::fs::read_to_string(folder.path().join("a")).unwrap(), "text");
    }

    #[test]
    fn errors_name_the_file_and_not_a_temporary_one() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("none/a");
        let error = write_atomically(&path, "").unwrap_err().to_string();
        assert!(
            error.starts_with(&format!("writing {} failed: No such file", path.display())),
            "{error}"
        );
        assert!(!error.contains(HIDDEN_PREFIX), "{error}");
    }

    #[cfg(unix)]
    #[test]
    fn links_are_followed_and_permissions_kept() {
        use std::os::unix::fs::{PermissionsExt as _, symlink};
        let folder = tempfile::tempdir().unwrap();
        let [file, link, dangling, circle] =
            ["file", "link", "dangling", "circle"].map(|name| folder.path().join(name));
        std::fs::write(&file, "old").unwrap();
        std::fs::set_permissions(&file, std::fs::Permissions::from_mode(0o600)).unwrap();
        symlink("file", &link).unwrap();
        symlink("new", &dangling).unwrap();
        symlink("circle", &circle).unwrap();
        write_atomically(&link, "new").unwrap();
        assert!(link.is_symlink());
        assert_eq!(std::fs::read_to_string(&file).unwrap(), "new");
        assert_eq!(
            std::fs::metadata(&file).unwrap().permissions().mode() & 0o777,
            0o600
        );
        write_atomically(&dangling, "text").unwrap();
        assert!(dangling.is_symlink());
        assert_eq!(
            std::fs::read_to_string(folder.path().join("new")).unwrap(),
            "text"
        );
        assert!(
            write_atomically(&circle, "")
                .unwrap_err()
                .to_string()
                .contains("in a circle")
        );
    }

    #[cfg(unix)]
    #[test]
    fn devices_fifos_sockets_and_folders_stay() {
        use std::os::unix::fs::symlink;
        let folder = tempfile::tempdir().unwrap();
        let [fifo, socket, link] = ["fifo", "socket", "link"].map(|name| folder.path().join(name));
        let made = std::process::Command::new("mkfifo").arg(&fifo).status().unwrap();
        assert!(made.success());
        let _listener = std::os::unix::net::UnixListener::bind(&socket).unwrap();
        symlink("/dev/null", &link).unwrap();
        for (path, kind) in [
            (&fifo, "a FIFO"),
            (&socket, "a socket"),
            (&link, "a device"),
            (&folder.path().to_owned(), "a folder"),
        ] {
            let error = write_atomically(path, "text").unwrap_err().to_string();
            let wanted = format!(
                "writing {} failed: it is {kind}; give the name of a regular file or of a new one",
                path.display()
            );
            assert_eq!(error, wanted);
            assert!(path.exists());
        }
        assert!(link.is_symlink());
        for no_name in ["", "..", "a/"] {
            let path = folder.path().join(no_name);
            assert!(write_atomically(&path, "").is_err(), "{no_name}");
        }
    }
}
