//! Synchronous memory of `lanes` numbers a word, with a read and a write port: where membranes live.
//!
//! Depth, lanes and widths are run-time parameters, so one generator serves every network; the lanes of a word are
//! packed side by side, so that a block RAM's width is used whole.
//!
//! ```text
//!                  ┌──────────────┐
//!  read_address ──►│              ├──► read_data[lanes]   one clock after the address
//!  write_address ─►│ depth × lanes│
//!  write_data[] ──►│    × width   │
//!  write_enable ──►│              │
//!                  └──────────────┘
//! ```
//!
//! Numbers are sign-extended to 32 bits. All are zero at power-up. Reading a word in the clock that writes it is left
//! undefined in hardware (`no_rw_check`): users must forward. In native simulation it gives garbage, so that no test
//! passes that relies on it.

use super::signals;
use rust_hdl::prelude::*;
use serde::{Deserialize, Serialize};

/// How synthesis should build a memory.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Style {
    /// Block RAM.
    Block,
    /// RAM made of look-up tables, on devices that have it.
    Distributed,
    /// Flip-flops, or look-up tables where nothing is written: for memories of a few words.
    Logic,
    /// Large single-ported RAM without contents at power-up, on devices that have it: UltraPlus SPRAM.
    #[serde(rename = "huge")]
    Spram,
}

impl Style {
    /// The value of Verilog's `ram_style`.
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
    /// Numbers in a word, at least 1.
    pub lanes: usize,
    /// Stored bits of a number, 1..=32.
    pub width: usize,
    /// How synthesis should build it.
    pub style: Style,
}

impl MemoryShape {
    /// Bits of a word.
    #[must_use]
    pub const fn word_bits(self) -> usize {
        self.lanes * self.width
    }

    /// Bits of an address, at least one.
    #[must_use]
    pub fn address_bits(self) -> usize {
        clog2(self.depth).max(1)
    }

    /// # Panics
    /// If it cannot be built: a bug of the generator.
    pub(super) fn check(self) {
        assert!(
            self.depth >= 1 && self.lanes >= 1 && (1..=32).contains(&self.width),
            "{self:?}"
        );
    }
}

/// Verilog that takes a word's lanes apart, into signals `name$0`, `name$1`, …: each times 2^`fraction_bits`,
/// sign-extended.
pub(super) fn unpack(shape: MemoryShape, fraction_bits: usize, name: &str) -> String {
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
                format!("{{{sign_bits}{{word[{high}]}}}}, ")
            };
            format!("    {name}${lane} = {{{sign}word[{high}:{low}]{zeros}}};")
        })
        .collect();
    lanes.join("\n")
}

/// The low `width` bits of a number, sign-extended: what a memory cell keeps.
pub(super) const fn stored(number: i32, width: usize) -> i32 {
    let unused = 32 - width;
    number << unused >> unused
}

/// See the [module](self).
#[derive(Debug, LogicBlock)]
pub struct WordMemory {
    /// The clock.
    pub clock: Signal<In, Clock>,
    /// Word to read.
    pub read_address: Signal<In, Bits<24>>,
    /// The word at last clock's `read_address`.
    pub read_data: Vec<Signal<Out, Signed<32>>>,
    /// Word to write.
    pub write_address: Signal<In, Bits<24>>,
    /// Numbers to write; only their low `width` bits are kept.
    pub write_data: Vec<Signal<In, Signed<32>>>,
    /// Writes in this clock.
    pub write_enable: Signal<In, Bit>,
    _shape: MemoryShape,
    _words: Vec<Vec<i32>>,
}

impl WordMemory {
    /// A memory of the given shape.
    ///
    /// # Panics
    /// If it cannot be built: a bug of the generator.
    #[must_use]
    pub fn new(shape: MemoryShape) -> Self {
        shape.check();
        Self {
            clock: Signal::default(),
            read_address: Signal::default(),
            read_data: signals(shape.lanes),
            write_address: Signal::default(),
            write_data: signals(shape.lanes),
            write_enable: Signal::default(),
            _shape: shape,
            _words: vec![vec![0; shape.lanes]; shape.depth],
        }
    }
}

/// A signal's value as a machine integer.
fn as_i32(number: Signed<32>) -> i32 {
    number.inner().to_u32().cast_signed()
}

impl Logic for WordMemory {
    fn update(&mut self) {
        if self.clock.pos_edge() {
            let address = self.read_address.val().index();
            for lane in 0..self._shape.lanes {
                let number = self._words.get(address).map_or(0, |word| word[lane]);
                self.read_data[lane].next = i64::from(number).into();
            }
            if self.write_enable.val() {
                if self.write_address.val() == self.read_address.val() {
                    // Undefined in hardware: certainly wrong here, so that whoever uses it fails his tests.
                    for (read, written) in self.read_data.iter_mut().zip(&self.write_data) {
                        read.next = i64::from(!as_i32(written.val())).into();
                    }
                }
                let address = self.write_address.val().index();
                if let Some(word) = self._words.get_mut(address) {
                    for (cell, number) in word.iter_mut().zip(&self.write_data) {
                        *cell = stored(as_i32(number.val()), self._shape.width);
                    }
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
        let packed: Vec<String> = (0..lanes)
            .rev()
            .map(|lane| format!("write_data${lane}[{}:0]", width - 1))
            .collect();
        Verilog::Custom(format!(
            "\
(* ram_style = \"{style}\", no_rw_check *)
reg [{top}:0] memory [0:{last}];
reg [{top}:0] word;
integer row;
initial begin
    for (row = 0; row < {depth}; row = row + 1) memory[row] = {word_bits}'h0;
end

always @(posedge clock) begin
    word <= memory[read_address[{address}:0]];
    if (write_enable) memory[write_address[{address}:0]] <= {{{packed}}};
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
            unpacked = unpack(shape, 0, "read_data"),
        ))
    }

    fn timing(&self) -> Vec<TimingInfo> {
        vec![]
    }
}
