//! UART transmitter, 8N1.

use rust_hdl::prelude::*;

/// See the [module](self).
#[derive(Debug, LogicBlock)]
pub struct UartTransmitter {
    /// The clock.
    pub clock: Signal<In, Clock>,
    /// The byte to send.
    pub data: Signal<In, Bits<8>>,
    /// There is a byte.
    pub valid: Signal<In, Bit>,
    /// Takes it.
    pub ready: Signal<Out, Bit>,
    /// The line, idle high.
    pub tx: Signal<Out, Bit>,
    /// The inverted line, so that it idles high from power-up.
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
    /// A transmitter of `clocks_per_bit` clocks a bit, 4..=65535.
    ///
    /// # Panics
    /// Outside that range: a bug of the generator.
    #[must_use]
    pub fn new(clocks_per_bit: u64) -> Self {
        assert!(
            (4..=65535).contains(&clocks_per_bit),
            "{clocks_per_bit} clocks per bit"
        );
        Self {
            clock: Signal::default(),
            data: Signal::default(),
            valid: Signal::default(),
            ready: Signal::default(),
            tx: Signal::default(),
            line_low: DFF::default(),
            active: DFF::default(),
            countdown: DFF::default(),
            position: DFF::default(),
            shift: DFF::default(),
            whole_bit: Constant::new((clocks_per_bit - 1).into()),
            last_position: Constant::new(9_u64.into()),
            stop_position: Constant::new(8_u64.into()),
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
                // Positions 0..=7 end with a data bit on its way, 8 with the stop bit, 9 with an idle line.
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
