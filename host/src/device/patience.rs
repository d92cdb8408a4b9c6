//! Limits on tries and rounds that make no progress.

use super::LinkStatistics;
use super::session::Session;
use crate::error::{Error, Result};
use crate::protocol::Opcode;
use crate::transport::Transport;
use std::time::Instant;

/// Number of failed tries since the device last acknowledged a write, and the limit on them.
pub(super) struct Patience {
    retries: u32,
    fruitless: u32,
    gaps: u32,
    /// Statistics of the link at the last acknowledgement, and its time.
    since: LinkStatistics,
    started: Instant,
}

impl Patience {
    pub(super) fn new(retries: u32, statistics: &LinkStatistics) -> Self {
        Self {
            retries,
            fruitless: 0,
            gaps: 0,
            since: *statistics,
            started: Instant::now(),
        }
    }

    /// Counts one failed try. Returns whether there were more than the limit.
    pub(super) const fn is_spent(&mut self) -> bool {
        self.fruitless += 1;
        self.fruitless > self.retries
    }

    /// Counts one response that showed that a request before it was lost.
    pub(super) const fn gap(&mut self) {
        self.gaps += 1;
    }

    /// Fails if this try was one more than the limit.
    pub(super) fn spend<T: Transport>(&mut self, command: Opcode, session: &Session<T>) -> Result<()> {
        if self.is_spent() {
            Err(self.no_response(command, session))
        } else {
            Ok(())
        }
    }

    /// Says what happened since the last acknowledgement.
    pub(super) fn no_response<T: Transport>(&self, command: Opcode, session: &Session<T>) -> Error {
        let statistics = &session.statistics;
        Error::NoResponse {
            command,
            attempts: self.fruitless.max(1),
            waited: self.started.elapsed(),
            gaps: self.gaps,
            bytes: statistics.total.bytes_in - self.since.total.bytes_in,
            bad: statistics.bad_responses - self.since.bad_responses,
        }
    }
}

/// Number of rounds that failed, each of which is followed by a new start.
#[derive(Debug, Default)]
pub(super) struct Failures {
    pub(super) count: u32,
    halvings: u32,
}

impl Failures {
    /// Most halvings from the largest slot to the smallest request.
    const MOST_HALVINGS: u32 = 12;

    /// Counts a round whose requests were too large for the line. Returns whether it need not count as a failure: a device
    /// that never takes a certain request, and lets others grow again in between, must not be asked for ever.
    pub(super) const fn may_shrink(&mut self) -> bool {
        self.halvings += 1;
        self.halvings <= Self::MOST_HALVINGS
    }
}
