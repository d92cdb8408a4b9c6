//! Repeated measurements of time.

use nix::time::ClockId;
use serde::Serialize;
use std::time::{Duration, Instant};

/// Median, minimum and maximum of repeated measurements.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub(super) struct Spread {
    pub(super) median: f64,
    pub(super) min: f64,
    pub(super) max: f64,
}

impl Spread {
    /// Returns the spread of at least one measurement. The median of an even number of measurements is the mean of the
    /// middle two.
    pub(super) fn of(mut numbers: Vec<f64>) -> Self {
        numbers.sort_by(f64::total_cmp);
        let at = |index: usize| numbers.get(index).copied().unwrap_or(f64::NAN);
        let last = numbers.len().saturating_sub(1);
        Self {
            median: f64::midpoint(at(last / 2), at(last.div_ceil(2))),
            min: at(0),
            max: at(last),
        }
    }

    /// Applies a monotonic function to every measurement.
    pub(super) fn map(self, function: impl Fn(f64) -> f64) -> Self {
        let (one, other) = (function(self.min), function(self.max));
        Self {
            median: function(self.median),
            min: one.min(other),
            max: one.max(other),
        }
    }
}

/// Measures the processor time of this thread for a short piece of work, in seconds. First runs the work for at least
/// `least` as a warm-up; each of `repeats` measurements then runs it as often as the warm-up did.
pub(super) fn seconds(least: Duration, repeats: usize, mut work: impl FnMut()) -> Spread {
    let start = Instant::now();
    let mut runs = 0;
    while runs == 0 || start.elapsed() < least {
        work();
        runs += 1;
    }
    let repeat = |_| {
        let start = processor_time();
        for _ in 0..runs {
            work();
        }
        (processor_time() - start).as_secs_f64() / f64::from(runs)
    };
    Spread::of((0..repeats).map(repeat).collect())
}

/// Returns the processor time that this thread has used, which excludes the time of other threads and programs.
fn processor_time() -> Duration {
    // This clock exists on every Linux system.
    let time = ClockId::CLOCK_THREAD_CPUTIME_ID.now();
    time.map_or(Duration::ZERO, Duration::from)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_median_lies_in_the_middle() {
        let spread = |numbers: &[f64]| Spread::of(numbers.to_vec());
        let wanted = |median, min, max| Spread { median, min, max };
        assert_eq!(spread(&[3.0]), wanted(3.0, 3.0, 3.0));
        assert_eq!(spread(&[3.0, 1.0, 2.0]), wanted(2.0, 1.0, 3.0));
        assert_eq!(spread(&[4.0, 1.0, 2.0, 8.0]), wanted(3.0, 1.0, 8.0));
        assert_eq!(
            spread(&[2.0, 4.0, 5.0]).map(|number| 20.0 / number),
            wanted(5.0, 4.0, 10.0)
        );
    }

    #[test]
    fn work_is_repeated_as_often_as_it_warmed_up() {
        let mut runs = 0;
        let spread = seconds(Duration::ZERO, 3, || runs += 1);
        assert_eq!(runs, 4);
        assert!(spread.min <= spread.median && spread.median <= spread.max);
    }
}
