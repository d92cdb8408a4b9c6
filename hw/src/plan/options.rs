//! Options of a layer: one plan for each number of lanes, and for each memory that its weights can lie in.

use super::cost::{LayerLogic, layer_luts};
use super::limits::check_sizes;
use super::memory::{
    block_rams, block_rams_of, fifo_depth, inferred_style, membrane_style, queue_depth, snapshot_style,
    sprams, threshold_style, weight_styles,
};
use super::{Cost, LayerPlan};
use crate::board::{Board, Family};
use crate::circuit::engine::MAX_LANES;
use crate::circuit::event::Addressing;
use crate::circuit::serializer::entry_bits;
use crate::circuit::settle::MOST_STAGES;
use crate::circuit::word_memory::Style;
use crate::error::Result;
use crate::geometry::{Geometry, LayerGeometry};
use crate::traffic::LayerTraffic;
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

/// Work of a layer in one time step.
#[derive(Clone, Copy)]
pub(super) struct Work<'a> {
    traffic: &'a LayerTraffic,
    /// Spikes that the layer sends.
    spikes_out: f64,
}

impl<'a> Work<'a> {
    /// Work of layer `index`, from the traffic into all layers.
    pub(super) fn of(geometry: &Geometry, traffic: &'a [LayerTraffic], index: usize) -> Self {
        let paths = geometry
            .layers
            .iter()
            .zip(traffic)
            .flat_map(|(layer, traffic)| layer.paths.iter().zip(traffic));
        let takers = paths.filter(|(path, _)| path.stream == index + 1);
        Self {
            traffic: &traffic[index],
            spikes_out: takers.map(|(_, traffic)| traffic.spikes).fold(0.0, f64::max),
        }
    }
}

/// Whether the lanes of a layer must be a power of two: a source that meets only its own channel finds its lane in a bit
/// field of the channel.
pub(super) fn needs_power_of_two(layer: &LayerGeometry) -> bool {
    layer.paths.iter().any(|path| path.reach.is_own_channel())
}

/// Number of lanes beyond which a layer gains nothing.
pub(super) fn most_useful_lanes(layer: &LayerGeometry) -> usize {
    let channels = layer.neurons.channels;
    if needs_power_of_two(layer) {
        channels.next_power_of_two().min(MAX_LANES)
    } else {
        channels.min(MAX_LANES)
    }
}

/// Sensible plans of every layer, sorted by lanes: for each number of groups the fewest lanes that give it.
pub(super) fn layer_options(
    model: &QuantizedModel,
    target: Target,
    traffic: &[LayerTraffic],
    most_lanes: usize,
) -> Result<Vec<Vec<LayerPlan>>> {
    check_sizes(model)?;
    let geometry = Geometry::of(model)?;
    Ok(geometry
        .layers
        .iter()
        .enumerate()
        .map(|(index, layer)| {
            let channels = layer.neurons.channels;
            let is_sensible = |lanes: usize| {
                if needs_power_of_two(layer) {
                    lanes.is_power_of_two()
                } else {
                    lanes == 1 || channels.div_ceil(lanes) < channels.div_ceil(lanes - 1)
                }
            };
            (1..=most_useful_lanes(layer).min(most_lanes))
                .filter(|&lanes| is_sensible(lanes))
                .flat_map(|lanes| {
                    layer_plans(
                        model,
                        index,
                        layer,
                        lanes,
                        target,
                        Work::of(&geometry, traffic, index),
                    )
                })
                .collect()
        })
        .collect())
}

/// Plans of a layer with `lanes` lanes: one for each memory that its weights can lie in.
pub(super) fn layer_plans(
    model: &QuantizedModel,
    index: usize,
    geometry: &LayerGeometry,
    lanes: usize,
    target: Target,
    work: Work<'_>,
) -> Vec<LayerPlan> {
    let groups = geometry.neurons.channels.div_ceil(lanes);
    let weighted = geometry.paths.iter().filter(|path| !path.reach.is_own_channel());
    let weight_words = weighted
        .map(|path| path.rows.kernel * path.columns.kernel * groups * path.sources.shape.channels)
        .sum();
    let of_style = |&style| layer_plan(model, index, geometry, lanes, target, work, (weight_words, style));
    let styles = weight_styles(weight_words, target.has_sprams);
    styles.iter().map(of_style).collect()
}

fn layer_plan(
    model: &QuantizedModel,
    index: usize,
    geometry: &LayerGeometry,
    lanes: usize,
    target: Target,
    work: Work<'_>,
    (weight_words, weight_style): (usize, Style),
) -> LayerPlan {
    let Target {
        family, reloadable, ..
    } = target;
    let Work { traffic, spikes_out } = work;
    let layer = &model.layers[index];
    let shape = geometry.neurons;
    let groups = shape.channels.div_ceil(lanes);
    let words = shape.height * shape.width * groups;
    let membrane_bits = usize::from(layer.membrane_bits);
    let membrane_style = membrane_style(family, words);
    let threshold_style = threshold_style(groups);
    let cycles = ideal_cycles(geometry, traffic, groups, words);
    let settle_stages = settle_stages(family, layer, cycles);
    let fires = matches!(layer.neuron, Neuron::Lif { .. });
    let queue_depth = if fires {
        queue_depth(words, groups, spikes_out)
    } else {
        0
    };
    let fifos: Vec<(usize, usize)> = geometry
        .paths
        .iter()
        .zip(traffic)
        .map(|(path, traffic)| {
            (
                fifo_depth(family, path.sources, traffic.spikes),
                path.sources.event_bits(),
            )
        })
        .collect();
    let word = lanes * membrane_bits;
    let queue_rams = if fires {
        let bits = entry_bits(lanes, Addressing::of(shape));
        let style = inferred_style(family, queue_depth, bits);
        block_rams_of(style, family, queue_depth, bits)
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
    let weight_bits = lanes * usize::from(layer.weight_bits);
    let threshold_memories = 1 + usize::from(has_identity) + usize::from(!layer.biases.is_empty());
    let cost = Cost {
        luts: layer_luts(&LayerLogic {
            family,
            lanes,
            groups,
            words,
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
        block_rams: block_rams_of(weight_style, family, weight_words, weight_bits)
            + block_rams_of(membrane_style, family, words, word)
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
        groups,
        words,
        weight_words,
        weight_style,
        membrane_style,
        threshold_style,
        settle_stages,
        fifo_depths: fifos.into_iter().map(|(depth, _)| depth).collect(),
        queue_depth,
        spikes_in: traffic.iter().map(|path| path.spikes).sum(),
        ideal_cycles: cycles + small(settle_stages),
        cost,
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

/// Cycles per step of a layer that is never stalled and has no settle stages: one for each word that a spike meets, and one
/// for each word of the sweep.
fn ideal_cycles(geometry: &LayerGeometry, traffic: &LayerTraffic, groups: usize, words: usize) -> f64 {
    let paths = geometry.paths.iter().zip(traffic);
    let met = paths.map(|(path, traffic)| {
        let words_per_position = if path.reach.is_own_channel() {
            1.0
        } else {
            small(groups)
        };
        traffic.positions * words_per_position
    });
    small(words) + met.sum::<f64>()
}

#[expect(clippy::cast_precision_loss, reason = "sizes are below 2^24")]
const fn small(number: usize) -> f64 {
    number as f64
}
