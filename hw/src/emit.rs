//! Emission of a board's design: Verilog of circuits and top modules, constraints, and lint waivers.

pub mod clock;
pub mod constraints;
mod groups;
pub mod lint;
pub mod meaning;
mod mend;
pub mod verilog;
pub mod wrapper;
