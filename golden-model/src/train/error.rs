//! Errors of the training loop.

/// Errors of training.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum TrainError {
    /// Training diverged: the loss is so large that no training recovers from it, infinite, or not a number.
    #[error(
        "training diverged in epoch {epoch}, batch {batch}: the loss is {loss:.3e}; \
         lower the learning rate ({learning_rate})"
    )]
    Diverged {
        /// Number of the epoch, from 1.
        epoch: usize,
        /// Number of the batch within the epoch, from 1.
        batch: usize,
        /// Mean loss per image of the batch, or of the evaluation after the last batch.
        loss: f64,
        /// Learning rate of the batch.
        learning_rate: f32,
    },
    /// Training diverged: a weight is infinite or not a number, although the loss before the step was finite.
    #[error(
        "training diverged in epoch {epoch}, batch {batch}: weights are no longer finite; \
         lower the learning rate ({learning_rate})"
    )]
    DivergedWeights {
        /// Number of the epoch, from 1.
        epoch: usize,
        /// Number of the batch within the epoch, from 1.
        batch: usize,
        /// Learning rate of the batch.
        learning_rate: f32,
    },
}
