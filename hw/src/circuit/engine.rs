//! Synaptic engine of a fully-connected layer: integrates events, and sweeps the neurons at the end of a step.
//!
//! ```text
//!             ┌──────────────────────────────────────┐
//!  event ────►│ weights   ─┐                         │
//!             │ thresholds ├─► lane 0 … lane L−1 ─┐   ├──► fired lanes of a word
//!             │ membranes ─┘◄────────────────────┘   ├──► end of step, clear
//!             └──────────────────────────────────────┘
//! ```
//!
//! The layer's N neurons lie in G = ⌈N / L⌉ membrane words of L lanes. A spike costs one clock a word: the word
//! g of source s's weights is at g · sources + s, so that no multiplier is needed to find it. An end of step
//! costs one clock a word, and 4 more in all. A clear is an end of step that zeroes every membrane and counter.
//!
//! Pipeline of a spike: address | memories | add and write back. A word written in the clock in which it is
//! read again (one word per layer) is forwarded. Pipeline of the sweep: address | memories | compare, leak |
//! reset, floor, write back.

use super::event::{CLEAR, SPIKE};
use super::lane::Lane;
use super::mask_pack::MaskPack;
use super::signals;
use super::word_memory::{WordMemory, WordMemoryParams};
use rust_hdl::prelude::*;

/// Most lanes an engine can have: the width of the fired mask.
pub const MAX_LANES: usize = 64;

/// Run-time parameters of an [`Engine`].
#[derive(Clone, Debug)]
pub struct EngineParams {
    /// Number of sources.
    pub inputs: usize,
    /// Lanes: neurons updated in a clock.
    pub lanes: usize,
    /// Words of the membrane memory: ⌈neurons / lanes⌉.
    pub groups: usize,
    /// Shifts of the leak.
    pub leak_shifts: Vec<u8>,
    /// Lowest membrane at the end of a step.
    pub floor: i32,
    /// False for the output layer.
    pub fires: bool,
    /// The weights: `groups · inputs` words, word g · inputs + s for source s.
    pub weights: WordMemoryParams,
    /// The membranes: `groups` words.
    pub membranes: WordMemoryParams,
    /// The thresholds: `groups` words.
    pub thresholds: WordMemoryParams,
}

/// What an engine is doing.
#[derive(Copy, Clone, PartialEq, Debug, LogicState)]
pub enum EngineState {
    /// Waiting for events and integrating spikes.
    Integrate,
    /// Reading word after word for the end of the step.
    Sweep,
    /// Writing the last words.
    Flush,
}

/// See the [module](self).
#[derive(Debug, LogicBlock)]
pub struct Engine {
    /// The clock.
    pub clock: Signal<In, Clock>,
    /// The next event.
    pub event_data: Signal<In, Bits<32>>,
    /// There is an event.
    pub event_valid: Signal<In, Bit>,
    /// Takes it.
    pub event_ready: Signal<Out, Bit>,
    /// Lanes of a swept word that fired; lane 0 in the highest of the `lanes` bits.
    pub fired_mask: Signal<Out, Bits<64>>,
    /// The mask is that of the next word of the sweep.
    pub fired_valid: Signal<Out, Bit>,
    /// The sweep has ended: one clock, after the last mask.
    pub sweep_done: Signal<Out, Bit>,
    /// The sweep that has ended was a clear.
    pub sweep_cleared: Signal<Out, Bit>,
    /// Whoever takes the masks needs the sweep to pause.
    pub pause: Signal<In, Bit>,
    /// Membrane word to show in `readout_data` while the engine is idle.
    pub readout_group: Signal<In, Bits<24>>,
    /// Membranes of last clock's `readout_group`, if the engine was idle.
    pub readout_data: Vec<Signal<Out, Signed<32>>>,
    /// Spikes taken since the last clear.
    pub spikes_in: Signal<Out, Bits<32>>,
    /// Clocks in which the engine was not idle since the last clear.
    pub busy_cycles: Signal<Out, Bits<32>>,
    /// The engine is not idle.
    pub busy: Signal<Out, Bit>,
    lanes: Vec<Lane>,
    weights: WordMemory,
    membranes: WordMemory,
    thresholds: WordMemory,
    mask: MaskPack,
    state: DFF<EngineState>,
    /// Word that is addressed.
    group: DFF<Bits<24>>,
    /// group · inputs.
    weight_base: DFF<Bits<24>>,
    /// The memories show the words of a spike.
    adding: DFF<Bit>,
    adding_group: DFF<Bits<24>>,
    adding_negative: DFF<Bit>,
    /// A sum was written in the last clock.
    added: DFF<Bit>,
    added_group: DFF<Bits<24>>,
    /// The memories show a word of the sweep.
    sweeping: DFF<Bit>,
    sweeping_group: DFF<Bits<24>>,
    /// The lanes hold a word of the sweep.
    swept: DFF<Bit>,
    swept_group: DFF<Bits<24>>,
    spike_count: DFF<Bits<32>>,
    busy_count: DFF<Bits<32>>,
    kind: Signal<Local, Bits<2>>,
    last_word: Signal<Local, Bit>,
    forward: Signal<Local, Bit>,
    clearing: Signal<Local, Bit>,
    group_next: Signal<Local, Bits<24>>,
    last_group: Constant<Bits<24>>,
    /// Bits that a group and a weight address need; tells synthesis that the others stay 0.
    group_mask: Constant<Bits<24>>,
    weight_mask: Constant<Bits<24>>,
    inputs: Constant<Bits<24>>,
    kind_spike: Constant<Bits<2>>,
    kind_clear: Constant<Bits<2>>,
    address_shift: Constant<Bits<6>>,
}

