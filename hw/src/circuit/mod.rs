//! The accelerator's circuits, one a file.

pub mod accelerator;
pub mod core;
pub mod engine;
pub mod event;
pub mod fan_out;
pub mod fifo;
pub mod filter;
pub mod interconnect;
pub mod lane;
pub mod layer;
pub mod leak;
pub mod link;
pub mod lookup_table;
pub mod mask_pack;
pub mod narrow;
pub mod output_layer;
pub mod parameter_memory;
pub mod priority_encoder;
pub mod serializer;
pub mod snapshot;
pub mod walker;
pub mod window;
pub mod word_memory;
pub mod word_store;

use rust_hdl::prelude::{Direction, Signal, Synth};

/// `count` signals. Not clones of one: rust-hdl tells signals apart by a number that a clone shares.
pub(crate) fn signals<D: Direction, T: Synth>(count: usize) -> Vec<Signal<D, T>> {
    (0..count).map(|_| Signal::default()).collect()
}
