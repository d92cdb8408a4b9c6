//! Reading of files that may be plain, gzipped or packed with xz. Whatever they unpack to, memory is bounded.

use super::DataError;
use crate::file::signature::{GZIP, XZ};
use crate::file::{FileError, open_regular};
use crate::{Error, Result};
use flate2::read::MultiGzDecoder;
use liblzma::read::XzDecoder;
use liblzma::stream::{CONCATENATED, Stream};
use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Error as IoError, ErrorKind, Read};
use std::path::{Path, PathBuf};

/// Endings of the three forms, tried in this order.
pub(super) const FORMS: [&str; 3] = ["", ".gz", ".xz"];

/// Limit on a file's unpacked size in bytes: several times the largest known data set, to stop at damaged files.
pub(super) const MAX_BYTES: u64 = 1 << 30;

/// Limit on the memory in bytes that a file may ask of the xz decoder. The strongest preset needs 65 MiB.
const MAX_XZ_MEMORY: u64 = 256 << 20;

/// Finds the file in one of its forms. What is neither a file nor a folder counts too: opening it says what it is.
pub(super) fn locate(folder: &Path, name: &str) -> Option<PathBuf> {
    FORMS
        .iter()
        .map(|form| folder.join(format!("{name}{form}")))
        .find(|path| path.exists() && !path.is_dir())
}

/// Finds the file in one of its forms, or fails because the data set `name` needs it.
pub(super) fn require(name: &str, folder: &Path, file: &str) -> Result<PathBuf> {
    locate(folder, file).ok_or_else(|| DataError::missing(name, folder, file).into())
}

/// Whether a file or folder `name` exists, or the file in a packed form.
pub(super) fn exists(folder: &Path, name: &str) -> bool {
    folder.join(name).is_dir() || locate(folder, name).is_some()
}

/// Whether a file is a note of the operating system beside the files of the data set, such as `._1.bin` or
/// `.DS_Store` of macOS.
pub(super) fn is_hidden(path: &Path) -> bool {
    let name = path.file_name();
    name.is_some_and(|name| name.as_encoded_bytes().starts_with(b"."))
}

/// Opens a file for reading its unpacked contents, at most [`MAX_BYTES`] of them. The form is told by the file's ending
/// or, since programs that unpack or copy files change endings, by its first bytes.
///
/// # Errors
/// If the file cannot be opened, or is a folder, a device, a FIFO or a socket. Reading beyond the limit fails with an
/// error that [`failed`] names.
pub(super) fn open(path: &Path) -> Result<Box<dyn Read>> {
    let (file, _) = open_regular(path)?;
    let mut file = BufReader::new(file);
    let head = file.fill_buf().map_err(|source| failed(path, source))?;
    let has = |ending: &str, magic: &[u8]| {
        path.extension().is_some_and(|found| found == ending) || head.starts_with(magic)
    };
    let unpacked: Box<dyn Read> = if has("gz", GZIP) {
        Box::new(MultiGzDecoder::new(file))
    } else if has("xz", XZ) {
        let stream = Stream::new_stream_decoder(MAX_XZ_MEMORY, CONCATENATED);
        let stream = stream.map_err(|source| failed(path, source.into()))?;
        Box::new(XzDecoder::new_stream(file, stream))
    } else {
        Box::new(file)
    };
    Ok(Box::new(Limited::new(unpacked, MAX_BYTES)))
}

/// Reads the unpacked contents of a file.
///
/// # Errors
/// Fails like [`open`], or if the file is damaged or too long.
pub(super) fn read(path: &Path) -> Result<Vec<u8>> {
    let mut bytes = Vec::new();
    open(path)?
        .read_to_end(&mut bytes)
        .map_err(|source| failed(path, source))?;
    Ok(bytes)
}

/// Reads those files of a tar archive, in any form, whose names without folders `wanted` accepts.
///
/// # Errors
/// Fails like [`read`], or if the archive is damaged or holds sparse files, a few bytes of which stand for any number of
/// zeros.
pub(super) fn unpack(path: &Path, wanted: impl Fn(&str) -> bool) -> Result<BTreeMap<String, Vec<u8>>> {
    let failed = |source| failed(path, source);
    let mut members = BTreeMap::new();
    let mut archive = tar::Archive::new(open(path)?);
    for entry in archive.entries().map_err(failed)? {
        let mut entry = entry.map_err(failed)?;
        let name = entry.path().map_err(failed)?.file_name().map(ToOwned::to_owned);
        let Some(name) = name.and_then(|name| name.into_string().ok()) else {
            continue;
        };
        if !wanted(&name) || !entry.header().entry_type().is_file() {
            if entry.header().entry_type().is_gnu_sparse() {
                return Err(DataError::Sparse {
                    path: path.into(),
                    file: name,
                }
                .into());
            }
            continue;
        }
        let mut bytes = Vec::new();
        entry.read_to_end(&mut bytes).map_err(failed)?;
        members.insert(name, bytes);
    }
    Ok(members)
}

/// Creates the error of reading a file: it is damaged or too long, or cannot be read at all.
pub(super) fn failed(path: &Path, source: IoError) -> Error {
    let path = path.into();
    if source.get_ref().is_some_and(|inner| inner.is::<LimitReached>()) {
        let limit = MAX_BYTES;
        return DataError::TooLong { path, limit }.into();
    }
    match source.kind() {
        ErrorKind::InvalidData | ErrorKind::InvalidInput | ErrorKind::UnexpectedEof | ErrorKind::Other => {
            DataError::Damaged { path, source }.into()
        }
        _ => Error::File(FileError::Read { path, source }),
    }
}

/// Reader that fails at the end of its limit, unless its source ends there too.
pub(super) struct Limited<R> {
    source: R,
    left: u64,
}

/// The source has more bytes than its reader allows.
#[derive(Debug, thiserror::Error)]
#[error("it has too many bytes")]
struct LimitReached;

impl<R: Read> Limited<R> {
    pub(super) const fn new(source: R, limit: u64) -> Self {
        Self { source, left: limit }
    }
}

impl<R: Read> Read for Limited<R> {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        if buffer.is_empty() {
            return Ok(0);
        }
        if self.left == 0 {
            return match self.source.read(&mut [0])? {
                0 => Ok(0),
                _ => Err(IoError::new(ErrorKind::InvalidData, LimitReached)),
            };
        }
        let room = usize::try_from(self.left).map_or(buffer.len(), |left| left.min(buffer.len()));
        let count = self.source.read(&mut buffer[..room])?;
        self.left -= count as u64;
        Ok(count)
    }
}

#[cfg(test)]
pub(super) mod tests;
