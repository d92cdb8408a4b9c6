//! Comparison of a spiking network with the same network of dense neurons, in operations and energy.
//!
//! A spiking layer adds a weight for every spike and every synapse that the spike drives. A dense layer multiplies and
//! accumulates exactly once per connection. So a spiking layer needs fewer operations if its sources spike less than
//! once per inference on average, and less energy if they spike less than [`MULTIPLY_ACCUMULATE_PJ`] / [`ADDITION_PJ`]
//! times. Where a layer takes graded input, each event multiplies and accumulates like a dense connection.

use super::float::Evaluation;
use crate::network::{DenseOperations, NetworkDescription, Node, Source};
use serde::Serialize;

/// Energy of an addition of two 32-bit floating-point numbers in 45 nm CMOS at 0.9 V, in picojoules (M. Horowitz,
/// "Computing's energy problem (and what we can do about it)", ISSCC 2014).
pub const ADDITION_PJ: f64 = 0.9;

/// Energy of a multiplication (3.7 pJ) and an addition of two 32-bit floating-point numbers, in picojoules; same source
/// as [`ADDITION_PJ`].
pub const MULTIPLY_ACCUMULATE_PJ: f64 = 4.6;

/// Operations of a spiking layer and of the same layer with dense neurons, per inference.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct LayerSparsity {
    /// Name of the layer.
    pub layer: String,
    /// Number of neurons.
    pub neurons: usize,
    /// Mean number of spikes that the layer emits.
    pub spikes: f64,
    /// Mean number of spikes per neuron and step, in 0..=1.
    pub rate: f64,
    /// Mean number of synaptic operations into the layer: additions, one per spike and synapse, or multiply-accumulates
    /// where the source is a graded input.
    pub synaptic_operations: f64,
    /// Number of operations of the dense layer.
    #[serde(flatten)]
    pub dense: DenseOperations,
    /// Number of synaptic operations per operation of the dense layer.
    pub ratio: f64,
}

/// Operations and energy of a spiking network and of the same network with dense neurons, per inference.
///
/// The update of a neuron at the end of a step is not part of the operations; [`Self::neuron_updates`] counts it.
/// Memory accesses, which take most of the energy on many machines, are not counted at all.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Sparsity {
    /// Mean number of input spikes.
    pub input_spikes: f64,
    /// Mean number of input spikes per source and step, in 0..=1.
    pub input_rate: f64,
    /// Layers in order, including the output layer, which never fires.
    pub layers: Vec<LayerSparsity>,
    /// Mean number of spikes of all layers, without the input.
    pub spikes: f64,
    /// Mean number of synaptic operations of all layers.
    pub synaptic_operations: f64,
    /// Number of operations of all dense layers.
    #[serde(flatten)]
    pub dense: DenseOperations,
    /// Number of synaptic operations per operation of the dense network.
    pub ratio: f64,
    /// Number of neuron updates, steps × neurons: each compares a membrane and applies the leak.
    pub neuron_updates: u64,
    /// Energy of the synaptic operations in nanojoules, at [`ADDITION_PJ`] each, and at [`MULTIPLY_ACCUMULATE_PJ`] for those
    /// into layers that weight graded input.
    pub energy_nj: f64,
    /// Energy of the dense network in nanojoules, at [`MULTIPLY_ACCUMULATE_PJ`] and [`ADDITION_PJ`].
    pub dense_energy_nj: f64,
}

