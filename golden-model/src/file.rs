//! Files of models, traces and arrays, and helpers for all crates of the workspace: SHA-256, hexadecimal text,
//! bounded reading, atomic writing, and locks of outputs.

pub(crate) mod arrays;
mod atomic;
pub(crate) mod container;
mod digest;
mod error;
pub mod float_model;
pub mod integer_model;
mod lock;
pub(crate) mod npy;
mod read;
pub(crate) mod signature;
pub mod trace;

pub use arrays::ArrayError;
pub use atomic::{IoError, io, resolve, write_atomically};
pub(crate) use atomic::{folder_of, replace};
pub use digest::{hex, sha256, sha256_of};
pub use error::FileError;
pub use lock::{LockError, OutputLock};
pub use read::{MAX_TEXT_BYTES, open_regular, read_bytes, read_text};
pub use signature::Signature;
