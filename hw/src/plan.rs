//! Plan: how many lanes each layer gets on a board, how its memories are built, and what that costs.
//!
//! In each time step a layer of `lanes` lanes spends one cycle on every membrane word that a spike meets (`groups =
//! ⌈channels / lanes⌉` words per position), one cycle on each of its words in the sweep, and one for each stage of registers
//! through which the sweep's membranes pass. Layers work on different steps at the same time, so an inference takes as long
//! as its slowest layer.
//!
//! Where the device has SPRAM, the weights of each layer may lie there or in block RAM. [`Plan::search`] picks the memory
//! that leads to the shorter inference. SPRAM is empty at power-up, so a design that uses it receives its weights over the
//! link.
//!
//! Costs are estimates. Block RAMs follow from the shapes that a family's block RAM offers, LUTs from a linear model that
//! is fitted to synthesis results of this generator.

mod array;
mod check;
mod choice;
mod cost;
mod limits;
mod memory;
mod options;
mod search;
mod shortage;
mod unit;

pub use array::{Array, MOST_LANES};
pub use limits::check_sizes;
pub use memory::block_rams;
pub(crate) use memory::{inferred_style, snapshot_style, sprams};
pub use shortage::{Faster, Shortage};
pub use unit::common_lanes;

use crate::board::{Board, Features};
use crate::circuit::word_memory::Style;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

/// Share of the device's LUTs that a plan may use: a fuller device does not route, or routes slowly.
const LUT_SHARE: f64 = 0.85;

/// Plan of a design: lanes and memories of every layer, and the estimated cost.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Plan {
    /// The layers, from input to output.
    pub layers: Vec<LayerPlan>,
    /// Optional parts that the design has beside the network.
    pub features: Features,
    /// Estimated cost of the whole design, link included.
    pub cost: Cost,
}

/// Plan of one layer.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LayerPlan {
    /// Name of the layer.
    pub name: String,
    /// Neurons of a position that are updated in one cycle.
    pub lanes: usize,
    /// Positions of a row that are updated in one cycle.
    pub positions: usize,
    /// Spikes of one position that are taken in one cycle.
    pub merged: usize,
    /// Positions that end their step in one cycle: one, or those of all banks.
    pub swept: usize,
    /// Membrane words per position: ⌈channels / lanes⌉.
    pub groups: usize,
    /// Membrane words of the layer: positions · groups.
    pub words: usize,
    /// Cycles of a sweep, without those for its settle stages: one for each word, or for each word of all banks at once.
    pub sweep_words: usize,
    /// Weight words of all paths; 0 for a layer without weights.
    pub weight_words: usize,
    /// How the weight memory is built.
    pub weight_style: Style,
    /// How the membrane memory is built.
    pub membrane_style: Style,
    /// How the memories of thresholds, biases and identities are built.
    pub threshold_style: Style,
    /// Registers on the way of a membrane through the end of a step. A sweep takes as many cycles more.
    pub settle_stages: usize,
    /// Events that the FIFO of each path holds.
    pub fifo_depths: Vec<usize>,
    /// Sweep words that can wait to leave as events; 0 for the output layer.
    pub queue_depth: usize,
    /// Spikes that the layer receives per time step, as measured or assumed.
    pub spikes_in: f64,
    /// Cycles per time step: one for each word that a spike meets, and one for each word and each settle stage of the sweep.
    pub ideal_cycles: f64,
    /// Estimated cost of the layer.
    pub cost: Cost,
}

/// Device resources.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Cost {
    /// LUTs of 4 inputs.
    pub luts: usize,
    /// Block RAMs.
    pub block_rams: usize,
    /// SPRAMs: single-port RAMs of 256 kbit, which iCE40 UltraPlus has.
    #[serde(default)]
    pub sprams: usize,
}

impl LayerPlan {
    /// Units that end steps: one for each lane of the positions that do so at once.
    #[must_use]
    pub const fn units(&self) -> usize {
        self.swept * self.lanes
    }

    /// Array of lanes.
    #[must_use]
    pub const fn array(&self) -> Array {
        Array {
            lanes: self.lanes,
            positions: self.positions,
            merged: self.merged,
            swept: self.swept,
        }
    }
}

impl Cost {
    /// Whether this cost is within `budget` in every resource.
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
    /// SHA-256 of the plan as JSON without blanks, its fields in the order of declaration.
    ///
    /// The generated Verilog names its plan by this hash. Measured spikes and estimated costs are part of the plan, and so
    /// of the hash.
    ///
    /// # Panics
    /// Never: a plan is plain data, which always serializes.
    #[must_use]
    pub fn hash(&self) -> [u8; 32] {
        let json = serde_json::to_vec(self).expect("plain data");
        Sha256::digest(json).into()
    }

    /// Expected cycles per inference of `steps` time steps: those of the slowest layer.
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

/// Resources of a board that a plan may use.
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
