//! Takes a mask apart into one flag per lane: the counterpart of [`MaskPack`](super::mask_pack::MaskPack).
//!
//! The block is combinational, and hand-written Verilog because a kernel cannot pick a bit by the index of a loop.

use super::signals;
use rust_hdl::prelude::*;

/// Flags of a mask's bits.
#[derive(Debug, LogicBlock)]
pub struct MaskUnpack {
    /// Mask; bits beyond the lanes are ignored.
    pub mask: Signal<In, Bits<64>>,
    /// Bit l of the mask for lane l of bank b, at b · lanes + l.
    pub flags: Vec<Signal<Out, Bit>>,
    _lanes: usize,
}

impl MaskUnpack {
    /// Builds the block for the flags of `lanes` lanes, 1..=64, in each of `banks` banks.
    #[must_use]
    pub fn new(banks: usize, lanes: usize) -> Self {
        Self {
            mask: Signal::default(),
            flags: signals(banks * lanes),
            _lanes: lanes,
        }
    }
}

impl Logic for MaskUnpack {
    fn update(&mut self) {
        let mask = self.mask.val().to_u64();
        for (index, flag) in self.flags.iter_mut().enumerate() {
            flag.next = mask >> (index % self._lanes) & 1 == 1;
        }
    }

    fn connect(&mut self) {
        for flag in &mut self.flags {
            flag.connect();
        }
    }

    fn hdl(&self) -> Verilog {
        let lanes = self._lanes;
        let flag = |index: usize| format!("always @(*) flags${index} = mask[{}];\n", index % lanes);
        Verilog::Custom((0..self.flags.len()).map(flag).collect())
    }
}
