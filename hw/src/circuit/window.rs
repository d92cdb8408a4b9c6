//! Window of an event: which membrane words a spike meets, and with which weight words.
//!
//! ```text
//!                      ┌─────────────────────────────┐
//!  event (FIFO) ──────►│ row ───► table ─┐           │
//!                      │ column ► table ─┴► + ► held ├──► walk, one register
//!                      │ channel ────────┘           │
//!                      └─────────────────────────────┘
//! ```
//!
//! A source at (channel c, row y, column x) meets a rectangle of output positions. Along each axis, the first
//! output, the first kernel place and the count depend on the coordinate alone ([`Axis::span`]). So small
//! tables cover any kernel, stride and padding, and no multiplier is needed. The positions of a row lie in P banks, so that a walk
//! takes P columns at once ([`Columns`]). The groups of a layer of one position lie in them like columns. The membrane word of row y, column x and group g is
//! (y · ⌈width / P⌉ + ⌊x / P⌋) · groups + g of bank x mod P. The weight word of kernel row k and pattern p of kernel columns is
//! ((k · patterns + p) · groups + g) · channels + c. As passes ascend, so do patterns: a row of the rectangle is one run of membrane
//! words that are one apart, and of weight words that are `channels` apart. Up to k spikes of one position walk together; each has
//! a weight word of its own.
//!
//! If a source meets its own channel only (pooling, an identity), a word of sources meets one word of each position: that of
//! its group, in the lanes of its mask. So such an event is a walk of its own, however many spikes it has. All other events
//! must be single spikes, as a [`Picker`](super::picker::Picker) makes them.
//!
//! An event is taken in a cycle in which nothing is held, or the held walk is taken; its walk is held from
//! the next cycle on. Spikes of sources that meet nothing must not arrive: [`Filter`](super::filter::Filter)
//! drops them.

use super::bundle::{Bundle, Unbundle};
use super::event::{ADDRESS_SHIFT, Addressing, CLEAR, SPIKE, VALUE_BITS};
use super::lookup_table::LookupTable;
use super::with_defaults;
use crate::columns::{Columns, MAX_POSITIONS, Walk, side_by_side};
use rust_hdl::prelude::*;
use synfire_golden_model::events::Axis;

/// Bits of a table word for the first membrane word; above it lie the first weight word and the count.
const MEMBRANE_BITS: usize = 24;
const WEIGHT_BITS: usize = 24;

/// Run-time parameters of a [`Window`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WindowParams {
    /// Layout of the events of the path's stream.
    pub sources: Addressing,
    /// Geometry along the rows.
    pub rows: Axis,
    /// Geometry along the columns.
    pub columns: Axis,
    /// Positions of a row that are updated at once.
    pub positions: usize,
    /// Spikes of one position that are taken at once.
    pub merged: usize,
    /// Membrane words per position, in all banks.
    pub groups: usize,
    /// Kind of the sources' weights.
    pub synapses: Synapses,
}

/// Kind of a source's weights.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Synapses {
    /// One weight word per group, from word `base` of the weight memory on.
    Words {
        /// First word of the path's weights.
        base: usize,
    },
    /// One number for each source, in the lane of its own channel: the words of the sources have the lanes of the layer.
    OwnChannel,
}

impl WindowParams {
    /// Layout of the events that a window takes: words if sources meet their own channels, or else single spikes.
    #[must_use]
    pub const fn taken(&self) -> Addressing {
        match self.synapses {
            Synapses::Words { .. } => self.sources.in_words_of(1),
            Synapses::OwnChannel => self.sources,
        }
    }

    /// The path's columns in the banks of the membranes.
    #[must_use]
    pub const fn banks(&self) -> Columns {
        Columns {
            axis: self.columns,
            positions: self.positions,
            spread: self.spread(),
        }
    }

    /// Groups of a position that lie side by side in the banks.
    #[must_use]
    pub const fn spread(&self) -> usize {
        let outputs = self.rows.outputs * self.columns.outputs;
        side_by_side(outputs, self.positions, self.groups)
    }

