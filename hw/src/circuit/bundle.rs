//! Bundles of numbers: one signal instead of several, since a kernel cannot index a block and its ports at once.
//!
//! A bundle holds up to [`MOST`] numbers of 24 bits, each with a flag above it. The blocks are wires, and hand-written Verilog
//! because the number of numbers is a run-time parameter.

use super::signals;
use rust_hdl::prelude::*;

/// Most numbers of a bundle.
pub const MOST: usize = 3;

/// Bits of a number and its flag.
const ENTRY: usize = 25;

/// Bits of the signal.
const WIDTH: usize = 96;

/// Makes a bundle.
#[derive(Debug, LogicBlock)]
pub struct Bundle {
    /// Numbers.
    pub number: Vec<Signal<In, Bits<24>>>,
    /// Flag of each number.
    pub flag: Vec<Signal<In, Bit>>,
    /// All of them.
    pub bundle: Signal<Out, Bits<96>>,
}

/// Takes a bundle apart.
#[derive(Debug, LogicBlock)]
pub struct Unbundle {
    /// Numbers and flags.
    pub bundle: Signal<In, Bits<96>>,
    /// Numbers.
    pub number: Vec<Signal<Out, Bits<24>>>,
    /// Flag of each number.
    pub flag: Vec<Signal<Out, Bit>>,
}

impl Bundle {
    /// Builds a bundle of `count` numbers.
    ///
    /// # Panics
    /// For more than [`MOST`]: a bug of the generator.
    #[must_use]
    pub fn new(count: usize) -> Self {
        assert!(count <= MOST, "{count} numbers");
        Self {
            number: signals(count),
            flag: signals(count),
            bundle: Signal::default(),
        }
    }
}

impl Unbundle {
    /// Takes a bundle of `count` numbers apart.
    ///
    /// # Panics
    /// For more than [`MOST`]: a bug of the generator.
    #[must_use]
    pub fn new(count: usize) -> Self {
        assert!(count <= MOST, "{count} numbers");
        Self {
            bundle: Signal::default(),
            number: signals(count),
            flag: signals(count),
        }
    }
}

impl Logic for Bundle {
    fn update(&mut self) {
        let ports = self.number.iter().zip(&self.flag).rev();
        let bits = ports.fold(0_u128, |bits, (number, flag)| {
            let entry = u128::from(number.val().to_u64()) | u128::from(flag.val()) << (ENTRY - 1);
            bits << ENTRY | entry
        });
        self.bundle.next = bits.to_bits();
    }

    fn connect(&mut self) {
        self.bundle.connect();
    }

    fn hdl(&self) -> Verilog {
        let count = self.number.len();
        if count == 0 {
            // An output must depend on something, or `@(*)` never runs.
            return Verilog::Custom(format!("initial bundle = {WIDTH}'h0;\n"));
        }
        let entries: Vec<String> = (0..count)
            .rev()
            .map(|entry| format!("flag${entry}, number${entry}"))
            .collect();
        Verilog::Custom(format!(
            "always @(*) bundle = {{{}'h0, {}}};\n",
            WIDTH - count * ENTRY,
            entries.join(", ")
        ))
    }
}

impl Logic for Unbundle {
    fn update(&mut self) {
        let bits = self.bundle.val().to_u128();
        for (entry, (number, flag)) in self.number.iter_mut().zip(&mut self.flag).enumerate() {
            let bits = bits >> (entry * ENTRY);
            number.next = (bits & ((1 << (ENTRY - 1)) - 1)).to_bits();
            flag.next = bits >> (ENTRY - 1) & 1 == 1;
        }
    }

    fn connect(&mut self) {
        for number in &mut self.number {
            number.connect();
        }
        for flag in &mut self.flag {
            flag.connect();
        }
    }

    fn hdl(&self) -> Verilog {
        if self.number.is_empty() {
            // Yosys takes a module without contents for a black box.
            return Verilog::Custom("wire unused = bundle[0];\n".into());
        }
        let entry = |entry: usize| {
            let (low, flag) = (entry * ENTRY, (entry + 1) * ENTRY - 1);
            format!(
                "always @(*) number${entry} = bundle[{}:{low}];\nalways @(*) flag${entry} = bundle[{flag}];\n",
                flag - 1
            )
        };
        Verilog::Custom((0..self.number.len()).map(entry).collect())
    }
}
