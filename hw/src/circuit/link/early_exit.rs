//! Early exit: stops an inference after the first step in which the leading class is ahead by at least that
//! step's margin.
//!
//! ```text
//!  events ──►┌──────────┐──► output layer ──► snapshot of its membranes
//!            │   gate   │                        │ one class in 2 cycles
//!            └────▲─────┘   ┌────────────────┐   │
//!                 └─────────┤ best, second,  │◄──┘
//!                  exited   │ lead ≥ margin? │◄── margins, one per step
//!                           └────────────────┘
//! ```
//!
//! The unit stands in front of the output layer. When an end of step has passed and the layer has completed
//! the step, the unit reads all classes from the snapshot. Meanwhile the spikes of the next step pass, but
//! not its end, so that the decision agrees with the golden model regardless of timing. After an exit the
//! unit takes every event and drops all but the clear, which restarts it; the snapshot and the number of
//! completed steps stay as they were at the exit. While `enable` is low, everything passes.
//!
//! The decision falls 2 · classes + 2 cycles after the layer has completed the step. The lead is the largest
//! membrane minus the second largest, 0 on a tie. A margin of all ones never stops an inference; neither does
//! a step beyond the last margin. With a single class, the second largest membrane is taken as −2^31.

use super::identity::MARGIN_MEMORY;
use crate::circuit::event::{CLEAR, END_OF_STEP};
use crate::circuit::load_port::LoadPort;
use crate::circuit::with_defaults;
use crate::circuit::word_store::WordStore;
use rust_hdl::prelude::*;

/// Run-time parameters of an [`EarlyExit`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct EarlyExitParams {
    /// Number of classes.
    pub classes: usize,
    /// Lanes of the output layer's membrane words.
    pub lanes: usize,
    /// Number of margins: the steps of an inference.
    pub steps: usize,
}

/// State of the unit.
#[derive(Copy, Clone, PartialEq, Debug, LogicState)]
pub enum ExitState {
    /// Lets everything pass.
    Open,
    /// Waits until the layer has completed the step whose end has passed.
    Passed,
    /// Addresses a class.
    Address,
    /// Compares the class's membrane with the best and the second so far.
    Compare,
    /// Compares the lead with the margin.
    Decide,
    /// Drops everything but a clear.
    Exited,
}

/// The early-exit unit.
#[derive(Debug, LogicBlock)]
pub struct EarlyExit {
    /// Core clock; all registers change on its rising edge.
    pub clock: Signal<In, Clock>,
    /// Event for the output layer, 32 bits, encoded as in [`event`](crate::circuit::event); valid while
    /// `in_valid` is high.
    pub in_data: Signal<In, Bits<32>>,
    /// High while `in_data` holds an event.
    pub in_valid: Signal<In, Bit>,
    /// High if the event passes and the output layer has room for it, or if the event is dropped; depends on
    /// `in_data`.
    pub in_ready: Signal<Out, Bit>,
    /// Event that passes; valid while `out_valid` is high.
    pub out_data: Signal<Out, Bits<32>>,
    /// High while `out_data` holds an event that passes.
    pub out_valid: Signal<Out, Bit>,
    /// High while the output layer has room for the event.
    pub out_ready: Signal<In, Bit>,
    /// High if inferences may exit early. May change only when a clear is about to follow.
    pub enable: Signal<In, Bit>,
    /// Steps that the output layer has completed since the last clear.
    pub steps_done: Signal<In, Bits<32>>,
    /// Clears that the output layer has completed since power-up, modulo 256.
    pub clears_done: Signal<In, Bits<8>>,
    /// Word of the snapshot to read; in use while `busy` is high.
    pub readout_group: Signal<Out, Bits<24>>,
    /// Lane of that word to read.
    pub readout_lane: Signal<Out, Bits<8>>,
    /// Output membrane at last cycle's `readout_group` and `readout_lane`.
    pub readout_data: Signal<In, Signed<32>>,
    /// Load port of the margins, memory [`MARGIN_MEMORY`]: word i is the margin of step i, 32 bits.
    pub load: LoadPort,
    /// High while a decision is open: the readout is in use.
    pub busy: Signal<Out, Bit>,
    /// High from an early exit until the next clear passes.
    pub exited: Signal<Out, Bit>,
    margins: WordStore<32>,
    loading: DFF<Bits<32>>,
    state: DFF<ExitState>,
    steps: DFF<Bits<32>>,
    clears: DFF<Bits<8>>,
    /// Number of the step that is being decided on.
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
    /// Builds the unit for an output layer.
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
        with_defaults! {
            Self {
                margins: WordStore::new(steps.max(2), 32),
                last_class: Constant::new((classes as u64 - 1).into()),
                last_lane: Constant::new((lanes as u64 - 1).into()),
                step_count: Constant::new((steps as u64).into()),
                never: Constant::new(u64::from(u32::MAX).into()),
                lowest: Constant::new(i64::from(i32::MIN).into()),
                kind_end: Constant::new(u64::from(END_OF_STEP).into()),
                kind_clear: Constant::new(u64::from(CLEAR).into()),
                margin_memory: Constant::new(u64::from(MARGIN_MEMORY).into()),
            }
            clock, load, in_data, in_valid, in_ready, out_data, out_valid, out_ready, enable, steps_done,
            clears_done, readout_group, readout_lane, readout_data, busy, exited, loading, state, steps,
            clears, step, in_table, counted, group, lane, best, second, kind, passes, drops, lead,
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
        if self.load.shift.val() {
            self.loading.d.next =
                (self.loading.q.val() >> 8) | (bit_cast::<32, 8>(self.load.byte.val()) << 24);
        }
        self.margins.write_address.next = self.load.address.val().get_bits::<16>(0);
        self.margins.write_data.next = self.loading.q.val();
        self.margins.write_enable.next =
            self.load.write.val() && (self.load.select.val() == self.margin_memory.val());
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

        // The gate: only spikes pass while a decision is open, and only a clear after an exit.
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
