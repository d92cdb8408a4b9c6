//! The output layer: filter, input FIFO, engine, and the snapshot of the membranes that is the network's
//! answer.

use super::engine::{Engine, EngineParams};
use super::event_fifo::EventFifo;
use super::filter::Filter;
use super::layer::input_fifos;
use super::load_port::LoadPort;
use super::snapshot::Snapshot;
use super::word_memory::MemoryShape;
use super::{signals, with_defaults};
use rust_hdl::prelude::*;

/// The output layer.
#[derive(Debug, LogicBlock)]
pub struct OutputLayer {
    /// Core clock; all registers change on its rising edge.
    pub clock: Signal<In, Clock>,
    /// Event for the layer, 32 bits, encoded as in [`event`](super::event); valid while `in_valid` is high.
    pub in_data: Signal<In, Bits<32>>,
    /// Mask of the event; valid for spikes.
    pub in_mask: Signal<In, Bits<64>>,
    /// High while `in_data` holds an event.
    pub in_valid: Signal<In, Bit>,
    /// High if the layer has room for the event; depends on `in_data`, not on `in_valid`.
    pub in_ready: Signal<Out, Bit>,
    /// Word of membranes to read, as of the end of the last step.
    pub readout_group: Signal<In, Bits<24>>,
    /// Lane of that word to read.
    pub readout_lane: Signal<In, Bits<8>>,
    /// Membrane at last cycle's `readout_group` and `readout_lane`, sign-extended to 32 bits.
    pub readout_data: Signal<Out, Signed<32>>,
    /// Steps completed since the last clear.
    pub steps_done: Signal<Out, Bits<32>>,
    /// Clears completed since power-up, modulo 256.
    pub clears_done: Signal<Out, Bits<8>>,
    /// High in the cycle in which the last word of a clear is written.
    pub cleared: Signal<Out, Bit>,
    /// Load port of the layer's parameter memories; to be used only while the layer is idle.
    pub load: LoadPort,
    /// High in a cycle in which a word of a sweep is written back.
    pub swept: Signal<Out, Bit>,
    /// High if the word is the last of the sweep; valid while `swept` is high.
    pub swept_last: Signal<Out, Bit>,
    /// High if the sweep is a clear; valid while `swept` is high.
    pub swept_clear: Signal<Out, Bit>,
    /// Membranes of the word as they are written, one port per lane; valid while `swept` is high. 32 bits,
    /// sign-extended.
    pub swept_data: Vec<Signal<Out, Signed<32>>>,
    /// Spikes that have arrived since the last clear.
    pub spikes_in: Signal<Out, Bits<32>>,
    /// Cycles that the engine has spent on spikes and sweeps since the last clear.
    pub busy_cycles: Signal<Out, Bits<32>>,
    /// High while the engine has work.
    pub busy: Signal<Out, Bit>,
    filters: Vec<Filter>,
    fifos: Vec<EventFifo>,
    engine: Engine,
    snapshot: Snapshot,
    steps: DFF<Bits<32>>,
    clears: DFF<Bits<8>>,
}

impl OutputLayer {
    /// Builds a layer of the given engine, with an input FIFO of `fifo_depth` events.
    #[must_use]
    pub fn new(params: EngineParams, fifo_depth: usize) -> Self {
        with_defaults! {
            Self {
                swept_data: signals(params.units()),
                filters: params.paths.iter().map(Filter::new).collect(),
                fifos: input_fifos(&params, &[fifo_depth]),
                snapshot: Snapshot::new(MemoryShape {
                    depth: params.groups,
                    ..params.membranes
                }),
                engine: Engine::new(params),
            }
            clock, load, in_data, in_mask, in_valid, in_ready, readout_group, readout_lane, readout_data, steps_done,
            clears_done, cleared, swept, swept_last, swept_clear, spikes_in, busy_cycles, busy, steps, clears,
        }
    }
}

impl Logic for OutputLayer {
    #[hdl_gen]
    fn update(&mut self) {
        dff_setup!(self, clock, steps, clears);
        clock!(self, clock, engine, snapshot);
        for i in 0..self.fifos.len() {
            self.fifos[i].clock.next = self.clock.val();
            self.filters[i].clock.next = self.clock.val();
            self.filters[i].in_data.next = self.in_data.val();
            self.filters[i].in_mask.next = self.in_mask.val();
            self.filters[i].in_valid.next = self.in_valid.val();
            self.in_ready.next = self.filters[i].in_ready.val();
            self.fifos[i].in_data.next = self.filters[i].out_data.val();
            self.fifos[i].in_mask.next = self.filters[i].out_mask.val();
            self.fifos[i].in_valid.next = self.filters[i].out_valid.val();
            self.filters[i].out_ready.next = self.fifos[i].in_ready.val();
            self.engine.event_data[i].next = self.fifos[i].out_data.val();
            self.engine.event_mask[i].next = self.fifos[i].out_mask.val();
            self.engine.event_valid[i].next = self.fifos[i].out_valid.val();
            self.fifos[i].out_ready.next = self.engine.event_ready[i].val();
            self.spikes_in.next = self.filters[i].spikes.val();
        }
        self.engine.pause.next = false;
        LoadPort::link(&mut self.load, &mut self.engine.load);
        self.swept.next = self.engine.swept.val();
        self.swept_last.next = self.engine.swept_last.val();
        self.swept_clear.next = self.engine.swept_clear.val();
        for i in 0..self.swept_data.len() {
            self.swept_data[i].next = self.engine.swept_data[i].val();
        }
        for i in 0..self.snapshot.data.len() {
            self.snapshot.data[i].next = self.engine.swept_data[i].val();
        }
        self.snapshot.valid.next = self.engine.swept.val();
        self.snapshot.last.next = self.engine.swept_last.val();
        self.snapshot.readout_group.next = self.readout_group.val();
        self.snapshot.readout_lane.next = self.readout_lane.val();
        self.readout_data.next = self.snapshot.readout_data.val();
        self.cleared.next = false;
        if self.engine.swept.val() && self.engine.swept_last.val() {
            self.steps.d.next = self.steps.q.val() + 1;
            if self.engine.swept_clear.val() {
                self.steps.d.next = 0.into();
                self.clears.d.next = self.clears.q.val() + 1;
                self.cleared.next = true;
            }
        }
        self.steps_done.next = self.steps.q.val();
        self.clears_done.next = self.clears.q.val();
        self.busy_cycles.next = self.engine.busy_cycles.val();
        self.busy.next = self.engine.busy.val();
    }
}
