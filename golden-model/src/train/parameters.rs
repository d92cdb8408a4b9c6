//! Weights as the trainer holds them, and their way from and to a model.

use super::engine::channels_last;
use super::synapses::Axis;
use crate::Result;
use crate::model::FloatModel;
use crate::network::{Graph, LayerKind, NetworkDescription, Tensor, TensorShape};
use crate::random::Random;
use ndarray::Array2;

/// The weights of every tensor of the network, as the engine wants them (see [`super::synapses`]): one row of
/// output neurons or channels per source, or per source channel and kernel place.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Parameters {
    pub(crate) layers: Vec<Vec<f32>>,
}

/// The engine's row for every column of a tensor's matrix.
fn rows(graph: &Graph, description: &NetworkDescription, tensor: &Tensor) -> Vec<usize> {
    let node = &graph.nodes[tensor.layer];
    let TensorShape::Kernels(kernel) = tensor.shape else {
        return (0..tensor.inputs)
            .map(|address| channels_last(node.input, address))
            .collect();
    };
    let stride = match (&node.junction, description.layers[tensor.layer].kind) {
        (Some(junction), _)
            if junction
                .tensor
                .is_some_and(|index| graph.tensors[index] == *tensor) =>
        {
            junction.stride
        }
        (_, LayerKind::Conv { stride, .. }) => stride,
        _ => 1,
    };
    let axis = Axis {
        kernel,
        stride,
        padding: 0,
        outputs: 0,
    };
    let row = |column: usize| {
        let (channel, y, x) = (
            column / (kernel * kernel),
            column / kernel % kernel,
            column % kernel,
        );
        (channel * kernel + axis.place(y)) * kernel + axis.place(x)
    };
    (0..tensor.inputs).map(row).collect()
}

impl Parameters {
    /// Zeros in the shape of a network's weights.
    pub(crate) fn zeros(description: &NetworkDescription) -> Self {
        let tensors = description.valid_graph().tensors;
        let zeros = |tensor: &Tensor| vec![0.0; tensor.inputs * tensor.outputs];
        Self {
            layers: tensors.iter().map(zeros).collect(),
        }
    }

    /// Independent draws from a normal distribution of mean 0 and deviation √(2/fan-in), or √(1/fan-in) in networks
    /// with residual junctions, whose membranes two paths feed.
    pub(crate) fn random(description: &NetworkDescription, random: &mut Random) -> Self {
        let graph = description.valid_graph();
        let residual = graph.nodes.iter().any(|node| node.junction.is_some());
        let gain = if residual { 1.0 } else { 2.0 };
        let mut parameters = Self::zeros(description);
        for (layer, tensor) in parameters.layers.iter_mut().zip(&graph.tensors) {
            let deviation = f32::sqrt(gain / tensor.inputs as f32);
            layer.fill_with(|| deviation * random.normal());
        }
        parameters
    }

    /// The weights of a model whose shapes agree with its description.
    pub(crate) fn of_model(model: &FloatModel) -> Result<Self> {
        model.validate()?;
        let graph = model.description.graph()?;
        let layer = |(tensor, weights): (&Tensor, &Array2<f32>)| {
            let mut layer = vec![0.0; weights.len()];
            let rows = rows(&graph, &model.description, tensor);
            for (column, row) in weights.columns().into_iter().zip(rows) {
                let row = &mut layer[row * tensor.outputs..][..tensor.outputs];
                row.iter_mut().zip(column).for_each(|(to, from)| *to = *from);
            }
            layer
        };
        let layers = graph.tensors.iter().zip(&model.weights).map(layer);
        Ok(Self {
            layers: layers.collect(),
        })
    }

    /// As matrices `[outputs, inputs]`.
    pub(crate) fn to_matrices(&self, description: &NetworkDescription) -> Vec<Array2<f32>> {
        let graph = description.valid_graph();
        let matrix = |(tensor, layer): (&Tensor, &Vec<f32>)| {
            let rows = rows(&graph, description, tensor);
            Array2::from_shape_fn((tensor.outputs, tensor.inputs), |(output, input)| {
                layer[rows[input] * tensor.outputs + output]
            })
        };
        graph.tensors.iter().zip(&self.layers).map(matrix).collect()
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
        let hidden = weights[0].nrows();
        assert_eq!(
            weights[0][[5, 7]].to_bits(),
            parameters.layers[0][7 * hidden + 5].to_bits()
        );
        let model = FloatModel {
            description,
            weights,
            provenance: BTreeMap::new(),
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
