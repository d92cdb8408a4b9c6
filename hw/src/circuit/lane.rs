//! Arithmetic of one lane: integrates a weight into a membrane, or updates the neuron at the end of a step.
//!
//! ```text
//! operand = membrane as read, or a newer one that is still on its way into the memory
//! spike:  result = operand ± weight
//! sweep:  fired  = operand > threshold
//!         result = clear or fired ? 0 : max(operand − leak(operand), floor)
//! ```
//!
//! | clock | |
//! |---|---|
//! | read | membrane and weight are at the inputs, and go into registers |
//! | compute | the other inputs are there; result and fired go into registers |
//! | write | result and fired are at the outputs |
//!
//! A word that was addressed in one of the three clocks before is not in the memory yet when it is read again. What
//! holds it depends on how many clocks before: one, the result that is there when it is computed with
//! (`forward_last`); two, the result that is there when it is read (`take_last`); three, the one before that
//! (`take_older`). The nearest counts.

use super::leak::Leak;
use super::narrow::Narrow;
use rust_hdl::prelude::*;

/// See the [module](self). All numbers are in membrane format (G fraction bits), sign-extended to 32 bits.
#[derive(Debug, LogicBlock)]
pub struct Lane {
    /// The clock.
    pub clock: Signal<In, Clock>,
    /// Read: membrane.
    pub membrane: Signal<In, Signed<32>>,
    /// Read: weight.
    pub weight: Signal<In, Signed<32>>,
    /// Read: the membrane is the result that is there, unless `forward_last` follows.
    pub take_last: Signal<In, Bit>,
    /// Read: the membrane is the result of the clock before, unless a nearer one is.
    pub take_older: Signal<In, Bit>,
    /// Compute: the membrane is the result that is there.
    pub forward_last: Signal<In, Bit>,
    /// Compute: threshold.
    pub threshold: Signal<In, Signed<32>>,
    /// Compute: a number to add instead of the weight.
    pub identity: Signal<In, Signed<32>>,
    /// Compute: it is added.
    pub adds_identity: Signal<In, Bit>,
    /// Compute: the spike meets this lane.
    pub meets: Signal<In, Bit>,
    /// Compute: the spike has sign −1.
    pub negative: Signal<In, Bit>,
    /// Compute: the end of a step; otherwise a spike.
    pub sweep: Signal<In, Bit>,
    /// Compute: the sweep zeroes membranes, and nothing fires.
    pub clears: Signal<In, Bit>,
    /// Write: the membrane after the spike or the end of the step.
    pub result: Signal<Out, Signed<32>>,
    /// Write: the neuron fired.
    pub fired: Signal<Out, Bit>,
    leak: Leak,
    read_membrane: DFF<Signed<32>>,
    read_weight: DFF<Signed<32>>,
    last: DFF<Signed<32>>,
    older: DFF<Signed<32>>,
    has_fired: DFF<Bit>,
    operand: Signal<Local, Signed<32>>,
    addend: Signal<Local, Signed<32>>,
    sum: Signal<Local, Signed<32>>,
    updated: Signal<Local, Signed<32>>,
    above: Signal<Local, Bit>,
    leaked: Narrow,
    summed: Narrow,
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
            take_last: Signal::default(),
            take_older: Signal::default(),
            forward_last: Signal::default(),
            threshold: Signal::default(),
            identity: Signal::default(),
            adds_identity: Signal::default(),
            meets: Signal::default(),
            negative: Signal::default(),
            sweep: Signal::default(),
            clears: Signal::default(),
            result: Signal::default(),
            fired: Signal::default(),
            leak: Leak::new(leak_shifts),
            read_membrane: DFF::default(),
            read_weight: DFF::default(),
            last: DFF::default(),
            older: DFF::default(),
            has_fired: DFF::default(),
            operand: Signal::default(),
            addend: Signal::default(),
            sum: Signal::default(),
            updated: Signal::default(),
            above: Signal::default(),
            leaked: Narrow::new(membrane_bits),
            summed: Narrow::new(membrane_bits),
            fires: Constant::new(fires),
            floor: Constant::new(i64::from(floor).into()),
            zero: Constant::new(0_i64.into()),
        }
    }
}

impl Logic for Lane {
    #[hdl_gen]
    fn update(&mut self) {
        dff_setup!(self, clock, read_membrane, read_weight, last, older, has_fired);
        // Read.
        self.read_membrane.d.next = self.membrane.val();
        if self.take_older.val() {
            self.read_membrane.d.next = self.older.q.val();
        }
        if self.take_last.val() {
            self.read_membrane.d.next = self.last.q.val();
        }
        self.read_weight.d.next = self.weight.val();
        self.older.d.next = self.last.q.val();
        // Compute.
        self.operand.next = self.read_membrane.q.val();
        if self.forward_last.val() {
            self.operand.next = self.last.q.val();
        }
        // A spike.
        self.addend.next = self.read_weight.q.val();
        if self.adds_identity.val() {
            self.addend.next = self.identity.val();
        }
        if !self.meets.val() {
            self.addend.next = self.zero.val();
        }
        self.sum.next = self.operand.val() + self.addend.val();
        if self.negative.val() {
            self.sum.next = self.operand.val() - self.addend.val();
        }
        // The end of a step.
        self.leak.membrane.next = self.operand.val();
        self.leaked.wide.next = self.operand.val() - self.leak.amount.val();
        self.above.next = self.fires.val() && (self.operand.val() > self.threshold.val());
        self.updated.next = self.leaked.narrow.val();
        if self.leaked.narrow.val() < self.floor.val() {
            self.updated.next = self.floor.val();
        }
        if self.above.val() || self.clears.val() {
            self.updated.next = self.zero.val();
        }
        // Synthesis cannot know that a sum fits.
        self.summed.wide.next = self.sum.val();
        if self.sweep.val() {
            self.summed.wide.next = self.updated.val();
        }
        self.last.d.next = self.summed.narrow.val();
        self.has_fired.d.next = self.sweep.val() && self.above.val() && !self.clears.val();
        self.result.next = self.last.q.val();
        self.fired.next = self.has_fired.q.val();
    }
}
