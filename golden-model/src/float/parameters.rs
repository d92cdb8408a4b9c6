//! Weights in the memory layout of the engine, and their conversion from and to a model.

use super::FloatModel;
use crate::Result;
use crate::events::{Numbers, Rows, VECTOR, all_rows, zeros};
use crate::network::{NetworkDescription, Tensor};
use crate::random::{Random, mix};
use ndarray::Array2;

/// Tag that separates this use of a run's seed from all other uses.
const INITIAL_WEIGHTS: u64 = 1;

/// Weights of every tensor of a network in the layout of [`super::synapses`]: one row of output neurons or channels per
/// source, or per source channel and kernel position, padded to whole vectors with zeros.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Parameters {
    pub(crate) layers: Vec<Numbers>,
    /// Biases of every layer, one per output channel and padded like a row of weights; empty for a layer without. The
    /// whole is empty if no layer has any.
    pub(crate) biases: Vec<Numbers>,
}

impl Parameters {
    /// Creates zeros in the shape of a network's weights.
    pub(crate) fn zeros(description: &NetworkDescription) -> Self {
        let zeros = |(_, rows): (Tensor, Rows)| zeros(rows.numbers());
        Self {
            layers: all_rows(description, VECTOR).into_iter().map(zeros).collect(),
            biases: Vec::new(),
        }
    }

    /// Draws the initial weights of a training run with this seed.
    pub(crate) fn initial(description: &NetworkDescription, seed: u64) -> Self {
        Self::random(description, &mut Random::new(mix(&[seed, INITIAL_WEIGHTS])))
    }

    /// Size in bytes.
    pub(crate) fn bytes(&self) -> usize {
        let numbers = self.layers.iter().chain(&self.biases);
        numbers.map(|numbers| size_of_val(&numbers[..])).sum()
    }

    /// Draws independent weights from a normal distribution of mean 0 and standard deviation √(2/fan-in), or
    /// √(1/fan-in) in networks with residual junctions, where two paths feed a membrane.
    pub(crate) fn random(description: &NetworkDescription, random: &mut Random) -> Self {
        let residual = description.layers.iter().any(|layer| layer.shortcut.is_some());
        let gain = if residual { 1.0 } else { 2.0 };
        let mut layer = |(tensor, rows): (Tensor, Rows)| {
            let deviation = f32::sqrt(gain / tensor.inputs as f32);
            let mut layer = zeros(rows.numbers());
            let mut used = rows.of_column.clone();
            used.sort_unstable();
            for row in used {
                let row = &mut layer[row * rows.length..][..tensor.outputs];
                row.fill_with(|| deviation * random.normal());
            }
            layer
        };
        Self {
            layers: all_rows(description, VECTOR)
                .into_iter()
                .map(&mut layer)
                .collect(),
            biases: Vec::new(),
        }
    }

    /// Validates a model and converts its weights and biases.
    pub(crate) fn of_model(model: &FloatModel) -> Result<Self> {
        model.validate()?;
        Ok(Self::of_matrices(&model.description, &model.weights).with_biases(&model.biases))
    }

    /// Adds biases, one list per layer as in [`FloatModel::biases`], in place of those that there are.
    pub(crate) fn with_biases(mut self, biases: &[Vec<f32>]) -> Self {
        let padded = |biases: &Vec<f32>| {
            let mut padded = zeros(biases.len().next_multiple_of(VECTOR));
            padded[..biases.len()].copy_from_slice(biases);
            padded
        };
        self.biases = biases.iter().map(padded).collect();
        self
    }

    /// Biases of layer `index`, one per output channel and padded; none for a layer without.
    pub(crate) fn biases_of(&self, index: usize) -> &[f32] {
        self.biases.get(index).map_or(&[], |biases| &biases[..])
    }

    /// Converts matrices that [`Self::to_matrices`] returned for the same network.
    pub(crate) fn of_matrices(description: &NetworkDescription, matrices: &[Array2<f32>]) -> Self {
        let layer = |((tensor, rows), weights): ((Tensor, Rows), &Array2<f32>)| {
            let mut layer = zeros(rows.numbers());
            for (column, row) in weights.columns().into_iter().zip(rows.of_column) {
                let row = &mut layer[row * rows.length..][..tensor.outputs];
                row.iter_mut().zip(column).for_each(|(to, from)| *to = *from);
            }
            layer
        };
        let layers = all_rows(description, VECTOR).into_iter().zip(matrices);
        Self {
            layers: layers.map(layer).collect(),
            biases: Vec::new(),
        }
    }

    /// Converts the weights to matrices `[outputs, inputs]`, one per tensor.
    pub(crate) fn to_matrices(&self, description: &NetworkDescription) -> Vec<Array2<f32>> {
        let matrix = |((tensor, rows), layer): ((Tensor, Rows), &Numbers)| {
            Array2::from_shape_fn((tensor.outputs, tensor.inputs), |(output, input)| {
                layer[rows.of_column[input] * rows.length + output]
            })
        };
        all_rows(description, VECTOR)
            .into_iter()
            .zip(&self.layers)
            .map(matrix)
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeMap;

    #[test]
    fn weights_survive_the_way_to_a_model_and_back() {
        let description = NetworkDescription::preset("digits").unwrap();
        let parameters = Parameters::random(&description, &mut Random::new(3));
        let weights = parameters.to_matrices(&description);
        assert_eq!(weights[0].dim(), (description.shapes()[0].size(), 64));
        let row = weights[0].nrows().next_multiple_of(VECTOR);
        assert_eq!(
            weights[0][[5, 7]].to_bits(),
            parameters.layers[0][7 * row + 5].to_bits()
        );
        let model = FloatModel {
            description,
            weights,
            provenance: BTreeMap::new(),
            biases: Vec::new(),
        };
        assert_eq!(Parameters::of_model(&model).unwrap(), parameters);
    }

    #[test]
    fn initial_weights_have_the_fan_ins_deviation() {
        let description = NetworkDescription::preset("mnist-mlp").unwrap();
        let parameters = Parameters::random(&description, &mut Random::new(3));
        let layer = &parameters.layers[0];
        let variance = layer.iter().map(|weight| weight * weight).sum::<f32>() / layer.len() as f32;
        assert!((variance * 784.0 / 2.0 - 1.0).abs() < 0.02, "{variance}");
    }
}
