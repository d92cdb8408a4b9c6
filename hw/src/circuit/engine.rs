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
//! One engine serves every kind of layer. A fully-connected layer is a convolution whose kernel covers its source, a
//! pooling layer one whose sources meet their own channel alone, a residual junction has two paths into the same
//! membranes. The neurons of an output position lie in G = ⌈channels / L⌉ membrane words of L lanes.
//!
//! A spike costs one clock for each membrane word that it meets, an end of step one for each word of the layer, and
//! nothing beside. The pipeline is four clocks deep:
//!
//! | clock | |
//! |---|---|
//! | address | the walker shows a membrane word, its weight word and its group |
//! | read | membrane and weight memory show them; threshold and identity memory are addressed |
//! | compute | lanes add, or compare, leak and floor |
//! | write | results are written back, masks of fired lanes leave |
//!
//! A word that is addressed again in the next three clocks is forwarded, whether a spike's or a sweep's, so that
//! neither waits for the other. A clear is an end of step that zeroes every membrane and counter.

use super::fan_out::FanOut;
use super::lane::Lane;
use super::mask_pack::MaskPack;
use super::parameter_memory::{ParameterMemory, ParameterMemoryParams};
use super::signals;
use super::walker::Walker;
use super::window::{Window, WindowParams};
use super::word_memory::{MemoryShape, WordMemory};
use rust_hdl::prelude::*;

/// Most lanes an engine can have: the width of the fired mask.
pub const MAX_LANES: usize = 64;

/// Run-time parameters of an [`Engine`].
#[derive(Clone, Debug)]
pub struct EngineParams {
    /// Index of the layer, which numbers its parameter memories.
    pub layer: usize,
    /// The paths into the membranes: one, or two of a residual junction.
    pub paths: Vec<WindowParams>,
    /// Lanes: neurons updated in a clock.
    pub lanes: usize,
    /// Membrane words of a position: ⌈channels / lanes⌉.
    pub groups: usize,
    /// Shifts of the leak.
    pub leak_shifts: Vec<u8>,
    /// Lowest membrane at the end of a step.
    pub floor: i32,
    /// False for the output layer.
    pub fires: bool,
    /// The weights of all paths that have weight words, one path's after the other's; one word of ones for pooling.
    pub weights: ParameterMemoryParams,
    /// What an identity's spike adds, `groups` words; one word of zeros without an identity.
    pub identities: ParameterMemoryParams,
    /// The thresholds: `groups` words.
    pub thresholds: ParameterMemoryParams,
    /// The membranes: positions · `groups` words.
    pub membranes: MemoryShape,
}

