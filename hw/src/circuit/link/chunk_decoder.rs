//! Chunk decoder: turns the payload of SPIKES into events.
//!
//! ```text
//!  byte, byte_valid, at_end ──►┌───────────────┐──► event_data, event_valid
//!               advance ◄──────│ chunk decoder │◄── event_ready
//!                              └───────────────┘──► done, malformed
//! ```
//!
//! `docs/protocol.md`, section 7, defines the coding. The decoder looks at a byte while `byte_valid` is high,
//! and takes it with `advance`. While `run` is low the decoder waits at the start of a payload. `done` is
//! high for one cycle at the end of the payload, or together with `malformed` at the first violation of the
//! coding; `run` must be low in the next cycle. Spikes leave with their input's number, at most one per
//! cycle. A bitmap takes one cycle per input. `step_ends` is high in the cycle in which an end of step is
//! taken.

use crate::circuit::event::{ADDRESS_SHIFT, END_OF_STEP};
use crate::circuit::with_defaults;
use rust_hdl::prelude::*;

/// State of the decoder.
#[derive(Copy, Clone, PartialEq, Debug, LogicState)]
pub enum ChunkState {
    /// Reads a chunk's tag.
    Tag,
    /// Reads a byte of a bitmap.
    BitmapByte,
    /// Reads the signs of the bitmap byte's spikes.
    SignByte,
    /// Sends the bitmap byte's spikes.
    BitmapBits,
    /// Reads a byte of delta-coded addresses.
    DeltaByte,
    /// Reads the value of a delta's event.
    ValueByte,
    /// Sends the event of a delta.
    DeltaSpike,
    /// Ends a chunk.
    ChunkEnd,
}

/// The chunk decoder.
#[derive(Debug, LogicBlock)]
pub struct ChunkDecoder {
    /// Core clock; all registers change on its rising edge.
    pub clock: Signal<In, Clock>,
    /// High while there is a payload to decode; must be low in the cycle after `done`.
    pub run: Signal<In, Bit>,
    /// Next byte of the payload; valid while `byte_valid` is high.
    pub in_byte: Signal<In, Bits<8>>,
    /// High while `in_byte` holds a byte.
    pub byte_valid: Signal<In, Bit>,
    /// High when the payload has no bytes left.
    pub at_end: Signal<In, Bit>,
    /// High in a cycle in which the decoder takes the byte.
    pub advance: Signal<Out, Bit>,
    /// Event with an input's number in place of its address; valid while `event_valid` is high.
    pub event_data: Signal<Out, Bits<32>>,
    /// High while `event_data` holds an event.
    pub event_valid: Signal<Out, Bit>,
    /// High in a cycle in which the event is taken.
    pub event_ready: Signal<In, Bit>,
    /// High in the cycle in which an end of step is taken.
    pub step_ends: Signal<Out, Bit>,
    /// High for one cycle when the payload is decoded, or is malformed.
    pub done: Signal<Out, Bit>,
    /// High with `done` if the payload violates the coding.
    pub malformed: Signal<Out, Bit>,
    state: DFF<ChunkState>,
    ends_step: DFF<Bit>,
    has_signs: DFF<Bit>,
    has_values: DFF<Bit>,
    value: DFF<Bits<8>>,
    address: DFF<Bits<24>>,
    negative: DFF<Bit>,
    bitmap: DFF<Bits<8>>,
    signs: DFF<Bits<8>>,
    bit_index: DFF<Bits<3>>,
    advance_by: Signal<Local, Bits<24>>,
    is_skip: Signal<Local, Bit>,
    is_last_input: Signal<Local, Bit>,
    spike: Signal<Local, Bits<32>>,
    valued: Signal<Local, Bits<32>>,
    inputs: Constant<Bits<24>>,
    last_input: Constant<Bits<24>>,
    /// Bits of a tag that must be 0.
    reserved: Constant<Bits<8>>,
    before_first: Constant<Bits<24>>,
    skip: Constant<Bits<8>>,
    skip_by: Constant<Bits<24>>,
    signed_skip: Constant<Bits<8>>,
    signed_skip_by: Constant<Bits<24>>,
    magnitude: Constant<Bits<8>>,
    end_of_step: Constant<Bits<32>>,
    address_shift: Constant<Bits<32>>,
    /// Magnitude of an event without a value byte, if events have magnitudes, or else 0.
    unit: Constant<Bits<8>>,
    value_shift: Constant<Bits<32>>,
}

