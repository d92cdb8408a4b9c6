//! End of a step of one lane's neuron: bias, comparison with the threshold, reset, leak, floor and ceiling.
//!
//! ```text
//!                                A                     B
//! m + bias ─► > threshold? fired ┼─► Σ (m >>> shift) ──┼─► m − Σ, floor, ceiling, 0 ─► result, fired
//!             m or m − threshold │                     │
//! ```
//!
//! A and B are places for registers. A wide membrane with several shifts takes four carry chains one behind the
//! other, and a fast clock needs registers between them; a slow clock, or a device whose flip-flops are dear, needs none.
//! The contract is that of `golden_model::integer::neuron::Update`.

use super::delay::Delay;
use super::leak::Leak;
use super::narrow::Narrow;
use super::with_defaults;
use rust_hdl::prelude::*;

/// Most stages of registers.
pub const MOST_STAGES: usize = 2;

/// Run-time parameters of a [`Settle`], which the neurons of a layer share.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SettleParams {
    /// Right shifts whose sum is the leak.
    pub leak_shifts: Vec<u8>,
    /// Lowest membrane after the end of a step.
    pub floor: i32,
    /// Highest membrane after the end of a step, if neurons are reset by subtraction; without it they restart from 0.
    pub ceiling: Option<i32>,
    /// Bits of a membrane.
    pub membrane_bits: usize,
    /// Whether neurons fire; false for the output layer.
    pub fires: bool,
    /// Whether neurons have biases.
    pub biased: bool,
    /// Stages of registers between the membrane and the result, 0..=[`MOST_STAGES`].
    pub stages: usize,
}

/// Unit that ends the step of one neuron.
#[derive(Debug, LogicBlock)]
pub struct Settle {
    /// Core clock; all registers change on its rising edge.
    pub clock: Signal<In, Clock>,
    /// Membrane before the end of the step.
    pub membrane: Signal<In, Signed<32>>,
    /// Threshold of the neuron, valid with `membrane`.
    pub threshold: Signal<In, Signed<32>>,
    /// Bias of the neuron, valid with `membrane`; not used if the neurons have none.
    pub bias: Signal<In, Signed<32>>,
    /// High to zero the membrane instead; the neuron does not fire. Valid with `result`.
    pub clears: Signal<In, Bit>,
    /// Membrane after the end of the step, as many cycles after `membrane` as there are stages.
    pub result: Signal<Out, Signed<32>>,
    /// High if the neuron fires; valid with `result`.
    pub fired: Signal<Out, Bit>,
    biased: Narrow,
    above: Signal<Local, Bit>,
    rest: Signal<Local, Signed<32>>,
    rest_late: Delay<Signed<32>>,
    above_late: Delay<Bit>,
    leak: Leak,
    amount_late: Delay<Signed<32>>,
    leaking_late: Delay<Signed<32>>,
    fired_late: Delay<Bit>,
    leaked: Narrow,
    has_bias: Constant<Bit>,
    fires: Constant<Bit>,
    subtracts: Constant<Bit>,
    floor: Constant<Signed<32>>,
    ceiling: Constant<Signed<32>>,
    zero: Constant<Signed<32>>,
}

impl Settle {
    /// Builds the unit.
    ///
    /// # Panics
    /// With more than [`MOST_STAGES`] stages: a bug of the generator.
    #[must_use]
    pub fn new(params: &SettleParams) -> Self {
        assert!(params.stages <= MOST_STAGES, "{} stages", params.stages);
        let [a, b] = [1, 2].map(|stages| usize::from(params.stages >= stages));
        with_defaults! {
            Self {
                biased: Narrow::new(params.membrane_bits),
                rest_late: Delay::new(a),
                above_late: Delay::new(a),
                leak: Leak::new(&params.leak_shifts),
                amount_late: Delay::new(b),
                leaking_late: Delay::new(b),
                fired_late: Delay::new(b),
                leaked: Narrow::new(params.membrane_bits),
                has_bias: Constant::new(params.biased),
                fires: Constant::new(params.fires),
                subtracts: Constant::new(params.ceiling.is_some()),
                floor: Constant::new(i64::from(params.floor).into()),
                ceiling: Constant::new(i64::from(params.ceiling.unwrap_or(0)).into()),
                zero: Constant::new(0_i64.into()),
            }
            clock, membrane, threshold, bias, clears, result, fired, above, rest,
        }
    }
}

impl Logic for Settle {
    #[hdl_gen]
    fn update(&mut self) {
        clock!(
            self,
            clock,
            rest_late,
            above_late,
            amount_late,
            leaking_late,
            fired_late
        );
        self.biased.wide.next = self.membrane.val();
        if self.has_bias.val() {
            self.biased.wide.next = self.membrane.val() + self.bias.val();
        }
        // Fire, and subtract.
        self.above.next = self.fires.val() && (self.biased.narrow.val() > self.threshold.val());
        self.rest.next = self.biased.narrow.val();
        if self.above.val() && self.subtracts.val() {
            self.rest.next = self.biased.narrow.val() - self.threshold.val();
        }
        self.rest_late.now.next = self.rest.val();
        self.above_late.now.next = self.above.val();
        // Leak.
        self.leak.membrane.next = self.rest_late.late.val();
        self.amount_late.now.next = self.leak.amount.val();
        self.leaking_late.now.next = self.rest_late.late.val();
        self.fired_late.now.next = self.above_late.late.val();
        self.leaked.wide.next = self.leaking_late.late.val() - self.amount_late.late.val();
        // Limits.
        self.result.next = self.leaked.narrow.val();
        if self.leaked.narrow.val() < self.floor.val() {
            self.result.next = self.floor.val();
        }
        if self.subtracts.val() && (self.leaked.narrow.val() > self.ceiling.val()) {
            self.result.next = self.ceiling.val();
        }
        // A reset to zero comes last, so that comparison and leak are beside each other and not one behind the other.
        if self.clears.val() || (self.fired_late.late.val() && !self.subtracts.val()) {
            self.result.next = self.zero.val();
        }
        self.fired.next = self.fired_late.late.val() && !self.clears.val();
    }
}
