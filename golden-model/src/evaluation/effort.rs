//! What images cost, counted while they pass.

use crate::network::{LayerKind, NetworkDescription, Source};
use serde::Serialize;
use std::ops::{AddAssign, Sub};

/// What a number of images cost, summed.
///
/// A synaptic operation is an addition that a spike brings about: forward, to the membrane of a target. Backward, every
/// synapse of a spike is passed twice, once for the weight's gradient and once for the source's; the input has no use
/// for the latter, a connection without weight has none of the former, and those of the output layer, whose δ is the
/// same in every step, are passed once for all steps together and not counted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Effort {
    /// Number of images.
    pub images: u64,
    /// Spikes of the input.
    pub input_spikes: u64,
    /// Spikes of all layers.
    pub layer_spikes: u64,
    /// Synaptic operations of the forward pass.
    pub forward_operations: u64,
    /// Synaptic operations of the backward pass.
    pub backward_operations: u64,
}

impl AddAssign for Effort {
    fn add_assign(&mut self, other: Self) {
        self.images += other.images;
        self.input_spikes += other.input_spikes;
        self.layer_spikes += other.layer_spikes;
        self.forward_operations += other.forward_operations;
        self.backward_operations += other.backward_operations;
    }
}

impl Sub for Effort {
    type Output = Self;

    /// What came since `earlier`, which has seen no image that this has not.
    fn sub(self, earlier: Self) -> Self {
        Self {
            images: self.images - earlier.images,
            input_spikes: self.input_spikes - earlier.input_spikes,
            layer_spikes: self.layer_spikes - earlier.layer_spikes,
            forward_operations: self.forward_operations - earlier.forward_operations,
            backward_operations: self.backward_operations - earlier.backward_operations,
        }
    }
}

/// How often the backward pass goes over a synapse of a spike, for the synapses into every layer.
pub(crate) fn backward_passes(description: &NetworkDescription) -> Vec<u64> {
    let layers = description.layers.iter().zip(description.valid_graph().nodes);
    let passes = layers.map(|(layer, node)| {
        let weights = match layer.kind {
            LayerKind::Out { .. } => return 0,
            LayerKind::Pool { .. } => 0,
            LayerKind::Conv { .. } | LayerKind::Fc { .. } => 1,
        };
        weights + u64::from(node.source != Source::Input)
    });
    passes.collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Result;

    #[test]
    fn backward_goes_twice_where_both_gradients_are_wanted() -> Result<()> {
        let network = NetworkDescription::from_compact("2C3-P2-4C3p1-5-10@1x8x8", None)?;
        assert_eq!(backward_passes(&network), [1, 1, 2, 2, 0]);
        Ok(())
    }
}
