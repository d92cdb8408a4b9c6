//! Geometry of a network in hardware: maps, and the windows from map to map.
//!
//! The hardware treats every layer as a convolution. The kernel of a fully-connected layer covers its whole source, so the
//! layer has one position. In pooling and identities a source meets only its own channel. If the input feeds only
//! fully-connected layers, it counts as a map of one position with one channel per input, and its events carry plain input
//! numbers.

use synfire_golden_model::events::Axis;
use synfire_golden_model::integer::{QuantizedModel, QuantizedShortcut};
use synfire_golden_model::network::{Graph, LayerKind, Node, Shape, Source};
use synfire_golden_model::spikes::{Spike, SpikeRaster};

use crate::circuit::event::Addressing;
use crate::columns::{Columns, MAX_POSITIONS, side_by_side};
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
    /// Addressing of the sources, one by one.
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

    /// Accesses by which a source meets its positions if an engine updates up to `positions` of a row at once.
    #[must_use]
    pub fn accesses(&self, source: usize, positions: usize) -> usize {
        let shape = self.sources.shape;
        let (row, column) = (source / shape.width % shape.height, source % shape.width);
        let columns = Columns {
            axis: self.columns,
            positions,
            spread: 1,
        };
        self.rows.span(row).count * columns.passes(column)
    }

    /// Total number of positions that the spikes of a raster of the sources meet.
    #[must_use]
    pub fn positions_of(&self, spikes: &SpikeRaster) -> u64 {
        let at = |address: u32| self.positions(address as usize) as u64;
        spikes.iter().flatten().map(|spike| at(spike.address)).sum()
    }

    /// How the spikes of one step arrive from words of `lanes` channels, for each of several numbers of lanes. Spikes of one
    /// position whose channels lie in one word are one event.
    #[must_use]
    pub fn words_of(&self, step: &[Spike], lanes: impl IntoIterator<Item = usize>) -> Vec<Words> {
        let places = self.sources.shape.height * self.sources.shape.width;
        let source = |spike: &Spike| {
            let number = spike.address as usize;
            (number % places, number / places)
        };
        let mut sources: Vec<(usize, usize)> = step.iter().map(source).collect();
        sources.sort_unstable();
        let count = |lanes: usize| {
            let words = sources.chunk_by(|&(place, channel), &(other, next)| {
                place == other && channel / lanes == next / lanes
            });
            Words(words.map(|word| (word[0].0, word.len())).collect())
        };
        lanes.into_iter().map(count).collect()
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

/// Events of words of channels in one step: the position of each in its map, by number, and the spikes that it has.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Words(pub Vec<(usize, usize)>);

impl Words {
    /// Accesses by which the spikes meet the positions of a path, if up to `merged` of an event are taken at once and up to
    /// `positions` positions of a row are updated at once. Where sources meet their own channels, an event is taken whole.
    #[must_use]
    pub fn accesses(&self, path: &Path, positions: usize, merged: usize) -> u64 {
        self.sum(path, merged, |place| path.accesses(place, positions))
    }

    /// Positions that these accesses reach, counted as often as they are reached.
    #[must_use]
    pub fn updates(&self, path: &Path, merged: usize) -> u64 {
        self.sum(path, merged, |place| path.positions(place))
    }

    fn sum(&self, path: &Path, merged: usize, of_place: impl Fn(usize) -> usize) -> u64 {
        let of_word = |&(place, spikes): &(usize, usize)| {
            let taken = if path.reach.is_own_channel() {
                1
            } else {
                spikes.div_ceil(merged)
            };
            (taken * of_place(place)) as u64
        };
        self.0.iter().map(of_word).sum()
    }
}

impl LayerGeometry {
    /// Numbers of positions that an array can usefully have if the layer has `groups` groups: with each, spikes cost fewer cycles
    /// than with any smaller number. A layer of one position has its groups in the banks.
    #[must_use]
    pub fn useful_positions(&self, groups: usize) -> Vec<usize> {
        if self.outputs() > 1 {
            return self.useful_columns();
        }
        if self.paths.iter().any(|path| path.reach.is_own_channel()) {
            return vec![1];
        }
        (1..=groups.min(MAX_POSITIONS))
            .filter(|&positions| {
                positions == 1 || groups.div_ceil(positions) < groups.div_ceil(positions - 1)
            })
            .collect()
    }

    /// Positions of a map.
    const fn outputs(&self) -> usize {
        self.neurons.height * self.neurons.width
    }

    /// Cycles that a spike which meets all channels costs for each pass along a row.
    #[must_use]
    pub const fn group_accesses(&self, positions: usize, groups: usize) -> usize {
        match side_by_side(self.outputs(), positions, groups) {
            1 => groups,
            spread => spread.div_ceil(positions),
        }
    }

    /// Whether the positions of all banks can end their step at once; the groups of a layer of one position cannot.
    #[must_use]
    pub const fn sweeps_banks(&self) -> bool {
        self.outputs() > 1
    }

    /// Membrane words of each of `positions` banks.
    #[must_use]
    pub const fn bank_words(&self, positions: usize, groups: usize) -> usize {
        let spread = side_by_side(self.outputs(), positions, groups);
        self.neurons.height * (self.neurons.width * spread).div_ceil(positions) * (groups / spread)
    }

    /// Numbers of positions that make walks along the rows of the first path shorter than any smaller number.
    #[must_use]
    pub fn useful_columns(&self) -> Vec<usize> {
        let path = &self.paths[0];
        if path.reach.is_own_channel() {
            return vec![1];
        }
        let passes = |positions| {
            let columns = Columns {
                axis: path.columns,
                positions,
                spread: 1,
            };
            let sources = 0..path.sources.shape.width;
            sources.map(|source| columns.passes(source)).sum::<usize>()
        };
        let mut useful = vec![1];
        let mut least = passes(1);
        for positions in 2..=MAX_POSITIONS.min(path.columns.outputs) {
            let found = passes(positions);
            if found < least {
                least = found;
                useful.push(positions);
            }
        }
        useful
    }

    /// Whether the layer can take several spikes at once, if its first path's events have words of `lanes` lanes.
    #[must_use]
    pub fn can_merge(&self, lanes: usize) -> bool {
        lanes > 1 && !self.is_graded() && !self.paths[0].reach.is_own_channel()
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

    /// Addressing of the sources of a stream, one by one: 0 for the input, i + 1 for layer i.
    #[must_use]
    pub fn stream(&self, stream: usize) -> Addressing {
        match stream.checked_sub(1) {
            None => self.input,
            Some(layer) => Addressing::of(self.layers[layer].neurons),
        }
    }
}

impl Geometry {
    /// Layout of the events of a stream, if layer i has `lanes[i]` lanes.
    #[must_use]
    pub fn events(&self, stream: usize, lanes: &[usize]) -> Addressing {
        let lanes = stream.checked_sub(1).map_or(1, |layer| lanes[layer]);
        self.stream(stream).in_words_of(lanes)
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