impl Sparsity {
    /// Builds the comparison from means per inference: `spikes` of the input and of every layer that fires, and
    /// `operations` into each layer.
    ///
    /// # Panics
    /// If the description is not valid.
    #[must_use]
    pub fn new(description: &NetworkDescription, spikes: &[f64], operations: &[f64]) -> Self {
        let rate = |spikes: f64, neurons: usize| spikes / (neurons * description.steps) as f64;
        let shapes = description.shapes();
        let dense = description.dense_operations();
        let layer = |(index, dense): (usize, &DenseOperations)| {
            let neurons = shapes[index].size();
            let spikes = spikes.get(index + 1).copied().unwrap_or(0.0);
            let operations = operations.get(index).copied().unwrap_or(0.0);
            LayerSparsity {
                layer: description.layers[index].name.clone(),
                neurons,
                spikes,
                rate: rate(spikes, neurons),
                synaptic_operations: operations,
                dense: *dense,
                ratio: operations / dense.total() as f64,
            }
        };
        let layers: Vec<LayerSparsity> = dense.iter().enumerate().map(layer).collect();
        let input_spikes = spikes.first().copied().unwrap_or(0.0);
        let synaptic_operations = layers.iter().map(|layer| layer.synaptic_operations).sum();
        let total = DenseOperations {
            multiply_accumulates: dense.iter().map(|dense| dense.multiply_accumulates).sum(),
            additions: dense.iter().map(|dense| dense.additions).sum(),
        };
        let multiplied: f64 = layers
            .iter()
            .zip(weight_graded_input(description))
            .filter(|(_, graded)| *graded)
            .map(|(layer, _)| layer.synaptic_operations)
            .sum();
        let neurons: usize = shapes.iter().map(|shape| shape.size()).sum();
        Self {
            input_spikes,
            input_rate: rate(input_spikes, description.input.size()),
            spikes: layers.iter().map(|layer| layer.spikes).sum(),
            layers,
            synaptic_operations,
            dense: total,
            ratio: synaptic_operations / total.total() as f64,
            neuron_updates: (neurons * description.steps) as u64,
            energy_nj: ((synaptic_operations - multiplied) * ADDITION_PJ
                + multiplied * MULTIPLY_ACCUMULATE_PJ)
                / 1e3,
            dense_energy_nj: (total.multiply_accumulates as f64 * MULTIPLY_ACCUMULATE_PJ
                + total.additions as f64 * ADDITION_PJ)
                / 1e3,
        }
    }
}

/// For each layer, whether it has weights for graded input, on either path of a junction.
fn weight_graded_input(description: &NetworkDescription) -> Vec<bool> {
    let weights_input = |node: &Node| {
        let main = node.tensor.is_some() && node.source == Source::Input;
        let second = node.junction.as_ref();
        main || second.is_some_and(|path| path.tensor.is_some() && path.source == Source::Input)
    };
    let nodes = description.valid_graph().nodes;
    nodes
        .iter()
        .map(|node| description.coding.is_graded() && weights_input(node))
        .collect()
}

impl Evaluation {
    /// Compares the evaluated network with the same network of dense neurons.
    ///
    /// # Panics
    /// If `description` does not describe the evaluated network.
    #[must_use]
    pub fn sparsity(&self, description: &NetworkDescription) -> Sparsity {
        let spikes: Vec<f64> = self.activity.iter().map(|layer| layer.spikes).collect();
        Sparsity::new(description, &spikes, &self.operations)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::network::InputCoding;

    #[test]
    fn layers_and_sums_are_those_counted_by_hand() {
        let mut network = NetworkDescription::from_compact("2C3p1-P2-3-10@1x4x4", None).unwrap();
        network.steps = 5;
        let sparsity = Sparsity::new(&network, &[8.0, 16.0, 4.0, 3.0], &[100.0, 16.0, 12.0, 30.0]);
        let close =
            |found: f64, wanted: f64| assert!((found - wanted).abs() < 1e-12, "{found}, {wanted} wanted");

        let layers = &sparsity.layers;
        let names: Vec<&str> = layers.iter().map(|layer| layer.layer.as_str()).collect();
        assert_eq!(names, ["conv1", "pool1", "fc1", "out"]);
        let neurons: Vec<usize> = layers.iter().map(|layer| layer.neurons).collect();
        assert_eq!(neurons, [32, 8, 3, 10]);
        let dense: Vec<u64> = layers.iter().map(|layer| layer.dense.total()).collect();
        assert_eq!(dense, [200, 32, 24, 30]);
        for (layer, [rate, ratio]) in layers.iter().zip([
            [16.0 / 160.0, 0.5],
            [4.0 / 40.0, 0.5],
            [3.0 / 15.0, 0.5],
            [0.0, 1.0],
        ]) {
            close(layer.rate, rate);
            close(layer.ratio, ratio);
        }
        close(sparsity.input_rate, 0.1);
        close(sparsity.spikes, 23.0);
        close(sparsity.synaptic_operations, 158.0);
        assert_eq!(
            (sparsity.dense.multiply_accumulates, sparsity.dense.additions),
            (254, 32)
        );
        close(sparsity.ratio, 158.0 / 286.0);
        assert_eq!(sparsity.neuron_updates, 5 * 53);
        close(sparsity.energy_nj, 0.1422);
        network.coding = InputCoding::Direct;
        let graded = Sparsity::new(&network, &[8.0, 16.0, 4.0, 3.0], &[100.0, 16.0, 12.0, 30.0]);
        // The 100 operations of the first layer multiply, too.
        close(graded.energy_nj, 0.46 + 0.9 * 0.058);
        close(graded.synaptic_operations, 158.0);
        close(sparsity.dense_energy_nj, 0.9 * 0.032 + 4.6 * 0.254);
    }
}
