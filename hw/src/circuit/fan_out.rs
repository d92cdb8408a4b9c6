//! Register of a flag that every lane of a bank needs, in several copies that drive a few lanes each.
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
    /// Flag of each bank to register, taken in every cycle.
    pub flag: Vec<Signal<In, Bit>>,
    /// Last cycle's flag of bank b for lane l, at b · lanes + l.
    pub lanes: Vec<Signal<Out, Bit>>,
}

impl FanOut {
    /// Builds the registers for `banks` banks of `lanes` lanes.
    #[must_use]
    pub fn new(banks: usize, lanes: usize) -> Self {
        Self {
            clock: Signal::default(),
            flag: signals(banks),
            lanes: signals(banks * lanes),
        }
    }
}

impl Logic for FanOut {
    fn update(&mut self) {
        if self.clock.pos_edge() {
            let lanes = self.lanes.len() / self.flag.len();
            for (index, lane) in self.lanes.iter_mut().enumerate() {
                lane.next = self.flag[index / lanes].val();
            }
        }
    }

    fn connect(&mut self) {
        for lane in &mut self.lanes {
            lane.connect();
        }
    }

    fn hdl(&self) -> Verilog {
        let lanes = self.lanes.len() / self.flag.len();
        let of_bank = lanes.div_ceil(LANES_PER_COPY);
        let lane = |index: usize| {
            let copy = index / lanes * of_bank + index % lanes / LANES_PER_COPY;
            format!("always @(*) lanes${index} = copy_{copy};\n")
        };
        let copies: String = (0..self.flag.len() * of_bank)
            .map(|copy| kept_copy(&format!("copy_{copy}"), &format!("flag${}", copy / of_bank)))
            .collect();
        let lanes: String = (0..self.lanes.len()).map(lane).collect();
        Verilog::Custom(format!("{copies}\n{lanes}"))
    }
}

/// Verilog of a one-bit register that synthesis does not merge with equal ones.
pub(super) fn kept_copy(name: &str, source: &str) -> String {
    format!("reg {name};\ninitial {name} = 1'b0;\n(* keep *) always @(posedge clock) {name} <= {source};\n")
}
