//! Errors of model files.

use std::path::PathBuf;

/// What can go wrong with a model file, or with reading and writing any file.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum FileError {
    /// A file could not be read.
    #[error("cannot read {}: {source}; check that it exists and that you may read it", path.display())]
    Read {
        /// Path of the file.
        path: PathBuf,
        /// Underlying error.
        source: std::io::Error,
    },
    /// A file could not be written.
    #[error("cannot write {}: {source}; check that its folder exists, has room and is yours to write", path.display())]
    Write {
        /// Path of the file.
        path: PathBuf,
        /// Underlying error.
        source: std::io::Error,
    },
    /// A file that is not a safetensors file.
    #[error("{} is not a model file: {source}; give a .safetensors file that synfire wrote", path.display())]
    NotSafetensors {
        /// Path of the file.
        path: PathBuf,
        /// Underlying error.
        source: safetensors::SafeTensorError,
    },
    /// A file larger than any model.
    #[error("{}: {found} bytes, but a model file has at most {limit}; give a model file", path.display())]
    TooLarge {
        /// Path of the file.
        path: PathBuf,
        /// Its length.
        found: u64,
        /// Largest length that is read.
        limit: u64,
    },
    /// A file that is shorter or longer than its header says.
    #[error("{}: {found} bytes, but its header wants {wanted}; the file is damaged, write or copy it again", path.display())]
    Length {
        /// Path of the file.
        path: PathBuf,
        /// Its length.
        found: u64,
        /// Length that the header implies.
        wanted: u64,
    },
    /// A safetensors file of something else.
    #[error("{}: a file of format `{found}`, but `{wanted}` is wanted; {remedy}", path.display())]
    Format {
        /// Path of the file.
        path: PathBuf,
        /// Its format.
        found: String,
        /// Format wanted.
        wanted: &'static str,
        /// What to do.
        remedy: &'static str,
    },
    /// A float model where a quantized one is wanted.
    #[error("{} is a float model, but a quantized one is wanted; run `synfire quantize` on it", path.display())]
    FloatModel {
        /// Path of the file.
        path: PathBuf,
    },
    /// A file of another version of its format.
    #[error("{}: version {found} of the format, but this program reads version {wanted}; use a newer synfire", path.display())]
    Version {
        /// Path of the file.
        path: PathBuf,
        /// Its version.
        found: String,
        /// Newest version that is read.
        wanted: u32,
    },
    /// A model file without one of its metadata.
    #[error("{}: no `{key}` in the metadata; give a model file that synfire wrote", path.display())]
    MetadataMissing {
        /// Path of the file.
        path: PathBuf,
        /// The key.
        key: &'static str,
    },
    /// Metadata of a model file that cannot be understood.
    #[error("{}: metadata `{key}`: {source}; write the file again", path.display())]
    Metadata {
        /// Path of the file.
        path: PathBuf,
        /// The key.
        key: &'static str,
        /// What is wrong, and where.
        source: serde_json::Error,
    },
    /// A model file without one of its tensors.
    #[error("{}: no tensor `{tensor}`; write the file again", path.display())]
    TensorMissing {
        /// Path of the file.
        path: PathBuf,
        /// Name of the tensor.
        tensor: String,
    },
    /// A tensor of another type or shape than the network wants.
    #[error("{}: tensor `{tensor}` is {found}, but the network wants {wanted}; write the file again", path.display())]
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
    /// A tensor that belongs to no layer.
    #[error("{}: tensor `{tensor}` belongs to no layer; write the file again", path.display())]
    TensorUnknown {
        /// Path of the file.
        path: PathBuf,
        /// Name of the tensor.
        tensor: String,
    },
    /// A model file whose contents contradict each other.
    #[error("{}: {source}", path.display())]
    Contents {
        /// Path of the file.
        path: PathBuf,
        /// The contradiction.
        source: Box<crate::Error>,
    },
}
