//! Command processor: executes requests in order of arrival and answers each once.
//!
//! ```text
//!  frame receiver ──► command processor ──────► frame transmitter
//!                      │ chunk decoder, loader,  ▲
//!                      │ responder               │ steps, membranes, counters
//!                events▼  load ▼  start▼         │
//!                     splitter, core, encoder ───┘
//! ```
//!
//! `docs/protocol.md` defines opcodes, status codes and payloads.
//!
//! Writes that must not meet a working encoder (SPIKES, LOAD) wait until it is done; RESULT waits until all
//! steps are computed. A watchdog bounds both. SYNC, CLEAR and IMAGE stop the encoder instead. After an early
//! exit the encoder is stopped, and the spikes of SPIKES are dropped.

mod kernel;

use super::chunk_decoder::ChunkDecoder;
use super::identity::{HASH_MEMORY, HASH_WORDS, Identity, LoadableMemory, PROTOCOL_VERSION};
use super::loader::Loader;
use super::opcode::{
    CLEAR_MEMBRANES, COUNTERS, IDENTIFY, IMAGE, LOAD, MALFORMED, NO_MEMORY, NOT_READY, OK, OUT_OF_SEQUENCE,
    OUTSIDE, PING, RESULT, SPIKES, SYNC, UNKNOWN_OPCODE, UNSUPPORTED_VERSION,
};
use super::responder::Responder;
use crate::circuit::event::CLEAR;
use crate::circuit::load_port::LoadDriver;
use crate::circuit::{signals, with_defaults};
use rust_hdl::prelude::*;

/// RESULT waits at most 1 / `WATCHDOG_PER_SECOND` seconds, less than the host's timeout; or as long as the
/// counter can count, if that is shorter.
const WATCHDOG_PER_SECOND: u32 = 2;

/// State of the command processor.
#[derive(Copy, Clone, PartialEq, Debug, LogicState)]
pub enum CommandState {
    /// Waits for a frame.
    Idle,
    /// Reads version, opcode and sequence number.
    Header,
    /// Chooses the next state by opcode.
    Dispatch,
    /// Reads the flags of CLEAR and IMAGE.
    Flags,
    /// Reads seed and steps of IMAGE.
    Arguments,
    /// Stops the encoder and sends the clear event.
    PushClear,
    /// Starts the encoder.
    StartEncoder,
    /// Waits until the encoder is done.
    WaitEncoder,
    /// Decodes SPIKES.
    Decode,
    /// Executes LOAD.
    LoadWords,
    /// Waits until all queued steps are computed.
    WaitResult,
    /// Frees the slot and starts the response.
    Answer,
    /// Waits until the response is sent.
    Respond,
}

