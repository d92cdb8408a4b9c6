//! Gives every bank the numbers of a word: lane l of each bank has number l.
//!
//! The block is wires, and hand-written Verilog because a kernel cannot index banks and lanes at once.

use super::signals;
use rust_hdl::prelude::*;

/// Copies of a word for several banks.
#[derive(Debug, LogicBlock)]
pub struct Spread {
    /// Number of each lane.
    pub number: Vec<Signal<In, Signed<32>>>,
    /// Number of lane l of bank b, at b · lanes + l.
    pub spread: Vec<Signal<Out, Signed<32>>>,
}

impl Spread {
    /// Builds the wires of `banks` banks of `lanes` lanes.
    #[must_use]
    pub fn new(banks: usize, lanes: usize) -> Self {
        Self {
            number: signals(lanes),
            spread: signals(banks * lanes),
        }
    }
}

impl Logic for Spread {
    fn update(&mut self) {
        let lanes = self.number.len();
        for (index, spread) in self.spread.iter_mut().enumerate() {
            spread.next = self.number[index % lanes].val();
        }
    }

    fn connect(&mut self) {
        for spread in &mut self.spread {
            spread.connect();
        }
    }

    fn hdl(&self) -> Verilog {
        let lanes = self.number.len();
        let wire = |index: usize| format!("always @(*) spread${index} = number${};\n", index % lanes);
        Verilog::Custom((0..self.spread.len()).map(wire).collect())
    }
}
