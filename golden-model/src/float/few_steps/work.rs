//! What a pass costs, and a choice of how much the network fires, for measurements.

use super::{Batch, FewSteps};
use crate::float::Parameters;
use crate::float::engine::{Connections, Dynamics};
use crate::network::Source;

impl FewSteps {
    /// Gives all channels that normalize the same β: the higher, the more they fire.
    pub(crate) fn set_shifts(&self, parameters: &mut Parameters, beta: f32) {
        for stage in self.stages.iter().filter(|stage| stage.scale.is_some()) {
            if let Some(shift) = stage.shift {
                parameters.layers[shift][..stage.layer.layout.shape.channels].fill(beta);
            }
        }
    }

    /// Spikes per neuron and step of the layers that normalize, in the last forward pass.
    pub(crate) fn rate(&self, batch: &Batch) -> f64 {
        let (mut spikes, mut places) = (0, 0);
        for (index, stage) in self.stages.iter().enumerate() {
            if stage.layer.dynamics == Dynamics::Lif {
                spikes += batch.images.iter().map(|image| image.spikes(index)).sum::<u64>();
                places += batch.images.len() * self.steps * stage.layer.layout.shape.size();
            }
        }
        spikes as f64 / places.max(1) as f64
    }

    /// Synaptic operations of the backward pass that follows the last forward pass: those of the gradient, of every source
    /// that fired, and those of the errors, of every source whose slope is not 0.
    pub(crate) fn backward_operations(&self, batch: &Batch) -> u64 {
        let mut operations = 0;
        for image in &batch.images {
            for path in self.stages.iter().flat_map(|stage| &stage.layer.paths) {
                let Connections::Weighted { synapses, .. } = &path.connections else {
                    continue;
                };
                operations += match path.source {
                    Source::Input => {
                        let shown = if image.input.is_steady() { 1 } else { self.steps };
                        let steps = (0..shown).map(|t| image.input.step(t).addresses);
                        synapses.operations(steps)
                    }
                    Source::Layer(source) => {
                        let map = &image.maps[source];
                        synapses.operations(map.spikes.steps().chain(map.active.steps()))
                    }
                };
            }
        }
        operations
    }
}
