//! Finds the highest bit of a mask, and what is left without it.
//!
//! Combinational; written as Verilog by hand since a kernel has no variable to carry a choice through a loop.

use rust_hdl::prelude::*;

/// See the [module](self).
#[derive(Debug, LogicBlock)]
pub struct PriorityEncoder {
    /// The mask; only its low `lanes` bits may be set.
    pub mask: Signal<In, Bits<64>>,
    /// Some bit is set.
    pub any: Signal<Out, Bit>,
    /// Lane of the highest bit: `lanes − 1 −` its position.
    pub lane: Signal<Out, Bits<24>>,
    /// The mask without its highest bit.
    pub rest: Signal<Out, Bits<64>>,
    _lanes: usize,
}

impl PriorityEncoder {
    /// An encoder of `lanes` lanes, 1..=64.
    #[must_use]
    pub fn new(lanes: usize) -> Self {
        Self {
            mask: Signal::default(),
            any: Signal::default(),
            lane: Signal::default(),
            rest: Signal::default(),
            _lanes: lanes,
        }
    }
}

impl Logic for PriorityEncoder {
    fn update(&mut self) {
        let mask = self.mask.val().to_u64();
        let highest = mask.checked_ilog2();
        self.any.next = highest.is_some();
        let position = highest.unwrap_or(0) as usize;
        self.lane.next = if highest.is_some() {
            (self._lanes - 1 - position) as u64
        } else {
            0
        }
        .into();
        self.rest.next = (mask & !(highest.map_or(0, |position| 1_u64 << position))).into();
    }

    fn connect(&mut self) {
        self.any.connect();
        self.lane.connect();
        self.rest.connect();
    }

    fn hdl(&self) -> Verilog {
        let lanes = self._lanes;
        let top = lanes - 1;
        let cases: Vec<String> = (0..lanes)
            .map(|lane| {
                let bit = top - lane;
                format!(
                    "    if (mask[{bit}]) begin lane = 24'd{lane}; highest = {lanes}'h{:x}; end",
                    1_u64 << bit
                )
            })
            .rev()
            .collect();
        Verilog::Custom(format!(
            "\
reg [{top}:0] highest;
always @(*) begin
    lane = 24'd0;
    highest = {lanes}'h0;
{cases}
    any = |mask[{top}:0];
    rest = mask & ~{{{padding}highest}};
end
",
            cases = cases.join("\n"),
            padding = if lanes < 64 {
                format!("{}'h0, ", 64 - lanes)
            } else {
                String::new()
            },
        ))
    }
}
