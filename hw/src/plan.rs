//! Plan: how many lanes each layer gets on a board, and what that costs.
//!
//! A layer of `lanes` lanes spends, per time step, one clock on every membrane word that a spike meets (`groups =
//! ⌈channels / lanes⌉` words a position) and one on each of its words for the sweep. Layers work on different steps at
//! once, so an inference takes as long as its slowest layer. The search is exact for that aim: for each number of clocks
//! that some choice of lanes gives a layer, from the smallest up, it looks at every choice of lanes that stays within it
//! and that no other beats in tables, block RAMs and SPRAMs at once (fewer lanes may want more block RAM: their memories
//! are deeper); the first number of clocks for which one fits gives the answer, of those that fit the one of the fewest
//! tables.
//!
//! Where the device has SPRAM, each layer's weights may lie there or in block RAM, whichever leads to the shorter
//! inference. SPRAM is empty at power-up, so such a design takes its weights over the link.
//!
//! Costs are estimates: block RAM from the shapes that the families' block RAMs can take, tables from a
//! linear model fitted to this generator's synthesis results.

mod choice;
mod cost;
mod shortage;

pub use cost::block_rams;
pub(crate) use cost::sprams;
pub use shortage::{Faster, Shortage};

use crate::board::{Board, Family, Features};
use crate::circuit::engine::{MAX_LANES, MEMORIES};
use crate::circuit::event::Addressing;
use crate::circuit::link::identity::IMAGE_MEMORY;
use crate::circuit::serializer::entry_bits;
use crate::circuit::word_memory::Style;
use crate::error::{Error, Result};
use crate::geometry::{Geometry, LayerGeometry, Path};
use crate::load::LayerLoad;
use choice::Choice;
use cost::{LayerLogic, layer_luts, link_cost};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use shortage::does_not_fit;
use synfire_golden_model::integer::{Neuron, QuantizedModel};

/// Share of the tables that a plan may use: a fuller device does not route, or routes slowly.
const LUT_SHARE: f64 = 0.85;
/// Words up to which a membrane memory is made of logic rather than block RAM.
const LOGIC_WORDS: usize = 2;
/// Words up to which ECP5 makes a memory of distributed RAM.
const DISTRIBUTED_WORDS: usize = 64;
/// Share of a step's spikes that a FIFO holds beyond their mean.
const FIFO_MARGIN: f64 = 1.5;
/// Most events that a FIFO holds.
const MOST_EVENTS: usize = 8192;
/// Most words of a sweep that a serializer's queue holds.
const MOST_QUEUED: usize = 512;

/// A plan.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Plan {
    /// The layers, from input to output.
    pub layers: Vec<LayerPlan>,
    /// What the design has beside the network.
    pub features: Features,
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
    /// Membrane words of a position: ⌈channels / lanes⌉.
    pub groups: usize,
    /// Membrane words of the layer: positions · groups.
    pub words: usize,
    /// Words of weights, of all paths; 0 without weights of its own.
    pub weight_words: usize,
    /// How the weight memory is built.
    pub weight_style: Style,
    /// How the membrane memory is built.
    pub membrane_style: Style,
    /// How the threshold memory is built.
    pub threshold_style: Style,
    /// Events that each path's FIFO holds.
    pub fifo_depths: Vec<usize>,
    /// Words of a sweep that wait to leave as events; 0 of the output layer.
    pub queue_depth: usize,
    /// Spikes taken in a time step, as measured or assumed.
    pub spikes_in: f64,
    /// Clocks that a time step takes: one for each word that a spike meets, and one for each word of the sweep.
    pub ideal_cycles: f64,
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
    /// Single-ported RAMs of 256 kbit, which UltraPlus has.
    #[serde(default)]
    pub sprams: usize,
}

impl Cost {
    /// Whether a budget holds it.
    #[must_use]
    pub const fn fits(self, budget: Self) -> bool {
        self.luts <= budget.luts && self.block_rams <= budget.block_rams && self.sprams <= budget.sprams
    }
}

impl std::ops::Add for Cost {
    type Output = Self;

    fn add(self, other: Self) -> Self {
        Self {
            luts: self.luts + other.luts,
            block_rams: self.block_rams + other.block_rams,
            sprams: self.sprams + other.sprams,
        }
    }
}

impl std::iter::Sum for Cost {
    fn sum<I: Iterator<Item = Self>>(costs: I) -> Self {
        costs.fold(Self::default(), std::ops::Add::add)
    }
}

