//! Stopping before the last step: when the leading class is far enough ahead, or can no longer be overtaken.
//!
//! After every step the *lead* is the largest potential less the second largest, 0 on a tie. The inference stops where
//! the lead is at least that step's margin; its potentials are those of this step. All that a rule comes to are the
//! margins, one a step ([`Margins`]): a board gets them as a list, whatever they were made from.
//!
//! [`EarlyExit::Certain`] never changes the answer. Let d be the difference of two classes' membranes, and let it be at
//! least D after some step. The step that follows can take from it at most W, the worst case over all pairs of classes of
//! Σ max(q_b − q_a, 0) << G (over |q_b − q_a| where spikes have both signs), so that before the leak it is at least
//! δ = D − W. For δ ≥ 0 the leak leaves at least `f(δ) = δ − Σ ⌈δ / 2^shift⌉`, since
//! `(u >> s) − (v >> s) ≤ ⌈(u − v) / 2^s⌉`, and so at least the smallest f(δ′) of all δ′ ≥ δ. The floor then takes at
//! most φ = max(0, floor − the lowest membrane that a leak can leave), 0 where it never binds. So, with k steps left,
//! the least lead that suffices follows from D(0) = 1:
//!
//! ```text
//! D(k + 1) = W + min { δ ≥ 0 : f(δ′) ≥ D(k) + φ for all δ′ ≥ δ }
//! ```

use super::proof::verify;
use super::reach::leaked;
use super::{InputSigns, QuantizedLayer, QuantizedModel};
use crate::integer::IntegerError;
use crate::network::{Node, Source};
use crate::{Error, Result};
use serde::Serialize;

/// When an inference may stop before its last step.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum EarlyExit {
    /// Where the lead is at least a margin: fast, and now and then wrong.
    Margin {
        /// Least lead, in units of 2^−G weight LSB of the output layer.
        margin: u32,
        /// Steps that are taken in any case; 0 is as 1.
        from_step: usize,
    },
    /// Where no spikes could change the answer any more.
    Certain,
}

/// The least lead with which an inference stops, step by step.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Margins(Vec<u32>);

impl Margins {
    /// The margin of a step that never is the last. A margin of its own is at most one less.
    pub const NEVER: u32 = u32::MAX;

    /// The margin of every step, from the first on.
    #[must_use]
    pub fn by_step(&self) -> &[u32] {
        &self.0
    }

    /// Whether an inference stops after `step`, counted from 0, with these potentials.
    #[must_use]
    pub fn stops(&self, step: usize, potentials: &[i32]) -> bool {
        let margin = self.0.get(step).copied().unwrap_or(Self::NEVER);
        margin != Self::NEVER && lead(potentials) >= margin
    }
}

/// The largest potential less the second largest, which of a single class is the least number of 32 bits.
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
    /// The margins of an inference of `steps` steps with input spikes of these signs.
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

    /// The margins of an inference of the network's own steps and samples.
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
    // Beyond the steps that the widths are proven for nothing is known, and nothing runs.
    if let Some(proven) = bounds.steps.filter(|&proven| proven < steps) {
        return Err(Error::Integer(IntegerError::StepsBeyondProof {
            found: steps,
            layer: layer.name.clone(),
            proven,
        }));
    }
    let lowest = *leaked(&layer.leak_shifts, &(bounds.lowest..=bounds.highest)).start();
    let raised = (i64::from(layer.floor) - lowest).max(0);
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

/// The most that one step can take from the difference of any two classes, before the leak.
fn largest_swing(layer: &QuantizedLayer, node: &Node, input: InputSigns) -> i64 {
    let signed = node.source == Source::Input && input == InputSigns::Signed;
    let mut largest = 0;
    for leader in layer.weights.rows() {
        for other in layer.weights.rows() {
            let taken = leader.iter().zip(other).map(|(&leading, &other)| {
                let taken = i64::from(other) - i64::from(leading);
                if signed { taken.abs() } else { taken.max(0) }
            });
            largest = taken.sum::<i64>().max(largest);
        }
    }
    largest << layer.guard_bits
}

/// The least difference from which on the leak leaves at least `left`.
fn before_leak(shifts: &[u8], left: i64) -> i64 {
    let leaves = |difference: i64| {
        let taken = shifts.iter().map(|&shift| -(-difference >> shift));
        difference - taken.sum::<i64>()
    };
    // f(δ) ≥ δ (1 − Σ 2^−shift) − shifts, and the shifts are distinct: from here on it certainly suffices.
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

    /// Every pair of membranes of some size, through the definition of one neuron.
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
