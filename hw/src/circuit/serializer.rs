//! Turns the fired masks of a sweep into events for the following layers.
//!
//! ```text
//!  mask ──►┌───────────────┐   ┌───────┐   ┌──────┐
//!          │ address of    ├──►│ queue ├──►│ word ├──► events with masks, one per cycle
//!          │ the word      │   └───────┘   └──────┘
//!          └───────────────┘
//! ```
//!
//! The words of a sweep come position by position, group by group. Words in which no neuron fired are dropped
//! at once. The others go into a queue, so that the engine continues while events leave. The last word of a
//! sweep carries the marker, which leaves after the word's spikes.

use super::event::{ADDRESS_SHIFT, Addressing, CLEAR, END_OF_STEP};
use super::fifo::Fifo;
use super::popcount::Popcount;
use super::with_defaults;
use rust_hdl::prelude::*;

/// Bits of a queue entry beside mask and address: whether a marker follows, and whether it is a clear.
const FLAGS: usize = 2;

/// Bits of a queue entry of a layer whose events have the given layout.
#[must_use]
pub fn entry_bits(neurons: Addressing) -> usize {
    neurons.lanes + neurons.address_bits() + FLAGS
}

/// Serializer of one layer.
#[derive(Debug, LogicBlock)]
pub struct Serializer {
    /// Core clock; all registers change on its rising edge.
    pub clock: Signal<In, Clock>,
    /// Lanes of the next word that fired, bit i for lane i; valid while `mask_valid` is high.
    pub mask: Signal<In, Bits<64>>,
    /// High in a cycle in which `mask` holds the next word of a sweep, which is always taken.
    pub mask_valid: Signal<In, Bit>,
    /// High if the word is the last of its sweep; valid while `mask_valid` is high.
    pub mask_last: Signal<In, Bit>,
    /// High if the sweep is a clear; valid while `mask_valid` is high.
    pub mask_clear: Signal<In, Bit>,
    /// High to stall the sweep: the queue has room for the words that the engine has begun, and for no more.
    pub pause: Signal<Out, Bit>,
    /// Event for the following layers, encoded as in [`event`](super::event); valid while `event_valid` is
    /// high.
    pub event_data: Signal<Out, Bits<32>>,
    /// Neurons of the event's word that fired, bit i for lane i; valid for spikes.
    pub event_mask: Signal<Out, Bits<64>>,
    /// High while `event_data` holds an event; the event stays until `event_ready` is high, too.
    pub event_valid: Signal<Out, Bit>,
    /// High in a cycle in which all takers take the event.
    pub event_ready: Signal<In, Bit>,
    /// Spikes emitted since the last clear.
    pub spikes_out: Signal<Out, Bits<32>>,
    /// High while words or events have not left yet.
    pub busy: Signal<Out, Bit>,
    queue: Fifo<96>,
    count: Popcount,
    /// Address of the sweep's next word; `group` and `column` are its coordinates.
    address: DFF<Bits<24>>,
    group: DFF<Bits<24>>,
    column: DFF<Bits<24>>,
    /// Word that leaves: its mask until it has left, its address, and the marker behind it.
    pending: DFF<Bits<64>>,
    base: DFF<Bits<24>>,
    marker: DFF<Bit>,
    marker_clears: DFF<Bit>,
    spike_count: DFF<Bits<32>>,
    fired: Signal<Local, Bit>,
    group_end: Signal<Local, Bit>,
    row_end: Signal<Local, Bit>,
    step: Signal<Local, Bits<24>>,
    entry: Signal<Local, Bits<96>>,
    any: Signal<Local, Bit>,
    marker_event: Signal<Local, Bits<32>>,
    emptied: Signal<Local, Bit>,
    /// Address difference from one group to the next; the following ones are from position to position and
    /// from row to row.
    group_step: Constant<Bits<24>>,
    position_step: Constant<Bits<24>>,
    row_step: Constant<Bits<24>>,
    last_group: Constant<Bits<24>>,
    last_column: Constant<Bits<24>>,
    address_mask: Constant<Bits<24>>,
    entry_mask_shift: Constant<Bits<8>>,
    end_of_step: Constant<Bits<32>>,
    clear: Constant<Bits<32>>,
    address_shift: Constant<Bits<32>>,
}

