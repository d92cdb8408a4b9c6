//! Error of this crate.

use crate::cosim::Mismatch;
use crate::stimulus::Subject;
use std::path::PathBuf;
use synfire_golden_model::file::IoError;
use synfire_hw::synth::checks::Form;

/// Error in a simulation.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The design differs from the golden model.
    #[error("{0}")]
    Mismatch(Box<Mismatch>),
    /// The design does not end an inference.
    #[error(
        "{subject}: the design has not ended the inference after {limit} cycles, far more than it may take (it was stopped \
         at cycle {cycle}); waveform: {waveform}"
    )]
    Hung {
        /// Image or train of the inference.
        subject: Subject,
        /// Most cycles that the inference may take.
        limit: u64,
        /// Cycle at which the simulation was stopped.
        cycle: u64,
        /// Path of the waveform, or the reason why there is none.
        waveform: String,
    },
    /// The simulator ended too early, or sent an unexpected answer.
    #[error("simulator {program} failed: {reason}; see its log {log}")]
    Simulator {
        /// Path of the simulator.
        program: PathBuf,
        /// Description of the failure.
        reason: String,
        /// Path of the simulator's log.
        log: PathBuf,
    },
    /// The program of a virtual board has ended while it was in use.
    #[error(
        "the virtual board behind {} has ended ({reason}); start it again; see its log {}{last_lines}",
        port.display(), log.display()
    )]
    BoardEnded {
        /// Path of its pseudo-terminal.
        port: PathBuf,
        /// How its program ended.
        reason: String,
        /// Path of its log.
        log: PathBuf,
        /// The last lines of the log, as text behind its path.
        last_lines: String,
    },
    /// Early exit was requested from a design without it.
    #[error("the design has no early exit: generate it again with early-exit among its --features")]
    NoEarlyExit,
    /// The form of the design does not have the core's ports.
    #[error(
        "a {form} does not have the core's ports: use `synfire board --{form}`, which runs it through its pins"
    )]
    NoPorts {
        /// Form of the design.
        form: Form,
    },
    /// Verilog would do more than describe a circuit.
    #[error(
        "{}, line {line}: `{what}` is not simulated, since it can run programs or reach other files; make the file again from \
         Verilog that `synfire hdl` generated", path.display()
    )]
    Verilog {
        /// Path of the file.
        path: PathBuf,
        /// Number of the line, starting with 1.
        line: usize,
        /// Construct that is refused.
        what: String,
    },
    /// A pseudo-terminal cannot be used.
    #[error("pseudo-terminal: {action} failed: {source}")]
    Terminal {
        /// Action that failed.
        action: &'static str,
        /// Error of the operating system.
        source: nix::Error,
    },
    /// A file or process cannot be used.
    #[error(transparent)]
    Io(#[from] IoError),
    /// The design cannot be used.
    #[error(transparent)]
    Design(#[from] synfire_hw::Error),
    /// The model cannot be used.
    #[error(transparent)]
    Model(#[from] synfire_golden_model::Error),
}

/// Result of this crate.
pub type Result<T, E = Error> = std::result::Result<T, E>;
