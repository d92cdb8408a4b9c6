//! Files of models, traces and arrays, and helpers for all crates of the workspace: SHA-256, hexadecimal text and
//! atomic writing.

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
