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
//! output, the first kernel place and the count depend on the coordinate alone ([`Axis::span`]). So two small
//! tables cover any kernel, stride and padding, and no multiplier is needed. The membrane word of position p
//! and group g is p · groups + g. The weight word of kernel place k and group g for channel c is
//! (k · groups + g) · channels + c. As outputs ascend, so do kernel places: a row of the rectangle is one run
//! of membrane words that are one apart, and of weight words that are `channels` apart.
//!
//! If a source meets its own channel only (pooling, an identity), the window is one word per position, and
//! one lane of it.
//!
//! An event is taken in a cycle in which nothing is held, or the held walk is taken; its walk is held from
//! the next cycle on. Spikes of sources that meet nothing must not arrive: [`Filter`](super::filter::Filter)
//! drops them.

use super::event::{ADDRESS_SHIFT, Addressing, CLEAR, SPIKE, VALUE_BITS};
use super::lookup_table::LookupTable;
use super::with_defaults;
use rust_hdl::prelude::*;
use synfire_golden_model::events::Axis;

/// Bits of a table word for the first membrane word; above it lie the first weight word and the count.
const MEMBRANE_BITS: usize = 24;
const WEIGHT_BITS: usize = 24;

/// Run-time parameters of a [`Window`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WindowParams {
    /// Address layout of the path's sources.
    pub sources: Addressing,
    /// Geometry along the rows.
    pub rows: Axis,
    /// Geometry along the columns.
    pub columns: Axis,
    /// Membrane words per position.
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
    /// One number, for the lane of the source's own channel; the number of lanes is a power of two.
    OwnChannel {
        /// Lanes of a word.
        lanes: usize,
    },
}

impl WindowParams {
    /// Words of the weight memory that the path needs.
    #[must_use]
    pub fn weight_words(&self) -> usize {
        match self.synapses {
            Synapses::Words { .. } => {
                self.rows.kernel * self.columns.kernel * self.groups * self.sources.shape.channels
            }
            Synapses::OwnChannel { .. } => 0,
        }
    }

    /// Distance from a weight word to that of the next group or position of a row.
    #[must_use]
    pub fn weight_step(&self) -> usize {
        match self.synapses {
            Synapses::Words { .. } => self.sources.shape.channels,
            Synapses::OwnChannel { .. } => 0,
        }
    }

    /// Distance from the first weight word of a row to that of the next row.
    #[must_use]
    pub fn weight_row_step(&self) -> usize {
        self.columns.kernel * self.groups * self.weight_step()
    }

    /// Distance from the first membrane word of a row to that of the next row.
    #[must_use]
    pub fn membrane_row_step(&self) -> usize {
        self.columns.outputs * self.groups
    }

    /// Table of an axis. Each coordinate has its first membrane word, its first weight word, and the count of
    /// words of a run or of rows; the count is 0 for a coordinate that meets nothing.
    fn table(&self, axis: Axis, length: usize, steps: [usize; 2], words: usize) -> Vec<u64> {
        let [membrane_step, weight_step] = steps;
        (0..length)
            .map(|coordinate| {
                let span = axis.span(coordinate);
                let membrane = (span.output * membrane_step) as u64;
                let weight = (span.place * weight_step) as u64;
                let count = (span.count * words) as u64;
                (count << WEIGHT_BITS | weight) << MEMBRANE_BITS | membrane
            })
            .collect()
    }

    fn row_table(&self) -> Vec<u64> {
        let steps = [self.membrane_row_step(), self.weight_row_step()];
        self.table(self.rows, self.sources.shape.height, steps, 1)
    }

    fn column_table(&self) -> Vec<u64> {
        // A source that meets its own channel meets one word per position; any other source meets every group.
        let words = match self.synapses {
            Synapses::Words { .. } => self.groups,
            Synapses::OwnChannel { .. } => 1,
        };
        let steps = [self.groups, self.groups * self.weight_step()];
        self.table(self.columns, self.sources.shape.width, steps, words)
    }
}

