//! Serial link between a host and a synfire accelerator.
//!
//! Start with [`Device`]: it connects through a [`Transport`], makes sure that the right design and model are on
//! the board, and runs inferences. Lost, damaged, repeated or reordered frames cost retransmissions, never a wrong
//! or missing result.
//!
//! ```
//! use synfire::{ConnectOptions, Device, testing::{SoftDevice, SoftLink}};
//!
//! # fn main() -> synfire::Result<()> {
//! // On a board: synfire::SerialTransport::open("/dev/ttyUSB1", 1_000_000)?
//! let transport = SoftLink::new(SoftDevice::new(784, 10));
//! let mut device = Device::connect(transport, ConnectOptions::default())?;
//! assert_eq!(device.identity().inputs, 784);
//!
//! // Two time steps: inputs 3 and 5 spike in the first, input 700 in the second.
//! let result = device.infer([vec![3, 5], vec![700]])?;
//! assert_eq!((result.steps, result.potentials.len()), (2, 10));
//! # Ok(())
//! # }
//! ```
//!
//! `docs/protocol.md` specifies the wire format. [`protocol`] implements it without doing any input or output.
//!
//! Modules depend on each other in one direction only: [`protocol`] ← [`transport`] ← [`device`], and [`testing`]
//! on the first two. All of them use [`error`].

// The macros that print panic when the reader has closed the pipe.
#![cfg_attr(not(test), warn(clippy::print_stdout, clippy::print_stderr))]

pub mod device;
pub mod error;
pub mod protocol;
pub mod testing;
pub mod transport;

pub use device::{ConnectOptions, Device, LinkStatistics, Timeouts};
pub use error::{Error, Result};
pub use transport::{Loopback, SerialTransport, SlowAdapter, Transport};

#[cfg(feature = "cli")]
pub mod cli;

/// Compiles and runs the Rust examples of the README.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
mod readme {}
