//! Synchronous memory of a layer's parameters, `lanes` numbers a word: weights, thresholds, identities.
//!
//! ```text
//!                 ┌──────────────┐
//! read_address ──►│ depth × lanes├──► read_data[lanes]   one clock after the address
//!                 │    × width   │
//! load_byte ─────►│              │
//! load_shift ────►│              │   shifts the byte into a register as wide as a word
//! load_write ────►│              │   writes that register
//! load_address ──►│              │
//!                 └──────────────┘
//! ```
//!
//! It has contents at power-up, if the device's memory can, and is loaded byte by byte otherwise, or for other
//! weights. A word's lanes lie side by side, lane 0 lowest, `width` bits each, filled up to whole bytes with anything;
//! the lowest byte comes first. Nobody reads while a word is being written. A stored number is read as
//! `number · 2^fraction_bits`, sign-extended to 32 bits.

use super::signals;
use super::word_memory::{MemoryShape, Style, stored, unpack};
use rust_hdl::prelude::*;

/// What a [`ParameterMemory`] holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Contents {
    /// File name of the hex image, relative to the build folder.
    pub file: String,
    /// `depth` rows of `lanes` numbers, row 0 first.
    pub rows: Vec<Vec<i32>>,
}

/// Run-time parameters of a [`ParameterMemory`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ParameterMemoryParams {
    /// Its shape.
    pub shape: MemoryShape,
    /// Zero bits put below a number when it is read.
    pub fraction_bits: usize,
    /// Whether it can be loaded; under [`Style::Huge`] it must.
    pub loadable: bool,
    /// What it holds at power-up, which Verilog reads with `$readmemh`; under [`Style::Huge`], what must be loaded.
    pub contents: Contents,
}

impl ParameterMemoryParams {
    /// The hex image of the contents, one line a word, and its file name.
    #[must_use]
    pub fn hex_image(&self) -> (String, String) {
        let digits = self.shape.word_bits().div_ceil(4);
        let mut text = String::with_capacity(self.contents.rows.len() * (digits + 1));
        for row in &self.contents.rows {
            let bytes = self.word(row);
            let word: String = bytes.iter().rev().map(|byte| format!("{byte:02x}")).collect();
            // Whole bytes can be a digit more than the word has.
            text.push_str(&word[word.len() - digits..]);
            text.push('\n');
        }
        (self.contents.file.clone(), text)
    }

    /// A row as it is loaded: lane 0 in the lowest bits of the first byte, filled up to whole bytes with zeros.
    #[must_use]
    pub fn word(&self, row: &[i32]) -> Vec<u8> {
        let width = self.shape.width;
        let mut bytes = vec![0; self.shape.word_bits().div_ceil(8)];
        for (bit, set) in row
            .iter()
            .flat_map(|&number| (0..width).map(move |bit| number >> bit & 1 == 1))
            .enumerate()
        {
            bytes[bit / 8] |= u8::from(set) << (bit % 8);
        }
        bytes
    }
}

/// See the [module](self).
#[derive(Debug, LogicBlock)]
pub struct ParameterMemory {
    /// The clock.
    pub clock: Signal<In, Clock>,
    /// Word to read.
    pub read_address: Signal<In, Bits<24>>,
    /// The word at last clock's `read_address`, times 2^fraction_bits.
    pub read_data: Vec<Signal<Out, Signed<32>>>,
    /// Byte to shift in.
    pub load_byte: Signal<In, Bits<8>>,
    /// Shifts it in.
    pub load_shift: Signal<In, Bit>,
    /// Writes the word shifted in; not in a clock that shifts.
    pub load_write: Signal<In, Bit>,
    /// Word to write.
    pub load_address: Signal<In, Bits<24>>,
    _params: ParameterMemoryParams,
    _words: Vec<Vec<i32>>,
    _loading: Vec<u8>,
}

