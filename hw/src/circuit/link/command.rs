//! Command processor: executes requests in order of arrival and answers each once.
//!
//! ```text
//!  frame receiver ──► command processor ──────► frame transmitter
//!                      │ chunk decoder, loader,  ▲
//!                      │ responder               │ steps, membranes, counters
//!                events▼ loads ▼  start▼         │
//!                     splitter, core, encoder ───┘
//! ```
//!
//! Opcodes, status and payloads are those of `docs/protocol.md`.
//!
//! A write that must not meet the encoder at work (SPIKES, LOAD) waits for it, and RESULT for all steps; the watchdog
//! bounds both. SYNC, CLEAR and IMAGE stop the encoder instead. After an early exit the encoder is stopped, and what
//! SPIKES brings is dropped.

use super::chunk_decoder::ChunkDecoder;
use super::identity::{HASH_MEMORY, HASH_WORDS, Identity, LoadableMemory, PROTOCOL_VERSION};
use super::loader::Loader;
use super::opcode::{
    CLEAR_MEMBRANES, COUNTERS, IDENTIFY, IMAGE, LOAD, MALFORMED, NO_MEMORY, NOT_READY, OK, OUT_OF_SEQUENCE,
    OUTSIDE, PING, RESULT, SPIKES, SYNC, UNKNOWN_OPCODE, UNSUPPORTED_VERSION,
};
use super::responder::Responder;
use crate::circuit::event::CLEAR;
use crate::circuit::signals;
use rust_hdl::prelude::*;

/// RESULT waits for half a second at most, within what its counter holds: less than the host waits for it.
const WATCHDOG_PER_SECOND: u32 = 2;

/// What the processor is doing.
#[derive(Copy, Clone, PartialEq, Debug, LogicState)]
pub enum CommandState {
    /// Waiting for a frame.
    Idle,
    /// Reading version, opcode and sequence number.
    Header,
    /// Choosing by opcode.
    Dispatch,
    /// Reading the flags of CLEAR and IMAGE.
    Flags,
    /// Reading seed and steps of IMAGE.
    Arguments,
    /// Stopping the encoder and sending the clear event.
    PushClear,
    /// Starting the encoder.
    StartEncoder,
    /// Waiting for the encoder.
    WaitEncoder,
    /// Decoding SPIKES.
    Decode,
    /// Executing LOAD.
    LoadWords,
    /// Waiting until all queued steps are computed.
    WaitResult,
    /// Freeing the slot.
    Answer,
    /// Waiting until the response is sent.
    Respond,
}

