//! Reading of untrusted files: regular files only, and never more than a limit.
//!
//! A device or a FIFO given as a file has no end, or never begins. Every reader of the workspace opens files here.

use super::FileError;
use std::fs::{File, FileType, Metadata};
use std::io::Read as _;
use std::path::Path;

/// Limit on the size in bytes of files that people write, such as networks and boards.
pub const MAX_TEXT_BYTES: u64 = 1 << 20;

/// Opens a regular file for reading. Returns the file and its length in bytes.
///
/// # Errors
/// If the file cannot be opened, or is a folder, a device, a FIFO or a socket.
pub fn open_regular(path: &Path) -> Result<(File, u64), FileError> {
    let failed = |source| FileError::Read {
        path: path.into(),
        source,
    };
    // Before opening: to open a FIFO waits for its writer.
    check_regular(path, &std::fs::metadata(path).map_err(failed)?)?;
    let file = File::open(path).map_err(failed)?;
    let metadata = file.metadata().map_err(failed)?;
    check_regular(path, &metadata)?;
    Ok((file, metadata.len()))
}

/// Reads a regular file of at most `limit` bytes.
///
/// # Errors
/// Fails like [`open_regular`], or if the file is longer.
pub fn read_bytes(path: &Path, limit: u64) -> Result<Vec<u8>, FileError> {
    let (file, length) = open_regular(path)?;
    let too_long = |found| FileError::TooLong {
        path: path.into(),
        found,
        limit,
    };
    if length > limit {
        return Err(too_long(length));
    }
    let mut bytes = Vec::new();
    // The file may grow while it is read.
    file.take(limit.saturating_add(1))
        .read_to_end(&mut bytes)
        .map_err(|source| FileError::Read {
            path: path.into(),
            source,
        })?;
    match bytes.len() as u64 {
        found if found > limit => Err(too_long(found)),
        _ => Ok(bytes),
    }
}

/// Reads a regular file of at most `limit` bytes of UTF-8 text.
///
/// # Errors
/// Fails like [`read_bytes`], or if the file is not UTF-8 text.
pub fn read_text(path: &Path, limit: u64) -> Result<String, FileError> {
    String::from_utf8(read_bytes(path, limit)?).map_err(|error| FileError::NotText {
        path: path.into(),
        at: error.utf8_error().valid_up_to(),
    })
}

fn check_regular(path: &Path, metadata: &Metadata) -> Result<(), FileError> {
    match kind(metadata.file_type()) {
        None => Ok(()),
        Some(kind) => Err(FileError::NotRegular {
            path: path.into(),
            kind,
        }),
    }
}

/// Names the kind of what is not a regular file; `None` for a regular file.
pub(super) fn kind(file_type: FileType) -> Option<&'static str> {
    #[cfg(unix)]
    {
        use std::os::unix::fs::FileTypeExt as _;
        if file_type.is_fifo() {
            return Some("a FIFO");
        }
        if file_type.is_socket() {
            return Some("a socket");
        }
        if file_type.is_char_device() || file_type.is_block_device() {
            return Some("a device");
        }
    }
    match (file_type.is_file(), file_type.is_dir()) {
        (true, _) => None,
        (_, true) => Some("a folder"),
        _ => Some("no regular file"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_up_to_the_limit_are_read() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.toml");
        std::fs::write(&path, "12345").unwrap();
        assert_eq!(read_text(&path, 5).unwrap(), "12345");
        assert_eq!(
            read_bytes(&path, 4).unwrap_err().to_string(),
            format!(
                "{} has 5 bytes, but only 4 are read; give the right file",
                path.display()
            )
        );
        std::fs::write(&path, b"ab\xFFcd").unwrap();
        assert_eq!(
            read_text(&path, 10).unwrap_err().to_string(),
            format!(
                "{} is not UTF-8 text: byte 2 is wrong; give a text file",
                path.display()
            )
        );
    }

    #[test]
    fn only_regular_files_are_read() {
        let folder = tempfile::tempdir().unwrap();
        let refusal = |path: &Path| open_regular(path).unwrap_err().to_string();
        assert_eq!(
            refusal(folder.path()),
            format!("{} is a folder; give a regular file", folder.path().display())
        );
        assert!(refusal(&folder.path().join("none")).contains("check that the file exists"));
        #[cfg(unix)]
        {
            assert_eq!(
                refusal(Path::new("/dev/zero")),
                "/dev/zero is a device; give a regular file"
            );
            let socket = folder.path().join("socket");
            let _listener = std::os::unix::net::UnixListener::bind(&socket).unwrap();
            assert!(refusal(&socket).contains("is a socket"));
            let fifo = folder.path().join("fifo");
            let made = std::process::Command::new("mkfifo").arg(&fifo).status().unwrap();
            assert!(made.success());
            // Returns at once, although nobody writes.
            assert!(refusal(&fifo).contains("is a FIFO"));
        }
    }
}