impl Engine {
    /// An engine of the given parameters.
    ///
    /// # Panics
    /// If the memories do not have the engine's shape: a bug of the generator.
    #[must_use]
    pub fn new(params: EngineParams) -> Self {
        let EngineParams {
            inputs,
            lanes,
            groups,
            ..
        } = params;
        assert!((1..=MAX_LANES).contains(&lanes), "{lanes} lanes");
        for (memory, depth) in [
            (&params.weights, groups * inputs),
            (&params.membranes, groups),
            (&params.thresholds, groups),
        ] {
            assert_eq!(
                (memory.depth, memory.lanes),
                (depth, lanes),
                "shape of an engine's memory"
            );
        }
        Self {
            clock: Signal::default(),
            event_data: Signal::default(),
            event_valid: Signal::default(),
            event_ready: Signal::default(),
            fired_mask: Signal::default(),
            fired_valid: Signal::default(),
            sweep_done: Signal::default(),
            sweep_cleared: Signal::default(),
            pause: Signal::default(),
            readout_group: Signal::default(),
            readout_data: signals(lanes),
            spikes_in: Signal::default(),
            busy_cycles: Signal::default(),
            busy: Signal::default(),
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
            weights: WordMemory::new(params.weights),
            membranes: WordMemory::new(params.membranes),
            thresholds: WordMemory::new(params.thresholds),
            mask: MaskPack::new(lanes),
            state: DFF::default(),
            group: DFF::default(),
            weight_base: DFF::default(),
            adding: DFF::default(),
            adding_group: DFF::default(),
            adding_negative: DFF::default(),
            added: DFF::default(),
            added_group: DFF::default(),
            sweeping: DFF::default(),
            sweeping_group: DFF::default(),
            swept: DFF::default(),
            swept_group: DFF::default(),
            spike_count: DFF::default(),
            busy_count: DFF::default(),
            kind: Signal::default(),
            last_word: Signal::default(),
            forward: Signal::default(),
            clearing: Signal::default(),
            group_next: Signal::default(),
            group_mask: Constant::new((groups.next_power_of_two() as u64 - 1).into()),
            weight_mask: Constant::new(((groups * inputs).next_power_of_two() as u64 - 1).into()),
            last_group: Constant::new((groups as u64 - 1).into()),
            inputs: Constant::new((inputs as u64).into()),
            kind_spike: Constant::new(u64::from(SPIKE).into()),
            kind_clear: Constant::new(u64::from(CLEAR).into()),
            address_shift: Constant::new((super::event::ADDRESS_SHIFT as u64).into()),
        }
    }
}

