//! Errors of `synfire sweep`.

use std::path::PathBuf;

/// An error of `synfire sweep`.
#[derive(Debug, thiserror::Error, miette::Diagnostic)]
#[non_exhaustive]
pub(crate) enum SweepError {
    /// The output cannot be read after 0 steps, or after more steps than the network has.
    #[error("network `{network}` has {limit} time steps; its output cannot be read after {found}")]
    #[diagnostic(
        code(synfire::sweep),
        help("give --steps of 1 to {limit}, or train with more steps: synfire train --steps")
    )]
    Steps {
        /// Name of the network.
        network: String,
        /// Number of steps that was given.
        found: usize,
        /// Number of steps of the network.
        limit: usize,
    },
    /// A line of the results file is not a result.
    #[error("{}, line {line}, is not a result of `synfire sweep`: {source}", path.display())]
    #[diagnostic(
        code(synfire::sweep),
        help("write to another file with -o, or delete the line if `synfire sweep` wrote the file")
    )]
    Line {
        /// Path of the results file.
        path: PathBuf,
        /// Number of the line, counted from 1.
        line: usize,
        /// Error of the JSON parser.
        source: serde_json::Error,
    },
}
