//! Packs one flag per lane into a mask, lane 0 in the lowest bit.
//!
//! The block is combinational, and hand-written Verilog because a kernel cannot assign single bits of a
//! signal.

use super::signals;
use rust_hdl::prelude::*;

/// Packs the flags of all lanes into one mask.
#[derive(Debug, LogicBlock)]
pub struct MaskPack {
    /// Flag of lane i.
    pub flags: Vec<Signal<In, Bit>>,
    /// Mask of the flags: bit i is `flags[i]`; the bits beyond the lanes are 0.
    pub mask: Signal<Out, Bits<64>>,
}

impl MaskPack {
    /// Builds the block for `lanes` flags, 1..=64.
    #[must_use]
    pub fn new(lanes: usize) -> Self {
        Self {
            flags: signals(lanes),
            mask: Signal::default(),
        }
    }
}

impl Logic for MaskPack {
    fn update(&mut self) {
        self.mask.next = self
            .flags
            .iter()
            .rev()
            .fold(0_u64, |mask, flag| mask << 1 | u64::from(flag.val()))
            .into();
    }

    fn connect(&mut self) {
        self.mask.connect();
    }

    fn hdl(&self) -> Verilog {
        let lanes = self.flags.len();
        let padding = if lanes < 64 {
            format!("{}'h0, ", 64 - lanes)
        } else {
            String::new()
        };
        let flags: Vec<String> = (0..lanes).rev().map(|lane| format!("flags${lane}")).collect();
        Verilog::Custom(format!("always @(*) mask = {{{padding}{}}};\n", flags.join(", ")))
    }
}
