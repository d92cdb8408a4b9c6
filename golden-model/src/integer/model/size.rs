//! Size of a quantized network's parameters in bits.

use crate::integer::{Neuron, QuantizedLayer, QuantizedModel, QuantizedShortcut};
use serde::Serialize;

/// Size of a network's parameters in bits: the memory that a device needs besides the state of an inference.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct ParameterBits {
    /// Bits of all weights, including 1×1 shortcuts: W each.
    pub weights: u64,
    /// Bits of the thresholds of all channels and the increments of identity shortcuts: V each, like the membranes.
    /// Pooling layers have no stored threshold, since it follows from the window.
    pub thresholds: u64,
    /// Bits of the biases: V each, like the membranes.
    #[serde(skip_serializing_if = "is_zero")]
    pub biases: u64,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde wants a reference")]
const fn is_zero(bits: &u64) -> bool {
    *bits == 0
}

impl ParameterBits {
    /// Bits of all parameters together.
    #[must_use]
    pub const fn total(self) -> u64 {
        self.weights + self.thresholds + self.biases
    }

    fn of(layer: &QuantizedLayer) -> Self {
        let (weights, increments) = match &layer.shortcut {
            None => (0, 0),
            Some(QuantizedShortcut::Weights(weights)) => (weights.len(), 0),
            Some(QuantizedShortcut::Identity(increments)) => (0, increments.len()),
        };
        let thresholds = match &layer.neuron {
            Neuron::Lif { thresholds } if layer.inputs() > 0 => thresholds.len(),
            _ => 0,
        };
        let bits = |numbers: usize, width: u8| numbers as u64 * u64::from(width);
        Self {
            weights: bits(layer.weights.len() + weights, layer.weight_bits),
            thresholds: bits(thresholds + increments, layer.membrane_bits),
            biases: bits(layer.biases.len(), layer.membrane_bits),
        }
    }
}

impl QuantizedModel {
    /// Computes the size of all parameters.
    #[must_use]
    pub fn parameter_bits(&self) -> ParameterBits {
        let layers = self.layers.iter().map(ParameterBits::of);
        layers.fold(ParameterBits::default(), |sum, layer| ParameterBits {
            weights: sum.weights + layer.weights,
            thresholds: sum.thresholds + layer.thresholds,
            biases: sum.biases + layer.biases,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::network::NetworkDescription;
    use ndarray::Array2;
    use std::collections::BTreeMap;

    fn layer(name: &str, shape: [usize; 2], bits: [u8; 2], neuron: Neuron) -> QuantizedLayer {
        QuantizedLayer {
            name: name.into(),
            weights: Array2::zeros(shape),
            shortcut: None,
            weight_bits: bits[0],
            guard_bits: 0,
            membrane_bits: bits[1],
            leak_shifts: Vec::new(),
            floor: -1,
            ceiling: None,
            biases: Vec::new(),
            neuron,
        }
    }

    #[test]
    fn weights_shortcuts_and_thresholds_are_counted_at_their_widths() {
        let fires = |channels| Neuron::Lif {
            thresholds: vec![3; channels],
        };
        let mut layers = vec![
            layer("conv", [4, 9], [3, 10], fires(4)),
            layer("pool", [4, 0], [8, 4], fires(4)),
            layer("one", [5, 36], [4, 11], fires(5)),
            layer("same", [5, 45], [4, 12], fires(5)),
            layer("out", [2, 20], [8, 20], Neuron::Output),
        ];
        layers[2].shortcut = Some(QuantizedShortcut::Weights(Array2::zeros([5, 4])));
        layers[3].shortcut = Some(QuantizedShortcut::Identity(vec![1; 5]));
        layers[0].biases = vec![2; 4];
        layers[4].biases = vec![-1; 2];
        let model = QuantizedModel {
            description: NetworkDescription::preset("digits").unwrap(),
            layers,
            provenance: BTreeMap::new(),
        };
        let wanted = ParameterBits {
            weights: 36 * 3 + (180 + 20) * 4 + 225 * 4 + 40 * 8,
            thresholds: 4 * 10 + 5 * 11 + (5 + 5) * 12,
            biases: 4 * 10 + 2 * 20,
        };
        assert_eq!(model.parameter_bits(), wanted);
        assert_eq!(wanted.total(), 2128 + 215 + 80);
    }
}
