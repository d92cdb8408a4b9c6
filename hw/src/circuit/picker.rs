//! Takes the words of a stream apart: up to k spikes at once, the lowest channels first.
//!
//! ```text
//!              ┌───────────────────────────────────────────┐
//!  event ─────►│ counted ─► word ─► lowest spikes ─► shown ┼──► spike with an address of its own, and the channels of the others
//!  mask  ─────►│              ▲          │                 │
//!              │              └── rest ◄─┘                 │
//!              └───────────────────────────────────────────┘
//! ```
//!
//! A register holds a word until its last spikes are picked; the next word follows in that cycle, so that no cycle is lost. Its spikes
//! have been counted in the register before, so that a subtraction tells which spikes are the last. What is picked is shown from a
//! register, since finding several spikes fills a cycle. Markers pass like a word of one spike. If words have one lane, an event is a
//! spike already, and the block is wires.

use super::bundle::Bundle;
use super::event::{ADDRESS_SHIFT, Addressing, SPIKE};
use super::lookup_table::LookupTable;
use super::popcount::Popcount;
use super::priority_encoder::PriorityEncoder;
use super::with_defaults;
use rust_hdl::prelude::*;

/// Most spikes that are taken at once.
pub const MAX_MERGED: usize = 4;

/// Picker of one path.
#[derive(Debug, LogicBlock)]
pub struct Picker {
    /// Core clock; all registers change on its rising edge.
    pub clock: Signal<In, Clock>,
    /// Next event of the path, 32 bits, encoded as in [`event`](super::event); valid while `in_valid` is high.
    pub in_data: Signal<In, Bits<32>>,
    /// Mask of the event; not used for markers, nor if words have one lane.
    pub in_mask: Signal<In, Bits<64>>,
    /// High while `in_data` holds an event.
    pub in_valid: Signal<In, Bit>,
    /// High in a cycle in which the event is taken; only while `in_valid` is high.
    pub in_ready: Signal<Out, Bit>,
    /// Event of one spike, or a marker; its address is that of the source's channel. Valid while `out_valid` is high.
    pub out_data: Signal<Out, Bits<32>>,
    /// Channels of further spikes of the same position, with flags that say whether they are there.
    pub more: Signal<Out, Bits<96>>,
    /// High while `out_data` holds an event.
    pub out_valid: Signal<Out, Bit>,
    /// High in a cycle in which the event is taken; only while `out_valid` is high.
    pub out_ready: Signal<In, Bit>,
    /// High while events are held, shown or not.
    pub holds: Signal<Out, Bit>,
    /// Finds the spikes that leave.
    spikes: PriorityEncoder,
    further: Bundle,
    first_lane: Signal<Local, Bits<24>>,
    base: Signal<Local, Bits<24>>,
    /// Channel of lane 0 of each group.
    channels: LookupTable,
    /// Event and mask whose spikes are counted.
    counted: DFF<Bits<32>>,
    counted_mask: DFF<Bits<64>>,
    counts: DFF<Bit>,
    count: Popcount,
    word: DFF<Bits<32>>,
    /// Spikes of the word that have not left, and their number.
    pending: DFF<Bits<64>>,
    number: DFF<Bits<32>>,
    /// High if the word's spikes that have not left are no more than are picked at once.
    ending: DFF<Bit>,
    full: DFF<Bit>,
    /// What is shown.
    shown: DFF<Bits<32>>,
    shown_more: DFF<Bits<96>>,
    shows: DFF<Bit>,
    is_spike: Signal<Local, Bit>,
    /// High in a cycle in which spikes of the word, or its marker, move to the register that is shown.
    moves: Signal<Local, Bit>,
    leaves: Signal<Local, Bit>,
    /// High in a cycle in which the counted word becomes the one whose spikes are picked.
    follows: Signal<Local, Bit>,
    channel: Signal<Local, Bits<32>>,
    place: Signal<Local, Bits<32>>,
    picks: Constant<Bit>,
    /// Spikes that are picked at once, and twice as many.
    most: Constant<Bits<32>>,
    twice_most: Constant<Bits<32>>,
    kind_mask: Constant<Bits<32>>,
    kind_spike: Constant<Bits<32>>,
    /// Bits of an event below the group.
    below_mask: Constant<Bits<32>>,
    group_shift: Constant<Bits<32>>,
    group_mask: Constant<Bits<32>>,
}

