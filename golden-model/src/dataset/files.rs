//! Reading of files that may be plain, gzipped or packed with xz.

use super::DataError;
use crate::file::FileError;
use crate::{Error, Result};
use flate2::read::MultiGzDecoder;
use liblzma::read::XzDecoder;
use std::fs::File;
use std::io::{BufReader, Error as IoError, ErrorKind, Read};
use std::path::{Path, PathBuf};

/// Endings of the three forms, tried in this order.
pub(super) const FORMS: [&str; 3] = ["", ".gz", ".xz"];

/// Limit on a file's unpacked size in bytes: several times the largest known data set, to stop at damaged files.
pub(super) const MAX_BYTES: u64 = 1 << 30;

/// Finds the file in one of its forms.
pub(super) fn locate(folder: &Path, name: &str) -> Option<PathBuf> {
    FORMS
        .iter()
        .map(|form| folder.join(format!("{name}{form}")))
        .find(|path| path.is_file())
}

/// Finds the file in one of its forms, or fails because the data set `name` needs it.
pub(super) fn require(name: &str, folder: &Path, file: &str) -> Result<PathBuf> {
    locate(folder, file).ok_or_else(|| DataError::missing(name, folder, file).into())
}

/// Whether a file or folder `name` exists, or the file in a packed form.
pub(super) fn exists(folder: &Path, name: &str) -> bool {
    folder.join(name).is_dir() || locate(folder, name).is_some()
}

/// Opens a file for reading its unpacked contents.
pub(super) fn open(path: &Path) -> Result<Box<dyn Read>> {
    let file = File::open(path).map_err(|source| failed(path, source))?;
    let file = BufReader::new(file);
    let form = path.extension().and_then(|extension| extension.to_str());
    Ok(match form {
        Some("gz") => Box::new(MultiGzDecoder::new(file)),
        Some("xz") => Box::new(XzDecoder::new_multi_decoder(file)),
        _ => Box::new(file),
    })
}

/// Reads the unpacked contents of a file.
pub(super) fn read(path: &Path) -> Result<Vec<u8>> {
    let mut bytes = Vec::new();
    open(path)?
        .take(MAX_BYTES + 1)
        .read_to_end(&mut bytes)
        .map_err(|source| failed(path, source))?;
    if bytes.len() as u64 > MAX_BYTES {
        return Err(DataError::TooLong {
            path: path.into(),
            limit: MAX_BYTES,
        }
        .into());
    }
    Ok(bytes)
}

/// Creates the error of reading a file: it is damaged, or cannot be read at all.
pub(super) fn failed(path: &Path, source: IoError) -> Error {
    let path = path.into();
    match source.kind() {
        ErrorKind::InvalidData | ErrorKind::InvalidInput | ErrorKind::UnexpectedEof | ErrorKind::Other => {
            DataError::Damaged { path, source }.into()
        }
        _ => Error::File(FileError::Read { path, source }),
    }
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;
    use flate2::Compression;
    use flate2::write::GzEncoder;
    use liblzma::write::XzEncoder;
    use std::io::Write as _;

    /// Compresses `bytes` with gzip.
    pub(in super::super) fn gzip(bytes: &[u8]) -> Vec<u8> {
        let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
        encoder.write_all(bytes).unwrap();
        encoder.finish().unwrap()
    }

    /// Compresses `bytes` with xz.
    pub(in super::super) fn xz(bytes: &[u8]) -> Vec<u8> {
        let mut encoder = XzEncoder::new(Vec::new(), 6);
        encoder.write_all(bytes).unwrap();
        encoder.finish().unwrap()
    }

    #[test]
    fn all_forms_hold_the_same() {
        let folder = tempfile::tempdir().unwrap();
        assert!(!exists(folder.path(), "a"));
        for (form, bytes) in [
            (".xz", xz(b"contents")),
            (".gz", gzip(b"contents")),
            ("", b"contents".to_vec()),
        ] {
            std::fs::write(folder.path().join(format!("a{form}")), bytes).unwrap();
            let path = locate(folder.path(), "a").unwrap();
            // A later form in this list takes precedence over the forms already written.
            assert_eq!(path, folder.path().join(format!("a{form}")));
            assert_eq!(read(&path).unwrap(), b"contents");
        }
    }

    #[test]
    fn filters_beyond_plain_xz_are_undone() {
        use liblzma::stream::{Check, Filters, LzmaOptions, Stream};
        let mut filters = Filters::new();
        filters.delta_properties(&[2]).unwrap();
        filters.lzma2(&LzmaOptions::new_preset(6).unwrap());
        let stream = Stream::new_stream_encoder(&filters, Check::Crc64).unwrap();
        let mut encoder = XzEncoder::new_stream(Vec::new(), stream);
        encoder.write_all(&[1, 2, 3, 4, 5, 6]).unwrap();
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.xz");
        std::fs::write(&path, encoder.finish().unwrap()).unwrap();
        assert_eq!(read(&path).unwrap(), [1, 2, 3, 4, 5, 6]);
    }

    #[test]
    fn damaged_files_are_told_from_missing_ones() {
        let folder = tempfile::tempdir().unwrap();
        for (form, packed) in [("gz", gzip(&[7; 1000])), ("xz", xz(&[7; 1000]))] {
            let path = folder.path().join(format!("a.{form}"));
            for bytes in [&packed[..packed.len() / 2], b"no such form, this"] {
                std::fs::write(&path, bytes).unwrap();
                let error = read(&path).unwrap_err();
                assert!(
                    matches!(&error, Error::Data(DataError::Damaged { .. })),
                    "{error:?}"
                );
                assert!(
                    error.to_string().ends_with("the file is damaged; fetch it again"),
                    "{error}"
                );
            }
        }
        assert!(matches!(
            read(&folder.path().join("b")),
            Err(Error::File(FileError::Read { .. }))
        ));
    }
}
