//! Synchronous memory of a layer's parameters, `lanes` numbers per word: weights, thresholds or identities.
//!
//! ```text
//!                 ┌──────────────┐
//! read_address ──►│ depth × lanes├──► read_data[lanes]   one cycle after the address
//!                 │    × width   │
//! load_byte ─────►│              │
//! load_shift ────►│              │   shifts the byte into a register as wide as a word, one cycle later
//! load_write ────►│              │   writes that register to the memory, one cycle later
//! load_address ──►│              │
//!                 └──────────────┘
//! ```
//!
//! The load port comes from afar. It ends in registers, so that its way across the device is not part of the
//! memory's paths. Synthesis merges the byte and address registers of all memories; the enables are each
//! memory's own.
//!
//! The memory has contents at power-up, if the device's memory can have them. Other contents, or other
//! weights, are loaded byte by byte. The lanes of a word lie side by side, lane 0 lowest, `width` bits each;
//! bits that fill the last byte are ignored. The lowest byte comes first. Nothing may read the memory while
//! it is being written. A stored number is read as `number · 2^fraction_bits`, sign-extended to 32 bits.

use super::fan_out::kept_copy;
use super::word_memory::{MemoryShape, Style, stored, unpack};
use super::{signals, with_defaults};
use rust_hdl::prelude::*;

/// Bits of a word that one copy of the load port's enables drives.
const BITS_PER_COPY: usize = 64;

/// Parts of a word of `bits` bits, one per copy of the enables: number, lowest and highest bit.
fn parts(bits: usize) -> impl Iterator<Item = (usize, usize, usize)> {
    let part = move |low: usize| (low / BITS_PER_COPY, low, (low + BITS_PER_COPY).min(bits) - 1);
    (0..bits).step_by(BITS_PER_COPY).map(part)
}

/// Contents of a [`ParameterMemory`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Contents {
    /// File name of the hex image, relative to the build folder.
    pub file: String,
    /// Words of the memory: `depth` rows of `lanes` numbers, row 0 first.
    pub rows: Vec<Vec<i32>>,
}

/// Run-time parameters of a [`ParameterMemory`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ParameterMemoryParams {
    /// Shape of the memory.
    pub shape: MemoryShape,
    /// Zero bits that are appended below a number when it is read.
    pub fraction_bits: usize,
    /// Whether it can be loaded; under [`Style::Spram`] it must.
    pub loadable: bool,
    /// What it holds at power-up, which Verilog reads with `$readmemh`; under [`Style::Spram`], what must be
    /// loaded.
    pub contents: Contents,
}

impl ParameterMemoryParams {
    /// File name and text of the hex image of the contents, one line per word.
    #[must_use]
    pub fn hex_image(&self) -> (String, String) {
        let digits = self.shape.word_bits().div_ceil(4);
        let mut text = String::with_capacity(self.contents.rows.len() * (digits + 1));
        for row in &self.contents.rows {
            let bytes = self.word(row);
            let word: String = bytes.iter().rev().map(|byte| format!("{byte:02x}")).collect();
            // Whole bytes can have one digit more than the word.
            text.push_str(&word[word.len() - digits..]);
            text.push('\n');
        }
        (self.contents.file.clone(), text)
    }

