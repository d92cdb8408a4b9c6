//! Keeps the low `width` bits of a number and extends their sign.
//!
//! The block is combinational. The proof of a quantized model guarantees that membranes fit V bits. Synthesis
//! cannot know that, and would build a comparison of a difference 32 bits wide without this block. The block
//! is hand-written Verilog because the width is a run-time parameter.

use rust_hdl::prelude::*;

/// Narrows a number to `width` bits.
#[derive(Debug, LogicBlock)]
pub struct Narrow {
    /// Number to narrow; must fit `width` bits.
    pub wide: Signal<In, Signed<32>>,
    /// Low `width` bits of `wide`, sign-extended: the same number.
    pub narrow: Signal<Out, Signed<32>>,
    _width: usize,
}

impl Narrow {
    /// Builds a block that keeps `width` bits, 1..=32.
    #[must_use]
    pub fn new(width: usize) -> Self {
        Self {
            wide: Signal::default(),
            narrow: Signal::default(),
            _width: width,
        }
    }
}

impl Logic for Narrow {
    fn update(&mut self) {
        let unused = 32 - self._width;
        let kept = self.wide.val().inner().to_u32().cast_signed() << unused >> unused;
        self.narrow.next = i64::from(kept).into();
    }

    fn connect(&mut self) {
        self.narrow.connect();
    }

    fn hdl(&self) -> Verilog {
        let top = self._width - 1;
        Verilog::Custom(match 32 - self._width {
            0 => "always @(*) narrow = wide;\n".into(),
            signs => format!("always @(*) narrow = {{{{{signs}{{wide[{top}]}}}}, wide[{top}:0]}};\n"),
        })
    }
}
