//! Errors of reference cases.

use std::path::PathBuf;

/// What can go wrong with a reference case.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ReferenceError {
    /// The specification of a reference case is not what it should be.
    #[error("{}: array `spec`: {source}; the layout is in tests/vectors/README.md", path.display())]
    Spec {
        /// Path of the file.
        path: PathBuf,
        /// Key and what was expected there.
        source: serde_json::Error,
    },
}
