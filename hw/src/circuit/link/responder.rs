//! Responder: sends the answer to a request.
//!
//! ```text
//!  opcode, status, … ──►┌───────────┐──► bytes for the frame transmitter
//!  steps, counters, … ─►│ responder │──► done
//!          membrane ───►└───────────┘──► readout group, lane
//! ```
//!
//! An answer is a sequence of 32-bit words, sent low byte first: two header words, then the payload if the
//! request succeeded and its opcode has one. `docs/protocol.md` defines them. Each word is sampled in a cycle
//! of its own, so its contents are as of that cycle. Opcode, status and sequence number must not change from
//! the cycle of `start` until `done`.

use super::identity::{HASH_WORDS, Identity, PROTOCOL_VERSION};
use super::opcode::{COUNTERS, IDENTIFY, OK, RESULT};
use crate::circuit::{signals, with_defaults};
use rust_hdl::prelude::*;

/// Bytes of a response's header.
pub const RESPONSE_HEADER_BYTES: usize = 8;

/// State of the responder.
#[derive(Copy, Clone, PartialEq, Debug, LogicState)]
pub enum ResponderState {
    /// Waits for the end of a request.
    Idle,
    /// Chooses the next word.
    Choose,
    /// Sends the bytes of the word.
    Send,
}

/// The responder.
#[derive(Debug, LogicBlock)]
pub struct Responder {
    /// Core clock; all registers change on its rising edge.
    pub clock: Signal<In, Clock>,
    /// High for one cycle when the request has been executed.
    pub start: Signal<In, Bit>,
    /// Opcode of the request; stable from `start` until `done`.
    pub opcode: Signal<In, Bits<8>>,
    /// Sequence number of the request; stable from `start` until `done`.
    pub sequence_number: Signal<In, Bits<16>>,
    /// Sequence number that the next write must have.
    pub expected: Signal<In, Bits<16>>,
    /// Status code of the request; stable from `start` until `done`.
    pub status: Signal<In, Bits<8>>,
    /// Receive slots that are free.
    pub free_slots: Signal<In, Bits<8>>,
    /// Frames dropped for errors since power-up.
    pub bad_frames: Signal<In, Bits<32>>,
    /// Good frames dropped for lack of a slot since power-up.
    pub dropped_frames: Signal<In, Bits<32>>,
    /// Model hash, low word first.
    pub hash: Vec<Signal<In, Bits<32>>>,
    /// Word of output membranes to read.
    pub readout_group: Signal<Out, Bits<24>>,
    /// Lane of that word to read.
    pub readout_lane: Signal<Out, Bits<8>>,
    /// Output membrane at last cycle's `readout_group` and `readout_lane`.
    pub readout_data: Signal<In, Signed<32>>,
    /// Steps that the output layer has completed since the last clear.
    pub steps_done: Signal<In, Bits<32>>,
    /// Cycles since the last clear in which at least one layer was busy.
    pub active_cycles: Signal<In, Bits<32>>,
    /// Spikes that layer i has taken since the last clear.
    pub spikes_in: Vec<Signal<In, Bits<32>>>,
    /// Spikes that layer i has emitted since the last clear.
    pub spikes_out: Vec<Signal<In, Bits<32>>>,
    /// Cycles that layer i has spent on spikes and sweeps since the last clear.
    pub busy_cycles: Vec<Signal<In, Bits<32>>>,
    /// Next byte of the response; valid while `response_valid` is high.
    pub response_data: Signal<Out, Bits<8>>,
    /// High while `response_data` holds a byte.
    pub response_valid: Signal<Out, Bit>,
    /// High if the byte is the last of the response; valid while `response_valid` is high.
    pub response_last: Signal<Out, Bit>,
    /// High in a cycle in which the transmitter takes the byte.
    pub response_ready: Signal<In, Bit>,
    /// High in the cycle in which the last byte is taken.
    pub done: Signal<Out, Bit>,
    state: DFF<ResponderState>,
    word_index: DFF<Bits<16>>,
    last_word: DFF<Bits<16>>,
    word: DFF<Bits<32>>,
    byte_index: DFF<Bits<2>>,
    membrane_lane: DFF<Bits<8>>,
    membrane_group: DFF<Bits<24>>,
    identity: Vec<Constant<Bits<32>>>,
    identity_index: Vec<Constant<Bits<16>>>,
    hash_index: Vec<Constant<Bits<16>>>,
    spikes_in_index: Vec<Constant<Bits<16>>>,
    spikes_out_index: Vec<Constant<Bits<16>>>,
    busy_cycles_index: Vec<Constant<Bits<16>>>,
    result_last_word: Constant<Bits<16>>,
    counters_last_word: Constant<Bits<16>>,
    identity_last_word: Constant<Bits<16>>,
    last_lane: Constant<Bits<8>>,
    version: Constant<Bits<32>>,
    response_flag: Constant<Bits<8>>,
    op_identify: Constant<Bits<8>>,
    op_result: Constant<Bits<8>>,
    op_counters: Constant<Bits<8>>,
    ok: Constant<Bits<8>>,
}

