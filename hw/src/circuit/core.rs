//! The accelerator's core: a stream of input events through all layers, without any link.
//!
//! ```text
//!  events ─► LIF layer 0 ─► LIF layer 1 ─► … ─► output layer ─► membranes
//!                        └► tap 0       └► tap 1
//! ```
//!
//! Layers work on different time steps at once; the end-of-step events keep the order. The taps show the events
//! between the layers for co-simulation, and cost nothing where they are left open.

use super::engine::EngineParams;
use super::lif_layer::LifLayer;
use super::output_layer::OutputLayer;
use super::signals;
use rust_hdl::prelude::*;

/// See the [module](self).
#[derive(Debug, LogicBlock)]
pub struct Core {
    /// The clock.
    pub clock: Signal<In, Clock>,
    /// Input event.
    pub event_data: Signal<In, Bits<32>>,
    /// There is an event.
    pub event_valid: Signal<In, Bit>,
    /// There is room for it.
    pub event_ready: Signal<Out, Bit>,
    /// Event that leaves hidden layer i.
    pub tap_data: Vec<Signal<Out, Bits<32>>>,
    /// It leaves in this clock.
    pub tap_valid: Vec<Signal<Out, Bit>>,
    /// Output membrane word to show while the output layer is idle.
    pub readout_group: Signal<In, Bits<24>>,
    /// Lane of that word to show.
    pub readout_lane: Signal<In, Bits<8>>,
    /// The membrane, one clock after its address.
    pub readout_data: Signal<Out, Signed<32>>,
    /// Steps completed by the output layer since the last clear.
    pub steps_done: Signal<Out, Bits<32>>,
    /// Clears completed by the output layer since power-up.
    pub clears_done: Signal<Out, Bits<8>>,
    /// Clocks in which any layer was not idle since the last clear.
    pub active_cycles: Signal<Out, Bits<32>>,
    /// Spikes taken by layer i since the last clear; the output layer is the last.
    pub spikes_in: Vec<Signal<Out, Bits<32>>>,
    /// Spikes emitted by layer i since the last clear; 0 for the output layer.
    pub spikes_out: Vec<Signal<Out, Bits<32>>>,
    /// Clocks in which layer i was not idle since the last clear.
    pub busy_cycles: Vec<Signal<Out, Bits<32>>>,
    hidden: Vec<LifLayer>,
    last: OutputLayer,
    /// Stream i is the input of layer i.
    stream_data: Vec<Signal<Local, Bits<32>>>,
    stream_valid: Vec<Signal<Local, Bit>>,
    stream_ready: Vec<Signal<Local, Bit>>,
    active: DFF<Bits<32>>,
    any_busy: Vec<Signal<Local, Bit>>,
}

impl Core {
    /// A core of the given layers, from input to output, with input FIFOs of `fifo_depth` events.
    ///
    /// # Panics
    /// If there is no layer: a bug of the generator.
    #[must_use]
    pub fn new(mut layers: Vec<EngineParams>, fifo_depth: usize) -> Self {
        let count = layers.len();
        let last = OutputLayer::new(layers.pop().expect("a core has an output layer"), fifo_depth);
        Self {
            clock: Signal::default(),
            event_data: Signal::default(),
            event_valid: Signal::default(),
            event_ready: Signal::default(),
            tap_data: signals(layers.len()),
            tap_valid: signals(layers.len()),
            readout_group: Signal::default(),
            readout_lane: Signal::default(),
            readout_data: Signal::default(),
            steps_done: Signal::default(),
            clears_done: Signal::default(),
            active_cycles: Signal::default(),
            spikes_in: signals(count),
            spikes_out: signals(count),
            busy_cycles: signals(count),
            hidden: layers
                .into_iter()
                .map(|layer| LifLayer::new(layer, fifo_depth))
                .collect(),
            last,
            stream_data: signals(count),
            stream_valid: signals(count),
            stream_ready: signals(count),
            active: DFF::default(),
            any_busy: signals(count),
        }
    }
}

impl Logic for Core {
    #[hdl_gen]
    fn update(&mut self) {
        dff_setup!(self, clock, active);
        clock!(self, clock, last);
        self.stream_data[0].next = self.event_data.val();
        self.stream_valid[0].next = self.event_valid.val();
        self.any_busy[0].next = self.last.busy.val();
        for i in 0..self.hidden.len() {
            self.hidden[i].clock.next = self.clock.val();
            self.hidden[i].in_data.next = self.stream_data[i].val();
            self.hidden[i].in_valid.next = self.stream_valid[i].val();
            self.stream_ready[i].next = self.hidden[i].in_ready.val();
            self.stream_data[i + 1].next = self.hidden[i].out_data.val();
            self.stream_valid[i + 1].next = self.hidden[i].out_valid.val();
            self.hidden[i].out_ready.next = self.stream_ready[i + 1].val();
            self.tap_data[i].next = self.hidden[i].out_data.val();
            self.tap_valid[i].next = self.hidden[i].out_valid.val() && self.hidden[i].out_ready.val();
            self.spikes_in[i].next = self.hidden[i].spikes_in.val();
            self.spikes_out[i].next = self.hidden[i].spikes_out.val();
            self.busy_cycles[i].next = self.hidden[i].busy_cycles.val();
            self.any_busy[i + 1].next = self.any_busy[i].val() || self.hidden[i].busy.val();
        }
        // Runs once, with the index of the output layer.
        for i in self.hidden.len()..self.stream_data.len() {
            self.last.in_data.next = self.stream_data[i].val();
            self.last.in_valid.next = self.stream_valid[i].val();
            self.stream_ready[i].next = self.last.in_ready.val();
            self.spikes_in[i].next = self.last.spikes_in.val();
            self.spikes_out[i].next = 0.into();
            self.busy_cycles[i].next = self.last.busy_cycles.val();
            if self.any_busy[i].val() {
                self.active.d.next = self.active.q.val() + 1;
            }
        }
        self.event_ready.next = self.stream_ready[0].val();
        if self.last.cleared.val() {
            self.active.d.next = 0.into();
        }
        self.active_cycles.next = self.active.q.val();
        self.last.readout_group.next = self.readout_group.val();
        self.last.readout_lane.next = self.readout_lane.val();
        self.readout_data.next = self.last.readout_data.val();
        self.steps_done.next = self.last.steps_done.val();
        self.clears_done.next = self.last.clears_done.val();
    }
}
