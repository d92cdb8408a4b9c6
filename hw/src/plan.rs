//! Plan: how many lanes each layer gets on a board, and what that costs.
//!
//! A layer of `lanes` lanes spends, per time step, `spikes in × groups` clocks on spikes and `groups` on the
//! sweep (`groups = ⌈neurons / lanes⌉`). Layers work on different steps at once, so an inference takes as long
//! as its slowest layer. The search is exact for that aim: for each number of clocks that some choice of lanes
//! gives a layer, from the smallest up, it looks at every choice of lanes that stays within it and that no other
//! beats in both tables and block RAMs (fewer lanes may want more block RAM: their memories are deeper); the
//! first number of clocks for which one fits gives the answer, of those that fit the one of the fewest tables.
//!
//! Costs are estimates: block RAM from the shapes that the families' block RAMs can take, tables from a
//! linear model fitted to this generator's synthesis results.

use crate::board::{Board, Family};
use crate::circuit::engine::MAX_LANES;
use crate::circuit::event::event_width;
use crate::circuit::serializer::{self, queue_depth};
use crate::circuit::word_memory::Style;
use crate::error::{Error, Result};
use serde::{Deserialize, Serialize};
use synfire_golden_model::quantized::{Neuron, QuantizedModel};

/// Share of the tables that a plan may use: a fuller device does not route, or routes slowly.
const LUT_SHARE: f64 = 0.75;
/// Words up to which a membrane memory is made of logic rather than block RAM.
const LOGIC_WORDS: usize = 2;
/// Words up to which ECP5 makes a memory of distributed RAM.
const DISTRIBUTED_WORDS: usize = 64;
/// Clocks that an end of step costs beyond its words.
const SWEEP_OVERHEAD: usize = 4;
/// Events that a layer's input FIFO holds.
pub const FIFO_DEPTH: usize = 256;

/// A plan.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Plan {
    /// The layers, from input to output.
    pub layers: Vec<LayerPlan>,
    /// Events that a layer's input FIFO holds.
    pub fifo_depth: usize,
    /// Estimated cost of the whole design, link included.
    pub cost: Cost,
}

/// One layer's share of a plan.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LayerPlan {
    /// The layer.
    pub name: String,
    /// Neurons updated in a clock.
    pub lanes: usize,
    /// Membrane words: ⌈neurons / lanes⌉.
    pub groups: usize,
    /// How the membrane memory is built.
    pub membrane_style: Style,
    /// How the threshold memory is built.
    pub threshold_style: Style,
    /// Spikes taken in a time step, as measured or assumed.
    pub spikes_in: f64,
    /// Clocks that a time step takes at least: spikes × groups + groups.
    pub ideal_cycles: f64,
    /// Clocks that a time step is expected to take.
    pub expected_cycles: f64,
    /// Estimated cost.
    pub cost: Cost,
}

/// Device resources.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Cost {
    /// Tables of 4 inputs.
    pub luts: usize,
    /// Block RAMs.
    pub block_rams: usize,
}

impl Cost {
    /// Whether a budget holds it.
    #[must_use]
    pub const fn fits(self, budget: Self) -> bool {
        self.luts <= budget.luts && self.block_rams <= budget.block_rams
    }
}

impl std::ops::Add for Cost {
    type Output = Self;

    fn add(self, other: Self) -> Self {
        Self {
            luts: self.luts + other.luts,
            block_rams: self.block_rams + other.block_rams,
        }
    }
}

impl std::iter::Sum for Cost {
    fn sum<I: Iterator<Item = Self>>(costs: I) -> Self {
        costs.fold(Self::default(), std::ops::Add::add)
    }
}

impl Plan {
    /// The plan of the shortest inference that fits the board; `spikes_in` is the number of spikes that each
    /// layer takes in a time step.
    ///
    /// # Errors
    /// [`Error::DoesNotFit`] with what runs out, [`Error::TooLarge`] for layers beyond the generator.
    pub fn search(model: &QuantizedModel, board: &Board, spikes_in: &[f64]) -> Result<Self> {
        Self::search_within(model, board, spikes_in, MAX_LANES)
    }

