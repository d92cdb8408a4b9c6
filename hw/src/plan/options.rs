//! Options of a layer: one plan for each number of lanes, and for each memory that its weights can lie in.

use super::cost::{LayerLogic, layer_luts};
use super::memory::{
    block_rams, block_rams_of, fifo_depth, inferred_style, membrane_style, queue_depth, snapshot_style,
    sprams, threshold_style, weight_styles,
};
use super::unit::Merging;
use super::{Array, Cost, LayerPlan};
use crate::board::{Board, Family};
use crate::circuit::engine::MAX_LANES;
use crate::circuit::event::Addressing;
use crate::circuit::serializer::entry_bits;
use crate::circuit::settle::MOST_STAGES;
use crate::circuit::word_memory::Style;
use crate::columns::{Columns, side_by_side};
use crate::geometry::{Geometry, LayerGeometry};
use crate::traffic::{LayerTraffic, MERGED};
use synfire_golden_model::integer::{Neuron, QuantizedLayer, QuantizedModel};

/// Properties of a board on which the plan of a layer depends.
#[derive(Clone, Copy)]
pub(super) struct Target {
    family: Family,
    /// Whether weights and thresholds can be loaded over the link.
    reloadable: bool,
    /// Whether the device has SPRAM.
    has_sprams: bool,
}

impl Target {
    pub(super) const fn of(board: &Board) -> Self {
        Self {
            family: board.device.family,
            reloadable: board.link.features.reloadable,
            has_sprams: board.device.sprams > 0,
        }
    }
}

/// A model on a target, with the traffic into each of its layers per time step.
#[derive(Clone, Copy)]
pub(super) struct Site<'a> {
    pub(super) model: &'a QuantizedModel,
    pub(super) geometry: &'a Geometry,
    pub(super) target: Target,
    pub(super) traffic: &'a [LayerTraffic],
}

/// FIFOs that count as part of a layer.
///
/// The width of a FIFO follows from the lanes of the layer that fills it. As long as these are not chosen, the FIFOs that a
/// layer fills count as its own, so that its cost depends on no other layer.
#[derive(Clone, Copy)]
pub(super) enum Fifos<'a> {
    /// Those that the layer fills, and those that the input fills.
    Filled,
    /// Those that the layer takes events from, given the lanes of all layers.
    Taken(&'a [usize]),
}

/// Lanes of a source times spikes at once beyond which the search takes no array: the spikes of a word are picked in one cycle, and the
/// way through the priority encoders grows with both. With 64 lanes and four spikes it took 26 ns on ECP5, before what is picked had a
/// register of its own; it has not been measured since.
const MOST_PICKED: usize = 128;

/// Number of lanes beyond which a layer gains nothing.
pub(super) fn most_useful_lanes(layer: &LayerGeometry) -> usize {
    layer.neurons.channels.min(MAX_LANES)
}

