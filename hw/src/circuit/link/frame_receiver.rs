//! Frame receiver: decodes COBS, checks the CRC, and stores frames in receive slots.
//!
//! Bytes from the UART are decoded as they arrive and written into the current slot. The delimiter of a valid
//! frame marks the slot as full. The command processor reads full slots in order of arrival and frees them. A
//! frame that starts while no slot is free is dropped and counted. So is a frame with a COBS error, a wrong
//! CRC or too many bytes.

use super::crc32::{Crc32, RESIDUE};
use crate::circuit::with_defaults;
use crate::circuit::word_store::WordStore;
use rust_hdl::prelude::*;

/// Number of receive slots.
pub const SLOTS: usize = 2;
/// Bytes of a frame's CRC.
const CRC_BYTES: u64 = 4;
/// Bytes of the shortest body.
const HEADER_BYTES: u64 = 4;

/// The frame receiver.
#[derive(Debug, LogicBlock)]
pub struct FrameReceiver {
    /// Core clock; all registers change on its rising edge.
    pub clock: Signal<In, Clock>,
    /// Byte from the UART; valid while `valid` is high.
    pub data: Signal<In, Bits<8>>,
    /// High for one cycle per byte.
    pub valid: Signal<In, Bit>,
    /// High while at least one slot is full.
    pub frame_valid: Signal<Out, Bit>,
    /// Bytes of the oldest frame's body, without the CRC; valid while `frame_valid` is high.
    pub frame_length: Signal<Out, Bits<16>>,
    /// Index of the byte of the oldest frame to read.
    pub read_address: Signal<In, Bits<16>>,
    /// Byte at last cycle's `read_address`.
    pub read_data: Signal<Out, Bits<8>>,
    /// High for one cycle to free the oldest frame's slot.
    pub free: Signal<In, Bit>,
    /// Number of free slots.
    pub free_slots: Signal<Out, Bits<8>>,
    /// Frames dropped for a COBS error, a wrong CRC or their length, since power-up.
    pub bad_frames: Signal<Out, Bits<32>>,
    /// Good frames dropped for lack of a slot, since power-up.
    pub dropped_frames: Signal<Out, Bits<32>>,
    crc: Crc32,
    store: WordStore<8>,
    /// High if a byte has arrived since the last delimiter.
    started: DFF<Bit>,
    /// High if no slot was free when this frame started.
    dropping: DFF<Bit>,
    /// High if this frame is too long.
    overlong: DFF<Bit>,
    /// Data bytes left in the COBS block.
    remaining: DFF<Bits<8>>,
    /// High if the next code byte stands for a zero.
    zero_pending: DFF<Bit>,
    length: DFF<Bits<16>>,
    write_slot: DFF<Bit>,
    read_slot: DFF<Bit>,
    full_slots: DFF<Bits<8>>,
    length_0: DFF<Bits<16>>,
    length_1: DFF<Bits<16>>,
    bad_count: DFF<Bits<32>>,
    dropped_count: DFF<Bits<32>>,
    is_code: Signal<Local, Bit>,
    delimiter: Signal<Local, Bit>,
    decoded: Signal<Local, Bits<8>>,
    decoded_valid: Signal<Local, Bit>,
    good: Signal<Local, Bit>,
    stored: Signal<Local, Bit>,
    slot_bytes: Constant<Bits<16>>,
    shortest: Constant<Bits<16>>,
    crc_bytes: Constant<Bits<16>>,
    residue: Constant<Bits<32>>,
    longest_code: Constant<Bits<8>>,
    slots: Constant<Bits<8>>,
    slot_1: Constant<Bits<16>>,
}

impl FrameReceiver {
    /// Builds a receiver of [`SLOTS`] slots of `slot_bytes` bytes each (body and CRC; a power of two,
    /// 64..=16384).
    ///
    /// # Panics
    /// On any other size: a bug of the generator.
    #[must_use]
    pub fn new(slot_bytes: usize) -> Self {
        assert!(
            slot_bytes.is_power_of_two() && (64..=16384).contains(&slot_bytes),
            "{slot_bytes} bytes"
        );
        with_defaults! {
            Self {
                store: WordStore::new(SLOTS * slot_bytes, 8),
                slot_bytes: Constant::new((slot_bytes as u64).into()),
                shortest: Constant::new((HEADER_BYTES + CRC_BYTES).into()),
                crc_bytes: Constant::new(CRC_BYTES.into()),
                residue: Constant::new(u64::from(RESIDUE).into()),
                longest_code: Constant::new(255_u64.into()),
                slots: Constant::new((SLOTS as u64).into()),
                slot_1: Constant::new((slot_bytes as u64).into()),
            }
            clock, crc, data, valid, frame_valid, frame_length, read_address, read_data, free, free_slots,
            bad_frames, dropped_frames, started, dropping, overlong, remaining, zero_pending, length,
            write_slot, read_slot, full_slots, length_0, length_1, bad_count, dropped_count, is_code,
            delimiter, decoded, decoded_valid, good, stored,
        }
    }
}

