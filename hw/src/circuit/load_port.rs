//! Load port: writes parameters into memories, from the link or a testbench.
//!
//! A word of a memory is shifted in byte by byte, the lowest byte first, one byte per cycle with `shift`
//! high. A cycle with `write` high and `shift` low then writes the word to `address` of memory `select`:
//!
//! ```text
//!  cycle      0    1    2    3
//!  select     ── memory ────────
//!  byte       b0   b1   b2   –
//!  shift      1    1    1    0
//!  write      0    0    0    1
//!  address    –    –    –    word
//! ```
//!
//! Every memory has its number: [`MEMORIES`](super::engine::MEMORIES) numbers per layer, and those of
//! [`identity`](super::link::identity) for the others. Nothing may read a memory while it is being written.
//!
//! The ports are a rust-hdl interface, so that a block passes all of them on with one `link`. In Verilog they
//! are named `load$select`, `load$byte` and so on. A block that links its port to a child reads its own port,
//! never the child's: rust-hdl connects the child directly and does not declare the child's signals.

#![expect(
    missing_docs,
    reason = "rust-hdl's `join` attribute generates methods without docs"
)]

use rust_hdl::prelude::*;

/// Load port of a block that contains memories, or that passes the port on to blocks that do.
#[derive(Debug, Default, LogicInterface)]
#[join = "LoadDriver"]
pub struct LoadPort {
    /// Number of the memory that is loaded; valid while `shift` or `write` is high.
    pub select: Signal<In, Bits<8>>,
    /// Next byte of the word, the lowest byte first; valid while `shift` is high.
    pub byte: Signal<In, Bits<8>>,
    /// High in each cycle in which `byte` is shifted into the word.
    pub shift: Signal<In, Bit>,
    /// High for one cycle after a word's last byte: writes the word. Never high together with `shift`.
    pub write: Signal<In, Bit>,
    /// Index of the word in the selected memory; valid while `write` is high.
    pub address: Signal<In, Bits<24>>,
}

/// Load port of a block that loads memories: the driving side of a [`LoadPort`].
#[derive(Debug, Default, LogicInterface)]
#[join = "LoadPort"]
pub struct LoadDriver {
    /// Number of the memory to load; valid while `shift` or `write` is high.
    pub select: Signal<Out, Bits<8>>,
    /// Next byte of the word, the lowest byte first; valid while `shift` is high.
    pub byte: Signal<Out, Bits<8>>,
    /// High in each cycle in which `byte` is to be shifted into the word.
    pub shift: Signal<Out, Bit>,
    /// High for one cycle after a word's last byte: writes the word. Never high together with `shift`.
    pub write: Signal<Out, Bit>,
    /// Index of the word in the selected memory; valid while `write` is high.
    pub address: Signal<Out, Bits<24>>,
}