impl Site<'_> {
    /// Arrays of `lanes` lanes that a layer can usefully have, of at most `most` lanes in all positions.
    pub(super) fn arrays(&self, index: usize, lanes: usize, most: usize) -> Vec<Array> {
        let layer = &self.geometry.layers[index];
        // Whether the source has several lanes is not chosen yet, but for the input, which has one.
        let sources = if layer.paths[0].stream == 0 { 1 } else { MAX_LANES };
        let merged: &[usize] = if layer.can_merge(sources) { &MERGED } else { &[1] };
        layer
            .useful_positions(layer.neurons.channels.div_ceil(lanes))
            .into_iter()
            .filter(|&positions| positions == 1 || positions * lanes <= most)
            .flat_map(|positions| {
                let swept: &[usize] = if positions > 1 && layer.sweeps_banks() {
                    &[1, positions]
                } else {
                    &[1]
                };
                let forms = merged
                    .iter()
                    .flat_map(|&merged| swept.iter().map(move |&swept| (merged, swept)));
                let arrays = forms.map(|(merged, swept)| Array {
                    lanes,
                    positions,
                    merged,
                    swept,
                });
                arrays.collect::<Vec<_>>()
            })
            .collect()
    }

    /// Plans of a layer with an array: one for each memory that its weights can lie in.
    pub(super) fn layer_plans(&self, index: usize, array: Array, fifos: Fifos<'_>) -> Vec<LayerPlan> {
        let layer = &self.geometry.layers[index];
        let groups = layer.neurons.channels.div_ceil(array.lanes);
        let weighted = layer.paths.iter().filter(|path| !path.reach.is_own_channel());
        let spread = side_by_side(
            layer.neurons.height * layer.neurons.width,
            array.positions,
            groups,
        );
        let weight_words = weighted
            .map(|path| {
                let columns = Columns {
                    axis: path.columns,
                    positions: array.positions,
                    spread,
                };
                let patterns = columns.patterns(path.sources.shape.width).len();
                path.rows.kernel * patterns * (groups / spread) * path.sources.shape.channels
            })
            .sum();
        let has_sprams = self.target.has_sprams && array.merged == 1;
        weight_styles(
            self.target.family,
            weight_words,
            has_sprams,
            self.target.reloadable,
        )
        .iter()
        .map(|&style| self.layer_plan(index, array, fifos, (weight_words, style)))
        .collect()
    }

    /// Depth and width of the FIFO of a path into layer `index`, if its stream has events of the given layout.
    fn fifo(&self, index: usize, path: usize, events: Addressing) -> (usize, usize) {
        let traffic = self.traffic[index][path].in_words(events.groups()).events;
        let width = events.entry_bits();
        (fifo_depth(self.target.family, width, traffic), width)
    }

    /// FIFOs of the paths into layer `index`, given the lanes of all layers.
    fn taken_fifos(&self, index: usize, lanes: &[usize]) -> Vec<(usize, usize)> {
        let paths = self.geometry.layers[index].paths.iter().enumerate();
        paths
            .map(|(at, path)| self.fifo(index, at, self.geometry.events(path.stream, lanes)))
            .collect()
    }

    /// FIFOs that layer `index` fills if it has `lanes` lanes, and those that the input fills for it.
    fn filled_fifos(&self, index: usize, lanes: usize) -> Vec<(usize, usize)> {
        let mut fifos = Vec::new();
        for (taker, layer) in self.geometry.layers.iter().enumerate() {
            for (at, path) in layer.paths.iter().enumerate() {
                let stream = self.geometry.stream(path.stream);
                if path.stream == index + 1 {
                    fifos.push(self.fifo(taker, at, stream.in_words_of(lanes)));
                } else if path.stream == 0 && taker == index {
                    fifos.push(self.fifo(taker, at, stream));
                }
            }
        }
        fifos
    }

    /// Accesses of a layer's array per step, in all groups, if the source of its first path has `sources` lanes.
    fn accesses(&self, index: usize, array: Array, sources: usize) -> f64 {
        let layer = &self.geometry.layers[index];
        let groups = layer.neurons.channels.div_ceil(array.lanes);
        let words = layer.group_accesses(array.positions, groups);
        let paths = layer.paths.iter().zip(&self.traffic[index]).enumerate();
        let accesses = paths.map(|(at, (path, traffic))| {
            let channels = path.sources.shape.channels;
            // Single spikes are single in words of any size; words that are taken whole have the lanes of the layer.
            let (of_source, merged, words) = match path.reach.is_own_channel() {
                true => (groups, 1, 1),
                false if at == 0 => (channels.div_ceil(sources), array.merged, words),
                false => (traffic.words[0].groups, 1, words),
            };
            traffic.in_words(of_source).accesses(array.positions, merged) * small(words)
        });
        accesses.sum()
    }

    /// How the cycles of a layer that takes several spikes at once depend on the lanes of its source; none for other layers.
    pub(super) fn merging(&self, index: usize, plan: &LayerPlan) -> Option<Merging> {
        let array = plan.array();
        let source = self.geometry.layers[index].paths[0].stream.checked_sub(1)?;
        let cycles = |lanes: usize| {
            let cycles = small(plan.sweep_words) + self.accesses(index, array, lanes);
            cycles
                + small(settle_stages(
                    self.target.family,
                    &self.model.layers[index],
                    cycles,
                ))
        };
        let offered = |lanes: usize| {
            if lanes > 1 && lanes * array.merged <= MOST_PICKED {
                cycles(lanes)
            } else {
                f64::INFINITY
            }
        };
        (array.merged > 1).then(|| Merging {
            source,
            cycles: (1..=MAX_LANES).map(offered).collect(),
        })
    }

    fn layer_plan(
        &self,
        index: usize,
        array: Array,
        fifos: Fifos<'_>,
        (weight_words, weight_style): (usize, Style),
    ) -> LayerPlan {
        let Array {
            lanes,
            positions,
            merged,
            swept,
        } = array;
        let Target {
            family, reloadable, ..
        } = self.target;
        let layer = &self.model.layers[index];
        let geometry = &self.geometry.layers[index];
        let shape = geometry.neurons;
        let groups = shape.channels.div_ceil(lanes);
        let words = shape.height * shape.width * groups;
        let membrane_bits = usize::from(layer.membrane_bits);
        let bank_words = geometry.bank_words(positions, groups);
        let membrane_style = membrane_style(family, bank_words);
        let threshold_style = threshold_style(groups);
        // As long as the source's lanes are open, they are taken to be the most.
        let lanes_of = |source: usize| match fifos {
            Fifos::Filled => MAX_LANES,
            Fifos::Taken(lanes) => lanes[source],
        };
        let source = geometry.paths[0].stream.checked_sub(1);
        let sweep_words = if swept > 1 { bank_words } else { words };
        let cycles = small(sweep_words) + self.accesses(index, array, source.map_or(1, lanes_of));
        let settle_stages = settle_stages(family, layer, cycles);
        let fires = matches!(layer.neuron, Neuron::Lif { .. });
        let queue_depth = if fires { queue_depth(groups) } else { 0 };
        let fifos = match fifos {
            Fifos::Filled => self.filled_fifos(index, lanes),
            Fifos::Taken(lanes) => self.taken_fifos(index, lanes),
        };
        let word = lanes * membrane_bits;
        let queue_rams = if fires {
            let queues = entry_bits(Addressing::of(shape).in_words_of(lanes), swept).into_iter();
            let rams = queues.map(|bits| {
                let style = inferred_style(family, queue_depth, bits);
                block_rams_of(style, family, queue_depth, bits)
            });
            rams.sum()
        } else {
            0
        };
        // Only the output layer keeps its membranes of the step's end in a snapshot.
        let snapshot_rams = if fires {
            0
        } else {
            block_rams_of(snapshot_style(family, groups), family, groups, word)
        };
        let has_identity = geometry.paths.len() > 1 && geometry.paths[1].reach.is_own_channel();
        let weight_bits = positions * lanes * usize::from(layer.weight_bits);
        let threshold_memories = 1 + usize::from(has_identity) + usize::from(!layer.biases.is_empty());
        let cost = Cost {
            luts: layer_luts(&LayerLogic {
                family,
                array,
                groups,
                words: bank_words,
                membrane_bits,
                membrane_style,
                threshold_style,
                fires: fires && weight_words > 0,
                biased: !layer.biases.is_empty(),
                subtracts: layer.ceiling.is_some(),
                graded: geometry.is_graded(),
                weight_words,
                weight_style,
                weight_bits: usize::from(layer.weight_bits),
                paths: geometry.paths.len(),
                reloadable,
            }),
            block_rams: block_rams_of(weight_style, family, weight_words, weight_bits) * merged
                + block_rams_of(membrane_style, family, bank_words, word) * positions
                + block_rams_of(threshold_style, family, groups, word) * threshold_memories
                + fifos
                    .iter()
                    .map(|&(depth, width)| block_rams(family, depth, width))
                    .sum::<usize>()
                + queue_rams
                + snapshot_rams,
            sprams: match weight_style {
                Style::Spram => sprams(weight_words, weight_bits),
                _ => 0,
            },
        };
        LayerPlan {
            name: layer.name.clone(),
            lanes,
            positions,
            merged,
            swept,
            groups,
            words,
            sweep_words,
            weight_words,
            weight_style,
            membrane_style,
            threshold_style,
            settle_stages,
            fifo_depths: fifos.into_iter().map(|(depth, _)| depth).collect(),
            queue_depth,
            spikes_in: self.traffic[index].iter().map(|path| path.spikes).sum(),
            ideal_cycles: cycles + small(settle_stages),
            cost,
        }
    }
}

/// Share of a layer's cycles that settle stages may cost.
const SETTLE_SHARE: f64 = 0.02;

/// Settle stages of a layer that works for `cycles` cycles per step without them.
///
/// On ECP5, which has the fastest clocks and a free flip-flop beside every LUT, as many as the layer's cycles hide. A reset by
/// subtraction makes the way so long that one stage pays everywhere.
fn settle_stages(family: Family, layer: &QuantizedLayer, cycles: f64) -> usize {
    let least = usize::from(layer.ceiling.is_some());
    let most = if layer.leak_shifts.is_empty() {
        1
    } else {
        MOST_STAGES
    };
    let hidden = |stages: &usize| small(*stages) <= SETTLE_SHARE * cycles;
    match family {
        Family::Ecp5 => (least..=most).rev().find(hidden).unwrap_or(least),
        Family::Ice40 | Family::Gowin => least,
    }
}

#[expect(clippy::cast_precision_loss, reason = "sizes are below 2^24")]
const fn small(number: usize) -> f64 {
    number as f64
}
