//! Errors of checkpoints.

/// Errors of resuming a run.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum CheckpointError {
    /// The requested run differs from the run of the checkpoint.
    #[error(
        "this run has {field} {wanted}, but the checkpoint has {found}; \
         resume with the value of the checkpoint, or start a new run"
    )]
    Differs {
        /// Path of keys of the difference.
        field: String,
        /// Value in the checkpoint.
        found: String,
        /// Requested value.
        wanted: String,
    },
    /// The requested run ends before the position of the checkpoint.
    #[error(
        "this run has train.epochs {wanted}, but the checkpoint has reached epoch {done}; set at least {done}, or \
         start a new run"
    )]
    TooFewEpochs {
        /// Number of epochs done, including an unfinished one.
        done: usize,
        /// Requested number of epochs.
        wanted: usize,
    },
    /// The requested run has another number of epochs, on which its schedule depends.
    #[error(
        "this run has train.epochs {wanted}, but the checkpoint has {found}, and a {schedule} schedule \
         depends on this number from the start; resume with {found}, or start a new run"
    )]
    ScheduledEnd {
        /// Name of the schedule.
        schedule: &'static str,
        /// Number of epochs in the checkpoint.
        found: usize,
        /// Requested number of epochs.
        wanted: usize,
    },
    /// The parts of a checkpoint contradict each other.
    #[error("{field} is {found}, but must be {wanted}; the checkpoint is damaged, resume from another one")]
    Contents {
        /// Name of the part.
        field: String,
        /// Value of the part.
        found: String,
        /// Value that the other parts imply.
        wanted: String,
    },
}
