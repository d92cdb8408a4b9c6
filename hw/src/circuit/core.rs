//! The accelerator's core: a stream of input events through all layers, without any link.
//!
//! ```text
//!            ┌─────────────────────────────────────────┐
//!  events ──►│ stream 0            interconnect        │
//!            └─┬────▲─────────────┬─▲──────────┬───────┘
//!              ▼    │ stream 1    ▼ │ stream 2 ▼
//!            layer 0 ─► tap 0   layer 1 …    output layer ─► membranes
//! ```
//!
//! Where inferences can exit early, a gate stands before the output layer ([`EarlyExit`]).
//!
//! Stream 0 is the input's, stream i + 1 that of hidden layer i. Layers work on different time steps at once; the
//! end-of-step events keep the order. The taps show the events between the layers for co-simulation, and cost nothing
//! where they are left open.
//!
//! Streams fork and meet again: a junction may have to wait for one path while the other's events fill its FIFO and so
//! hold up the very stream that the first path needs. It cannot come to a stop all the same, whatever the depth of the
//! FIFOs. Take the earliest step that some layer has not ended, and the first such layer l. All that feeds l has ended
//! the step, and events pass to all takers at once, so l has been sent everything that it needs. Only room for its
//! spikes may be wanting, in a taker m. But m, further on, has ended the step before: it has taken l's earlier markers,
//! and holds of l nothing but spikes of this step, which an engine integrates whatever its other path does. So m makes
//! room, and l ends the step.

use super::engine::EngineParams;
use super::interconnect::{Interconnect, Wiring};
use super::layer::{Layer, LayerParams};
use super::link::early_exit::{EarlyExit, EarlyExitParams};
use super::output_layer::OutputLayer;
use super::signals;
use rust_hdl::prelude::*;

/// Run-time parameters of a [`Core`].
#[derive(Clone, Debug)]
pub struct CoreParams {
    /// The hidden layers, in order.
    pub hidden: Vec<LayerParams>,
    /// The output layer's engine.
    pub output: EngineParams,
    /// Events that the output layer's FIFO holds.
    pub output_fifo_depth: usize,
    /// The stream that each path takes.
    pub wiring: Wiring,
    /// Classes of the network.
    pub classes: usize,
    /// Steps of an inference, if inferences can exit early.
    pub exit_steps: Option<usize>,
}

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
    /// Word of output membranes to show, as they were at the end of the last step.
    pub readout_group: Signal<In, Bits<24>>,
    /// Lane of that word to show.
    pub readout_lane: Signal<In, Bits<8>>,
    /// The membrane, one clock after its address.
    pub readout_data: Signal<Out, Signed<32>>,
    /// Memory to load: 3 · layer + 0 for weights, 1 for thresholds, 2 for an identity's numbers.
    pub load_select: Signal<In, Bits<8>>,
    /// Byte to shift into that memory's next word, the lowest first.
    pub load_byte: Signal<In, Bits<8>>,
    /// Shifts it in.
    pub load_shift: Signal<In, Bit>,
    /// Writes the word, in a clock of its own.
    pub load_write: Signal<In, Bit>,
    /// Where the word is written.
    pub load_address: Signal<In, Bits<24>>,
    /// Inferences may exit early, where the core can.
    pub exit_enable: Signal<In, Bit>,
    /// The inference has.
    pub exited: Signal<Out, Bit>,
    /// An early exit is being decided on: the readout shows nothing of use.
    pub exit_busy: Signal<Out, Bit>,
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
    /// Clocks that layer i spent on spikes and sweeps since the last clear.
    pub busy_cycles: Vec<Signal<Out, Bits<32>>>,
    /// Clocks in which layer i waited for room for its spikes since the last clear.
    pub stalled_cycles: Vec<Signal<Out, Bits<32>>>,
    hidden: Vec<Layer>,
    last: OutputLayer,
    /// At most one.
    exits: Vec<EarlyExit>,
    wires: Interconnect,
    active: DFF<Bits<32>>,
    any_busy: Vec<Signal<Local, Bit>>,
}

