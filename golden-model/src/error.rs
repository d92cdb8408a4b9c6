//! Errors of this crate.

/// What can go wrong with data, networks and models.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {}

/// Result of this crate.
pub type Result<T, E = Error> = std::result::Result<T, E>;