impl Plan {
    /// The plan of the shortest inference that fits the board; `loads` is what each layer has to do in a
    /// time step.
    ///
    /// # Errors
    /// [`Error::DoesNotFit`] with what runs out, [`Error::TooLarge`] for layers beyond the generator.
    pub fn search(model: &QuantizedModel, board: &Board, loads: &[LayerLoad]) -> Result<Self> {
        Self::search_within(model, board, loads, MAX_LANES)
    }

    /// The same with at most `most_lanes` lanes a layer: for a design that is quickly synthesized.
    ///
    /// # Errors
    /// As [`Plan::search`].
    pub fn search_within(
        model: &QuantizedModel,
        board: &Board,
        loads: &[LayerLoad],
        most_lanes: usize,
    ) -> Result<Self> {
        let options = layer_options(model, Target::of(board), loads, most_lanes.clamp(1, MAX_LANES))?;
        let mut bounds: Vec<f64> = options
            .iter()
            .flatten()
            .map(|option| option.ideal_cycles)
            .collect();
        bounds.sort_by(f64::total_cmp);
        bounds.dedup();
        let budget = budget(board);
        let link = link_cost(board, model, options.len());
        for bound in bounds {
            // Choices are in order of tables.
            let mut choices = Choice::undominated(&options, bound, link).into_iter();
            if let Some(choice) = choices.find(|choice| choice.cost.fits(budget)) {
                return Ok(Self::of(choice.layers(), board, model));
            }
        }
        let choices = Choice::undominated(&options, f64::INFINITY, link);
        Err(does_not_fit(model, board, loads, &choices))
    }

    /// The plan of the given lanes, whether it fits or not.
    ///
    /// # Errors
    /// [`Error::BadLanes`], [`Error::TooLarge`].
    ///
    /// # Panics
    /// Never: weights may lie in block RAM always, so that there is a choice of memories.
    pub fn with_lanes(
        model: &QuantizedModel,
        board: &Board,
        loads: &[LayerLoad],
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
        let geometry = Geometry::of(model)?;
        let mut options = Vec::with_capacity(lanes.len());
        for (index, (layer, &lanes)) in geometry.layers.iter().zip(lanes).enumerate() {
            let lanes = lanes.min(most_useful_lanes(layer));
            if wants_power_of_two(layer) && !lanes.is_power_of_two() {
                return Err(Error::LanesOfOwnChannel {
                    layer: model.layers[index].name.clone(),
                    given: lanes,
                });
            }
            options.push(layer_plans(
                model,
                index,
                layer,
                lanes,
                Target::of(board),
                Work::of(&geometry, loads, index),
            ));
        }
        // Of the memories that fit those of the fewest tables; if none do, of those that there are.
        let choices = Choice::undominated(&options, f64::INFINITY, link_cost(board, model, options.len()));
        let budget = budget(board);
        let fits = choices.iter().find(|choice| choice.cost.fits(budget));
        let exists = || choices.iter().find(|choice| choice.cost.sprams <= budget.sprams);
        let choice = fits.or_else(exists).expect("weights may lie in block RAM always");
        Ok(Self::of(choice.layers(), board, model))
    }

    fn of(layers: Vec<LayerPlan>, board: &Board, model: &QuantizedModel) -> Self {
        let link = link_cost(board, model, layers.len());
        let cost = link + layers.iter().map(|layer| layer.cost).sum();
        Self {
            layers,
            features: board.link.features,
            cost,
        }
    }

    /// SHA-256 of the plan as JSON without blanks, its fields in the order of their declaration: by it a design's
    /// Verilog names its plan, measured spikes and estimates included.
    ///
    /// # Panics
    /// Never: a plan is plain data, which always serializes.
    #[must_use]
    pub fn hash(&self) -> [u8; 32] {
        let json = serde_json::to_vec(self).expect("plain data");
        Sha256::digest(json).into()
    }

    /// Clocks that an inference of `steps` time steps is expected to take: its slowest layer's.
    #[must_use]
    pub fn expected_cycles(&self, steps: usize) -> f64 {
        let slowest = self
            .layers
            .iter()
            .map(|layer| layer.ideal_cycles)
            .fold(0.0, f64::max);
        #[expect(clippy::cast_precision_loss, reason = "a few thousand at most")]
        let steps = steps as f64;
        slowest * steps
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
        sprams: board.device.sprams,
    }
}

/// What a layer's plan depends on of a board.
#[derive(Clone, Copy)]
struct Target {
    family: Family,
    /// Parameters can be loaded.
    loads: bool,
    /// There is SPRAM.
    sprams: bool,
}

impl Target {
    const fn of(board: &Board) -> Self {
        Self {
            family: board.device.family,
            loads: board.link.features.load,
            sprams: board.device.sprams > 0,
        }
    }

