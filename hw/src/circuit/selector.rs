//! Selects the numbers of one bank.
//!
//! The block is combinational, and hand-written Verilog because the number of banks is a run-time parameter. With one bank it is
//! wires.

use super::{signals, with_defaults};
use rust_hdl::prelude::*;

/// Selection among banks of numbers.
#[derive(Debug, LogicBlock)]
pub struct Selector {
    /// Bank to select; must be one of the banks.
    pub bank: Signal<In, Bits<8>>,
    /// Number of lane l of bank b, at b · lanes + l.
    pub number: Vec<Signal<In, Signed<32>>>,
    /// Number of each lane of the bank that is selected.
    pub selected: Vec<Signal<Out, Signed<32>>>,
    _width: usize,
}

impl Selector {
    /// Builds a selection among `banks` banks of `lanes` numbers of `width` bits.
    #[must_use]
    pub fn new(banks: usize, lanes: usize, width: usize) -> Self {
        with_defaults! {
            Self {
                number: signals(banks * lanes),
                selected: signals(lanes),
                _width: width,
            }
            bank,
        }
    }
}

impl Logic for Selector {
    fn update(&mut self) {
        let lanes = self.selected.len();
        let bank = self.bank.val().index();
        for lane in 0..lanes {
            let number = self.number.get(bank * lanes + lane).unwrap_or(&self.number[lane]);
            self.selected[lane].next = number.val();
        }
    }

    fn connect(&mut self) {
        for number in &mut self.selected {
            number.connect();
        }
    }

    fn hdl(&self) -> Verilog {
        let lanes = self.selected.len();
        let banks = self.number.len() / lanes;
        if banks == 1 {
            let wire = |lane: usize| format!("always @(*) selected${lane} = number${lane};\n");
            return Verilog::Custom((0..lanes).map(wire).collect());
        }
        // An AND-OR of all banks: what is not selected is 0.
        let (bits, top) = (clog2(banks), self._width - 1);
        let flags: String = (0..banks)
            .map(|bank| format!("wire is_{bank} = bank[{}:0] == {bits}'d{bank};\n", bits - 1))
            .collect();
        let sign = match 32 - self._width {
            0 => String::new(),
            signs => format!("{{{signs}{{chosen_LANE[{top}]}}}}, "),
        };
        let lane = |lane: usize| {
            let parts: Vec<String> = (0..banks)
                .map(|bank| {
                    format!(
                        "({{{}{{is_{bank}}}}} & number${}[{top}:0])",
                        self._width,
                        bank * lanes + lane
                    )
                })
                .collect();
            format!(
                "wire [{top}:0] chosen_LANE = {};\nalways @(*) selected$LANE = {{{sign}chosen_LANE}};\n",
                parts.join("\n    | ")
            )
            .replace("LANE", &lane.to_string())
        };
        Verilog::Custom(flags + &(0..lanes).map(lane).collect::<String>())
    }
}
