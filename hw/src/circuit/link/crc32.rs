//! CRC-32 of a stream of bytes (IEEE 802.3: reflected, polynomial 0xEDB88320), one bit a clock.
//!
//! A byte takes 8 clocks, far less than on the line. The value is that of the shift register, to be inverted
//! for transmission; after a message and its transmitted CRC it is [`RESIDUE`].

use rust_hdl::prelude::*;

/// Register after a whole good message.
pub const RESIDUE: u32 = 0xDEBB_20E3;

/// See the [module](self).
#[derive(Debug, LogicBlock)]
pub struct Crc32 {
    /// The clock.
    pub clock: Signal<In, Clock>,
    /// Starts a new message.
    pub restart: Signal<In, Bit>,
    /// The next byte.
    pub data: Signal<In, Bits<8>>,
    /// Takes it; only while `ready`.
    pub valid: Signal<In, Bit>,
    /// All bytes so far are in `value`.
    pub ready: Signal<Out, Bit>,
    /// The shift register.
    pub value: Signal<Out, Bits<32>>,
    /// The register, inverted: reads 0 at power-up, as the preset of ones wants.
    inverted: DFF<Bits<32>>,
    shift: DFF<Bits<8>>,
    remaining: DFF<Bits<4>>,
    current: Signal<Local, Bits<32>>,
    feedback: Signal<Local, Bit>,
    polynomial: Constant<Bits<32>>,
    ones: Constant<Bits<32>>,
}

impl Default for Crc32 {
    fn default() -> Self {
        Self {
            clock: Signal::default(),
            restart: Signal::default(),
            data: Signal::default(),
            valid: Signal::default(),
            ready: Signal::default(),
            value: Signal::default(),
            inverted: DFF::default(),
            shift: DFF::default(),
            remaining: DFF::default(),
            current: Signal::default(),
            feedback: Signal::default(),
            polynomial: Constant::new(0xEDB8_8320_u64.into()),
            ones: Constant::new(0xFFFF_FFFF_u64.into()),
        }
    }
}

impl Logic for Crc32 {
    #[hdl_gen]
    fn update(&mut self) {
        dff_setup!(self, clock, inverted, shift, remaining);
        self.current.next = self.inverted.q.val() ^ self.ones.val();
        self.value.next = self.current.val();
        self.ready.next = self.remaining.q.val() == 0;
        self.feedback.next = self.current.val().get_bit(0) ^ self.shift.q.val().get_bit(0);
        if self.remaining.q.val() != 0 {
            self.remaining.d.next = self.remaining.q.val() - 1;
            self.shift.d.next = self.shift.q.val() >> 1;
            self.inverted.d.next = (self.current.val() >> 1) ^ self.ones.val();
            if self.feedback.val() {
                self.inverted.d.next = (self.current.val() >> 1) ^ self.polynomial.val() ^ self.ones.val();
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
