//! Wires between layers: every stream of events to all of its takers.
//!
//! The block is combinational. An event passes when all takers of its stream have room, to all of them in the
//! same cycle, so that the streams of a fork keep in step. The block is hand-written Verilog because the
//! wiring is a run-time parameter.
//!
//! A throttled interconnect has one more input per stream, which stalls the stream. Co-simulation uses it to
//! show that nothing is lost when streams stall. A board's design contains no trace of it.

use super::signals;
use rust_hdl::prelude::*;

/// Stream that each path of each layer takes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Wiring {
    /// Number of streams.
    pub streams: usize,
    /// Stream of every layer's first path.
    pub main: Vec<usize>,
    /// Stream of every hidden layer's second path, if there is one.
    pub side: Vec<Option<usize>>,
    /// Whether streams can be stalled by the port `throttle`.
    pub throttled: bool,
}

/// The wires of one core.
#[derive(Debug, LogicBlock)]
pub struct Interconnect {
    /// Event of stream i, 32 bits; valid while `stream_valid[i]` is high.
    pub stream_data: Vec<Signal<In, Bits<32>>>,
    /// Mask of that event; valid for spikes.
    pub stream_mask: Vec<Signal<In, Bits<64>>>,
    /// High while `stream_data[i]` holds an event.
    pub stream_valid: Vec<Signal<In, Bit>>,
    /// High if all takers of stream i have room and the stream is not stalled: its event passes in this
    /// cycle.
    pub stream_ready: Vec<Signal<Out, Bit>>,
    /// High to stall stream i in this cycle. There is no such port unless the wiring is throttled.
    pub throttle: Vec<Signal<In, Bit>>,
    /// Event for the first path of layer i; valid while `main_valid[i]` is high.
    pub main_data: Vec<Signal<Out, Bits<32>>>,
    /// Mask of that event.
    pub main_mask: Vec<Signal<Out, Bits<64>>>,
    /// High while `main_data[i]` holds an event, all other takers have room for it and the stream is not
    /// stalled.
    pub main_valid: Vec<Signal<Out, Bit>>,
    /// High while the first path of layer i has room; may depend on `main_data[i]`, never on `main_valid[i]`.
    pub main_ready: Vec<Signal<In, Bit>>,
    /// Event for the second path of hidden layer i; valid while `side_valid[i]` is high.
    pub side_data: Vec<Signal<Out, Bits<32>>>,
    /// Mask of that event.
    pub side_mask: Vec<Signal<Out, Bits<64>>>,
    /// High while `side_data[i]` holds an event, all other takers have room for it and the stream is not
    /// stalled; always low without a second path.
    pub side_valid: Vec<Signal<Out, Bit>>,
    /// High while the second path of hidden layer i has room; may depend on `side_data[i]`, never on
    /// `side_valid[i]`.
    pub side_ready: Vec<Signal<In, Bit>>,
    _wiring: Wiring,
}

/// Taker of a stream: one path of a layer.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Taker {
    Main(usize),
    Side(usize),
}

impl Taker {
    /// Name of the taker's port of the given kind.
    fn port(self, kind: &str) -> String {
        match self {
            Self::Main(layer) => format!("main_{kind}${layer}"),
            Self::Side(layer) => format!("side_{kind}${layer}"),
        }
    }
}

impl Interconnect {
    /// Builds the wires for the given wiring.
    ///
    /// # Panics
    /// For a stream that is not there: a bug of the generator.
    #[must_use]
    pub fn new(wiring: Wiring) -> Self {
        let streams = wiring.streams;
        assert!(
            wiring
                .main
                .iter()
                .chain(wiring.side.iter().flatten())
                .all(|&of| of < streams),
            "{wiring:?}"
        );
        let (main, side) = (wiring.main.len(), wiring.side.len());
        Self {
            stream_data: signals(streams),
            stream_mask: signals(streams),
            stream_valid: signals(streams),
            stream_ready: signals(streams),
            throttle: signals(if wiring.throttled { streams } else { 0 }),
            main_data: signals(main),
            main_mask: signals(main),
            main_valid: signals(main),
            main_ready: signals(main),
            side_data: signals(side),
            side_mask: signals(side),
            side_valid: signals(side),
            side_ready: signals(side),
            _wiring: wiring,
        }
    }