    /// Bytes of a row as it is loaded: lane 0 in the lowest bits of the first byte, filled up to whole bytes
    /// with zeros.
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

/// A memory of parameters.
#[derive(Debug, LogicBlock)]
pub struct ParameterMemory {
    /// Core clock; reads and writes take place on its rising edge.
    pub clock: Signal<In, Clock>,
    /// Index of the word to read.
    pub read_address: Signal<In, Bits<24>>,
    /// Index of the word to read at each further port.
    pub more_addresses: Vec<Signal<In, Bits<24>>>,
    /// Number of lane l of the word that port p addressed in the last cycle, at p · lanes + l; times 2^`fraction_bits`,
    /// sign-extended to 32 bits. Port 0 is addressed by `read_address`.
    pub read_data: Vec<Signal<Out, Signed<32>>>,
    /// Next byte of the word to load, the lowest byte first; valid while `load_shift` is high.
    pub load_byte: Signal<In, Bits<8>>,
    /// High in each cycle in which `load_byte` is shifted in; takes effect after the next cycle. Already
    /// decoded: only for this memory.
    pub load_shift: Signal<In, Bit>,
    /// High for one cycle to write the word that was shifted in; takes effect after the next cycle. Never
    /// high together with `load_shift`.
    pub load_write: Signal<In, Bit>,
    /// Index of the word to write; valid while `load_write` is high.
    pub load_address: Signal<In, Bits<24>>,
    _params: ParameterMemoryParams,
    _words: Vec<Vec<i32>>,
    _loading: Vec<u8>,
    _late: LoadRegisters,
}

/// Registers of the load port.
#[derive(Clone, Debug, Default)]
struct LoadRegisters {
    byte: u8,
    shift: bool,
    write: bool,
    address: usize,
}

impl ParameterMemory {
    /// Builds a memory of the given parameters.
    ///
    /// # Panics
    /// If the contents are not `depth` rows of `lanes` numbers: a bug of the generator.
    #[must_use]
    pub fn new(params: ParameterMemoryParams) -> Self {
        Self::with_ports(params, 1)
    }