    /// The same with at most `most_lanes` lanes a layer: for a design that is quickly synthesized.
    ///
    /// # Errors
    /// As [`Plan::search`].
    pub fn search_within(
        model: &QuantizedModel,
        board: &Board,
        spikes_in: &[f64],
        most_lanes: usize,
    ) -> Result<Self> {
        let options = layer_options(
            model,
            board.device.family,
            spikes_in,
            most_lanes.clamp(1, MAX_LANES),
        )?;
        let mut bounds: Vec<f64> = options
            .iter()
            .flatten()
            .map(|option| option.expected_cycles)
            .collect();
        bounds.sort_by(f64::total_cmp);
        bounds.dedup();
        let budget = budget(board);
        let link = link_cost(board, options.len());
        for bound in bounds {
            // Choices are in order of tables.
            let mut choices = Choice::undominated(&options, bound, link).into_iter();
            if let Some(choice) = choices.find(|choice| choice.cost.fits(budget)) {
                return Ok(Self::of(choice.layers.into_iter().cloned().collect(), board));
            }
        }
        let choices = Choice::undominated(&options, f64::INFINITY, link);
        Err(does_not_fit(
            model,
            board,
            choices.iter().map(|choice| choice.cost).collect(),
        ))
    }

    /// The plan of the given lanes, whether it fits or not.
    ///
    /// # Errors
    /// [`Error::BadLanes`], [`Error::TooLarge`].
    pub fn with_lanes(
        model: &QuantizedModel,
        board: &Board,
        spikes_in: &[f64],
        lanes: &[usize],
    ) -> Result<Self> {
        check_sizes(model)?;
        if lanes.len() != model.layers.len() || lanes.iter().any(|lanes| !(1..=MAX_LANES).contains(lanes)) {
            return Err(Error::BadLanes {
                given: lanes.to_vec(),
                layers: model.layers.len(),
                most: MAX_LANES,
            });
        }
        let layers = (0..lanes.len())
            .map(|index| {
                let lanes = lanes[index].min(model.layers[index].outputs());
                layer_plan(model, index, lanes, board.device.family, spikes_in[index])
            })
            .collect();
        Ok(Self::of(layers, board))
    }

    fn of(layers: Vec<LayerPlan>, board: &Board) -> Self {
        let link = link_cost(board, layers.len());
        let cost = link + layers.iter().map(|layer| layer.cost).sum();
        Self {
            layers,
            fifo_depth: FIFO_DEPTH,
            cost,
        }
    }

    /// Clocks that an inference of `steps` time steps is expected to take: its slowest layer's.
    #[must_use]
    pub fn expected_cycles(&self, steps: usize) -> f64 {
        let slowest = self
            .layers
            .iter()
            .map(|layer| layer.expected_cycles)
            .fold(0.0, f64::max);
        #[expect(clippy::cast_precision_loss, reason = "a few thousand at most")]
        let steps = steps as f64;
        slowest * steps
    }
}

/// Why none of the plans of the given costs fits: what the one with the least of it still lacks.
fn does_not_fit(model: &QuantizedModel, board: &Board, costs: Vec<Cost>) -> Error {
    let budget = budget(board);
    let block_rams = costs.iter().map(|cost| cost.block_rams).min().unwrap_or(0);
    let (resource, needed, available) = if block_rams > budget.block_rams {
        ("block RAMs", block_rams, budget.block_rams)
    } else {
        let possible = costs.iter().filter(|cost| cost.block_rams <= budget.block_rams);
        (
            "tables (LUT)",
            possible.map(|cost| cost.luts).min().unwrap_or(0),
            budget.luts,
        )
    };
    Error::DoesNotFit {
        network: model.description.name.clone(),
        board: board.name.clone(),
        resource,
        needed,
        available,
    }
}

