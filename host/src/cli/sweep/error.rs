//! What a sweep refuses.

use std::path::PathBuf;

/// What a sweep refuses.
#[derive(Debug, thiserror::Error, miette::Diagnostic)]
#[non_exhaustive]
pub(crate) enum SweepError {
    /// More steps than the network has, or none.
    #[error("network `{network}` has {limit} steps and cannot be read after {found}")]
    #[diagnostic(
        code(synfire::sweep),
        help("give --steps of 1 to {limit}, or train with more: synfire train --steps")
    )]
    Steps {
        /// The network.
        network: String,
        /// Steps asked for.
        found: usize,
        /// Steps of the network.
        limit: usize,
    },
    /// A file of results with a line that is none.
    #[error("{}, line {line}: {source}", path.display())]
    #[diagnostic(
        code(synfire::sweep),
        help("name another file with -o, or delete that line if the file is one of `synfire sweep`")
    )]
    Line {
        /// The file.
        path: PathBuf,
        /// The line, from 1.
        line: usize,
        /// What is wrong with it.
        source: serde_json::Error,
    },
}
