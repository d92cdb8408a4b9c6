//! rust-hdl generator of the synfire accelerator.

pub mod accelerator;
pub mod circuit;
pub mod plan;
pub mod simulate;
