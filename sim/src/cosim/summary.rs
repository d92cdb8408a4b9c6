//! Summary of a co-simulation.

use super::activity::Activity;
use serde::Serialize;
use synfire_hw::work::Work;

/// Summary of a co-simulation in which all inferences were equal.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Summary {
    /// Number of images, or trains, that were compared.
    pub images: usize,
    /// Number of time steps that were compared, over all images.
    pub steps: u64,
    /// Number of spikes that were compared, over all images and hidden layers.
    pub spikes: u64,
    /// Number of membranes that were compared after sweeps, over all images, layers and steps.
    pub membranes: u64,
    /// Number of output potentials that were compared.
    pub potentials: u64,
    /// Mean cycles per inference at core speed, without the link.
    pub cycles: f64,
    /// Cycles of each layer; empty with early exit.
    pub layers: Vec<LayerSummary>,
    /// Spikes of every channel.
    #[serde(skip)]
    pub activity: Activity,
}

impl Summary {
    /// Ideal cycles of the slowest layer, a lower bound for an inference.
    #[must_use]
    pub fn slowest_ideal(&self) -> f64 {
        self.layers
            .iter()
            .map(|layer| layer.ideal_cycles)
            .fold(0.0, f64::max)
    }
}

/// Mean cycles of a layer per inference, and its work in all of them.
#[derive(Clone, Debug, Default, Serialize)]
pub struct LayerSummary {
    /// Name of the layer.
    pub name: String,
    /// Cycles that the layer would take if it were never stalled.
    pub ideal_cycles: f64,
    /// Cycles that the layer spent on spikes and sweeps.
    pub busy_cycles: f64,
    /// Cycles in which a sweep was stalled because its queue had no room.
    pub stalled_cycles: f64,
    /// Work in all inferences that were compared.
    pub work: Work,
}