/// See the [module](self).
#[derive(Debug, LogicBlock)]
pub struct Engine {
    /// The clock.
    pub clock: Signal<In, Clock>,
    /// The next event of each path.
    pub event_data: Vec<Signal<In, Bits<32>>>,
    /// There is an event.
    pub event_valid: Vec<Signal<In, Bit>>,
    /// Takes it.
    pub event_ready: Vec<Signal<Out, Bit>>,
    /// Whoever takes the masks needs the sweep to pause; up to four more words come.
    pub pause: Signal<In, Bit>,
    /// A word of the sweep is written.
    pub swept: Signal<Out, Bit>,
    /// It is the sweep's last.
    pub swept_last: Signal<Out, Bit>,
    /// The sweep is a clear.
    pub swept_clear: Signal<Out, Bit>,
    /// Lanes of that word that fired; lane 0 in the lowest bit.
    pub fired_mask: Signal<Out, Bits<64>>,
    /// The word as it is written.
    pub swept_data: Vec<Signal<Out, Signed<32>>>,
    /// Parameter memory to load, of all in the core.
    pub load_select: Signal<In, Bits<8>>,
    /// Byte to shift into its next word.
    pub load_byte: Signal<In, Bits<8>>,
    /// Shifts it in.
    pub load_shift: Signal<In, Bit>,
    /// Writes the word.
    pub load_write: Signal<In, Bit>,
    /// Where it is written.
    pub load_address: Signal<In, Bits<24>>,
    /// Clocks spent on spikes and sweeps since the last clear: those in which a word is addressed, and any in which none
    /// is though there was something to do in the clock before. Waiting for events or for room is not counted, nor the
    /// way of an event into an idle engine.
    pub busy_cycles: Signal<Out, Bits<32>>,
    /// Clocks in which a sweep had to pause since the last clear.
    pub stalled_cycles: Signal<Out, Bits<32>>,
    /// Something is in the engine.
    pub busy: Signal<Out, Bit>,
    windows: Vec<Window>,
    walker: Walker,
    lanes: Vec<Lane>,
    weights: ParameterMemory,
    identities: ParameterMemory,
    thresholds: ParameterMemory,
    membranes: WordMemory,
    pack: MaskPack,
    /// Reading: the memories show the words.
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
    /// Computing: the lanes hold the words.
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
    /// Writing: the lanes show results.
    writing: DFF<Bit>,
    write_sweep: DFF<Bit>,
    write_clears: DFF<Bit>,
    write_last: DFF<Bit>,
    write_address: DFF<Bits<24>>,
    busy_count: DFF<Bits<32>>,
    loadable: DFF<Bit>,
    stalled_count: DFF<Bits<32>>,
    /// A path below the index has an event that does not wait for another path.
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
    /// An engine of the given parameters.
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
        Self {
            clock: Signal::default(),
            event_data: signals(paths),
            event_valid: signals(paths),
            event_ready: signals(paths),
            pause: Signal::default(),
            swept: Signal::default(),
            swept_last: Signal::default(),
            swept_clear: Signal::default(),
            fired_mask: Signal::default(),
            swept_data: signals(lanes),
            load_select: Signal::default(),
            load_byte: Signal::default(),
            load_shift: Signal::default(),
            load_write: Signal::default(),
            load_address: Signal::default(),
            busy_cycles: Signal::default(),
            stalled_cycles: Signal::default(),
            busy: Signal::default(),
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
            reading: DFF::default(),
            read_sweep: DFF::default(),
            read_clears: DFF::default(),
            read_last: DFF::default(),
            read_negative: DFF::default(),
            read_own: DFF::default(),
            read_second: DFF::default(),
            read_lane: DFF::default(),
            read_group: DFF::default(),
            read_address: DFF::default(),
            take_last: FanOut::new(lanes),
            take_older: FanOut::new(lanes),
            computing: DFF::default(),
            compute_sweep: FanOut::new(lanes),
            compute_clears: FanOut::new(lanes),
            compute_last: DFF::default(),
            compute_negative: FanOut::new(lanes),
            compute_own: FanOut::new(lanes),
            compute_second: FanOut::new(lanes),
            compute_lane: DFF::default(),
            compute_address: DFF::default(),
            forward_last: FanOut::new(lanes),
            writing: DFF::default(),
            write_sweep: DFF::default(),
            write_clears: DFF::default(),
            write_last: DFF::default(),
            write_address: DFF::default(),
            busy_count: DFF::default(),
            loadable: DFF::default(),
            stalled_count: DFF::default(),
            waiting: signals(paths + 1),
            loads_weights: Signal::default(),
            loads_thresholds: Signal::default(),
            loads_identities: Signal::default(),
            weights_number: memory(0),
            thresholds_number: memory(1),
            identities_number: memory(2),
            lane_number: (0..lanes)
                .map(|lane| Constant::new((lane as u64).into()))
                .collect(),
        }
    }
}

/// Parameter memories of an engine: weights, thresholds, identities.
pub const MEMORIES: usize = 3;

impl EngineParams {
    /// Whether the second path is an identity.
    #[must_use]
    pub fn has_identity(&self) -> bool {
        let own = |path: &WindowParams| matches!(path.synapses, super::window::Synapses::OwnChannel { .. });
        self.paths.get(1).is_some_and(own)
    }

    /// The parameter memories, in the order of their numbers.
    #[must_use]
    pub const fn memories(&self) -> [&ParameterMemoryParams; MEMORIES] {
        [&self.weights, &self.thresholds, &self.identities]
    }
}

