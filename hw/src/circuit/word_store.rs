//! Synchronous memory of plain words with a read and a write port: the storage of FIFOs and frame buffers.
//!
//! `read_data` shows the word at `read_address` one cycle later. Reading a word in the cycle that writes it
//! is undefined in hardware (`no_rw_check`). In native simulation such a read gives garbage, so that a test
//! fails whose circuit relies on it.

use super::with_defaults;
use rust_hdl::prelude::*;

/// A memory of unsigned words. `N` is the width of the ports; only the low `width` bits are stored.
#[derive(Debug, LogicBlock)]
pub struct WordStore<const N: usize> {
    /// Core clock; reads and writes take place on its rising edge.
    pub clock: Signal<In, Clock>,
    /// Index of the word to read.
    pub read_address: Signal<In, Bits<16>>,
    /// Word at last cycle's `read_address`; undefined if that cycle also wrote the word. Bits that are not
    /// stored are 0.
    pub read_data: Signal<Out, Bits<N>>,
    /// Index of the word to write; valid while `write_enable` is high.
    pub write_address: Signal<In, Bits<16>>,
    /// Word to write; valid while `write_enable` is high.
    pub write_data: Signal<In, Bits<N>>,
    /// High in a cycle in which the word is written.
    pub write_enable: Signal<In, Bit>,
    _width: usize,
    _words: Vec<Bits<N>>,
    _initial: Option<Vec<u64>>,
}

impl<const N: usize> WordStore<N> {
    /// Builds a store of `depth` words, zero at power-up, of which the low `width` bits are stored.
    ///
    /// # Panics
    /// If the width is not 1..=N or the depth not 2..=65536: a bug of the generator.
    #[must_use]
    pub fn new(depth: usize, width: usize) -> Self {
        assert!(
            (1..=N).contains(&width) && (2..=65536).contains(&depth),
            "store of {depth} × {width}"
        );
        with_defaults! {
            Self {
                _width: width,
                _words: vec![Bits::default(); depth],
                _initial: None,
            }
            clock, read_address, read_data, write_address, write_data, write_enable,
        }
    }

    /// Builds a store with the given words at power-up.
    ///
    /// # Panics
    /// As [`WordStore::new`], and if N is over 64.
    #[must_use]
    pub fn with_contents(words: &[u64], width: usize) -> Self {
        let mut store = Self::new(words.len(), width);
        store._words = words.iter().map(|&word| word.into()).collect();
        store._initial = Some(words.to_vec());
        store
    }
}

impl<const N: usize> Logic for WordStore<N> {
    fn update(&mut self) {
        if self.clock.pos_edge() {
            let address = self.read_address.val().index();
            self.read_data.next = self._words.get(address).copied().unwrap_or_default();
            if self.write_enable.val() {
                if self.write_address.val() == self.read_address.val() {
                    // Undefined in hardware: certainly wrong here, so that a circuit that uses it fails its tests.
                    self.read_data.next = !self.write_data.val();
                }
                let address = self.write_address.val().index();
                let word = self.write_data.val();
                if let Some(cell) = self._words.get_mut(address) {
                    let mut kept = Bits::<N>::default();
                    for bit in 0..self._width {
                        kept = kept.replace_bit(bit, word.get_bit(bit));
                    }
                    *cell = kept;
                }
            }
        }
    }

    fn connect(&mut self) {
        self.read_data.connect();
    }

    fn hdl(&self) -> Verilog {
        let (depth, width) = (self._words.len(), self._width);
        let padding = if N > width {
            format!("{}'h0, ", N - width)
        } else {
            String::new()
        };
        let initial = self.initial_block();
        Verilog::Custom(format!(
            "\
(* no_rw_check *)
reg [{top}:0] memory [0:{last}];
reg [{top}:0] word;
{initial}

always @(posedge clock) begin
    word <= memory[read_address[{address}:0]];
    if (write_enable) memory[write_address[{address}:0]] <= write_data[{top}:0];
end

always @(*) read_data = {{{padding}word}};
",
            top = width - 1,
            last = depth - 1,
            address = clog2(depth).max(1) - 1,
        ))
    }
}

impl<const N: usize> WordStore<N> {
    fn initial_block(&self) -> String {
        let width = self._width;
        match &self._initial {
            None => format!(
                "integer row;\ninitial begin\n    for (row = 0; row < {depth}; row = row + 1) \
                 memory[row] = {width}'h0;\nend",
                depth = self._words.len(),
            ),
            Some(words) => {
                let rows: Vec<String> = words
                    .iter()
                    .enumerate()
                    .map(|(row, word)| format!("    memory[{row}] = {width}'h{word:x};"))
                    .collect();
                format!("initial begin\n{}\nend", rows.join("\n"))
            }
        }
    }
}
