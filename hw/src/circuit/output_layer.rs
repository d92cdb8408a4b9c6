//! The output layer: filter, input FIFO, engine, and the snapshot of its membranes that is the answer.

use super::engine::{Engine, EngineParams};
use super::fifo::Fifo;
use super::filter::Filter;
use super::layer::input_fifos;
use super::signals;
use super::snapshot::Snapshot;
use rust_hdl::prelude::*;

/// See the [module](self).
#[derive(Debug, LogicBlock)]
pub struct OutputLayer {
    /// The clock.
    pub clock: Signal<In, Clock>,
    /// Event from the layer before.
    pub in_data: Signal<In, Bits<32>>,
    /// There is an event.
    pub in_valid: Signal<In, Bit>,
    /// There is room for it.
    pub in_ready: Signal<Out, Bit>,
    /// Word of membranes to show, as they were at the end of the last step.
    pub readout_group: Signal<In, Bits<24>>,
    /// Lane of that word to show.
    pub readout_lane: Signal<In, Bits<8>>,
    /// The membrane, one clock after its address.
    pub readout_data: Signal<Out, Signed<32>>,
    /// Steps completed since the last clear.
    pub steps_done: Signal<Out, Bits<32>>,
    /// Clears completed since power-up.
    pub clears_done: Signal<Out, Bits<8>>,
    /// A clear is being completed in this clock.
    pub cleared: Signal<Out, Bit>,
    /// See [`Engine`].
    pub load_select: Signal<In, Bits<8>>,
    /// See [`Engine`].
    pub load_byte: Signal<In, Bits<8>>,
    /// See [`Engine`].
    pub load_shift: Signal<In, Bit>,
    /// See [`Engine`].
    pub load_write: Signal<In, Bit>,
    /// See [`Engine`].
    pub load_address: Signal<In, Bits<24>>,
    /// See [`Engine`].
    pub swept: Signal<Out, Bit>,
    /// See [`Engine`].
    pub swept_last: Signal<Out, Bit>,
    /// See [`Engine`].
    pub swept_clear: Signal<Out, Bit>,
    /// See [`Engine`].
    pub swept_data: Vec<Signal<Out, Signed<32>>>,
    /// Spikes taken since the last clear.
    pub spikes_in: Signal<Out, Bits<32>>,
    /// See [`Engine`].
    pub busy_cycles: Signal<Out, Bits<32>>,
    /// Something is in the layer.
    pub busy: Signal<Out, Bit>,
    filters: Vec<Filter>,
    fifos: Vec<Fifo<32>>,
    engine: Engine,
    snapshot: Snapshot,
    steps: DFF<Bits<32>>,
    clears: DFF<Bits<8>>,
}

impl OutputLayer {
    /// A layer of the given engine, with an input FIFO of `fifo_depth` events.
    #[must_use]
    pub fn new(params: EngineParams, fifo_depth: usize) -> Self {
        Self {
            clock: Signal::default(),
            in_data: Signal::default(),
            in_valid: Signal::default(),
            in_ready: Signal::default(),
            readout_group: Signal::default(),
            readout_lane: Signal::default(),
            readout_data: Signal::default(),
            steps_done: Signal::default(),
            clears_done: Signal::default(),
            cleared: Signal::default(),
            load_select: Signal::default(),
            load_byte: Signal::default(),
            load_shift: Signal::default(),
            load_write: Signal::default(),
            load_address: Signal::default(),
            swept: Signal::default(),
            swept_last: Signal::default(),
            swept_clear: Signal::default(),
            swept_data: signals(params.lanes),
            spikes_in: Signal::default(),
            busy_cycles: Signal::default(),
            busy: Signal::default(),
            filters: params.paths.iter().map(Filter::new).collect(),
            fifos: input_fifos(&params, &[fifo_depth]),
            snapshot: Snapshot::new(params.membranes),
            engine: Engine::new(params),
            steps: DFF::default(),
            clears: DFF::default(),
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
            self.filters[i].in_valid.next = self.in_valid.val();
            self.in_ready.next = self.filters[i].in_ready.val();
            self.fifos[i].in_data.next = self.filters[i].out_data.val();
            self.fifos[i].in_valid.next = self.filters[i].out_valid.val();
            self.filters[i].out_ready.next = self.fifos[i].in_ready.val();
            self.engine.event_data[i].next = self.fifos[i].out_data.val();
            self.engine.event_valid[i].next = self.fifos[i].out_valid.val();
            self.fifos[i].out_ready.next = self.engine.event_ready[i].val();
            self.spikes_in.next = self.filters[i].spikes.val();
        }
        self.engine.pause.next = false;
        self.engine.load_byte.next = self.load_byte.val();
        self.engine.load_address.next = self.load_address.val();
        self.engine.load_select.next = self.load_select.val();
        self.engine.load_shift.next = self.load_shift.val();
        self.engine.load_write.next = self.load_write.val();
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
