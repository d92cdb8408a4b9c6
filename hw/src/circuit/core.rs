//! The accelerator's core: takes a stream of input events through all layers, without any link.
//!
//! ```text
//!            ┌─────────────────────────────────────────┐
//!  events ──►│ stream 0            interconnect        │
//!            └─┬────▲─────────────┬─▲──────────┬───────┘
//!              ▼    │ stream 1    ▼ │ stream 2 ▼
//!            layer 0 ─► tap 0   layer 1 …    output layer ─► membranes
//! ```
//!
//! If inferences can exit early, a gate stands in front of the output layer ([`EarlyExit`]).
//!
//! Stream 0 carries the input events, stream i + 1 those of hidden layer i. Layers work on different time
//! steps at once; the end-of-step events keep the steps in order. The taps show the events between the
//! layers, and the membranes as sweeps write them. They serve co-simulation and cost nothing if left open.
//!
//! Streams fork and meet again. A junction may stall one path until the other has reached its marker. Events
//! of the stalled path then fill its FIFO, which can stall the very stream that the other path needs. The
//! core cannot deadlock nevertheless, however small the FIFOs are. Take the earliest step that some layer has
//! not ended, and the first layer l that has not ended it. All layers that feed l have ended the step, and an
//! event passes to all of its takers in the same cycle, so l has been sent everything that it needs. Layer l
//! can only lack room for its spikes in a taker m. But m comes later and has ended the step before: it has
//! taken all earlier markers of l, and holds nothing of l but spikes of the current step. An engine
//! integrates the spikes of one path regardless of its other path. So m makes room, and l ends the step.

mod kernel;

use super::engine::EngineParams;
use super::interconnect::{Interconnect, Wiring};
use super::layer::{Layer, LayerParams};
use super::link::early_exit::{EarlyExit, EarlyExitParams};
use super::load_port::LoadPort;
use super::output_layer::OutputLayer;
use super::{signals, with_defaults};
use rust_hdl::prelude::*;

/// Run-time parameters of a [`Core`].
#[derive(Clone, Debug)]
pub struct CoreParams {
    /// Parameters of the hidden layers, in order.
    pub hidden: Vec<LayerParams>,
    /// Parameters of the output layer's engine.
    pub output: EngineParams,
    /// Events that the output layer's FIFO can hold.
    pub output_fifo_depth: usize,
    /// Stream that each path of each layer takes.
    pub wiring: Wiring,
    /// Classes of the network.
    pub classes: usize,
    /// Steps of an inference, if inferences can exit early.
    pub exit_steps: Option<usize>,
}

impl CoreParams {
    /// Adds the port `throttle`, which stalls streams.
    #[must_use]
    pub const fn throttled(mut self) -> Self {
        self.wiring.throttled = true;
        self
    }
}

