//! UART receiver, 8N1: samples each bit in its middle.
//!
//! A byte shows for one cycle, in the middle of its stop bit. A byte whose stop bit is 0, or whose start bit
//! has ended before its middle, is noise and is dropped. Two flip-flops synchronize the line.

use crate::circuit::with_defaults;
use rust_hdl::prelude::*;

/// The UART receiver.
#[derive(Debug, LogicBlock)]
pub struct UartReceiver {
    /// Core clock; all registers change on its rising edge.
    pub clock: Signal<In, Clock>,
    /// Serial line, idle high; asynchronous to `clock`.
    pub rx: Signal<In, Bit>,
    /// Received byte; valid while `valid` is high.
    pub data: Signal<Out, Bits<8>>,
    /// High for one cycle per received byte.
    pub valid: Signal<Out, Bit>,
    meta: DFF<Bit>,
    line: DFF<Bit>,
    last_line: DFF<Bit>,
    active: DFF<Bit>,
    countdown: DFF<Bits<16>>,
    position: DFF<Bits<4>>,
    shift: DFF<Bits<8>>,
    whole_bit: Constant<Bits<16>>,
    half_bit: Constant<Bits<16>>,
    stop_position: Constant<Bits<4>>,
}

impl UartReceiver {
    /// Builds a receiver of `cycles_per_bit` clock cycles per bit, 4..=65535.
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
                half_bit: Constant::new((cycles_per_bit / 2 - 1).into()),
                stop_position: Constant::new(9_u64.into()),
            }
            clock, rx, data, valid, meta, line, last_line, active, countdown, position, shift,
        }
    }
}

impl Logic for UartReceiver {
    #[hdl_gen]
    fn update(&mut self) {
        dff_setup!(
            self, clock, meta, line, last_line, active, countdown, position, shift
        );
        self.meta.d.next = self.rx.val();
        self.line.d.next = self.meta.q.val();
        self.last_line.d.next = self.line.q.val();
        self.data.next = self.shift.q.val();
        self.valid.next = false;
        if self.active.q.val() {
            self.countdown.d.next = self.countdown.q.val() - 1;
            if self.countdown.q.val() == 0 {
                self.countdown.d.next = self.whole_bit.val();
                self.position.d.next = self.position.q.val() + 1;
                if self.position.q.val() == 0 {
                    // The start bit must still be low.
                    self.active.d.next = !self.line.q.val();
                } else if self.position.q.val() == self.stop_position.val() {
                    self.active.d.next = false;
                    self.valid.next = self.line.q.val();
                } else {
                    self.shift.d.next =
                        (self.shift.q.val() >> 1) | (bit_cast::<8, 1>(self.line.q.val().into()) << 7);
                }
            }
        } else {
            self.position.d.next = 0.into();
            self.countdown.d.next = self.half_bit.val();
            self.active.d.next = self.last_line.q.val() && !self.line.q.val();
        }
    }
}
