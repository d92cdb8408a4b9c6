//! Engine of a layer: integrates the spikes of its sources, and sweeps its neurons at the end of a step.
//!
//! ```text
//!              ┌───────────────────────────────────────────────────────┐
//!  event 0 ───►│ window ─┐            weights    ─┐                    │
//!              │         ├─► walker ─► thresholds ├─► lane 0 … L−1 ─┐  ├──► fired lanes of a word
//!  event 1 ───►│ window ─┘            membranes ◄─┼────────────────┘  │
//!   (junction) │                      identities ─┘                   │
//!              └───────────────────────────────────────────────────────┘
//! ```
//!
//! One engine serves every kind of layer. A fully-connected layer is a convolution whose kernel covers its
//! source. A pooling layer is a convolution whose sources meet only their own channel. A residual junction
//! has two paths into the same membranes. The neurons of an output position lie in G = ⌈channels / L⌉
//! membrane words of L lanes.
//!
//! A spike costs one cycle for each membrane word that it meets, an end of step one cycle for each word of
//! the layer; there are no other costs. The pipeline has four stages of one cycle each:
//!
//! | stage | |
//! |---|---|
//! | address | the walker outputs the addresses of a membrane word and its weight word, and the word's group |
//! | read | the membrane and weight memories output the words; the threshold and identity memories are addressed |
//! | compute | the lanes add a weight, or compare, leak and floor |
//! | write | the results are written back; the mask of fired lanes leaves |
//!
//! If a word is addressed again within the next three cycles, its newest value is forwarded, for spikes and
//! sweeps alike. So neither ever waits for the other. A clear is an end of step that sets every membrane and
//! counter to 0.

mod kernel;

use super::fan_out::FanOut;
use super::lane::Lane;
use super::load_port::LoadPort;
use super::mask_pack::MaskPack;
use super::parameter_memory::{ParameterMemory, ParameterMemoryParams};
use super::walker::Walker;
use super::window::{Window, WindowParams};
use super::word_memory::{MemoryShape, WordMemory};
use super::{signals, with_defaults};
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
    /// Neurons that are updated per cycle.
    pub lanes: usize,
    /// Membrane words per position: ⌈channels / lanes⌉.
    pub groups: usize,
    /// Right shifts whose sum is the leak.
    pub leak_shifts: Vec<u8>,
    /// Lowest membrane after the end of a step.
    pub floor: i32,
    /// Whether neurons fire; false for the output layer.
    pub fires: bool,
    /// Weight memory: the weight words of all paths, one path after the other; a single word of ones for
    /// pooling.
    pub weights: ParameterMemoryParams,
    /// Identity memory: what an identity's spike adds, `groups` words; a single word of zeros without an
    /// identity.
    pub identities: ParameterMemoryParams,
    /// Threshold memory: `groups` words.
    pub thresholds: ParameterMemoryParams,
    /// Shape of the membrane memory: positions · `groups` words.
    pub membranes: MemoryShape,
}

/// The engine of one layer.
#[derive(Debug, LogicBlock)]
pub struct Engine {
    /// Core clock; all registers change on its rising edge.
    pub clock: Signal<In, Clock>,
    /// Next event of path p, 32 bits, encoded as in [`event`](super::event); valid while `event_valid[p]` is
    /// high. A spike must meet at least one position.
    pub event_data: Vec<Signal<In, Bits<32>>>,
    /// High while `event_data[p]` holds an event.
    pub event_valid: Vec<Signal<In, Bit>>,
    /// High in the cycle in which the engine takes the event of path p; only while `event_valid[p]` is high.
    pub event_ready: Vec<Signal<Out, Bit>>,
    /// High to stall the sweep; up to four more words follow, which are in the pipeline.
    pub pause: Signal<In, Bit>,
    /// High in a cycle in which a word of a sweep is written back.
    pub swept: Signal<Out, Bit>,
    /// High if the word is the last of the sweep; valid while `swept` is high.
    pub swept_last: Signal<Out, Bit>,
    /// High if the sweep is a clear; valid while `swept` is high.
    pub swept_clear: Signal<Out, Bit>,
    /// Lanes of the word whose neurons fired, lane 0 in the lowest bit; valid while `swept` is high. Bits
    /// beyond the lanes are 0.
    pub fired_mask: Signal<Out, Bits<64>>,
    /// Membranes of the word as they are written, one port per lane; valid while `swept` is high. 32 bits,
    /// sign-extended.
    pub swept_data: Vec<Signal<Out, Signed<32>>>,
    /// Load port of the engine's parameter memories; to be used only while the engine is idle.
    pub load: LoadPort,
    /// Cycles spent on spikes and sweeps since the last clear: those in which a word is addressed, and those
    /// in which none is although there was work to do in the cycle before. Cycles without events or stalled
    /// for lack of room are not counted, nor is the way of an event into an idle engine.
    pub busy_cycles: Signal<Out, Bits<32>>,
    /// Cycles since the last clear in which `pause` stalled a sweep.
    pub stalled_cycles: Signal<Out, Bits<32>>,
    /// High while the engine has work: a walk, a sweep, a word in the pipeline, or an event that need not
    /// wait for the other path.
    pub busy: Signal<Out, Bit>,
    windows: Vec<Window>,
    walker: Walker,
    lanes: Vec<Lane>,
    weights: ParameterMemory,
    identities: ParameterMemory,
    thresholds: ParameterMemory,
    membranes: WordMemory,
    pack: MaskPack,
    /// Read stage: the membrane and weight memories output the words.
    reading: DFF<Bit>,
    read_sweep: DFF<Bit>,
    read_clears: DFF<Bit>,
    read_last: DFF<Bit>,
    read_negative: DFF<Bit>,
    read_own: DFF<Bit>,
    read_second: DFF<Bit>,
    read_lane: DFF<Bits<8>>,
    read_group: DFF<Bits<24>>,
    read_address: DFF<Bits<24>>,
    take_last: FanOut,
    take_older: FanOut,
    /// Compute stage: the lanes hold the words.
    computing: DFF<Bit>,
    compute_sweep: FanOut,
    compute_clears: FanOut,
    compute_last: DFF<Bit>,
    compute_negative: FanOut,
    compute_own: FanOut,
    compute_second: FanOut,
    compute_lane: DFF<Bits<8>>,
    compute_address: DFF<Bits<24>>,
    forward_last: FanOut,
    /// Write stage: the lanes output the results.
    writing: DFF<Bit>,
    write_sweep: DFF<Bit>,
    write_clears: DFF<Bit>,
    write_last: DFF<Bit>,
    write_address: DFF<Bits<24>>,
    busy_count: DFF<Bits<32>>,
    loadable: DFF<Bit>,
    stalled_count: DFF<Bits<32>>,
    /// High if any path below the index has an event that need not wait for the other path.
    waiting: Vec<Signal<Local, Bit>>,
    loads_weights: Signal<Local, Bit>,
    loads_thresholds: Signal<Local, Bit>,
    loads_identities: Signal<Local, Bit>,
    lane_number: Vec<Constant<Bits<8>>>,
    has_identity: Constant<Bit>,
    weights_number: Constant<Bits<8>>,
    thresholds_number: Constant<Bits<8>>,
    identities_number: Constant<Bits<8>>,
}

