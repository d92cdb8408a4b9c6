//! What the hardware makes of a network: maps, and windows from map to map.
//!
//! Every layer is a convolution here. A fully-connected layer's kernel covers its whole source, so that it has one
//! position; pooling and identities meet their own channel alone. Where the input feeds fully-connected layers only, it
//! counts as a map of one position and as many channels as there are inputs: then its events carry plain numbers.

use synfire_golden_model::events::Axis;
use synfire_golden_model::integer::{QuantizedModel, QuantizedShortcut};
use synfire_golden_model::network::{Graph, LayerKind, Node, Shape, Source};
use synfire_golden_model::spikes::SpikeRaster;

use crate::circuit::event::Addressing;
use crate::error::Result;

/// The geometry of a network.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Geometry {
    /// The input, as its events' addresses see it.
    pub input: Addressing,
    /// The layers, from input to output.
    pub layers: Vec<LayerGeometry>,
}

/// The geometry of a layer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LayerGeometry {
    /// Its neurons.
    pub neurons: Shape,
    /// One path, or two of a residual junction.
    pub paths: Vec<Path>,
}

/// A path of spikes into a layer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Path {
    /// Where the spikes come from: 0 for the input, i + 1 for layer i.
    pub stream: usize,
    /// The sources.
    pub sources: Addressing,
    /// Geometry along the rows.
    pub rows: Axis,
    /// Geometry along the columns.
    pub columns: Axis,
    /// What a source meets at a position.
    pub reach: Reach,
}

/// What a source meets at a position.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reach {
    /// Every channel, with weights of the layer's own tensor.
    Weights,
    /// Every channel, with weights of the shortcut's tensor.
    ShortcutWeights,
    /// The source's own channel, by one: pooling.
    Count,
    /// The source's own channel, by the identity's number.
    Identity,
}

impl Reach {
    /// Whether a source meets its own channel alone.
    #[must_use]
    pub const fn is_own_channel(self) -> bool {
        matches!(self, Self::Count | Self::Identity)
    }
}

impl Path {
    /// Positions that a source meets, by its number in C, H, W order.
    #[must_use]
    pub fn positions(&self, source: usize) -> usize {
        let shape = self.sources.shape;
        let (row, column) = (source / shape.width % shape.height, source % shape.width);
        self.rows.span(row).count * self.columns.span(column).count
    }

    /// Positions that the spikes of a raster of its sources meet in all.
    #[must_use]
    pub fn positions_of(&self, spikes: &SpikeRaster) -> u64 {
        let at = |address: u32| self.positions(address as usize) as u64;
        spikes.iter().flatten().map(|spike| at(spike.address)).sum()
    }

    /// Positions that a source meets on average over all of them.
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
    /// The geometry of a model.
    ///
    /// # Errors
    /// If its description does not resolve, which loading a model excludes.
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
        Ok(Self {
            input: Addressing::of(input),
            layers,
        })
    }

    /// The addressing of a stream: 0 for the input, i + 1 for layer i.
    #[must_use]
    pub fn stream(&self, stream: usize) -> Addressing {
        match stream.checked_sub(1) {
            None => self.input,
            Some(layer) => Addressing::of(self.layers[layer].neurons),
        }
    }
}

/// The streams of a network.
struct Streams<'a> {
    input: Shape,
    graph: &'a Graph,
}

impl Streams<'_> {
    /// Index and sources of a stream.
    fn find(&self, source: Source) -> (usize, Shape) {
        match source {
            Source::Input => (0, self.input),
            Source::Layer(layer) => (layer + 1, self.graph.nodes[layer].output),
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
                ([covers(sources.height), covers(sources.width)], reach)
            }
        };
        let [rows, columns] = axes;
        Path {
            stream,
            sources: Addressing::of(sources),
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
            sources: Addressing::of(sources),
            rows: axis(node.output.height),
            columns: axis(node.output.width),
            reach,
        })
    }
}
