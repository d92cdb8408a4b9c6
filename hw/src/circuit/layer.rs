//! A hidden layer: filters, input FIFOs, engine and serializer.

use super::engine::{Engine, EngineParams};
use super::event::Addressing;
use super::event_fifo::EventFifo;
use super::filter::Filter;
use super::load_port::LoadPort;
use super::serializer::Serializer;
use super::{signals, with_defaults};
use rust_hdl::prelude::*;

/// Run-time parameters of a [`Layer`].
#[derive(Clone, Debug)]
pub struct LayerParams {
    /// Parameters of the layer's engine.
    pub engine: EngineParams,
    /// Layout of the events that the layer emits: words of as many channels as the engine has lanes.
    pub neurons: Addressing,
    /// Events that the FIFO of each path can hold.
    pub fifo_depths: Vec<usize>,
    /// Words of a sweep that the serializer's queue can hold.
    pub queue_depth: usize,
}

/// One hidden layer.
#[derive(Debug, LogicBlock)]
pub struct Layer {
    /// Core clock; all registers change on its rising edge.
    pub clock: Signal<In, Clock>,
    /// Event for the first path, 32 bits, encoded as in [`event`](super::event); valid while `in_valid` is
    /// high.
    pub in_data: Signal<In, Bits<32>>,
    /// Mask of the event; valid for spikes.
    pub in_mask: Signal<In, Bits<64>>,
    /// High while `in_data` holds an event.
    pub in_valid: Signal<In, Bit>,
    /// High if the first path has room for the event; depends on `in_data`, not on `in_valid`.
    pub in_ready: Signal<Out, Bit>,
    /// Event for the second path of a residual junction; valid while `side_valid` is high.
    pub side_data: Signal<In, Bits<32>>,
    /// Mask of the event; valid for spikes.
    pub side_mask: Signal<In, Bits<64>>,
    /// High while `side_data` holds an event; always low for a layer of one path.
    pub side_valid: Signal<In, Bit>,
    /// High if the second path has room for the event; always high for a layer of one path.
    pub side_ready: Signal<Out, Bit>,
    /// Event for the following layers: a spike of a neuron, or a marker; valid while `out_valid` is high.
    pub out_data: Signal<Out, Bits<32>>,
    /// Neurons of the event's word that fired; valid for spikes.
    pub out_mask: Signal<Out, Bits<64>>,
    /// High while `out_data` holds an event; the event stays until `out_ready` is high, too.
    pub out_valid: Signal<Out, Bit>,
    /// High in a cycle in which all takers take the event.
    pub out_ready: Signal<In, Bit>,
    /// High in a cycle in which a word of a sweep is written back.
    pub swept: Signal<Out, Bit>,
    /// High if the word is the last of the sweep; valid while `swept` is high.
    pub swept_last: Signal<Out, Bit>,
    /// High if the sweep is a clear; valid while `swept` is high.
    pub swept_clear: Signal<Out, Bit>,
    /// Membranes of the word as they are written, one port per lane; valid while `swept` is high. 32 bits,
    /// sign-extended.
    pub swept_data: Vec<Signal<Out, Signed<32>>>,
    /// Load port of the layer's parameter memories; to be used only while the layer is idle.
    pub load: LoadPort,
    /// Spikes that have arrived since the last clear, on all paths.
    pub spikes_in: Signal<Out, Bits<32>>,
    /// Spikes that the layer has emitted since the last clear.
    pub spikes_out: Signal<Out, Bits<32>>,
    /// Cycles that the engine has spent on spikes and sweeps since the last clear.
    pub busy_cycles: Signal<Out, Bits<32>>,
    /// Cycles since the last clear in which a sweep was stalled because the serializer lacked room.
    pub stalled_cycles: Signal<Out, Bits<32>>,
    /// High while the engine or the serializer has work.
    pub busy: Signal<Out, Bit>,
    filters: Vec<Filter>,
    fifos: Vec<EventFifo>,
    engine: Engine,
    serializer: Serializer,
    spikes: Vec<Signal<Local, Bits<32>>>,
}