/// See the [module](self).
#[derive(Debug, LogicBlock)]
pub struct Command {
    /// The clock.
    pub clock: Signal<In, Clock>,
    /// There is a request.
    pub frame_valid: Signal<In, Bit>,
    /// Bytes of its body.
    pub frame_length: Signal<In, Bits<16>>,
    /// Byte of the body to show.
    pub read_address: Signal<Out, Bits<16>>,
    /// Byte at last clock's `read_address`.
    pub read_data: Signal<In, Bits<8>>,
    /// Frees the request's slot.
    pub free: Signal<Out, Bit>,
    /// Free slots.
    pub free_slots: Signal<In, Bits<8>>,
    /// Frames dropped as bad.
    pub bad_frames: Signal<In, Bits<32>>,
    /// Frames dropped for want of a slot.
    pub dropped_frames: Signal<In, Bits<32>>,
    /// Byte of the response.
    pub response_data: Signal<Out, Bits<8>>,
    /// There is a byte.
    pub response_valid: Signal<Out, Bit>,
    /// It is the last.
    pub response_last: Signal<Out, Bit>,
    /// The transmitter takes it.
    pub response_ready: Signal<In, Bit>,
    /// Event for the core, with an input's number.
    pub event_data: Signal<Out, Bits<32>>,
    /// There is an event.
    pub event_valid: Signal<Out, Bit>,
    /// The core takes it.
    pub event_ready: Signal<In, Bit>,
    /// Inferences may exit early.
    pub exit_enable: Signal<Out, Bit>,
    /// The inference has exited early.
    pub exited: Signal<In, Bit>,
    /// An early exit is being decided on, and has the readout.
    pub exit_busy: Signal<In, Bit>,
    /// Starts the encoder.
    pub encoder_start: Signal<Out, Bit>,
    /// Its seed.
    pub encoder_seed: Signal<Out, Bits<32>>,
    /// Its steps.
    pub encoder_steps: Signal<Out, Bits<16>>,
    /// Stops it.
    pub encoder_stop: Signal<Out, Bit>,
    /// It is at work.
    pub encoder_busy: Signal<In, Bit>,
    /// It has sent an end of step.
    pub encoder_step: Signal<In, Bit>,
    /// Number of the memory that is loaded.
    pub load_select: Signal<Out, Bits<8>>,
    /// Word of it.
    pub load_address: Signal<Out, Bits<24>>,
    /// Byte of the word, low byte first.
    pub load_byte: Signal<Out, Bits<8>>,
    /// There is a byte.
    pub load_shift: Signal<Out, Bit>,
    /// The word is whole.
    pub load_write: Signal<Out, Bit>,
    /// The last four bytes.
    pub load_word: Signal<Out, Bits<32>>,
    /// Output membrane word to show.
    pub readout_group: Signal<Out, Bits<24>>,
    /// Lane of it.
    pub readout_lane: Signal<Out, Bits<8>>,
    /// The membrane, a clock later.
    pub readout_data: Signal<In, Signed<32>>,
    /// Steps completed since the last clear.
    pub steps_done: Signal<In, Bits<32>>,
    /// Clears completed.
    pub clears_done: Signal<In, Bits<8>>,
    /// Clocks in which some layer was not idle.
    pub active_cycles: Signal<In, Bits<32>>,
    /// Per layer.
    pub spikes_in: Vec<Signal<In, Bits<32>>>,
    /// Per layer.
    pub spikes_out: Vec<Signal<In, Bits<32>>>,
    /// Per layer.
    pub busy_cycles: Vec<Signal<In, Bits<32>>>,
    state: DFF<CommandState>,
    cursor: DFF<Bits<16>>,
    /// `read_data` of the clock before: a memory's output comes late in its clock.
    body_byte: DFF<Bits<8>>,
    /// `body_byte` is the byte at the cursor.
    settled: DFF<Bit>,
    /// `settled`, a clock earlier.
    settling: DFF<Bit>,
    good_version: DFF<Bit>,
    opcode: DFF<Bits<8>>,
    sequence_number: DFF<Bits<16>>,
    expected: DFF<Bits<16>>,
    status: DFF<Bits<8>>,
    /// The request is a write in sequence.
    advances: DFF<Bit>,
    decoder: ChunkDecoder,
    loader: Loader,
    responder: Responder,
    exits: DFF<Bit>,
    /// Seed, then steps.
    arguments: DFF<Bits<48>>,
    arguments_left: DFF<Bits<3>>,
    /// The model hash, each word xor its value at power-up.
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
    watchdog_clocks: Constant<Bits<26>>,
}

impl Command {
    /// A processor of the given identity, for an output layer of `output_lanes` lanes, and memories that can be loaded
    /// beside the model hash.
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
        Self {
            clock: Signal::default(),
            frame_valid: Signal::default(),
            frame_length: Signal::default(),
            read_address: Signal::default(),
            read_data: Signal::default(),
            free: Signal::default(),
            free_slots: Signal::default(),
            bad_frames: Signal::default(),
            dropped_frames: Signal::default(),
            response_data: Signal::default(),
            response_valid: Signal::default(),
            response_last: Signal::default(),
            response_ready: Signal::default(),
            event_data: Signal::default(),
            event_valid: Signal::default(),
            event_ready: Signal::default(),
            exit_enable: Signal::default(),
            exited: Signal::default(),
            exit_busy: Signal::default(),
            encoder_start: Signal::default(),
            encoder_seed: Signal::default(),
            encoder_steps: Signal::default(),
            encoder_stop: Signal::default(),
            encoder_busy: Signal::default(),
            encoder_step: Signal::default(),
            load_select: Signal::default(),
            load_address: Signal::default(),
            load_byte: Signal::default(),
            load_shift: Signal::default(),
            load_write: Signal::default(),
            load_word: Signal::default(),
            readout_group: Signal::default(),
            readout_lane: Signal::default(),
            readout_data: Signal::default(),
            steps_done: Signal::default(),
            clears_done: Signal::default(),
            active_cycles: Signal::default(),
            spikes_in: signals(layers),
            spikes_out: signals(layers),
            busy_cycles: signals(layers),
            state: DFF::default(),
            cursor: DFF::default(),
            body_byte: DFF::default(),
            settled: DFF::default(),
            settling: DFF::default(),
            good_version: DFF::default(),
            opcode: DFF::default(),
            sequence_number: DFF::default(),
            expected: DFF::default(),
            status: DFF::default(),
            advances: DFF::default(),
            decoder: ChunkDecoder::new(identity.inputs, identity.signed_inputs),
            loader: Loader::new(&[memories, &[hash_shape]].concat()),
            responder: Responder::new(identity, output_lanes),
            exits: DFF::default(),
            arguments: DFF::default(),
            arguments_left: DFF::default(),
            hash: hash.iter().map(|_| DFF::default()).collect(),
            steps_pushed: DFF::default(),
            clears_pushed: DFF::default(),
            watchdog: DFF::default(),
            at_end: Signal::default(),
            advance: Signal::default(),
            in_sequence: Signal::default(),
            byte_valid: Signal::default(),
            cleared: Signal::default(),
            stopped: Signal::default(),
            timed_out: Signal::default(),
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
            watchdog_clocks: Constant::new(
                u64::from((identity.clock_hz / WATCHDOG_PER_SECOND).clamp(1, (1 << 26) - 1)).into(),
            ),
        }
    }

    /// The same processor, whose RESULT waits for `clocks` clocks at most.
    #[must_use]
    pub fn with_watchdog(mut self, clocks: u32) -> Self {
        self.watchdog_clocks = Constant::new(u64::from(clocks).into());
        self
    }
}

