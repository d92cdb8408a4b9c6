//! The quantized network: the integers that the golden model, the simulators and the hardware share.

mod hash;
mod size;
mod structure;

pub use size::ParameterBits;
pub use structure::{MAX_LEAK_SHIFT, MAX_LEAK_SHIFTS};

use crate::network::NetworkDescription;
use ndarray::Array2;
use std::collections::BTreeMap;

/// What a layer does at the end of a time step.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Neuron {
    /// Leaky integrate-and-fire: `fired = m > threshold`, reset to zero, leak, floor. Pooling neurons are such, without
    /// leak.
    Lif {
        /// Integer threshold per output channel (of a fully-connected layer: per neuron), in units of 2^−G weight LSB.
        thresholds: Vec<i32>,
    },
    /// Output layer: leak and floor only; its membranes are the answer.
    Output,
}

/// The second path into a quantized residual junction; its weights have the scale of their channel's others.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum QuantizedShortcut {
    /// A 1×1 convolution: integer weights `[output channels, input channels]`, within the range of the layer's own.
    Weights(Array2<i8>),
    /// An identity: what a spike adds to the membrane of its own channel, one number per channel in units of 2^−G weight
    /// LSB, at least 0.
    Identity(Vec<i32>),
}

/// One layer of a quantized network: of any kind that the description names.
///
/// Membranes are in units of 2^−G weight LSB (G = `guard_bits`): a spike of sign ±1 adds ±(q << G). A pooling layer has no
/// weights and no guard bits: a spike adds its sign, so that membranes count.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct QuantizedLayer {
    /// Name, unique within the network.
    pub name: String,
    /// Integer weights q within ±(2^(weight_bits−1) − 1): of a fully-connected layer `[neurons, sources]`, of a
    /// convolution `[output channels, (input channel, kernel row, kernel column)]`; of pooling `[channels, 0]`.
    pub weights: Array2<i8>,
    /// The second path into the membranes, where the description has one.
    pub shortcut: Option<QuantizedShortcut>,
    /// Width of a weight in bits, 2..=8.
    pub weight_bits: u8,
    /// G: fraction bits of the membrane below the weight's LSB.
    pub guard_bits: u8,
    /// V: width of a membrane in bits, at most 32; proven to hold every sum in any order of events.
    pub membrane_bits: u8,
    /// The leak is `m −= Σ (m >> shift)`; at most three distinct shifts in ascending order, none for
    /// integrate-and-fire.
    pub leak_shifts: Vec<u8>,
    /// Lowest membrane at the end of a step.
    pub floor: i32,
    /// What happens at the end of a step.
    pub neuron: Neuron,
}

impl QuantizedLayer {
    /// Columns of the weights: sources of a fully-connected layer; input channels times the kernel's places of a
    /// convolution; 0 for pooling.
    #[must_use]
    pub fn inputs(&self) -> usize {
        self.weights.ncols()
    }

    /// Rows of the weights: neurons of a fully-connected layer, output channels of any other.
    #[must_use]
    pub fn outputs(&self) -> usize {
        self.weights.nrows()
    }
}

/// A quantized network: everything that classifies with integers is defined by it.
#[derive(Clone, Debug, PartialEq)]
pub struct QuantizedModel {
    /// The network.
    pub description: NetworkDescription,
    /// Layers from input to output.
    pub layers: Vec<QuantizedLayer>,
    /// Where the model comes from.
    pub provenance: BTreeMap<String, String>,
}