    /// Membrane words per position in each bank.
    #[must_use]
    pub const fn groups_of_bank(&self) -> usize {
        self.groups / self.spread()
    }

    /// Patterns of kernel columns, each of which has a weight word for every kernel row, group and source channel.
    #[must_use]
    pub fn patterns(&self) -> usize {
        self.banks().patterns(self.sources.shape.width).len()
    }

    /// Words of the weight memory that the path needs.
    #[must_use]
    pub fn weight_words(&self) -> usize {
        match self.synapses {
            Synapses::Words { .. } => {
                self.rows.kernel * self.patterns() * self.groups_of_bank() * self.sources.shape.channels
            }
            Synapses::OwnChannel => 0,
        }
    }

    /// Distance from a weight word to that of the next group or pass of a row.
    #[must_use]
    pub fn weight_step(&self) -> usize {
        match self.synapses {
            Synapses::Words { .. } => self.sources.shape.channels,
            Synapses::OwnChannel => 0,
        }
    }

    /// Distance from the first weight word of a row to that of the next row.
    #[must_use]
    pub fn weight_row_step(&self) -> usize {
        self.patterns() * self.groups_of_bank() * self.weight_step()
    }

    /// Distance from the first membrane word of a row to that of the next row.
    #[must_use]
    pub fn membrane_row_step(&self) -> usize {
        self.banks().words() * self.groups_of_bank()
    }

    /// Membrane words of each bank.
    #[must_use]
    pub fn membrane_words(&self) -> usize {
        self.rows.outputs * self.membrane_row_step()
    }

    /// Membrane words that a sweep addresses one after the other, if `swept` positions end their step at once: all words of all
    /// banks, or those of one bank.
    #[must_use]
    pub fn sweep_words(&self, swept: usize) -> usize {
        if swept > 1 {
            self.membrane_words()
        } else {
            self.rows.outputs * self.columns.outputs * self.groups
        }
    }

    /// Most words that a walk has in a row.
    #[must_use]
    pub fn most_run(&self) -> usize {
        let passes = (0..self.sources.shape.width).map(|column| self.banks().passes(column));
        passes.max().unwrap_or(0) * self.groups_of_bank()
    }

    /// Table of the rows. Each has its first membrane word, its first weight word, and its number of rows of the walk, which is 0
    /// for a row that meets nothing.
    fn row_table(&self) -> Vec<u64> {
        let of_row = |row| {
            let span = self.rows.span(row);
            let membrane = span.output * self.membrane_row_step();
            let weight = span.place * self.weight_row_step();
            entry(membrane.cast_signed(), weight, span.count)
        };
        (0..self.sources.shape.height).map(of_row).collect()
    }

    /// Table of the columns, likewise: the count is that of the words of a run.
    fn column_table(&self) -> Vec<u64> {
        // A source that meets its own channel meets one word per position; any other source meets every group.
        let words = match self.synapses {
            Synapses::Words { .. } => self.groups_of_bank(),
            Synapses::OwnChannel => 1,
        };
        let walks = self.banks().walks(self.sources.shape.width);
        let of_walk = |walk: Walk| {
            let membrane = walk.word * self.groups_of_bank().cast_signed();
            let weight = walk.pattern * self.groups_of_bank() * self.weight_step();
            entry(membrane, weight, walk.passes * words)
        };
        walks.into_iter().map(of_walk).collect()
    }

    /// Banks of each column's walk: those with a carry, and those that the source meets in the first and in the last pass.
    fn bank_table(&self) -> Vec<u64> {
        let walks = self.banks().walks(self.sources.shape.width);
        let of_walk = |walk: Walk| {
            u64::from(walk.last) << (2 * MAX_POSITIONS)
                | u64::from(walk.first) << MAX_POSITIONS
                | u64::from(walk.carry)
        };
        walks.into_iter().map(of_walk).collect()
    }
}

/// Table word of a first membrane word, which wraps around, a first weight word and a count.
const fn entry(membrane: isize, weight: usize, count: usize) -> u64 {
    let membrane = membrane.cast_unsigned() as u64 & ((1 << MEMBRANE_BITS) - 1);
    ((count as u64) << WEIGHT_BITS | weight as u64) << MEMBRANE_BITS | membrane
}

