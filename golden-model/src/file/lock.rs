//! Exclusive use of an output by one run: two runs that write one file would mix their results.

use super::atomic::{HIDDEN_PREFIX, folder_of, resolve};
use super::{IoError, io};
use std::fs::{File, OpenOptions, TryLockError};
use std::io::{ErrorKind, Read as _, Seek as _, Write as _};
use std::path::{Path, PathBuf};

/// Exclusive use of an output, until it is dropped. The operating system ends it when the process ends in any way.
#[derive(Debug)]
pub struct OutputLock {
    file: File,
    path: PathBuf,
}

/// Why an output cannot be used exclusively.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum LockError {
    /// Another process uses the output.
    #[error("another run{process} writes {}; wait until it ends, or give another name", path.display())]
    Busy {
        /// Path of the output.
        path: PathBuf,
        /// Number of the other process as " (process 123)"; empty if it is not known.
        process: String,
    },
    /// The file that locks the output could not be written.
    #[error(transparent)]
    Io(#[from] IoError),
}

impl OutputLock {
    /// Locks the output `path`, which need not exist: a file, or a folder. The lock is a hidden file beside the output.
    ///
    /// # Errors
    /// If another process has locked it, or the folder of the output cannot be written to.
    pub fn acquire(path: &Path) -> Result<Self, LockError> {
        let target = resolve(path).map_err(io("writing", path))?;
        let name = target.file_name().unwrap_or_default().to_string_lossy();
        let beside = folder_of(&target).join(format!("{HIDDEN_PREFIX}lock-{name}"));
        loop {
            let mut file = OpenOptions::new()
                .read(true)
                .write(true)
                .create(true)
                .truncate(false)
                .open(&beside)
                .map_err(io("locking", path))?;
            match file.try_lock() {
                Ok(()) => {}
                Err(TryLockError::WouldBlock) => {
                    let mut process = String::new();
                    let _ = (&file).take(20).read_to_string(&mut process);
                    let process = match process.trim().parse::<u32>() {
                        Ok(process) => format!(" (process {process})"),
                        Err(_) => String::new(),
                    };
                    let path = path.into();
                    return Err(LockError::Busy { path, process });
                }
                // A file system without locks: nothing can be told about other runs.
                Err(TryLockError::Error(error)) if error.kind() == ErrorKind::Unsupported => {}
                Err(TryLockError::Error(error)) => return Err(io("locking", path)(error).into()),
            }
            // The run that held the lock may have removed the file after it was opened here.
            if !is_same(&file, &beside) {
                continue;
            }
            file.set_len(0)
                .and_then(|()| file.rewind())
                .and_then(|()| writeln!(file, "{}", std::process::id()))
                .map_err(io("locking", path))?;
            return Ok(Self { file, path: beside });
        }
    }
}

impl Drop for OutputLock {
    fn drop(&mut self) {
        // While the lock is held, so that nobody else's file is removed.
        if is_same(&self.file, &self.path) {
            let _ = std::fs::remove_file(&self.path);
        }
    }
}

/// Whether `path` still leads to this open file.
#[cfg(unix)]
fn is_same(file: &File, path: &Path) -> bool {
    use std::os::unix::fs::MetadataExt as _;
    let identity = |metadata: std::fs::Metadata| (metadata.dev(), metadata.ino());
    match (file.metadata(), std::fs::symlink_metadata(path)) {
        (Ok(file), Ok(there)) => identity(file) == identity(there),
        _ => false,
    }
}

/// Whether `path` still leads to a file; elsewhere, an open file cannot be removed.
#[cfg(not(unix))]
fn is_same(_file: &File, path: &Path) -> bool {
    path.exists()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_output_has_one_lock() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("model.safetensors");
        let lock = OutputLock::acquire(&path).unwrap();
        let error = OutputLock::acquire(&path).unwrap_err();
        assert_eq!(
            error.to_string(),
            format!(
                "another run (process {}) writes {}; wait until it ends, or give another name",
                std::process::id(),
                path.display()
            )
        );
        let _other = OutputLock::acquire(&folder.path().join("other.safetensors")).unwrap();
        drop(lock);
        drop(OutputLock::acquire(&path).unwrap());
        assert_eq!(
            std::fs::read_dir(folder.path()).unwrap().count(),
            1,
            "only the other lock"
        );
    }

    #[cfg(unix)]
    #[test]
    fn a_link_and_its_target_are_one_output() {
        let folder = tempfile::tempdir().unwrap();
        let [path, link] = ["model", "link"].map(|name| folder.path().join(name));
        std::os::unix::fs::symlink("model", &link).unwrap();
        let _lock = OutputLock::acquire(&path).unwrap();
        assert!(matches!(OutputLock::acquire(&link), Err(LockError::Busy { .. })));
    }
}
