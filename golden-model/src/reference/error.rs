//! Errors of reference cases.

use std::path::PathBuf;

/// Errors of reference cases.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ReferenceError {
    /// The specification of a reference case is not valid.
    #[error("{}: array `spec`: {source}; write it as tests/vectors/README.md describes", path.display())]
    Spec {
        /// Path of the file.
        path: PathBuf,
        /// JSON error with the key and what was expected there.
        source: serde_json::Error,
    },
}
