//! Verilog, constraints and memory images of a board's design.

pub mod constraints;
pub mod lint;
pub mod verilog;
pub mod wrapper;
