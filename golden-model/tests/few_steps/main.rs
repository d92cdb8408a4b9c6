//! Checks of the second training rule by independent code: a forward and a backward pass in f64 from plain loops,
//! central differences of a smoothed network, exact folding of the normalization, and runs of the trainer.

mod backward;
mod cases;
mod comparison;
mod differences;
mod fine_tuning;
mod folding;
mod forward;
mod integers;
mod network;
mod refusals;
mod runs;
#[path = "../plain/synapses.rs"]
mod synapses;
mod training;
