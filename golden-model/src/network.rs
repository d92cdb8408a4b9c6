//! Network description: shapes, layers and number of time steps of a spiking network.
//!
//! A description is plain data and can be built by hand. All code that computes with a network relies on
//! [`NetworkDescription::validate`]; all code that reads a description from a file calls it.

mod compact;
mod dense;
mod dynamics;
mod error;
mod graph;
mod layer_text;
mod validation;

pub(crate) use compact::Compact;
pub use dense::DenseOperations;
pub use dynamics::{InputCoding, LARGEST_VALUE, Readout, Reset};
pub use error::NetworkError;
pub use graph::{Graph, Junction, Node, Source, Tensor, TensorShape};
pub use validation::{MAX_LAYERS, MAX_NETWORK_WEIGHTS, MAX_NEURONS, MAX_STEPS, MAX_WEIGHTS};

use crate::{Error, Result};
use serde::{Deserialize, Serialize};

/// Shape of a layer's output in C, H, W order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(from = "[usize; 3]", into = "[usize; 3]")]
pub struct Shape {
    /// Number of channels C.
    pub channels: usize,
    /// Number of rows H.
    pub height: usize,
    /// Number of columns W.
    pub width: usize,
}

impl From<[usize; 3]> for Shape {
    fn from([channels, height, width]: [usize; 3]) -> Self {
        Self {
            channels,
            height,
            width,
        }
    }
}

impl From<Shape> for [usize; 3] {
    fn from(shape: Shape) -> Self {
        [shape.channels, shape.height, shape.width]
    }
}

impl Shape {
    /// Number of neurons C·H·W, limited to `usize::MAX`.
    #[must_use]
    pub const fn size(self) -> usize {
        self.channels
            .saturating_mul(self.height)
            .saturating_mul(self.width)
    }
}

impl std::fmt::Display for Shape {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "[{}, {}, {}]", self.channels, self.height, self.width)
    }
}

/// A spiking network, layer by layer.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NetworkDescription {
    /// Name of the network, used in files and reports.
    pub name: String,
    /// Shape of the input, `[C, H, W]`.
    pub input: Shape,
    /// Number of time steps T of one inference.
    pub steps: usize,
    /// Rate of a full-scale input, in spikes per step.
    pub rate: f32,
    /// Factor by which a membrane decays per step.
    #[serde(default = "default_leak")]
    pub leak: f32,
    /// Conversion of intensities to signed inputs. Without it, intensities are the inputs and no spike is negative.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub normalization: Option<Normalization>,
    /// How samples enter the network.
    #[serde(default, skip_serializing_if = "dynamics::is_default")]
    pub coding: InputCoding,
    /// Membrane of a neuron that fired.
    #[serde(default, skip_serializing_if = "dynamics::is_default")]
    pub reset: Reset,
    /// Membranes of the output layer.
    #[serde(default, skip_serializing_if = "dynamics::is_default")]
    pub readout: Readout,
    /// Layers from input to output; only the last one is an output layer.
    #[serde(rename = "layer")]
    pub layers: Vec<LayerDescription>,
}

pub(crate) const fn default_leak() -> f32 {
    0.99
}

/// Normalization of the input: x = (intensity − mean) / deviation, with intensities in 0..=1.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Normalization {
    /// Mean intensity, one number per input channel.
    pub mean: Vec<f32>,
    /// Standard deviation of the intensity, one number per input channel.
    pub deviation: Vec<f32>,
}

/// Description of a layer.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "layer_text::LayerText")]
pub struct LayerDescription {
    /// Name of the layer, unique within the network.
    pub name: String,
    /// Source of the layer's spikes: the name of an earlier layer, or `input`. The default is the layer before.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub from: Option<String>,
    /// Membrane above which a neuron fires. The default is 1, and 0.75 for pooling.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub threshold: Option<f32>,
    /// Factor by which a step multiplies the membranes. The default is the network's; pooling has none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub leak: Option<f32>,
    /// Probability that a neuron's spikes are dropped in training, with one draw per neuron and presentation.
    #[serde(skip_serializing_if = "is_zero")]
    pub dropout: f32,
    /// Second path into the membranes of a convolution, which makes the layer a residual junction.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub shortcut: Option<Shortcut>,
    /// Operation of the layer.
    #[serde(flatten)]
    pub kind: LayerKind,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde wants a reference")]
fn is_zero(value: &f32) -> bool {
    *value == 0.0
}

/// Second path into a residual junction: its spikes add to the membranes before the threshold.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Shortcut {
    /// Source of the spikes: the name of an earlier layer, or `input`.
    pub from: String,
    /// Distance in rows and columns from one sampled position of the source to the next.
    #[serde(default = "one")]
    pub stride: usize,
    /// True if the path is an identity: a spike adds one to the membrane of its own channel. Otherwise the path is a
    /// 1×1 convolution.
    #[serde(default)]
    pub identity: bool,
}

const fn one() -> usize {
    1
}

