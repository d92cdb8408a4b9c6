//! Verilog, constraints and memory images of a board's design.

pub mod clock;
pub mod constraints;
pub mod lint;
pub mod meaning;
mod mend;
pub mod verilog;
pub mod wrapper;