/// The command processor.
#[derive(Debug, LogicBlock)]
pub struct Command {
    /// Core clock; all registers change on its rising edge.
    pub clock: Signal<In, Clock>,
    /// High while the receiver holds a request.
    pub frame_valid: Signal<In, Bit>,
    /// Bytes of the request's body, without the CRC; valid while `frame_valid` is high.
    pub frame_length: Signal<In, Bits<16>>,
    /// Index of the byte of the body to read.
    pub read_address: Signal<Out, Bits<16>>,
    /// Byte at last cycle's `read_address`.
    pub read_data: Signal<In, Bits<8>>,
    /// High for one cycle to free the request's slot.
    pub free: Signal<Out, Bit>,
    /// Receive slots that are free, for the response header.
    pub free_slots: Signal<In, Bits<8>>,
    /// Frames dropped for errors since power-up, for COUNTERS.
    pub bad_frames: Signal<In, Bits<32>>,
    /// Good frames dropped for lack of a slot since power-up, for COUNTERS.
    pub dropped_frames: Signal<In, Bits<32>>,
    /// Next byte of the response; valid while `response_valid` is high.
    pub response_data: Signal<Out, Bits<8>>,
    /// High while `response_data` holds a byte.
    pub response_valid: Signal<Out, Bit>,
    /// High if the byte is the last of the response; valid while `response_valid` is high.
    pub response_last: Signal<Out, Bit>,
    /// High in a cycle in which the transmitter takes the byte.
    pub response_ready: Signal<In, Bit>,
    /// Event for the core, 32 bits, with the input's number in place of its address; valid while
    /// `event_valid` is high.
    pub event_data: Signal<Out, Bits<32>>,
    /// High while `event_data` holds an event.
    pub event_valid: Signal<Out, Bit>,
    /// High in a cycle in which the core takes the event.
    pub event_ready: Signal<In, Bit>,
    /// High if inferences may exit early; set by a flag of CLEAR and IMAGE.
    pub exit_enable: Signal<Out, Bit>,
    /// High from an early exit until the clear that ends the inference.
    pub exited: Signal<In, Bit>,
    /// High while an early exit is being decided, which uses the readout.
    pub exit_busy: Signal<In, Bit>,
    /// High for one cycle to start the encoder.
    pub encoder_start: Signal<Out, Bit>,
    /// Seed for the on-board encoder; valid while `encoder_start` is high.
    pub encoder_seed: Signal<Out, Bits<32>>,
    /// Number of steps to encode; valid while `encoder_start` is high.
    pub encoder_steps: Signal<Out, Bits<16>>,
    /// High to stop the encoder.
    pub encoder_stop: Signal<Out, Bit>,
    /// High while the encoder works.
    pub encoder_busy: Signal<In, Bit>,
    /// High in a cycle in which the core takes an end of step from the encoder.
    pub encoder_step: Signal<In, Bit>,
    /// Load port of every memory that LOAD can write.
    pub load: LoadDriver,
    /// Last four bytes of the word being loaded, the latest in the highest byte; valid while `load.write` is
    /// high, for memories whose words have at most four bytes.
    pub load_word: Signal<Out, Bits<32>>,
    /// Word of output membranes to read.
    pub readout_group: Signal<Out, Bits<24>>,
    /// Lane of that word to read.
    pub readout_lane: Signal<Out, Bits<8>>,
    /// Output membrane at last cycle's `readout_group` and `readout_lane`.
    pub readout_data: Signal<In, Signed<32>>,
    /// Steps that the output layer has completed since the last clear.
    pub steps_done: Signal<In, Bits<32>>,
    /// Clears that the output layer has completed since power-up, modulo 256.
    pub clears_done: Signal<In, Bits<8>>,
    /// Cycles since the last clear in which at least one layer was busy.
    pub active_cycles: Signal<In, Bits<32>>,
    /// Spikes that layer i has taken since the last clear.
    pub spikes_in: Vec<Signal<In, Bits<32>>>,
    /// Spikes that layer i has emitted since the last clear.
    pub spikes_out: Vec<Signal<In, Bits<32>>>,
    /// Cycles that layer i has spent on spikes and sweeps since the last clear.
    pub busy_cycles: Vec<Signal<In, Bits<32>>>,
    state: DFF<CommandState>,
    cursor: DFF<Bits<16>>,
    /// `read_data` of the cycle before: a memory's output comes late in the cycle.
    body_byte: DFF<Bits<8>>,
    /// High if `body_byte` is the byte at the cursor.
    settled: DFF<Bit>,
    /// `settled`, one cycle earlier.
    settling: DFF<Bit>,
    good_version: DFF<Bit>,
    opcode: DFF<Bits<8>>,
    sequence_number: DFF<Bits<16>>,
    expected: DFF<Bits<16>>,
    status: DFF<Bits<8>>,
    /// High if the request is a write in sequence.
    advances: DFF<Bit>,
    decoder: ChunkDecoder,
    loader: Loader,
    responder: Responder,
    exits: DFF<Bit>,
    /// Arguments of IMAGE: seed, then steps.
    arguments: DFF<Bits<48>>,
    arguments_left: DFF<Bits<3>>,
    /// Model hash; each word is XORed with its value at power-up.
    hash: Vec<DFF<Bits<32>>>,
    steps_pushed: DFF<Bits<32>>,
    clears_pushed: DFF<Bits<8>>,
    watchdog: DFF<Bits<26>>,
    at_end: Signal<Local, Bit>,
    advance: Signal<Local, Bit>,
    in_sequence: Signal<Local, Bit>,
    byte_valid: Signal<Local, Bit>,
    cleared: Signal<Local, Bit>,
    stopped: Signal<Local, Bit>,
    timed_out: Signal<Local, Bit>,
    hash_address: Vec<Constant<Bits<24>>>,
    hash_initial: Vec<Constant<Bits<32>>>,
    hash_memory: Constant<Bits<8>>,
    protocol_version: Constant<Bits<8>>,
    op_ping: Constant<Bits<8>>,
    op_identify: Constant<Bits<8>>,
    op_sync: Constant<Bits<8>>,
    op_clear: Constant<Bits<8>>,
    op_spikes: Constant<Bits<8>>,
    op_load: Constant<Bits<8>>,
    op_image: Constant<Bits<8>>,
    has_encoder: Constant<Bit>,
    reserved_flags: Constant<Bits<8>>,
    op_result: Constant<Bits<8>>,
    op_counters: Constant<Bits<8>>,
    ok: Constant<Bits<8>>,
    unknown_opcode: Constant<Bits<8>>,
    unsupported_version: Constant<Bits<8>>,
    malformed: Constant<Bits<8>>,
    out_of_sequence: Constant<Bits<8>>,
    not_ready: Constant<Bits<8>>,
    no_memory: Constant<Bits<8>>,
    outside: Constant<Bits<8>>,
    clear_event: Constant<Bits<32>>,
    watchdog_cycles: Constant<Bits<26>>,
}

