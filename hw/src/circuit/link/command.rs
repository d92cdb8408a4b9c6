//! Command processor: executes requests in order of arrival and answers each once.
//!
//! ```text
//!  frame receiver ──► command processor ──► frame transmitter
//!                       │          ▲
//!                 events▼          │steps, membranes, counters
//!                     accelerator core
//! ```
//!
//! A response is a sequence of 32-bit words, sent low byte first: two of header, then the payload of the
//! request. Opcodes, status and payloads are those of `docs/protocol.md`.

use super::frame_receiver::SLOTS;
use crate::circuit::event::{ADDRESS_SHIFT, CLEAR, END_OF_STEP};
use crate::circuit::signals;
use rust_hdl::prelude::*;

/// Version of the protocol.
pub const PROTOCOL_VERSION: u8 = 1;
/// Bytes of a response's header.
pub const RESPONSE_HEADER_BYTES: usize = 8;
/// Words of IDENTIFY's payload.
const IDENTITY_WORDS: usize = 12;

const PING: u64 = 0x00;
const IDENTIFY: u64 = 0x01;
const SYNC: u64 = 0x02;
const CLEAR_MEMBRANES: u64 = 0x10;
const SPIKES: u64 = 0x11;
const RESULT: u64 = 0x20;
const COUNTERS: u64 = 0x21;

const OK: u64 = 0;
const UNKNOWN_OPCODE: u64 = 1;
const UNSUPPORTED_VERSION: u64 = 2;
const MALFORMED: u64 = 3;
const OUT_OF_SEQUENCE: u64 = 4;
const NOT_READY: u64 = 5;

/// RESULT waits for half a second at most, within what its counter holds: less than the host waits for it.
const WATCHDOG_PER_SECOND: u32 = 2;

/// What the design says of itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Identity {
    /// Hidden layers and output layer.
    pub layers: u8,
    /// Classes.
    pub classes: u16,
    /// Inputs.
    pub inputs: u32,
    /// Clock frequency in Hz.
    pub clock_hz: u32,
    /// Bytes of a receive slot.
    pub slot_bytes: u16,
    /// First 16 bytes of the design's SHA-256.
    pub design_hash: [u8; 16],
    /// First 16 bytes of the model's SHA-256.
    pub model_hash: [u8; 16],
}

impl Identity {
    /// IDENTIFY's payload.
    #[must_use]
    pub fn payload(&self) -> Vec<u8> {
        let mut bytes = vec![PROTOCOL_VERSION, self.layers];
        bytes.extend(self.classes.to_le_bytes());
        bytes.extend(self.inputs.to_le_bytes());
        bytes.extend(self.clock_hz.to_le_bytes());
        bytes.extend(self.slot_bytes.to_le_bytes());
        #[expect(clippy::cast_possible_truncation, reason = "there are two")]
        let slots = SLOTS as u8;
        let signed_inputs = 0;
        bytes.extend([slots, signed_inputs]);
        bytes.extend(self.design_hash);
        bytes.extend(self.model_hash);
        bytes
    }
}

