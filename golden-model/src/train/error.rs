//! Errors of the training loop.

/// What can go wrong while a network is trained.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum TrainError {
    /// Training ran away: the loss is infinite or not a number.
    #[error(
        "training diverged in epoch {epoch}, batch {batch}: the loss is {loss}; \
         lower the learning rate ({learning_rate})"
    )]
    Diverged {
        /// The epoch, from 1.
        epoch: usize,
        /// The batch, from 1.
        batch: usize,
        /// The batch's loss.
        loss: f64,
        /// The learning rate of that batch.
        learning_rate: f32,
    },
    /// Training ran away: a weight is infinite or not a number, though the loss before the step was neither.
    #[error(
        "training diverged in epoch {epoch}, batch {batch}: weights are no longer finite; \
         lower the learning rate ({learning_rate})"
    )]
    DivergedWeights {
        /// The epoch, from 1.
        epoch: usize,
        /// The batch, from 1.
        batch: usize,
        /// The learning rate of that batch.
        learning_rate: f32,
    },
}