impl Logic for Engine {
    #[hdl_gen]
    fn update(&mut self) {
        dff_setup!(
            self,
            clock,
            state,
            group,
            weight_base,
            adding,
            adding_group,
            adding_negative,
            added,
            added_group,
            sweeping,
            sweeping_group,
            swept,
            swept_group,
            spike_count,
            busy_count
        );
        clock!(self, clock, weights, membranes, thresholds);
        self.kind.next = self.event_data.val().get_bits::<2>(0);
        self.clearing.next = self.kind.val() == self.kind_clear.val();
        self.last_word.next = self.group.q.val() == self.last_group.val();
        self.group_next.next = (self.group.q.val() + 1) & self.group_mask.val();
        self.event_ready.next = false;
        self.sweep_done.next = false;
        self.sweep_cleared.next = self.clearing.val();
        self.busy.next = self.event_valid.val() || self.adding.q.val();

        // Addresses. Nothing is read unless the state machine below says so.
        self.weights.read_address.next = self.weight_base.q.val()
            + self
                .event_data
                .val()
                .get_bits::<24>(self.address_shift.val().index());
        self.thresholds.read_address.next = self.group.q.val();
        self.membranes.read_address.next = self.group.q.val();
        self.adding.d.next = false;
        self.adding_group.d.next = self.group.q.val();
        self.adding_negative.d.next = self.event_data.val().get_bit(2);
        self.added.d.next = self.adding.q.val();
        self.added_group.d.next = self.adding_group.q.val();
        self.sweeping.d.next = false;
        self.sweeping_group.d.next = self.group.q.val();
        self.swept.d.next = self.sweeping.q.val();
        self.swept_group.d.next = self.sweeping_group.q.val();

        match self.state.q.val() {
            EngineState::Integrate => {
                if self.event_valid.val() {
                    if self.kind.val() == self.kind_spike.val() {
                        self.adding.d.next = true;
                        self.group.d.next = self.group_next.val();
                        self.weight_base.d.next =
                            (self.weight_base.q.val() + self.inputs.val()) & self.weight_mask.val();
                        if self.last_word.val() {
                            self.group.d.next = 0.into();
                            self.weight_base.d.next = 0.into();
                            self.event_ready.next = true;
                            self.spike_count.d.next = self.spike_count.q.val() + 1;
                        }
                    } else {
                        // The sum on its way is written at the end of this clock, before the sweep reads.
                        self.state.d.next = EngineState::Sweep;
                    }
                } else {
                    self.membranes.read_address.next = self.readout_group.val();
                }
            }
            EngineState::Sweep => {
                if !self.pause.val() {
                    self.sweeping.d.next = true;
                    self.group.d.next = self.group_next.val();
                    if self.last_word.val() {
                        self.group.d.next = 0.into();
                        self.state.d.next = EngineState::Flush;
                    }
                }
            }
            EngineState::Flush => {
                if !self.sweeping.q.val() && !self.swept.q.val() {
                    self.event_ready.next = true;
                    self.sweep_done.next = true;
                    self.state.d.next = EngineState::Integrate;
                }
            }
        }

        // Lanes, and what they write back.
        self.forward.next = self.added.q.val() && (self.added_group.q.val() == self.adding_group.q.val());
        self.weights.write_enable.next = false;
        self.weights.write_address.next = 0.into();
        self.thresholds.write_enable.next = false;
        self.thresholds.write_address.next = 0.into();
        self.membranes.write_enable.next = self.adding.q.val() || self.swept.q.val();
        self.membranes.write_address.next = self.adding_group.q.val();
        if self.swept.q.val() {
            self.membranes.write_address.next = self.swept_group.q.val();
        }
        self.fired_mask.next = self.mask.mask.val();
        for i in 0..self.lanes.len() {
            self.lanes[i].clock.next = self.clock.val();
            self.lanes[i].membrane.next = self.membranes.read_data[i].val();
            self.lanes[i].weight.next = self.weights.read_data[i].val();
            self.lanes[i].threshold.next = self.thresholds.read_data[i].val();
            self.lanes[i].negative.next = self.adding_negative.q.val();
            self.lanes[i].forward.next = self.forward.val();
            self.lanes[i].clear.next = self.clearing.val();
            self.weights.write_data[i].next = 0.into();
            self.thresholds.write_data[i].next = 0.into();
            self.membranes.write_data[i].next = self.lanes[i].sum.val();
            if self.swept.q.val() {
                self.membranes.write_data[i].next = self.lanes[i].updated.val();
            }
            self.mask.flags[i].next = self.lanes[i].fired.val();
            self.readout_data[i].next = self.membranes.read_data[i].val();
        }
        self.fired_valid.next = self.swept.q.val();

        // Counters.
        self.spikes_in.next = self.spike_count.q.val();
        self.busy_cycles.next = self.busy_count.q.val();
        if self.busy.val() {
            self.busy_count.d.next = self.busy_count.q.val() + 1;
        }
        if self.sweep_done.val() && self.clearing.val() {
            self.spike_count.d.next = 0.into();
            self.busy_count.d.next = 0.into();
        }
    }
}
