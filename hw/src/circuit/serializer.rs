//! Turns the fired masks of a sweep into events for the following layers.
//!
//! ```text
//!  mask ──►┌───────────────┐   ┌───────┐   ┌──────┐   ┌───────┐
//!          │ address of    ├──►│ queue ├──►│ word ├──►│ shown ├──► events with masks, one per cycle
//!          │ the word      │   └───────┘   └──────┘   └───────┘
//!          └───────────────┘
//! ```
//!
//! The words of a sweep come position by position, group by group; or those of S neighbouring positions at once, group by group.
//! Words in which no neuron fired are dropped at once. The others go into a queue, so that the engine continues while events
//! leave, one position after the other. The last word of a sweep carries the marker, which leaves after the word's spikes. If
//! several positions leave by turns, an event is shown from a register, since the choice of the position fills a cycle.

use super::event::{ADDRESS_SHIFT, Addressing, CLEAR, END_OF_STEP};
use super::fifo::Fifo;
use super::popcount::Popcount;
use super::{signals, with_defaults};
use rust_hdl::prelude::*;

/// Bits of a queue entry beside mask and address: whether a marker follows, and whether it is a clear.
const FLAGS: usize = 2;

/// Bits of the queues' entries of a layer whose events have the given layout and of which `swept` positions end their step at
/// once: one queue for each of these, of which the first has address and flags.
#[must_use]
pub fn entry_bits(neurons: Addressing, swept: usize) -> Vec<usize> {
    (0..swept)
        .map(|position| match position {
            0 => neurons.lanes + neurons.address_bits() + FLAGS,
            _ => neurons.lanes,
        })
        .collect()
}

/// Serializer of one layer.
#[derive(Debug, LogicBlock)]
pub struct Serializer {
    /// Core clock; all registers change on its rising edge.
    pub clock: Signal<In, Clock>,
    /// Lanes of the next word that fired, bit i for lane i, for each of the positions that end their step at once; valid while
    /// `mask_valid` is high.
    pub mask: Vec<Signal<In, Bits<64>>>,
    /// High in a cycle in which `mask` holds the next words of a sweep, which are always taken.
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
    /// Spikes emitted since the last clear; two cycles late.
    pub spikes_out: Signal<Out, Bits<32>>,
    /// High while words or events have not left yet.
    pub busy: Signal<Out, Bit>,
    /// Queue of the first position, with address and flags, and those of further positions.
    queue: Fifo<96>,
    more_queues: Vec<Fifo<64>>,
    count: Popcount,
    /// Address of the sweep's next word; `group` and `column` are its coordinates. Of several positions, those of the first.
    address: DFF<Bits<24>>,
    group: DFF<Bits<24>>,
    column: DFF<Bits<24>>,
    /// Words that leave: their masks until they have left, the address of the first, and the marker behind them.
    pending: Vec<DFF<Bits<64>>>,
    /// High for a word of which no neuron has left, if any fired.
    waits: Vec<DFF<Bit>>,
    base: DFF<Bits<24>>,
    marker: DFF<Bit>,
    marker_clears: DFF<Bit>,
    /// High while a word or the marker has not left, and while at most one of them has not. Registers of their own, since the
    /// queues hear from them whether they may go on.
    holds: DFF<Bit>,
    ending: DFF<Bit>,
    spike_count: DFF<Bits<32>>,
    /// Event that is shown, if words of several positions leave.
    shown: DFF<Bits<32>>,
    shown_mask: DFF<Bits<64>>,
    shows: DFF<Bit>,
    /// Mask that left in the cycle before, or 0, and whether a clear did: the way from the queues to the counter is long.
    left: DFF<Bits<64>>,
    cleared: DFF<Bit>,
    /// Number of its spikes, and whether a clear left, another cycle later: of wide words, counting fills a cycle.
    ones: DFF<Bits<32>>,
    cleared_late: DFF<Bit>,
    /// High if the next event may leave its word.
    room: Signal<Local, Bit>,
    next_event: Signal<Local, Bits<32>>,
    /// High if a word below the index has a spike, the mask of the first that has one, and its number.
    some: Vec<Signal<Local, Bit>>,
    first: Vec<Signal<Local, Bits<64>>>,
    number: Vec<Signal<Local, Bits<24>>>,
    /// High if two words below the index have spikes, and if three have.
    more: Vec<Signal<Local, Bit>>,
    three: Vec<Signal<Local, Bit>>,
    /// High for a word of the queues' output that has a spike; whether one below the index has, and whether two have.
    comes: Vec<Signal<Local, Bit>>,
    some_come: Vec<Signal<Local, Bit>>,
    more_come: Vec<Signal<Local, Bit>>,
    /// High if a mask below the index that arrives has a spike.
    arrives: Vec<Signal<Local, Bit>>,
    fired: Signal<Local, Bit>,
    group_end: Signal<Local, Bit>,
    row_end: Signal<Local, Bit>,
    step: Signal<Local, Bits<24>>,
    entry: Signal<Local, Bits<96>>,
    any: Signal<Local, Bit>,
    marker_event: Signal<Local, Bits<32>>,
    emptied: Signal<Local, Bit>,
    first_mask: Signal<Local, Bits<64>>,
    first_number: Signal<Local, Bits<24>>,
    others: Signal<Local, Bit>,
    several: Signal<Local, Bit>,
    any_comes: Signal<Local, Bit>,
    others_come: Signal<Local, Bit>,
    leaves: Signal<Local, Bit>,
    refills: Signal<Local, Bit>,
    arrived: Signal<Local, Bits<64>>,
    next_pending: Signal<Local, Bits<64>>,
    /// Address difference from one group to the next; the following ones are from position to position and
    /// from row to row.
    group_step: Constant<Bits<24>>,
    position_step: Constant<Bits<24>>,
    row_step: Constant<Bits<24>>,
    last_group: Constant<Bits<24>>,
    last_column: Constant<Bits<24>>,
    registered: Constant<Bit>,
    address_mask: Constant<Bits<24>>,
    entry_mask_shift: Constant<Bits<8>>,
    end_of_step: Constant<Bits<32>>,
    clear: Constant<Bits<32>>,
    address_shift: Constant<Bits<32>>,
    /// Number of each position.
    places: Vec<Constant<Bits<24>>>,
}