impl Logic for Engine {
    #[hdl_gen]
    fn update(&mut self) {
        dff_setup!(
            self,
            clock,
            reading,
            read_sweep,
            read_clears,
            read_last,
            read_negative,
            read_own,
            read_second,
            read_lane,
            read_group,
            read_address,
            computing,
            compute_last,
            compute_lane,
            compute_address,
            writing,
            write_sweep,
            write_clears,
            write_last,
            write_address,
            busy_count,
            loadable,
            stalled_count
        );
        clock!(self, clock, walker, weights, identities, thresholds, membranes);
        clock!(self, clock, take_last, take_older, forward_last);
        clock!(
            self,
            clock,
            compute_sweep,
            compute_clears,
            compute_negative,
            compute_own,
            compute_second
        );
        // Events to windows, windows to the walker.
        self.waiting[0].next = false;
        for i in 0..self.windows.len() {
            self.windows[i].clock.next = self.clock.val();
            self.windows[i].event_data.next = self.event_data[i].val();
            self.windows[i].event_valid.next = self.event_valid[i].val();
            self.event_ready[i].next = self.windows[i].event_ready.val();
            self.walker.walk_held[i].next = self.windows[i].held.val();
            self.walker.walk_marker[i].next = self.windows[i].marker.val();
            self.walker.walk_clears[i].next = self.windows[i].clears.val();
            self.walker.walk_negative[i].next = self.windows[i].negative.val();
            self.walker.walk_membrane[i].next = self.windows[i].membrane.val();
            self.walker.walk_weight[i].next = self.windows[i].weight.val();
            self.walker.walk_run[i].next = self.windows[i].run.val();
            self.walker.walk_rows[i].next = self.windows[i].rows.val();
            self.walker.walk_group[i].next = self.windows[i].group.val();
            self.walker.walk_lane[i].next = self.windows[i].lane.val();
            self.windows[i].take.next = self.walker.walk_take[i].val();
            // A path that is at its marker waits for the other path, whatever comes behind it.
            self.waiting[i + 1].next = self.waiting[i].val()
                || (self.event_valid[i].val()
                    && !(self.windows[i].held.val() && self.windows[i].marker.val()));
        }
        self.walker.pause.next = self.pause.val();

        // Address.
        self.membranes.read_address.next = self.walker.membrane_address.val();
        self.weights.read_address.next = self.walker.weight_address.val();
        self.reading.d.next = self.walker.issue.val();
        self.read_sweep.d.next = self.walker.sweep.val();
        self.read_clears.d.next = self.walker.clears.val();
        self.read_last.d.next = self.walker.last.val();
        self.read_negative.d.next = self.walker.negative.val();
        self.read_own.d.next = self.walker.own_channel.val();
        self.read_second.d.next = self.walker.second_path.val() && self.has_identity.val();
        self.read_lane.d.next = self.walker.lane.val();
        self.read_group.d.next = self.walker.group.val();
        self.read_address.d.next = self.walker.membrane_address.val();
        // Two words ahead is computed in this clock and there when this one is read; three ahead is written now.
        self.take_last.flag.next =
            self.computing.q.val() && (self.compute_address.q.val() == self.walker.membrane_address.val());
        self.take_older.flag.next =
            self.writing.q.val() && (self.write_address.q.val() == self.walker.membrane_address.val());

        // Read.
        self.thresholds.read_address.next = self.read_group.q.val();
        self.identities.read_address.next = self.read_group.q.val();
        self.computing.d.next = self.reading.q.val();
        self.compute_sweep.flag.next = self.read_sweep.q.val();
        self.compute_clears.flag.next = self.read_clears.q.val();
        self.compute_last.d.next = self.read_last.q.val();
        self.compute_negative.flag.next = self.read_negative.q.val();
        self.compute_own.flag.next = self.read_own.q.val();
        self.compute_second.flag.next = self.read_second.q.val();
        self.compute_lane.d.next = self.read_lane.q.val();
        self.compute_address.d.next = self.read_address.q.val();
        self.forward_last.flag.next =
            self.computing.q.val() && (self.compute_address.q.val() == self.read_address.q.val());

        // Compute.
        self.writing.d.next = self.computing.q.val();
        self.write_sweep.d.next = self.computing.q.val() && self.compute_sweep.lanes[0].val();
        self.write_clears.d.next = self.compute_clears.lanes[0].val();
        self.write_last.d.next = self.compute_last.q.val();
        self.write_address.d.next = self.compute_address.q.val();
        for i in 0..self.lanes.len() {
            self.lanes[i].clock.next = self.clock.val();
            self.lanes[i].membrane.next = self.membranes.read_data[i].val();
            self.lanes[i].weight.next = self.weights.read_data[i].val();
            self.lanes[i].take_last.next = self.take_last.lanes[i].val();
            self.lanes[i].take_older.next = self.take_older.lanes[i].val();
            self.lanes[i].identity.next = self.identities.read_data[i].val();
            self.lanes[i].adds_identity.next = self.compute_second.lanes[i].val();
            self.lanes[i].threshold.next = self.thresholds.read_data[i].val();
            self.lanes[i].meets.next =
                !self.compute_own.lanes[i].val() || (self.compute_lane.q.val() == self.lane_number[i].val());
            self.lanes[i].negative.next = self.compute_negative.lanes[i].val();
            self.lanes[i].sweep.next = self.compute_sweep.lanes[i].val();
            self.lanes[i].clears.next = self.compute_clears.lanes[i].val();
            self.lanes[i].forward_last.next = self.forward_last.lanes[i].val();
            self.membranes.write_data[i].next = self.lanes[i].result.val();
            self.swept_data[i].next = self.lanes[i].result.val();
            self.pack.flags[i].next = self.lanes[i].fired.val();
        }

        // Write.
        self.membranes.write_enable.next = self.writing.q.val();
        self.membranes.write_address.next = self.write_address.q.val();
        self.swept.next = self.write_sweep.q.val();
        self.swept_last.next = self.write_last.q.val();
        self.swept_clear.next = self.write_clears.q.val();
        self.fired_mask.next = self.pack.mask.val();

        // Parameters.
        self.loads_weights.next = self.load_select.val() == self.weights_number.val();
        self.weights.load_byte.next = self.load_byte.val();
        self.weights.load_shift.next = self.load_shift.val() && self.loads_weights.val();
        self.weights.load_write.next = self.load_write.val() && self.loads_weights.val();
        self.weights.load_address.next = self.load_address.val();
        self.loads_thresholds.next = self.load_select.val() == self.thresholds_number.val();
        self.thresholds.load_byte.next = self.load_byte.val();
        self.thresholds.load_shift.next = self.load_shift.val() && self.loads_thresholds.val();
        self.thresholds.load_write.next = self.load_write.val() && self.loads_thresholds.val();
        self.thresholds.load_address.next = self.load_address.val();
        self.loads_identities.next = self.load_select.val() == self.identities_number.val();
        self.identities.load_byte.next = self.load_byte.val();
        self.identities.load_shift.next = self.load_shift.val() && self.loads_identities.val();
        self.identities.load_write.next = self.load_write.val() && self.loads_identities.val();
        self.identities.load_address.next = self.load_address.val();

        // Counters.
        for i in self.windows.len()..self.waiting.len() {
            self.busy.next = self.walker.busy.val()
                || self.waiting[i].val()
                || self.reading.q.val()
                || self.computing.q.val()
                || self.writing.q.val();
        }
        self.loadable.d.next = self.walker.loadable.val();
        if self.walker.issue.val() || (self.loadable.q.val() && !self.walker.stalled.val()) {
            self.busy_count.d.next = self.busy_count.q.val() + 1;
        }
        if self.walker.stalled.val() {
            self.stalled_count.d.next = self.stalled_count.q.val() + 1;
        }
        if self.write_sweep.q.val() && self.write_last.q.val() && self.write_clears.q.val() {
            self.busy_count.d.next = 0.into();
            self.stalled_count.d.next = 0.into();
        }
        self.busy_cycles.next = self.busy_count.q.val();
        self.stalled_cycles.next = self.stalled_count.q.val();
    }
}
