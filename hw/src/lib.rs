//! rust-hdl generator of the synfire accelerator: from a quantized model to the bitstream of a board.
//!
//! A [`plan::Plan`] gives each layer its lanes on a [`board::Board`]. [`build::Build`] holds the generated Verilog,
//! constraints and memory images. [`synth::synthesize`] makes the bitstream. The circuits are in [`circuit`];
//! [`simulate::Simulation`] runs them cycle by cycle without any tool.

pub mod accelerator;
pub mod board;
pub mod build;
pub mod cells;
pub mod circuit;
pub mod columns;
pub mod diagram;
pub mod emit;
pub mod energy;
pub mod error;
pub mod flash;
pub mod folder;
pub mod geometry;
pub mod install;
pub mod plan;
pub mod pll;
pub mod process;
pub mod seal;
pub mod simulate;
pub mod synth;
pub mod tool;
pub mod traffic;
pub mod work;

pub use error::{Error, Result};

/// The README's Rust, compiled.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
mod readme {}
