//! Definition of a neuron's update at the end of a time step, on plain integers.
//!
//! The update has this order (`docs/numerics.md`, "End of a step"):
//!
//! ```text
//! m     = m + b                        the bias; 0 without biases
//! fired = m > θ                        strict
//! m     = 0, or m − θ                  if fired: reset to zero, or by subtraction
//! m     = m − Σ (m >> shift)           every shift of the same m, each rounding toward −∞
//! m     = max(m, floor)
//! m     = min(m, ceiling)              only with a reset by subtraction
//! ```
//!
//! These functions define the update. The vectors of the engine, the integers of the trainer and the blocks of the
//! hardware compute the same in their own ways, and tests compare each of them with this definition. Membranes are
//! fixed-point numbers with G fraction bits. Here they are in units of 2^−G weight LSB and have no fraction: the update
//! does not depend on G.

use fixed::FixedI32;
use fixed::types::extra::U0;

/// Number in units of 2^−G weight LSB.
type Number = FixedI32<U0>;

/// End of a step of one neuron, with everything that a network can use. [`end_of_step`] and [`settle`] are this update
/// without bias, and with a reset to zero.
///
/// ```
/// use synfire_golden_model::integer::neuron::Update;
/// let update = Update { bias: -3, threshold: Some(10), leak_shifts: &[2], floor: -20, ceiling: Some(8) };
/// assert_eq!(update.end_of_step(13), (false, 8)); // 13 − 3 does not exceed 10: 10 − 2
/// assert_eq!(update.end_of_step(18), (true, 4)); // 15 fires: 15 − 10 = 5, and 5 − 1
/// assert_eq!(update.end_of_step(40), (true, 8)); // 37 fires: 27 − 6 = 21, above the ceiling
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Update<'a> {
    /// Number that is added first; the sum must not exceed 32 bits, which the proof of the width promises.
    pub bias: i32,
    /// Threshold θ; `None` for a neuron that never fires.
    pub threshold: Option<i32>,
    /// Shifts of the leak, distinct and at least 1.
    pub leak_shifts: &'a [u8],
    /// Lowest membrane at the end of a step, at most 0.
    pub floor: i32,
    /// Highest membrane at the end of a step, at least 0. With a ceiling, a neuron that fires loses its threshold; without,
    /// it restarts from 0.
    pub ceiling: Option<i32>,
}

impl Update<'_> {
    /// Ends a step; returns whether the neuron fires, and its membrane at the start of the next step.
    #[must_use]
    pub fn end_of_step(&self, membrane: i32) -> (bool, i32) {
        let membrane = Number::from_bits(membrane) + Number::from_bits(self.bias);
        let crossed = self
            .threshold
            .map(Number::from_bits)
            .filter(|threshold| membrane > *threshold);
        let rest = match (crossed, self.ceiling) {
            (None, _) => membrane,
            (Some(_), None) => Number::from_bits(0),
            (Some(threshold), Some(_)) => membrane - threshold,
        };
        let settled = settle(rest.to_bits(), self.leak_shifts, self.floor);
        let limited = self.ceiling.map_or(settled, |ceiling| settled.min(ceiling));
        (crossed.is_some(), limited)
    }
}

/// Ends a step of a LIF neuron without bias that restarts from 0; returns whether it fires, and its membrane at the start of the next step.
///
/// `leak_shifts` must be distinct and at least 1, so that no intermediate value exceeds `membrane` by more than 2.
///
/// ```
/// use synfire_golden_model::integer::neuron::end_of_step;
/// assert_eq!(end_of_step(640, 640, &[7, 9], -1024), (false, 634)); // at the threshold: 640 − 5 − 1
/// assert_eq!(end_of_step(641, 640, &[7, 9], -1024), (true, 0)); // above it
/// ```
#[must_use]
pub fn end_of_step(membrane: i32, threshold: i32, leak_shifts: &[u8], floor: i32) -> (bool, i32) {
    let update = Update {
        bias: 0,
        threshold: Some(threshold),
        leak_shifts,
        floor,
        ceiling: None,
    };
    update.end_of_step(membrane)
}

