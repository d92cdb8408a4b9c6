//! Table of constants, read in the clock of its address.
//!
//! Combinational; made of logic. Written as Verilog by hand since its size is a run-time parameter. Addresses beyond
//! the table give its first word in native simulation and anything in hardware: nobody may ask.

use rust_hdl::prelude::*;

/// See the [module](self).
#[derive(Debug, LogicBlock)]
pub struct LookupTable {
    /// Word to show.
    pub address: Signal<In, Bits<16>>,
    /// The word.
    pub data: Signal<Out, Bits<64>>,
    _words: Vec<u64>,
}

impl LookupTable {
    /// A table of the given words.
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
            // `@(*)` never runs without an input to wait for.
            return Verilog::Custom(format!(
                "always @(*) data = {{48'h0, address & 16'h0}} | 64'h{:x};\n",
                self._words[0]
            ));
        }
        let last = (1_usize << bits) - 1;
        // Filled up to a power of two, so that no address is outside.
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
