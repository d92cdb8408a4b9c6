//! UART transmitter, 8N1.

use crate::circuit::with_defaults;
use rust_hdl::prelude::*;

/// The UART transmitter.
#[derive(Debug, LogicBlock)]
pub struct UartTransmitter {
    /// Core clock; all registers change on its rising edge.
    pub clock: Signal<In, Clock>,
    /// Byte to send; valid while `valid` is high.
    pub data: Signal<In, Bits<8>>,
    /// High while `data` holds a byte.
    pub valid: Signal<In, Bit>,
    /// High while the transmitter is idle: it takes the byte in a cycle in which `valid` is high, too.
    pub ready: Signal<Out, Bit>,
    /// Serial line, idle high.
    pub tx: Signal<Out, Bit>,
    /// Inverted line: 0 at power-up, so that the line starts idle high.
    line_low: DFF<Bit>,
    active: DFF<Bit>,
    countdown: DFF<Bits<16>>,
    position: DFF<Bits<4>>,
    shift: DFF<Bits<8>>,
    whole_bit: Constant<Bits<16>>,
    last_position: Constant<Bits<4>>,
    stop_position: Constant<Bits<4>>,
}

impl UartTransmitter {
    /// Builds a transmitter of `cycles_per_bit` clock cycles per bit, 4..=65535.
    ///
    /// # Panics
    /// Outside that range: a bug of the generator.
    #[must_use]
    pub fn new(cycles_per_bit: u64) -> Self {
        assert!(
            (4..=65535).contains(&cycles_per_bit),
            "{cycles_per_bit} cycles per bit"
        );
        with_defaults! {
            Self {
                whole_bit: Constant::new((cycles_per_bit - 1).into()),
                last_position: Constant::new(9_u64.into()),
                stop_position: Constant::new(8_u64.into()),
            }
            clock, data, valid, ready, tx, line_low, active, countdown, position, shift,
        }
    }
}

impl Logic for UartTransmitter {
    #[hdl_gen]
    fn update(&mut self) {
        dff_setup!(self, clock, line_low, active, countdown, position, shift);
        self.tx.next = !self.line_low.q.val();
        self.ready.next = !self.active.q.val();
        if self.active.q.val() {
            self.countdown.d.next = self.countdown.q.val() - 1;
            if self.countdown.q.val() == 0 {
                self.countdown.d.next = self.whole_bit.val();
                self.position.d.next = self.position.q.val() + 1;
                self.shift.d.next = self.shift.q.val() >> 1;
                // A data bit follows positions 0..=7, the stop bit position 8, and an idle line position 9.
                self.line_low.d.next = !self.shift.q.val().get_bit(0);
                if self.position.q.val() == self.stop_position.val() {
                    self.line_low.d.next = false;
                }
                if self.position.q.val() == self.last_position.val() {
                    self.line_low.d.next = false;
                    self.active.d.next = false;
                }
            }
        } else {
            self.position.d.next = 0.into();
            self.countdown.d.next = self.whole_bit.val();
            self.shift.d.next = self.data.val();
            if self.valid.val() {
                self.active.d.next = true;
                self.line_low.d.next = true;
            }
        }
    }
}