impl Layer {
    /// Builds a layer of the given parameters.
    #[must_use]
    pub fn new(params: LayerParams) -> Self {
        let engine = params.engine;
        let paths = engine.paths.len();
        with_defaults! {
            Self {
                swept_data: signals(engine.units()),
                filters: engine.paths.iter().map(Filter::new).collect(),
                fifos: input_fifos(&engine, &params.fifo_depths),
                serializer: Serializer::new(
                    params.neurons,
                    engine.swept,
                    params.queue_depth,
                    engine.pause_margin(),
                ),
                engine: Engine::new(engine),
                spikes: signals(paths + 1),
            }
            clock, load, in_data, in_mask, in_valid, in_ready, side_data, side_mask, side_valid, side_ready, out_data, out_mask, out_valid,
            out_ready, swept, swept_last, swept_clear, spikes_in, spikes_out, busy_cycles, stalled_cycles,
            busy,
        }
    }
}

/// Builds the FIFO in front of each path of an engine.
pub(super) fn input_fifos(engine: &EngineParams, depths: &[usize]) -> Vec<EventFifo> {
    assert_eq!(engine.paths.len(), depths.len(), "a FIFO for each path");
    engine
        .paths
        .iter()
        .zip(depths)
        .map(|(path, &depth)| EventFifo::new(depth, path.sources))
        .collect()
}

impl Logic for Layer {
    #[hdl_gen]
    fn update(&mut self) {
        clock!(self, clock, engine, serializer);
        self.spikes[0].next = 0.into();
        for i in 0..1 {
            self.filters[i].in_data.next = self.in_data.val();
            self.filters[i].in_mask.next = self.in_mask.val();
            self.filters[i].in_valid.next = self.in_valid.val();
            self.in_ready.next = self.filters[i].in_ready.val();
        }
        self.side_ready.next = true;
        for i in 1..self.fifos.len() {
            self.filters[i].in_data.next = self.side_data.val();
            self.filters[i].in_mask.next = self.side_mask.val();
            self.filters[i].in_valid.next = self.side_valid.val();
            self.side_ready.next = self.filters[i].in_ready.val();
        }
        for i in 0..self.fifos.len() {
            self.filters[i].clock.next = self.clock.val();
            self.fifos[i].clock.next = self.clock.val();
            self.fifos[i].in_data.next = self.filters[i].out_data.val();
            self.fifos[i].in_mask.next = self.filters[i].out_mask.val();
            self.fifos[i].in_valid.next = self.filters[i].out_valid.val();
            self.filters[i].out_ready.next = self.fifos[i].in_ready.val();
            self.engine.event_data[i].next = self.fifos[i].out_data.val();
            self.engine.event_mask[i].next = self.fifos[i].out_mask.val();
            self.engine.event_valid[i].next = self.fifos[i].out_valid.val();
            self.fifos[i].out_ready.next = self.engine.event_ready[i].val();
            self.spikes[i + 1].next = self.spikes[i].val() + self.filters[i].spikes.val();
            self.spikes_in.next = self.spikes[i + 1].val();
        }
        self.engine.pause.next = self.serializer.pause.val();
        LoadPort::link(&mut self.load, &mut self.engine.load);
        self.swept.next = self.engine.swept.val();
        self.swept_last.next = self.engine.swept_last.val();
        self.swept_clear.next = self.engine.swept_clear.val();
        for i in 0..self.swept_data.len() {
            self.swept_data[i].next = self.engine.swept_data[i].val();
        }
        for i in 0..self.serializer.mask.len() {
            self.serializer.mask[i].next = self.engine.fired_mask[i].val();
        }
        self.serializer.mask_valid.next = self.engine.swept.val();
        self.serializer.mask_last.next = self.engine.swept_last.val();
        self.serializer.mask_clear.next = self.engine.swept_clear.val();
        self.out_data.next = self.serializer.event_data.val();
        self.out_mask.next = self.serializer.event_mask.val();
        self.out_valid.next = self.serializer.event_valid.val();
        self.serializer.event_ready.next = self.out_ready.val();
        self.spikes_out.next = self.serializer.spikes_out.val();
        self.busy_cycles.next = self.engine.busy_cycles.val();
        self.stalled_cycles.next = self.engine.stalled_cycles.val();
        self.busy.next = self.engine.busy.val() || self.serializer.busy.val();
    }
}