    /// All takers, with the streams that they take.
    fn takers(&self) -> Vec<(Taker, usize)> {
        let wiring = &self._wiring;
        let main = wiring.main.iter().enumerate();
        let side = wiring.side.iter().enumerate();
        main.map(|(layer, &stream)| (Taker::Main(layer), stream))
            .chain(side.filter_map(|(layer, &stream)| Some((Taker::Side(layer), stream?))))
            .collect()
    }

    fn is_held(&self, stream: usize) -> bool {
        self.throttle.get(stream).is_some_and(|held| held.val())
    }

    fn is_ready(&self, taker: Taker) -> bool {
        match taker {
            Taker::Main(layer) => self.main_ready[layer].val(),
            Taker::Side(layer) => self.side_ready[layer].val(),
        }
    }
}

impl Logic for Interconnect {
    fn update(&mut self) {
        let takers = self.takers();
        for stream in 0..self.stream_ready.len() {
            let mut of_stream = takers.iter().filter(|&&(_, of)| of == stream);
            self.stream_ready[stream].next =
                !self.is_held(stream) && of_stream.all(|&(taker, _)| self.is_ready(taker));
        }
        for side in 0..self.side_data.len() {
            self.side_data[side].next = 0.into();
            self.side_mask[side].next = 0.into();
            self.side_valid[side].next = false;
        }
        for &(taker, stream) in &takers {
            let mut others = takers
                .iter()
                .filter(|&&(other, of)| of == stream && other != taker);
            let valid = self.stream_valid[stream].val()
                && !self.is_held(stream)
                && others.all(|&(other, _)| self.is_ready(other));
            let data = self.stream_data[stream].val();
            let mask = self.stream_mask[stream].val();
            match taker {
                Taker::Main(layer) => {
                    self.main_data[layer].next = data;
                    self.main_mask[layer].next = mask;
                    self.main_valid[layer].next = valid;
                }
                Taker::Side(layer) => {
                    self.side_data[layer].next = data;
                    self.side_mask[layer].next = mask;
                    self.side_valid[layer].next = valid;
                }
            }
        }
    }

    fn connect(&mut self) {
        for ready in &mut self.stream_ready {
            ready.connect();
        }
        for data in self.main_data.iter_mut().chain(&mut self.side_data) {
            data.connect();
        }
        for mask in self.main_mask.iter_mut().chain(&mut self.side_mask) {
            mask.connect();
        }
        for valid in self.main_valid.iter_mut().chain(&mut self.side_valid) {
            valid.connect();
        }
    }

    fn hdl(&self) -> Verilog {
        let takers = self.takers();
        let passes = |stream: usize| match self.throttle.get(stream) {
            Some(_) => format!(" & ~throttle${stream}"),
            None => String::new(),
        };
        let mut body = String::new();
        for stream in 0..self.stream_ready.len() {
            let ready: Vec<String> = takers
                .iter()
                .filter(|&&(_, of)| of == stream)
                .map(|(taker, _)| taker.port("ready"))
                .collect();
            // A stream without takers is never stalled.
            let ready = if ready.is_empty() {
                "1'b1".into()
            } else {
                ready.join(" & ")
            };
            body.push_str(&format!(
                "    stream_ready${stream} = {ready}{};\n",
                passes(stream)
            ));
        }
        for (layer, side) in self._wiring.side.iter().enumerate() {
            if side.is_none() {
                body.push_str(&format!(
                    "    side_data${layer} = 32'h0;\n    side_mask${layer} = 64'h0;\n    side_valid${layer} = 1'b0;\n"
                ));
            }
        }
        for &(taker, stream) in &takers {
            let others: String = takers
                .iter()
                .filter(|&&(other, of)| of == stream && other != taker)
                .map(|(other, _)| format!(" & {}", other.port("ready")))
                .collect();
            body.push_str(&format!(
                "    {} = stream_data${stream};\n    {} = stream_mask${stream};\n    {} = stream_valid${stream}{}{others};\n",
                taker.port("data"),
                taker.port("mask"),
                taker.port("valid"),
                passes(stream),
            ));
        }
        Verilog::Custom(format!("always @(*) begin\n{body}end\n"))
    }
}