/// Window unit of one path.
#[derive(Debug, LogicBlock)]
pub struct Window {
    /// Core clock; all registers change on its rising edge.
    pub clock: Signal<In, Clock>,
    /// Next event of the path, 32 bits, encoded as in [`event`](super::event); valid while `event_valid` is
    /// high.
    pub event_data: Signal<In, Bits<32>>,
    /// Mask of the event; not used if sources meet every channel, nor if words have one lane.
    pub event_mask: Signal<In, Bits<64>>,
    /// Channels of further spikes of the event's position, a [`Bundle`].
    pub more: Signal<In, Bits<96>>,
    /// High while `event_data` holds an event.
    pub event_valid: Signal<In, Bit>,
    /// High in the cycle in which the event is taken; only while `event_valid` is high.
    pub event_ready: Signal<Out, Bit>,
    /// High while a walk or a marker is held; the outputs below are valid then.
    pub held: Signal<Out, Bit>,
    /// High if a marker is held (end of step or clear), low if a walk is.
    pub marker: Signal<Out, Bit>,
    /// High if the marker is a clear; valid for markers.
    pub clears: Signal<Out, Bit>,
    /// High if the spike's value is negative; valid for walks.
    pub negative: Signal<Out, Bit>,
    /// Magnitude of the spike's value; 1 if events have none. Valid for walks.
    pub value: Signal<Out, Bits<8>>,
    /// First membrane word of the walk.
    pub membrane: Signal<Out, Bits<24>>,
    /// First weight word of the walk.
    pub weight: Signal<Out, Bits<24>>,
    /// Words per row of the walk.
    pub run: Signal<Out, Bits<24>>,
    /// Rows of the walk.
    pub rows: Signal<Out, Bits<16>>,
    /// First weight words of further spikes of the walk, a [`Bundle`].
    pub more_weights: Signal<Out, Bits<96>>,
    /// Banks that hold the columns of the walk one word further on, bit p for bank p.
    pub carry: Signal<Out, Bits<16>>,
    /// Banks that the source meets in the first pass along a row.
    pub first: Signal<Out, Bits<16>>,
    /// Banks that the source meets in the last pass along a row.
    pub last: Signal<Out, Bits<16>>,
    /// Group of the source's own channel; 0 if sources meet every channel.
    pub group: Signal<Out, Bits<24>>,
    /// Lanes that the walk meets; 0 if sources meet every channel.
    pub mask: Signal<Out, Bits<64>>,
    /// High in the cycle in which the walker takes what is held.
    pub take: Signal<In, Bit>,
    row_table: LookupTable,
    column_table: LookupTable,
    bank_table: LookupTable,
    channels: Unbundle,
    weights: Bundle,
    held_more: Vec<DFF<Bits<24>>>,
    held_present: Vec<DFF<Bit>>,
    held_banks: DFF<Bits<64>>,
    more_from: Signal<Local, Bits<24>>,
    full: DFF<Bit>,
    held_marker: DFF<Bit>,
    held_clears: DFF<Bit>,
    held_negative: DFF<Bit>,
    held_value: DFF<Bits<8>>,
    held_membrane: DFF<Bits<24>>,
    held_weight: DFF<Bits<24>>,
    held_run: DFF<Bits<24>>,
    held_rows: DFF<Bits<16>>,
    held_group: DFF<Bits<24>>,
    held_mask: DFF<Bits<64>>,
    is_spike: Signal<Local, Bit>,
    is_clear: Signal<Local, Bit>,
    /// Channel of the source, or group of a word of sources that meet their own channels.
    channel: Signal<Local, Bits<24>>,
    own_group: Signal<Local, Bits<24>>,
    row_count: Signal<Local, Bits<16>>,
    column_count: Signal<Local, Bits<16>>,
    channel_shift: Constant<Bits<32>>,
    channel_mask: Constant<Bits<32>>,
    row_shift: Constant<Bits<32>>,
    row_mask: Constant<Bits<32>>,
    column_shift: Constant<Bits<32>>,
    column_mask: Constant<Bits<32>>,
    /// All ones if the weight word depends on the channel, 0 otherwise.
    weight_channel_mask: Constant<Bits<24>>,
    weight_base: Constant<Bits<24>>,
    /// All ones if the membrane word depends on the channel, 0 otherwise.
    own_channel_mask: Constant<Bits<24>>,
    /// Ones for the lanes of an own channel, 0 if sources meet every channel.
    lane_mask: Constant<Bits<64>>,
    /// Mask of an event of one lane, or else 0.
    one_lane: Constant<Bits<64>>,
    value_shift: Constant<Bits<32>>,
    value_mask: Constant<Bits<32>>,
    /// Value of an event that has none, or else 0.
    unit: Constant<Bits<32>>,
    kind_mask: Constant<Bits<32>>,
    kind_spike: Constant<Bits<32>>,
    kind_clear: Constant<Bits<32>>,
}

