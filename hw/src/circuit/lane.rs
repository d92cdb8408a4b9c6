//! Arithmetic of one lane: adds a weight to a membrane, or takes the membrane that the end of a step has left.
//!
//! ```text
//! operand = membrane as read, or a newer value that is still on the way into the memory
//! spike:  result = operand ± weight
//! sweep:  result = membrane after the end of the step, which `Settle` made of operand
//! ```
//!
//! | stage | |
//! |---|---|
//! | read | membrane and weight are at the inputs and go into registers |
//! | compute | the other inputs are valid, and the operand is at the output; the result of a spike goes into a register |
//! | settle | none to two stages, for sweeps only; in the last one, or in the compute stage if there is none, the settled membrane goes into that register |
//! | write | the result is at the output |
//!
//! A word that was addressed in one of the three cycles before is not in the memory yet when it is read
//! again. The distance decides where its value is: after one cycle, it is the current result when the lane
//! computes (`forward_last`); after two, the current result when the word is read (`take_last`); after three,
//! the result before that (`take_older`). The shortest distance takes precedence. A lane whose bank has a single word keeps it: the
//! result is the membrane, and changes only when a word is finished. The stages of a sweep come on top; no
//! spike and no other sweep may be there meanwhile.

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
    /// Compute stage: use the current `result` instead of the membrane that was read. Of a bank of a single word: the result
    /// changes.
    pub forward_last: Signal<In, Bit>,
    /// Compute stage: number that a spike of an identity adds.
    pub identity: Signal<In, Signed<32>>,
    /// Compute stage: the spike adds `identity` instead of the weight.
    pub adds_identity: Signal<In, Bit>,
    /// Compute stage: the spike meets this lane; otherwise it adds 0.
    pub meets: Signal<In, Bit>,
    /// Compute stage: the spike has sign −1.
    pub negative: Signal<In, Bit>,
    /// Compute stage: membrane before the spike or the end of the step.
    pub operand: Signal<Out, Signed<32>>,
    /// Last settle stage: membrane after the end of the step.
    pub settled: Signal<In, Signed<32>>,
    /// Last settle stage: the word belongs to a sweep; otherwise the compute stage has a spike or nothing.
    pub settles: Signal<In, Bit>,
    /// Membrane after the spike or the end of the step; valid in the write stage.
    pub result: Signal<Out, Signed<32>>,
    read_membrane: DFF<Signed<32>>,
    read_weight: DFF<Signed<32>>,
    last: DFF<Signed<32>>,
    older: DFF<Signed<32>>,
    newest: Signal<Local, Signed<32>>,
    addend: Signal<Local, Signed<32>>,
    sum: Signal<Local, Signed<32>>,
    summed: Narrow,
    zero: Constant<Signed<32>>,
    is_single: Constant<Bit>,
}

impl Lane {
    /// Builds a lane for membranes of the given number of bits.
    #[must_use]
    pub fn new(membrane_bits: usize, is_single: bool) -> Self {
        with_defaults! {
            Self {
                summed: Narrow::new(membrane_bits),
                zero: Constant::new(0_i64.into()),
                is_single: Constant::new(is_single),
            }
            clock, membrane, weight, take_last, take_older, forward_last, identity, adds_identity, meets, negative, operand,
            settled, settles, result, read_membrane, read_weight, last, older, newest, addend, sum,
        }
    }
}

impl Logic for Lane {
    #[hdl_gen]
    fn update(&mut self) {
        dff_setup!(self, clock, read_membrane, read_weight, last, older);
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
        self.newest.next = self.read_membrane.q.val();
        if self.forward_last.val() || self.is_single.val() {
            self.newest.next = self.last.q.val();
        }
        self.operand.next = self.newest.val();
        // A spike.
        self.addend.next = self.read_weight.q.val();
        if self.adds_identity.val() {
            self.addend.next = self.identity.val();
        }
        if !self.meets.val() {
            self.addend.next = self.zero.val();
        }
        self.sum.next = self.newest.val() + self.addend.val();
        if self.negative.val() {
            self.sum.next = self.newest.val() - self.addend.val();
        }
        // Synthesis cannot know that the sum fits the membrane width.
        self.summed.wide.next = self.sum.val();
        self.last.d.next = self.summed.narrow.val();
        if self.settles.val() {
            self.last.d.next = self.settled.val();
        }
        if self.is_single.val() && !self.forward_last.val() {
            self.last.d.next = self.last.q.val();
        }
        self.result.next = self.last.q.val();
    }
}
