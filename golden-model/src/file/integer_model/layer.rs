//! Conversion of one layer between a quantized network and its file: numbers in the metadata, and tensors.

use crate::Result;
use crate::file::container::{Contents, Tensor};
use crate::integer::{Neuron, QuantizedLayer, QuantizedShortcut};
use crate::network::{Graph, Node};
use ndarray::Array2;
use safetensors::Dtype;
use serde::{Deserialize, Serialize};

/// Numbers of one layer, as stored in the metadata key `layers`.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct LayerHeader {
    name: String,
    kind: Kind,
    weight_bits: u8,
    guard_bits: u8,
    membrane_bits: u8,
    leak_shifts: Vec<u8>,
    floor: i32,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    ceiling: Option<i32>,
}

/// Behaviour of a layer at the end of a step.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Kind {
    Lif,
    Output,
}

impl LayerHeader {
    pub(super) fn of(layer: &QuantizedLayer) -> Self {
        Self {
            name: layer.name.clone(),
            kind: match layer.neuron {
                Neuron::Lif { .. } => Kind::Lif,
                Neuron::Output => Kind::Output,
            },
            weight_bits: layer.weight_bits,
            guard_bits: layer.guard_bits,
            membrane_bits: layer.membrane_bits,
            leak_shifts: layer.leak_shifts.clone(),
            floor: layer.floor,
            ceiling: layer.ceiling,
        }
    }

    /// Builds the layer `name` from its numbers and its tensors.
    pub(super) fn read(
        self,
        name: &str,
        node: &Node,
        graph: &Graph,
        contents: &mut Contents<'_>,
    ) -> Result<QuantizedLayer> {
        let channels = node.output.channels;
        let weights = match node.tensor {
            Some(tensor) => take_weights(graph, tensor, contents)?,
            None => Array2::zeros((channels, 0)),
        };
        let shortcut = match &node.junction {
            None => None,
            Some(junction) => Some(match junction.tensor {
                Some(tensor) => QuantizedShortcut::Weights(take_weights(graph, tensor, contents)?),
                None => {
                    QuantizedShortcut::Identity(take_numbers(&increments_name(name), channels, contents)?)
                }
            }),
        };
        let neuron = match self.kind {
            Kind::Output => Neuron::Output,
            Kind::Lif => Neuron::Lif {
                thresholds: take_numbers(&threshold_name(name), channels, contents)?,
            },
        };
        let biases = if contents.has(&bias_name(name)) {
            take_numbers(&bias_name(name), channels, contents)?
        } else {
            Vec::new()
        };
        Ok(QuantizedLayer {
            name: self.name,
            weights,
            shortcut,
            weight_bits: self.weight_bits,
            guard_bits: self.guard_bits,
            membrane_bits: self.membrane_bits,
            leak_shifts: self.leak_shifts,
            floor: self.floor,
            ceiling: self.ceiling,
            biases,
            neuron,
        })
    }
}

/// Named tensors of a layer, which must agree with its node.
pub(super) fn tensors(layer: &QuantizedLayer, node: &Node, graph: &Graph) -> Vec<(String, Tensor)> {
    let mut tensors = Vec::new();
    if let Some(tensor) = node.tensor {
        tensors.push(weights(graph, tensor, &layer.weights));
    }
    match (&layer.shortcut, &node.junction) {
        (Some(QuantizedShortcut::Weights(matrix)), Some(junction)) => {
            tensors.extend(junction.tensor.map(|tensor| weights(graph, tensor, matrix)));
        }
        (Some(QuantizedShortcut::Identity(increments)), _) => {
            tensors.push((increments_name(&layer.name), numbers(increments)))
        }
        (Some(QuantizedShortcut::Weights(_)) | None, _) => {}
    }
    if let Neuron::Lif { thresholds } = &layer.neuron {
        tensors.push((threshold_name(&layer.name), numbers(thresholds)));
    }
    if !layer.biases.is_empty() {
        tensors.push((bias_name(&layer.name), numbers(&layer.biases)));
    }
    tensors
}

fn weights(graph: &Graph, tensor: usize, matrix: &Array2<i8>) -> (String, Tensor) {
    let tensor = &graph.tensors[tensor];
    let contents = Tensor {
        dtype: Dtype::I8,
        shape: tensor.dimensions(),
        bytes: matrix.iter().map(|weight| weight.cast_unsigned()).collect(),
    };
    (weight_name(&tensor.name), contents)
}

fn numbers(numbers: &[i32]) -> Tensor {
    Tensor {
        dtype: Dtype::I32,
        shape: vec![numbers.len()],
        bytes: numbers.iter().flat_map(|number| number.to_le_bytes()).collect(),
    }
}

fn take_weights(graph: &Graph, tensor: usize, contents: &mut Contents<'_>) -> Result<Array2<i8>> {
    let tensor = &graph.tensors[tensor];
    let bytes = contents.take(&weight_name(&tensor.name), Dtype::I8, &tensor.dimensions())?;
    let weights = bytes.iter().map(|byte| byte.cast_signed()).collect();
    let shape = (tensor.outputs, tensor.inputs);
    Ok(Array2::from_shape_vec(shape, weights).expect("the tensor has this shape"))
}

fn take_numbers(name: &str, length: usize, contents: &mut Contents<'_>) -> Result<Vec<i32>> {
    let (numbers, _) = contents.take(name, Dtype::I32, &[length])?.as_chunks();
    Ok(numbers.iter().map(|number| i32::from_le_bytes(*number)).collect())
}

fn weight_name(tensor: &str) -> String {
    format!("weight/{tensor}")
}

fn threshold_name(layer: &str) -> String {
    format!("threshold/{layer}")
}

fn bias_name(layer: &str) -> String {
    format!("bias/{layer}")
}

fn increments_name(layer: &str) -> String {
    format!("one/{layer}")
}
