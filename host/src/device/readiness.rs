//! Limit on how long a device may answer "not ready", and pauses between the questions.

use crate::error::Error;
use crate::protocol::Opcode;
use std::time::{Duration, Instant};

/// Pause before the second question; each further pause is twice as long.
const FIRST_PAUSE: Duration = Duration::from_millis(1);
/// Longest pause. A result that is ready is taken at most this late.
const LONGEST_PAUSE: Duration = Duration::from_millis(32);

/// How long one attempt waits for an accelerator that is not ready.
#[derive(Clone, Copy, Debug)]
pub(super) struct Readiness {
    asked: Instant,
    until: Instant,
    questions: u32,
    pause: Duration,
}

impl Readiness {
    /// Waits until this time.
    pub(super) fn until(until: Instant) -> Self {
        Self {
            asked: Instant::now(),
            until,
            questions: 0,
            pause: FIRST_PAUSE,
        }
    }

    /// Waits no time: a fixed number of questions is the only limit.
    pub(super) fn none() -> Self {
        Self::until(Instant::now())
    }

    /// Counts an answer "not ready", and pauses before the next question. Returns whether there is time for one.
    pub(super) fn wait(&mut self) -> bool {
        self.questions += 1;
        let left = self.until.saturating_duration_since(Instant::now());
        if left.is_zero() {
            return false;
        }
        std::thread::sleep(self.pause.min(left));
        self.pause = LONGEST_PAUSE.min(2 * self.pause);
        true
    }

    /// Says how long the device was not ready.
    pub(super) fn not_ready(&self, command: Opcode) -> Error {
        Error::NotReady {
            command,
            attempts: self.questions.max(1),
            waited: self.asked.elapsed(),
        }
    }
}
