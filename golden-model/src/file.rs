//! Files: models, traces and arrays; SHA-256 and atomic writing for every crate of the workspace.

pub(crate) mod arrays;
mod atomic;
pub(crate) mod container;
mod digest;
mod error;
pub mod float_model;
pub mod integer_model;
pub mod trace;

pub use arrays::ArrayError;
pub use atomic::{IoError, io, write_atomically};
pub(crate) use atomic::{folder_of, replace};
pub use digest::{hex, sha256};
pub use error::FileError;
