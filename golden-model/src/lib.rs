//! Spike-based training, quantization and the integer golden model of the synfire accelerator.
//!
//! Modules import each other in one direction only: each module uses only modules above it in this table.
//!
//! | module | contents |
//! |---|---|
//! | [`counts`], `random`, [`spikes`] | counts as real numbers; seeded random numbers; rasters of spikes |
//! | [`network`] | description of a network: shapes, layers, graph, compact text |
//! | [`events`] | memory layout of neurons, weights that a spike reaches, vector instructions |
//! | [`integer`] | the golden model: integer networks, the proof of their widths, the engine that runs them |
//! | [`float`](mod@float) | float networks, the engine for their forward and backward pass, loss and gradient |
//! | [`mod@file`] | model files, traces, arrays; hashes and atomic writing |
//! | [`dataset`] | data sets, their encoding as spikes, augmentation |
//! | [`quantize`] | conversion of a float network to an integer network: scales, rounding, widths |
//! | [`reference`](mod@reference) | cases with exact spikes and gradients to check the float engine against |
//! | [`evaluation`] | accuracy, activity and cost of float and integer networks on a data set |
//! | [`train`] | the training loop, optimizers, schedules, checkpoints, fine-tuning |
//! | [`config`] | network files and presets: a network and its training parameters |
//! | [`workload`] | single passes and dense loops, for benchmarks |

pub mod config;
pub mod counts;
pub mod dataset;
pub mod error;
pub mod evaluation;
pub mod events;
pub mod file;
pub mod float;
pub mod integer;
pub mod network;
pub mod quantize;
mod random;
pub mod reference;
pub mod spikes;
pub mod train;
pub mod workload;

pub use config::Config;
pub use error::{Error, Result};

/// The README's Rust, compiled.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
mod readme {}
