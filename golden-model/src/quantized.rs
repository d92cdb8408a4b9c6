//! The quantized network: the integers that the golden model, the simulators and the hardware share.

mod hash;
mod structure;

pub use structure::{MAX_LEAK_SHIFT, MAX_LEAK_SHIFTS};

use crate::network::NetworkDescription;
use ndarray::Array2;
use std::collections::BTreeMap;

/// What a layer does at the end of a time step.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Neuron {
    /// Leaky integrate-and-fire: `fired = m > threshold[neuron]`, reset to zero, leak, floor.
    Lif {
        /// Integer threshold per neuron, in units of 2^−G weight LSB.
        thresholds: Vec<i32>,
    },
    /// Output layer: leak and floor only; its membranes are the answer.
    Output,
}

/// One fully-connected layer of a quantized network.
///
/// Membranes are in units of 2^−G weight LSB (G = `guard_bits`): a spike of sign ±1 adds ±(q << G).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct QuantizedLayer {
    /// Name, unique within the network.
    pub name: String,
    /// Integer weights q, `[outputs, inputs]`, within ±(2^(weight_bits−1) − 1).
    pub weights: Array2<i8>,
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
    /// Number of sources.
    #[must_use]
    pub fn inputs(&self) -> usize {
        self.weights.ncols()
    }

    /// Number of neurons.
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
