//! CRC-32 of a stream of bytes (IEEE 802.3: reflected, polynomial 0xEDB88320), one bit per cycle.
//!
//! A byte takes 8 cycles, far less than on the line. `value` is the shift register, which must be inverted
//! for transmission. After a message and its transmitted CRC the register is [`RESIDUE`].

use crate::circuit::with_defaults;
use rust_hdl::prelude::*;

/// Value of the register after a whole message with its correct CRC.
pub const RESIDUE: u32 = 0xDEBB_20E3;

/// CRC register.
#[derive(Debug, LogicBlock)]
pub struct Crc32 {
    /// Core clock; all registers change on its rising edge.
    pub clock: Signal<In, Clock>,
    /// High to start a new message: resets the register and drops a byte that is being shifted in.
    pub restart: Signal<In, Bit>,
    /// Next byte of the message; valid while `valid` is high.
    pub data: Signal<In, Bits<8>>,
    /// High in a cycle in which `data` is to be taken; only while `ready` is high.
    pub valid: Signal<In, Bit>,
    /// High while all bytes taken so far are included in `value`, and the next can be taken.
    pub ready: Signal<Out, Bit>,
    /// Shift register, not inverted; valid while `ready` is high.
    pub value: Signal<Out, Bits<32>>,
    /// Inverted shift register: it is 0 at power-up, when the CRC register must be all ones.
    inverted: DFF<Bits<32>>,
    shift: DFF<Bits<8>>,
    remaining: DFF<Bits<4>>,
    current: Signal<Local, Bits<32>>,
    feedback: Signal<Local, Bit>,
    polynomial: Constant<Bits<32>>,
    all_ones: Constant<Bits<32>>,
}

impl Default for Crc32 {
    fn default() -> Self {
        with_defaults! {
            Self {
                polynomial: Constant::new(0xEDB8_8320_u64.into()),
                all_ones: Constant::new(0xFFFF_FFFF_u64.into()),
            }
            clock, restart, data, valid, ready, value, inverted, shift, remaining, current, feedback,
        }
    }
}

impl Logic for Crc32 {
    #[hdl_gen]
    fn update(&mut self) {
        dff_setup!(self, clock, inverted, shift, remaining);
        self.current.next = self.inverted.q.val() ^ self.all_ones.val();
        self.value.next = self.current.val();
        self.ready.next = self.remaining.q.val() == 0;
        self.feedback.next = self.current.val().get_bit(0) ^ self.shift.q.val().get_bit(0);
        if self.remaining.q.val() != 0 {
            self.remaining.d.next = self.remaining.q.val() - 1;
            self.shift.d.next = self.shift.q.val() >> 1;
            self.inverted.d.next = (self.current.val() >> 1) ^ self.all_ones.val();
            if self.feedback.val() {
                self.inverted.d.next =
                    (self.current.val() >> 1) ^ self.polynomial.val() ^ self.all_ones.val();
            }
        } else if self.valid.val() {
            self.shift.d.next = self.data.val();
            self.remaining.d.next = 8.into();
        }
        if self.restart.val() {
            self.inverted.d.next = 0.into();
            self.remaining.d.next = 0.into();
        }
    }
}
