//! Loader: from the payload of LOAD to words of a memory.
//!
//! ```text
//!  byte, byte_valid, at_end ──►┌────────┐──► load_select, load_address
//!               advance ◄──────│ loader │──► load_byte, load_shift
//!                              └────────┘──► load_write, load_word
//! ```
//!
//! The payload is the memory's number (1 byte), the address of the first word (3 bytes, low byte first), and words back
//! to back, each low byte first. Every byte of a word is shifted out with `load_shift`, the word then written to
//! `load_address` with `load_write` a clock after its last byte; `load_word` holds the last four bytes, the latest on top.
//! `run`, `byte…` and `done` are as in [`ChunkDecoder`](super::chunk_decoder::ChunkDecoder); what is wrong shows with
//! `done`: words before it have been written.

use super::identity::LoadableMemory;
use crate::circuit::signals;
use rust_hdl::prelude::*;

/// What the loader is doing.
#[derive(Copy, Clone, PartialEq, Debug, LogicState)]
pub enum LoaderState {
    /// Reading memory and address.
    Header,
    /// Looking the memory up.
    Find,
    /// Reading a byte of a word.
    WordByte,
    /// Writing the word.
    Write,
}

/// See the [module](self).
#[derive(Debug, LogicBlock)]
pub struct Loader {
    /// The clock.
    pub clock: Signal<In, Clock>,
    /// There is a payload.
    pub run: Signal<In, Bit>,
    /// Its next byte.
    pub in_byte: Signal<In, Bits<8>>,
    /// The byte is there.
    pub byte_valid: Signal<In, Bit>,
    /// There is none any more.
    pub at_end: Signal<In, Bit>,
    /// Takes the byte.
    pub advance: Signal<Out, Bit>,
    /// The payload is loaded, or wrong.
    pub done: Signal<Out, Bit>,
    /// Its header or its last word is cut short.
    pub malformed: Signal<Out, Bit>,
    /// There is no such memory.
    pub no_memory: Signal<Out, Bit>,
    /// A word lies beyond the memory.
    pub outside: Signal<Out, Bit>,
    /// Number of the memory.
    pub load_select: Signal<Out, Bits<8>>,
    /// Word to write.
    pub load_address: Signal<Out, Bits<24>>,
    /// Byte of the word, low byte first.
    pub load_byte: Signal<Out, Bits<8>>,
    /// There is a byte.
    pub load_shift: Signal<Out, Bit>,
    /// The word is whole.
    pub load_write: Signal<Out, Bit>,
    /// The last four bytes.
    pub load_word: Signal<Out, Bits<32>>,
    state: DFF<LoaderState>,
    /// Bytes of the header or word so far.
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
    /// A loader of the given memories.
    #[must_use]
    pub fn new(memories: &[LoadableMemory]) -> Self {
        Self {
            clock: Signal::default(),
            run: Signal::default(),
            in_byte: Signal::default(),
            byte_valid: Signal::default(),
            at_end: Signal::default(),
            advance: Signal::default(),
            done: Signal::default(),
            malformed: Signal::default(),
            no_memory: Signal::default(),
            outside: Signal::default(),
            load_select: Signal::default(),
            load_address: Signal::default(),
            load_byte: Signal::default(),
            load_shift: Signal::default(),
            load_write: Signal::default(),
            load_word: Signal::default(),
            state: DFF::default(),
            bytes: DFF::default(),
            word: DFF::default(),
            select: DFF::default(),
            address: DFF::default(),
            depth: DFF::default(),
            last_byte: DFF::default(),
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
        self.load_select.next = self.select.q.val();
        self.load_address.next = self.address.q.val();
        self.load_byte.next = self.in_byte.val();
        self.load_shift.next = false;
        self.load_write.next = false;
        self.load_word.next = self.word.q.val();
        // The last of `found` says whether any memory is.
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
                        self.load_shift.next = true;
                        self.bytes.d.next = self.bytes.q.val() + 1;
                        if self.bytes.q.val() == self.last_byte.q.val() {
                            self.state.d.next = LoaderState::Write;
                        }
                    }
                }
                LoaderState::Write => {
                    self.load_write.next = true;
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
