//! Kinds of files that users give in place of others, told by their first bytes.

use super::{FileError, open_regular};
use std::io::Read as _;
use std::path::Path;

/// What a file is, and what to do with it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Signature {
    /// Kind of the file, with its article.
    pub what: &'static str,
    /// Suggested fix, as an imperative.
    pub remedy: &'static str,
}

/// First bytes of a gzip file.
pub(crate) const GZIP: &[u8] = &[0x1F, 0x8B, 8];
/// First bytes of an xz file.
pub(crate) const XZ: &[u8] = &[0xFD, b'7', b'z', b'X', b'Z', 0];

const SAVEZ: &str = "save all its arrays in one file with numpy.savez";
const CONVERT: &str = "convert its samples and labels to arrays and save them with numpy.savez";
const UNPACK: &str = "unpack it and give the npz file inside";
const MODEL: &str = "give the data set, not the model";

/// First bytes, kind, remedy.
const KINDS: &[(&[u8], &str, &str)] = &[
    (b"\x93NUMPY", "a single NumPy array", SAVEZ),
    (b"\x89HDF\r\n\x1a\n", "an HDF5 file", CONVERT),
    (b"MATLAB 7.3", "a MAT-file of version 7.3", CONVERT),
    (b"MATLAB 5.0", "a MAT-file", CONVERT),
    (b"#!AER-DAT", "an AEDAT recording", CONVERT),
    (b"% ", "an event recording with a text header", CONVERT),
    (b"\x80\x02", "a Python pickle", CONVERT),
    (b"\x80\x03", "a Python pickle", CONVERT),
    (b"\x80\x04", "a Python pickle", CONVERT),
    (b"\x80\x05", "a Python pickle", CONVERT),
    (b"PAR1", "a Parquet file", CONVERT),
    (b"\x89PNG", "a PNG picture", CONVERT),
    (b"\xFF\xD8\xFF", "a JPEG picture", CONVERT),
    (&[0, 0, 8, 1], "an idx file of labels", IDX),
    (&[0, 0, 8, 3], "an idx file of images", IDX),
    (GZIP, "a gzip file", UNPACK),
    (XZ, "an xz file", UNPACK),
    (b"BZh", "a bzip2 file", UNPACK),
    (&[0x28, 0xB5, 0x2F, 0xFD], "a Zstandard file", UNPACK),
    (b"7z\xBC\xAF", "a 7z archive", UNPACK),
    (b"<!DOCTYPE", "a web page", "fetch the file itself"),
    (b"<html", "a web page", "fetch the file itself"),
];

const IDX: &str = "give the name of its data set, and the folder of its four files as the data folder";

/// Safetensors files begin with the length of a JSON object.
const SAFETENSORS: Signature = Signature {
    what: "a safetensors file",
    remedy: MODEL,
};
const TAR: Signature = Signature {
    what: "a tar archive",
    remedy: UNPACK,
};

/// Reads the first bytes of a file and tells its kind; `None` if they are of no kind known here.
///
/// # Errors
/// If the file cannot be read.
pub(crate) fn of(path: &Path) -> Result<Option<Signature>, FileError> {
    let mut head = Vec::new();
    let (file, _) = open_regular(path)?;
    file.take(512)
        .read_to_end(&mut head)
        .map_err(|source| FileError::Read {
            path: path.into(),
            source,
        })?;
    Ok(of_bytes(&head))
}

/// Tells the kind of a file by its first 512 bytes.
fn of_bytes(head: &[u8]) -> Option<Signature> {
    if let Some(&(_, what, remedy)) = KINDS.iter().find(|(start, ..)| head.starts_with(start)) {
        return Some(Signature { what, remedy });
    }
    match (head.get(257..262), head.get(8..10)) {
        (Some(b"ustar"), _) => Some(TAR),
        (_, Some(b"{\"")) => Some(SAFETENSORS),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn kinds_are_told_by_their_first_bytes() {
        let what = |head: &[u8]| of_bytes(head).map(|signature| signature.what);
        assert_eq!(what(b"\x93NUMPY\x01\x00"), Some("a single NumPy array"));
        assert_eq!(what(b"\x89HDF\r\n\x1a\n\0"), Some("an HDF5 file"));
        assert_eq!(what(b"#!AER-DAT4.0\r\n"), Some("an AEDAT recording"));
        assert_eq!(what(b"\x10\0\0\0\0\0\0\0{\"a\":"), Some("a safetensors file"));
        let mut tar = vec![b'a'; 512];
        tar[257..262].copy_from_slice(b"ustar");
        assert_eq!(what(&tar), Some("a tar archive"));
        assert_eq!((what(b""), what(b"no archive")), (None, None));
        // An npz archive is a zip archive, which is never named: it fails for another reason.
        assert_eq!(what(b"PK\x03\x04"), None);
    }
}
