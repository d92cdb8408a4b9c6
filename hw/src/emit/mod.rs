//! Verilog, constraints and memory images of a board's design.

pub mod clock;
pub mod constraints;
pub mod lint;
mod mend;
pub mod verilog;
pub mod wrapper;
