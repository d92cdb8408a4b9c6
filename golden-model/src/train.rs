//! Training of spiking networks by backpropagation over their spikes.

mod config;

pub use config::{Optimizer, TrainConfig};