/// A choice of lanes for the first layers.
#[derive(Clone)]
struct Choice<'a> {
    layers: Vec<&'a LayerPlan>,
    cost: Cost,
}

impl<'a> Choice<'a> {
    /// The choices in which every layer stays within `bound` clocks a step, without those that another beats in
    /// both resources; in order of tables. `link` is the cost of everything but the layers.
    fn undominated(options: &'a [Vec<LayerPlan>], bound: f64, link: Cost) -> Vec<Self> {
        let mut choices = vec![Self {
            layers: Vec::new(),
            cost: link,
        }];
        for options in options {
            let options: Vec<&LayerPlan> = options
                .iter()
                .filter(|option| option.expected_cycles <= bound)
                .collect();
            choices = choices
                .iter()
                .flat_map(|choice| options.iter().map(|option| choice.with(option)))
                .collect();
            choices.sort_by_key(|choice| (choice.cost.luts, choice.cost.block_rams));
            let mut fewest = usize::MAX;
            choices.retain(|choice| {
                let is_better = choice.cost.block_rams < fewest;
                fewest = fewest.min(choice.cost.block_rams);
                is_better
            });
        }
        choices
    }

    fn with(&self, layer: &'a LayerPlan) -> Self {
        let layers = self.layers.iter().copied().chain([layer]).collect();
        Self {
            layers,
            cost: self.cost + layer.cost,
        }
    }
}

/// What a plan may use of a board.
#[must_use]
pub fn budget(board: &Board) -> Cost {
    #[expect(
        clippy::cast_precision_loss,
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss
    )]
    let luts = (board.device.luts as f64 * LUT_SHARE) as usize;
    Cost {
        luts,
        block_rams: board.device.block_rams,
    }
}

/// Checks that there are circuits for the network's layers, within the limits of the generator's address fields.
///
/// # Errors
/// [`Error::Model`] names a layer without a circuit, [`Error::TooLarge`] one beyond the limits.
pub fn check_sizes(model: &QuantizedModel) -> Result<()> {
    model.description.require_fully_connected("the accelerator")?;
    for (index, layer) in model.layers.iter().enumerate() {
        // A response holds all potentials.
        let most_neurons = if index + 1 == model.layers.len() {
            1 << 13
        } else {
            1 << 14
        };
        let words = layer.inputs() * layer.outputs();
        for (what, found, limit) in [
            ("weights", words, 1 << 24),
            ("inputs", layer.inputs(), 1 << 20),
            ("neurons", layer.outputs(), most_neurons),
        ] {
            if found > limit {
                return Err(Error::TooLarge {
                    layer: layer.name.clone(),
                    what,
                    found,
                    limit,
                });
            }
        }
    }
    Ok(())
}

/// Every sensible plan of every layer, in order of lanes: the fewest lanes for each number of groups.
fn layer_options(
    model: &QuantizedModel,
    family: Family,
    spikes_in: &[f64],
    most_lanes: usize,
) -> Result<Vec<Vec<LayerPlan>>> {
    check_sizes(model)?;
    Ok((0..model.layers.len())
        .map(|index| {
            let neurons = model.layers[index].outputs();
            (1..=neurons.min(most_lanes))
                .filter(|&lanes| lanes == 1 || neurons.div_ceil(lanes) < neurons.div_ceil(lanes - 1))
                .map(|lanes| layer_plan(model, index, lanes, family, spikes_in[index]))
                .collect()
        })
        .collect())
}

