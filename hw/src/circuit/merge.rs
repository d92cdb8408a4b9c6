//! Adds up the weights of the spikes that an engine takes at once.
//!
//! The block is combinational: the sum of k numbers for each lane, of which those of spikes that are not there count as 0. With
//! k = 1 it is wires. It is hand-written Verilog, since only the generator knows how few bits a number has.

use super::{signals, with_defaults};
use rust_hdl::prelude::*;

/// Run-time parameters of a [`Merge`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MergeParams {
    /// Sums.
    pub lanes: usize,
    /// Numbers of a sum, k.
    pub merged: usize,
    /// Bits of a number, without the zeros below it.
    pub width: usize,
    /// Bits below a number that are 0.
    pub fraction_bits: usize,
}

/// Sums of the weights of several spikes.
#[derive(Debug, LogicBlock)]
pub struct Merge {
    /// High if spike i is there; not used with k = 1.
    pub present: Vec<Signal<In, Bit>>,
    /// Weight of spike i in lane l, at i · lanes + l.
    pub number: Vec<Signal<In, Signed<32>>>,
    /// Sum of each lane.
    pub sum: Vec<Signal<Out, Signed<32>>>,
    _params: MergeParams,
}

impl Merge {
    /// Builds the block.
    ///
    /// # Panics
    /// If a sum has more than 32 bits: a bug of the generator.
    #[must_use]
    pub fn new(params: MergeParams) -> Self {
        let merge = with_defaults! {
            Self {
                present: signals(params.merged),
                number: signals(params.merged * params.lanes),
                sum: signals(params.lanes),
                _params: params,
            }
        };
        assert!(merge.sum_bits() + params.fraction_bits <= 32, "{params:?}");
        merge
    }

    /// Bits of a sum, without the zeros below it.
    fn sum_bits(&self) -> usize {
        self._params.width + clog2(self._params.merged)
    }
}

impl Logic for Merge {
    fn update(&mut self) {
        let MergeParams { lanes, merged, .. } = self._params;
        for lane in 0..lanes {
            let sum: i32 = (0..merged)
                .filter(|&spike| merged == 1 || self.present[spike].val())
                .map(|spike| {
                    self.number[spike * lanes + lane]
                        .val()
                        .inner()
                        .to_u32()
                        .cast_signed()
                })
                .fold(0, i32::wrapping_add);
            self.sum[lane].next = i64::from(sum).into();
        }
    }

    fn connect(&mut self) {
        for sum in &mut self.sum {
            sum.connect();
        }
    }

    fn hdl(&self) -> Verilog {
        let MergeParams {
            lanes,
            merged,
            width,
            fraction_bits,
        } = self._params;
        if merged == 1 {
            let wire = |lane: usize| format!("always @(*) sum${lane} = number${lane};\n");
            return Verilog::Custom((0..lanes).map(wire).collect());
        }
        let bits = self.sum_bits();
        let (low, high, top) = (fraction_bits, fraction_bits + width - 1, bits - 1);
        let signs = bits - width;
        let zeros = match fraction_bits {
            0 => String::new(),
            zeros => format!(", {zeros}'h0"),
        };
        let sign = match 32 - bits - fraction_bits {
            0 => String::new(),
            signs => format!("{{{signs}{{added_LANE[{top}]}}}}, "),
        };
        let lane = |lane: usize| {
            let parts: Vec<String> = (0..merged)
                .map(|spike| {
                    let number = format!("number${}", spike * lanes + lane);
                    format!(
                        "({{{bits}{{present${spike}}}}} & {{{{{signs}{{{number}[{high}]}}}}, {number}[{high}:{low}]}})"
                    )
                })
                .collect();
            format!(
                "wire [{top}:0] added_LANE = {};\nalways @(*) sum$LANE = {{{sign}added_LANE{zeros}}};\n",
                parts.join("\n    + ")
            )
            .replace("LANE", &lane.to_string())
        };
        Verilog::Custom((0..lanes).map(lane).collect())
    }
}