impl Engine {
    /// Builds an engine of the given parameters.
    ///
    /// # Panics
    /// If the memories do not have the engine's shape: a bug of the generator.
    #[must_use]
    pub fn new(params: EngineParams) -> Self {
        let EngineParams { lanes, groups, .. } = params;
        assert!((1..=MAX_LANES).contains(&lanes), "{lanes} lanes");
        let first = &params.paths[0];
        let words = first.rows.outputs * first.columns.outputs * groups;
        let weight_words: usize = params.paths.iter().map(WindowParams::weight_words).sum();
        let pools = weight_words == 0;
        let identities = if params.has_identity() { groups } else { 1 };
        for (memory, depth) in [
            (params.weights.shape, if pools { 1 } else { weight_words }),
            (params.identities.shape, identities),
            (params.thresholds.shape, groups),
            (params.membranes, words),
        ] {
            assert_eq!(
                (memory.depth, memory.lanes),
                (depth, lanes),
                "shape of an engine's memory"
            );
        }
        assert!(
            params.paths.iter().all(|path| path.groups == groups),
            "groups of a path"
        );
        let paths = params.paths.len();
        let memory = |kind: usize| Constant::new(((params.layer * MEMORIES + kind) as u64).into());
        with_defaults! {
            Self {
                event_data: signals(paths),
                event_valid: signals(paths),
                event_ready: signals(paths),
                swept_data: signals(lanes),
                windows: params.paths.iter().map(Window::new).collect(),
                walker: Walker::new(&params.paths, words, weight_words),
                lanes: (0..lanes)
                    .map(|_| {
                        Lane::new(
                            &params.leak_shifts,
                            params.floor,
                            params.membranes.width,
                            params.fires,
                        )
                    })
                    .collect(),
                has_identity: Constant::new(params.has_identity()),
                weights: ParameterMemory::new(params.weights),
                identities: ParameterMemory::new(params.identities),
                thresholds: ParameterMemory::new(params.thresholds),
                membranes: WordMemory::new(params.membranes),
                pack: MaskPack::new(lanes),
                take_last: FanOut::new(lanes),
                take_older: FanOut::new(lanes),
                compute_sweep: FanOut::new(lanes),
                compute_clears: FanOut::new(lanes),
                compute_negative: FanOut::new(lanes),
                compute_own: FanOut::new(lanes),
                compute_second: FanOut::new(lanes),
                forward_last: FanOut::new(lanes),
                waiting: signals(paths + 1),
                weights_number: memory(0),
                thresholds_number: memory(1),
                identities_number: memory(2),
                lane_number: (0..lanes)
                    .map(|lane| Constant::new((lane as u64).into()))
                    .collect(),
            }
            clock, load, pause, swept, swept_last, swept_clear, fired_mask, busy_cycles, stalled_cycles, busy,
            reading, read_sweep, read_clears, read_last, read_negative, read_own, read_second, read_lane,
            read_group, read_address, computing, compute_last, compute_lane, compute_address, writing,
            write_sweep, write_clears, write_last, write_address, busy_count, loadable, stalled_count,
            loads_weights, loads_thresholds, loads_identities,
        }
    }
}

/// Number of an engine's parameter memories: weights, thresholds, identities.
pub const MEMORIES: usize = 3;

impl EngineParams {
    /// Whether the second path is an identity.
    #[must_use]
    pub fn has_identity(&self) -> bool {
        let own = |path: &WindowParams| matches!(path.synapses, super::window::Synapses::OwnChannel { .. });
        self.paths.get(1).is_some_and(own)
    }

    /// Parameter memories, in the order of their numbers.
    #[must_use]
    pub const fn memories(&self) -> [&ParameterMemoryParams; MEMORIES] {
        [&self.weights, &self.thresholds, &self.identities]
    }
}