/// What the processor is doing.
#[derive(Copy, Clone, PartialEq, Debug, LogicState)]
pub enum CommandState {
    /// Waiting for a frame.
    Idle,
    /// Reading version, opcode and sequence number.
    Header,
    /// Choosing by opcode.
    Dispatch,
    /// Sending the clear event.
    PushClear,
    /// Reading a chunk's tag.
    Tag,
    /// Reading a byte of a bitmap.
    BitmapByte,
    /// Sending its spikes.
    BitmapBits,
    /// Reading a byte of delta-coded addresses.
    DeltaByte,
    /// Sending its spike.
    DeltaSpike,
    /// Ending a chunk.
    ChunkEnd,
    /// Waiting until all queued steps are computed.
    WaitResult,
    /// Freeing the slot.
    Answer,
    /// Choosing the response's next word.
    Load,
    /// Sending it.
    Send,
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
    /// Event for the core.
    pub event_data: Signal<Out, Bits<32>>,
    /// There is an event.
    pub event_valid: Signal<Out, Bit>,
    /// The core takes it.
    pub event_ready: Signal<In, Bit>,
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
    /// `read_data` is the byte at the cursor.
    settled: DFF<Bit>,
    /// `settled`, a clock earlier.
    settling: DFF<Bit>,
    good_version: DFF<Bit>,
    opcode: DFF<Bits<8>>,
    sequence_number: DFF<Bits<16>>,
    expected: DFF<Bits<16>>,
    status: DFF<Bits<8>>,
    step_ends: DFF<Bit>,
    delta_coded: DFF<Bit>,
    address: DFF<Bits<24>>,
    bitmap: DFF<Bits<8>>,
    bit_index: DFF<Bits<3>>,
    steps_pushed: DFF<Bits<32>>,
    clears_pushed: DFF<Bits<8>>,
    watchdog: DFF<Bits<26>>,
    word_index: DFF<Bits<16>>,
    last_word: DFF<Bits<16>>,
    word: DFF<Bits<32>>,
    byte_index: DFF<Bits<2>>,
    potential_lane: DFF<Bits<8>>,
    potential_group: DFF<Bits<24>>,
    at_end: Signal<Local, Bit>,
    advance: Signal<Local, Bit>,
    in_sequence: Signal<Local, Bit>,
    address_next: Signal<Local, Bits<24>>,
    spike: Signal<Local, Bits<32>>,
    is_last_input: Signal<Local, Bit>,
    identity: Vec<Constant<Bits<32>>>,
    identity_index: Vec<Constant<Bits<16>>>,
    spikes_in_index: Vec<Constant<Bits<16>>>,
    spikes_out_index: Vec<Constant<Bits<16>>>,
    busy_cycles_index: Vec<Constant<Bits<16>>>,
    result_last_word: Constant<Bits<16>>,
    counters_last_word: Constant<Bits<16>>,
    identity_last_word: Constant<Bits<16>>,
    inputs: Constant<Bits<24>>,
    last_input: Constant<Bits<24>>,
    last_lane: Constant<Bits<8>>,
    version: Constant<Bits<32>>,
    protocol_version: Constant<Bits<8>>,
    response_flag: Constant<Bits<8>>,
    op_ping: Constant<Bits<8>>,
    op_identify: Constant<Bits<8>>,
    op_sync: Constant<Bits<8>>,
    op_clear: Constant<Bits<8>>,
    op_spikes: Constant<Bits<8>>,
    op_result: Constant<Bits<8>>,
    op_counters: Constant<Bits<8>>,
    ok: Constant<Bits<8>>,
    unknown_opcode: Constant<Bits<8>>,
    unsupported_version: Constant<Bits<8>>,
    malformed: Constant<Bits<8>>,
    out_of_sequence: Constant<Bits<8>>,
    not_ready: Constant<Bits<8>>,
    end_of_step_event: Constant<Bits<32>>,
    clear_event: Constant<Bits<32>>,
    address_shift: Constant<Bits<32>>,
    reserved_tag_bits: Constant<Bits<8>>,
    delta_skip: Constant<Bits<24>>,
    delta_skip_code: Constant<Bits<8>>,
    before_first: Constant<Bits<24>>,
    watchdog_clocks: Constant<Bits<26>>,
}

