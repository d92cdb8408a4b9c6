//! The quantized network: the integer parameters shared by golden model, simulators and hardware.

mod hash;
mod size;
mod structure;

pub use size::ParameterBits;
pub use structure::{MAX_LEAK_SHIFT, MAX_LEAK_SHIFTS};

use crate::network::NetworkDescription;
use ndarray::Array2;
use std::collections::BTreeMap;

/// Update of a layer's neurons at the end of a time step.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Neuron {
    /// Leaky integrate-and-fire: `fired = m > threshold`, reset, leak, floor, ceiling. Pooling neurons belong to this
    /// kind and have no leak.
    Lif {
        /// Integer thresholds in units of 2^−G weight LSB: one per output channel, or per neuron in a fully-connected
        /// layer.
        thresholds: Vec<i32>,
    },
    /// Output layer: leak and floor only; the membranes are the potentials.
    Output,
}

/// Second path into a quantized residual junction; it shares the scale of each channel with the first path.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum QuantizedShortcut {
    /// Integer weights of a 1×1 convolution, `[output channels, input channels]`, in the range of the layer's weights.
    Weights(Array2<i8>),
    /// Increments of an identity: the amount that an event of value 1 adds to the membrane of its own channel, one number
    /// per channel in units of 2^−G weight LSB, at least 0.
    Identity(Vec<i32>),
}

/// Layer of a quantized network, of any kind of the description.
///
/// Membranes are in units of 2^−G weight LSB (G = `guard_bits`): an event of value x adds x·(q << G), and a spike has the
/// value 1 or −1. A pooling layer has no weights and no guard bits: an event adds its value, so membranes count spikes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct QuantizedLayer {
    /// Name of the layer, unique within the network.
    pub name: String,
    /// Integer weights q within ±(2^(weight_bits−1) − 1). The shape is `[neurons, sources]` for a fully-connected
    /// layer, `[output channels, (input channel, kernel row, kernel column)]` for a convolution, and `[channels, 0]`
    /// for pooling.
    pub weights: Array2<i8>,
    /// Second path into the membranes, if the description has one.
    pub shortcut: Option<QuantizedShortcut>,
    /// Width of a weight in bits, 2..=8.
    pub weight_bits: u8,
    /// Number of guard bits G: fraction bits of the membrane below the weight LSB.
    pub guard_bits: u8,
    /// Width V of a membrane in bits, at most 32; proven to hold every sum in any order of events.
    pub membrane_bits: u8,
    /// Shifts of the leak `m −= Σ (m >> shift)`: at most three, distinct and ascending; empty for integrate-and-fire.
    pub leak_shifts: Vec<u8>,
    /// Lowest membrane at the end of a step, in units of 2^−G weight LSB.
    pub floor: i32,
    /// Highest membrane at the end of a step, in units of 2^−G weight LSB. A layer that fires has one exactly if the
    /// network resets by subtraction.
    pub ceiling: Option<i32>,
    /// Biases that the end of every step adds to the membranes first, in units of 2^−G weight LSB: one per output channel,
    /// or none. Pooling layers have none.
    pub biases: Vec<i32>,
    /// Update of the neurons at the end of a step.
    pub neuron: Neuron,
}

impl QuantizedLayer {
    /// Bias of an output channel, in units of 2^−G weight LSB; 0 without biases.
    #[must_use]
    pub fn bias(&self, channel: usize) -> i32 {
        self.biases.get(channel).copied().unwrap_or(0)
    }

    /// Whether the quantizer removed a channel's weights because nothing can fire it.
    pub(crate) fn is_silent(&self, channel: usize) -> bool {
        let zero = |weights: &Array2<i8>| weights.row(channel).iter().all(|&weight| weight == 0);
        let adds_nothing = match &self.shortcut {
            None => true,
            Some(QuantizedShortcut::Weights(weights)) => zero(weights),
            Some(QuantizedShortcut::Identity(increments)) => increments[channel] == 0,
        };
        let threshold = match &self.neuron {
            Neuron::Lif { thresholds } => thresholds[channel],
            Neuron::Output => return false,
        };
        threshold == 0 && self.bias(channel) == 0 && adds_nothing && zero(&self.weights)
    }

    /// Number of columns of the weights: the sources of a fully-connected layer, input channels times kernel positions
    /// of a convolution, 0 for pooling.
    #[must_use]
    pub fn inputs(&self) -> usize {
        self.weights.ncols()
    }

    /// Number of rows of the weights: neurons of a fully-connected layer, output channels of any other layer.
    #[must_use]
    pub fn outputs(&self) -> usize {
        self.weights.nrows()
    }
}

impl QuantizedModel {
    /// Whether the network uses nothing that version 3 of the contract adds: no biases, no graded input, no reset by
    /// subtraction, and no output that is read as a sum.
    #[must_use]
    pub fn is_plain(&self) -> bool {
        self.description.first_extension().is_none()
            && self.layers.iter().all(|layer| layer.biases.is_empty())
    }
}

/// Quantized network. It defines completely how samples are classified in integer arithmetic.
#[derive(Clone, Debug, PartialEq)]
pub struct QuantizedModel {
    /// Description of the network.
    pub description: NetworkDescription,
    /// Layers from input to output.
    pub layers: Vec<QuantizedLayer>,
    /// Origin of the model as key-value pairs.
    pub provenance: BTreeMap<String, String>,
}
