//! The output layer: input FIFO and engine, whose membranes are the answer.

use super::engine::{Engine, EngineParams};
use super::event::event_width;
use super::fifo::Fifo;
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
    /// Membrane word to show while the layer is idle.
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
    /// Spikes taken since the last clear.
    pub spikes_in: Signal<Out, Bits<32>>,
    /// Clocks in which the engine was not idle since the last clear.
    pub busy_cycles: Signal<Out, Bits<32>>,
    /// Something is in the layer.
    pub busy: Signal<Out, Bit>,
    fifo: Fifo<32>,
    engine: Engine,
    steps: DFF<Bits<32>>,
    clears: DFF<Bits<8>>,
    lane_number: Vec<Constant<Bits<8>>>,
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
            spikes_in: Signal::default(),
            busy_cycles: Signal::default(),
            busy: Signal::default(),
            fifo: Fifo::new(fifo_depth, event_width(params.inputs)),
            steps: DFF::default(),
            clears: DFF::default(),
            lane_number: (0..params.lanes)
                .map(|lane| Constant::new((lane as u64).into()))
                .collect(),
            engine: Engine::new(params),
        }
    }
}

impl Logic for OutputLayer {
    #[hdl_gen]
    fn update(&mut self) {
        dff_setup!(self, clock, steps, clears);
        clock!(self, clock, fifo, engine);
        self.fifo.in_data.next = self.in_data.val();
        self.fifo.in_valid.next = self.in_valid.val();
        self.in_ready.next = self.fifo.in_ready.val();
        self.engine.event_data.next = self.fifo.out_data.val();
        self.engine.event_valid.next = self.fifo.out_valid.val();
        self.fifo.out_ready.next = self.engine.event_ready.val();
        self.engine.pause.next = false;
        self.engine.readout_group.next = self.readout_group.val();
        self.readout_data.next = self.engine.readout_data[0].val();
        for i in 1..self.lane_number.len() {
            if self.readout_lane.val() == self.lane_number[i].val() {
                self.readout_data.next = self.engine.readout_data[i].val();
            }
        }
        self.cleared.next = false;
        if self.engine.sweep_done.val() {
            self.steps.d.next = self.steps.q.val() + 1;
            if self.engine.sweep_cleared.val() {
                self.steps.d.next = 0.into();
                self.clears.d.next = self.clears.q.val() + 1;
                self.cleared.next = true;
            }
        }
        self.steps_done.next = self.steps.q.val();
        self.clears_done.next = self.clears.q.val();
        self.spikes_in.next = self.engine.spikes_in.val();
        self.busy_cycles.next = self.engine.busy_cycles.val();
        self.busy.next = self.engine.busy.val();
    }
}