impl Core {
    /// A core of the given layers.
    ///
    /// # Panics
    /// If the wiring is not of these layers: a bug of the generator.
    #[must_use]
    pub fn new(params: CoreParams) -> Self {
        let hidden = params.hidden.len();
        let count = hidden + 1;
        assert_eq!(
            [
                params.wiring.streams,
                params.wiring.main.len(),
                params.wiring.side.len()
            ],
            [count, count, hidden],
            "wiring"
        );
        Self {
            clock: Signal::default(),
            event_data: Signal::default(),
            event_valid: Signal::default(),
            event_ready: Signal::default(),
            tap_data: signals(hidden),
            tap_valid: signals(hidden),
            readout_group: Signal::default(),
            readout_lane: Signal::default(),
            readout_data: Signal::default(),
            load_select: Signal::default(),
            load_byte: Signal::default(),
            load_shift: Signal::default(),
            load_write: Signal::default(),
            load_address: Signal::default(),
            exit_enable: Signal::default(),
            exited: Signal::default(),
            exit_busy: Signal::default(),
            steps_done: Signal::default(),
            clears_done: Signal::default(),
            active_cycles: Signal::default(),
            spikes_in: signals(count),
            spikes_out: signals(count),
            busy_cycles: signals(count),
            stalled_cycles: signals(count),
            hidden: params.hidden.into_iter().map(Layer::new).collect(),
            exits: params
                .exit_steps
                .map(|steps| {
                    EarlyExit::new(EarlyExitParams {
                        classes: params.classes,
                        lanes: params.output.lanes,
                        steps,
                    })
                })
                .into_iter()
                .collect(),
            last: OutputLayer::new(params.output, params.output_fifo_depth),
            wires: Interconnect::new(params.wiring),
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
        for i in 0..1 {
            self.wires.stream_data[i].next = self.event_data.val();
            self.wires.stream_valid[i].next = self.event_valid.val();
            self.event_ready.next = self.wires.stream_ready[i].val();
        }
        self.any_busy[0].next = self.last.busy.val();
        for i in 0..self.hidden.len() {
            self.hidden[i].clock.next = self.clock.val();
            self.hidden[i].in_data.next = self.wires.main_data[i].val();
            self.hidden[i].in_valid.next = self.wires.main_valid[i].val();
            self.wires.main_ready[i].next = self.hidden[i].in_ready.val();
            self.hidden[i].side_data.next = self.wires.side_data[i].val();
            self.hidden[i].side_valid.next = self.wires.side_valid[i].val();
            self.wires.side_ready[i].next = self.hidden[i].side_ready.val();
            self.wires.stream_data[i + 1].next = self.hidden[i].out_data.val();
            self.wires.stream_valid[i + 1].next = self.hidden[i].out_valid.val();
            self.hidden[i].out_ready.next = self.wires.stream_ready[i + 1].val();
            self.hidden[i].load_select.next = self.load_select.val();
            self.hidden[i].load_byte.next = self.load_byte.val();
            self.hidden[i].load_shift.next = self.load_shift.val();
            self.hidden[i].load_write.next = self.load_write.val();
            self.hidden[i].load_address.next = self.load_address.val();
            self.tap_data[i].next = self.hidden[i].out_data.val();
            self.tap_valid[i].next = self.hidden[i].out_valid.val() && self.wires.stream_ready[i + 1].val();
            self.spikes_in[i].next = self.hidden[i].spikes_in.val();
            self.spikes_out[i].next = self.hidden[i].spikes_out.val();
            self.busy_cycles[i].next = self.hidden[i].busy_cycles.val();
            self.stalled_cycles[i].next = self.hidden[i].stalled_cycles.val();
            self.any_busy[i + 1].next = self.any_busy[i].val() || self.hidden[i].busy.val();
        }
        // Runs once, with the index of the output layer.
        for i in self.hidden.len()..self.any_busy.len() {
            self.last.in_data.next = self.wires.main_data[i].val();
            self.last.in_valid.next = self.wires.main_valid[i].val();
            self.wires.main_ready[i].next = self.last.in_ready.val();
            self.spikes_in[i].next = self.last.spikes_in.val();
            self.spikes_out[i].next = 0.into();
            self.busy_cycles[i].next = self.last.busy_cycles.val();
            self.stalled_cycles[i].next = 0.into();
            if self.any_busy[i].val() {
                self.active.d.next = self.active.q.val() + 1;
            }
        }
        if self.last.cleared.val() {
            self.active.d.next = 0.into();
        }
        self.active_cycles.next = self.active.q.val();
        self.last.readout_group.next = self.readout_group.val();
        self.last.readout_lane.next = self.readout_lane.val();
        self.readout_data.next = self.last.readout_data.val();
        // The early exit stands before the output layer, and reads its snapshot.
        self.exited.next = false;
        self.exit_busy.next = false;
        for i in 0..self.exits.len() {
            self.exits[i].clock.next = self.clock.val();
            self.exits[i].enable.next = self.exit_enable.val();
            self.exits[i].steps_done.next = self.last.steps_done.val();
            self.exits[i].clears_done.next = self.last.clears_done.val();
            self.exits[i].readout_data.next = self.last.readout_data.val();
            self.exits[i].load_select.next = self.load_select.val();
            self.exits[i].load_byte.next = self.load_byte.val();
            self.exits[i].load_shift.next = self.load_shift.val();
            self.exits[i].load_write.next = self.load_write.val();
            self.exits[i].load_address.next = self.load_address.val();
            self.exited.next = self.exits[i].exited.val();
            self.exit_busy.next = self.exits[i].busy.val();
            if self.exits[i].busy.val() {
                self.last.readout_group.next = self.exits[i].readout_group.val();
                self.last.readout_lane.next = self.exits[i].readout_lane.val();
            }
            self.last.in_data.next = self.exits[i].out_data.val();
            self.last.in_valid.next = self.exits[i].out_valid.val();
            self.exits[i].out_ready.next = self.last.in_ready.val();
            for j in self.hidden.len()..self.any_busy.len() {
                self.exits[i].in_data.next = self.wires.main_data[j].val();
                self.exits[i].in_valid.next = self.wires.main_valid[j].val();
                self.wires.main_ready[j].next = self.exits[i].in_ready.val();
            }
        }
        self.last.load_select.next = self.load_select.val();
        self.last.load_byte.next = self.load_byte.val();
        self.last.load_shift.next = self.load_shift.val();
        self.last.load_write.next = self.load_write.val();
        self.last.load_address.next = self.load_address.val();
        self.steps_done.next = self.last.steps_done.val();
        self.clears_done.next = self.last.clears_done.val();
    }
}
