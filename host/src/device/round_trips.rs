//! Measured round trips, from which the waits for later responses follow.
//!
//! The timeouts of [`Timeouts`] leave room for the slowest board. On a board that answers in a millisecond, each lost frame
//! would cost such a timeout. The host therefore measures how long each kind of request takes, and waits for a few times as
//! long. A wait without a response doubles the next ones until a response arrives at the first try, so that a board which
//! has become slower is measured again. The configured timeouts remain the upper limit.

use super::Timeouts;
use crate::protocol::Opcode;
use std::time::Duration;

/// How many times the measured round trip to wait.
const MARGIN: u32 = 4;
/// Largest number of doublings; the configured timeout is the limit long before.
const MOST_DOUBLINGS: u32 = 10;

/// The slowest recent round trip of every kind of request.
#[derive(Debug)]
pub(super) struct RoundTrips {
    timeouts: Timeouts,
    measured: [Option<Duration>; Opcode::ALL.len()],
    doublings: u32,
}

impl RoundTrips {
    pub(super) const fn new(timeouts: Timeouts) -> Self {
        Self {
            timeouts,
            measured: [None; Opcode::ALL.len()],
            doublings: 0,
        }
    }

    /// Returns how long to wait for the response to a request, without the time of its bytes on the line.
    pub(super) fn wait(&self, opcode: Opcode) -> Duration {
        let configured = self.timeouts.of(opcode);
        let Some(measured) = self.expected(opcode) else {
            return configured;
        };
        let wait = (measured * MARGIN).max(self.timeouts.least);
        wait.saturating_mul(1 << self.doublings).min(configured)
    }

    /// Records that a response arrived `waited` after the host started to wait for it. `is_first` tells whether the request
    /// was sent once: otherwise it is unknown which of its copies was answered, and nothing is learned.
    pub(super) fn answered(&mut self, opcode: Opcode, waited: Duration, is_first: bool) {
        if !is_first {
            return;
        }
        self.doublings = 0;
        if let Some(place) = place(opcode) {
            let faded = self.measured[place].unwrap_or_default() / 8 * 7;
            self.measured[place] = Some(waited.max(faded));
        }
    }

    /// Records that no response arrived in time.
    pub(super) fn timed_out(&mut self) {
        self.doublings = MOST_DOUBLINGS.min(self.doublings + 1);
    }

    /// Returns the round trip to expect. Requests that wait for no computation are as fast as each other.
    fn expected(&self, opcode: Opcode) -> Option<Duration> {
        let own = place(opcode).and_then(|place| self.measured[place]);
        own.or_else(|| {
            let measured = Opcode::ALL.iter().zip(&self.measured);
            let of_link = measured.filter(|(other, _)| is_answered_at_once(**other));
            of_link
                .filter_map(|(_, measured)| *measured)
                .max()
                .filter(|_| is_answered_at_once(opcode))
        })
    }
}

fn place(opcode: Opcode) -> Option<usize> {
    Opcode::ALL.iter().position(|&other| other == opcode)
}

/// Whether a device answers without waiting for the accelerator to compute.
const fn is_answered_at_once(opcode: Opcode) -> bool {
    matches!(
        opcode,
        Opcode::Ping | Opcode::Identify | Opcode::Sync | Opcode::Clear | Opcode::Load | Opcode::Counters
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    const MS: Duration = Duration::from_millis(1);

    fn round_trips() -> RoundTrips {
        RoundTrips::new(Timeouts {
            least: 100 * MS,
            ..Timeouts::default().scaled(4)
        })
    }

    #[test]
    fn what_was_never_measured_may_take_the_configured_time() {
        let round_trips = round_trips();
        for opcode in Opcode::ALL {
            assert_eq!(round_trips.wait(opcode), Timeouts::default().scaled(4).of(opcode));
        }
    }

    #[test]
    fn a_wait_is_a_few_times_what_was_measured() {
        let mut round_trips = round_trips();
        round_trips.answered(Opcode::Result, 2 * MS, true);
        assert_eq!(round_trips.wait(Opcode::Result), 100 * MS, "the least");
        assert_eq!(round_trips.wait(Opcode::Spikes), 2000 * MS, "not measured");
        round_trips.answered(Opcode::Result, 50 * MS, true);
        assert_eq!(round_trips.wait(Opcode::Result), 200 * MS);
        round_trips.answered(Opcode::Result, 2 * MS, true);
        assert!(round_trips.wait(Opcode::Result) > 150 * MS, "fades slowly");
        round_trips.answered(Opcode::Result, 3000 * MS, true);
        assert_eq!(
            round_trips.wait(Opcode::Result),
            4000 * MS,
            "the configured limit"
        );
    }

    #[test]
    fn requests_that_are_answered_at_once_share_what_was_measured() {
        let mut round_trips = round_trips();
        round_trips.answered(Opcode::Identify, 60 * MS, true);
        assert_eq!(round_trips.wait(Opcode::Load), 240 * MS);
        assert_eq!(round_trips.wait(Opcode::Result), 4000 * MS);
        round_trips.answered(Opcode::Load, 90 * MS, true);
        assert_eq!(round_trips.wait(Opcode::Load), 360 * MS, "its own, once measured");
    }

    #[test]
    fn waits_double_until_a_first_try_is_answered() {
        let mut round_trips = round_trips();
        round_trips.answered(Opcode::Load, MS, true);
        round_trips.timed_out();
        round_trips.timed_out();
        assert_eq!(round_trips.wait(Opcode::Load), 400 * MS);
        round_trips.answered(Opcode::Load, MS, false);
        assert_eq!(round_trips.wait(Opcode::Load), 400 * MS);
        for _ in 0..100 {
            round_trips.timed_out();
        }
        assert_eq!(round_trips.wait(Opcode::Load), 4000 * MS);
        round_trips.answered(Opcode::Load, 300 * MS, true);
        assert_eq!(round_trips.wait(Opcode::Load), 1200 * MS);
    }
}
