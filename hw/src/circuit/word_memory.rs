//! Synchronous memory of `lanes` numbers per word, with a read and a write port: holds the membranes.
//!
//! Depth, lanes and widths are run-time parameters, so one generator serves every network. The lanes of a
//! word are packed side by side, so that the whole width of a block RAM is used.
//!
//! ```text
//!                  ┌──────────────┐
//!  read_address ──►│              ├──► read_data[lanes]   one cycle after the address
//!  write_address ─►│ depth × lanes│
//!  write_data[] ──►│    × width   │
//!  write_enable ──►│              │
//!                  └──────────────┘
//! ```
//!
//! Numbers are sign-extended to 32 bits. All are zero at power-up. Reading a word in the cycle that writes it
//! is undefined in hardware (`no_rw_check`): users must forward. In native simulation such a read gives
//! garbage, so that a test fails whose circuit relies on it.

use super::{signals, with_defaults};
use rust_hdl::prelude::*;
use serde::{Deserialize, Serialize};

/// Kind of memory that synthesis should build.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Style {
    /// Block RAM.
    Block,
    /// RAM made of LUTs, on devices that have it.
    Distributed,
    /// Flip-flops, or LUTs if nothing is written: for memories of a few words.
    Logic,
    /// Large single-ported RAM without contents at power-up, on devices that have it: UltraPlus SPRAM.
    #[serde(rename = "huge")]
    Spram,
}

impl Style {
    /// Value of Verilog's `ram_style`.
    #[must_use]
    pub const fn attribute(self) -> &'static str {
        match self {
            Self::Block => "block",
            Self::Distributed => "distributed",
            Self::Logic => "logic",
            Self::Spram => "huge",
        }
    }
}

/// Shape of a memory of words.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MemoryShape {
    /// Number of words, at least 1.
    pub depth: usize,
    /// Numbers per word, at least 1.
    pub lanes: usize,
    /// Stored bits per number, 1..=32.
    pub width: usize,
    /// Kind of memory that synthesis should build.
    pub style: Style,
}

impl MemoryShape {
    /// Bits per word.
    #[must_use]
    pub const fn word_bits(self) -> usize {
        self.lanes * self.width
    }

    /// Bits of an address, at least 1.
    #[must_use]
    pub fn address_bits(self) -> usize {
        clog2(self.depth).max(1)
    }

    /// Checks that the memory can be built.
    ///
    /// # Panics
    /// If it cannot be built: a bug of the generator.
    pub(super) fn check(self) {
        assert!(
            self.depth >= 1 && self.lanes >= 1 && (1..=32).contains(&self.width),
            "{self:?}"
        );
    }
}

/// Verilog that unpacks the lanes of a register `word` into signals `name$first` and the following ones: each times
/// 2^`fraction_bits`, sign-extended.
pub(super) fn unpack(
    shape: MemoryShape,
    fraction_bits: usize,
    word: &str,
    name: &str,
    first: usize,
) -> String {
    let MemoryShape { lanes, width, .. } = shape;
    let zeros = if fraction_bits == 0 {
        String::new()
    } else {
        format!(", {fraction_bits}'h0")
    };
    let sign_bits = 32 - width - fraction_bits;
    let lanes: Vec<String> = (0..lanes)
        .map(|lane| {
            let (low, high) = (lane * width, (lane + 1) * width - 1);
            let sign = if sign_bits == 0 {
                String::new()
            } else {
                format!("{{{sign_bits}{{{word}[{high}]}}}}, ")
            };
            format!(
                "    {name}${} = {{{sign}{word}[{high}:{low}]{zeros}}};",
                first + lane
            )
        })
        .collect();
    lanes.join("\n")
}

/// Low `width` bits of a number, sign-extended: what a memory cell keeps.
pub(super) const fn stored(number: i32, width: usize) -> i32 {
    let unused = 32 - width;
    number << unused >> unused
}

