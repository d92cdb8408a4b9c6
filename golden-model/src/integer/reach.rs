//! Range that a membrane can reach: interval arithmetic over the update of one neuron, exact to the last bit of the
//! leak.
//!
//! Within a step, a neuron receives spikes from some subset of its sources, in any order. For every subset and order,
//! partial sums stay within `[start − N, start + P]`, where P and N are the magnitudes of the worst-case sums
//! ([`super::sums`]). Both ends are reached if all increments of one sign arrive first. So this interval, taken at the
//! extreme starts, decides about overflow within a step.
//!
//! At the end of a step, the bias b is added to every membrane once, so that these ends move to `start − N + b` and
//! `start + P + b`. On the way there, the sums lie within `[start − N − max(−b, 0), start + P + max(b, 0)]`: a bias counts
//! as one more increment of its sign.
//!
//! From one step to the next, a membrane above the threshold becomes 0, or loses the threshold; all others keep their
//! value. Then leak, floor and ceiling apply. This maps an interval of starts to the next one. The union over all steps
//! converges unless the membrane is unbounded.

use super::sums::StepSums;
use crate::network::Reset;
use std::ops::RangeInclusive;

/// Number of steps after which an interval that still grows is assumed to grow forever. A leak of 2^−11 settles well
/// within it.
const CONVERGENCE_STEPS: usize = 1 << 15;

