//! Co-simulation of the synfire accelerator against its golden model, and the virtual board.
//!
//! [`cosim::native`] runs rust-hdl's own simulation, [`cosim::verilator`] the emitted Verilog; both compare
//! every spike of every layer and step, the output potentials and the counters with the golden model's.
//! [`virtual_board::VirtualBoard`] puts the verilated accelerator's UART pins behind a pseudo-terminal.

pub mod cosim;
pub mod error;
pub mod native;
pub mod observation;
pub mod preparation;
pub mod stimulus;
pub mod verilated;
pub mod verilator;
pub mod virtual_board;

pub use error::{Error, Result};
