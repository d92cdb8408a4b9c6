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
//! end-of-step events keep the order. The taps show the events between the layers and the membranes as sweeps write
//! them, for co-simulation, and cost nothing where they are left open.
//!
//! Streams fork and meet again: a junction may have to wait for one path while the other's events fill its FIFO and so
//! hold up the very stream that the first path needs. It cannot come to a stop all the same, whatever the depth of the
//! FIFOs. Take the earliest step that some layer has not ended, and the first such layer l. All that feeds l has ended
//! the step, and events pass to all takers at once, so l has been sent everything that it needs. Only room for its
//! spikes may be wanting, in a taker m. But m, further on, has ended the step before: it has taken l's earlier markers,
//! and holds of l nothing but spikes of this step, which an engine integrates whatever its other path does. So m makes
//! room, and l ends the step.

mod kernel;

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

impl CoreParams {
    /// The same core with streams that can be held back.
    #[must_use]
    pub const fn throttled(mut self) -> Self {
        self.wiring.throttled = true;
        self
    }
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
    /// A word of layer i's sweep is written; the output layer is the last.
    pub swept: Vec<Signal<Out, Bit>>,
    /// It is the sweep's last.
    pub swept_last: Vec<Signal<Out, Bit>>,
    /// The sweep is a clear.
    pub swept_clear: Vec<Signal<Out, Bit>>,
    /// The words: the lanes of layer 0, then those of layer 1 and so on.
    pub swept_data: Vec<Signal<Out, Signed<32>>>,
    /// Events of stream i are held back; no port at all, unless the wiring is throttled.
    pub throttle: Vec<Signal<In, Bit>>,
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
            swept: signals(count),
            swept_last: signals(count),
            swept_clear: signals(count),
            swept_data: signals(params.engines().map(|engine| engine.lanes).sum()),
            throttle: signals(if params.wiring.throttled { count } else { 0 }),
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

impl Core {
    /// The layer and the lane of every word of `swept_data`.
    fn swept_lanes(&self) -> impl Iterator<Item = (Option<usize>, usize)> + '_ {
        let hidden = self.hidden.iter().enumerate();
        hidden
            .map(|(layer, hidden)| (Some(layer), hidden.swept_data.len()))
            .chain([(None, self.last.swept_data.len())])
            .flat_map(|(layer, lanes)| (0..lanes).map(move |lane| (layer, lane)))
    }
}

/// The kernel, and the taps of membranes: a kernel's loops cannot index a layer and a lane of it.
impl Logic for Core {
    fn update(&mut self) {
        kernel::Kernel::update(self);
        let words = self.hidden.iter().map(|layer| &layer.swept_data);
        let words = words.chain([&self.last.swept_data]).flatten();
        for (tap, word) in self.swept_data.iter_mut().zip(words) {
            tap.next = word.val();
        }
    }

    fn connect(&mut self) {
        kernel::Kernel::connect(self);
        for tap in &mut self.swept_data {
            tap.connect();
        }
    }

    fn hdl(&self) -> Verilog {
        let Verilog::Combinatorial(mut block) = kernel::Kernel::hdl(self) else {
            unreachable!("a kernel is combinational")
        };
        let signal = |name: String| ast::VerilogExpression::Signal(name);
        for (index, (layer, lane)) in self.swept_lanes().enumerate() {
            let word = match layer {
                Some(layer) => format!("hidden${layer}$swept_data${lane}"),
                None => format!("last$swept_data${lane}"),
            };
            let tap = format!("swept_data${index}");
            block.push(ast::VerilogStatement::Assignment(signal(tap), signal(word)));
        }
        Verilog::Combinatorial(block)
    }
}
