//! Arithmetic of one lane: integrates a weight into a membrane, or updates the neuron at the end of a step.
//!
//! ```text
//! operand = membrane as read, or a newer one that is still on its way into the memory
//! spike:  result = operand ± weight
//! sweep:  fired  = operand > threshold
//!         result = clear or fired ? 0 : max(operand − leak(operand), floor)
//! ```
//!
//! The memories' words are at the inputs in one clock, result and fired are in registers in the next, when they are
//! written back. A word that was addressed in either of the two clocks before is not in the memory yet when it is
//! read again: then `forward_last` or `forward_older` picks the register that holds it.

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
    /// The spike meets this lane.
    pub meets: Signal<In, Bit>,
    /// The spike has sign −1.
    pub negative: Signal<In, Bit>,
    /// The end of a step; otherwise a spike.
    pub sweep: Signal<In, Bit>,
    /// The sweep zeroes membranes, and nothing fires.
    pub clears: Signal<In, Bit>,
    /// The membrane is last clock's result.
    pub forward_last: Signal<In, Bit>,
    /// The membrane is the result of the clock before that, unless it is last clock's.
    pub forward_older: Signal<In, Bit>,
    /// Last clock's membrane, after the spike or the end of the step.
    pub result: Signal<Out, Signed<32>>,
    /// Last clock's neuron fired.
    pub fired: Signal<Out, Bit>,
    leak: Leak,
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
            threshold: Signal::default(),
            meets: Signal::default(),
            negative: Signal::default(),
            sweep: Signal::default(),
            clears: Signal::default(),
            forward_last: Signal::default(),
            forward_older: Signal::default(),
            result: Signal::default(),
            fired: Signal::default(),
            leak: Leak::new(leak_shifts),
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
        dff_setup!(self, clock, last, older, has_fired);
        self.operand.next = self.membrane.val();
        if self.forward_older.val() {
            self.operand.next = self.older.q.val();
        }
        if self.forward_last.val() {
            self.operand.next = self.last.q.val();
        }
        // A spike.
        self.addend.next = self.weight.val();
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
        self.older.d.next = self.last.q.val();
        self.has_fired.d.next = self.sweep.val() && self.above.val() && !self.clears.val();
        self.result.next = self.last.q.val();
        self.fired.next = self.has_fired.q.val();
    }
}
