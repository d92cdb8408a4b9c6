//! Register of a flag that every lane needs, in copies that drive a few lanes each.
//!
//! ```text
//!          ┌─► register ─► lanes 0 … 7
//!  flag ───┼─► register ─► lanes 8 … 15
//!          └─► …
//! ```
//!
//! The lanes of an engine can be spread over the whole device. One register that drives them all would be far from most of
//! them; copies are placed near theirs. Synthesis must be told to keep them, since it merges registers that are alike,
//! so this is Verilog by hand.

use super::signals;
use rust_hdl::prelude::*;

/// Lanes that a copy drives.
pub const LANES_PER_COPY: usize = 8;

/// See the [module](self).
#[derive(Debug, LogicBlock)]
pub struct FanOut {
    /// The clock.
    pub clock: Signal<In, Clock>,
    /// The flag.
    pub flag: Signal<In, Bit>,
    /// The flag of the clock before, one a lane.
    pub lanes: Vec<Signal<Out, Bit>>,
}

impl FanOut {
    /// A register for `lanes` lanes.
    #[must_use]
    pub fn new(lanes: usize) -> Self {
        Self {
            clock: Signal::default(),
            flag: Signal::default(),
            lanes: signals(lanes),
        }
    }
}

impl Logic for FanOut {
    fn update(&mut self) {
        if self.clock.pos_edge() {
            for lane in &mut self.lanes {
                lane.next = self.flag.val();
            }
        }
    }

    fn connect(&mut self) {
        for lane in &mut self.lanes {
            lane.connect();
        }
    }

    fn hdl(&self) -> Verilog {
        let lane = |lane: usize| format!("always @(*) lanes${lane} = copy_{};\n", lane / LANES_PER_COPY);
        let copies: String = (0..self.lanes.len().div_ceil(LANES_PER_COPY))
            .map(|copy| kept_copy(&format!("copy_{copy}"), "flag"))
            .collect();
        let lanes: String = (0..self.lanes.len()).map(lane).collect();
        Verilog::Custom(format!("{copies}\n{lanes}"))
    }
}

/// Verilog of a register of a bit that synthesis does not merge with others that are alike.
pub(super) fn kept_copy(name: &str, source: &str) -> String {
    format!("reg {name};\ninitial {name} = 1'b0;\n(* keep *) always @(posedge clock) {name} <= {source};\n")
}
