//! Range that a membrane can reach: interval arithmetic over the update of one neuron, exact to the last bit of the
//! leak.
//!
//! Within a step, a neuron receives spikes from some subset of its sources, in any order. For every subset and order,
//! partial sums stay within `[start − N, start + P]`, where P and N are the magnitudes of the worst-case sums
//! ([`super::sums`]). Both ends are reached if all increments of one sign arrive first. So this interval, taken at the
//! extreme starts, decides about overflow within a step.
//!
//! From one step to the next, a membrane above the threshold becomes 0; all others pass through leak and floor. This
//! maps an interval of starts to the next one. The union over all steps converges unless the membrane is unbounded.

use super::sums::StepSums;
use std::ops::RangeInclusive;

/// Number of steps after which an interval that still grows is assumed to grow forever. A leak of 2^−11 settles well
/// within it.
const CONVERGENCE_STEPS: usize = 1 << 15;

/// Parameters that bound the membrane of one neuron, all in units of 2^−G weight LSB.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NeuronLimits<'a> {
    /// Worst-case sums of a step.
    pub sums: StepSums,
    /// Threshold; `None` for a neuron that never fires.
    pub threshold: Option<i64>,
    /// Shifts of the leak, distinct and ascending.
    pub leak_shifts: &'a [u8],
    /// Lowest membrane at the end of a step; `None` if there is no floor.
    pub floor: Option<i64>,
}

/// Range that a membrane can reach.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reach {
    /// Range at the start of a step.
    pub start: RangeInclusive<i64>,
    /// Range at any moment: every partial sum in any order of events.
    pub sums: RangeInclusive<i64>,
}

impl NeuronLimits<'_> {
    /// Range of the membrane over any number of steps; `None` if it is unbounded.
    #[must_use]
    pub fn reach(&self) -> Option<Reach> {
        let mut start = 0..=0;
        for _ in 0..CONVERGENCE_STEPS {
            let next = self.after_step(&start);
            if next == start {
                return Some(self.within_step(start));
            }
            start = next;
        }
        // Convergence is too slow to follow, but threshold and floor still bound the membrane.
        let (threshold, floor) = (self.threshold?, self.floor?);
        let highest = *leaked(self.leak_shifts, &(floor - self.sums.negative..=threshold)).end();
        Some(self.within_step(floor..=highest.max(0)))
    }

    /// Range of the membrane over the first `steps` steps.
    #[must_use]
    pub fn reach_within(&self, steps: usize) -> Reach {
        let mut start = 0..=0;
        for _ in 1..steps {
            let next = self.after_step(&start);
            if next == start {
                break;
            }
            start = next;
        }
        self.within_step(start)
    }

    fn within_step(&self, start: RangeInclusive<i64>) -> Reach {
        Reach {
            sums: start.start() - self.sums.negative..=start.end() + self.sums.positive,
            start,
        }
    }

    /// Union of the starts of this step and of the next.
    fn after_step(&self, start: &RangeInclusive<i64>) -> RangeInclusive<i64> {
        let (lowest, highest) = (
            start.start() - self.sums.negative,
            start.end() + self.sums.positive,
        );
        let silent = lowest..=self.threshold.map_or(highest, |threshold| highest.min(threshold));
        let settled = leaked(self.leak_shifts, &silent);
        let floored = |value: i64| self.floor.map_or(value, |floor| value.max(floor));
        // Neurons that fire restart from 0, which is in `start` already.
        floored(*settled.start()).min(*start.start())..=floored(*settled.end()).max(*start.end())
    }
}

