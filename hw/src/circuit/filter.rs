//! Keeps spikes that meet nothing out of a path, and counts all that come.
//!
//! Combinational but for the counter. A stride can leave sources that no window covers: three of four before a 1×1
//! convolution of stride 2. They are dropped as they arrive, so that they take neither room in the path's FIFO nor
//! clocks of the engine behind it. Where every source meets something, nothing of this is left but the counter.

use super::event::{ADDRESS_SHIFT, CLEAR, SPIKE};
use super::lookup_table::LookupTable;
use super::window::WindowParams;
use rust_hdl::prelude::*;
use synfire_golden_model::events::Axis;

/// See the [module](self).
#[derive(Debug, LogicBlock)]
pub struct Filter {
    /// The clock.
    pub clock: Signal<In, Clock>,
    /// Event that comes.
    pub in_data: Signal<In, Bits<32>>,
    /// There is an event.
    pub in_valid: Signal<In, Bit>,
    /// It passes, or is dropped.
    pub in_ready: Signal<Out, Bit>,
    /// Event that passes.
    pub out_data: Signal<Out, Bits<32>>,
    /// There is an event.
    pub out_valid: Signal<Out, Bit>,
    /// There is room for it.
    pub out_ready: Signal<In, Bit>,
    /// Spikes that came since the last clear.
    pub spikes: Signal<Out, Bits<32>>,
    /// 1 for a row that meets something.
    row_table: LookupTable,
    column_table: LookupTable,
    count: DFF<Bits<32>>,
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
    /// A filter of the sources of a path.
    #[must_use]
    pub fn new(params: &WindowParams) -> Self {
        let sources = params.sources;
        let table = |axis: Axis, length: usize| {
            let meets = |coordinate| u64::from(axis.span(coordinate).count > 0);
            LookupTable::new((0..length).map(meets).collect())
        };
        let number = |value: usize| Constant::new((value as u64).into());
        let mask = |bits: usize| number((1 << bits) - 1);
        Self {
            clock: Signal::default(),
            in_data: Signal::default(),
            in_valid: Signal::default(),
            in_ready: Signal::default(),
            out_data: Signal::default(),
            out_valid: Signal::default(),
            out_ready: Signal::default(),
            spikes: Signal::default(),
            row_table: table(params.rows, sources.shape.height),
            column_table: table(params.columns, sources.shape.width),
            count: DFF::default(),
            is_spike: Signal::default(),
            meets: Signal::default(),
            kind_mask: number(3),
            kind_spike: number(SPIKE as usize),
            kind_clear: number(CLEAR as usize),
            row_shift: number(ADDRESS_SHIFT + sources.column_bits()),
            row_mask: mask(sources.row_bits()),
            column_shift: number(ADDRESS_SHIFT),
            column_mask: mask(sources.column_bits()),
        }
    }
}

impl Logic for Filter {
    #[hdl_gen]
    fn update(&mut self) {
        dff_setup!(self, clock, count);
        self.row_table.address.next =
            bit_cast::<16, 32>((self.in_data.val() >> self.row_shift.val()) & self.row_mask.val());
        self.column_table.address.next =
            bit_cast::<16, 32>((self.in_data.val() >> self.column_shift.val()) & self.column_mask.val());
        self.is_spike.next = (self.in_data.val() & self.kind_mask.val()) == self.kind_spike.val();
        self.meets.next = !self.is_spike.val()
            || (self.row_table.data.val().get_bit(0) && self.column_table.data.val().get_bit(0));
        self.out_data.next = self.in_data.val();
        self.out_valid.next = self.in_valid.val() && self.meets.val();
        self.in_ready.next = self.out_ready.val() || !self.meets.val();
        if self.in_valid.val() && (self.out_ready.val() || !self.meets.val()) {
            if self.is_spike.val() {
                self.count.d.next = self.count.q.val() + 1;
            }
            if (self.in_data.val() & self.kind_mask.val()) == self.kind_clear.val() {
                self.count.d.next = 0.into();
            }
        }
        self.spikes.next = self.count.q.val();
    }
}
