//! What can be wrong with a trace.

use std::path::PathBuf;

/// Why a trace cannot be written or read.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum TraceError {
    /// A file is no npz archive, or a damaged one.
    #[error("{} is not a sound trace: {source}; write it again with `synfire eval --trace`", path.display())]
    Archive {
        /// Path of the file.
        path: PathBuf,
        /// Underlying error.
        source: std::io::Error,
    },
    /// An array is missing, or not what the metadata imply.
    #[error("{}: array `{array}` is {found}, but must be {wanted}; write the trace again", path.display())]
    Array {
        /// Path of the file.
        path: PathBuf,
        /// Name of the array.
        array: String,
        /// What was found.
        found: String,
        /// What was wanted.
        wanted: String,
    },
    /// The metadata cannot be understood.
    #[error("{}: array `metadata`: {source}; write the trace again", path.display())]
    Metadata {
        /// Path of the file.
        path: PathBuf,
        /// What is wrong, and where.
        source: serde_json::Error,
    },
    /// An npz file of something else.
    #[error("{}: a file of format `{found}`, but `{wanted}` is wanted; give a file of `synfire eval --trace`", path.display())]
    Format {
        /// Path of the file.
        path: PathBuf,
        /// Its format.
        found: String,
        /// Format wanted.
        wanted: &'static str,
    },
    /// A trace of a newer version.
    #[error("{}: version {found} of the format, but this program reads version {wanted}; use a newer synfire", path.display())]
    Version {
        /// Path of the file.
        path: PathBuf,
        /// Its version.
        found: u32,
        /// Newest version that is read.
        wanted: u32,
    },
    /// More than a trace may hold.
    #[error(
        "a trace of {images} images is {found} bytes before compression, but at most {limit} are written; \
         trace at most {most} images, or leave the membranes out"
    )]
    TooLarge {
        /// Images asked for.
        images: usize,
        /// Bytes they take.
        found: u64,
        /// Most bytes.
        limit: u64,
        /// Images that fit.
        most: u64,
    },
    /// An inference that is not of the network and the number of steps that the trace is of.
    #[error(
        "image {image} of the trace: {what} {found}, wanted {wanted}; trace one network and one number of steps"
    )]
    Inference {
        /// Number of the image within the trace, from 0.
        image: usize,
        /// What does not fit.
        what: &'static str,
        /// Number found.
        found: usize,
        /// Number wanted.
        wanted: usize,
    },
}
