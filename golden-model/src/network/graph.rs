//! Graph: a description with resolved sources, computed shapes and a list of weight tensors.

use super::{LayerDescription, LayerKind, NetworkDescription, Shape};
use crate::network::NetworkError;
use crate::{Error, Result};

/// Source of a layer's spikes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Source {
    /// The network's input.
    Input,
    /// The layer with this index.
    Layer(usize),
}

/// Layer within the graph.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Node {
    /// Source of the spikes.
    pub source: Source,
    /// Shape of the source.
    pub input: Shape,
    /// Shape of the layer's output.
    pub output: Shape,
    /// Index of the weights in [`Graph::tensors`]; `None` for pooling.
    pub tensor: Option<usize>,
    /// Second path into the membranes, if any.
    pub junction: Option<Junction>,
}

/// Second path into a residual junction.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Junction {
    /// Source of the spikes.
    pub source: Source,
    /// Shape of the source.
    pub input: Shape,
    /// Distance in rows and columns from one sampled position of the source to the next.
    pub stride: usize,
    /// Index of the path's weights in [`Graph::tensors`]; `None` for an identity.
    pub tensor: Option<usize>,
}

/// Shape of a weight tensor in model files.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TensorShape {
    /// Matrix `[out, in]`; a source of shape `[C, H, W]` is flattened in that order.
    Matrix,
    /// Kernels `[out, in, kernel, kernel]`.
    Kernels(usize),
}

/// Weight tensor. In memory it is always a matrix `[outputs, inputs]`; for a convolution, with one row per output
/// channel over (input channel, kernel row, kernel column).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tensor {
    /// Index of the layer.
    pub layer: usize,
    /// Name of the tensor: the name of the layer, or `<layer>.shortcut`.
    pub name: String,
    /// Number of rows: neurons of a fully-connected layer, output channels of a convolution.
    pub outputs: usize,
    /// Number of columns: sources of a fully-connected layer, channels × kernel² of a convolution.
    pub inputs: usize,
    /// Shape of the tensor in model files.
    pub shape: TensorShape,
}

impl Tensor {
    /// Dimensions of the tensor in model files.
    #[must_use]
    pub fn dimensions(&self) -> Vec<usize> {
        match self.shape {
            TensorShape::Matrix => vec![self.outputs, self.inputs],
            TensorShape::Kernels(kernel) => {
                vec![self.outputs, self.inputs / (kernel * kernel), kernel, kernel]
            }
        }
    }
}

/// Resolved layers and tensors of a network.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Graph {
    /// Layers in order.
    pub nodes: Vec<Node>,
    /// Weight tensors in the order of the layers; the tensor of a shortcut follows that of its layer.
    pub tensors: Vec<Tensor>,
}

impl NetworkDescription {
    /// Resolves the description. [`Self::validate`] checks more; a description that it accepts can be resolved.
    ///
    /// # Errors
    /// If a source is not an earlier layer, a window does not fit its source, a number overflows, or the two
    /// paths of a junction differ in shape.
    pub fn graph(&self) -> Result<Graph> {
        let mut graph = Graph {
            nodes: Vec::with_capacity(self.layers.len()),
            tensors: Vec::new(),
        };
        for (index, layer) in self.layers.iter().enumerate() {
            let source = match &layer.from {
                Some(name) => self.source(layer, name, index)?,
                None => index.checked_sub(1).map_or(Source::Input, Source::Layer),
            };
            let input = self.shape_of(&graph, source);
            let output = self.output_shape(layer, input)?;
            let tensor = tensor(index, layer, input).map(|tensor| graph.push(tensor));
            let junction = self.junction(&mut graph, index, output)?;
            graph.nodes.push(Node {
                source,
                input,
                output,
                tensor,
                junction,
            });
        }
        Ok(graph)
    }

    /// Resolves a validated description like [`Self::graph`].
    pub(crate) fn valid_graph(&self) -> Graph {
        self.graph()
            .unwrap_or_else(|error| panic!("the description is not valid: {error}"))
    }

    fn source(&self, layer: &LayerDescription, name: &str, index: usize) -> Result<Source> {
        if name == "input" {
            return Ok(Source::Input);
        }
        let earlier = &self.layers[..index];
        match earlier.iter().position(|candidate| candidate.name == name) {
            Some(found) => Ok(Source::Layer(found)),
            None => {
                let known: Vec<&str> = std::iter::once("input")
                    .chain(earlier.iter().map(|layer| layer.name.as_str()))
                    .collect();
                let wanted = format!("one of {}", known.join(", "));
                Err(self.refusal(
                    format!("source of layer `{}`", layer.name),
                    format!("`{name}`"),
                    wanted,
                ))
            }
        }
    }