/// The core: all layers, the interconnect between them and the early exit.
#[derive(Debug, LogicBlock)]
pub struct Core {
    /// Core clock; all registers change on its rising edge.
    pub clock: Signal<In, Clock>,
    /// Input event, 32 bits, encoded as in [`event`](super::event); valid while `event_valid` is high.
    pub event_data: Signal<In, Bits<32>>,
    /// High while `event_data` holds an event.
    pub event_valid: Signal<In, Bit>,
    /// High if the core takes the event in this cycle; may depend on `event_data`, not on `event_valid`.
    pub event_ready: Signal<Out, Bit>,
    /// Event that leaves hidden layer i; valid while `tap_valid[i]` is high.
    pub tap_data: Vec<Signal<Out, Bits<32>>>,
    /// Neurons of that event's word that fired; valid for spikes.
    pub tap_mask: Vec<Signal<Out, Bits<64>>>,
    /// High in the cycle in which all takers take the event `tap_data[i]`.
    pub tap_valid: Vec<Signal<Out, Bit>>,
    /// High in a cycle in which layer i writes a word of a sweep back; the output layer is the last.
    pub swept: Vec<Signal<Out, Bit>>,
    /// High if the word is the last of the sweep; valid while `swept[i]` is high.
    pub swept_last: Vec<Signal<Out, Bit>>,
    /// High if the sweep is a clear; valid while `swept[i]` is high.
    pub swept_clear: Vec<Signal<Out, Bit>>,
    /// Membranes of the words being written, one port per lane: the lanes of layer 0, then those of layer 1
    /// and so on. Valid while that layer's `swept` is high; 32 bits, sign-extended.
    pub swept_data: Vec<Signal<Out, Signed<32>>>,
    /// High to stall stream i in this cycle. There is no such port unless the wiring is throttled.
    pub throttle: Vec<Signal<In, Bit>>,
    /// Word of output membranes to read, as of the end of the last step; not used while `exit_busy` is high.
    pub readout_group: Signal<In, Bits<24>>,
    /// Lane of that word to read.
    pub readout_lane: Signal<In, Bits<8>>,
    /// Output membrane at last cycle's `readout_group` and `readout_lane`, sign-extended; not valid while
    /// `exit_busy` is high.
    pub readout_data: Signal<Out, Signed<32>>,
    /// Load port of all parameter memories and of the early exit's margins; to be used only while the core is
    /// idle.
    pub load: LoadPort,
    /// High if inferences may exit early; ignored by a core without an early exit. May change only when a
    /// clear is about to follow.
    pub exit_enable: Signal<In, Bit>,
    /// High from an early exit until the clear that ends the inference.
    pub exited: Signal<Out, Bit>,
    /// High while an early exit is being decided, which uses the readout.
    pub exit_busy: Signal<Out, Bit>,
    /// Steps that the output layer has completed since the last clear.
    pub steps_done: Signal<Out, Bits<32>>,
    /// Clears that the output layer has completed since power-up, modulo 256.
    pub clears_done: Signal<Out, Bits<8>>,
    /// Cycles since the last clear in which at least one layer was busy.
    pub active_cycles: Signal<Out, Bits<32>>,
    /// Spikes that layer i has taken since the last clear; the output layer is the last.
    pub spikes_in: Vec<Signal<Out, Bits<32>>>,
    /// Spikes that layer i has emitted since the last clear; always 0 for the output layer.
    pub spikes_out: Vec<Signal<Out, Bits<32>>>,
    /// Cycles that layer i has spent on spikes and sweeps since the last clear.
    pub busy_cycles: Vec<Signal<Out, Bits<32>>>,
    /// Cycles since the last clear in which a sweep of layer i was stalled for lack of room for its spikes;
    /// always 0 for the output layer.
    pub stalled_cycles: Vec<Signal<Out, Bits<32>>>,
    hidden: Vec<Layer>,
    last: OutputLayer,
    /// The early exit: one, or none.
    exits: Vec<EarlyExit>,
    wires: Interconnect,
    active: DFF<Bits<32>>,
    any_busy: Vec<Signal<Local, Bit>>,
    /// Mask of the input's events, which have one lane.
    one_spike: Constant<Bits<64>>,
}

impl Core {
    /// Builds a core of the given layers.
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
        with_defaults! {
            Self {
                tap_data: signals(hidden),
                tap_mask: signals(hidden),
                tap_valid: signals(hidden),
                swept: signals(count),
                swept_last: signals(count),
                swept_clear: signals(count),
                swept_data: signals(params.engines().map(|engine| engine.units()).sum()),
                throttle: signals(if params.wiring.throttled { count } else { 0 }),
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
                any_busy: signals(count),
                one_spike: Constant::new(1_u64.into()),
            }
            clock, load, event_data, event_valid, event_ready, readout_group, readout_lane, readout_data,
            exit_enable, exited, exit_busy, steps_done, clears_done, active_cycles, active,
        }
    }
}

impl Core {
    /// Layer and lane of every port of `swept_data`; no layer for the output layer.
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
