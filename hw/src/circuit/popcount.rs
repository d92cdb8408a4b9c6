//! Counts the set bits of a mask.
//!
//! The block is combinational, and hand-written Verilog because its width is a run-time parameter: synthesis builds a tree of
//! the sum.

use super::with_defaults;
use rust_hdl::prelude::*;

/// Counter of the bits of a mask.
#[derive(Debug, LogicBlock)]
pub struct Popcount {
    /// Mask to count; only the low `lanes` bits may be set.
    pub mask: Signal<In, Bits<64>>,
    /// Number of set bits.
    pub ones: Signal<Out, Bits<32>>,
    _lanes: usize,
}

impl Popcount {
    /// Builds a counter of `lanes` bits, 1..=64.
    #[must_use]
    pub fn new(lanes: usize) -> Self {
        with_defaults! {
            Self {
                _lanes: lanes,
            }
            mask, ones,
        }
    }
}

impl Logic for Popcount {
    fn update(&mut self) {
        self.ones.next = u64::from(self.mask.val().to_u64().count_ones()).into();
    }

    fn connect(&mut self) {
        self.ones.connect();
    }

    fn hdl(&self) -> Verilog {
        let lanes = self._lanes;
        let bits = clog2(lanes + 1);
        let terms: Vec<String> = (0..lanes)
            .map(|lane| match bits {
                1 => format!("mask[{lane}]"),
                bits => format!("{{{}'h0, mask[{lane}]}}", bits - 1),
            })
            .collect();
        Verilog::Custom(format!(
            "\
wire [{top}:0] set = {sum};
always @(*) ones = {{{padding}'h0, set}};
",
            top = bits - 1,
            sum = terms.join("\n    + "),
            padding = 32 - bits,
        ))
    }
}
