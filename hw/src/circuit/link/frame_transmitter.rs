//! Frame transmitter: appends the CRC to a body, encodes both in COBS, and sends the frame.
//!
//! COBS puts the distance to the next zero in front of the bytes it counts. So the whole frame is collected
//! in a buffer, where the place of a code stays open until its zero (or the end) is known.

use super::crc32::Crc32;
use crate::circuit::with_defaults;
use crate::circuit::word_store::WordStore;
use rust_hdl::prelude::*;

/// State of the transmitter.
#[derive(Copy, Clone, PartialEq, Debug, LogicState)]
pub enum TransmitState {
    /// Takes bytes of the body.
    Body,
    /// Waits for the CRC of the last byte.
    Settle,
    /// Appends the CRC.
    Check,
    /// Closes a block of 254 bytes without a zero.
    FullBlock,
    /// Writes the last code.
    Close,
    /// Reads the next byte to send.
    Fetch,
    /// Sends the byte.
    Send,
    /// Sends the delimiter.
    Delimiter,
}

/// The frame transmitter.
#[derive(Debug, LogicBlock)]
pub struct FrameTransmitter {
    /// Core clock; all registers change on its rising edge.
    pub clock: Signal<In, Clock>,
    /// Next byte of the body; valid while `valid` is high.
    pub data: Signal<In, Bits<8>>,
    /// High while `data` holds a byte.
    pub valid: Signal<In, Bit>,
    /// High if the byte is the last of the body; valid while `valid` is high.
    pub last: Signal<In, Bit>,
    /// High in a cycle in which the transmitter can take the byte.
    pub ready: Signal<Out, Bit>,
    /// Next byte of the frame, for the UART; valid while `out_valid` is high.
    pub out_data: Signal<Out, Bits<8>>,
    /// High while `out_data` holds a byte.
    pub out_valid: Signal<Out, Bit>,
    /// High in a cycle in which the UART takes the byte.
    pub out_ready: Signal<In, Bit>,
    crc: Crc32,
    store: WordStore<8>,
    state: DFF<TransmitState>,
    /// State to return to after a full block.
    after_block: DFF<TransmitState>,
    /// Place of the open block's code in the buffer.
    code_place: DFF<Bits<16>>,
    /// Code of the open block so far: the number of its bytes, plus 1.
    code: DFF<Bits<8>>,
    /// Next free place of the buffer.
    place: DFF<Bits<16>>,
    /// Place of the byte that is being sent.
    sending: DFF<Bits<16>>,
    check: DFF<Bits<32>>,
    check_left: DFF<Bits<3>>,
    append: Signal<Local, Bit>,
    appended: Signal<Local, Bits<8>>,
    next_state: Signal<Local, TransmitState>,
    all_ones: Constant<Bits<32>>,
    full_code: Constant<Bits<8>>,
    one_place: Constant<Bits<16>>,
}

impl FrameTransmitter {
    /// Builds a transmitter of bodies of up to `body_bytes` bytes.
    #[must_use]
    pub fn new(body_bytes: usize) -> Self {
        // A code at the front, the CRC, and a code for every 254 bytes.
        let buffer = (body_bytes + 4 + 2 + (body_bytes + 4) / 254).next_power_of_two();
        with_defaults! {
            Self {
                store: WordStore::new(buffer, 8),
                all_ones: Constant::new(0xFFFF_FFFF_u64.into()),
                full_code: Constant::new(254_u64.into()),
                one_place: Constant::new(1_u64.into()),
            }
            clock, crc, data, valid, last, ready, out_data, out_valid, out_ready, state, after_block,
            code_place, code, place, sending, check, check_left, append, appended, next_state,
        }
    }
}

impl Logic for FrameTransmitter {
    #[hdl_gen]
    fn update(&mut self) {
        dff_setup!(
            self,
            clock,
            state,
            after_block,
            code_place,
            code,
            place,
            sending,
            check,
            check_left
        );
        clock!(self, clock, crc, store);
        self.ready.next = false;
        self.out_valid.next = false;
        self.out_data.next = self.store.read_data.val();
        self.crc.data.next = self.data.val();
        self.crc.valid.next = false;
        self.crc.restart.next = false;
        self.store.read_address.next = self.sending.q.val();
        self.store.write_enable.next = false;
        self.store.write_address.next = self.code_place.q.val();
        self.store.write_data.next = self.code.q.val();
        self.append.next = false;
        self.appended.next = self.data.val();
        self.next_state.next = self.state.q.val();

        match self.state.q.val() {
            TransmitState::Body => {
                // The open block begins at place 1. Code and place are 0 only at power-up.
                if self.code.q.val() == 0 {
                    self.code.d.next = 1.into();
                    self.place.d.next = self.one_place.val();
                } else if self.crc.ready.val() {
                    self.ready.next = true;
                    if self.valid.val() {
                        self.append.next = true;
                        self.crc.valid.next = true;
                        if self.last.val() {
                            self.next_state.next = TransmitState::Settle;
                        }
                    }
                }
            }
            TransmitState::Settle => {
                if self.crc.ready.val() {
                    self.check.d.next = self.crc.value.val() ^ self.all_ones.val();
                    self.check_left.d.next = 4.into();
                    self.next_state.next = TransmitState::Check;
                }
            }
            TransmitState::Check => {
                if self.check_left.q.val() == 0 {
                    self.next_state.next = TransmitState::Close;
                } else {
                    self.append.next = true;
                    self.appended.next = self.check.q.val().get_bits::<8>(0);
                    self.check.d.next = self.check.q.val() >> 8;
                    self.check_left.d.next = self.check_left.q.val() - 1;
                }
            }
            TransmitState::FullBlock => {
                self.store.write_enable.next = true;
                self.code_place.d.next = self.place.q.val();
                self.place.d.next = self.place.q.val() + 1;
                self.code.d.next = 1.into();
                self.next_state.next = self.after_block.q.val();
            }
            TransmitState::Close => {
                self.store.write_enable.next = true;
                self.sending.d.next = 0.into();
                self.next_state.next = TransmitState::Fetch;
            }
            TransmitState::Fetch => {
                self.next_state.next = TransmitState::Send;
                if self.sending.q.val() == self.place.q.val() {
                    self.next_state.next = TransmitState::Delimiter;
                }
            }
            TransmitState::Send => {
                self.out_valid.next = true;
                if self.out_ready.val() {
                    self.sending.d.next = self.sending.q.val() + 1;
                    self.next_state.next = TransmitState::Fetch;
                }
            }
            TransmitState::Delimiter => {
                self.out_valid.next = true;
                self.out_data.next = 0.into();
                if self.out_ready.val() {
                    self.crc.restart.next = true;
                    self.code_place.d.next = 0.into();
                    self.code.d.next = 1.into();
                    self.place.d.next = self.one_place.val();
                    self.next_state.next = TransmitState::Body;
                }
            }
        }
        self.state.d.next = self.next_state.val();

        // Append a byte to the open block, or close the block with it.
        if self.append.val() {
            self.store.write_enable.next = true;
            self.place.d.next = self.place.q.val() + 1;
            if self.appended.val() == 0 {
                self.code_place.d.next = self.place.q.val();
                self.code.d.next = 1.into();
            } else {
                self.store.write_address.next = self.place.q.val();
                self.store.write_data.next = self.appended.val();
                self.code.d.next = self.code.q.val() + 1;
                if self.code.q.val() == self.full_code.val() {
                    self.after_block.d.next = self.next_state.val();
                    self.state.d.next = TransmitState::FullBlock;
                }
            }
        }
    }
}