impl Serializer {
    /// Builds the serializer of a layer whose events have the given layout; the queue holds `queue` words. After `pause`, up
    /// to `margin` words still come.
    ///
    /// # Panics
    /// For a queue that is no power of two of 8..=32768: a bug of the generator.
    #[must_use]
    pub fn new(neurons: Addressing, queue: usize, margin: usize) -> Self {
        let shape = neurons.shape;
        let groups = neurons.groups();
        let group_shift = neurons.row_bits() + neurons.column_bits();
        let bits = neurons.address_bits();
        let mask = (1_u64 << bits) - 1;
        // Addresses wrap around within their bits, so a step back is an addition, too.
        let groups_back = (groups - 1) as u64;
        let wrap = |step: u64| Constant::new((step & mask).into());
        let position = 1_u64.wrapping_sub(groups_back << group_shift);
        let row = (1_u64 << neurons.column_bits())
            .wrapping_sub(shape.width as u64 - 1)
            .wrapping_sub(groups_back << group_shift);
        let number = |value: usize| Constant::new((value as u64).into());
        with_defaults! {
            Self {
                queue: Fifo::with_margin(queue, entry_bits(neurons), margin),
                count: Popcount::new(neurons.lanes),
                group_step: wrap(1 << group_shift),
                position_step: wrap(position),
                row_step: wrap(row),
                last_group: number(groups - 1),
                last_column: number(shape.width - 1),
                address_mask: Constant::new(mask.into()),
                entry_mask_shift: Constant::new(((bits + FLAGS) as u64).into()),
                end_of_step: Constant::new(u64::from(END_OF_STEP).into()),
                clear: Constant::new(u64::from(CLEAR).into()),
                address_shift: Constant::new((ADDRESS_SHIFT as u64).into()),
            }
            clock, mask, mask_valid, mask_last, mask_clear, pause, event_data, event_mask, event_valid, event_ready,
            spikes_out, busy, address, group, column, pending, base, marker, marker_clears, spike_count, fired,
            group_end, row_end, step, entry, any, marker_event, emptied,
        }
    }
}

impl Logic for Serializer {
    #[hdl_gen]
    fn update(&mut self) {
        dff_setup!(
            self,
            clock,
            address,
            group,
            column,
            pending,
            base,
            marker,
            marker_clears,
            spike_count
        );
        clock!(self, clock, queue);
        // Position of the word in the sweep.
        self.group_end.next = self.group.q.val() == self.last_group.val();
        self.row_end.next = self.column.q.val() == self.last_column.val();
        self.step.next = self.group_step.val();
        if self.group_end.val() {
            self.step.next = self.position_step.val();
            if self.row_end.val() {
                self.step.next = self.row_step.val();
            }
        }
        if self.mask_valid.val() {
            self.address.d.next = (self.address.q.val() + self.step.val()) & self.address_mask.val();
            self.group.d.next = self.group.q.val() + 1;
            if self.group_end.val() {
                self.group.d.next = 0.into();
                self.column.d.next = self.column.q.val() + 1;
                if self.row_end.val() {
                    self.column.d.next = 0.into();
                }
            }
            if self.mask_last.val() {
                self.address.d.next = 0.into();
                self.group.d.next = 0.into();
                self.column.d.next = 0.into();
            }
        }
        // Into the queue: {mask, address, clear, end}.
        self.fired.next = self.mask.val() != 0;
        self.entry.next = (bit_cast::<96, 64>(self.mask.val()) << self.entry_mask_shift.val())
            | (bit_cast::<96, 24>(self.address.q.val()) << 2);
        self.queue.in_data.next = self.entry.val();
        if self.mask_last.val() {
            self.queue.in_data.next = self.entry.val() | 1;
            if self.mask_clear.val() {
                self.queue.in_data.next = self.entry.val() | 3;
            }
        }
        self.queue.in_valid.next = self.mask_valid.val() && (self.fired.val() || self.mask_last.val());
        self.pause.next = self.queue.nearly_full.val();

        // Out of the queue.
        self.any.next = self.pending.q.val() != 0;
        self.count.mask.next = self.pending.q.val();
        self.marker_event.next = self.end_of_step.val();
        if self.marker_clears.q.val() {
            self.marker_event.next = self.clear.val();
        }
        self.event_data.next = bit_cast::<32, 24>(self.base.q.val()) << self.address_shift.val();
        self.event_mask.next = self.pending.q.val();
        self.event_valid.next = self.any.val() || self.marker.q.val();
        self.emptied.next = !self.any.val() && !self.marker.q.val();
        if self.any.val() {
            if self.event_ready.val() {
                self.pending.d.next = 0.into();
                self.spike_count.d.next = self.spike_count.q.val() + self.count.ones.val();
                self.emptied.next = !self.marker.q.val();
            }
        } else {
            self.event_data.next = self.marker_event.val();
            if self.marker.q.val() && self.event_ready.val() {
                self.marker.d.next = false;
                self.emptied.next = true;
                if self.marker_clears.q.val() {
                    self.spike_count.d.next = 0.into();
                }
            }
        }
        self.queue.out_ready.next = self.emptied.val();
        if self.emptied.val() && self.queue.out_valid.val() {
            self.pending.d.next =
                bit_cast::<64, 96>(self.queue.out_data.val() >> self.entry_mask_shift.val());
            self.base.d.next = bit_cast::<24, 96>(self.queue.out_data.val() >> 2) & self.address_mask.val();
            self.marker.d.next = self.queue.out_data.val().get_bit(0);
            self.marker_clears.d.next = self.queue.out_data.val().get_bit(1);
        }
        self.busy.next = self.queue.out_valid.val() || self.any.val() || self.marker.q.val();
        self.spikes_out.next = self.spike_count.q.val();
    }
}
