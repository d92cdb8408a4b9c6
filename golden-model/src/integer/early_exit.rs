//! Early exit: an inference stops before its last step if the leading class is far enough ahead, or can no longer be
//! overtaken.
//!
//! After every step, the *lead* is the largest potential minus the second largest; it is 0 on a tie. The inference
//! stops as soon as the lead is at least the margin of the step, and returns the potentials of that step. Every rule
//! reduces to one margin per step ([`Margins`]): a board receives only this list.
//!
//! [`EarlyExit::Certain`] never changes the answer. Let d be the difference between the membranes of two classes, and
//! assume that it is at least D after some step. The following step can reduce it by at most W, the worst case over all
//! pairs of classes of Σ max(q_b − q_a, 0) << G (over |q_b − q_a| if spikes have both signs, and 255 times as much if they
//! are graded values), plus the difference of the biases, b_b − b_a. So before the leak, d is at least δ = D − W. For δ ≥ 0 the leak leaves at least `f(δ) = δ − Σ ⌈δ / 2^shift⌉`, because
//! `(u >> s) − (v >> s) ≤ ⌈(u − v) / 2^s⌉`; so it leaves at least the smallest f(δ′) of all δ′ ≥ δ. The floor then
//! reduces d by at most φ = max(0, floor − the lowest membrane after a leak), which is 0 if the floor never binds. With
//! k steps left, the least sufficient lead therefore follows from D(0) = 1:
//!
//! ```text
//! D(k + 1) = W + min { δ ≥ 0 : f(δ′) ≥ D(k) + φ for all δ′ ≥ δ }
//! ```

use super::proof::verify;
use super::reach::leaked;
use super::{InputSigns, InputValues, QuantizedLayer, QuantizedModel};
use crate::integer::IntegerError;
use crate::network::Node;
use crate::{Error, Result};
use serde::Serialize;

/// Rule for stopping an inference before its last step.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum EarlyExit {
    /// Stops if the lead is at least a fixed margin: fast, but may change the answer.
    Margin {
        /// Smallest lead at which to stop, in units of 2^−G weight LSB of the output layer.
        margin: u32,
        /// Number of steps that are always taken; 0 means 1.
        from_step: usize,
    },
    /// Stops if no further spikes can change the answer.
    Certain,
}

/// Smallest lead at which an inference stops, one number per step.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Margins(Vec<u32>);

impl Margins {
    /// Margin of a step after which the inference never stops. All other margins are smaller.
    pub const NEVER: u32 = u32::MAX;

    /// Margins of all steps, from the first.
    #[must_use]
    pub fn by_step(&self) -> &[u32] {
        &self.0
    }

    /// Whether an inference with these potentials stops after `step`, counted from 0.
    #[must_use]
    pub fn stops(&self, step: usize, potentials: &[i32]) -> bool {
        let margin = self.0.get(step).copied().unwrap_or(Self::NEVER);
        margin != Self::NEVER && lead(potentials) >= margin
    }
}

/// Computes the lead: the largest potential minus the second largest. With a single class, the second largest counts as
/// `i32::MIN`.
///
/// ```
/// use synfire_golden_model::integer::lead;
/// assert_eq!(lead(&[-5, 7, 3]), 4);
/// assert_eq!(lead(&[7, -5, 7]), 0);
/// ```
#[must_use]
pub fn lead(potentials: &[i32]) -> u32 {
    let (mut best, mut second) = (i32::MIN, i32::MIN);
    for &potential in potentials {
        if potential > best {
            (best, second) = (potential, best);
        } else {
            second = second.max(potential);
        }
    }
    best.abs_diff(second)
}

impl EarlyExit {
    /// Computes the margins of an inference of `steps` steps with input spikes of these signs.
    ///
    /// # Errors
    /// If the network is inconsistent or its widths are too small ([`verify`]).
    pub fn margins(&self, model: &QuantizedModel, steps: usize, input: InputSigns) -> Result<Margins> {
        match *self {
            Self::Margin { margin, from_step } => {
                let margin = margin.min(Margins::NEVER - 1);
                let of_step = |step| {
                    if step + 1 >= from_step {
                        margin
                    } else {
                        Margins::NEVER
                    }
                };
                Ok(Margins((0..steps).map(of_step).collect()))
            }
            Self::Certain => certain(model, steps, input),
        }
    }

    /// Computes the margins for the network's own number of steps and the signs of its samples.
    ///
    /// # Errors
    /// Fails like [`Self::margins`].
    pub fn margins_of(&self, model: &QuantizedModel) -> Result<Margins> {
        let description = &model.description;
        self.margins(model, description.steps, InputSigns::of(description))
    }
}