impl Command {
    /// A processor of the given identity, for an output layer of `output_lanes` lanes.
    #[must_use]
    pub fn new(identity: &Identity, output_lanes: usize) -> Self {
        let byte = |value: u64| Constant::new(value.into());
        let index = |value: usize| Constant::new((value as u64).into());
        let layers = usize::from(identity.layers);
        let payload = identity.payload();
        let words = payload.chunks(4).map(|word| {
            u64::from(
                word.iter()
                    .rev()
                    .fold(0_u32, |value, &byte| value << 8 | u32::from(byte)),
            )
        });
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
            settled: DFF::default(),
            settling: DFF::default(),
            good_version: DFF::default(),
            opcode: DFF::default(),
            sequence_number: DFF::default(),
            expected: DFF::default(),
            status: DFF::default(),
            step_ends: DFF::default(),
            delta_coded: DFF::default(),
            address: DFF::default(),
            bitmap: DFF::default(),
            bit_index: DFF::default(),
            steps_pushed: DFF::default(),
            clears_pushed: DFF::default(),
            watchdog: DFF::default(),
            word_index: DFF::default(),
            last_word: DFF::default(),
            word: DFF::default(),
            byte_index: DFF::default(),
            potential_lane: DFF::default(),
            potential_group: DFF::default(),
            at_end: Signal::default(),
            advance: Signal::default(),
            in_sequence: Signal::default(),
            address_next: Signal::default(),
            spike: Signal::default(),
            is_last_input: Signal::default(),
            identity: words.map(|word| Constant::new(word.into())).collect(),
            identity_index: (0..IDENTITY_WORDS).map(|word| index(2 + word)).collect(),
            spikes_in_index: (0..layers).map(|layer| index(4 + 3 * layer)).collect(),
            spikes_out_index: (0..layers).map(|layer| index(5 + 3 * layer)).collect(),
            busy_cycles_index: (0..layers).map(|layer| index(6 + 3 * layer)).collect(),
            result_last_word: index(3 + usize::from(identity.classes)),
            counters_last_word: index(3 + 3 * layers),
            identity_last_word: index(1 + IDENTITY_WORDS),
            inputs: Constant::new(u64::from(identity.inputs).into()),
            last_input: Constant::new((u64::from(identity.inputs) - 1).into()),
            last_lane: Constant::new((output_lanes as u64 - 1).into()),
            version: Constant::new(u64::from(PROTOCOL_VERSION).into()),
            protocol_version: byte(PROTOCOL_VERSION.into()),
            response_flag: byte(0x80),
            op_ping: byte(PING),
            op_identify: byte(IDENTIFY),
            op_sync: byte(SYNC),
            op_clear: byte(CLEAR_MEMBRANES),
            op_spikes: byte(SPIKES),
            op_result: byte(RESULT),
            op_counters: byte(COUNTERS),
            ok: byte(OK),
            unknown_opcode: byte(UNKNOWN_OPCODE),
            unsupported_version: byte(UNSUPPORTED_VERSION),
            malformed: byte(MALFORMED),
            out_of_sequence: byte(OUT_OF_SEQUENCE),
            not_ready: byte(NOT_READY),
            end_of_step_event: Constant::new(u64::from(END_OF_STEP).into()),
            clear_event: Constant::new(u64::from(CLEAR).into()),
            address_shift: Constant::new((ADDRESS_SHIFT as u64).into()),
            reserved_tag_bits: byte(0x7E),
            delta_skip: Constant::new(254_u64.into()),
            delta_skip_code: byte(255),
            before_first: Constant::new(0xFF_FFFF_u64.into()),
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
            settled,
            settling,
            good_version,
            opcode,
            sequence_number,
            expected,
            status,
            step_ends,
            delta_coded,
            address,
            bitmap,
            bit_index,
            steps_pushed,
            clears_pushed,
            watchdog,
            word_index,
            last_word,
            word,
            byte_index,
            potential_lane,
            potential_group
        );
        self.read_address.next = self.cursor.q.val();
        self.free.next = false;
        self.response_data.next = self.word.q.val().get_bits::<8>(0);
        self.response_valid.next = false;
        self.response_last.next =
            (self.byte_index.q.val() == 3) && (self.word_index.q.val() == self.last_word.q.val());
        self.event_valid.next = false;
        self.readout_group.next = self.potential_group.q.val();
        self.readout_lane.next = self.potential_lane.q.val();
        self.at_end.next = self.cursor.q.val() == self.frame_length.val();
        self.in_sequence.next = self.sequence_number.q.val() == self.expected.q.val();
        self.is_last_input.next = self.address.q.val() == self.last_input.val();
        self.spike.next = bit_cast::<32, 24>(self.address.q.val()) << self.address_shift.val();
        self.event_data.next = self.spike.val();
        self.address_next.next = self.address.q.val() + bit_cast::<24, 8>(self.read_data.val());
        if self.read_data.val() == self.delta_skip_code.val() {
            self.address_next.next = self.address.q.val() + self.delta_skip.val();
        }
        self.advance.next = false;