/// Operation of a layer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(tag = "op", rename_all = "lowercase")]
pub enum LayerKind {
    /// Convolution (cross-correlation) into LIF neurons.
    Conv {
        /// Number of output channels.
        out: usize,
        /// Number of rows and of columns of the kernel.
        kernel: usize,
        /// Distance in rows and columns from one window to the next.
        stride: usize,
        /// Number of rows and columns of zeros on each side of the source.
        padding: usize,
    },
    /// Average over windows that do not overlap, into integrate-and-fire neurons without leak.
    Pool {
        /// Number of rows and of columns of a window. Rows and columns of the source that fill no window are ignored.
        kernel: usize,
    },
    /// Fully-connected layer of `out` LIF neurons.
    Fc {
        /// Number of neurons.
        out: usize,
    },
    /// Output layer of `out` classes: integrates and leaks, never fires.
    Out {
        /// Number of classes.
        out: usize,
    },
}

/// Default threshold of LIF neurons.
const LIF_THRESHOLD: f32 = 1.0;
/// Default threshold of pooling neurons, as a share of the window. It is strict: a 2×2 window needs four spikes.
const POOL_THRESHOLD: f32 = 0.75;

impl LayerKind {
    /// Name of the operation in network files.
    #[must_use]
    pub const fn op(&self) -> &'static str {
        match self {
            Self::Conv { .. } => "conv",
            Self::Pool { .. } => "pool",
            Self::Fc { .. } => "fc",
            Self::Out { .. } => "out",
        }
    }
}

impl LayerDescription {
    /// Creates a layer with defaults for everything but its name and operation.
    #[must_use]
    pub fn new(name: impl Into<String>, kind: LayerKind) -> Self {
        Self {
            name: name.into(),
            from: None,
            threshold: None,
            leak: None,
            dropout: 0.0,
            shortcut: None,
            kind,
        }
    }

    /// Membrane above which a neuron fires.
    #[must_use]
    pub fn threshold(&self) -> f32 {
        self.threshold.unwrap_or(match self.kind {
            LayerKind::Pool { .. } => POOL_THRESHOLD,
            LayerKind::Conv { .. } | LayerKind::Fc { .. } | LayerKind::Out { .. } => LIF_THRESHOLD,
        })
    }
}

impl NetworkDescription {
    /// Output shape of every layer, in order.
    ///
    /// # Panics
    /// If the description is not valid.
    #[must_use]
    pub fn shapes(&self) -> Vec<Shape> {
        self.valid_graph().nodes.iter().map(|node| node.output).collect()
    }

    /// Number of weights of a neuron of layer `index`, without its shortcut. For a pooling neuron, the size of its
    /// window.
    ///
    /// # Panics
    /// If the description is not valid or there is no such layer.
    #[must_use]
    pub fn fan_in(&self, index: usize) -> usize {
        let graph = self.valid_graph();
        assert!(
            index < graph.nodes.len(),
            "layer {index} of {}",
            graph.nodes.len()
        );
        match self.layers[index].kind {
            LayerKind::Conv { kernel, .. } => graph.nodes[index].input.channels * kernel * kernel,
            LayerKind::Pool { kernel } => kernel * kernel,
            LayerKind::Fc { .. } | LayerKind::Out { .. } => graph.nodes[index].input.size(),
        }
    }

    /// Checks that the network is a chain of fully-connected layers with unsigned input.
    ///
    /// # Errors
    /// If a layer has another kind or another source than the layer before, or the network normalizes its input. The
    /// error names `consumer` as the part that refuses the network.
    pub fn require_fully_connected(&self, consumer: &'static str) -> Result<()> {
        let follows = |index: usize, from: &str| match index.checked_sub(1) {
            Some(before) => from == self.layers[before].name,
            None => from == "input",
        };
        let unsupported = |(index, layer): &(usize, &LayerDescription)| {
            let fully_connected = matches!(layer.kind, LayerKind::Fc { .. } | LayerKind::Out { .. });
            !fully_connected || !layer.from.as_ref().is_none_or(|from| follows(*index, from))
        };
        match self.layers.iter().enumerate().find(unsupported) {
            Some((_, layer)) => Err(Error::Network(NetworkError::LayerUnsupported {
                network: self.name.clone(),
                layer: layer.name.clone(),
                op: layer.kind.op(),
                consumer,
            })),
            None if self.normalization.is_some() => Err(NetworkError::SignedInput {
                network: self.name.clone(),
                consumer,
            }
            .into()),
            None => Ok(()),
        }
    }

    /// Factor by which a step multiplies the membranes of layer `index`: 1 for pooling, and for an output that is read as a
    /// sum.
    ///
    /// # Panics
    /// If there is no such layer.
    #[must_use]
    pub fn leak_of(&self, index: usize) -> f32 {
        let layer = &self.layers[index];
        match (&layer.kind, self.readout) {
            (LayerKind::Pool { .. }, _) | (LayerKind::Out { .. }, Readout::Sum) => 1.0,
            _ => layer.leak.unwrap_or(self.leak),
        }
    }

    /// Number of classes: the neurons of the output layer, or 0 if there is none.
    #[must_use]
    pub fn classes(&self) -> usize {
        match self.layers.last().map(|layer| &layer.kind) {
            Some(&LayerKind::Out { out }) => out,
            _ => 0,
        }
    }
}
