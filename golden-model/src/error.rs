//! The error type of the crate: one variant for the error of each module.

use crate::config::ConfigError;
use crate::dataset::DataError;
use crate::evaluation::EvaluationError;
use crate::file::trace::TraceError;
use crate::file::{ArrayError, FileError};
use crate::float::FloatError;
use crate::integer::IntegerError;
use crate::network::NetworkError;
use crate::quantize::QuantizeError;
use crate::reference::ReferenceError;
use crate::train::{CheckpointError, FineTuningError, TrainError};

/// Error of this crate.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// A file could not be read or written, or is not a model file.
    #[error(transparent)]
    File(#[from] FileError),
    /// An npz file is damaged, or lacks an array.
    #[error(transparent)]
    Array(#[from] ArrayError),
    /// A trace could not be read or written.
    #[error(transparent)]
    Trace(#[from] TraceError),
    /// A network description is not valid.
    #[error(transparent)]
    Network(#[from] NetworkError),
    /// A network file or preset could not be read.
    #[error(transparent)]
    Config(#[from] ConfigError),
    /// A data set could not be read, or does not fit the network.
    #[error(transparent)]
    Data(#[from] DataError),
    /// A float network is not valid, or spikes do not fit it.
    #[error(transparent)]
    Float(#[from] FloatError),
    /// An integer network is not valid, or spikes do not fit it.
    #[error(transparent)]
    Integer(#[from] IntegerError),
    /// A network could not be quantized as asked.
    #[error(transparent)]
    Quantize(#[from] QuantizeError),
    /// A network could not be evaluated.
    #[error(transparent)]
    Evaluation(#[from] EvaluationError),
    /// A training run could not go on.
    #[error(transparent)]
    Train(#[from] TrainError),
    /// A training run could not be resumed.
    #[error(transparent)]
    Checkpoint(#[from] CheckpointError),
    /// A quantized network could not be fine-tuned.
    #[error(transparent)]
    FineTuning(#[from] FineTuningError),
    /// A reference case could not be read.
    #[error(transparent)]
    Reference(#[from] ReferenceError),
}

/// Result type of this crate.
pub type Result<T, E = Error> = std::result::Result<T, E>;
