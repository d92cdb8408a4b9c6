//! Work that images cause, counted while they are processed.

use crate::network::{LayerKind, NetworkDescription, Source};
use serde::Serialize;
use std::ops::{AddAssign, Sub};

/// Work that a number of images caused, summed.
///
/// A synaptic operation is an addition that a spike causes. In the forward pass it adds to the membrane of a target.
/// The backward pass visits every synapse of a spike twice: once for the gradient of the weight and once for the
/// gradient of the source. The second visit is omitted for the input, the first for connections without weights.
/// Synapses into the output layer, whose δ is equal in all steps, are visited once for all steps together and are not
/// counted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Effort {
    /// Number of images.
    pub images: u64,
    /// Number of input spikes.
    pub input_spikes: u64,
    /// Number of spikes of all layers.
    pub layer_spikes: u64,
    /// Number of synaptic operations of the forward pass.
    pub forward_operations: u64,
    /// Number of synaptic operations of the backward pass.
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

    /// Work since `earlier`, an older state of the same count.
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

/// Number of times the backward pass visits a synapse of a spike, for the synapses into each layer.
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
