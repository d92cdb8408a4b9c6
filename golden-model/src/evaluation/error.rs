//! Errors of evaluations.

/// What can go wrong when a network is evaluated.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum EvaluationError {
    /// A label that is not a class of the network.
    #[error(
        "image {index}: label {label}, but the network has {classes} classes; use the data it was trained for"
    )]
    Label {
        /// Image, from 0.
        index: usize,
        /// Its label.
        label: usize,
        /// Outputs of the network.
        classes: usize,
    },
}