impl Logic for FrameReceiver {
    #[hdl_gen]
    fn update(&mut self) {
        dff_setup!(
            self,
            clock,
            started,
            dropping,
            overlong,
            remaining,
            zero_pending,
            length,
            write_slot,
            read_slot,
            full_slots,
            length_0,
            length_1,
            bad_count,
            dropped_count
        );
        clock!(self, clock, crc, store);

        // COBS: every byte but a delimiter yields at most one decoded byte.
        self.delimiter.next = self.valid.val() && (self.data.val() == 0);
        self.is_code.next = self.remaining.q.val() == 0;
        self.decoded.next = self.data.val();
        self.decoded_valid.next = false;
        if self.valid.val() && !self.delimiter.val() {
            self.started.d.next = true;
            if !self.started.q.val() {
                self.dropping.d.next = self.full_slots.q.val() == self.slots.val();
            }
            if self.is_code.val() {
                self.decoded.next = 0.into();
                self.decoded_valid.next = self.zero_pending.q.val();
                self.remaining.d.next = self.data.val() - 1;
                self.zero_pending.d.next = self.data.val() != self.longest_code.val();
            } else {
                self.decoded_valid.next = true;
                self.remaining.d.next = self.remaining.q.val() - 1;
            }
        }

        // Into the slot and the CRC.
        self.crc.data.next = self.decoded.val();
        self.crc.valid.next = self.decoded_valid.val();
        self.crc.restart.next = self.delimiter.val();
        self.store.write_data.next = self.decoded.val();
        self.store.write_address.next = self.length.q.val();
        if self.write_slot.q.val() {
            self.store.write_address.next = self.length.q.val() | self.slot_1.val();
        }
        self.store.write_enable.next = false;
        if self.decoded_valid.val() {
            if self.length.q.val() == self.slot_bytes.val() {
                self.overlong.d.next = true;
            } else {
                self.length.d.next = self.length.q.val() + 1;
                self.store.write_enable.next = !self.dropping.q.val();
            }
        }

        // The end of a frame.
        self.good.next = self.is_code.val()
            && !self.overlong.q.val()
            && (self.length.q.val() >= self.shortest.val())
            && self.crc.ready.val()
            && (self.crc.value.val() == self.residue.val());
        self.stored.next = false;
        if self.delimiter.val() {
            self.started.d.next = false;
            self.overlong.d.next = false;
            self.remaining.d.next = 0.into();
            self.zero_pending.d.next = false;
            self.length.d.next = 0.into();
            if self.started.q.val() {
                if self.good.val() {
                    if self.dropping.q.val() {
                        self.dropped_count.d.next = self.dropped_count.q.val() + 1;
                    } else {
                        self.stored.next = true;
                        self.write_slot.d.next = !self.write_slot.q.val();
                        if self.write_slot.q.val() {
                            self.length_1.d.next = self.length.q.val() - self.crc_bytes.val();
                        } else {
                            self.length_0.d.next = self.length.q.val() - self.crc_bytes.val();
                        }
                    }
                } else {
                    self.bad_count.d.next = self.bad_count.q.val() + 1;
                }
            }
        }

        // Slots.
        if self.free.val() {
            self.read_slot.d.next = !self.read_slot.q.val();
        }
        if self.stored.val() && !self.free.val() {
            self.full_slots.d.next = self.full_slots.q.val() + 1;
        }
        if self.free.val() && !self.stored.val() {
            self.full_slots.d.next = self.full_slots.q.val() - 1;
        }
        self.frame_valid.next = self.full_slots.q.val() != 0;
        self.free_slots.next = self.slots.val() - self.full_slots.q.val();
        self.frame_length.next = self.length_0.q.val();
        self.store.read_address.next = self.read_address.val();
        if self.read_slot.q.val() {
            self.frame_length.next = self.length_1.q.val();
            self.store.read_address.next = self.read_address.val() | self.slot_1.val();
        }
        self.read_data.next = self.store.read_data.val();
        self.bad_frames.next = self.bad_count.q.val();
        self.dropped_frames.next = self.dropped_count.q.val();
    }
}
