//! Arithmetic of one lane: integrates a weight into a membrane, or updates the neuron at the end of a step.
//!
//! ```text
//! operand = membrane as read, or a newer value that is still on the way into the memory
//! spike:  result = operand ± weight
//! sweep:  fired  = operand > threshold
//!         result = clear or fired ? 0 : max(operand − leak(operand), floor)
//! ```
//!
//! | stage | |
//! |---|---|
//! | read | membrane and weight are at the inputs and go into registers |
//! | compute | the other inputs are valid; result and fired flag go into registers |
//! | write | result and fired flag are at the outputs |
//!
//! A word that was addressed in one of the three cycles before is not in the memory yet when it is read
//! again. The distance decides where its value is: after one cycle, it is the current result when the lane
//! computes (`forward_last`); after two, the current result when the word is read (`take_last`); after three,
//! the result before that (`take_older`). The shortest distance takes precedence.

use super::leak::Leak;
use super::narrow::Narrow;
use super::with_defaults;
use rust_hdl::prelude::*;

/// One lane. All numbers are in membrane format (G fraction bits), sign-extended to 32 bits.
#[derive(Debug, LogicBlock)]
pub struct Lane {
    /// Core clock; all registers change on its rising edge.
    pub clock: Signal<In, Clock>,
    /// Membrane from the memory; valid in the read stage.
    pub membrane: Signal<In, Signed<32>>,
    /// Weight from the memory; valid in the read stage.
    pub weight: Signal<In, Signed<32>>,
    /// Read stage: use the current `result` instead of `membrane`; overridden by `forward_last` in the next
    /// cycle.
    pub take_last: Signal<In, Bit>,
    /// Read stage: use the `result` of the cycle before instead of `membrane`; overridden by `take_last` and
    /// `forward_last`.
    pub take_older: Signal<In, Bit>,
    /// Compute stage: use the current `result` instead of the membrane that was read.
    pub forward_last: Signal<In, Bit>,
    /// Compute stage: threshold of the neuron; used in sweeps.
    pub threshold: Signal<In, Signed<32>>,
    /// Compute stage: number that a spike of an identity adds.
    pub identity: Signal<In, Signed<32>>,
    /// Compute stage: the spike adds `identity` instead of the weight.
    pub adds_identity: Signal<In, Bit>,
    /// Compute stage: the spike meets this lane; otherwise it adds 0.
    pub meets: Signal<In, Bit>,
    /// Compute stage: the spike has sign −1.
    pub negative: Signal<In, Bit>,
    /// Compute stage: the word belongs to a sweep; otherwise to a spike.
    pub sweep: Signal<In, Bit>,
    /// Compute stage: the sweep is a clear, which zeroes the membrane; the neuron does not fire.
    pub clears: Signal<In, Bit>,
    /// Membrane after the spike or the end of the step; valid in the write stage.
    pub result: Signal<Out, Signed<32>>,
    /// High if the neuron fired; valid in the write stage, low for spikes.
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
    /// Builds a lane of neurons with the given leak, floor and membrane width; `fires` is false for the
    /// output layer.
    #[must_use]
    pub fn new(leak_shifts: &[u8], floor: i32, membrane_bits: usize, fires: bool) -> Self {
        with_defaults! {
            Self {
                leak: Leak::new(leak_shifts),
                leaked: Narrow::new(membrane_bits),
                summed: Narrow::new(membrane_bits),
                fires: Constant::new(fires),
                floor: Constant::new(i64::from(floor).into()),
                zero: Constant::new(0_i64.into()),
            }
            clock, membrane, weight, take_last, take_older, forward_last, threshold, identity, adds_identity,
            meets, negative, sweep, clears, result, fired, read_membrane, read_weight, last, older, has_fired,
            operand, addend, sum, updated, above,
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
        // Synthesis cannot know that the sum fits the membrane width.
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
