//! Delays a signal by a number of cycles; by none, it is a wire.
//!
//! The block is hand-written Verilog because the number of registers is a run-time parameter.

use super::with_defaults;
use rust_hdl::prelude::*;

/// A chain of registers, or a wire.
#[derive(Debug, LogicBlock)]
pub struct Delay<T: Synth> {
    /// Core clock; the registers change on its rising edge.
    pub clock: Signal<In, Clock>,
    /// Signal to delay.
    pub now: Signal<In, T>,
    /// `now` as it was the given number of cycles ago; 0 before that.
    pub late: Signal<Out, T>,
    /// Contents of the registers, the latest first.
    _held: Vec<T>,
}

impl<T: Synth> Delay<T> {
    /// Builds a delay of `cycles` cycles.
    #[must_use]
    pub fn new(cycles: usize) -> Self {
        with_defaults! {
            Self {
                _held: vec![T::default(); cycles],
            }
            clock, now, late,
        }
    }
}

impl<T: Synth> Logic for Delay<T> {
    fn update(&mut self) {
        if self._held.is_empty() {
            self.late.next = self.now.val();
        } else if self.clock.pos_edge() {
            self._held.rotate_right(1);
            self._held[0] = self.now.val();
            self.late.next = self._held[self._held.len() - 1];
        }
    }

    fn connect(&mut self) {
        self.late.connect();
    }

    fn hdl(&self) -> Verilog {
        let cycles = self._held.len();
        if cycles == 0 {
            return Verilog::Custom("always @(*) late = now;\n".into());
        }
        let top = T::BITS - 1;
        let name = |stage: usize| match stage {
            0 => "now".to_owned(),
            stage => format!("stage_{stage}"),
        };
        let registers: String = (1..=cycles)
            .map(|stage| {
                let (register, before) = (name(stage), name(stage - 1));
                format!(
                    "reg [{top}:0] {register};\ninitial {register} = {bits}'h0;\nalways @(posedge clock) {register} <= \
                     {before};\n",
                    bits = T::BITS
                )
            })
            .collect();
        Verilog::Custom(format!("{registers}always @(*) late = {};\n", name(cycles)))
    }

    fn timing(&self) -> Vec<TimingInfo> {
        vec![]
    }
}
