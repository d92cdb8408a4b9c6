//! Packs one flag per lane into a mask, lane 0 in the lowest bit.
//!
//! The block is combinational, and hand-written Verilog because a kernel cannot assign single bits of a
//! signal.

use super::signals;
use rust_hdl::prelude::*;

/// Packs the flags of the lanes of each bank into one mask.
#[derive(Debug, LogicBlock)]
pub struct MaskPack {
    /// Flag of lane l of bank b, at b · lanes + l.
    pub flags: Vec<Signal<In, Bit>>,
    /// Mask of each bank's flags: bit l is that of lane l; the bits beyond the lanes are 0.
    pub mask: Vec<Signal<Out, Bits<64>>>,
}

impl MaskPack {
    /// Builds the block for `banks` banks of `lanes` flags, 1..=64.
    #[must_use]
    pub fn new(banks: usize, lanes: usize) -> Self {
        Self {
            flags: signals(banks * lanes),
            mask: signals(banks),
        }
    }

    fn lanes(&self) -> usize {
        self.flags.len() / self.mask.len()
    }
}

impl Logic for MaskPack {
    fn update(&mut self) {
        let lanes = self.lanes();
        for (mask, flags) in self.mask.iter_mut().zip(self.flags.chunks(lanes)) {
            let bits = (flags.iter().rev()).fold(0_u64, |bits, flag| bits << 1 | u64::from(flag.val()));
            mask.next = bits.into();
        }
    }

    fn connect(&mut self) {
        for mask in &mut self.mask {
            mask.connect();
        }
    }

    fn hdl(&self) -> Verilog {
        let lanes = self.lanes();
        let padding = if lanes < 64 {
            format!("{}'h0, ", 64 - lanes)
        } else {
            String::new()
        };
        let bank = |bank: usize| {
            let flags: Vec<String> = (0..lanes)
                .rev()
                .map(|lane| format!("flags${}", bank * lanes + lane))
                .collect();
            format!("always @(*) mask${bank} = {{{padding}{}}};\n", flags.join(", "))
        };
        Verilog::Custom((0..self.mask.len()).map(bank).collect())
    }
}