fn layer_plan(
    model: &QuantizedModel,
    index: usize,
    lanes: usize,
    family: Family,
    spikes_in: f64,
) -> LayerPlan {
    let layer = &model.layers[index];
    let groups = layer.outputs().div_ceil(lanes);
    let membrane_bits = usize::from(layer.membrane_bits);
    let membrane_style = match family {
        _ if groups <= LOGIC_WORDS => Style::Logic,
        Family::Ecp5 | Family::Gowin if groups <= DISTRIBUTED_WORDS => Style::Distributed,
        _ => Style::Block,
    };
    let threshold_style = if groups <= DISTRIBUTED_WORDS {
        Style::Logic
    } else {
        Style::Block
    };
    #[expect(clippy::cast_precision_loss, reason = "sizes are below 2^24")]
    let (groups_f, overhead) = (groups as f64, SWEEP_OVERHEAD as f64);
    let ideal_cycles = spikes_in * groups_f + groups_f;
    let word = lanes * membrane_bits;
    let weight_rams = block_rams(
        family,
        groups * layer.inputs(),
        lanes * usize::from(layer.weight_bits),
    );
    let membrane_rams = if membrane_style == Style::Block {
        block_rams(family, groups, word)
    } else {
        0
    };
    let threshold_rams = if threshold_style == Style::Block {
        block_rams(family, groups, word)
    } else {
        0
    };
    let fifo_rams = block_rams(family, FIFO_DEPTH, event_width(layer.inputs()));
    // ECP5 makes the serializer's queue of distributed RAM.
    let queue_rams = match (family, &layer.neuron) {
        (Family::Ice40, Neuron::Lif { .. }) => {
            block_rams(family, queue_depth(groups), lanes + serializer::FLAGS)
        }
        _ => 0,
    };
    let cost = Cost {
        luts: layer_luts(lanes, groups, membrane_bits, membrane_style, threshold_style),
        block_rams: weight_rams + membrane_rams + threshold_rams + fifo_rams + queue_rams,
    };
    LayerPlan {
        name: layer.name.clone(),
        lanes,
        groups,
        membrane_style,
        threshold_style,
        spikes_in,
        ideal_cycles,
        expected_cycles: ideal_cycles + overhead,
        cost,
    }
}

/// Tables of a layer: engine control, lanes, and memories made of logic.
fn layer_luts(
    lanes: usize,
    groups: usize,
    membrane_bits: usize,
    membrane_style: Style,
    threshold_style: Style,
) -> usize {
    let control = 550;
    let lane = 6 * membrane_bits + 12;
    let word = lanes * membrane_bits;
    let select = groups.div_ceil(2);
    let membranes = match membrane_style {
        Style::Block => 0,
        Style::Distributed => word * groups.div_ceil(16),
        Style::Logic => word * (groups + select),
    };
    let thresholds = if threshold_style == Style::Logic {
        word * groups.div_ceil(16)
    } else {
        0
    };
    control + lanes * lane + membranes + thresholds
}

/// Cost of UART, frames and command processor.
fn link_cost(board: &Board, layers: usize) -> Cost {
    let slots = crate::circuit::link::frame_receiver::SLOTS * usize::from(board.link.slot_bytes);
    Cost {
        luts: 2200 + 120 * layers,
        block_rams: block_rams(board.device.family, slots, 8) + 1,
    }
}

/// Block RAMs of a memory of `depth` words of `width` bits, in the best of the family's shapes.
#[must_use]
pub fn block_rams(family: Family, depth: usize, width: usize) -> usize {
    let shapes: &[(usize, usize)] = match family {
        Family::Ice40 => &[(256, 16), (512, 8), (1024, 4), (2048, 2)],
        // Gowin's are of the same shapes.
        Family::Ecp5 | Family::Gowin => &[(512, 36), (1024, 18), (2048, 9), (4096, 4), (8192, 2), (16384, 1)],
    };
    shapes
        .iter()
        .map(|(words, bits)| depth.div_ceil(*words) * width.div_ceil(*bits))
        .min()
        .unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn block_ram_shapes_are_used_whole() {
        assert_eq!(block_rams(Family::Ice40, 256, 16), 1);
        assert_eq!(block_rams(Family::Ice40, 257, 16), 2);
        assert_eq!(block_rams(Family::Ice40, 512, 8), 1);
        // 13 deep and 2 wide; the shape of 1024 words would want 7 × 4.
        assert_eq!(block_rams(Family::Ecp5, 784 * 8, 64), 26);
    }
}
