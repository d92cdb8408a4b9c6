//! Network description: shapes, layers and time base of a spiking network.
//!
//! A description is plain data and can be built by hand; [`NetworkDescription::validate`] is what every
//! consumer may rely on, and everything that reads a description from a file has called it.

mod validation;

pub use validation::{MAX_NEURONS, MAX_STEPS, MAX_WEIGHTS};

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

impl std::fmt::Display for Shape {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "[{}, {}, {}]", self.channels, self.height, self.width)
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

pub(crate) const fn default_leak() -> f32 {
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

impl LayerKind {
    /// The operation's name in network files.
    #[must_use]
    pub const fn op(&self) -> &'static str {
        match self {
            Self::Fc { .. } => "fc",
            Self::Out { .. } => "out",
        }
    }

    /// Shape of the layer's output.
    #[must_use]
    pub const fn shape(&self) -> Shape {
        match *self {
            Self::Fc { out } | Self::Out { out } => Shape {
                channels: out,
                height: 1,
                width: 1,
            },
        }
    }
}

impl NetworkDescription {
    /// Output shape of every layer, in order.
    #[must_use]
    pub fn shapes(&self) -> Vec<Shape> {
        self.layers.iter().map(|layer| layer.kind.shape()).collect()
    }

    /// Number of sources of layer `index`: the neurons of the layer before, or the inputs.
    ///
    /// # Panics
    /// If there is no such layer.
    #[must_use]
    pub fn fan_in(&self, index: usize) -> usize {
        assert!(
            index < self.layers.len(),
            "layer {index} of {}",
            self.layers.len()
        );
        if index == 0 {
            self.input.size()
        } else {
            self.layers[index - 1].kind.shape().size()
        }
    }

    /// Number of classes: the neurons of the output layer; 0 for a network without layers.
    #[must_use]
    pub fn classes(&self) -> usize {
        self.layers.last().map_or(0, |layer| layer.kind.shape().size())
    }
}