/// Parameters that bound the membrane of one neuron, all in units of 2^−G weight LSB.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NeuronLimits<'a> {
    /// Worst-case sums of a step, without the bias.
    pub sums: StepSums,
    /// Bias that the end of every step adds.
    pub bias: i64,
    /// Threshold; `None` for a neuron that never fires.
    pub threshold: Option<i64>,
    /// Shifts of the leak, distinct and ascending.
    pub leak_shifts: &'a [u8],
    /// Lowest membrane at the end of a step; `None` if there is no floor.
    pub floor: Option<i64>,
    /// What becomes of a membrane above the threshold.
    pub reset: Reset,
    /// Highest membrane at the end of a step; `None` if there is no ceiling.
    pub ceiling: Option<i64>,
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
        // Convergence is too slow to follow, but floor and threshold, or ceiling, still bound the membrane.
        let (threshold, floor) = (self.threshold?, self.floor?);
        let highest = match self.reset {
            Reset::Zero => {
                let lowest = (floor - self.sums.negative + self.bias).min(threshold);
                *leaked(self.leak_shifts, &(lowest..=threshold)).end()
            }
            Reset::Subtract => self.ceiling?,
        };
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
            sums: start.start() - self.most_subtracted()..=start.end() + self.most_added(),
            start,
        }
    }

    /// Largest amount that one step can add to a membrane at any moment.
    #[must_use]
    pub const fn most_added(&self) -> i64 {
        self.sums.positive + if self.bias > 0 { self.bias } else { 0 }
    }

    /// Largest amount that one step can subtract from a membrane at any moment, as a magnitude.
    #[must_use]
    pub const fn most_subtracted(&self) -> i64 {
        self.sums.negative + if self.bias < 0 { -self.bias } else { 0 }
    }

    /// Highest membrane that is compared with the threshold, if steps start within `start`.
    #[must_use]
    pub const fn highest_compared(&self, start: &RangeInclusive<i64>) -> i64 {
        *start.end() + self.sums.positive + self.bias
    }

    /// Union of the starts of this step and of the next.
    fn after_step(&self, start: &RangeInclusive<i64>) -> RangeInclusive<i64> {
        let lowest = start.start() - self.sums.negative + self.bias;
        let highest = self.highest_compared(start);
        let silent = lowest..=self.threshold.map_or(highest, |threshold| highest.min(threshold));
        let fired = match (self.reset, self.threshold) {
            (Reset::Subtract, Some(threshold)) => Some((lowest - threshold).max(1)..=highest - threshold),
            // Neurons that fire restart from 0, which is in `start` already.
            _ => None,
        };
        let limited = |value: i64| {
            let floored = self.floor.map_or(value, |floor| value.max(floor));
            self.ceiling.map_or(floored, |ceiling| floored.min(ceiling))
        };
        let mut next = start.clone();
        let rests = [Some(silent), fired].into_iter().flatten();
        for rest in rests.filter(|rest| !rest.is_empty()) {
            let settled = leaked(self.leak_shifts, &rest);
            next = limited(*settled.start()).min(*next.start())..=limited(*settled.end()).max(*next.end());
        }
        next
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

    /// A neuron without bias that restarts from 0.
    const PLAIN: NeuronLimits<'_> = NeuronLimits {
        sums: sums(0, 0),
        bias: 0,
        threshold: None,
        leak_shifts: &[],
        floor: None,
        reset: Reset::Zero,
        ceiling: None,
    };

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
            ..PLAIN
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
            ..PLAIN
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
            ..PLAIN
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
            ..PLAIN
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

    #[test]
    fn a_bias_moves_both_ends_of_a_step() {
        let limits = |bias| NeuronLimits {
            sums: sums(5, 5),
            bias,
            ..PLAIN
        };
        // Two steps: starts within [−5 + b, 5 + b] and 0, then sums on the way to [.. − 5, .. + 5] and with the bias.
        let reach = |bias| limits(bias).reach_within(2);
        assert_eq!((reach(3).start, reach(3).sums), (-2..=8, -7..=16));
        assert_eq!((reach(-3).start, reach(-3).sums), (-8..=2, -16..=7));
        // A bias that every step needs: the membrane never sinks.
        assert_eq!((reach(20).start, reach(20).sums), (0..=25, -5..=50));
    }

    #[test]
    fn a_neuron_that_a_bias_always_fires_is_bounded() {
        let limits = NeuronLimits {
            sums: sums(4, 2),
            bias: 100,
            threshold: Some(10),
            floor: Some(-50),
            ..PLAIN
        };
        // Every step starts from 0 and fires.
        assert_eq!(
            limits.reach(),
            Some(Reach {
                start: 0..=0,
                sums: -2..=104
            })
        );
    }

    #[test]
    fn a_reset_by_subtraction_leaves_what_exceeds_the_threshold() {
        let limits = |positive, leak_shifts, ceiling| NeuronLimits {
            sums: sums(positive, 0),
            threshold: Some(10),
            leak_shifts,
            floor: Some(-8),
            reset: Reset::Subtract,
            ceiling,
            ..PLAIN
        };
        // 10 + 7 − 10 = 7 is below the threshold: what does not fire is the highest start.
        assert_eq!(
            limits(7, &[], None).reach().map(|reach| reach.start),
            Some(0..=10)
        );
        // 15 − 10 = 5, 20 − 10 = 10, 15, … rises to the ceiling, or for ever.
        assert_eq!(
            limits(15, &[], Some(23)).reach().map(|reach| reach.sums),
            Some(0..=38)
        );
        assert_eq!(limits(15, &[], None).reach(), None);
        // m + 20 − 10 loses half of itself, rounded down: 10 is where it settles.
        assert_eq!(
            limits(20, &[1], None).reach().map(|reach| reach.start),
            Some(0..=10)
        );
        // A ceiling below the threshold silences, and limits.
        assert_eq!(
            limits(7, &[], Some(2)).reach().map(|reach| reach.sums),
            Some(0..=9)
        );
    }

    #[test]
    fn a_slow_rise_ends_at_the_ceiling() {
        let limits = NeuronLimits {
            sums: sums(11, 1),
            threshold: Some(10),
            floor: Some(-1_000_000),
            reset: Reset::Subtract,
            ceiling: Some(2_000_000),
            ..PLAIN
        };
        assert_eq!(
            limits.reach(),
            Some(Reach {
                start: -1_000_000..=2_000_000,
                sums: -1_000_001..=2_000_011
            })
        );
    }
}
