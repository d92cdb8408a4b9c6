//! Arithmetic of one lane: integrates weights into a membrane, and updates the neuron at the end of a step.
//!
//! Clock 1 has the memories' words at its inputs and computes `sum`, ready to be written back, for a spike; for
//! the sweep it registers the comparison, the membrane and its leak, and clock 2 has the `updated` membrane:
//!
//! ```text
//! sum     = (forward ? last sum : membrane) ± weight
//! fired   = membrane > threshold                          (registered)
//! updated = clear or fired ? 0 : max(membrane − leak, floor)
//! ```

use super::leak::Leak;
use super::narrow::Narrow;
use rust_hdl::prelude::*;

/// See the [module](self). All numbers are in membrane format (G fraction bits), sign-extended to 32 bits.
#[derive(Debug, LogicBlock)]
pub struct Lane {
    /// The clock.
    pub clock: Signal<In, Clock>,
    /// Membrane as read.
    pub membrane: Signal<In, Signed<32>>,
    /// Weight as read.
    pub weight: Signal<In, Signed<32>>,
    /// Threshold as read.
    pub threshold: Signal<In, Signed<32>>,
    /// The spike has sign −1.
    pub negative: Signal<In, Bit>,
    /// The membrane as read is stale: last clock's `sum` holds.
    pub forward: Signal<In, Bit>,
    /// Membrane after the spike.
    pub sum: Signal<Out, Signed<32>>,
    /// The neuron read last clock fired.
    pub fired: Signal<Out, Bit>,
    /// The membrane read last clock, after the end of the step.
    pub updated: Signal<Out, Signed<32>>,
    /// Zeroes the membrane read last clock.
    pub clear: Signal<In, Bit>,
    leak: Leak,
    last_sum: DFF<Signed<32>>,
    swept: DFF<Signed<32>>,
    swept_leak: DFF<Signed<32>>,
    swept_fired: DFF<Bit>,
    operand: Signal<Local, Signed<32>>,
    leaked: Narrow,
    fires: Constant<Bit>,
    floor: Constant<Signed<32>>,
    zero: Constant<Signed<32>>,
}

impl Lane {
    /// A lane of neurons with the given leak, floor and width of a membrane; `fires` is false for the output
    /// layer.
    #[must_use]
    pub fn new(leak_shifts: &[u8], floor: i32, membrane_bits: usize, fires: bool) -> Self {
        Self {
            clock: Signal::default(),
            membrane: Signal::default(),
            weight: Signal::default(),
            threshold: Signal::default(),
            negative: Signal::default(),
            forward: Signal::default(),
            sum: Signal::default(),
            fired: Signal::default(),
            updated: Signal::default(),
            clear: Signal::default(),
            leak: Leak::new(leak_shifts),
            last_sum: DFF::default(),
            swept: DFF::default(),
            swept_leak: DFF::default(),
            swept_fired: DFF::default(),
            operand: Signal::default(),
            leaked: Narrow::new(membrane_bits),
            fires: Constant::new(fires),
            floor: Constant::new(i64::from(floor).into()),
            zero: Constant::new(0_i64.into()),
        }
    }
}

impl Logic for Lane {
    #[hdl_gen]
    fn update(&mut self) {
        dff_setup!(self, clock, last_sum, swept, swept_leak, swept_fired);
        // A spike: read, add, write back.
        self.operand.next = self.membrane.val();
        if self.forward.val() {
            self.operand.next = self.last_sum.q.val();
        }
        self.sum.next = self.operand.val() + self.weight.val();
        if self.negative.val() {
            self.sum.next = self.operand.val() - self.weight.val();
        }
        self.last_sum.d.next = self.sum.val();
        // The sweep, first half: compare, and compute the leak.
        self.leak.membrane.next = self.membrane.val();
        self.swept.d.next = self.membrane.val();
        self.swept_leak.d.next = self.leak.amount.val();
        self.swept_fired.d.next = self.fires.val() && (self.membrane.val() > self.threshold.val());
        // The sweep, second half: reset, leak, floor.
        self.leaked.wide.next = self.swept.q.val() - self.swept_leak.q.val();
        self.updated.next = self.leaked.narrow.val();
        if self.leaked.narrow.val() < self.floor.val() {
            self.updated.next = self.floor.val();
        }
        if self.swept_fired.q.val() || self.clear.val() {
            self.updated.next = self.zero.val();
        }
        self.fired.next = self.swept_fired.q.val() && !self.clear.val();
    }
}
