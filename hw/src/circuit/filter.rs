//! Filter in front of a path: drops spikes that meet no output position, and counts all spikes.
//!
//! The filter is combinational but for the counter. A stride can leave sources that no window covers: three
//! of four before a 1×1 convolution of stride 2. Their spikes are dropped on arrival, so that they take
//! neither room in the path's FIFO nor cycles of the engine. If every source meets a position, synthesis
//! leaves nothing but the counter.

use super::event::{ADDRESS_SHIFT, CLEAR, SPIKE};
use super::lookup_table::LookupTable;
use super::popcount::Popcount;
use super::window::WindowParams;
use super::with_defaults;
use rust_hdl::prelude::*;
use synfire_golden_model::events::Axis;

/// Filter of one path.
#[derive(Debug, LogicBlock)]
pub struct Filter {
    /// Core clock; the counter changes on its rising edge.
    pub clock: Signal<In, Clock>,
    /// Arriving event, 32 bits, encoded as in [`event`](super::event); valid while `in_valid` is high.
    pub in_data: Signal<In, Bits<32>>,
    /// Mask of the event; valid for spikes.
    pub in_mask: Signal<In, Bits<64>>,
    /// High while `in_data` holds an event.
    pub in_valid: Signal<In, Bit>,
    /// High if the arriving event is dropped, or passes and the receiver has room; depends on `in_data`.
    pub in_ready: Signal<Out, Bit>,
    /// Event that passes; valid while `out_valid` is high.
    pub out_data: Signal<Out, Bits<32>>,
    /// Mask of the event that passes.
    pub out_mask: Signal<Out, Bits<64>>,
    /// High while `out_data` holds an event that passes.
    pub out_valid: Signal<Out, Bit>,
    /// High while the receiver has room.
    pub out_ready: Signal<In, Bit>,
    /// Spikes that have arrived since the last clear, dropped ones included; two cycles late.
    pub spikes: Signal<Out, Bits<32>>,
    /// One bit per row of the map: 1 if a source of that row can meet a position.
    row_table: LookupTable,
    column_table: LookupTable,
    count: DFF<Bits<32>>,
    /// Spikes of the word that arrived in the cycle before, and whether it was a clear: the counter is too far from the source's queue.
    arrived: DFF<Bits<64>>,
    clears: DFF<Bit>,
    arrivals: Popcount,
    /// Number of these spikes, and whether it was a clear, another cycle later: of wide words, counting fills a cycle.
    ones: DFF<Bits<32>>,
    clears_late: DFF<Bit>,
    is_spike: Signal<Local, Bit>,
    meets: Signal<Local, Bit>,
    kind_mask: Constant<Bits<32>>,
    kind_spike: Constant<Bits<32>>,
    kind_clear: Constant<Bits<32>>,
    row_shift: Constant<Bits<32>>,
    row_mask: Constant<Bits<32>>,
    column_shift: Constant<Bits<32>>,
    column_mask: Constant<Bits<32>>,
}

impl Filter {
    /// Builds the filter for the sources of a path.
    #[must_use]
    pub fn new(params: &WindowParams) -> Self {
        let sources = params.sources;
        let table = |axis: Axis, length: usize| {
            let meets = |coordinate| u64::from(axis.span(coordinate).count > 0);
            LookupTable::new((0..length).map(meets).collect())
        };
        let number = |value: usize| Constant::new((value as u64).into());
        let mask = |bits: usize| number((1 << bits) - 1);
        with_defaults! {
            Self {
                row_table: table(params.rows, sources.shape.height),
                column_table: table(params.columns, sources.shape.width),
                arrivals: Popcount::new(sources.lanes),
                kind_mask: number(3),
                kind_spike: number(SPIKE as usize),
                kind_clear: number(CLEAR as usize),
                row_shift: number(ADDRESS_SHIFT + sources.column_bits()),
                row_mask: mask(sources.row_bits()),
                column_shift: number(ADDRESS_SHIFT),
                column_mask: mask(sources.column_bits()),
            }
            clock, in_data, in_mask, in_valid, in_ready, out_data, out_mask, out_valid, out_ready, spikes, count,
            arrived, clears, ones, clears_late, is_spike, meets,
        }
    }
}

impl Logic for Filter {
    #[hdl_gen]
    fn update(&mut self) {
        dff_setup!(self, clock, count, arrived, clears, ones, clears_late);
        self.row_table.address.next =
            bit_cast::<16, 32>((self.in_data.val() >> self.row_shift.val()) & self.row_mask.val());
        self.column_table.address.next =
            bit_cast::<16, 32>((self.in_data.val() >> self.column_shift.val()) & self.column_mask.val());
        self.is_spike.next = (self.in_data.val() & self.kind_mask.val()) == self.kind_spike.val();
        self.meets.next = !self.is_spike.val()
            || (self.row_table.data.val().get_bit(0) && self.column_table.data.val().get_bit(0));
        self.out_data.next = self.in_data.val();
        self.out_mask.next = self.in_mask.val();
        self.out_valid.next = self.in_valid.val() && self.meets.val();
        self.in_ready.next = self.out_ready.val() || !self.meets.val();
        self.arrived.d.next = 0.into();
        self.clears.d.next = false;
        if self.in_valid.val() && (self.out_ready.val() || !self.meets.val()) {
            if self.is_spike.val() {
                self.arrived.d.next = self.in_mask.val();
            }
            self.clears.d.next = (self.in_data.val() & self.kind_mask.val()) == self.kind_clear.val();
        }
        self.arrivals.mask.next = self.arrived.q.val();
        self.ones.d.next = self.arrivals.ones.val();
        self.clears_late.d.next = self.clears.q.val();
        self.count.d.next = self.count.q.val() + self.ones.q.val();
        if self.clears_late.q.val() {
            self.count.d.next = 0.into();
        }
        self.spikes.next = self.count.q.val();
    }
}
