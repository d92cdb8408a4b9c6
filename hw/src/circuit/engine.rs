//! Engine of a layer: integrates the spikes of its sources, and sweeps its neurons at the end of a step.
//!
//! ```text
//!              ┌──────────────────────────────────────────────────────────────┐
//!  event 0 ───►│ picker ─► window ─┐         weights    ─┐                    │
//!              │                   ├► walker ► thresholds ├─► lane 0 … L−1 ─┐  ├──► fired lanes of a word
//!  event 1 ───►│ picker ─► window ─┘         membranes ◄─┼────────────────┘  │
//!   (junction) │                             identities ─┘                   │
//!              └──────────────────────────────────────────────────────────────┘
//! ```
//!
//! One engine serves every kind of layer. A fully-connected layer is a convolution whose kernel covers its
//! source. A pooling layer is a convolution whose sources meet only their own channel. A residual junction
//! has two paths into the same membranes. The neurons of an output position lie in G = ⌈channels / L⌉
//! membrane words of L lanes.
//!
//! The positions whose column is the same modulo P lie in one *bank*, so that an access reaches P neighbouring columns of a row. Up to
//! k spikes of one source position are taken at once, and their weights are added up first. So n spikes of a word cost ⌈n / k⌉ cycles
//! for each row, pass of P columns and group that they meet. Spikes of one word that meet only their own channels cost one cycle together for
//! each position. An end of step costs one cycle for each word of the layer (of a bank, if all end it at once) and for each settle stage; there are no other costs. The
//! stages of the pipeline take one cycle each:
//!
//! | stage | |
//! |---|---|
//! | address | the walker outputs the addresses of a membrane word and its weight word, and the word's group |
//! | read | the membrane and weight memories output the words; the threshold and identity memories are addressed |
//! | compute | the lanes add a weight; or the end of the step of their neurons begins |
//! | settle | none to two stages, of sweeps only ([`Settle`]) |
//! | write | the results are written back; the mask of fired lanes leaves |
//!
//! If a word is addressed again within the next three cycles, its newest value is forwarded, for spikes and
//! sweeps alike. Behind a sweep the walker waits as many cycles as there are settle stages; neither spikes nor sweeps wait
//! for anything else. A clear is an end of step that sets every membrane and counter to 0.
//!
//! A layer of graded input reads its weights one cycle before everything else, and multiplies them by the value of the event
//! meanwhile ([`Scale`]). Everything else happens one cycle later than without graded input.

mod kernel;

use super::delay::Delay;
use super::fan_out::FanOut;
use super::fifo::MARGIN;
use super::hazard::Hazard;
use super::lane::Lane;
use super::load_port::LoadPort;
use super::mask_pack::MaskPack;
use super::mask_unpack::MaskUnpack;
use super::merge::{Merge, MergeParams};
use super::parameter_memory::{ParameterMemory, ParameterMemoryParams};
use super::picker::Picker;
use super::scale::{Scale, ScaleParams};
use super::selector::Selector;
use super::settle::{Settle, SettleParams};
use super::spread::Spread;
use super::walker::Walker;
use super::window::{Synapses, Window, WindowParams};
use super::word_memory::{MemoryShape, WordMemory};
use super::{signals, with_defaults};
use crate::columns::MAX_POSITIONS;
use rust_hdl::prelude::*;

/// Largest number of lanes of an engine: the width of the mask of fired lanes.
pub const MAX_LANES: usize = 64;

/// Run-time parameters of an [`Engine`].
#[derive(Clone, Debug)]
pub struct EngineParams {
    /// Index of the layer; the numbers of the parameter memories derive from it.
    pub layer: usize,
    /// Paths into the membranes: one, or two in a residual junction.
    pub paths: Vec<WindowParams>,
    /// Neurons of a position that are updated per cycle.
    pub lanes: usize,
    /// Positions of a row that are updated per cycle: the number of banks.
    pub positions: usize,
    /// Spikes of one position that are taken at once.
    pub merged: usize,
    /// Positions that end their step in the same cycle: one, or those of all banks.
    pub swept: usize,
    /// Membrane words per position: ⌈channels / lanes⌉.
    pub groups: usize,
    /// How neurons end a step.
    pub settle: SettleParams,
    /// Weight memory: the weight words of all paths, one path after the other; a single word of ones for
    /// pooling.
    pub weights: ParameterMemoryParams,
    /// Identity memory: what an identity's spike adds, `groups` words; a single word of zeros without an
    /// identity.
    pub identities: ParameterMemoryParams,
    /// Threshold memory: `groups` words.
    pub thresholds: ParameterMemoryParams,
    /// Bias memory: `groups` words; a single word of zeros without biases.
    pub biases: ParameterMemoryParams,
    /// Shape of each bank of membranes: `groups` words for each of the bank's positions.
    pub membranes: MemoryShape,
}