impl Picker {
    /// Builds a picker for a stream of the given layout, which takes up to `merged` spikes at once.
    ///
    /// # Panics
    /// For more than one spike at once of words of one lane: a bug of the generator.
    #[must_use]
    pub fn new(sources: Addressing, merged: usize) -> Self {
        assert!(
            merged == 1 || ((2..=MAX_MERGED).contains(&merged) && sources.lanes > 1),
            "{merged} spikes at once of {sources:?}"
        );
        let shift = ADDRESS_SHIFT + sources.row_bits() + sources.column_bits();
        let number = |value: u64| Constant::new(value.into());
        let groups = if sources.lanes > 1 { sources.groups() } else { 1 };
        with_defaults! {
            Self {
                spikes: PriorityEncoder::new(sources.lanes, merged),
                further: Bundle::new(merged - 1),
                channels: LookupTable::new((0..groups).map(|group| (group * sources.lanes) as u64).collect()),
                count: Popcount::new(sources.lanes),
                picks: Constant::new(sources.lanes > 1),
                most: number(merged as u64),
                twice_most: number(2 * merged as u64),
                kind_mask: number(3),
                kind_spike: number(SPIKE.into()),
                below_mask: number((1 << shift) - 1),
                group_shift: number(shift as u64),
                group_mask: number((1 << sources.group_bits()) - 1),
            }
            clock, in_data, in_mask, in_valid, in_ready, out_data, more, out_valid, out_ready, holds, counted, counted_mask, counts, word, pending, number, ending, full, shown, shown_more, shows, follows,
            is_spike, moves, leaves, channel, place, first_lane, base,
        }
    }
}

impl Logic for Picker {
    #[hdl_gen]
    fn update(&mut self) {
        dff_setup!(
            self,
            clock,
            counted,
            counted_mask,
            counts,
            word,
            pending,
            number,
            ending,
            full,
            shown,
            shown_more,
            shows
        );
        self.is_spike.next = (self.word.q.val() & self.kind_mask.val()) == self.kind_spike.val();
        self.channels.address.next =
            bit_cast::<16, 32>((self.word.q.val() >> self.group_shift.val()) & self.group_mask.val());
        self.base.next = bit_cast::<24, 64>(self.channels.data.val());
        // The lowest spikes.
        self.spikes.mask.next = self.pending.q.val();
        for i in 0..1 {
            self.first_lane.next = self.spikes.lane[i].val();
        }
        for i in 1..self.spikes.lane.len() {
            self.further.flag[i - 1].next = self.spikes.any[i].val();
            self.further.number[i - 1].next = self.base.val() + self.spikes.lane[i].val();
        }
        self.channel.next = bit_cast::<32, 24>(self.base.val() + self.first_lane.val());
        self.place.next = self.word.q.val() & self.below_mask.val();
        self.moves.next = self.full.q.val() && (!self.shows.q.val() || self.out_ready.val());
        if self.out_ready.val() {
            self.shows.d.next = false;
        }
        if self.moves.val() {
            self.shows.d.next = true;
            self.shown.d.next = self.place.val();
            self.shown_more.d.next = self.further.bundle.val();
            self.pending.d.next = self.spikes.rest.val();
            self.number.d.next = self.number.q.val() - self.most.val();
            self.ending.d.next = self.twice_most.val() >= self.number.q.val();
            if self.is_spike.val() {
                self.shown.d.next = self.place.val() | (self.channel.val() << self.group_shift.val());
            }
        }
        self.out_data.next = self.shown.q.val();
        self.more.next = self.shown_more.q.val();
        self.out_valid.next = self.shows.q.val();
        self.holds.next = self.counts.q.val() || self.full.q.val() || self.shows.q.val();
        // The word leaves with its last spike.
        self.leaves.next = self.moves.val() && (!self.is_spike.val() || self.ending.q.val());
        if self.leaves.val() {
            self.full.d.next = false;
        }
        self.count.mask.next = self.counted_mask.q.val();
        self.follows.next = self.counts.q.val() && (!self.full.q.val() || self.leaves.val());
        if self.follows.val() {
            self.counts.d.next = false;
            self.full.d.next = true;
            self.word.d.next = self.counted.q.val();
            self.pending.d.next = self.counted_mask.q.val();
            self.number.d.next = self.count.ones.val();
            self.ending.d.next = self.most.val() >= self.count.ones.val();
        }
        self.in_ready.next = false;
        if self.in_valid.val() && (!self.counts.q.val() || self.follows.val()) {
            self.in_ready.next = true;
            self.counts.d.next = true;
            self.counted.d.next = self.in_data.val();
            self.counted_mask.d.next = self.in_mask.val();
        }
        if !self.picks.val() {
            self.out_data.next = self.in_data.val();
            self.out_valid.next = self.in_valid.val();
            self.holds.next = false;
            self.in_ready.next = self.out_ready.val();
        }
    }
}