impl ChunkDecoder {
    /// Builds a decoder for the given number of inputs; `signed` says whether their spikes can be negative, and `graded`, if the
    /// input is graded, at which bit of an event its magnitude begins.
    #[must_use]
    pub fn new(inputs: u32, signed: bool, graded: Option<usize>) -> Self {
        let allowed = u64::from(signed) << 1 | u64::from(graded.is_some()) << 2;
        let byte = |value: u64| Constant::new(value.into());
        let wide = |value: u64| Constant::new(value.into());
        with_defaults! {
            Self {
                inputs: wide(inputs.into()),
                last_input: wide(u64::from(inputs) - 1),
                reserved: byte(0x7E & !allowed),
                before_first: wide(0xFF_FFFF),
                skip: byte(255),
                skip_by: wide(254),
                signed_skip: byte(127),
                signed_skip_by: wide(126),
                magnitude: byte(127),
                end_of_step: Constant::new(u64::from(END_OF_STEP).into()),
                address_shift: Constant::new((ADDRESS_SHIFT as u64).into()),
                unit: byte(graded.is_some().into()),
                value_shift: Constant::new((graded.unwrap_or(0) as u64).into()),
            }
            clock, run, in_byte, byte_valid, at_end, advance, event_data, event_valid, event_ready, step_ends,
            done, malformed, state, ends_step, has_signs, has_values, value, address, negative, bitmap, signs,
            bit_index, advance_by, is_skip, is_last_input, spike, valued,
        }
    }
}

