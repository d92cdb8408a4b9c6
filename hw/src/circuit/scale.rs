//! Multiplies the numbers of a word by the magnitude of a graded input's value.
//!
//! A register holds the products, one cycle later. The value comes a cycle before the numbers, into a register of its own for each few
//! lanes: every bit of it goes to every bit of every lane, all over the device. In layers without graded input the block is wires. It is hand-written
//! Verilog, since only the generator knows how few bits a number has. It adds up shifted numbers instead of multiplying:
//! synthesis would take multipliers of the device, which may have fewer than there are lanes, and of which Yosys has no
//! model for every family, so that no netlist with them could be simulated.

use super::event::VALUE_BITS;
use super::fan_out::LANES_PER_COPY;
use super::{signals, with_defaults};
use rust_hdl::prelude::*;

/// Run-time parameters of a [`Scale`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ScaleParams {
    /// Numbers of a word.
    pub lanes: usize,
    /// Bits of a number, without the zeros below it.
    pub width: usize,
    /// Bits below a number that are 0.
    pub fraction_bits: usize,
    /// Whether the numbers are multiplied at all.
    pub graded: bool,
}

/// Multiplier of a word's numbers.
#[derive(Debug, LogicBlock)]
pub struct Scale {
    /// Core clock; the products change on its rising edge.
    pub clock: Signal<In, Clock>,
    /// Magnitude of the value, a cycle before the numbers.
    pub value: Signal<In, Bits<8>>,
    /// Number of each lane.
    pub number: Vec<Signal<In, Signed<32>>>,
    /// Last cycle's `number` times the `value` of the cycle before that; `number` itself if nothing is multiplied.
    pub product: Vec<Signal<Out, Signed<32>>>,
    _params: ScaleParams,
    /// The value of the cycle before.
    _held: u8,
}

impl Scale {
    /// Builds the block.
    ///
    /// # Panics
    /// For numbers of more than 32 bits: a bug of the generator.
    #[must_use]
    pub fn new(params: ScaleParams) -> Self {
        assert!(
            params.width >= 1 && params.width + params.fraction_bits <= 32,
            "{params:?}"
        );
        with_defaults! {
            Self {
                number: signals(params.lanes),
                product: signals(params.lanes),
                _params: params,
                _held: 0,
            }
            clock, value,
        }
    }

    /// Bits of a product, without the zeros below it. The proof of the model bounds what a product adds to a membrane of 32
    /// bits at most.
    const fn product_bits(&self) -> usize {
        let ScaleParams {
            width, fraction_bits, ..
        } = self._params;
        let (wide, most) = (width + VALUE_BITS, 32 - fraction_bits);
        if wide < most { wide } else { most }
    }
}

impl Logic for Scale {
    fn update(&mut self) {
        if !self._params.graded {
            for (product, number) in self.product.iter_mut().zip(&self.number) {
                product.next = number.val();
            }
        } else if self.clock.pos_edge() {
            let unused = 32 - self.product_bits() - self._params.fraction_bits;
            let value = i32::from(std::mem::replace(&mut self._held, self.value.val().to_u8()));
            for (product, number) in self.product.iter_mut().zip(&self.number) {
                let number = number.val().inner().to_u32().cast_signed();
                let kept = number.wrapping_mul(value) << unused >> unused;
                product.next = i64::from(kept).into();
            }
        }
    }

    fn connect(&mut self) {
        for product in &mut self.product {
            product.connect();
        }
    }

    fn hdl(&self) -> Verilog {
        let ScaleParams {
            lanes,
            width,
            fraction_bits,
            graded,
        } = self._params;
        if !graded {
            let wire = |lane: usize| format!("always @(*) product${lane} = number${lane};\n");
            return Verilog::Custom((0..lanes).map(wire).collect());
        }
        let bits = self.product_bits();
        let (low, high, top) = (fraction_bits, fraction_bits + width - 1, bits - 1);
        // The number, shifted up by the place of a bit of the value, if that bit is set.
        let part = |place: usize| {
            let room = bits - place;
            let taken = width.min(room);
            let signs = match room - taken {
                0 => String::new(),
                signs => format!("{{{signs}{{number$LANE[{high}]}}}}, "),
            };
            let zeros = match place {
                0 => String::new(),
                zeros => format!(", {zeros}'h0"),
            };
            let number = format!("number$LANE[{}:{low}]", low + taken - 1);
            format!("(value_COPY[{place}] ? {{{signs}{number}{zeros}}} : {bits}'h0)")
        };
        let sum = (0..VALUE_BITS.min(bits)).map(part).collect::<Vec<_>>();
        let sign = match 32 - bits - fraction_bits {
            0 => String::new(),
            signs => format!("{{{signs}{{scaled_LANE[{top}]}}}}, "),
        };
        let zeros = match fraction_bits {
            0 => String::new(),
            zeros => format!(", {zeros}'h0"),
        };
        let multiplier = format!(
            "\
reg [{top}:0] scaled_LANE;
initial scaled_LANE = {bits}'h0;
always @(posedge clock) scaled_LANE <=
    {};
always @(*) product$LANE = {{{sign}scaled_LANE{zeros}}};
",
            sum.join("\n    + ")
        );
        let copies: String = (0..lanes.div_ceil(LANES_PER_COPY))
            .map(|copy| {
                format!(
                    "\
reg [{highest}:0] value_{copy};
initial value_{copy} = {VALUE_BITS}'h0;
(* keep *) always @(posedge clock) value_{copy} <= value;
",
                    highest = VALUE_BITS - 1
                )
            })
            .collect();
        let lane = |lane: usize| {
            let copy = (lane / LANES_PER_COPY).to_string();
            multiplier
                .replace("LANE", &lane.to_string())
                .replace("COPY", &copy)
        };
        Verilog::Custom(copies + &(0..lanes).map(lane).collect::<String>())
    }

    fn timing(&self) -> Vec<TimingInfo> {
        vec![]
    }
}
