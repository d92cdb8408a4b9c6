//! Leak of a membrane: the sum of at most three arithmetic right shifts, each rounding toward −∞.
//!
//! The block is combinational: `amount = Σ (membrane >>> shift)`. It is hand-written Verilog because rust-hdl
//! turns `>>` of a signed number into a logical shift.

use rust_hdl::prelude::*;

/// Leak of one lane.
#[derive(Debug, LogicBlock)]
pub struct Leak {
    /// Membrane before the leak, sign-extended to 32 bits.
    pub membrane: Signal<In, Signed<32>>,
    /// Amount that the leak takes away, to be subtracted from `membrane`.
    pub amount: Signal<Out, Signed<32>>,
    _shifts: Vec<u8>,
}

impl Leak {
    /// Builds a leak of the given shifts; none for integrate-and-fire neurons.
    #[must_use]
    pub fn new(shifts: &[u8]) -> Self {
        Self {
            membrane: Signal::default(),
            amount: Signal::default(),
            _shifts: shifts.to_vec(),
        }
    }
}

impl Logic for Leak {
    fn update(&mut self) {
        let membrane = self.membrane.val().inner().to_u32().cast_signed();
        let amount: i32 = self._shifts.iter().map(|&shift| membrane >> shift).sum();
        self.amount.next = i64::from(amount).into();
    }

    fn connect(&mut self) {
        self.amount.connect();
    }

    fn hdl(&self) -> Verilog {
        let terms: Vec<String> = self
            ._shifts
            .iter()
            .map(|shift| format!("(membrane >>> {shift})"))
            .collect();
        // `@(*)` never runs without an input that it depends on: a bare 0 would leave the output undefined.
        let sum = if terms.is_empty() {
            "membrane & 32'sh0".into()
        } else {
            terms.join(" + ")
        };
        Verilog::Custom(format!("always @(*) amount = {sum};\n"))
    }
}