    /// What weights of so many words can be made of, the fastest to come by first.
    const fn weight_styles(self, words: usize) -> &'static [Style] {
        match (words, self.sprams) {
            (0 | 1, _) => &[Style::Logic],
            (_, true) => &[Style::Block, Style::Huge],
            (_, false) => &[Style::Block],
        }
    }
}

/// Checks that the network is within the limits of the generator's address fields.
///
/// # Errors
/// [`Error::TooLarge`] names a layer beyond the limits, and what there is too much of.
pub fn check_sizes(model: &QuantizedModel) -> Result<()> {
    let geometry = Geometry::of(model)?;
    let last = geometry.layers.len() - 1;
    for (index, (layer, geometry)) in model.layers.iter().zip(&geometry.layers).enumerate() {
        let shape = geometry.neurons;
        let address_bits = |map: Addressing| map.event_bits();
        let weights = |path: &Path| {
            path.rows.kernel * path.columns.kernel * path.sources.shape.channels * shape.channels
        };
        let row = |path: &Path| path.columns.kernel.min(path.columns.outputs) * shape.channels;
        // A response holds all potentials.
        let most_channels = if index == last { 1 << 13 } else { 1 << 14 };
        let sources = geometry.paths.iter().map(|path| address_bits(path.sources));
        for (what, found, limit) in [
            // Three memories a layer, of which LOAD has this many numbers.
            ("layers", index + 1, usize::from(IMAGE_MEMORY) / MEMORIES),
            // With one lane, each is a word, of which there is an address of 24 bits.
            ("weights", geometry.paths.iter().map(weights).sum(), 1 << 24),
            ("channels", shape.channels, most_channels),
            ("rows", shape.height, 1 << 10),
            ("columns", shape.width, 1 << 10),
            ("neurons", shape.size(), 1 << 22),
            ("bits of a source's event", sources.max().unwrap_or(0), 26),
            // With one lane, the words of a run, which a window counts in 16 bits.
            (
                "weights that a source meets in a row",
                geometry.paths.iter().map(row).max().unwrap_or(0),
                (1 << 16) - 1,
            ),
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

/// Whether some source meets its own channel alone: then lanes are a power of two, so that its lane is a field of
/// its channel.
fn wants_power_of_two(layer: &LayerGeometry) -> bool {
    layer.paths.iter().any(|path| path.reach.is_own_channel())
}

/// Lanes beyond which a layer gains nothing.
fn most_useful_lanes(layer: &LayerGeometry) -> usize {
    let channels = layer.neurons.channels;
    if wants_power_of_two(layer) {
        channels.next_power_of_two().min(MAX_LANES)
    } else {
        channels.min(MAX_LANES)
    }
}

/// Every sensible plan of every layer, in order of lanes: the fewest lanes for each number of groups.
fn layer_options(
    model: &QuantizedModel,
    target: Target,
    loads: &[LayerLoad],
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
                if wants_power_of_two(layer) {
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
                        Work::of(&geometry, loads, index),
                    )
                })
                .collect()
        })
        .collect())
}

/// What a layer has to do in a step.
#[derive(Clone, Copy)]
struct Work<'a> {
    load: &'a LayerLoad,
    /// Spikes that it sends.
    spikes_out: f64,
}

impl<'a> Work<'a> {
    fn of(geometry: &Geometry, loads: &'a [LayerLoad], index: usize) -> Self {
        let paths = geometry
            .layers
            .iter()
            .zip(loads)
            .flat_map(|(layer, load)| layer.paths.iter().zip(load));
        let takers = paths.filter(|(path, _)| path.stream == index + 1);
        Self {
            load: &loads[index],
            spikes_out: takers.map(|(_, load)| load.spikes).fold(0.0, f64::max),
        }
    }
}

