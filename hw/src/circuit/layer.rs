//! A hidden layer: filters, input FIFOs, engine and serializer.

use super::engine::{Engine, EngineParams};
use super::event::Addressing;
use super::fifo::Fifo;
use super::filter::Filter;
use super::serializer::Serializer;
use super::signals;
use rust_hdl::prelude::*;

/// Run-time parameters of a [`Layer`].
#[derive(Clone, Debug)]
pub struct LayerParams {
    /// Its engine.
    pub engine: EngineParams,
    /// Its neurons.
    pub neurons: Addressing,
    /// Events that each path's FIFO holds.
    pub fifo_depths: Vec<usize>,
    /// Words of a sweep that the serializer's queue holds.
    pub queue_depth: usize,
}

/// See the [module](self).
#[derive(Debug, LogicBlock)]
pub struct Layer {
    /// The clock.
    pub clock: Signal<In, Clock>,
    /// Event for the first path.
    pub in_data: Signal<In, Bits<32>>,
    /// There is an event.
    pub in_valid: Signal<In, Bit>,
    /// There is room for it.
    pub in_ready: Signal<Out, Bit>,
    /// Event for the second path of a residual junction.
    pub side_data: Signal<In, Bits<32>>,
    /// There is an event; never, for a layer of one path.
    pub side_valid: Signal<In, Bit>,
    /// There is room for it.
    pub side_ready: Signal<Out, Bit>,
    /// Event for the layers behind.
    pub out_data: Signal<Out, Bits<32>>,
    /// There is an event.
    pub out_valid: Signal<Out, Bit>,
    /// It is taken.
    pub out_ready: Signal<In, Bit>,
    /// See [`Engine`].
    pub swept: Signal<Out, Bit>,
    /// See [`Engine`].
    pub swept_last: Signal<Out, Bit>,
    /// See [`Engine`].
    pub swept_clear: Signal<Out, Bit>,
    /// See [`Engine`].
    pub swept_data: Vec<Signal<Out, Signed<32>>>,
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
    /// Spikes taken since the last clear, of all paths.
    pub spikes_in: Signal<Out, Bits<32>>,
    /// Spikes emitted since the last clear.
    pub spikes_out: Signal<Out, Bits<32>>,
    /// See [`Engine`].
    pub busy_cycles: Signal<Out, Bits<32>>,
    /// See [`Engine`].
    pub stalled_cycles: Signal<Out, Bits<32>>,
    /// Something is in the layer.
    pub busy: Signal<Out, Bit>,
    filters: Vec<Filter>,
    fifos: Vec<Fifo<32>>,
    engine: Engine,
    serializer: Serializer,
    spikes: Vec<Signal<Local, Bits<32>>>,
}

impl Layer {
    /// A layer of the given parameters.
    #[must_use]
    pub fn new(params: LayerParams) -> Self {
        let engine = params.engine;
        let paths = engine.paths.len();
        Self {
            clock: Signal::default(),
            in_data: Signal::default(),
            in_valid: Signal::default(),
            in_ready: Signal::default(),
            side_data: Signal::default(),
            side_valid: Signal::default(),
            side_ready: Signal::default(),
            out_data: Signal::default(),
            out_valid: Signal::default(),
            out_ready: Signal::default(),
            swept: Signal::default(),
            swept_last: Signal::default(),
            swept_clear: Signal::default(),
            swept_data: signals(engine.lanes),
            load_select: Signal::default(),
            load_byte: Signal::default(),
            load_shift: Signal::default(),
            load_write: Signal::default(),
            load_address: Signal::default(),
            spikes_in: Signal::default(),
            spikes_out: Signal::default(),
            busy_cycles: Signal::default(),
            stalled_cycles: Signal::default(),
            busy: Signal::default(),
            filters: engine.paths.iter().map(Filter::new).collect(),
            fifos: input_fifos(&engine, &params.fifo_depths),
            serializer: Serializer::new(engine.lanes, params.neurons, params.queue_depth),
            engine: Engine::new(engine),
            spikes: signals(paths + 1),
        }
    }
}

/// The FIFO in front of each path of an engine.
pub(super) fn input_fifos(engine: &EngineParams, depths: &[usize]) -> Vec<Fifo<32>> {
    assert_eq!(engine.paths.len(), depths.len(), "a FIFO for each path");
    engine
        .paths
        .iter()
        .zip(depths)
        .map(|(path, &depth)| Fifo::new(depth, path.sources.event_bits()))
        .collect()
}

impl Logic for Layer {
    #[hdl_gen]
    fn update(&mut self) {
        clock!(self, clock, engine, serializer);
        self.spikes[0].next = 0.into();
        for i in 0..1 {
            self.filters[i].in_data.next = self.in_data.val();
            self.filters[i].in_valid.next = self.in_valid.val();
            self.in_ready.next = self.filters[i].in_ready.val();
        }
        self.side_ready.next = true;
        for i in 1..self.fifos.len() {
            self.filters[i].in_data.next = self.side_data.val();
            self.filters[i].in_valid.next = self.side_valid.val();
            self.side_ready.next = self.filters[i].in_ready.val();
        }
        for i in 0..self.fifos.len() {
            self.filters[i].clock.next = self.clock.val();
            self.fifos[i].clock.next = self.clock.val();
            self.fifos[i].in_data.next = self.filters[i].out_data.val();
            self.fifos[i].in_valid.next = self.filters[i].out_valid.val();
            self.filters[i].out_ready.next = self.fifos[i].in_ready.val();
            self.engine.event_data[i].next = self.fifos[i].out_data.val();
            self.engine.event_valid[i].next = self.fifos[i].out_valid.val();
            self.fifos[i].out_ready.next = self.engine.event_ready[i].val();
            self.spikes[i + 1].next = self.spikes[i].val() + self.filters[i].spikes.val();
            self.spikes_in.next = self.spikes[i + 1].val();
        }
        self.engine.pause.next = self.serializer.pause.val();
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
        self.serializer.mask.next = self.engine.fired_mask.val();
        self.serializer.mask_valid.next = self.engine.swept.val();
        self.serializer.mask_last.next = self.engine.swept_last.val();
        self.serializer.mask_clear.next = self.engine.swept_clear.val();
        self.out_data.next = self.serializer.event_data.val();
        self.out_valid.next = self.serializer.event_valid.val();
        self.serializer.event_ready.next = self.out_ready.val();
        self.spikes_out.next = self.serializer.spikes_out.val();
        self.busy_cycles.next = self.engine.busy_cycles.val();
        self.stalled_cycles.next = self.engine.stalled_cycles.val();
        self.busy.next = self.engine.busy.val() || self.serializer.busy.val();
    }
}