impl Responder {
    /// Builds a responder of the given identity, for an output layer of `output_lanes` lanes.
    #[must_use]
    pub fn new(identity: &Identity, output_lanes: usize) -> Self {
        let byte = |value: u64| Constant::new(value.into());
        let index = |value: usize| Constant::new((value as u64).into());
        let layers = usize::from(identity.layers);
        let words = identity.words();
        let plain = words.len() - HASH_WORDS;
        with_defaults! {
            Self {
                hash: signals(HASH_WORDS),
                spikes_in: signals(layers),
                spikes_out: signals(layers),
                busy_cycles: signals(layers),
                identity: words[..plain]
                    .iter()
                    .map(|&word| Constant::new(word.into()))
                    .collect(),
                identity_index: (0..plain).map(|word| index(2 + word)).collect(),
                hash_index: (plain..words.len()).map(|word| index(2 + word)).collect(),
                spikes_in_index: (0..layers).map(|layer| index(4 + 3 * layer)).collect(),
                spikes_out_index: (0..layers).map(|layer| index(5 + 3 * layer)).collect(),
                busy_cycles_index: (0..layers).map(|layer| index(6 + 3 * layer)).collect(),
                result_last_word: index(3 + usize::from(identity.classes)),
                counters_last_word: index(3 + 3 * layers),
                identity_last_word: index(1 + words.len()),
                last_lane: Constant::new((output_lanes as u64 - 1).into()),
                version: Constant::new(u64::from(PROTOCOL_VERSION).into()),
                response_flag: byte(0x80),
                op_identify: byte(IDENTIFY),
                op_result: byte(RESULT),
                op_counters: byte(COUNTERS),
                ok: byte(OK),
            }
            clock, start, opcode, sequence_number, expected, status, free_slots, bad_frames, dropped_frames,
            readout_group, readout_lane, readout_data, steps_done, active_cycles, response_data,
            response_valid, response_last, response_ready, done, state, word_index, last_word, word,
            byte_index, membrane_lane, membrane_group,
        }
    }
}