/// The engine of one layer.
#[derive(Debug, LogicBlock)]
pub struct Engine {
    /// Core clock; all registers change on its rising edge.
    pub clock: Signal<In, Clock>,
    /// Next event of path p, 32 bits, encoded as in [`event`](super::event); valid while `event_valid[p]` is
    /// high. Spikes must meet at least one position.
    pub event_data: Vec<Signal<In, Bits<32>>>,
    /// Mask of the event of path p; valid for spikes of words of several lanes.
    pub event_mask: Vec<Signal<In, Bits<64>>>,
    /// High while `event_data[p]` holds an event.
    pub event_valid: Vec<Signal<In, Bit>>,
    /// High in the cycle in which the engine takes the event of path p; only while `event_valid[p]` is high.
    pub event_ready: Vec<Signal<Out, Bit>>,
    /// High to stall the sweep; the words in the pipeline follow, at most [`EngineParams::pause_margin`].
    pub pause: Signal<In, Bit>,
    /// High in a cycle in which a word of a sweep is written back.
    pub swept: Signal<Out, Bit>,
    /// High if the word is the last of the sweep; valid while `swept` is high.
    pub swept_last: Signal<Out, Bit>,
    /// High if the sweep is a clear; valid while `swept` is high.
    pub swept_clear: Signal<Out, Bit>,
    /// Lanes of the word whose neurons fired, lane 0 in the lowest bit, for each of the positions that end their step at once;
    /// valid while `swept` is high. Bits beyond the lanes are 0.
    pub fired_mask: Vec<Signal<Out, Bits<64>>>,
    /// Membranes of the words as they are written, one port per lane of each of these positions; valid while `swept` is high, for
    /// positions of the layer. 32 bits, sign-extended.
    pub swept_data: Vec<Signal<Out, Signed<32>>>,
    /// Load port of the engine's parameter memories; to be used only while the engine is idle.
    pub load: LoadPort,
    /// Cycles spent on spikes and sweeps since the last clear: those in which a word is addressed, those in which the walker
    /// waits behind a sweep, and those in which no word is addressed although there was work to do in the cycle before. Cycles
    /// without events or stalled for lack of room are not counted, nor is the way of an event into an idle engine.
    pub busy_cycles: Signal<Out, Bits<32>>,
    /// Cycles since the last clear in which `pause` stalled a sweep.
    pub stalled_cycles: Signal<Out, Bits<32>>,
    /// High while the engine has work: a walk, a sweep, a word in the pipeline, or an event that need not
    /// wait for the other path.
    pub busy: Signal<Out, Bit>,
    pickers: Vec<Picker>,
    windows: Vec<Window>,
    walker: Walker,
    /// Lane l of bank b, at b · lanes + l; so for all that the lanes of all banks have.
    lanes: Vec<Lane>,
    /// Weights, with a port for each of the spikes that are taken at once.
    weights: ParameterMemory,
    identities: ParameterMemory,
    thresholds: ParameterMemory,
    biases: ParameterMemory,
    membranes: WordMemory,
    hazards: Vec<Hazard>,
    scaled_weights: Scale,
    scaled_identities: Scale,
    merge: Merge,
    /// What the walker outputs, one cycle later in a layer of graded input.
    issue: Delay<Bit>,
    sweep: Delay<Bit>,
    clear: Delay<Bit>,
    last: Delay<Bit>,
    negative: Delay<Bit>,
    own_channel: Delay<Bit>,
    second_path: Delay<Bit>,
    mask: Delay<Bits<64>>,
    group: Delay<Bits<24>>,
    membrane_address: Delay<Bits<24>>,
    next_address: Delay<Bits<24>>,
    carry: Delay<Bits<16>>,
    banks: Delay<Bits<16>>,
    bank: Delay<Bits<8>>,
    swept_banks: Delay<Bits<16>>,
    value: Delay<Bits<8>>,
    carries: MaskUnpack,
    issues: MaskUnpack,
    pack: MaskPack,
    /// Read stage: the membrane and weight memories output the words.
    reading: DFF<Bit>,
    read_sweep: DFF<Bit>,
    read_clears: DFF<Bit>,
    read_last: DFF<Bit>,
    read_negative: DFF<Bit>,
    read_own: DFF<Bit>,
    read_second: DFF<Bit>,
    read_mask: DFF<Bits<64>>,
    read_group: DFF<Bits<24>>,
    read_bank: DFF<Bits<8>>,
    read_banks: DFF<Bits<16>>,
    read_present: Vec<DFF<Bit>>,
    take_last: FanOut,
    take_older: FanOut,
    /// Compute stage: the lanes hold the words.
    computing: DFF<Bit>,
    compute_sweep: DFF<Bit>,
    compute_clears: DFF<Bit>,
    compute_last: DFF<Bit>,
    compute_negative: FanOut,
    compute_own: FanOut,
    compute_second: FanOut,
    compute_mask: DFF<Bits<64>>,
    compute_bank: DFF<Bits<8>>,
    compute_banks: DFF<Bits<16>>,
    met: MaskUnpack,
    forward_last: FanOut,
    /// Membranes of the bank whose step ends, or of all banks, and the units that end it, one for each of them.
    operands: Selector,
    settle: Vec<Settle>,
    settled: Spread,
    spread_identities: Spread,
    spread_thresholds: Spread,
    spread_biases: Spread,
    /// Settle stages: what belongs to the sweep's word in the last of them; without settle stages, to that in the compute
    /// stage. The copies for the lanes are the same one stage later, registers included.
    settling: Vec<DFF<Bit>>,
    settle_sweep: Delay<Bit>,
    settle_last: Delay<Bit>,
    settle_clears: Delay<Bit>,
    settle_bank: Delay<Bits<8>>,
    settle_banks: Delay<Bits<16>>,
    sweep_ahead: Delay<Bit>,
    clears_ahead: Delay<Bit>,
    settles: FanOut,
    ends: FanOut,
    clears: FanOut,
    has_fired: Vec<DFF<Bit>>,
    /// Write stage: the lanes output the results.
    writing: DFF<Bit>,
    write_sweep: DFF<Bit>,
    write_clears: DFF<Bit>,
    write_last: DFF<Bit>,
    write_bank: DFF<Bits<8>>,
    write_banks: DFF<Bits<16>>,
    results: Selector,
    /// Which of the positions that have ended their step at once are there.
    met_banks: MaskUnpack,
    sweeps_all: Constant<Bit>,
    busy_count: DFF<Bits<32>>,
    loadable: DFF<Bit>,
    stalled_count: DFF<Bits<32>>,
    /// High if any path below the index has an event that need not wait for the other path.
    waiting: Vec<Signal<Local, Bit>>,
    /// High if the compute stage or any settle stage below the index has a word of a sweep.
    settling_below: Vec<Signal<Local, Bit>>,
    in_pipeline: Signal<Local, Bit>,
    loads_weights: Signal<Local, Bit>,
    loads_thresholds: Signal<Local, Bit>,
    loads_identities: Signal<Local, Bit>,
    loads_biases: Signal<Local, Bit>,
    has_identity: Constant<Bit>,
    has_values: Constant<Bit>,
    weights_number: Constant<Bits<8>>,
    thresholds_number: Constant<Bits<8>>,
    identities_number: Constant<Bits<8>>,
    biases_number: Constant<Bits<8>>,
}