impl Logic for ChunkDecoder {
    #[hdl_gen]
    fn update(&mut self) {
        dff_setup!(
            self, clock, state, ends_step, has_signs, has_values, value, address, negative, bitmap, signs,
            bit_index
        );
        self.advance.next = false;
        self.event_valid.next = false;
        self.step_ends.next = false;
        self.done.next = false;
        self.malformed.next = false;
        self.is_last_input.next = self.address.q.val() == self.last_input.val();
        self.spike.next = bit_cast::<32, 24>(self.address.q.val()) << self.address_shift.val();
        self.valued.next =
            self.spike.val() | (bit_cast::<32, 8>(self.value.q.val()) << self.value_shift.val());
        self.event_data.next = self.valued.val();
        if self.negative.q.val() {
            self.event_data.next = self.valued.val() | 4;
        }
        // Distance by which a byte of a delta chunk advances the address.
        self.is_skip.next = self.in_byte.val() == self.skip.val();
        self.advance_by.next = bit_cast::<24, 8>(self.in_byte.val());
        if self.is_skip.val() {
            self.advance_by.next = self.skip_by.val();
        }
        if self.has_signs.q.val() {
            self.is_skip.next = self.in_byte.val() == self.signed_skip.val();
            self.advance_by.next = bit_cast::<24, 8>(self.in_byte.val() & self.magnitude.val());
            if self.is_skip.val() {
                self.advance_by.next = self.signed_skip_by.val();
            }
        }

        if self.run.val() {
            match self.state.q.val() {
                ChunkState::Tag => {
                    if self.at_end.val() {
                        self.done.next = true;
                    } else if self.byte_valid.val() {
                        self.advance.next = true;
                        self.ends_step.d.next = self.in_byte.val().get_bit(7);
                        self.has_signs.d.next = self.in_byte.val().get_bit(1);
                        self.has_values.d.next = self.in_byte.val().get_bit(2);
                        self.value.d.next = self.unit.val();
                        self.negative.d.next = false;
                        self.signs.d.next = 0.into();
                        self.address.d.next = 0.into();
                        self.state.d.next = ChunkState::BitmapByte;
                        if self.in_byte.val().get_bit(0) {
                            self.address.d.next = self.before_first.val();
                            self.state.d.next = ChunkState::DeltaByte;
                        }
                        if (self.in_byte.val() & self.reserved.val()) != 0 {
                            self.malformed.next = true;
                        }
                        // A bitmap has no values.
                        if self.in_byte.val().get_bit(2) && !self.in_byte.val().get_bit(0) {
                            self.malformed.next = true;
                        }
                    }
                }
                ChunkState::BitmapByte => {
                    if self.at_end.val() {
                        self.malformed.next = true;
                    } else if self.byte_valid.val() {
                        self.advance.next = true;
                        self.bitmap.d.next = self.in_byte.val();
                        self.bit_index.d.next = 0.into();
                        self.state.d.next = ChunkState::BitmapBits;
                        if self.has_signs.q.val() {
                            self.state.d.next = ChunkState::SignByte;
                        }
                    }
                }
                ChunkState::SignByte => {
                    if self.at_end.val() {
                        self.malformed.next = true;
                    } else if self.byte_valid.val() {
                        self.advance.next = true;
                        self.signs.d.next = self.in_byte.val() >> 1;
                        self.negative.d.next = self.in_byte.val().get_bit(0);
                        self.state.d.next = ChunkState::BitmapBits;
                        if (self.in_byte.val() & !self.bitmap.q.val()) != 0 {
                            self.malformed.next = true;
                        }
                    }
                }
                ChunkState::BitmapBits => {
                    self.event_valid.next = self.bitmap.q.val().get_bit(0);
                    if self.event_ready.val() || !self.bitmap.q.val().get_bit(0) {
                        self.bitmap.d.next = self.bitmap.q.val() >> 1;
                        self.signs.d.next = self.signs.q.val() >> 1;
                        self.negative.d.next = self.signs.q.val().get_bit(0);
                        self.bit_index.d.next = self.bit_index.q.val() + 1;
                        self.address.d.next = self.address.q.val() + 1;
                        if self.is_last_input.val() {
                            self.state.d.next = ChunkState::ChunkEnd;
                            if (self.bitmap.q.val() >> 1) != 0 {
                                self.malformed.next = true;
                            }
                        } else if self.bit_index.q.val() == 7 {
                            self.state.d.next = ChunkState::BitmapByte;
                        }
                    }
                }
                ChunkState::DeltaByte => {
                    if self.at_end.val() {
                        self.malformed.next = true;
                    } else if self.byte_valid.val() {
                        self.advance.next = true;
                        self.address.d.next = self.address.q.val() + self.advance_by.val();
                        self.negative.d.next = self.has_signs.q.val() && self.in_byte.val().get_bit(7);
                        if self.in_byte.val() == 0 {
                            self.state.d.next = ChunkState::ChunkEnd;
                        } else if !self.is_skip.val() {
                            self.state.d.next = ChunkState::DeltaSpike;
                            if self.has_values.q.val() {
                                self.state.d.next = ChunkState::ValueByte;
                            }
                        }
                        // A sign without a spike: 0x80 (an end) or 0xFF (a skip).
                        if self.has_signs.q.val()
                            && ((self.in_byte.val() & self.magnitude.val()) == 0)
                            && (self.in_byte.val() != 0)
                        {
                            self.malformed.next = true;
                        }
                        if self.has_signs.q.val() && (self.in_byte.val() == self.skip.val()) {
                            self.malformed.next = true;
                        }
                    }
                }
                ChunkState::ValueByte => {
                    if self.at_end.val() {
                        self.malformed.next = true;
                    } else if self.byte_valid.val() {
                        self.advance.next = true;
                        self.value.d.next = self.in_byte.val();
                        self.state.d.next = ChunkState::DeltaSpike;
                        if self.in_byte.val() == 0 {
                            self.malformed.next = true;
                        }
                    }
                }
                ChunkState::DeltaSpike => {
                    if self.address.q.val() >= self.inputs.val() {
                        self.malformed.next = true;
                    } else {
                        self.event_valid.next = true;
                        if self.event_ready.val() {
                            self.state.d.next = ChunkState::DeltaByte;
                        }
                    }
                }
                ChunkState::ChunkEnd => {
                    self.state.d.next = ChunkState::Tag;
                    if self.ends_step.q.val() {
                        self.event_data.next = self.end_of_step.val();
                        self.event_valid.next = true;
                        self.step_ends.next = self.event_ready.val();
                        if !self.event_ready.val() {
                            self.state.d.next = ChunkState::ChunkEnd;
                        }
                    }
                }
            }
        }
        if self.malformed.val() {
            self.done.next = true;
        }
        if self.done.val() {
            self.state.d.next = ChunkState::Tag;
        }
    }
}
