//! What can be wrong with a checkpoint.

/// Why a run cannot be resumed.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum CheckpointError {
    /// The run asked for is not the one that was held.
    #[error(
        "this run has {field} {wanted}, but the checkpoint has {found}; \
         resume with what the checkpoint has, or start a new run"
    )]
    Differs {
        /// What differs, as a path of keys.
        field: String,
        /// The checkpoint's value.
        found: String,
        /// The value asked for.
        wanted: String,
    },
    /// The run asked for ends before the place where it was held.
    #[error(
        "this run has train.epochs {wanted}, but the checkpoint has {done} behind it; \
         ask for at least {done}, or start a new run"
    )]
    TooFewEpochs {
        /// Epochs done, a running one included.
        done: usize,
        /// Epochs asked for.
        wanted: usize,
    },
    /// The run asked for has another end, and its schedule depends on where that is.
    #[error(
        "this run has train.epochs {wanted}, but the checkpoint has {found}, and a {schedule} schedule depends on it \
         from the start; resume with {found}, or start a new run"
    )]
    ScheduledEnd {
        /// Name of the schedule.
        schedule: &'static str,
        /// The checkpoint's epochs.
        found: usize,
        /// Epochs asked for.
        wanted: usize,
    },
    /// The parts of a checkpoint contradict each other.
    #[error("{field} is {found}, but must be {wanted}; the checkpoint is damaged, resume from another")]
    Contents {
        /// The part.
        field: String,
        /// Its value.
        found: String,
        /// What the other parts want.
        wanted: String,
    },
}
