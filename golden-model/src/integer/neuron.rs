//! Definition of a neuron's update at the end of a time step, on plain integers.
//!
//! The update has this order (`docs/numerics.md`, "End of a step"):
//!
//! ```text
//! fired = m > θ                        strict
//! m     = 0                            if fired
//! m     = m − Σ (m >> shift)           every shift of the same m, each rounding toward −∞
//! m     = max(m, floor)
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

/// Ends a step of a LIF neuron; returns whether it fires, and its membrane at the start of the next step.
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
    let fired = Number::from_bits(membrane) > Number::from_bits(threshold);
    let membrane = if fired { 0 } else { membrane };
    (fired, settle(membrane, leak_shifts, floor))
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
