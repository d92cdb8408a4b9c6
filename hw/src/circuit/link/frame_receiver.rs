//! Frame receiver: COBS decoding and CRC check into receive slots.
//!
//! Bytes from the UART are decoded as they come and written into the current slot; a frame whose delimiter
//! arrives with everything right makes the slot full. The command processor reads full slots in order of
//! arrival and frees them. A frame that starts while no slot is free is dropped and counted; one with a COBS
//! error, a wrong CRC or too many bytes likewise.

use super::crc32::{Crc32, RESIDUE};
use crate::circuit::word_store::WordStore;
use rust_hdl::prelude::*;

/// Receive slots.
pub const SLOTS: usize = 2;
/// Bytes of a frame's CRC.
const CRC_BYTES: u64 = 4;
/// Bytes of the shortest body.
const HEADER_BYTES: u64 = 4;

/// See the [module](self).
#[derive(Debug, LogicBlock)]
pub struct FrameReceiver {
    /// The clock.
    pub clock: Signal<In, Clock>,
    /// Byte from the UART.
    pub data: Signal<In, Bits<8>>,
    /// There is a byte in this clock.
    pub valid: Signal<In, Bit>,
    /// There is a full slot.
    pub frame_valid: Signal<Out, Bit>,
    /// Bytes of the oldest frame's body, without the CRC.
    pub frame_length: Signal<Out, Bits<16>>,
    /// Byte of the oldest frame to show.
    pub read_address: Signal<In, Bits<16>>,
    /// Byte at last clock's `read_address`.
    pub read_data: Signal<Out, Bits<8>>,
    /// Frees the oldest frame's slot.
    pub free: Signal<In, Bit>,
    /// Slots that are free.
    pub free_slots: Signal<Out, Bits<8>>,
    /// Frames dropped for a COBS error, a wrong CRC or their length, since power-up.
    pub bad_frames: Signal<Out, Bits<32>>,
    /// Good frames dropped for want of a slot, since power-up.
    pub dropped_frames: Signal<Out, Bits<32>>,
    crc: Crc32,
    store: WordStore<8>,
    /// Some byte has come since the last delimiter.
    started: DFF<Bit>,
    /// This frame has no slot.
    dropping: DFF<Bit>,
    /// This frame is too long.
    overlong: DFF<Bit>,
    /// Data bytes left in the COBS block.
    remaining: DFF<Bits<8>>,
    /// The next code byte stands for a zero.
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
    /// A receiver of [`SLOTS`] slots of `slot_bytes` bytes (body and CRC; a power of two, 64..=16384).
    ///
    /// # Panics
    /// On any other size: a bug of the generator.
    #[must_use]
    pub fn new(slot_bytes: usize) -> Self {
        assert!(
            slot_bytes.is_power_of_two() && (64..=16384).contains(&slot_bytes),
            "{slot_bytes} bytes"
        );
        Self {
            clock: Signal::default(),
            data: Signal::default(),
            valid: Signal::default(),
            frame_valid: Signal::default(),
            frame_length: Signal::default(),
            read_address: Signal::default(),
            read_data: Signal::default(),
            free: Signal::default(),
            free_slots: Signal::default(),
            bad_frames: Signal::default(),
            dropped_frames: Signal::default(),
            crc: Crc32::default(),
            store: WordStore::new(SLOTS * slot_bytes, 8),
            started: DFF::default(),
            dropping: DFF::default(),
            overlong: DFF::default(),
            remaining: DFF::default(),
            zero_pending: DFF::default(),
            length: DFF::default(),
            write_slot: DFF::default(),
            read_slot: DFF::default(),
            full_slots: DFF::default(),
            length_0: DFF::default(),
            length_1: DFF::default(),
            bad_count: DFF::default(),
            dropped_count: DFF::default(),
            is_code: Signal::default(),
            delimiter: Signal::default(),
            decoded: Signal::default(),
            decoded_valid: Signal::default(),
            good: Signal::default(),
            stored: Signal::default(),
            slot_bytes: Constant::new((slot_bytes as u64).into()),
            shortest: Constant::new((HEADER_BYTES + CRC_BYTES).into()),
            crc_bytes: Constant::new(CRC_BYTES.into()),
            residue: Constant::new(u64::from(RESIDUE).into()),
            longest_code: Constant::new(255_u64.into()),
            slots: Constant::new((SLOTS as u64).into()),
            slot_1: Constant::new((slot_bytes as u64).into()),
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
