//! Finds the lowest set bit of a mask, and the mask without it.
//!
//! The block is combinational, and hand-written Verilog because its width is a run-time parameter. `mask &
//! (mask − 1)` is the mask without its lowest bit, which costs a carry chain and no tree. The bit that was
//! removed is one-hot, so its number is an OR of bits.

use super::with_defaults;
use rust_hdl::prelude::*;

/// Priority encoder over the lanes of a word.
#[derive(Debug, LogicBlock)]
pub struct PriorityEncoder {
    /// Mask to search; only the low `lanes` bits may be set.
    pub mask: Signal<In, Bits<64>>,
    /// High if at least one bit of `mask` is set.
    pub any: Signal<Out, Bit>,
    /// Position of the lowest set bit; valid while `any` is high.
    pub lane: Signal<Out, Bits<24>>,
    /// Mask without its lowest set bit.
    pub rest: Signal<Out, Bits<64>>,
    /// High if at least one bit of `rest` is set.
    pub more: Signal<Out, Bit>,
    _lanes: usize,
}

impl PriorityEncoder {
    /// Builds an encoder of `lanes` lanes, 1..=64.
    #[must_use]
    pub fn new(lanes: usize) -> Self {
        with_defaults! {
            Self {
                _lanes: lanes,
            }
            mask, any, lane, rest, more,
        }
    }
}

impl Logic for PriorityEncoder {
    fn update(&mut self) {
        let mask = self.mask.val().to_u64();
        let rest = mask & mask.wrapping_sub(1);
        self.any.next = mask != 0;
        self.lane.next = u64::from(if mask == 0 { 0 } else { mask.trailing_zeros() }).into();
        self.rest.next = rest.into();
        self.more.next = rest != 0;
    }

    fn connect(&mut self) {
        self.any.connect();
        self.lane.connect();
        self.rest.connect();
        self.more.connect();
    }

    fn hdl(&self) -> Verilog {
        let lanes = self._lanes;
        let top = lanes - 1;
        let padding = if lanes < 64 {
            format!("{}'h0, ", 64 - lanes)
        } else {
            String::new()
        };
        let bits = clog2(lanes);
        let numbers: Vec<String> = (0..bits)
            .rev()
            .map(|bit| {
                let set: Vec<String> = (0..lanes)
                    .filter(|lane| lane >> bit & 1 == 1)
                    .map(|lane| format!("lowest[{lane}]"))
                    .collect();
                set.join(" | ")
            })
            .collect();
        let lane = if bits == 0 {
            "24'h0".into()
        } else {
            format!("{{{}'h0, {}}}", 24 - bits, numbers.join(",\n        "))
        };
        Verilog::Custom(format!(
            "\
wire [{top}:0] used = mask[{top}:0];
wire [{top}:0] left = used & (used - {lanes}'h1);
wire [{top}:0] lowest = used & ~left;
always @(*) begin
    any = |used;
    more = |left;
    rest = {{{padding}left}};
    lane = {lane};
end
"
        ))
    }
}
