//! Cost of a network with dense instead of spiking neurons: each neuron is computed once, from all of its sources.

use super::{LayerKind, NetworkDescription};
use serde::Serialize;

/// Number of operations of one dense computation of a layer.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct DenseOperations {
    /// Number of multiply-accumulates: one per weight and position at which it is used. Zeros outside the source are
    /// not counted.
    pub multiply_accumulates: u64,
    /// Number of additions without a weight: one per source of a pooling window, and one per neuron with an identity
    /// shortcut.
    pub additions: u64,
}

impl DenseOperations {
    /// Total number of operations: one per connection, with or without a weight.
    #[must_use]
    pub const fn total(self) -> u64 {
        self.multiply_accumulates + self.additions
    }
}

impl NetworkDescription {
    /// Computes the operations of one inference of the same network with dense neurons, layer by layer, including
    /// shortcuts.
    ///
    /// If every source spiked once, the number of synaptic operations would be the same.
    ///
    /// ```
    /// use synfire_golden_model::network::NetworkDescription;
    /// let network = NetworkDescription::from_compact("2C3p1-P2-10@1x4x4", None)?;
    /// let operations = network.dense_operations();
    /// // A kernel of 3 over 4 rows covers 2 + 3 + 3 + 2 rows of the source, and as many columns.
    /// assert_eq!(operations[0].multiply_accumulates, 10 * 10 * 2);
    /// assert_eq!(operations[1].additions, 4 * 4 * 2);
    /// assert_eq!(operations[2].multiply_accumulates, 2 * 2 * 2 * 10);
    /// # Ok::<(), synfire_golden_model::Error>(())
    /// ```
    ///
    /// # Panics
    /// If the description is not valid.
    #[must_use]
    pub fn dense_operations(&self) -> Vec<DenseOperations> {
        let layers = self.layers.iter().zip(self.valid_graph().nodes);
        let operations = layers.map(|(layer, node)| {
            let (input, output) = (node.input, node.output);
            let mut operations = DenseOperations::default();
            match layer.kind {
                LayerKind::Conv {
                    kernel,
                    stride,
                    padding,
                    ..
                } => {
                    let pairs = |sources, outputs| pairs(sources, outputs, kernel, stride, padding);
                    let places = pairs(input.height, output.height) * pairs(input.width, output.width);
                    operations.multiply_accumulates = places * product(input.channels, output.channels);
                }
                LayerKind::Pool { kernel } => {
                    operations.additions = product(kernel, kernel) * output.size() as u64;
                }
                LayerKind::Fc { .. } | LayerKind::Out { .. } => {
                    operations.multiply_accumulates = product(input.size(), output.size());
                }
            }
            match node.junction {
                None => {}
                Some(junction) if junction.tensor.is_some() => {
                    operations.multiply_accumulates += product(junction.input.channels, output.size());
                }
                Some(_) => operations.additions += output.size() as u64,
            }
            operations
        });
        operations.collect()
    }
}

/// Number of pairs of an output and a source in its window, along one axis.
fn pairs(sources: usize, outputs: usize, kernel: usize, stride: usize, padding: usize) -> u64 {
    let in_window = |output: usize| {
        let (start, end) = (output * stride, output * stride + kernel);
        end.min(sources + padding).saturating_sub(start.max(padding)) as u64
    };
    (0..outputs).map(in_window).sum()
}

const fn product(one: usize, other: usize) -> u64 {
    one as u64 * other as u64
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::float::FloatModel;
    use crate::spikes::{Spike, SpikeRaster};
    use crate::workload::Pass;

    #[test]
    fn pairs_are_those_of_the_definition() {
        // Windows of 3 start at −1, 1 and 3; the first one lacks a position.
        assert_eq!(pairs(6, 3, 3, 2, 1), 2 + 3 + 3);
        assert_eq!(pairs(4, 4, 1, 1, 0), 4);
        // 28 rows with a kernel of 5: 3, 4, 5, ..., 5, 4, 3.
        assert_eq!(pairs(28, 28, 5, 1, 2), 28 * 5 - 6);
    }

    /// Every source of every layer fires exactly once: all neurons fire in the single step.
    #[test]
    fn as_many_as_the_synaptic_operations_of_one_spike_of_every_source() {
        for text in [
            "6C5p2-P2-8C3s2p1-20-10@2x12x12",
            "4C3p1-P2-R6-R8s2-I8s2-24-10@3x12x12",
        ] {
            let mut network = NetworkDescription::from_compact(text, None).unwrap();
            network.steps = 1;
            let mut model = FloatModel::initial(network, 1).unwrap();
            model.weights.iter_mut().for_each(|weights| weights.fill(2.0));
            let mut raster = SpikeRaster::new(model.description.input.size());
            raster.push_step((0..).take(raster.width()).map(Spike::positive));
            let mut pass = Pass::new(&model).unwrap();
            pass.forward(&raster).unwrap();
            let dense = model.description.dense_operations();
            let dense: Vec<u64> = dense.into_iter().map(DenseOperations::total).collect();
            assert_eq!(pass.operations(), dense, "{text}");
        }
    }
}