    fn shape_of(&self, graph: &Graph, source: Source) -> Shape {
        match source {
            Source::Input => self.input,
            Source::Layer(index) => graph.nodes[index].output,
        }
    }

    fn output_shape(&self, layer: &LayerDescription, input: Shape) -> Result<Shape> {
        let flat = |channels| Shape {
            channels,
            height: 1,
            width: 1,
        };
        let (channels, kernel, stride, padding) = match layer.kind {
            LayerKind::Fc { out } | LayerKind::Out { out } => return Ok(flat(out)),
            LayerKind::Conv {
                out,
                kernel,
                stride,
                padding,
            } => (out, kernel, stride, padding),
            LayerKind::Pool { kernel } => (input.channels, kernel, kernel, 0),
        };
        for (what, value) in [("kernel", kernel), ("stride", stride)] {
            if value == 0 {
                return Err(self.refusal(
                    format!("{what} of layer `{}`", layer.name),
                    value.to_string(),
                    "at least 1".into(),
                ));
            }
        }
        let windows = |length: usize| {
            let padded = padding.checked_mul(2)?.checked_add(length)?;
            Some(padded.checked_sub(kernel)? / stride + 1)
        };
        let (Some(height), Some(width)) = (windows(input.height), windows(input.width)) else {
            return Err(self.refusal(
                format!("kernel of layer `{}`", layer.name),
                format!("{kernel} x {kernel} with padding {padding}"),
                format!("no larger than its padded source, which is {input}"),
            ));
        };
        Ok(Shape {
            channels,
            height,
            width,
        })
    }

    fn junction(&self, graph: &mut Graph, index: usize, output: Shape) -> Result<Option<Junction>> {
        let layer = &self.layers[index];
        let Some(shortcut) = &layer.shortcut else {
            return Ok(None);
        };
        let field = |what: &str| format!("{what} of the shortcut of layer `{}`", layer.name);
        let source = self.source(layer, &shortcut.from, index)?;
        let input = self.shape_of(graph, source);
        if shortcut.stride == 0 {
            return Err(self.refusal(field("stride"), "0".into(), "at least 1".into()));
        }
        let sampled = Shape {
            channels: if shortcut.identity {
                input.channels
            } else {
                output.channels
            },
            height: input.height.div_ceil(shortcut.stride),
            width: input.width.div_ceil(shortcut.stride),
        };
        if sampled != output {
            return Err(self.refusal(
                field("shape"),
                sampled.to_string(),
                format!("that of the layer, {output}"),
            ));
        }
        let tensor = (!shortcut.identity).then(|| {
            graph.push(Tensor {
                layer: index,
                name: format!("{}.shortcut", layer.name),
                outputs: output.channels,
                inputs: input.channels,
                shape: TensorShape::Kernels(1),
            })
        });
        Ok(Some(Junction {
            source,
            input,
            stride: shortcut.stride,
            tensor,
        }))
    }

    pub(super) fn refusal(&self, field: String, found: String, wanted: String) -> Error {
        Error::Network(NetworkError::Value {
            network: self.name.clone(),
            field,
            found,
            wanted,
        })
    }
}

impl Graph {
    /// Appends a tensor; returns its index.
    fn push(&mut self, tensor: Tensor) -> usize {
        self.tensors.push(tensor);
        self.tensors.len() - 1
    }
}

/// Weight tensor of a layer's first path.
fn tensor(index: usize, layer: &LayerDescription, input: Shape) -> Option<Tensor> {
    let (outputs, inputs, shape) = match layer.kind {
        LayerKind::Conv { out, kernel, .. } => (
            out,
            input.channels.saturating_mul(kernel).saturating_mul(kernel),
            TensorShape::Kernels(kernel),
        ),
        LayerKind::Pool { .. } => return None,
        LayerKind::Fc { out } | LayerKind::Out { out } => (out, input.size(), TensorShape::Matrix),
    };
    Some(Tensor {
        layer: index,
        name: layer.name.clone(),
        outputs,
        inputs,
        shape,
    })
}