impl ParameterMemory {
    /// A memory of the given parameters.
    ///
    /// # Panics
    /// If the contents are not `depth` rows of `lanes` numbers: a bug of the generator.
    #[must_use]
    pub fn new(params: ParameterMemoryParams) -> Self {
        let shape = params.shape;
        shape.check();
        let rows = &params.contents.rows;
        assert_eq!(rows.len(), shape.depth, "rows of a memory image");
        assert!(
            rows.iter().all(|row| row.len() == shape.lanes),
            "lanes of a memory image"
        );
        assert!(shape.width + params.fraction_bits <= 32);
        assert!(
            params.loadable || shape.style != Style::Huge,
            "a memory without contents must be loadable"
        );
        let words = match shape.style {
            Style::Huge => vec![vec![0; shape.lanes]; shape.depth],
            _ => rows.clone(),
        };
        Self {
            clock: Signal::default(),
            read_address: Signal::default(),
            read_data: signals(shape.lanes),
            load_byte: Signal::default(),
            load_shift: Signal::default(),
            load_write: Signal::default(),
            load_address: Signal::default(),
            _words: words,
            _loading: vec![0; shape.word_bits().div_ceil(8)],
            _params: params,
        }
    }
}

impl Logic for ParameterMemory {
    fn update(&mut self) {
        if self.clock.pos_edge() {
            let shape = self._params.shape;
            let address = self.read_address.val().index();
            for lane in 0..shape.lanes {
                let number = self._words.get(address).map_or(0, |word| word[lane]);
                self.read_data[lane].next = i64::from(number << self._params.fraction_bits).into();
            }
            let bit = |bit: usize| i32::from(self._loading[bit / 8] >> (bit % 8) & 1);
            let written = self.load_write.val() && self._params.loadable;
            if let (true, Some(word)) = (written, self._words.get_mut(self.load_address.val().index())) {
                for (lane, cell) in word.iter_mut().enumerate() {
                    let number =
                        (0..shape.width).fold(0, |number, at| number | bit(lane * shape.width + at) << at);
                    *cell = stored(number, shape.width);
                }
            }
            if self.load_shift.val() {
                self._loading.rotate_left(1);
                if let (Some(last), Ok(byte)) = (
                    self._loading.last_mut(),
                    u8::try_from(self.load_byte.val().to_u32()),
                ) {
                    *last = byte;
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
        let shape = self._params.shape;
        let top = shape.word_bits() - 1;
        let loading = shape.word_bits().div_ceil(8) * 8;
        let address = shape.address_bits() - 1;
        let shifted = if loading == 8 {
            "load_byte".to_owned()
        } else {
            format!("{{load_byte, loading[{}:8]}}", loading - 1)
        };
        let ports = match shape.style {
            // One port, which keeps what it has read while it writes.
            Style::Huge => format!(
                "\
wire [{address}:0] address = load_write ? load_address[{address}:0] : read_address[{address}:0];
always @(posedge clock) begin
    if (load_write) memory[address] <= loading[{top}:0];
    else word <= memory[address];
end
"
            ),
            _ if !self._params.loadable => format!(
                "\
initial $readmemh(\"{file}\", memory);
always @(posedge clock) word <= memory[read_address[{address}:0]];
",
                file = self._params.contents.file,
            ),
            _ => format!(
                "\
initial $readmemh(\"{file}\", memory);
always @(posedge clock) begin
    word <= memory[read_address[{address}:0]];
    if (load_write) memory[load_address[{address}:0]] <= loading[{top}:0];
end
",
                file = self._params.contents.file,
            ),
        };
        let loading_word = if self._params.loadable {
            format!(
                "reg [{top}:0] loading;
always @(posedge clock) begin
    if (load_shift) loading <= {shifted};
end
",
                top = loading - 1
            )
        } else {
            String::new()
        };
        Verilog::Custom(format!(
            "\
(* ram_style = \"{style}\", no_rw_check *)
reg [{top}:0] memory [0:{last}];
reg [{top}:0] word;
{loading_word}{ports}
always @(*) begin
{unpacked}
end
",
            style = shape.style.attribute(),
            last = shape.depth - 1,
            unpacked = unpack(shape, self._params.fraction_bits, "read_data"),
        ))
    }

    fn timing(&self) -> Vec<TimingInfo> {
        vec![]
    }
}
