//! Synchronous memory of plain words with a read and a write port: the storage of FIFOs and frame buffers.
//!
//! `read_data` shows the word at `read_address` one clock later. Reading a word in the clock that writes it is
//! left undefined in hardware (`no_rw_check`); in native simulation it gives garbage, so that no test passes that
//! relies on it.

use rust_hdl::prelude::*;

/// See the [module](self). `N` is the width of the ports; only `width` bits are stored.
#[derive(Debug, LogicBlock)]
pub struct WordStore<const N: usize> {
    /// The clock.
    pub clock: Signal<In, Clock>,
    /// Word to read.
    pub read_address: Signal<In, Bits<16>>,
    /// The word at last clock's `read_address`.
    pub read_data: Signal<Out, Bits<N>>,
    /// Word to write.
    pub write_address: Signal<In, Bits<16>>,
    /// What to write.
    pub write_data: Signal<In, Bits<N>>,
    /// Writes in this clock.
    pub write_enable: Signal<In, Bit>,
    _width: usize,
    _words: Vec<Bits<N>>,
    _initial: Option<Vec<u64>>,
}

impl<const N: usize> WordStore<N> {
    /// A store of `depth` words, zero at power-up, of which the low `width` bits are stored.
    ///
    /// # Panics
    /// If the width is not 1..=N or the depth not 2..=65536: a bug of the generator.
    #[must_use]
    pub fn new(depth: usize, width: usize) -> Self {
        assert!(
            (1..=N).contains(&width) && (2..=65536).contains(&depth),
            "store of {depth} × {width}"
        );
        Self {
            clock: Signal::default(),
            read_address: Signal::default(),
            read_data: Signal::default(),
            write_address: Signal::default(),
            write_data: Signal::default(),
            write_enable: Signal::default(),
            _width: width,
            _words: vec![Bits::default(); depth],
            _initial: None,
        }
    }

    /// A store with the given words at power-up.
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
                    // Undefined in hardware: certainly wrong here, so that whoever uses it fails his tests.
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