impl Logic for Command {
    #[hdl_gen]
    fn update(&mut self) {
        dff_setup!(
            self,
            clock,
            state,
            cursor,
            body_byte,
            settled,
            settling,
            good_version,
            opcode,
            sequence_number,
            expected,
            status,
            advances,
            exits,
            arguments,
            arguments_left,
            steps_pushed,
            clears_pushed,
            watchdog
        );
        clock!(self, clock, decoder, loader, responder);
        self.read_address.next = self.cursor.q.val();
        self.body_byte.d.next = self.read_data.val();
        self.free.next = false;
        // The response.
        self.responder.start.next = false;
        self.responder.opcode.next = self.opcode.q.val();
        self.responder.sequence_number.next = self.sequence_number.q.val();
        self.responder.expected.next = self.expected.q.val();
        self.responder.status.next = self.status.q.val();
        self.responder.free_slots.next = self.free_slots.val();
        self.responder.bad_frames.next = self.bad_frames.val();
        self.responder.dropped_frames.next = self.dropped_frames.val();
        self.responder.readout_data.next = self.readout_data.val();
        self.responder.steps_done.next = self.steps_done.val();
        self.responder.active_cycles.next = self.active_cycles.val();
        for i in 0..self.spikes_in.len() {
            self.responder.spikes_in[i].next = self.spikes_in[i].val();
            self.responder.spikes_out[i].next = self.spikes_out[i].val();
            self.responder.busy_cycles[i].next = self.busy_cycles[i].val();
        }
        for i in 0..self.hash.len() {
            self.responder.hash[i].next = self.hash[i].q.val() ^ self.hash_initial[i].val();
        }
        self.response_data.next = self.responder.response_data.val();
        self.response_valid.next = self.responder.response_valid.val();
        self.response_last.next = self.responder.response_last.val();
        self.responder.response_ready.next = self.response_ready.val();
        self.readout_group.next = self.responder.readout_group.val();
        self.readout_lane.next = self.responder.readout_lane.val();
        self.at_end.next = self.cursor.q.val() == self.frame_length.val();
        self.byte_valid.next = self.settled.q.val() && !self.at_end.val();
        self.in_sequence.next = self.sequence_number.q.val() == self.expected.q.val();
        self.timed_out.next = self.watchdog.q.val() == self.watchdog_clocks.val();
        self.advance.next = false;
        // An exit counts once the clear that began this inference has been executed.
        self.cleared.next = self.clears_done.val() == self.clears_pushed.q.val();
        self.stopped.next = self.exited.val() && self.cleared.val();
        self.exit_enable.next = self.exits.q.val();
        self.encoder_start.next = false;
        self.encoder_seed.next = self.arguments.q.val().get_bits::<32>(0);
        self.encoder_steps.next = self.arguments.q.val().get_bits::<16>(32);
        self.encoder_stop.next = self.stopped.val();
        if self.encoder_step.val() {
            self.steps_pushed.d.next = self.steps_pushed.q.val() + 1;
        }
        // What the payload's decoders share.
        self.decoder.run.next = self.state.q.val() == CommandState::Decode;
        self.decoder.in_byte.next = self.body_byte.q.val();
        self.decoder.byte_valid.next = self.byte_valid.val();
        self.decoder.at_end.next = self.at_end.val();
        self.decoder.event_ready.next = self.event_ready.val() || self.stopped.val();
        self.event_data.next = self.decoder.event_data.val();
        self.event_valid.next = self.decoder.event_valid.val() && !self.stopped.val();
        self.loader.run.next = self.state.q.val() == CommandState::LoadWords;
        self.loader.in_byte.next = self.body_byte.q.val();
        self.loader.byte_valid.next = self.byte_valid.val();
        self.loader.at_end.next = self.at_end.val();
        self.load_select.next = self.loader.load_select.val();
        self.load_address.next = self.loader.load_address.val();
        self.load_byte.next = self.loader.load_byte.val();
        self.load_shift.next = self.loader.load_shift.val();
        self.load_write.next = self.loader.load_write.val();
        self.load_word.next = self.loader.load_word.val();
        for i in 0..self.hash.len() {
            self.hash[i].clock.next = self.clock.val();
            self.hash[i].d.next = self.hash[i].q.val();
            if self.loader.load_write.val()
                && (self.loader.load_select.val() == self.hash_memory.val())
                && (self.loader.load_address.val() == self.hash_address[i].val())
            {
                self.hash[i].d.next = self.loader.load_word.val() ^ self.hash_initial[i].val();
            }
        }

        match self.state.q.val() {
            CommandState::Idle => {
                self.cursor.d.next = 0.into();
                self.watchdog.d.next = 0.into();
                self.status.d.next = self.ok.val();
                self.advances.d.next = false;
                if self.frame_valid.val() {
                    self.state.d.next = CommandState::Header;
                }
            }
            CommandState::Header => {
                if self.settled.q.val() {
                    self.advance.next = true;
                    if self.cursor.q.val() == 0 {
                        self.good_version.d.next = self.body_byte.q.val() == self.protocol_version.val();
                    } else if self.cursor.q.val() == 1 {
                        self.opcode.d.next = self.body_byte.q.val();
                    } else if self.cursor.q.val() == 2 {
                        self.sequence_number.d.next = bit_cast::<16, 8>(self.body_byte.q.val());
                    } else {
                        self.sequence_number.d.next =
                            self.sequence_number.q.val() | (bit_cast::<16, 8>(self.body_byte.q.val()) << 8);
                        self.state.d.next = CommandState::Dispatch;
                    }
                }
            }
            CommandState::Dispatch => {
                self.state.d.next = CommandState::Answer;
                if !self.good_version.q.val() {
                    self.status.d.next = self.unsupported_version.val();
                } else if (self.opcode.q.val() == self.op_ping.val())
                    || (self.opcode.q.val() == self.op_identify.val())
                    || (self.opcode.q.val() == self.op_counters.val())
                {
                    self.status.d.next = self.ok.val();
                } else if self.opcode.q.val() == self.op_result.val() {
                    self.state.d.next = CommandState::WaitResult;
                } else if self.opcode.q.val() == self.op_sync.val() {
                    self.expected.d.next = self.sequence_number.q.val() + 1;
                    self.exits.d.next = false;
                    self.state.d.next = CommandState::PushClear;
                } else if (self.opcode.q.val() == self.op_clear.val())
                    || (self.opcode.q.val() == self.op_spikes.val())
                    || (self.opcode.q.val() == self.op_load.val())
                    || ((self.opcode.q.val() == self.op_image.val()) && self.has_encoder.val())
                {
                    if self.in_sequence.val() {
                        self.advances.d.next = true;
                        self.state.d.next = CommandState::Flags;
                        if (self.opcode.q.val() == self.op_spikes.val())
                            || (self.opcode.q.val() == self.op_load.val())
                        {
                            self.state.d.next = CommandState::WaitEncoder;
                        }
                    } else {
                        self.status.d.next = self.out_of_sequence.val();
                    }
                } else {
                    self.status.d.next = self.unknown_opcode.val();
                }
            }
            CommandState::Flags => {
                self.arguments_left.d.next = 6.into();
                if self.at_end.val() {
                    // No flags, which IMAGE must have.
                    self.exits.d.next = false;
                    self.state.d.next = CommandState::PushClear;
                    if self.opcode.q.val() == self.op_image.val() {
                        self.status.d.next = self.malformed.val();
                        self.state.d.next = CommandState::Answer;
                    }
                } else if self.settled.q.val() {
                    self.advance.next = true;
                    self.exits.d.next = self.body_byte.q.val().get_bit(0);
                    self.state.d.next = CommandState::Arguments;
                    if self.opcode.q.val() != self.op_image.val() {
                        self.arguments_left.d.next = 0.into();
                    }
                    if (self.body_byte.q.val() & self.reserved_flags.val()) != 0 {
                        self.status.d.next = self.malformed.val();
                        self.state.d.next = CommandState::Answer;
                    }
                }
            }
            CommandState::Arguments => {
                if self.arguments_left.q.val() == 0 {
                    self.state.d.next = CommandState::PushClear;
                    if !self.at_end.val()
                        || ((self.opcode.q.val() == self.op_image.val())
                            && (self.arguments.q.val().get_bits::<32>(0) == 0))
                    {
                        self.status.d.next = self.malformed.val();
                        self.state.d.next = CommandState::Answer;
                    }
                } else if self.at_end.val() {
                    self.status.d.next = self.malformed.val();
                    self.state.d.next = CommandState::Answer;
                } else if self.settled.q.val() {
                    self.advance.next = true;
                    self.arguments_left.d.next = self.arguments_left.q.val() - 1;
                    self.arguments.d.next =
                        (self.arguments.q.val() >> 8) | (bit_cast::<48, 8>(self.body_byte.q.val()) << 40);
                }
            }
            CommandState::PushClear => {
                self.encoder_stop.next = true;
                self.event_data.next = self.clear_event.val();
                self.event_valid.next = !self.encoder_busy.val();
                if self.event_ready.val() && !self.encoder_busy.val() {
                    self.clears_pushed.d.next = self.clears_pushed.q.val() + 1;
                    self.steps_pushed.d.next = 0.into();
                    self.state.d.next = CommandState::Answer;
                    if self.opcode.q.val() == self.op_image.val() {
                        self.state.d.next = CommandState::StartEncoder;
                    }
                }
            }
            CommandState::StartEncoder => {
                self.encoder_start.next = true;
                self.state.d.next = CommandState::Answer;
            }
            CommandState::WaitEncoder => {
                self.watchdog.d.next = self.watchdog.q.val() + 1;
                if !self.encoder_busy.val() {
                    self.state.d.next = CommandState::Decode;
                    if self.opcode.q.val() == self.op_load.val() {
                        self.state.d.next = CommandState::LoadWords;
                    }
                } else if self.timed_out.val() {
                    self.status.d.next = self.not_ready.val();
                    self.state.d.next = CommandState::Answer;
                }
            }
            CommandState::Decode => {
                self.advance.next = self.decoder.advance.val();
                if self.decoder.step_ends.val() {
                    self.steps_pushed.d.next = self.steps_pushed.q.val() + 1;
                }
                if self.decoder.done.val() {
                    self.state.d.next = CommandState::Answer;
                }
                if self.decoder.malformed.val() {
                    self.status.d.next = self.malformed.val();
                }
            }
            CommandState::LoadWords => {
                self.advance.next = self.loader.advance.val();
                if self.loader.done.val() {
                    self.state.d.next = CommandState::Answer;
                }
                if self.loader.malformed.val() {
                    self.status.d.next = self.malformed.val();
                }
                if self.loader.no_memory.val() {
                    self.status.d.next = self.no_memory.val();
                }
                if self.loader.outside.val() {
                    self.status.d.next = self.outside.val();
                }
            }
            CommandState::WaitResult => {
                self.watchdog.d.next = self.watchdog.q.val() + 1;
                if self.cleared.val()
                    && !self.encoder_busy.val()
                    && !self.exit_busy.val()
                    && ((self.steps_done.val() == self.steps_pushed.q.val()) || self.exited.val())
                {
                    self.state.d.next = CommandState::Answer;
                } else if self.timed_out.val() {
                    self.status.d.next = self.not_ready.val();
                    self.state.d.next = CommandState::Answer;
                }
            }
            CommandState::Answer => {
                self.free.next = true;
                // A write that failed is not acknowledged, so that its loss cannot pass unnoticed.
                if self.advances.q.val() && (self.status.q.val() == self.ok.val()) {
                    self.expected.d.next = self.sequence_number.q.val() + 1;
                }
                self.responder.start.next = true;
                self.state.d.next = CommandState::Respond;
            }
            CommandState::Respond => {
                if self.responder.done.val() {
                    self.state.d.next = CommandState::Idle;
                }
            }
        }

        // The slot shows a byte a clock after its address, and `body_byte` another clock later.
        self.settling.d.next = true;
        self.settled.d.next = self.settling.q.val();
        if self.advance.val() {
            self.cursor.d.next = self.cursor.q.val() + 1;
            self.settling.d.next = false;
            self.settled.d.next = false;
        }
        if self.state.q.val() == CommandState::Idle {
            self.settling.d.next = false;
            self.settled.d.next = false;
        }
    }
}
