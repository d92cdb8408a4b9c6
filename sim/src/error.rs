//! Errors of this crate.

use crate::cosim::{Mismatch, Subject};
use std::path::PathBuf;
use synfire_hw::synth::checks::Form;

/// What can go wrong in simulation.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The design does not do what the golden model does.
    #[error("{0}")]
    Mismatch(Box<Mismatch>),
    /// The design did not end an inference.
    #[error(
        "{subject}: the design has not ended it after {limit} clocks, far more than it may take (at clock {cycle}); \
         waveform {waveform}"
    )]
    Hung {
        /// The image or train.
        subject: Subject,
        /// The most clocks that it may take.
        limit: u64,
        /// When they ran out.
        cycle: u64,
        /// The waveform, if one could be made.
        waveform: String,
    },
    /// The simulator ended or answered out of turn.
    #[error("simulator {program}: {reason}; its log is {log}")]
    Simulator {
        /// The program.
        program: PathBuf,
        /// What happened.
        reason: String,
        /// Its log.
        log: PathBuf,
    },
    /// An early exit was asked of a design that has none.
    #[error(
        "the design has no early exit; generate it for a board whose features have it, or with --features"
    )]
    NoEarlyExit,
    /// A form of a design that has lost the core's ports.
    #[error("a {form} has no core ports any more: it runs through its pins, by `synfire board --{form}`")]
    NoPorts {
        /// The form.
        form: Form,
    },
    /// A pseudo-terminal could not be used.
    #[error("pseudo-terminal: {action} failed: {source}")]
    Terminal {
        /// What was tried.
        action: &'static str,
        /// Why it failed.
        source: nix::Error,
    },
    /// A file or process could not be used.
    #[error("{action} {path}: {source}")]
    Io {
        /// What was tried.
        action: &'static str,
        /// On which path.
        path: PathBuf,
        /// Why it failed.
        source: std::io::Error,
    },
    /// The design could not be used.
    #[error(transparent)]
    Design(#[from] synfire_hw::Error),
    /// The model could not be used.
    #[error(transparent)]
    Model(#[from] synfire_golden_model::Error),
}

/// Result of this crate.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// Says which action on which path an I/O error comes from.
pub(crate) fn io(action: &'static str, path: impl Into<PathBuf>) -> impl FnOnce(std::io::Error) -> Error {
    move |source| Error::Io {
        action,
        path: path.into(),
        source,
    }
}
