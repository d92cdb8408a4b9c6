//! Early exit: stops an inference after the first step whose leading class is ahead by at least that step's margin.
//!
//! ```text
//!  events ──►┌──────────┐──► output layer ──► snapshot of its membranes
//!            │   gate   │                        │ a class every 2 clocks
//!            └────▲─────┘   ┌────────────────┐   │
//!                 └─────────┤ best, second,  │◄──┘
//!                  exited   │ lead ≥ margin? │◄── margins, one a step
//!                           └────────────────┘
//! ```
//!
//! The unit stands before the output layer. When an end of step has passed and the layer has completed it, the unit walks
//! the classes of its snapshot; meanwhile the spikes of the next step pass, but not its end, so that the decision is the
//! golden model's whatever the timing. Once exited, it takes everything and lets nothing pass but the clear, which starts
//! it afresh: the snapshot, and the number of steps done, stay those of the exit. Where `enable` is low, all passes.
//!
//! The decision falls 2 · classes + 2 clocks after the layer has completed the step. The lead is the largest membrane
//! less the second largest, 0 on a tie; a margin of all ones never stops, nor does a step beyond the last margin. Of a
//! single class the second is −2^31.

use super::identity::MARGIN_MEMORY;
use crate::circuit::event::{CLEAR, END_OF_STEP};
use crate::circuit::word_store::WordStore;
use rust_hdl::prelude::*;

/// Run-time parameters of an [`EarlyExit`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct EarlyExitParams {
    /// Classes.
    pub classes: usize,
    /// Lanes of the output layer's membrane words.
    pub lanes: usize,
    /// Margins: steps of an inference.
    pub steps: usize,
}

/// What the unit is doing.
#[derive(Copy, Clone, PartialEq, Debug, LogicState)]
pub enum ExitState {
    /// Everything passes.
    Open,
    /// An end of step has passed, and the layer has not completed it.
    Passed,
    /// A class is addressed.
    Address,
    /// Its membrane shows.
    Compare,
    /// All classes are seen.
    Decide,
    /// Nothing passes but a clear.
    Exited,
}

/// See the [module](self).
#[derive(Debug, LogicBlock)]
pub struct EarlyExit {
    /// The clock.
    pub clock: Signal<In, Clock>,
    /// Event for the output layer.
    pub in_data: Signal<In, Bits<32>>,
    /// There is an event.
    pub in_valid: Signal<In, Bit>,
    /// Takes it.
    pub in_ready: Signal<Out, Bit>,
    /// Event that passes.
    pub out_data: Signal<Out, Bits<32>>,
    /// There is one.
    pub out_valid: Signal<Out, Bit>,
    /// The output layer takes it.
    pub out_ready: Signal<In, Bit>,
    /// Whether inferences may exit; to be changed where a clear is on its way, and no later.
    pub enable: Signal<In, Bit>,
    /// Steps completed by the output layer since the last clear.
    pub steps_done: Signal<In, Bits<32>>,
    /// Clears completed by it since power-up.
    pub clears_done: Signal<In, Bits<8>>,
    /// Word of the snapshot to show.
    pub readout_group: Signal<Out, Bits<24>>,
    /// Lane of it.
    pub readout_lane: Signal<Out, Bits<8>>,
    /// The membrane, a clock later.
    pub readout_data: Signal<In, Signed<32>>,
    /// Memory that is loaded: the margins are [`MARGIN_MEMORY`], that of step 0 first.
    pub load_select: Signal<In, Bits<8>>,
    /// Byte to shift into the next margin, the lowest first.
    pub load_byte: Signal<In, Bits<8>>,
    /// Shifts it in.
    pub load_shift: Signal<In, Bit>,
    /// Writes the margin, in a clock of its own.
    pub load_write: Signal<In, Bit>,
    /// Its step.
    pub load_address: Signal<In, Bits<24>>,
    /// A decision is open; the readout is in use.
    pub busy: Signal<Out, Bit>,
    /// The inference has stopped early.
    pub exited: Signal<Out, Bit>,
    margins: WordStore<32>,
    loading: DFF<Bits<32>>,
    state: DFF<ExitState>,
    steps: DFF<Bits<32>>,
    clears: DFF<Bits<8>>,
    /// Number of the step that is decided on.
    step: DFF<Bits<16>>,
    in_table: DFF<Bit>,
    counted: DFF<Bits<16>>,
    group: DFF<Bits<24>>,
    lane: DFF<Bits<8>>,
    best: DFF<Signed<32>>,
    second: DFF<Signed<32>>,
    kind: Signal<Local, Bits<2>>,
    passes: Signal<Local, Bit>,
    drops: Signal<Local, Bit>,
    lead: Signal<Local, Bits<32>>,
    last_class: Constant<Bits<16>>,
    last_lane: Constant<Bits<8>>,
    step_count: Constant<Bits<32>>,
    never: Constant<Bits<32>>,
    lowest: Constant<Signed<32>>,
    kind_end: Constant<Bits<2>>,
    kind_clear: Constant<Bits<2>>,
    margin_memory: Constant<Bits<8>>,
}

