//! Spike-based training, quantization and the integer golden model of the synfire accelerator.

mod arrays;
pub mod config;
mod container;
pub mod dataset;
pub mod encode;
pub mod error;
pub mod evaluation;
mod events;
pub mod geometry;
pub mod integer;
pub mod model;
pub mod model_file;
pub mod network;
pub mod quantize;
pub mod quantized;
pub mod quantized_file;
mod random;
pub mod reference;
pub mod spikes;
pub mod trace_file;
pub mod train;
pub mod workload;

pub use config::Config;
pub use error::{Error, Result};

/// The README's Rust, compiled.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
mod readme {}
