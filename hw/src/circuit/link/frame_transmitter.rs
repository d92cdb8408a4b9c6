//! Frame transmitter: appends the CRC to a body, COBS-encodes it in a buffer, and sends it.
//!
//! COBS puts the distance to the next zero before the bytes it counts, so a frame is gathered whole in a
//! buffer, where the place of a code is left open until its zero (or the end) is known.

use super::crc32::Crc32;
use crate::circuit::word_store::WordStore;
use rust_hdl::prelude::*;

/// What the transmitter is doing.
#[derive(Copy, Clone, PartialEq, Debug, LogicState)]
pub enum TransmitState {
    /// Taking bytes of the body.
    Body,
    /// Waiting for the CRC of the last byte.
    Settle,
    /// Appending the CRC.
    Check,
    /// Closing a block of 254 bytes without a zero.
    FullBlock,
    /// Writing the last code.
    Close,
    /// Reading the next byte to send.
    Fetch,
    /// Sending it.
    Send,
    /// Sending the delimiter.
    Delimiter,
}

/// See the [module](self).
#[derive(Debug, LogicBlock)]
pub struct FrameTransmitter {
    /// The clock.
    pub clock: Signal<In, Clock>,
    /// Byte of the body.
    pub data: Signal<In, Bits<8>>,
    /// There is a byte.
    pub valid: Signal<In, Bit>,
    /// It is the last of the body.
    pub last: Signal<In, Bit>,
    /// Takes it.
    pub ready: Signal<Out, Bit>,
    /// Byte for the UART.
    pub out_data: Signal<Out, Bits<8>>,
    /// There is a byte.
    pub out_valid: Signal<Out, Bit>,
    /// The UART takes it.
    pub out_ready: Signal<In, Bit>,
    crc: Crc32,
    store: WordStore<8>,
    state: DFF<TransmitState>,
    /// State to return to after a full block.
    after_block: DFF<TransmitState>,
    /// Where the open block's code goes.
    code_place: DFF<Bits<16>>,
    /// The open block's code so far: its bytes and 1.
    code: DFF<Bits<8>>,
    /// The next free place of the buffer.
    place: DFF<Bits<16>>,
    /// The place being sent.
    sending: DFF<Bits<16>>,
    check: DFF<Bits<32>>,
    check_left: DFF<Bits<3>>,
    append: Signal<Local, Bit>,
    appended: Signal<Local, Bits<8>>,
    next_state: Signal<Local, TransmitState>,
    ones: Constant<Bits<32>>,
    full_code: Constant<Bits<8>>,
    one_place: Constant<Bits<16>>,
}

impl FrameTransmitter {
    /// A transmitter of bodies of up to `body_bytes` bytes.
    #[must_use]
    pub fn new(body_bytes: usize) -> Self {
        // A code at the front, the CRC, and a code for every 254 bytes.
        let buffer = (body_bytes + 4 + 2 + (body_bytes + 4) / 254).next_power_of_two();
        Self {
            clock: Signal::default(),
            data: Signal::default(),
            valid: Signal::default(),
            last: Signal::default(),
            ready: Signal::default(),
            out_data: Signal::default(),
            out_valid: Signal::default(),
            out_ready: Signal::default(),
            crc: Crc32::default(),
            store: WordStore::new(buffer, 8),
            state: DFF::default(),
            after_block: DFF::default(),
            code_place: DFF::default(),
            code: DFF::default(),
            place: DFF::default(),
            sending: DFF::default(),
            check: DFF::default(),
            check_left: DFF::default(),
            append: Signal::default(),
            appended: Signal::default(),
            next_state: Signal::default(),
            ones: Constant::new(0xFFFF_FFFF_u64.into()),
            full_code: Constant::new(254_u64.into()),
            one_place: Constant::new(1_u64.into()),
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
                // A block is open from place 1 on; code and place read 0 only at power-up.
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
                    self.check.d.next = self.crc.value.val() ^ self.ones.val();
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