/// A layer's plans with so many lanes: one for each memory that its weights can lie in.
fn layer_plans(
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
    target.weight_styles(weight_words).iter().map(of_style).collect()
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
    let Target { family, loads, .. } = target;
    let Work { load, spikes_out } = work;
    let layer = &model.layers[index];
    let shape = geometry.neurons;
    let groups = shape.channels.div_ceil(lanes);
    let words = shape.height * shape.width * groups;
    let membrane_bits = usize::from(layer.membrane_bits);
    let membrane_style = match family {
        _ if words <= LOGIC_WORDS => Style::Logic,
        Family::Ecp5 if words <= DISTRIBUTED_WORDS => Style::Distributed,
        _ => Style::Block,
    };
    let threshold_style = if groups <= DISTRIBUTED_WORDS {
        Style::Logic
    } else {
        Style::Block
    };
    #[expect(clippy::cast_precision_loss, reason = "sizes are below 2^24")]
    let ideal_cycles = words as f64
        + geometry
            .paths
            .iter()
            .zip(load)
            .map(|(path, load)| {
                load.positions
                    * if path.reach.is_own_channel() {
                        1.0
                    } else {
                        groups as f64
                    }
            })
            .sum::<f64>();
    let fires = matches!(layer.neuron, Neuron::Lif { .. });
    let queue_depth = if fires {
        queue_depth(words, groups, spikes_out)
    } else {
        0
    };
    let fifos: Vec<(usize, usize)> = geometry
        .paths
        .iter()
        .zip(load)
        .map(|(path, load)| {
            (
                fifo_depth(family, path.sources, load.spikes),
                path.sources.event_bits(),
            )
        })
        .collect();
    let word = lanes * membrane_bits;
    let rams = |style: Style, depth: usize, width: usize| {
        if style == Style::Block {
            block_rams(family, depth, width)
        } else {
            0
        }
    };
    let queue_rams = if fires {
        let bits = entry_bits(lanes, Addressing::of(shape));
        rams(inferred_style(family, queue_depth, bits), queue_depth, bits)
    } else {
        0
    };
    // The output layer's membranes at the end of a step.
    let snapshot_rams = if fires {
        0
    } else {
        rams(snapshot_style(family, groups), groups, word)
    };
    let has_identity = geometry.paths.len() > 1 && geometry.paths[1].reach.is_own_channel();
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
            weight_words,
            weight_style,
            weight_bits: usize::from(layer.weight_bits),
            paths: geometry.paths.len(),
            loads,
        }),
        block_rams: rams(weight_style, weight_words, lanes * usize::from(layer.weight_bits))
            + rams(membrane_style, words, word)
            + rams(threshold_style, groups, word) * (1 + usize::from(has_identity))
            + fifos
                .iter()
                .map(|&(depth, width)| block_rams(family, depth, width))
                .sum::<usize>()
            + queue_rams
            + snapshot_rams,
        sprams: match weight_style {
            Style::Huge => sprams(weight_words, lanes * usize::from(layer.weight_bits)),
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
        fifo_depths: fifos.into_iter().map(|(depth, _)| depth).collect(),
        queue_depth,
        spikes_in: load.iter().map(|path| path.spikes).sum(),
        ideal_cycles,
        cost,
    }
}

/// Words of a sweep that the serializer's queue holds. One leaves for every spike, one comes in every clock: where a step
/// has more spikes than words, the queue takes what piles up, so that the sweep need not pause.
fn queue_depth(words: usize, groups: usize, spikes_out: f64) -> usize {
    #[expect(clippy::cast_precision_loss, reason = "sizes are below 2^24")]
    let words = words as f64;
    let piled = words * (1.0 - words / spikes_out.max(words));
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "bounded before the cast"
    )]
    let piled = piled.clamp(0.0, 1e6) as usize;
    let least = if groups <= 8 { 16 } else { 32 };
    (least + piled).next_power_of_two().min(MOST_QUEUED)
}

/// Cells of distributed RAM, 16 words of 4 bits each, that Yosys takes to be worth as much as a block RAM.
const CELLS_WORTH_A_BLOCK: usize = 32;

/// What synthesis makes of a memory of `depth` words of `width` bits whose style is its own choice, such as a serializer's
/// queue: distributed RAM on ECP5, but for large ones. Gowin's is not used: see `docs/boards.md`.
pub(crate) const fn inferred_style(family: Family, depth: usize, width: usize) -> Style {
    let cells = depth.div_ceil(16) * width.div_ceil(4);
    match family {
        Family::Ecp5 if depth <= DISTRIBUTED_WORDS && cells < CELLS_WORTH_A_BLOCK => Style::Distributed,
        _ => Style::Block,
    }
}

/// What synthesis makes the snapshot of the output layer's membranes of.
pub(crate) const fn snapshot_style(family: Family, groups: usize) -> Style {
    match family {
        _ if groups <= 1 => Style::Logic,
        Family::Ice40 | Family::Gowin => Style::Block,
        Family::Ecp5 => Style::Distributed,
    }
}

/// Events that a path's FIFO holds: those of a step, so that a layer need not wait for the one before, and at least what
/// a whole block RAM holds.
fn fifo_depth(family: Family, sources: Addressing, spikes: f64) -> usize {
    let bits = sources.event_bits();
    let whole = match family {
        Family::Ice40 => 256,
        Family::Ecp5 | Family::Gowin if bits <= 18 => 1024,
        Family::Ecp5 | Family::Gowin => 512,
    };
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "bounded before the cast"
    )]
    let wanted = (FIFO_MARGIN * spikes).clamp(0.0, 1e6) as usize;
    wanted.next_power_of_two().clamp(whole, MOST_EVENTS)
}
