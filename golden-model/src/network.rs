//! Network description: shapes, layers and time base of a spiking network, checked when it is built.

use serde::{Deserialize, Serialize};

/// Shape of a layer's output in C, H, W order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(from = "[usize; 3]", into = "[usize; 3]")]
pub struct Shape {
    /// Channels.
    pub channels: usize,
    /// Rows.
    pub height: usize,
    /// Columns.
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
    /// Number of neurons: C·H·W.
    #[must_use]
    pub const fn size(self) -> usize {
        self.channels * self.height * self.width
    }
}

/// A spiking network, layer by layer.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NetworkDescription {
    /// Name, used for files and reports.
    pub name: String,
    /// Input shape `[C, H, W]`.
    pub input: Shape,
    /// Time steps T of one inference.
    pub steps: usize,
    /// Poisson rate of a full-scale input, in spikes per step.
    pub rate: f32,
    /// Membrane leak factor per step.
    #[serde(default = "default_leak")]
    pub leak: f32,
    /// Layers from input to output; the last, and only the last, is the output layer.
    #[serde(rename = "layer")]
    pub layers: Vec<LayerDescription>,
}

const fn default_leak() -> f32 {
    0.99
}

/// One layer of a network.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct LayerDescription {
    /// Name, unique within the network.
    pub name: String,
    /// What the layer computes.
    #[serde(flatten)]
    pub kind: LayerKind,
}

/// What a layer computes.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "op", rename_all = "lowercase", deny_unknown_fields)]
pub enum LayerKind {
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