impl EarlyExit {
    /// A unit for an output layer.
    ///
    /// # Panics
    /// Without classes, lanes or steps, or with more than 65,536 of either: a bug of the generator.
    #[must_use]
    pub fn new(params: EarlyExitParams) -> Self {
        let EarlyExitParams {
            classes,
            lanes,
            steps,
        } = params;
        assert!(
            (1..=1 << 16).contains(&classes) && (1..=1 << 16).contains(&steps) && (1..=256).contains(&lanes),
            "{params:?}"
        );
        Self {
            clock: Signal::default(),
            in_data: Signal::default(),
            in_valid: Signal::default(),
            in_ready: Signal::default(),
            out_data: Signal::default(),
            out_valid: Signal::default(),
            out_ready: Signal::default(),
            enable: Signal::default(),
            steps_done: Signal::default(),
            clears_done: Signal::default(),
            readout_group: Signal::default(),
            readout_lane: Signal::default(),
            readout_data: Signal::default(),
            load_select: Signal::default(),
            load_byte: Signal::default(),
            load_shift: Signal::default(),
            load_write: Signal::default(),
            load_address: Signal::default(),
            busy: Signal::default(),
            exited: Signal::default(),
            margins: WordStore::new(steps.max(2), 32),
            loading: DFF::default(),
            state: DFF::default(),
            steps: DFF::default(),
            clears: DFF::default(),
            step: DFF::default(),
            in_table: DFF::default(),
            counted: DFF::default(),
            group: DFF::default(),
            lane: DFF::default(),
            best: DFF::default(),
            second: DFF::default(),
            kind: Signal::default(),
            passes: Signal::default(),
            drops: Signal::default(),
            lead: Signal::default(),
            last_class: Constant::new((classes as u64 - 1).into()),
            last_lane: Constant::new((lanes as u64 - 1).into()),
            step_count: Constant::new((steps as u64).into()),
            never: Constant::new(u64::from(u32::MAX).into()),
            lowest: Constant::new(i64::from(i32::MIN).into()),
            kind_end: Constant::new(u64::from(END_OF_STEP).into()),
            kind_clear: Constant::new(u64::from(CLEAR).into()),
            margin_memory: Constant::new(u64::from(MARGIN_MEMORY).into()),
        }
    }
}

