//! The accelerator's circuits, one a file.

pub mod accelerator;
pub mod core;
pub mod engine;
pub mod event;
pub mod fifo;
pub mod lane;
pub mod leak;
pub mod lif_layer;
pub mod link;
pub mod mask_pack;
pub mod narrow;
pub mod output_layer;
pub mod priority_encoder;
pub mod serializer;
pub mod word_memory;
pub mod word_store;

use rust_hdl::prelude::{Direction, Signal, Synth};

/// `count` signals. Not clones of one: rust-hdl tells signals apart by a number that a clone shares.
pub(crate) fn signals<D: Direction, T: Synth>(count: usize) -> Vec<Signal<D, T>> {
    (0..count).map(|_| Signal::default()).collect()
}