        match self.state.q.val() {
            CommandState::Idle => {
                self.cursor.d.next = 0.into();
                self.potential_lane.d.next = 0.into();
                self.potential_group.d.next = 0.into();
                self.watchdog.d.next = 0.into();
                self.status.d.next = self.ok.val();
                self.last_word.d.next = 1.into();
                if self.frame_valid.val() {
                    self.state.d.next = CommandState::Header;
                }
            }
            CommandState::Header => {
                if self.settled.q.val() {
                    self.advance.next = true;
                    if self.cursor.q.val() == 0 {
                        self.good_version.d.next = self.read_data.val() == self.protocol_version.val();
                    } else if self.cursor.q.val() == 1 {
                        self.opcode.d.next = self.read_data.val();
                    } else if self.cursor.q.val() == 2 {
                        self.sequence_number.d.next = bit_cast::<16, 8>(self.read_data.val());
                    } else {
                        self.sequence_number.d.next =
                            self.sequence_number.q.val() | (bit_cast::<16, 8>(self.read_data.val()) << 8);
                        self.state.d.next = CommandState::Dispatch;
                    }
                }
            }
            CommandState::Dispatch => {
                self.state.d.next = CommandState::Answer;
                if !self.good_version.q.val() {
                    self.status.d.next = self.unsupported_version.val();
                } else if self.opcode.q.val() == self.op_ping.val() {
                    self.status.d.next = self.ok.val();
                } else if self.opcode.q.val() == self.op_identify.val() {
                    self.last_word.d.next = self.identity_last_word.val();
                } else if self.opcode.q.val() == self.op_counters.val() {
                    self.last_word.d.next = self.counters_last_word.val();
                } else if self.opcode.q.val() == self.op_result.val() {
                    self.state.d.next = CommandState::WaitResult;
                } else if self.opcode.q.val() == self.op_sync.val() {
                    self.expected.d.next = self.sequence_number.q.val() + 1;
                    self.state.d.next = CommandState::PushClear;
                } else if (self.opcode.q.val() == self.op_clear.val())
                    || (self.opcode.q.val() == self.op_spikes.val())
                {
                    if self.in_sequence.val() {
                        self.expected.d.next = self.sequence_number.q.val() + 1;
                        self.state.d.next = CommandState::PushClear;
                        if self.opcode.q.val() == self.op_spikes.val() {
                            self.state.d.next = CommandState::Tag;
                        }
                    } else {
                        self.status.d.next = self.out_of_sequence.val();
                    }
                } else {
                    self.status.d.next = self.unknown_opcode.val();
                }
            }
            CommandState::PushClear => {
                self.event_data.next = self.clear_event.val();
                self.event_valid.next = true;
                if self.event_ready.val() {
                    self.clears_pushed.d.next = self.clears_pushed.q.val() + 1;
                    self.steps_pushed.d.next = 0.into();
                    self.state.d.next = CommandState::Answer;
                }
            }
            CommandState::Tag => {
                if self.at_end.val() {
                    self.state.d.next = CommandState::Answer;
                } else if self.settled.q.val() {
                    self.advance.next = true;
                    self.delta_coded.d.next = self.read_data.val().get_bit(0);
                    self.step_ends.d.next = self.read_data.val().get_bit(7);
                    self.address.d.next = 0.into();
                    self.state.d.next = CommandState::BitmapByte;
                    if self.read_data.val().get_bit(0) {
                        self.address.d.next = self.before_first.val();
                        self.state.d.next = CommandState::DeltaByte;
                    }
                    if (self.read_data.val() & self.reserved_tag_bits.val()) != 0 {
                        self.status.d.next = self.malformed.val();
                        self.state.d.next = CommandState::Answer;
                    }
                }
            }
            CommandState::BitmapByte => {
                if self.at_end.val() {
                    self.status.d.next = self.malformed.val();
                    self.state.d.next = CommandState::Answer;
                } else if self.settled.q.val() {
                    self.advance.next = true;
                    self.bitmap.d.next = self.read_data.val();
                    self.bit_index.d.next = 0.into();
                    self.state.d.next = CommandState::BitmapBits;
                }
            }
            CommandState::BitmapBits => {
                self.event_valid.next = self.bitmap.q.val().get_bit(0);
                if self.event_ready.val() || !self.bitmap.q.val().get_bit(0) {
                    self.bitmap.d.next = self.bitmap.q.val() >> 1;
                    self.bit_index.d.next = self.bit_index.q.val() + 1;
                    self.address.d.next = self.address.q.val() + 1;
                    if self.is_last_input.val() {
                        self.state.d.next = CommandState::ChunkEnd;
                    } else if self.bit_index.q.val() == 7 {
                        self.state.d.next = CommandState::BitmapByte;
                    }
                }
            }
            CommandState::DeltaByte => {
                if self.at_end.val() {
                    self.status.d.next = self.malformed.val();
                    self.state.d.next = CommandState::Answer;
                } else if self.settled.q.val() {
                    self.advance.next = true;
                    self.address.d.next = self.address_next.val();
                    if self.read_data.val() == 0 {
                        self.state.d.next = CommandState::ChunkEnd;
                    } else if self.read_data.val() != self.delta_skip_code.val() {
                        self.state.d.next = CommandState::DeltaSpike;
                    }
                }
            }
            CommandState::DeltaSpike => {
                if self.address.q.val() >= self.inputs.val() {
                    self.status.d.next = self.malformed.val();
                    self.state.d.next = CommandState::Answer;
                } else {
                    self.event_valid.next = true;
                    if self.event_ready.val() {
                        self.state.d.next = CommandState::DeltaByte;
                    }
                }
            }
            CommandState::ChunkEnd => {
                if self.step_ends.q.val() {
                    self.event_data.next = self.end_of_step_event.val();
                    self.event_valid.next = true;
                    if self.event_ready.val() {
                        self.steps_pushed.d.next = self.steps_pushed.q.val() + 1;
                        self.state.d.next = CommandState::Tag;
                    }
                } else {
                    self.state.d.next = CommandState::Tag;
                }
            }
            CommandState::WaitResult => {
                self.watchdog.d.next = self.watchdog.q.val() + 1;
                if (self.steps_done.val() == self.steps_pushed.q.val())
                    && (self.clears_done.val() == self.clears_pushed.q.val())
                {
                    self.last_word.d.next = self.result_last_word.val();
                    self.state.d.next = CommandState::Answer;
                } else if self.watchdog.q.val() == self.watchdog_clocks.val() {
                    self.status.d.next = self.not_ready.val();
                    self.state.d.next = CommandState::Answer;
                }
            }
            CommandState::Answer => {
                self.free.next = true;
                self.word_index.d.next = 0.into();
                self.state.d.next = CommandState::Load;
            }
            CommandState::Load => {
                self.byte_index.d.next = 0.into();
                self.state.d.next = CommandState::Send;
                self.word.d.next = 0.into();
                if self.opcode.q.val() == self.op_result.val() {
                    self.word.d.next = unsigned_cast(self.readout_data.val());
                    if self.word_index.q.val() == 2 {
                        self.word.d.next = self.steps_done.val();
                    } else if self.word_index.q.val() == 3 {
                        self.word.d.next = self.active_cycles.val();
                    } else if self.word_index.q.val() > 3 {
                        self.potential_lane.d.next = self.potential_lane.q.val() + 1;
                        if self.potential_lane.q.val() == self.last_lane.val() {
                            self.potential_lane.d.next = 0.into();
                            self.potential_group.d.next = self.potential_group.q.val() + 1;
                        }
                    }
                } else if self.opcode.q.val() == self.op_counters.val() {
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
                }
                if self.word_index.q.val() == 0 {
                    self.word.d.next = self.version.val()
                        | (bit_cast::<32, 8>(self.opcode.q.val() | self.response_flag.val()) << 8)
                        | (bit_cast::<32, 16>(self.sequence_number.q.val()) << 16);
                }
                if self.word_index.q.val() == 1 {
                    self.word.d.next = bit_cast::<32, 8>(self.status.q.val())
                        | (bit_cast::<32, 8>(self.free_slots.val()) << 8)
                        | (bit_cast::<32, 16>(self.expected.q.val()) << 16);
                }
            }
            CommandState::Send => {
                self.response_valid.next = true;
                if self.response_ready.val() {
                    self.word.d.next = self.word.q.val() >> 8;
                    self.byte_index.d.next = self.byte_index.q.val() + 1;
                    if self.byte_index.q.val() == 3 {
                        self.word_index.d.next = self.word_index.q.val() + 1;
                        self.state.d.next = CommandState::Load;
                        if self.response_last.val() {
                            self.state.d.next = CommandState::Idle;
                        }
                    }
                }
            }
        }

        // The slot shows a byte a clock after its address.
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
