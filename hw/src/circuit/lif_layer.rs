//! A hidden layer: input FIFO, engine and serializer.

use super::engine::{Engine, EngineParams};
use super::event::event_width;
use super::fifo::Fifo;
use super::serializer::Serializer;
use rust_hdl::prelude::*;

/// See the [module](self).
#[derive(Debug, LogicBlock)]
pub struct LifLayer {
    /// The clock.
    pub clock: Signal<In, Clock>,
    /// Event from the layer before.
    pub in_data: Signal<In, Bits<32>>,
    /// There is an event.
    pub in_valid: Signal<In, Bit>,
    /// There is room for it.
    pub in_ready: Signal<Out, Bit>,
    /// Event for the layer behind.
    pub out_data: Signal<Out, Bits<32>>,
    /// There is an event.
    pub out_valid: Signal<Out, Bit>,
    /// The layer behind takes it.
    pub out_ready: Signal<In, Bit>,
    /// Spikes taken since the last clear.
    pub spikes_in: Signal<Out, Bits<32>>,
    /// Spikes emitted since the last clear.
    pub spikes_out: Signal<Out, Bits<32>>,
    /// Clocks in which the engine was not idle since the last clear.
    pub busy_cycles: Signal<Out, Bits<32>>,
    /// Something is in the layer.
    pub busy: Signal<Out, Bit>,
    fifo: Fifo<32>,
    engine: Engine,
    serializer: Serializer,
}

impl LifLayer {
    /// A layer of the given engine, with an input FIFO of `fifo_depth` events.
    #[must_use]
    pub fn new(params: EngineParams, fifo_depth: usize) -> Self {
        Self {
            clock: Signal::default(),
            in_data: Signal::default(),
            in_valid: Signal::default(),
            in_ready: Signal::default(),
            out_data: Signal::default(),
            out_valid: Signal::default(),
            out_ready: Signal::default(),
            spikes_in: Signal::default(),
            spikes_out: Signal::default(),
            busy_cycles: Signal::default(),
            busy: Signal::default(),
            fifo: Fifo::new(fifo_depth, event_width(params.inputs)),
            serializer: Serializer::new(params.lanes, params.groups),
            engine: Engine::new(params),
        }
    }
}

impl Logic for LifLayer {
    #[hdl_gen]
    fn update(&mut self) {
        clock!(self, clock, fifo, engine, serializer);
        self.fifo.in_data.next = self.in_data.val();
        self.fifo.in_valid.next = self.in_valid.val();
        self.in_ready.next = self.fifo.in_ready.val();
        self.engine.event_data.next = self.fifo.out_data.val();
        self.engine.event_valid.next = self.fifo.out_valid.val();
        self.fifo.out_ready.next = self.engine.event_ready.val();
        self.engine.pause.next = self.serializer.pause.val();
        self.engine.readout_group.next = 0.into();
        self.serializer.mask.next = self.engine.fired_mask.val();
        self.serializer.mask_valid.next = self.engine.fired_valid.val();
        self.serializer.marker_valid.next = self.engine.sweep_done.val();
        self.serializer.marker_clear.next = self.engine.sweep_cleared.val();
        self.out_data.next = self.serializer.event_data.val();
        self.out_valid.next = self.serializer.event_valid.val();
        self.serializer.event_ready.next = self.out_ready.val();
        self.spikes_in.next = self.engine.spikes_in.val();
        self.spikes_out.next = self.serializer.spikes_out.val();
        self.busy_cycles.next = self.engine.busy_cycles.val();
        self.busy.next = self.engine.busy.val() || self.serializer.busy.val();
    }
}
