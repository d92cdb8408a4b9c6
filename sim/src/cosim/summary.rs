//! What a co-simulation came to.

use super::activity::Activity;
use serde::Serialize;

/// All inferences were equal.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Summary {
    /// Images, or trains, compared.
    pub images: usize,
    /// Time steps compared, over all images.
    pub steps: u64,
    /// Spikes compared, over all images and hidden layers.
    pub spikes: u64,
    /// Membranes compared, as sweeps left them, over all images, layers and steps.
    pub membranes: u64,
    /// Output potentials compared.
    pub potentials: u64,
    /// Clocks of an inference at core speed, on average.
    pub cycles: f64,
    /// Per layer.
    pub layers: Vec<LayerSummary>,
    /// Who fired.
    #[serde(skip)]
    pub activity: Activity,
}

impl Summary {
    /// Ideal clocks of the slowest layer: what no inference can beat.
    #[must_use]
    pub fn slowest_ideal(&self) -> f64 {
        self.layers
            .iter()
            .map(|layer| layer.ideal_cycles)
            .fold(0.0, f64::max)
    }
}

/// A layer's clocks.
#[derive(Clone, Debug, Default, Serialize)]
pub struct LayerSummary {
    /// The layer.
    pub name: String,
    /// Clocks that an inference would ideally take.
    pub ideal_cycles: f64,
    /// Clocks that it spent on spikes and sweeps.
    pub busy_cycles: f64,
    /// Clocks in which a sweep waited for room for its spikes.
    pub stalled_cycles: f64,
}