impl Window {
    /// Builds a window unit of the given parameters.
    #[must_use]
    pub fn new(params: &WindowParams) -> Self {
        let sources = params.taken();
        let low_bits = |bits: usize| (1_u64 << bits) - 1;
        let shift = |bits: usize| Constant::new(((ADDRESS_SHIFT + bits) as u64).into());
        let (own, base) = match params.synapses {
            Synapses::Words { base } => (false, base),
            Synapses::OwnChannel => (true, 0),
        };
        let lane_mask = if own { u64::MAX >> (64 - sources.lanes) } else { 0 };
        let all = |set: bool| if set { low_bits(24) } else { 0 };
        with_defaults! {
            Self {
                row_table: LookupTable::new(params.row_table()),
                column_table: LookupTable::new(params.column_table()),
                bank_table: LookupTable::new(params.bank_table()),
                channels: Unbundle::new(params.merged - 1),
                weights: Bundle::new(params.merged - 1),
                held_more: (1..params.merged).map(|_| DFF::default()).collect(),
                held_present: (1..params.merged).map(|_| DFF::default()).collect(),
                channel_shift: shift(sources.row_bits() + sources.column_bits()),
                channel_mask: Constant::new(low_bits(sources.group_bits()).into()),
                row_shift: shift(sources.column_bits()),
                column_shift: shift(0),
                row_mask: Constant::new(low_bits(sources.row_bits()).into()),
                column_mask: Constant::new(low_bits(sources.column_bits()).into()),
                weight_channel_mask: Constant::new(all(!own).into()),
                weight_base: Constant::new((base as u64).into()),
                own_channel_mask: Constant::new(all(own).into()),
                lane_mask: Constant::new(lane_mask.into()),
                one_lane: Constant::new(u64::from(own && sources.lanes == 1).into()),
                value_shift: shift(sources.address_bits()),
                value_mask: Constant::new(if sources.graded { low_bits(VALUE_BITS) } else { 0 }.into()),
                unit: Constant::new(u64::from(!sources.graded).into()),
                kind_mask: Constant::new(3_u64.into()),
                kind_spike: Constant::new(u64::from(SPIKE).into()),
                kind_clear: Constant::new(u64::from(CLEAR).into()),
            }
            clock, event_data, event_mask, event_valid, event_ready, held, marker, clears, negative, value, membrane,
            weight, run, rows, group, mask, take, carry, first, last, held_banks, more_from, more, more_weights, full, held_marker, held_clears, held_negative, held_value, held_membrane,
            held_weight, held_run, held_rows, held_group, held_mask, is_spike, is_clear, channel, own_group,
            row_count, column_count,
        }
    }
}