impl Serializer {
    /// Builds the serializer of a layer whose events have the given layout, of which `swept` positions end their step at once; the
    /// queue holds `queue` words of each. After `pause`, up to `margin` words still come.
    ///
    /// # Panics
    /// For a queue that is no power of two of 8..=32768: a bug of the generator.
    #[must_use]
    pub fn new(neurons: Addressing, swept: usize, queue: usize, margin: usize) -> Self {
        let shape = neurons.shape;
        let groups = neurons.groups();
        let group_shift = neurons.row_bits() + neurons.column_bits();
        let bits = neurons.address_bits();
        let mask = (1_u64 << bits) - 1;
        // Addresses wrap around within their bits, so a step back is an addition, too.
        let groups_back = (groups - 1) as u64;
        let wrap = |step: u64| Constant::new((step & mask).into());
        let words = shape.width.div_ceil(swept);
        let position = (swept as u64).wrapping_sub(groups_back << group_shift);
        let row = (1_u64 << neurons.column_bits())
            .wrapping_sub(((words - 1) * swept) as u64)
            .wrapping_sub(groups_back << group_shift);
        let number = |value: usize| Constant::new((value as u64).into());
        with_defaults! {
            Self {
                queue: Fifo::with_margin(queue, entry_bits(neurons, swept)[0], margin),
                more_queues: (entry_bits(neurons, swept)[1..].iter())
                    .map(|&bits| Fifo::with_margin(queue, bits, margin))
                    .collect(),
                mask: signals(swept),
                pending: (0..swept).map(|_| DFF::default()).collect(),
                waits: (0..swept).map(|_| DFF::default()).collect(),
                some: signals(swept + 1),
                first: signals(swept + 1),
                number: signals(swept + 1),
                more: signals(swept + 1),
                three: signals(swept + 1),
                comes: signals(swept),
                some_come: signals(swept + 1),
                more_come: signals(swept + 1),
                arrives: signals(swept + 1),
                count: Popcount::new(neurons.lanes),
                group_step: wrap(1 << group_shift),
                position_step: wrap(position),
                row_step: wrap(row),
                last_group: number(groups - 1),
                last_column: number(words - 1),
                registered: Constant::new(swept > 1),
                address_mask: Constant::new(mask.into()),
                entry_mask_shift: Constant::new(((bits + FLAGS) as u64).into()),
                end_of_step: Constant::new(u64::from(END_OF_STEP).into()),
                clear: Constant::new(u64::from(CLEAR).into()),
                address_shift: Constant::new((ADDRESS_SHIFT as u64).into()),
                places: (0..swept).map(number).collect(),
            }
            clock, mask_valid, mask_last, mask_clear, pause, event_data, event_mask, event_valid, event_ready,
            spikes_out, busy, address, group, column, base, marker, marker_clears, spike_count, shown, shown_mask, shows, left, cleared, ones, cleared_late, room,
            next_event, holds, ending, several, any_comes, others_come, fired,
            group_end, row_end, step, entry, any, marker_event, emptied, first_mask, first_number, others, leaves,
            refills, arrived, next_pending,
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
            base,
            marker,
            marker_clears,
            holds,
            ending,
            spike_count,
            shown,
            shown_mask,
            shows,
            left,
            cleared,
            ones,
            cleared_late
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
        // Into the queues: {mask, address, clear, end}, and the masks of the further positions.
        self.arrives[0].next = false;
        for i in 0..self.mask.len() {
            self.arrives[i + 1].next = self.arrives[i].val() || (self.mask[i].val() != 0);
        }
        self.fired.next = false;
        for i in self.mask.len()..self.arrives.len() {
            self.fired.next = self.arrives[i].val();
        }
        self.entry.next = bit_cast::<96, 24>(self.address.q.val()) << 2;
        if self.mask_last.val() {
            self.entry.next = (bit_cast::<96, 24>(self.address.q.val()) << 2) | 1;
            if self.mask_clear.val() {
                self.entry.next = (bit_cast::<96, 24>(self.address.q.val()) << 2) | 3;
            }
        }
        self.arrived.next = 0.into();
        for i in 0..1 {
            self.arrived.next = self.mask[i].val();
        }
        self.queue.in_data.next =
            (bit_cast::<96, 64>(self.arrived.val()) << self.entry_mask_shift.val()) | self.entry.val();
        self.queue.in_valid.next = self.mask_valid.val() && (self.fired.val() || self.mask_last.val());
        for i in 0..self.more_queues.len() {
            self.more_queues[i].clock.next = self.clock.val();
            self.more_queues[i].in_data.next = self.mask[i + 1].val();
            self.more_queues[i].in_valid.next =
                self.mask_valid.val() && (self.fired.val() || self.mask_last.val());
        }
        self.pause.next = self.queue.nearly_full.val();

        // The first of the words that leave.
        self.some[0].next = false;
        self.more[0].next = false;
        self.three[0].next = false;
        self.first[0].next = 0.into();
        self.number[0].next = 0.into();
        for i in 0..self.pending.len() {
            self.some[i + 1].next = self.some[i].val() || self.waits[i].q.val();
            self.more[i + 1].next = self.more[i].val() || (self.some[i].val() && self.waits[i].q.val());
            self.three[i + 1].next = self.three[i].val() || (self.more[i].val() && self.waits[i].q.val());
            self.first[i + 1].next = self.first[i].val();
            self.number[i + 1].next = self.number[i].val();
            if !self.some[i].val() {
                self.first[i + 1].next = self.pending[i].q.val();
                self.number[i + 1].next = self.places[i].val();
            }
        }
        self.any.next = false;
        self.others.next = false;
        self.several.next = false;
        self.first_mask.next = 0.into();
        self.first_number.next = 0.into();
        for i in self.pending.len()..self.some.len() {
            self.any.next = self.some[i].val();
            self.others.next = self.more[i].val();
            self.several.next = self.three[i].val();
            self.first_mask.next = self.first[i].val();
            self.first_number.next = self.number[i].val();
        }

        // Out of the queues.
        self.left.d.next = 0.into();
        self.cleared.d.next = false;
        self.count.mask.next = self.left.q.val();
        self.ones.d.next = self.count.ones.val();
        self.cleared_late.d.next = self.cleared.q.val();
        self.spike_count.d.next = self.spike_count.q.val() + self.ones.q.val();
        if self.cleared_late.q.val() {
            self.spike_count.d.next = 0.into();
        }
        self.marker_event.next = self.end_of_step.val();
        if self.marker_clears.q.val() {
            self.marker_event.next = self.clear.val();
        }
        self.room.next = self.event_ready.val();
        if self.registered.val() {
            self.room.next = self.event_ready.val() || !self.shows.q.val();
        }
        self.next_event.next =
            bit_cast::<32, 24>(self.base.q.val() + self.first_number.val()) << self.address_shift.val();
        self.emptied.next = !self.holds.q.val() || (self.ending.q.val() && self.room.val());
        self.leaves.next = false;
        if self.any.val() {
            if self.room.val() {
                self.leaves.next = true;
                self.left.d.next = self.first_mask.val();
            }
        } else {
            self.next_event.next = self.marker_event.val();
            if self.marker.q.val() && self.room.val() {
                self.marker.d.next = false;
                self.cleared.d.next = self.marker_clears.q.val();
            }
        }
        if self.room.val() {
            self.shown.d.next = self.next_event.val();
            self.shown_mask.d.next = self.first_mask.val();
            self.shows.d.next = self.holds.q.val();
        }
        self.event_data.next = self.next_event.val();
        self.event_mask.next = self.first_mask.val();
        self.event_valid.next = self.holds.q.val();
        if self.registered.val() {
            self.event_data.next = self.shown.q.val();
            self.event_mask.next = self.shown_mask.q.val();
            self.event_valid.next = self.shows.q.val();
        }
        self.queue.out_ready.next = self.emptied.val();
        for i in 0..self.more_queues.len() {
            self.more_queues[i].out_ready.next = self.emptied.val();
        }
        self.refills.next = self.emptied.val() && self.queue.out_valid.val();
        self.busy.next = self.queue.out_valid.val() || self.holds.q.val();
        if self.registered.val() && self.shows.q.val() {
            self.busy.next = true;
        }
        self.next_pending.next = bit_cast::<64, 96>(self.queue.out_data.val() >> self.entry_mask_shift.val());
        for i in 0..1 {
            self.comes[i].next = self.next_pending.val() != 0;
        }
        for i in 0..self.more_queues.len() {
            self.comes[i + 1].next = self.more_queues[i].out_data.val() != 0;
        }
        self.some_come[0].next = false;
        self.more_come[0].next = false;
        for i in 0..self.comes.len() {
            self.some_come[i + 1].next = self.some_come[i].val() || self.comes[i].val();
            self.more_come[i + 1].next =
                self.more_come[i].val() || (self.some_come[i].val() && self.comes[i].val());
        }
        self.any_comes.next = false;
        self.others_come.next = false;
        for i in self.comes.len()..self.some_come.len() {
            self.any_comes.next = self.some_come[i].val();
            self.others_come.next = self.more_come[i].val();
        }
        // What is left, counted up to two.
        if self.emptied.val() {
            self.holds.d.next = false;
            self.ending.d.next = true;
        } else if self.room.val() {
            self.ending.d.next = !(self.several.val() || (self.others.val() && self.marker.q.val()));
        }
        if self.refills.val() {
            self.holds.d.next = true;
            self.ending.d.next =
                !(self.others_come.val() || (self.any_comes.val() && self.queue.out_data.val().get_bit(0)));
        }
        for i in 0..self.pending.len() {
            self.pending[i].clock.next = self.clock.val();
            self.waits[i].clock.next = self.clock.val();
            self.pending[i].d.next = self.pending[i].q.val();
            self.waits[i].d.next = self.waits[i].q.val() && (!self.leaves.val() || self.some[i].val());
        }
        for i in 0..1 {
            if self.refills.val() {
                self.pending[i].d.next = self.next_pending.val();
                self.waits[i].d.next = self.comes[i].val();
            }
        }
        for i in 0..self.more_queues.len() {
            if self.refills.val() {
                self.pending[i + 1].d.next = self.more_queues[i].out_data.val();
                self.waits[i + 1].d.next = self.comes[i + 1].val();
            }
        }
        if self.refills.val() {
            self.base.d.next = bit_cast::<24, 96>(self.queue.out_data.val() >> 2) & self.address_mask.val();
            self.marker.d.next = self.queue.out_data.val().get_bit(0);
            self.marker_clears.d.next = self.queue.out_data.val().get_bit(1);
        }
        self.spikes_out.next = self.spike_count.q.val();
    }
}