impl Engine {
    /// Builds an engine of the given parameters.
    ///
    /// # Panics
    /// If the memories do not have the engine's shape: a bug of the generator.
    #[must_use]
    pub fn new(params: EngineParams) -> Self {
        let EngineParams {
            lanes,
            groups,
            positions,
            merged,
            swept,
            ..
        } = params;
        assert!((1..=MAX_LANES).contains(&lanes), "{lanes} lanes");
        assert!((1..=MAX_POSITIONS).contains(&positions), "{positions} positions");
        let all = positions * lanes;
        let first = &params.paths[0];
        assert!(
            swept == 1 || (swept == positions && first.spread() == 1),
            "{swept} of {positions} positions at once"
        );
        let units = params.units();
        let weight_words: usize = params.paths.iter().map(WindowParams::weight_words).sum();
        let pools = weight_words == 0;
        let identities = if params.has_identity() { groups } else { 1 };
        let biases = if params.settle.biased { groups } else { 1 };
        let stages = params.settle.stages;
        let graded = params.is_graded();
        let ahead = usize::from(graded);
        let scale = |memory: &ParameterMemoryParams, words: usize| {
            Scale::new(ScaleParams {
                lanes: memory.shape.lanes * words,
                width: memory.shape.width,
                fraction_bits: memory.fraction_bits,
                graded,
            })
        };
        let bank_words = first.membrane_words();
        for (memory, depth, lanes) in [
            (params.weights.shape, if pools { 1 } else { weight_words }, all),
            (params.identities.shape, identities, lanes),
            (params.thresholds.shape, groups, lanes),
            (params.biases.shape, biases, lanes),
            (params.membranes, bank_words, lanes),
        ] {
            assert_eq!(
                (memory.depth, memory.lanes),
                (depth, lanes),
                "shape of an engine's memory"
            );
        }
        assert!(
            params
                .paths
                .iter()
                .all(|path| (path.groups, path.positions) == (groups, positions)),
            "groups and positions of a path"
        );
        let spikes: Vec<usize> = params.paths.iter().map(|path| path.merged).collect();
        assert!(
            (merged == 1 || !graded) && spikes[0] == merged && spikes[1..].iter().all(|&spikes| spikes == 1),
            "{spikes:?} spikes at once"
        );
        assert!(
            params
                .paths
                .iter()
                .all(|path| path.synapses != Synapses::OwnChannel
                    || (path.sources.lanes == lanes && path.spread() == 1)),
            "words of a path"
        );
        let paths = params.paths.len();
        let memory = |kind: usize| Constant::new(((params.layer * MEMORIES + kind) as u64).into());
        with_defaults! {
            Self {
                event_data: signals(paths),
                event_mask: signals(paths),
                event_valid: signals(paths),
                event_ready: signals(paths),
                swept_data: signals(units),
                fired_mask: signals(swept),
                pickers: params.paths.iter().map(picker).collect(),
                windows: params.paths.iter().map(Window::new).collect(),
                walker: Walker::new(&params.paths, swept, weight_words, stages),
                lanes: (0..all).map(|_| Lane::new(params.settle.membrane_bits, bank_words == 1)).collect(),
                hazards: (0..positions).map(|_| Hazard::new(stages, bank_words == 1)).collect(),
                merge: Merge::new(MergeParams {
                    lanes: all,
                    merged,
                    width: if graded { 32 - params.weights.fraction_bits } else { params.weights.shape.width },
                    fraction_bits: params.weights.fraction_bits,
                }),
                read_present: (1..merged).map(|_| DFF::default()).collect(),
                operands: Selector::new(positions / swept, units, params.settle.membrane_bits),
                results: Selector::new(positions / swept, units, params.settle.membrane_bits),
                settle: (0..units).map(|_| Settle::new(&params.settle)).collect(),
                has_fired: (0..units).map(|_| DFF::default()).collect(),
                settled: Spread::new(positions / swept, units),
                spread_identities: Spread::new(positions, lanes),
                spread_thresholds: Spread::new(swept, lanes),
                spread_biases: Spread::new(swept, lanes),
                met_banks: MaskUnpack::new(1, swept),
                sweeps_all: Constant::new(swept > 1),
                swept_banks: Delay::new(ahead),
                settle_banks: Delay::new(stages),
                carries: MaskUnpack::new(1, positions),
                issues: MaskUnpack::new(1, positions),
                has_identity: Constant::new(params.has_identity()),
                has_values: Constant::new(graded),
                scaled_weights: scale(&params.weights, merged),
                scaled_identities: scale(&params.identities, 1),
                issue: Delay::new(ahead),
                sweep: Delay::new(ahead),
                clear: Delay::new(ahead),
                last: Delay::new(ahead),
                negative: Delay::new(ahead),
                own_channel: Delay::new(ahead),
                second_path: Delay::new(ahead),
                mask: Delay::new(ahead),
                group: Delay::new(ahead),
                membrane_address: Delay::new(ahead),
                next_address: Delay::new(ahead),
                carry: Delay::new(ahead),
                banks: Delay::new(ahead),
                bank: Delay::new(ahead),
                value: Delay::new(ahead),
                weights: ParameterMemory::with_ports(params.weights, merged),
                identities: ParameterMemory::new(params.identities),
                thresholds: ParameterMemory::new(params.thresholds),
                biases: ParameterMemory::new(params.biases),
                membranes: WordMemory::new(params.membranes, positions),
                pack: MaskPack::new(swept, lanes),
                take_last: FanOut::new(positions, lanes),
                take_older: FanOut::new(positions, lanes),
                settling: (0..stages).map(|_| DFF::default()).collect(),
                settling_below: signals(stages + 1),
                settle_sweep: Delay::new(stages),
                settle_last: Delay::new(stages),
                settle_clears: Delay::new(stages),
                sweep_ahead: Delay::new(stages),
                clears_ahead: Delay::new(stages),
                settles: FanOut::new(positions, lanes),
                clears: FanOut::new(1, units),
                ends: FanOut::new(1, units),
                settle_bank: Delay::new(stages),
                compute_negative: FanOut::new(1, all),
                compute_own: FanOut::new(1, all),
                compute_second: FanOut::new(1, all),
                forward_last: FanOut::new(positions, lanes),
                waiting: signals(paths + 1),
                weights_number: memory(0),
                thresholds_number: memory(1),
                identities_number: memory(2),
                biases_number: memory(3),
                met: MaskUnpack::new(positions, lanes),
            }
            clock, load, pause, swept, swept_last, swept_clear, busy_cycles, stalled_cycles, busy,
            reading, read_sweep, read_clears, read_last, read_negative, read_own, read_second, read_mask,
            read_group, read_bank, read_banks, compute_banks, write_banks, computing, compute_sweep, compute_clears, compute_last, compute_mask, compute_bank,
            in_pipeline, writing, write_sweep, write_clears, write_last, write_bank,
            busy_count, loadable, stalled_count, loads_weights, loads_thresholds, loads_identities, loads_biases,
        }
    }
}

