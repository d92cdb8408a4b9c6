//! The accelerator's circuits, one per file.

pub mod accelerator;
pub mod bundle;
pub mod core;
pub mod delay;
pub mod engine;
pub mod event;
pub mod event_fifo;
pub mod fan_out;
pub mod fifo;
pub mod filter;
pub mod hazard;
pub mod interconnect;
pub mod lane;
pub mod layer;
pub mod leak;
pub mod link;
pub mod load_port;
pub mod lookup_table;
pub mod mask_pack;
pub mod mask_unpack;
pub mod merge;
pub mod narrow;
pub mod output_layer;
pub mod parameter_memory;
pub mod picker;
pub mod popcount;
pub mod priority_encoder;
pub mod scale;
pub mod selector;
pub mod serializer;
pub mod settle;
pub mod snapshot;
pub mod spread;
pub mod walker;
pub mod window;
pub mod word_memory;
pub mod word_store;

use rust_hdl::prelude::{Direction, Signal, Synth};

/// A block's struct literal in two parts: first the fields with values of their own, then the names of those
/// that start from their default, as signals and flip-flops do. The compiler still demands every field
/// exactly once.
macro_rules! with_defaults {
    ($block:ident { $($field:ident: $value:expr),* $(,)? } $($default:ident),* $(,)?) => {
        $block { $($field: $value,)* $($default: Default::default(),)* }
    };
}
pub(crate) use with_defaults;

/// Builds `count` signals. A clone would not do: rust-hdl tells signals apart by a number, which a clone shares.
pub(crate) fn signals<D: Direction, T: Synth>(count: usize) -> Vec<Signal<D, T>> {
    (0..count).map(|_| Signal::default()).collect()
}