fn certain(model: &QuantizedModel, steps: usize, input: InputSigns) -> Result<Margins> {
    let bounds = verify(model, input)?;
    let graph = model.description.graph()?;
    let (Some(layer), Some(bounds), Some(node)) = (model.layers.last(), bounds.last(), graph.nodes.last())
    else {
        return Ok(Margins(Vec::new()));
    };
    // Nothing runs beyond the steps for which the widths are proven.
    if let Some(proven) = bounds.steps.filter(|&proven| proven < steps) {
        return Err(Error::Integer(IntegerError::StepsBeyondProof {
            found: steps,
            layer: layer.name.clone(),
            proven,
        }));
    }
    let lowest = *leaked(&layer.leak_shifts, &(bounds.lowest..=bounds.highest)).start();
    let raised = (i64::from(layer.floor) - lowest).max(0);
    let input = InputValues {
        coding: model.description.coding,
        signs: input,
    };
    let swing = largest_swing(layer, node, input);
    let mut margins = Vec::with_capacity(steps);
    // After the last step every lead is certain.
    let mut margin = (steps > 0).then_some(0);
    let mut needed = 1;
    while margins.len() < steps {
        margins.push(margin.unwrap_or(Margins::NEVER));
        if margin.is_some() {
            needed = swing + before_leak(&layer.leak_shifts, needed + raised);
            margin = u32::try_from(needed)
                .ok()
                .filter(|&margin| margin < Margins::NEVER);
        }
    }
    margins.reverse();
    Ok(Margins(margins))
}

/// Largest amount by which one step can reduce the difference of any two classes, before the leak.
fn largest_swing(layer: &QuantizedLayer, node: &Node, input: InputValues) -> i64 {
    let signed = input.are_signed(node.source);
    let unit = input.largest_of(node.source) << layer.guard_bits;
    let mut largest = 0;
    for (leading_class, leader) in layer.weights.rows().into_iter().enumerate() {
        for (class, other) in layer.weights.rows().into_iter().enumerate() {
            let taken = leader.iter().zip(other).map(|(&leading, &other)| {
                let taken = i64::from(other) - i64::from(leading);
                if signed { taken.abs() } else { taken.max(0) }
            });
            let biases = i64::from(layer.bias(class)) - i64::from(layer.bias(leading_class));
            largest = (taken.sum::<i64>() * unit + biases).max(largest);
        }
    }
    largest
}

/// Smallest δ such that the leak leaves at least `left` of every difference from δ upwards.
fn before_leak(shifts: &[u8], left: i64) -> i64 {
    let leaves = |difference: i64| {
        let taken = shifts.iter().map(|&shift| -(-difference >> shift));
        difference - taken.sum::<i64>()
    };
    // f(δ) ≥ δ (1 − Σ 2^−shift) − shifts, and the shifts are distinct: from this δ upwards it certainly suffices.
    let kept = (1 << 16) - shifts.iter().map(|&shift| 1 << (16 - shift)).sum::<i64>();
    let shifts = i64::try_from(shifts.len()).expect("at most three");
    let mut difference = (((left + shifts) << 16) + kept - 1) / kept;
    while difference > 0 && leaves(difference - 1) >= left {
        difference -= 1;
    }
    difference
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::integer::neuron::settle;

    #[test]
    fn the_lead_of_ties_edges_and_a_single_class() {
        assert_eq!(lead(&[3, 3, 3]), 0);
        assert_eq!(lead(&[i32::MIN, i32::MAX]), u32::MAX);
        assert_eq!(lead(&[1, 5, 9, 8]), 1);
        assert_eq!(lead(&[-7]), i32::MIN.abs_diff(-7));
    }

    #[test]
    fn a_margin_stops_from_its_step_on_and_at_equality() {
        let margins = Margins(vec![Margins::NEVER, 4, 4]);
        assert!(!margins.stops(0, &[100, 0]));
        assert!(margins.stops(1, &[4, 0]) && !margins.stops(1, &[3, 0]));
        assert!(!margins.stops(3, &[100, 0]), "beyond the last");
        assert!(!Margins(vec![Margins::NEVER]).stops(0, &[i32::MIN, i32::MAX]));
    }

    /// Tests every pair of membranes up to some size with the definition of one neuron.
    #[test]
    fn a_difference_of_that_size_survives_any_leak() {
        for shifts in [&[][..], &[1], &[4], &[1, 2, 3], &[2, 5], &[3, 6, 7], &[7, 9]] {
            for left in [1, 2, 9, 40] {
                let needed = before_leak(shifts, left);
                let mut reached = i64::MAX;
                for low in -200..200_i32 {
                    for high in low..200 {
                        let difference = i64::from(high - low);
                        let after = i64::from(settle(high, shifts, i32::MIN) - settle(low, shifts, i32::MIN));
                        if difference >= needed {
                            assert!(after >= left, "{high} and {low} by {shifts:?}");
                        } else if after < left {
                            reached = reached.min(needed - difference);
                        }
                    }
                }
                assert!(reached == 1, "{shifts:?}, {left}: {needed} is {reached} too many");
            }
        }
    }
}
