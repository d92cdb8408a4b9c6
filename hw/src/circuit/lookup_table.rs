//! Table of constants in logic, read in the cycle of its address.
//!
//! The table is combinational. The block is hand-written Verilog because its size is a run-time parameter. An
//! address beyond the table gives the first word in native simulation and any word in hardware: it must not
//! occur.

use rust_hdl::prelude::*;

/// Table of constants.
#[derive(Debug, LogicBlock)]
pub struct LookupTable {
    /// Index of the word to read; must be within the table.
    pub address: Signal<In, Bits<16>>,
    /// Word at `address` in the same cycle; words narrower than 64 bits are zero-extended.
    pub data: Signal<Out, Bits<64>>,
    _words: Vec<u64>,
}

impl LookupTable {
    /// Builds a table of the given words.
    ///
    /// # Panics
    /// Without words, or with more than 65,536: a bug of the generator.
    #[must_use]
    pub fn new(words: Vec<u64>) -> Self {
        assert!(
            (1..=1 << 16).contains(&words.len()),
            "table of {} words",
            words.len()
        );
        Self {
            address: Signal::default(),
            data: Signal::default(),
            _words: words,
        }
    }
}

impl Logic for LookupTable {
    fn update(&mut self) {
        let address = self.address.val().index();
        self.data.next = self._words.get(address).copied().unwrap_or(self._words[0]).into();
    }

    fn connect(&mut self) {
        self.data.connect();
    }

    fn hdl(&self) -> Verilog {
        let bits = clog2(self._words.len());
        if bits == 0 {
            // `@(*)` never runs without an input that it depends on.
            return Verilog::Custom(format!(
                "always @(*) data = {{48'h0, address & 16'h0}} | 64'h{:x};\n",
                self._words[0]
            ));
        }
        let last = (1_usize << bits) - 1;
        // Filled up to a power of two, so that every address has a word.
        let rows: Vec<String> = (0..=last)
            .map(|row| {
                let word = self._words.get(row).unwrap_or(&self._words[0]);
                format!("    words[{row}] = 64'h{word:x};")
            })
            .collect();
        Verilog::Custom(format!(
            "\
(* ram_style = \"logic\" *)
reg [63:0] words [0:{last}];
initial begin
{rows}
end
always @(*) data = words[address[{top}:0]];
",
            rows = rows.join("\n"),
            top = bits - 1,
        ))
    }
}
