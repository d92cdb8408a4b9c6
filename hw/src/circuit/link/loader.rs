//! Loader: writes the payload of LOAD into a memory, word by word.
//!
//! ```text
//!  byte, byte_valid, at_end ──►┌────────┐──► load (select, byte, shift, write, address)
//!               advance ◄──────│ loader │──► load_word
//!                              └────────┘──► done, malformed, no_memory, outside
//! ```
//!
//! The payload is the memory's number (1 byte), the address of the first word (3 bytes, low byte first), and
//! the words back to back, each with its low byte first. The loader shifts each byte of a word out over the
//! [load port](crate::circuit::load_port), and writes the word one cycle after its last byte. `load_word`
//! holds the last four bytes, the latest in the highest byte. `run`, `in_byte`, `byte_valid`, `at_end`,
//! `advance` and `done` work as in [`ChunkDecoder`](super::chunk_decoder::ChunkDecoder). Errors show together
//! with `done`; the words before the error have been written.

use super::identity::LoadableMemory;
use crate::circuit::load_port::LoadDriver;
use crate::circuit::{signals, with_defaults};
use rust_hdl::prelude::*;

/// State of the loader.
#[derive(Copy, Clone, PartialEq, Debug, LogicState)]
pub enum LoaderState {
    /// Reads the memory's number and the address.
    Header,
    /// Looks the memory up.
    Find,
    /// Reads a byte of a word.
    WordByte,
    /// Writes the word.
    Write,
}

/// The loader.
#[derive(Debug, LogicBlock)]
pub struct Loader {
    /// Core clock; all registers change on its rising edge.
    pub clock: Signal<In, Clock>,
    /// High while there is a payload to load; must be low in the cycle after `done`.
    pub run: Signal<In, Bit>,
    /// Next byte of the payload; valid while `byte_valid` is high.
    pub in_byte: Signal<In, Bits<8>>,
    /// High while `in_byte` holds a byte.
    pub byte_valid: Signal<In, Bit>,
    /// High when the payload has no bytes left.
    pub at_end: Signal<In, Bit>,
    /// High in a cycle in which the loader takes the byte.
    pub advance: Signal<Out, Bit>,
    /// High for one cycle when the payload is loaded, or an error is found.
    pub done: Signal<Out, Bit>,
    /// High with `done` if the header or the last word is cut short.
    pub malformed: Signal<Out, Bit>,
    /// High with `done` if there is no memory of that number.
    pub no_memory: Signal<Out, Bit>,
    /// High with `done` if a word lies beyond the end of the memory.
    pub outside: Signal<Out, Bit>,
    /// Load port that the words are written to.
    pub load: LoadDriver,
    /// Last four bytes taken, the latest in the highest byte; valid while `load.write` is high.
    pub load_word: Signal<Out, Bits<32>>,
    state: DFF<LoaderState>,
    /// Bytes of the header or word taken so far.
    bytes: DFF<Bits<16>>,
    word: DFF<Bits<32>>,
    select: DFF<Bits<8>>,
    address: DFF<Bits<24>>,
    depth: DFF<Bits<32>>,
    last_byte: DFF<Bits<16>>,
    found: Vec<Signal<Local, Bit>>,
    number: Vec<Constant<Bits<8>>>,
    depths: Vec<Constant<Bits<32>>>,
    last_bytes: Vec<Constant<Bits<16>>>,
}

impl Loader {
    /// Builds a loader of the given memories.
    #[must_use]
    pub fn new(memories: &[LoadableMemory]) -> Self {
        with_defaults! {
            Self {
                found: signals(memories.len() + 1),
                number: memories
                    .iter()
                    .map(|memory| Constant::new(u64::from(memory.number).into()))
                    .collect(),
                depths: memories
                    .iter()
                    .map(|memory| Constant::new((memory.depth as u64).into()))
                    .collect(),
                last_bytes: memories
                    .iter()
                    .map(|memory| Constant::new((memory.word_bytes as u64 - 1).into()))
                    .collect(),
            }
            clock, load, run, in_byte, byte_valid, at_end, advance, done, malformed, no_memory, outside,
            load_word, state, bytes, word, select, address, depth, last_byte,
        }
    }
}

impl Logic for Loader {
    #[hdl_gen]
    fn update(&mut self) {
        dff_setup!(self, clock, state, bytes, word, select, address, depth, last_byte);
        self.advance.next = false;
        self.done.next = false;
        self.malformed.next = false;
        self.no_memory.next = false;
        self.outside.next = false;
        self.load.select.next = self.select.q.val();
        self.load.address.next = self.address.q.val();
        self.load.byte.next = self.in_byte.val();
        self.load.shift.next = false;
        self.load.write.next = false;
        self.load_word.next = self.word.q.val();
        // The last element of `found` says whether any memory has the number.
        self.found[0].next = false;
        for i in 0..self.number.len() {
            self.found[i + 1].next =
                self.found[i].val() || (self.number[i].val() == self.word.q.val().get_bits::<8>(0));
        }

        if self.run.val() {
            match self.state.q.val() {
                LoaderState::Header => {
                    if self.at_end.val() {
                        self.malformed.next = true;
                    } else if self.byte_valid.val() {
                        self.advance.next = true;
                        self.bytes.d.next = self.bytes.q.val() + 1;
                        if self.bytes.q.val() == 3 {
                            self.state.d.next = LoaderState::Find;
                        }
                    }
                }
                LoaderState::Find => {
                    self.bytes.d.next = 0.into();
                    self.select.d.next = self.word.q.val().get_bits::<8>(0);
                    self.address.d.next = self.word.q.val().get_bits::<24>(8);
                    self.state.d.next = LoaderState::WordByte;
                    for i in 0..self.number.len() {
                        if self.number[i].val() == self.word.q.val().get_bits::<8>(0) {
                            self.depth.d.next = self.depths[i].val();
                            self.last_byte.d.next = self.last_bytes[i].val();
                        }
                    }
                    for i in self.number.len()..self.found.len() {
                        self.no_memory.next = !self.found[i].val();
                    }
                }
                LoaderState::WordByte => {
                    if self.at_end.val() {
                        self.done.next = true;
                        self.malformed.next = self.bytes.q.val() != 0;
                    } else if bit_cast::<32, 24>(self.address.q.val()) >= self.depth.q.val() {
                        self.outside.next = true;
                    } else if self.byte_valid.val() {
                        self.advance.next = true;
                        self.load.shift.next = true;
                        self.bytes.d.next = self.bytes.q.val() + 1;
                        if self.bytes.q.val() == self.last_byte.q.val() {
                            self.state.d.next = LoaderState::Write;
                        }
                    }
                }
                LoaderState::Write => {
                    self.load.write.next = true;
                    self.bytes.d.next = 0.into();
                    self.address.d.next = self.address.q.val() + 1;
                    self.state.d.next = LoaderState::WordByte;
                }
            }
        }
        if self.advance.val() {
            self.word.d.next = (self.word.q.val() >> 8) | (bit_cast::<32, 8>(self.in_byte.val()) << 24);
        }
        if self.malformed.val() || self.no_memory.val() || self.outside.val() {
            self.done.next = true;
        }
        if self.done.val() {
            self.state.d.next = LoaderState::Header;
            self.bytes.d.next = 0.into();
        }
    }
}