impl Logic for Responder {
    #[hdl_gen]
    fn update(&mut self) {
        dff_setup!(
            self,
            clock,
            state,
            word_index,
            last_word,
            word,
            byte_index,
            membrane_lane,
            membrane_group
        );
        self.response_data.next = self.word.q.val().get_bits::<8>(0);
        self.response_valid.next = false;
        self.response_last.next =
            (self.byte_index.q.val() == 3) && (self.word_index.q.val() == self.last_word.q.val());
        self.readout_group.next = self.membrane_group.q.val();
        self.readout_lane.next = self.membrane_lane.q.val();
        self.done.next = false;

        match self.state.q.val() {
            ResponderState::Idle => {
                self.word_index.d.next = 0.into();
                self.membrane_lane.d.next = 0.into();
                self.membrane_group.d.next = 0.into();
                self.last_word.d.next = 1.into();
                if self.status.val() == self.ok.val() {
                    if self.opcode.val() == self.op_identify.val() {
                        self.last_word.d.next = self.identity_last_word.val();
                    }
                    if self.opcode.val() == self.op_counters.val() {
                        self.last_word.d.next = self.counters_last_word.val();
                    }
                    if self.opcode.val() == self.op_result.val() {
                        self.last_word.d.next = self.result_last_word.val();
                    }
                }
                if self.start.val() {
                    self.state.d.next = ResponderState::Choose;
                }
            }
            ResponderState::Choose => {
                self.byte_index.d.next = 0.into();
                self.state.d.next = ResponderState::Send;
                self.word.d.next = 0.into();
                if self.opcode.val() == self.op_result.val() {
                    self.word.d.next = unsigned_cast(self.readout_data.val());
                    if self.word_index.q.val() == 2 {
                        self.word.d.next = self.steps_done.val();
                    } else if self.word_index.q.val() == 3 {
                        self.word.d.next = self.active_cycles.val();
                    } else if self.word_index.q.val() > 3 {
                        self.membrane_lane.d.next = self.membrane_lane.q.val() + 1;
                        if self.membrane_lane.q.val() == self.last_lane.val() {
                            self.membrane_lane.d.next = 0.into();
                            self.membrane_group.d.next = self.membrane_group.q.val() + 1;
                        }
                    }
                } else if self.opcode.val() == self.op_counters.val() {
                    if self.word_index.q.val() == 2 {
                        self.word.d.next = self.bad_frames.val();
                    }
                    if self.word_index.q.val() == 3 {
                        self.word.d.next = self.dropped_frames.val();
                    }
                    for i in 0..self.spikes_in.len() {
                        if self.word_index.q.val() == self.spikes_in_index[i].val() {
                            self.word.d.next = self.spikes_in[i].val();
                        }
                        if self.word_index.q.val() == self.spikes_out_index[i].val() {
                            self.word.d.next = self.spikes_out[i].val();
                        }
                        if self.word_index.q.val() == self.busy_cycles_index[i].val() {
                            self.word.d.next = self.busy_cycles[i].val();
                        }
                    }
                } else {
                    for i in 0..self.identity.len() {
                        if self.word_index.q.val() == self.identity_index[i].val() {
                            self.word.d.next = self.identity[i].val();
                        }
                    }
                    for i in 0..self.hash.len() {
                        if self.word_index.q.val() == self.hash_index[i].val() {
                            self.word.d.next = self.hash[i].val();
                        }
                    }
                }
                if self.word_index.q.val() == 0 {
                    self.word.d.next = self.version.val()
                        | (bit_cast::<32, 8>(self.opcode.val() | self.response_flag.val()) << 8)
                        | (bit_cast::<32, 16>(self.sequence_number.val()) << 16);
                }
                if self.word_index.q.val() == 1 {
                    self.word.d.next = bit_cast::<32, 8>(self.status.val())
                        | (bit_cast::<32, 8>(self.free_slots.val()) << 8)
                        | (bit_cast::<32, 16>(self.expected.val()) << 16);
                }
            }
            ResponderState::Send => {
                self.response_valid.next = true;
                if self.response_ready.val() {
                    self.word.d.next = self.word.q.val() >> 8;
                    self.byte_index.d.next = self.byte_index.q.val() + 1;
                    if self.byte_index.q.val() == 3 {
                        self.word_index.d.next = self.word_index.q.val() + 1;
                        self.state.d.next = ResponderState::Choose;
                        if self.response_last.val() {
                            self.done.next = true;
                            self.state.d.next = ResponderState::Idle;
                        }
                    }
                }
            }
        }
    }
}