impl Command {
    /// Builds a command processor of the given identity, for an output layer of `output_lanes` lanes.
    /// `memories` are the memories that LOAD can write, apart from the model hash.
    #[must_use]
    pub fn new(identity: &Identity, output_lanes: usize, memories: &[LoadableMemory]) -> Self {
        let byte = |value: u64| Constant::new(value.into());
        let layers = usize::from(identity.layers);
        let words = identity.words();
        let (_, hash) = words.split_at(words.len() - HASH_WORDS);
        let hash_shape = LoadableMemory {
            number: HASH_MEMORY,
            depth: HASH_WORDS,
            word_bytes: 4,
        };
        with_defaults! {
            Self {
                spikes_in: signals(layers),
                spikes_out: signals(layers),
                busy_cycles: signals(layers),
                decoder: ChunkDecoder::new(
                    identity.inputs,
                    identity.signed_inputs,
                    identity.graded_inputs,
                ),
                loader: Loader::new(&[memories, &[hash_shape]].concat()),
                responder: Responder::new(identity, output_lanes),
                hash: hash.iter().map(|_| DFF::default()).collect(),
                hash_address: (0..hash.len())
                    .map(|word| Constant::new((word as u64).into()))
                    .collect(),
                hash_initial: hash.iter().map(|&word| Constant::new(word.into())).collect(),
                hash_memory: byte(HASH_MEMORY.into()),
                protocol_version: byte(PROTOCOL_VERSION.into()),
                op_ping: byte(PING),
                op_identify: byte(IDENTIFY),
                op_sync: byte(SYNC),
                op_clear: byte(CLEAR_MEMBRANES),
                op_spikes: byte(SPIKES),
                op_load: byte(LOAD),
                op_image: byte(IMAGE),
                has_encoder: Constant::new(identity.encoder),
                reserved_flags: byte(if identity.early_exit { 0xFE } else { 0xFF }),
                op_result: byte(RESULT),
                op_counters: byte(COUNTERS),
                ok: byte(OK),
                unknown_opcode: byte(UNKNOWN_OPCODE),
                unsupported_version: byte(UNSUPPORTED_VERSION),
                malformed: byte(MALFORMED),
                out_of_sequence: byte(OUT_OF_SEQUENCE),
                not_ready: byte(NOT_READY),
                no_memory: byte(NO_MEMORY),
                outside: byte(OUTSIDE),
                clear_event: Constant::new(u64::from(CLEAR).into()),
                watchdog_cycles: Constant::new(
                    u64::from((identity.clock_hz / WATCHDOG_PER_SECOND).clamp(1, (1 << 26) - 1)).into(),
                ),
            }
            clock, load, frame_valid, frame_length, read_address, read_data, free, free_slots, bad_frames,
            dropped_frames, response_data, response_valid, response_last, response_ready, event_data,
            event_valid, event_ready, exit_enable, exited, exit_busy, encoder_start, encoder_seed,
            encoder_steps, encoder_stop, encoder_busy, encoder_step, load_word, readout_group, readout_lane,
            readout_data, steps_done, clears_done, active_cycles, state, cursor, body_byte, settled, settling,
            good_version, opcode, sequence_number, expected, status, advances, exits, arguments,
            arguments_left, steps_pushed, clears_pushed, watchdog, at_end, advance, in_sequence, byte_valid,
            cleared, stopped, timed_out,
        }
    }

    /// Changes the number of cycles that RESULT waits at most.
    #[must_use]
    pub fn with_watchdog(mut self, cycles: u32) -> Self {
        self.watchdog_cycles = Constant::new(u64::from(cycles).into());
        self
    }
}
