//! Errors of npz files.

use crate::file::Signature;
use std::io::Error as IoError;
use std::path::PathBuf;

/// Errors of npz files.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ArrayError {
    /// The file is damaged or not an npz archive.
    #[error("{} is not a valid npz file: {source}; fetch it or write it again", path.display())]
    Archive {
        /// Path of the file.
        path: PathBuf,
        /// Underlying error.
        source: IoError,
    },
    /// The file is of another kind.
    #[error("{} is {}, not an npz archive; {}", path.display(), signature.what, signature.remedy)]
    Foreign {
        /// Path of the file.
        path: PathBuf,
        /// What the file is.
        signature: Signature,
    },
    /// An array is missing, or has the wrong type or shape.
    #[error("{}: array `{array}` is {found}, but must be {wanted}; write the file again", path.display())]
    Wrong {
        /// Path of the file.
        path: PathBuf,
        /// Name of the array.
        array: String,
        /// Type and shape found, or `missing`.
        found: String,
        /// Type and shape wanted.
        wanted: String,
    },
    /// An array unpacks to far more than it is packed in.
    #[error(
        "{}: array `{array}` unpacks from {packed} to {unpacked} bytes, which is typical of damaged files; if it is \
         right, write the file with numpy.savez, which does not compress",
        path.display()
    )]
    Bomb {
        /// Path of the file.
        path: PathBuf,
        /// Name of the array.
        array: String,
        /// Size in the archive, in bytes.
        packed: u64,
        /// Size that the header announces, in bytes.
        unpacked: u64,
    },
}
