//! FIFO of events with their masks.
//!
//! An entry is an event with its mask above it. If every event is one spike, masks are not stored, and read as 0.

use super::event::Addressing;
use super::fifo::Fifo;
use super::with_defaults;
use rust_hdl::prelude::*;

/// FIFO in front of a path.
#[derive(Debug, LogicBlock)]
pub struct EventFifo {
    /// Core clock; all registers change on its rising edge.
    pub clock: Signal<In, Clock>,
    /// Event to put in, 32 bits, encoded as in [`event`](super::event); valid while `in_valid` is high.
    pub in_data: Signal<In, Bits<32>>,
    /// Mask of the event.
    pub in_mask: Signal<In, Bits<64>>,
    /// High while `in_data` holds an event.
    pub in_valid: Signal<In, Bit>,
    /// High while the FIFO has room.
    pub in_ready: Signal<Out, Bit>,
    /// Oldest event; valid while `out_valid` is high.
    pub out_data: Signal<Out, Bits<32>>,
    /// Mask of the event.
    pub out_mask: Signal<Out, Bits<64>>,
    /// High while `out_data` holds an event.
    pub out_valid: Signal<Out, Bit>,
    /// High in a cycle in which the event is taken.
    pub out_ready: Signal<In, Bit>,
    fifo: Fifo<96>,
    mask_shift: Constant<Bits<8>>,
    event_mask: Constant<Bits<32>>,
}

impl EventFifo {
    /// Builds a FIFO for `depth` events (a power of two, 8..=32768) of the given layout.
    #[must_use]
    pub fn new(depth: usize, events: Addressing) -> Self {
        let bits = events.event_bits();
        with_defaults! {
            Self {
                fifo: Fifo::new(depth, events.entry_bits()),
                mask_shift: Constant::new((bits as u64).into()),
                event_mask: Constant::new(((1_u64 << bits) - 1).into()),
            }
            clock, in_data, in_mask, in_valid, in_ready, out_data, out_mask, out_valid, out_ready,
        }
    }
}

impl Logic for EventFifo {
    #[hdl_gen]
    fn update(&mut self) {
        clock!(self, clock, fifo);
        self.fifo.in_data.next = bit_cast::<96, 32>(self.in_data.val() & self.event_mask.val())
            | (bit_cast::<96, 64>(self.in_mask.val()) << self.mask_shift.val());
        self.fifo.in_valid.next = self.in_valid.val();
        self.in_ready.next = self.fifo.in_ready.val();
        self.out_data.next = bit_cast::<32, 96>(self.fifo.out_data.val()) & self.event_mask.val();
        self.out_mask.next = bit_cast::<64, 96>(self.fifo.out_data.val() >> self.mask_shift.val());
        self.out_valid.next = self.fifo.out_valid.val();
        self.fifo.out_ready.next = self.out_ready.val();
    }
}
