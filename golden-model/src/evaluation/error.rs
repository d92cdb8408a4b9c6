//! Errors of evaluations.

/// Errors of evaluations.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum EvaluationError {
    /// A label is not a class of the network.
    #[error(
        "image {index}: the label is {label}, but the network has {classes} classes; use the data set of the \
         training"
    )]
    Label {
        /// Number of the image, from 0.
        index: usize,
        /// Label of the image.
        label: usize,
        /// Number of outputs of the network.
        classes: usize,
    },
}
