//! Spike-based training, quantization and the integer golden model of the synfire accelerator.

pub mod error;
pub mod integer;
pub mod model;
pub mod network;
pub mod quantize;
pub mod quantized;
pub mod spikes;

pub use error::{Error, Result};
