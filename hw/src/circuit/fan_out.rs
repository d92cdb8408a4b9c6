//! Register of a flag that every lane needs, in several copies that drive a few lanes each.
//!
//! ```text
//!          ┌─► register ─► lanes 0 … 7
//!  flag ───┼─► register ─► lanes 8 … 15
//!          └─► …
//! ```
//!
//! The lanes of an engine can be spread over the whole device. A single register that drives all of them
//! would be far from most; each copy is placed near its lanes. Synthesis merges equal registers unless told
//! to keep them, so this block is hand-written Verilog.

use super::signals;
use rust_hdl::prelude::*;

/// Lanes that one copy drives.
pub const LANES_PER_COPY: usize = 8;

/// Register of a flag, copied for groups of lanes.
#[derive(Debug, LogicBlock)]
pub struct FanOut {
    /// Core clock; the copies change on its rising edge.
    pub clock: Signal<In, Clock>,
    /// Flag to register, taken in every cycle.
    pub flag: Signal<In, Bit>,
    /// Last cycle's `flag`, one port per lane.
    pub lanes: Vec<Signal<Out, Bit>>,
}

impl FanOut {
    /// Builds the register for `lanes` lanes.
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

/// Verilog of a one-bit register that synthesis does not merge with equal ones.
pub(super) fn kept_copy(name: &str, source: &str) -> String {
    format!("reg {name};\ninitial {name} = 1'b0;\n(* keep *) always @(posedge clock) {name} <= {source};\n")
}
