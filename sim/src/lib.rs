//! Co-simulation of the synfire accelerator against its golden model, and the virtual board.
//!
//! [`cosim::native`] runs rust-hdl's own simulation, [`cosim::verilator`] the emitted Verilog. Both compare every spike and
//! every membrane of every layer and step, the output potentials, and the counters with those of the golden model.
//! [`stress`] has event trains, and a variant of the design, that reach states which images do not reach.
//! [`virtual_board::VirtualBoard`] puts the UART pins of the verilated accelerator behind a pseudo-terminal.

pub mod cosim;
pub mod error;
pub mod native;
pub mod observation;
pub mod pace;
pub mod preparation;
mod random;
mod screen;
pub mod stimulus;
pub mod stress;
pub mod verilated;
pub mod verilator;
pub mod virtual_board;

pub use error::{Error, Result};

/// The README's Rust, compiled.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
mod readme {}