/// Lowest and highest result of the leak for all membranes in a range that is not empty.
///
/// The leak L(m) = m − Σ (m >> shift) is not monotone: it grows by one with m, except where m crosses a multiple of
/// some powers 2^shift, where each of these shifts subtracts one. Between such multiples, the extremes are at the ends
/// of a range; across them, L falls only at multiples of several powers at once. So the extremes lie at an end of the
/// range, or next to the multiple of one of the powers that is closest to that end.
#[must_use]
pub fn leaked(leak_shifts: &[u8], membranes: &RangeInclusive<i64>) -> RangeInclusive<i64> {
    let leak = |m: i64| leak_shifts.iter().fold(m, |rest, &shift| rest - (m >> shift));
    let (&low, &high) = (membranes.start(), membranes.end());
    let multiples_above_low = leak_shifts.iter().map(|&shift| -(-low >> shift << shift));
    let below_multiples_under_high = leak_shifts
        .iter()
        .map(|&shift| ((high + 1) >> shift << shift) - 1);
    let lowest = multiples_above_low
        .filter(|&m| m <= high)
        .map(leak)
        .fold(leak(low), i64::min);
    let highest = below_multiples_under_high
        .filter(|&m| m >= low)
        .map(leak)
        .fold(leak(high), i64::max);
    lowest..=highest
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::integer::neuron::settle;

    const fn sums(positive: i64, negative: i64) -> StepSums {
        StepSums { positive, negative }
    }

    #[test]
    fn extremes_of_the_leak_equal_those_found_by_trying_every_membrane() {
        let mut sets = vec![vec![]];
        for a in 1..=6 {
            sets.push(vec![a]);
            for b in a + 1..=6 {
                sets.push(vec![a, b]);
                sets.extend((b + 1..=6).map(|c| vec![a, b, c]));
            }
        }
        assert_eq!(sets.len(), 1 + 6 + 15 + 20);
        for shifts in sets {
            for low in -70..=70_i32 {
                let (mut lowest, mut highest) = (i32::MAX, i32::MIN);
                for high in low..=70 {
                    let after = settle(high, &shifts, i32::MIN);
                    (lowest, highest) = (lowest.min(after), highest.max(after));
                    assert_eq!(
                        leaked(&shifts, &(low.into()..=high.into())),
                        lowest.into()..=highest.into(),
                        "shifts {shifts:?}, membranes {low}..={high}"
                    );
                }
            }
        }
    }

    #[test]
    fn a_membrane_that_only_rises_settles_where_the_leak_takes_what_the_spikes_give() {
        let limits = NeuronLimits {
            sums: sums(10, 0),
            threshold: None,
            leak_shifts: &[3],
            floor: None,
        };
        // 80 >> 3 = 10, and 79 >> 3 = 9 still gains one.
        assert_eq!(
            limits.reach(),
            Some(Reach {
                start: 0..=70,
                sums: 0..=80
            })
        );
    }

    #[test]
    fn without_leak_only_the_number_of_steps_bounds_an_output() {
        let limits = NeuronLimits {
            sums: sums(3, 2),
            threshold: None,
            leak_shifts: &[],
            floor: None,
        };
        assert_eq!(limits.reach(), None);
        assert_eq!(
            limits.reach_within(1),
            Reach {
                start: 0..=0,
                sums: -2..=3
            }
        );
        assert_eq!(
            limits.reach_within(10),
            Reach {
                start: -18..=27,
                sums: -20..=30
            }
        );
    }

    #[test]
    fn threshold_and_floor_bound_a_neuron_that_approaches_them_slowly() {
        let limits = NeuronLimits {
            sums: sums(3, 1),
            threshold: Some(100),
            leak_shifts: &[],
            floor: Some(-1_000_000),
        };
        assert_eq!(
            limits.reach(),
            Some(Reach {
                start: -1_000_000..=100,
                sums: -1_000_001..=103
            })
        );
    }

    #[test]
    fn two_shifts_lift_a_silent_membrane_above_zero() {
        let limits = NeuronLimits {
            sums: sums(0, 1),
            threshold: Some(50),
            leak_shifts: &[7, 9],
            floor: Some(-9),
        };
        // −1 leaks to +1: the start can exceed 0 although no spike is positive.
        assert_eq!(
            limits.reach(),
            Some(Reach {
                start: 0..=1,
                sums: -1..=1
            })
        );
    }
}
