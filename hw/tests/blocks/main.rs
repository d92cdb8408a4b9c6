//! Every circuit against a model, cycle by cycle in native simulation: rung 1 of the verification ladder.
//!
//! The model is a few lines in the test, or the golden model. Each file also plants a fault in the model
//! once, which the comparison must detect: the stimulus would reveal a circuit with that fault.

mod accelerator;
mod bundle;
mod core;
mod delay;
mod emission;
mod engine;
mod event_fifo;
mod fan_out;
mod fifo;
mod filter;
mod hazard;
mod idle;
mod interconnect;
mod lane;
mod leak;
mod link;
mod lookup_table;
mod mask_pack;
mod mask_unpack;
mod merge;
mod narrow;
#[path = "../common/network.rs"]
mod network;
mod parameter_memory;
mod picker;
mod popcount;
mod priority_encoder;
mod scale;
mod selector;
mod serializer;
mod settle;
mod snapshot;
mod spread;
mod support;
mod walker;
mod window;
mod word_memory;
mod word_store;
