//! Activity of layers.

use serde::{Deserialize, Serialize};

/// Activity of a layer: how often its neurons fire.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct LayerActivity {
    /// Name of the layer; `input` for the input spikes.
    pub layer: String,
    /// Mean number of spikes per image.
    pub spikes: f64,
    /// Mean number of spikes per neuron and step, in 0..=1.
    pub rate: f64,
    /// Share of neurons that fired for no image at all, in 0..=1; `None` for the input and outside training, where it
    /// is not observed.
    pub idle: Option<f64>,
}
