//! Synchronous memory of `lanes` numbers a word, with a read and a write port.
//!
//! Weights, membranes and thresholds live in it. Depth, lanes and widths are run-time parameters, so one
//! generator serves every network; the lanes of a word are packed side by side, so that a block RAM's width
//! is used whole.
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
//! A stored number of `width` bits is read as `number · 2^fraction_bits`, sign-extended to 32 bits. Reading a
//! word in the clock that writes it is left undefined in hardware (`no_rw_check`): users must forward. in native simulation it gives
//! garbage, so that no test passes that relies on it.

use super::signals;
use rust_hdl::prelude::*;
use serde::{Deserialize, Serialize};

/// What a [`WordMemory`] holds at power-up.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Contents {
    /// Zeros.
    Zero,
    /// Rows of `lanes` numbers, row 0 first; also written as a hex file of the given name, which the Verilog
    /// reads with `$readmemh`.
    Image {
        /// File name of the hex image, relative to the build folder.
        file: String,
        /// `depth` rows of `lanes` numbers.
        rows: Vec<Vec<i32>>,
    },
}

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
}

/// Run-time parameters of a [`WordMemory`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WordMemoryParams {
    /// Number of words, at least 1.
    pub depth: usize,
    /// Numbers in a word, at least 1.
    pub lanes: usize,
    /// Stored bits of a number, 1..=32.
    pub width: usize,
    /// Zero bits put below a number when it is read.
    pub fraction_bits: usize,
    /// What it holds at power-up.
    pub contents: Contents,
    /// How synthesis should build it.
    pub style: Style,
}

impl WordMemoryParams {
    /// The hex image of the contents, one line a word, or none for zeros.
    #[must_use]
    pub fn hex_image(&self) -> Option<(String, String)> {
        let Contents::Image { file, rows } = &self.contents else {
            return None;
        };
        let digits = (self.lanes * self.width).div_ceil(4);
        let mut text = String::with_capacity(rows.len() * (digits + 1));
        for row in rows {
            text.push_str(&self.hex_word(row));
            text.push('\n');
        }
        Some((file.clone(), text))
    }

    /// A word as hex digits, lane 0 in the lowest bits.
    fn hex_word(&self, row: &[i32]) -> String {
        let mut bits = Vec::with_capacity(self.lanes * self.width + 3);
        for &number in row {
            bits.extend((0..self.width).map(|bit| number >> bit & 1 == 1));
        }
        let nibbles: Vec<u32> = bits
            .chunks(4)
            .map(|nibble| {
                nibble
                    .iter()
                    .rev()
                    .fold(0, |value, &bit| value << 1 | u32::from(bit))
            })
            .collect();
        nibbles
            .iter()
            .rev()
            .filter_map(|&nibble| char::from_digit(nibble, 16))
            .collect()
    }
}

/// See the [module](self).
#[derive(Debug, LogicBlock)]
pub struct WordMemory {
    /// The clock.
    pub clock: Signal<In, Clock>,
    /// Word to read.
    pub read_address: Signal<In, Bits<24>>,
    /// The word at last clock's `read_address`, times 2^fraction_bits.
    pub read_data: Vec<Signal<Out, Signed<32>>>,
    /// Word to write.
    pub write_address: Signal<In, Bits<24>>,
    /// Numbers to write; only their low `width` bits are kept.
    pub write_data: Vec<Signal<In, Signed<32>>>,
    /// Writes in this clock.
    pub write_enable: Signal<In, Bit>,
    _params: WordMemoryParams,
    _words: Vec<Vec<i32>>,
}

impl WordMemory {
    /// A memory of the given parameters.
    ///
    /// # Panics
    /// If the contents are not `depth` rows of `lanes` numbers: a bug of the generator.
    #[must_use]
    pub fn new(params: WordMemoryParams) -> Self {
        let words = match &params.contents {
            Contents::Zero => vec![vec![0; params.lanes]; params.depth],
            Contents::Image { rows, .. } => rows.clone(),
        };
        assert_eq!(words.len(), params.depth, "rows of a memory image");
        assert!(
            words.iter().all(|row| row.len() == params.lanes),
            "lanes of a memory image"
        );
        assert!((1..=32).contains(&params.width) && params.width + params.fraction_bits <= 32);
        Self {
            clock: Signal::default(),
            read_address: Signal::default(),
            read_data: signals(params.lanes),
            write_address: Signal::default(),
            write_data: signals(params.lanes),
            write_enable: Signal::default(),
            _params: params,
            _words: words,
        }
    }

    /// Its parameters.
    #[must_use]
    pub const fn params(&self) -> &WordMemoryParams {
        &self._params
    }
}

/// The low `width` bits of a number, sign-extended: what a memory cell keeps.
fn stored(number: i32, width: usize) -> i32 {
    let unused = 32 - width;
    number << unused >> unused
}

/// A signal's value as a machine integer.
fn as_i32(number: Signed<32>) -> i32 {
    number.inner().to_u32().cast_signed()
}

impl Logic for WordMemory {
    fn update(&mut self) {
        if self.clock.pos_edge() {
            let address = self.read_address.val().index();
            for lane in 0..self._params.lanes {
                let number = self._words.get(address).map_or(0, |word| word[lane]);
                self.read_data[lane].next = i64::from(number << self._params.fraction_bits).into();
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
                        *cell = stored(as_i32(number.val()), self._params.width);
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
        let WordMemoryParams {
            depth,
            lanes,
            width,
            fraction_bits,
            ref contents,
            style,
        } = self._params;
        let word_bits = lanes * width;
        let address_bits = clog2(depth).max(1);
        let style = match style {
            Style::Block => "block",
            Style::Distributed => "distributed",
            Style::Logic => "logic",
        };
        let initial = match contents {
            Contents::Zero => format!(
                "integer row;\ninitial begin\n    for (row = 0; row < {depth}; row = row + 1) \
                 memory[row] = {word_bits}'h0;\nend"
            ),
            Contents::Image { file, .. } => {
                format!("initial begin\n    $readmemh(\"{file}\", memory);\nend")
            }
        };
        let packed: Vec<String> = (0..lanes)
            .rev()
            .map(|lane| format!("write_data${lane}[{}:0]", width - 1))
            .collect();
        let zeros = if fraction_bits == 0 {
            String::new()
        } else {
            format!(", {fraction_bits}'h0")
        };
        let sign_bits = 32 - width - fraction_bits;
        let unpacked: Vec<String> = (0..lanes)
            .map(|lane| {
                let (low, high) = (lane * width, (lane + 1) * width - 1);
                let sign = if sign_bits == 0 {
                    String::new()
                } else {
                    format!("{{{sign_bits}{{word[{high}]}}}}, ")
                };
                format!("    read_data${lane} = {{{sign}word[{high}:{low}]{zeros}}};")
            })
            .collect();
        Verilog::Custom(format!(
            "\
(* ram_style = \"{style}\", no_rw_check *)
reg [{top}:0] memory [0:{last}];
reg [{top}:0] word;
{initial}

always @(posedge clock) begin
    word <= memory[read_address[{address}:0]];
    if (write_enable) memory[write_address[{address}:0]] <= {{{packed}}};
end

always @(*) begin
{unpacked}
end
",
            top = word_bits - 1,
            last = depth - 1,
            address = address_bits - 1,
            packed = packed.join(", "),
            unpacked = unpacked.join("\n"),
        ))
    }

    fn timing(&self) -> Vec<TimingInfo> {
        vec![]
    }
}