    /// Builds a memory that is read at several ports at once: a copy for each.
    ///
    /// # Panics
    /// As [`ParameterMemory::new`]; also without a port, and for several ports of [`Style::Spram`].
    #[must_use]
    pub fn with_ports(params: ParameterMemoryParams, ports: usize) -> Self {
        let shape = params.shape;
        assert!(
            ports == 1 || (ports > 1 && shape.style != Style::Spram),
            "{ports} ports of {shape:?}"
        );
        shape.check();
        let rows = &params.contents.rows;
        assert_eq!(rows.len(), shape.depth, "rows of a memory image");
        assert!(
            rows.iter().all(|row| row.len() == shape.lanes),
            "lanes of a memory image"
        );
        assert!(shape.width + params.fraction_bits <= 32);
        assert!(
            params.loadable || shape.style != Style::Spram,
            "a memory without contents must be loadable"
        );
        let words = match shape.style {
            Style::Spram => vec![vec![0; shape.lanes]; shape.depth],
            _ => rows.clone(),
        };
        with_defaults! {
            Self {
                more_addresses: signals(ports - 1),
                read_data: signals(ports * shape.lanes),
                _words: words,
                _loading: vec![0; shape.word_bits().div_ceil(8)],
                _params: params,
            }
            clock, _late, read_address, load_byte, load_shift, load_write, load_address,
        }
    }
}

impl Logic for ParameterMemory {
    fn update(&mut self) {
        if self.clock.pos_edge() {
            let shape = self._params.shape;
            let addresses = std::iter::once(&self.read_address).chain(&self.more_addresses);
            for (port, address) in addresses.enumerate() {
                let word = self._words.get(address.val().index());
                for lane in 0..shape.lanes {
                    let number = word.map_or(0, |word| word[lane]);
                    self.read_data[port * shape.lanes + lane].next =
                        i64::from(number << self._params.fraction_bits).into();
                }
            }
            let port = LoadRegisters {
                byte: self.load_byte.val().to_u8(),
                shift: self.load_shift.val(),
                write: self.load_write.val(),
                address: self.load_address.val().index(),
            };
            let late = std::mem::replace(&mut self._late, port);
            let bit = |bit: usize| i32::from(self._loading[bit / 8] >> (bit % 8) & 1);
            let written = late.write && self._params.loadable;
            if let (true, Some(word)) = (written, self._words.get_mut(late.address)) {
                for (lane, cell) in word.iter_mut().enumerate() {
                    let number =
                        (0..shape.width).fold(0, |number, at| number | bit(lane * shape.width + at) << at);
                    *cell = stored(number, shape.width);
                }
            }
            if late.shift {
                self._loading.rotate_left(1);
                if let Some(last) = self._loading.last_mut() {
                    *last = late.byte;
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
        let address = shape.address_bits() - 1;
        let file = &self._params.contents.file;
        let loading_word = if self._params.loadable {
            self.loading_word()
        } else {
            String::new()
        };
        // Each port has a copy of its own.
        let copy = |port: usize| {
            let (name, source) = match port {
                0 => (String::new(), "read_address".to_owned()),
                port => (format!("_{port}"), format!("more_addresses${}", port - 1)),
            };
            let ports = match shape.style {
                // One port, which keeps the word that it has read while it writes.
                Style::Spram => format!(
                    "\
wire [{address}:0] address = writes_0 ? late_address : read_address[{address}:0];
always @(posedge clock) begin
    if (writes_0) memory[address] <= loading[{top}:0];
    else word <= memory[address];
end
"
                ),
                _ if !self._params.loadable => format!(
                    "\
initial $readmemh(\"{file}\", memory{name});
always @(posedge clock) word{name} <= memory{name}[{source}[{address}:0]];
"
                ),
                // Flip-flops have separate enables; other memories are written whole words at a time.
                Style::Logic => {
                    let parts: String = parts(shape.word_bits())
                        .map(|(part, low, high)| {
                            format!(
                                "    if (writes_{part}) memory{name}[late_address][{high}:{low}] <= loading[{high}:{low}];\n"
                            )
                        })
                        .collect();
                    format!(
                        "\
initial $readmemh(\"{file}\", memory{name});
always @(posedge clock) begin
    word{name} <= memory{name}[{source}[{address}:0]];
{parts}end
"
                    )
                }
                Style::Block | Style::Distributed => format!(
                    "\
initial $readmemh(\"{file}\", memory{name});
always @(posedge clock) begin
    word{name} <= memory{name}[{source}[{address}:0]];
    if (writes_0) memory{name}[late_address] <= loading[{top}:0];
end
"
                ),
            };
            let declared = format!(
                "\
(* ram_style = \"{style}\", no_rw_check *)
reg [{top}:0] memory{name} [0:{last}];
reg [{top}:0] word{name};
",
                style = shape.style.attribute(),
                last = shape.depth - 1,
            );
            let unpacked = format!(
                "always @(*) begin\n{}\nend\n",
                unpack(
                    shape,
                    self._params.fraction_bits,
                    &format!("word{name}"),
                    "read_data",
                    port * shape.lanes
                )
            );
            let loading_word = if port == 0 { loading_word.as_str() } else { "" };
            format!("{declared}{loading_word}{ports}\n{unpacked}")
        };
        Verilog::Custom((0..=self.more_addresses.len()).map(copy).collect())
    }

    fn timing(&self) -> Vec<TimingInfo> {
        vec![]
    }
}

impl ParameterMemory {
    /// Verilog of the load port's registers and of the word that is shifted in. The flip-flops of a wide word
    /// can be spread over the device, so each [`BITS_PER_COPY`] of them have their own enables.
    fn loading_word(&self) -> String {
        let shape = self._params.shape;
        let bits = shape.word_bits().div_ceil(8) * 8;
        let address_bits = shape.address_bits();
        let (top, address) = (bits - 1, address_bits - 1);
        let copies: String = parts(bits)
            .map(|(part, ..)| kept_copy(&format!("shifts_{part}"), "load_shift"))
            .collect();
        let writing = match shape.style {
            Style::Logic => parts(shape.word_bits()).count(),
            Style::Block | Style::Distributed | Style::Spram => 1,
        };
        let writes: String = (0..writing)
            .map(|part| kept_copy(&format!("writes_{part}"), "load_write"))
            .collect();
        let shifted = if bits == 8 {
            "late_byte".to_owned()
        } else {
            format!("{{late_byte, loading[{top}:8]}}")
        };
        let parts: String = parts(bits)
            .map(|(part, low, high)| {
                format!("    if (shifts_{part}) loading[{high}:{low}] <= shifted[{high}:{low}];\n")
            })
            .collect();
        format!(
            "\
reg [7:0] late_byte;
reg [{address}:0] late_address;
reg [{top}:0] loading;
initial begin
    late_byte = 8'h0;
    late_address = {address_bits}'h0;
    loading = {bits}'h0;
end
always @(posedge clock) begin
    late_byte <= load_byte;
    late_address <= load_address[{address}:0];
end
{copies}{writes}wire [{top}:0] shifted = {shifted};
always @(posedge clock) begin
{parts}end
"
        )
    }
}
