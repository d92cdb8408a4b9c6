//! Verilog, constraints and memory images of a board's design.

pub mod clock;
pub mod constraints;
mod groups;
pub mod lint;
pub mod meaning;
mod mend;
pub mod verilog;
pub mod wrapper;