/// Picker in front of a window: wires if the window takes words.
fn picker(path: &WindowParams) -> Picker {
    let events = match path.synapses {
        Synapses::Words { .. } => path.sources,
        Synapses::OwnChannel => path.sources.in_words_of(1),
    };
    Picker::new(events, path.merged)
}

/// Words of a sweep that may still leave after a pause: those in the pipeline of an engine, graded or not, with `stages`
/// settle stages.
#[must_use]
pub const fn pause_margin(graded: bool, stages: usize) -> usize {
    MARGIN + stages + graded as usize
}

/// Smallest queue of a serializer behind an engine with `stages` settle stages, in words: one that [`pause_margin`] does not
/// fill, whether or not the engine is graded.
#[must_use]
pub const fn smallest_queue(stages: usize) -> usize {
    (pause_margin(true, stages) + 2).next_power_of_two()
}

/// Number of an engine's parameter memories: weights, thresholds, identities, biases.
pub const MEMORIES: usize = 4;

impl EngineParams {
    /// Whether the second path is an identity.
    #[must_use]
    pub fn has_identity(&self) -> bool {
        self.paths
            .get(1)
            .is_some_and(|path| path.synapses == Synapses::OwnChannel)
    }

    /// Whether events of any path have values of any magnitude.
    #[must_use]
    pub fn is_graded(&self) -> bool {
        self.paths.iter().any(|path| path.sources.graded)
    }

    /// Units that end steps: one for each lane of the positions that do so at once.
    #[must_use]
    pub const fn units(&self) -> usize {
        self.swept * self.lanes
    }

    /// Words of a sweep that may still leave after a pause.
    #[must_use]
    pub fn pause_margin(&self) -> usize {
        pause_margin(self.is_graded(), self.settle.stages)
    }

    /// Parameter memories, in the order of their numbers.
    #[must_use]
    pub const fn memories(&self) -> [&ParameterMemoryParams; MEMORIES] {
        [&self.weights, &self.thresholds, &self.identities, &self.biases]
    }
}
