//! Errors of traces.

use std::path::PathBuf;

/// Errors of writing and reading traces.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum TraceError {
    /// The file is damaged or not an npz archive.
    #[error("{} is not a valid trace: {source}; write it again with `synfire eval --trace`", path.display())]
    Archive {
        /// Path of the file.
        path: PathBuf,
        /// Underlying error.
        source: std::io::Error,
    },
    /// An array is missing, or differs from what the metadata imply.
    #[error("{}: array `{array}` is {found}, but must be {wanted}; write the trace again", path.display())]
    Array {
        /// Path of the file.
        path: PathBuf,
        /// Name of the array.
        array: String,
        /// Type and shape found, or `missing`.
        found: String,
        /// Type and shape wanted.
        wanted: String,
    },
    /// The metadata cannot be parsed.
    #[error("{}: array `metadata`: {source}; write the trace again", path.display())]
    Metadata {
        /// Path of the file.
        path: PathBuf,
        /// JSON error with its position.
        source: serde_json::Error,
    },
    /// The npz file has another format.
    #[error(
        "{}: the file has format `{found}`, but must have `{wanted}`; give a file of `synfire eval --trace`",
        path.display()
    )]
    Format {
        /// Path of the file.
        path: PathBuf,
        /// Format of the file.
        found: String,
        /// Format wanted.
        wanted: &'static str,
    },
    /// The trace has a newer version.
    #[error(
        "{}: the file has version {found} of its format, but this program reads versions up to {wanted}; use \
         a newer synfire",
        path.display()
    )]
    Version {
        /// Path of the file.
        path: PathBuf,
        /// Version of the file.
        found: u32,
        /// Newest version that is read.
        wanted: u32,
    },
    /// The trace would be larger than allowed.
    #[error(
        "a trace of {images} images has {found} bytes before compression, but at most {limit} are allowed; \
         trace at most {most} images, or leave out the membranes"
    )]
    TooLarge {
        /// Number of images requested.
        images: usize,
        /// Bytes that the images take, before compression.
        found: u64,
        /// Largest size in bytes, before compression.
        limit: u64,
        /// Number of images that fit.
        most: u64,
    },
    /// An inference does not have the network or the number of steps of the trace.
    #[error(
        "image {image} of the trace: number of {what} is {found}, but must be {wanted}; trace one network \
         with one number of steps"
    )]
    Inference {
        /// Number of the image within the trace, from 0.
        image: usize,
        /// Property that does not fit.
        what: &'static str,
        /// Number found.
        found: usize,
        /// Number wanted.
        wanted: usize,
    },
}