/// A memory of signed numbers, in banks of the same shape that are read and written independently.
#[derive(Debug, LogicBlock)]
pub struct WordMemory {
    /// Core clock; reads and writes take place on its rising edge.
    pub clock: Signal<In, Clock>,
    /// Index of the word to read in each bank.
    pub read_address: Vec<Signal<In, Bits<24>>>,
    /// Number of lane l of bank b's word at last cycle's `read_address`, at b · lanes + l; undefined if that cycle also wrote
    /// the word.
    pub read_data: Vec<Signal<Out, Signed<32>>>,
    /// Index of the word to write in each bank; valid while `write_enable` is high.
    pub write_address: Vec<Signal<In, Bits<24>>>,
    /// Number to write into lane l of bank b, at b · lanes + l; only the low `width` bits are kept. Valid while `write_enable` of
    /// the bank is high.
    pub write_data: Vec<Signal<In, Signed<32>>>,
    /// High in a cycle in which the word of a bank is written.
    pub write_enable: Vec<Signal<In, Bit>>,
    _shape: MemoryShape,
    _words: Vec<Vec<i32>>,
}

impl WordMemory {
    /// Builds a memory of `banks` banks of the given shape.
    ///
    /// # Panics
    /// If it cannot be built: a bug of the generator.
    #[must_use]
    pub fn new(shape: MemoryShape, banks: usize) -> Self {
        shape.check();
        assert!(banks >= 1, "a memory without banks");
        with_defaults! {
            Self {
                read_address: signals(banks),
                read_data: signals(banks * shape.lanes),
                write_address: signals(banks),
                write_data: signals(banks * shape.lanes),
                write_enable: signals(banks),
                _shape: shape,
                _words: vec![vec![0; shape.lanes]; banks * shape.depth],
            }
            clock,
        }
    }
}

/// Value of a signal as a machine integer.
fn as_i32(number: Signed<32>) -> i32 {
    number.inner().to_u32().cast_signed()
}

impl Logic for WordMemory {
    fn update(&mut self) {
        if !self.clock.pos_edge() {
            return;
        }
        let MemoryShape {
            depth, lanes, width, ..
        } = self._shape;
        for bank in 0..self.read_address.len() {
            let (read, ports) = (self.read_address[bank].val().index(), bank * lanes);
            for lane in 0..lanes {
                let number = if read < depth {
                    self._words[bank * depth + read][lane]
                } else {
                    0
                };
                self.read_data[ports + lane].next = i64::from(number).into();
            }
            if !self.write_enable[bank].val() {
                continue;
            }
            let written = self.write_address[bank].val().index();
            if written == read {
                // Undefined in hardware: certainly wrong here, so that a circuit that uses it fails its tests.
                for lane in ports..ports + lanes {
                    self.read_data[lane].next = i64::from(!as_i32(self.write_data[lane].val())).into();
                }
            }
            if written < depth {
                for lane in 0..lanes {
                    self._words[bank * depth + written][lane] =
                        stored(as_i32(self.write_data[ports + lane].val()), width);
                }
            }
        }
    }

    fn connect(&mut self) {
        for lane in &mut self.read_data {
            lane.connect();
        }
    }

    fn hdl(&self) -> Verilog {
        let shape = self._shape;
        let MemoryShape {
            depth, lanes, width, ..
        } = shape;
        let bank = |bank: usize| {
            let packed: Vec<String> = (0..lanes)
                .rev()
                .map(|lane| format!("write_data${}[{}:0]", bank * lanes + lane, width - 1))
                .collect();
            format!(
                "\
(* ram_style = \"{style}\", no_rw_check *)
reg [{top}:0] memory_{bank} [0:{last}];
reg [{top}:0] word_{bank};
integer row_{bank};
initial begin
    for (row_{bank} = 0; row_{bank} < {depth}; row_{bank} = row_{bank} + 1) memory_{bank}[row_{bank}] = {word_bits}'h0;
end

always @(posedge clock) begin
    word_{bank} <= memory_{bank}[read_address${bank}[{address}:0]];
    if (write_enable${bank}) memory_{bank}[write_address${bank}[{address}:0]] <= {{{packed}}};
end

always @(*) begin
{unpacked}
end
",
                style = shape.style.attribute(),
                word_bits = shape.word_bits(),
                top = shape.word_bits() - 1,
                last = depth - 1,
                address = shape.address_bits() - 1,
                packed = packed.join(", "),
                unpacked = unpack(shape, 0, &format!("word_{bank}"), "read_data", bank * lanes),
            )
        };
        Verilog::Custom((0..self.read_address.len()).map(bank).collect())
    }

    fn timing(&self) -> Vec<TimingInfo> {
        vec![]
    }
}
