//! Errors of model files.

use std::path::PathBuf;

/// Errors of model files, and of reading and writing any file.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum FileError {
    /// A file could not be read.
    #[error("cannot read {}: {source}; check that the file exists and that you may read it", path.display())]
    Read {
        /// Path of the file.
        path: PathBuf,
        /// Underlying error.
        source: std::io::Error,
    },
    /// A file could not be written.
    #[error(
        "cannot write {}: {source}; check that its folder exists, has free space and is writable",
        path.display()
    )]
    Write {
        /// Path of the file.
        path: PathBuf,
        /// Underlying error.
        source: std::io::Error,
    },
    /// The file to read is a folder, a device, a FIFO or a socket.
    #[error("{} is {kind}; give a regular file", path.display())]
    NotRegular {
        /// Path of the file.
        path: PathBuf,
        /// What it is.
        kind: &'static str,
    },
    /// The file is longer than anything that belongs there.
    #[error("{} has {found} bytes, but only {limit} are read; give the right file", path.display())]
    TooLong {
        /// Path of the file.
        path: PathBuf,
        /// Length of the file in bytes, as far as it is known.
        found: u64,
        /// Most bytes that are read.
        limit: u64,
    },
    /// The file is not text.
    #[error("{} is not UTF-8 text: byte {at} is wrong; give a text file", path.display())]
    NotText {
        /// Path of the file.
        path: PathBuf,
        /// Position of the first wrong byte, counted from 0.
        at: usize,
    },
    /// The file is not a safetensors file.
    #[error("{} is not a model file: {source}; give a .safetensors file that synfire wrote", path.display())]
    NotSafetensors {
        /// Path of the file.
        path: PathBuf,
        /// Underlying error.
        source: safetensors::SafeTensorError,
    },
    /// The file is larger than any model.
    #[error(
        "{}: the file has {found} bytes, but a model file has at most {limit}; give a model file",
        path.display()
    )]
    TooLarge {
        /// Path of the file.
        path: PathBuf,
        /// Length of the file in bytes.
        found: u64,
        /// Largest length in bytes that is read.
        limit: u64,
    },
    /// The file is shorter or longer than its header says.
    #[error(
        "{}: the file has {found} bytes, but its header announces {wanted}; it is damaged, write or copy it \
         again",
        path.display()
    )]
    Length {
        /// Path of the file.
        path: PathBuf,
        /// Length of the file in bytes.
        found: u64,
        /// Length in bytes that the header implies.
        wanted: u64,
    },
    /// The checksum of the file is wrong.
    #[error(
        "{}: the contents do not have the SHA-256 that the file records; it is damaged, write or copy it again",
        path.display()
    )]
    Checksum {
        /// Path of the file.
        path: PathBuf,
    },
    /// The safetensors file has another format.
    #[error("{}: the file has format `{found}`, but must have `{wanted}`; {remedy}", path.display())]
    Format {
        /// Path of the file.
        path: PathBuf,
        /// Format of the file.
        found: String,
        /// Format wanted.
        wanted: &'static str,
        /// Suggested fix.
        remedy: &'static str,
    },
    /// The file holds a float model, but a quantized one is wanted.
    #[error("{} is a float model, but must be a quantized one; run `synfire quantize` on it", path.display())]
    FloatModel {
        /// Path of the file.
        path: PathBuf,
    },
    /// The file has another version of the format.
    #[error(
        "{}: the file has version {found} of its format, but this program reads versions up to {wanted}; use \
         a newer synfire",
        path.display()
    )]
    Version {
        /// Path of the file.
        path: PathBuf,
        /// Version of the file.
        found: String,
        /// Newest version that is read.
        wanted: u32,
    },
    /// The file contains something that its version does not have.
    #[error(
        "{}: the file has version {version} of its format, but contains biases, graded input, a reset by subtraction or an \
         output without leak, which version {wanted} has; write the file again",
        path.display()
    )]
    NewerContents {
        /// Path of the file.
        path: PathBuf,
        /// Version of the file.
        version: u32,
        /// Version that has such contents.
        wanted: u32,
    },
    /// The metadata of the model file lack a key.
    #[error("{}: the metadata lack the key `{key}`; give a model file that synfire wrote", path.display())]
    MetadataMissing {
        /// Path of the file.
        path: PathBuf,
        /// Key of the metadata.
        key: &'static str,
    },
    /// A metadata value of the model file cannot be parsed.
    #[error("{}: metadata `{key}`: {source}; write the file again", path.display())]
    Metadata {
        /// Path of the file.
        path: PathBuf,
        /// Key of the metadata.
        key: &'static str,
        /// JSON error with its position.
        source: serde_json::Error,
    },
    /// The model file lacks a tensor.
    #[error("{}: tensor `{tensor}` is missing; write the file again", path.display())]
    TensorMissing {
        /// Path of the file.
        path: PathBuf,
        /// Name of the tensor.
        tensor: String,
    },
    /// A tensor has another type or shape than the network wants.
    #[error("{}: tensor `{tensor}` is {found}, but the network needs {wanted}; write the file again", path.display())]
    Tensor {
        /// Path of the file.
        path: PathBuf,
        /// Name of the tensor.
        tensor: String,
        /// Type and shape found.
        found: String,
        /// Type and shape wanted.
        wanted: String,
    },
    /// A tensor belongs to no layer.
    #[error("{}: tensor `{tensor}` belongs to no layer; write the file again", path.display())]
    TensorUnknown {
        /// Path of the file.
        path: PathBuf,
        /// Name of the tensor.
        tensor: String,
    },
    /// The contents of the model file contradict each other.
    #[error("{}: {source}", path.display())]
    Contents {
        /// Path of the file.
        path: PathBuf,
        /// The contradiction.
        source: Box<crate::Error>,
    },
}