impl Logic for Window {
    #[hdl_gen]
    fn update(&mut self) {
        dff_setup!(
            self,
            clock,
            full,
            held_marker,
            held_clears,
            held_negative,
            held_value,
            held_membrane,
            held_weight,
            held_run,
            held_rows,
            held_group,
            held_mask,
            held_banks
        );
        // The event's fields.
        self.is_spike.next = (self.event_data.val() & self.kind_mask.val()) == self.kind_spike.val();
        self.is_clear.next = (self.event_data.val() & self.kind_mask.val()) == self.kind_clear.val();
        self.channel.next =
            bit_cast::<24, 32>((self.event_data.val() >> self.channel_shift.val()) & self.channel_mask.val());
        // These addresses depend on the event alone. Through a shared signal, Verilator would see a loop over the tables.
        self.row_table.address.next =
            bit_cast::<16, 32>((self.event_data.val() >> self.row_shift.val()) & self.row_mask.val());
        self.column_table.address.next =
            bit_cast::<16, 32>((self.event_data.val() >> self.column_shift.val()) & self.column_mask.val());
        self.bank_table.address.next =
            bit_cast::<16, 32>((self.event_data.val() >> self.column_shift.val()) & self.column_mask.val());
        self.row_count.next = self.row_table.data.val().get_bits::<16>(48);
        self.column_count.next = self.column_table.data.val().get_bits::<16>(48);
        self.own_group.next = self.channel.val() & self.own_channel_mask.val();

        // The weight word of channel 0.
        self.more_from.next = self.row_table.data.val().get_bits::<24>(24)
            + self.column_table.data.val().get_bits::<24>(24)
            + self.weight_base.val();
        for i in 0..self.held_more.len() {
            self.held_more[i].clock.next = self.clock.val();
            self.held_more[i].d.next = self.held_more[i].q.val();
            self.held_present[i].clock.next = self.clock.val();
            self.held_present[i].d.next = self.held_present[i].q.val();
            if self.event_valid.val() && (!self.full.q.val() || self.take.val()) {
                self.held_more[i].d.next = self.more_from.val() + self.channels.number[i].val();
                self.held_present[i].d.next = self.channels.flag[i].val();
            }
            self.weights.number[i].next = self.held_more[i].q.val();
            self.weights.flag[i].next = self.held_present[i].q.val();
        }
        self.channels.bundle.next = self.more.val();
        self.more_weights.next = self.weights.bundle.val();
        self.carry.next = self.held_banks.q.val().get_bits::<16>(0);
        self.first.next = self.held_banks.q.val().get_bits::<16>(16);
        self.last.next = self.held_banks.q.val().get_bits::<16>(32);
        self.event_ready.next = false;
        if self.take.val() {
            self.full.d.next = false;
        }
        if self.event_valid.val() && (!self.full.q.val() || self.take.val()) {
            self.event_ready.next = true;
            self.held_marker.d.next = !self.is_spike.val();
            self.held_clears.d.next = self.is_clear.val();
            self.held_negative.d.next = self.event_data.val().get_bit(2);
            self.held_value.d.next = bit_cast::<8, 32>(
                ((self.event_data.val() >> self.value_shift.val()) & self.value_mask.val()) | self.unit.val(),
            );
            self.held_membrane.d.next = self.row_table.data.val().get_bits::<24>(0)
                + self.column_table.data.val().get_bits::<24>(0)
                + self.own_group.val();
            self.held_weight.d.next =
                self.more_from.val() + (self.channel.val() & self.weight_channel_mask.val());
            self.held_banks.d.next = self.bank_table.data.val();
            self.held_run.d.next = bit_cast::<24, 16>(self.column_count.val());
            self.held_rows.d.next = self.row_count.val();
            self.held_group.d.next = self.own_group.val();
            self.held_mask.d.next = (self.event_mask.val() & self.lane_mask.val()) | self.one_lane.val();
            self.full.d.next = true;
        }
        self.held.next = self.full.q.val();
        self.marker.next = self.held_marker.q.val();
        self.clears.next = self.held_clears.q.val();
        self.negative.next = self.held_negative.q.val();
        self.value.next = self.held_value.q.val();
        self.membrane.next = self.held_membrane.q.val();
        self.weight.next = self.held_weight.q.val();
        self.run.next = self.held_run.q.val();
        self.rows.next = self.held_rows.q.val();
        self.group.next = self.held_group.q.val();
        self.mask.next = self.held_mask.q.val();
    }
}