/// Ends a step of a neuron that never fires: leak, then floor.
///
/// ```
/// use synfire_golden_model::integer::neuron::settle;
/// assert_eq!(settle(-1, &[7], -1024), 0); // −1 >> 7 = −1
/// assert_eq!(settle(-1, &[7, 9], -1024), 1); // two shifts of −1 give 2 back
/// ```
#[must_use]
pub fn settle(membrane: i32, leak_shifts: &[u8], floor: i32) -> i32 {
    let membrane = Number::from_bits(membrane);
    let leaked = leak_shifts
        .iter()
        .fold(membrane, |rest, &shift| rest - (membrane >> u32::from(shift)));
    leaked.max(Number::from_bits(floor)).to_bits()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn membrane_at_the_threshold_does_not_fire() {
        assert_eq!(end_of_step(100, 100, &[], -1000), (false, 100));
        assert_eq!(end_of_step(101, 100, &[], -1000), (true, 0));
        assert_eq!(end_of_step(0, 0, &[], -1000), (false, 0));
        assert_eq!(end_of_step(1, 0, &[], -1000), (true, 0));
    }

    #[test]
    fn the_bias_comes_before_the_comparison_and_the_ceiling_last() {
        let update = |bias, ceiling| Update {
            bias,
            threshold: Some(100),
            leak_shifts: &[1],
            floor: -40,
            ceiling,
        };
        // 99 + 2 fires, and 99 + 1 does not.
        assert_eq!(update(2, None).end_of_step(99), (true, 0));
        assert_eq!(update(1, None).end_of_step(99), (false, 50));
        // What is left, 101 − 100 and 300 − 100, leaks, and is then limited.
        assert_eq!(update(2, Some(60)).end_of_step(99), (true, 1));
        assert_eq!(update(0, Some(60)).end_of_step(300), (true, 60));
        // The ceiling holds for neurons that do not fire, too; the floor as ever.
        assert_eq!(update(0, Some(30)).end_of_step(100), (false, 30));
        assert_eq!(update(-200, Some(30)).end_of_step(100), (false, -40));
        let output = Update {
            threshold: None,
            ..update(5, None)
        };
        assert_eq!(output.end_of_step(1000), (false, 503));
    }

    #[test]
    fn a_neuron_that_fired_restarts_from_zero_exactly() {
        assert_eq!(end_of_step(i32::MAX, 100, &[1, 2, 3], -1), (true, 0));
    }

    #[test]
    fn every_shift_takes_the_membrane_before_the_leak() {
        // 1023 >> 7 = 7 and 1023 >> 9 = 1. A second shift of 1016 instead of 1023 would also give 1; of 512 it would
        // not.
        assert_eq!(settle(1023, &[7, 9], i32::MIN), 1015);
        assert_eq!(settle(1024, &[1, 2, 3], i32::MIN), 1024 - 512 - 256 - 128);
        assert_eq!(settle(512, &[1, 9], i32::MIN), 255);
    }

    #[test]
    fn shifts_round_toward_minus_infinity() {
        assert_eq!(settle(127, &[7], i32::MIN), 127);
        assert_eq!(settle(128, &[7], i32::MIN), 127);
        assert_eq!(settle(-1, &[7], i32::MIN), 0);
        assert_eq!(settle(-1, &[7, 9], i32::MIN), 1);
        assert_eq!(settle(-128, &[7], i32::MIN), -127);
        assert_eq!(settle(-129, &[7], i32::MIN), -127);
    }

    #[test]
    fn floor_applies_after_the_leak() {
        assert_eq!(settle(-256, &[7], -254), -254);
        assert_eq!(settle(-256, &[7], -253), -253);
        assert_eq!(settle(-257, &[7], -254), -254);
        assert_eq!(end_of_step(-9, 5, &[], -8), (false, -8));
        assert_eq!(end_of_step(-8, 5, &[], -8), (false, -8));
        assert_eq!(end_of_step(-7, 5, &[], -8), (false, -7));
    }
}