impl Logic for EarlyExit {
    #[hdl_gen]
    fn update(&mut self) {
        dff_setup!(
            self, clock, loading, state, steps, clears, step, in_table, counted, group, lane, best, second
        );
        clock!(self, clock, margins);
        if self.load_shift.val() {
            self.loading.d.next =
                (self.loading.q.val() >> 8) | (bit_cast::<32, 8>(self.load_byte.val()) << 24);
        }
        self.margins.write_address.next = self.load_address.val().get_bits::<16>(0);
        self.margins.write_data.next = self.loading.q.val();
        self.margins.write_enable.next =
            self.load_write.val() && (self.load_select.val() == self.margin_memory.val());
        self.margins.read_address.next = self.step.q.val();
        self.readout_group.next = self.group.q.val();
        self.readout_lane.next = self.lane.q.val();
        self.exited.next = self.state.q.val() == ExitState::Exited;
        self.busy.next = (self.state.q.val() != ExitState::Open) && (self.state.q.val() != ExitState::Exited);
        self.lead.next = bit_cast::<32, 32>(unsigned_cast(self.best.q.val()))
            - bit_cast::<32, 32>(unsigned_cast(self.second.q.val()));

        match self.state.q.val() {
            ExitState::Open => {}
            ExitState::Passed => {
                self.counted.d.next = 0.into();
                self.group.d.next = 0.into();
                self.lane.d.next = 0.into();
                self.best.d.next = self.lowest.val();
                self.second.d.next = self.lowest.val();
                if (self.steps_done.val() == self.steps.q.val())
                    && (self.clears_done.val() == self.clears.q.val())
                {
                    self.state.d.next = ExitState::Address;
                }
            }
            ExitState::Address => {
                self.state.d.next = ExitState::Compare;
            }
            ExitState::Compare => {
                if self.readout_data.val() > self.best.q.val() {
                    self.second.d.next = self.best.q.val();
                    self.best.d.next = self.readout_data.val();
                } else if self.readout_data.val() > self.second.q.val() {
                    self.second.d.next = self.readout_data.val();
                }
                self.counted.d.next = self.counted.q.val() + 1;
                self.lane.d.next = self.lane.q.val() + 1;
                if self.lane.q.val() == self.last_lane.val() {
                    self.lane.d.next = 0.into();
                    self.group.d.next = self.group.q.val() + 1;
                }
                self.state.d.next = ExitState::Address;
                if self.counted.q.val() == self.last_class.val() {
                    self.state.d.next = ExitState::Decide;
                }
            }
            ExitState::Decide => {
                self.state.d.next = ExitState::Open;
                if self.in_table.q.val()
                    && (self.margins.read_data.val() != self.never.val())
                    && (self.lead.val() >= self.margins.read_data.val())
                {
                    self.state.d.next = ExitState::Exited;
                }
            }
            ExitState::Exited => {}
        }

        // The gate. While a decision is open only spikes pass; after an exit only a clear.
        self.kind.next = self.in_data.val().get_bits::<2>(0);
        self.passes.next = true;
        self.drops.next = false;
        if self.busy.val() {
            self.passes.next =
                (self.kind.val() != self.kind_end.val()) && (self.kind.val() != self.kind_clear.val());
        }
        if self.exited.val() {
            self.passes.next = self.kind.val() == self.kind_clear.val();
            self.drops.next = self.kind.val() != self.kind_clear.val();
        }
        self.out_data.next = self.in_data.val();
        self.out_valid.next = self.in_valid.val() && self.passes.val();
        self.in_ready.next = (self.out_ready.val() && self.passes.val()) || self.drops.val();
        if self.out_valid.val() && self.out_ready.val() {
            if self.kind.val() == self.kind_end.val() {
                self.steps.d.next = self.steps.q.val() + 1;
                self.step.d.next = self.steps.q.val().get_bits::<16>(0);
                self.in_table.d.next = self.steps.q.val() < self.step_count.val();
                if self.enable.val() {
                    self.state.d.next = ExitState::Passed;
                }
            }
            if self.kind.val() == self.kind_clear.val() {
                self.steps.d.next = 0.into();
                self.clears.d.next = self.clears.q.val() + 1;
                self.state.d.next = ExitState::Open;
            }
        }
    }
}