/// Window unit of one path.
#[derive(Debug, LogicBlock)]
pub struct Window {
    /// Core clock; all registers change on its rising edge.
    pub clock: Signal<In, Clock>,
    /// Next event of the path, 32 bits, encoded as in [`event`](super::event); valid while `event_valid` is
    /// high.
    pub event_data: Signal<In, Bits<32>>,
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
    /// Group of the source's own channel; 0 if sources meet every channel.
    pub group: Signal<Out, Bits<24>>,
    /// Lane of the source's own channel; 0 if sources meet every channel.
    pub lane: Signal<Out, Bits<8>>,
    /// High in the cycle in which the walker takes what is held.
    pub take: Signal<In, Bit>,
    row_table: LookupTable,
    column_table: LookupTable,
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
    held_lane: DFF<Bits<8>>,
    is_spike: Signal<Local, Bit>,
    is_clear: Signal<Local, Bit>,
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
    lane_shift: Constant<Bits<24>>,
    lane_mask: Constant<Bits<24>>,
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
    ///
    /// # Panics
    /// If an own channel's lanes are no power of two: a bug of the generator.
    #[must_use]
    pub fn new(params: &WindowParams) -> Self {
        let sources = params.sources;
        let low_bits = |bits: usize| (1_u64 << bits) - 1;
        let shift = |bits: usize| Constant::new(((ADDRESS_SHIFT + bits) as u64).into());
        let (own, lanes, base) = match params.synapses {
            Synapses::Words { base } => (false, 1, base),
            Synapses::OwnChannel { lanes } => (true, lanes, 0),
        };
        assert!(lanes.is_power_of_two(), "{lanes} lanes");
        let all = |set: bool| if set { low_bits(24) } else { 0 };
        with_defaults! {
            Self {
                row_table: LookupTable::new(params.row_table()),
                column_table: LookupTable::new(params.column_table()),
                channel_shift: shift(sources.row_bits() + sources.column_bits()),
                channel_mask: Constant::new(low_bits(sources.channel_bits()).into()),
                row_shift: shift(sources.column_bits()),
                column_shift: shift(0),
                row_mask: Constant::new(low_bits(sources.row_bits()).into()),
                column_mask: Constant::new(low_bits(sources.column_bits()).into()),
                weight_channel_mask: Constant::new(all(!own).into()),
                weight_base: Constant::new((base as u64).into()),
                own_channel_mask: Constant::new(all(own).into()),
                lane_shift: Constant::new((clog2(lanes) as u64).into()),
                lane_mask: Constant::new((lanes as u64 - 1).into()),
                value_shift: shift(sources.address_bits()),
                value_mask: Constant::new(if sources.graded { low_bits(VALUE_BITS) } else { 0 }.into()),
                unit: Constant::new(u64::from(!sources.graded).into()),
                kind_mask: Constant::new(3_u64.into()),
                kind_spike: Constant::new(u64::from(SPIKE).into()),
                kind_clear: Constant::new(u64::from(CLEAR).into()),
            }
            clock, event_data, event_valid, event_ready, held, marker, clears, negative, value, membrane, weight,
            run, rows, group, lane, take, full, held_marker, held_clears, held_negative, held_value, held_membrane,
            held_weight, held_run, held_rows, held_group, held_lane, is_spike, is_clear, channel, own_group,
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
            held_lane
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
        self.row_count.next = self.row_table.data.val().get_bits::<16>(48);
        self.column_count.next = self.column_table.data.val().get_bits::<16>(48);
        self.own_group.next = (self.channel.val() >> self.lane_shift.val()) & self.own_channel_mask.val();

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
            self.held_weight.d.next = self.row_table.data.val().get_bits::<24>(24)
                + self.column_table.data.val().get_bits::<24>(24)
                + (self.channel.val() & self.weight_channel_mask.val())
                + self.weight_base.val();
            self.held_run.d.next = bit_cast::<24, 16>(self.column_count.val());
            self.held_rows.d.next = self.row_count.val();
            self.held_group.d.next = self.own_group.val();
            self.held_lane.d.next = bit_cast::<8, 24>(self.channel.val() & self.lane_mask.val());
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
        self.lane.next = self.held_lane.q.val();
    }
}
