//! Geometry of a network in hardware: maps, and the windows from map to map.
//!
//! The hardware treats every layer as a convolution. The kernel of a fully-connected layer covers its whole source, so the
//! layer has one position. In pooling and identities a source meets only its own channel. If the input feeds only
//! fully-connected layers, it counts as a map of one position with one channel per input, and its events carry plain input
//! numbers.

use synfire_golden_model::events::Axis;
use synfire_golden_model::integer::{QuantizedModel, QuantizedShortcut};
use synfire_golden_model::network::{Graph, LayerKind, Node, Shape, Source};
use synfire_golden_model::spikes::SpikeRaster;

use crate::circuit::event::Addressing;
use crate::error::Result;

/// Geometry of a network.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Geometry {
    /// Addressing of the input's events.
    pub input: Addressing,
    /// The layers, from input to output.
    pub layers: Vec<LayerGeometry>,
}

/// Geometry of a layer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LayerGeometry {
    /// Shape of the layer's neurons.
    pub neurons: Shape,
    /// Paths into the layer: one, or two for a junction.
    pub paths: Vec<Path>,
}

/// Path of spikes into a layer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Path {
    /// Stream that the spikes come from: 0 for the input, i + 1 for layer i.
    pub stream: usize,
    /// Addressing of the sources.
    pub sources: Addressing,
    /// Window geometry along the rows.
    pub rows: Axis,
    /// Window geometry along the columns.
    pub columns: Axis,
    /// Channels that a source meets at a position, and with which weights.
    pub reach: Reach,
}

/// Channels that a source meets at a position, and with which weights.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reach {
    /// All channels, with the weights of the layer.
    Weights,
    /// All channels, with the weights of the shortcut.
    ShortcutWeights,
    /// The source's own channel, with weight 1: pooling.
    Count,
    /// The source's own channel, with the number of the identity.
    Identity,
}

impl Reach {
    /// Whether a source meets only its own channel.
    #[must_use]
    pub const fn is_own_channel(self) -> bool {
        matches!(self, Self::Count | Self::Identity)
    }
}

impl LayerGeometry {
    /// Whether the layer takes a graded input.
    #[must_use]
    pub fn is_graded(&self) -> bool {
        self.paths.iter().any(|path| path.sources.graded)
    }
}

impl Path {
    /// Number of positions that a source meets; `source` is its number in C, H, W order.
    #[must_use]
    pub fn positions(&self, source: usize) -> usize {
        let shape = self.sources.shape;
        let (row, column) = (source / shape.width % shape.height, source % shape.width);
        self.rows.span(row).count * self.columns.span(column).count
    }

    /// Total number of positions that the spikes of a raster of the sources meet.
    #[must_use]
    pub fn positions_of(&self, spikes: &SpikeRaster) -> u64 {
        let at = |address: u32| self.positions(address as usize) as u64;
        spikes.iter().flatten().map(|spike| at(spike.address)).sum()
    }

    /// Mean number of positions that a source meets.
    #[must_use]
    #[expect(clippy::cast_precision_loss, reason = "a few million at most")]
    pub fn mean_positions(&self) -> f64 {
        let shape = self.sources.shape;
        let total = |axis: Axis, length: usize| (0..length).map(|at| axis.span(at).count).sum::<usize>();
        let met = total(self.rows, shape.height) * total(self.columns, shape.width);
        met as f64 / (shape.height * shape.width) as f64
    }
}

impl Geometry {
    /// Derives the geometry of a model.
    ///
    /// # Errors
    /// If the model's description does not resolve, which loading a model excludes.
    pub fn of(model: &QuantizedModel) -> Result<Self> {
        let description = &model.description;
        let graph = description.graph()?;
        let flat_input = graph.nodes.iter().zip(&description.layers).all(|(node, layer)| {
            let is_dense = matches!(layer.kind, LayerKind::Fc { .. } | LayerKind::Out { .. });
            let beside = |source: Source| source == Source::Input;
            (node.source != Source::Input || is_dense)
                && !node
                    .junction
                    .as_ref()
                    .is_some_and(|junction| beside(junction.source))
        });
        let input = if flat_input {
            [description.input.size(), 1, 1].into()
        } else {
            description.input
        };
        let input = Addressing::of(input).with_values(description.coding.is_graded());
        let streams = Streams { input, graph: &graph };
        let layers = graph
            .nodes
            .iter()
            .zip(&description.layers)
            .enumerate()
            .map(|(index, (node, layer))| LayerGeometry {
                neurons: node.output,
                paths: std::iter::once(streams.main(node, &layer.kind))
                    .chain(streams.side(model, index))
                    .collect(),
            })
            .collect();
        Ok(Self { input, layers })
    }

    /// Addressing of a stream: 0 for the input, i + 1 for layer i.
    #[must_use]
    pub fn stream(&self, stream: usize) -> Addressing {
        match stream.checked_sub(1) {
            None => self.input,
            Some(layer) => Addressing::of(self.layers[layer].neurons),
        }
    }
}

/// Streams of a network.
struct Streams<'a> {
    input: Addressing,
    graph: &'a Graph,
}

impl Streams<'_> {
    /// Index of a stream, and addressing of its sources.
    fn find(&self, source: Source) -> (usize, Addressing) {
        match source {
            Source::Input => (0, self.input),
            Source::Layer(layer) => (layer + 1, Addressing::of(self.graph.nodes[layer].output)),
        }
    }

    fn main(&self, node: &Node, kind: &LayerKind) -> Path {
        let (stream, sources) = self.find(node.source);
        let (output, reach) = (node.output, Reach::Weights);
        let axes = |kernel, stride, padding| {
            [output.height, output.width].map(|outputs| Axis {
                kernel,
                stride,
                padding,
                outputs,
            })
        };
        let (axes, reach) = match *kind {
            LayerKind::Conv {
                kernel,
                stride,
                padding,
                ..
            } => (axes(kernel, stride, padding), reach),
            LayerKind::Pool { kernel } => (axes(kernel, kernel, 0), Reach::Count),
            LayerKind::Fc { .. } | LayerKind::Out { .. } => {
                let covers = |kernel| Axis {
                    kernel,
                    stride: 1,
                    padding: 0,
                    outputs: 1,
                };
                ([covers(sources.shape.height), covers(sources.shape.width)], reach)
            }
        };
        let [rows, columns] = axes;
        Path {
            stream,
            sources,
            rows,
            columns,
            reach,
        }
    }

    fn side(&self, model: &QuantizedModel, index: usize) -> Option<Path> {
        let node = &self.graph.nodes[index];
        let junction = node.junction.as_ref()?;
        let (stream, sources) = self.find(junction.source);
        let axis = |outputs| Axis {
            kernel: 1,
            stride: junction.stride,
            padding: 0,
            outputs,
        };
        let reach = match &model.layers[index].shortcut {
            Some(QuantizedShortcut::Identity(_)) => Reach::Identity,
            _ => Reach::ShortcutWeights,
        };
        Some(Path {
            stream,
            sources,
            rows: axis(node.output.height),
            columns: axis(node.output.width),
            reach,
        })
    }
}
