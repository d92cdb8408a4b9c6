//! What is sent of the next job while RESULT of the one at hand is awaited.
//!
//! A device handles requests in order of arrival, so the next job's first writes may wait in its slots behind RESULT and are
//! executed once that is answered. A round trip is saved, which a USB adapter's latency timer can make long. Whatever goes
//! wrong while writes are ahead (RESULT or its answer is lost, or the watchdog runs out over it), the next job may have
//! begun and the result be gone: only a fresh start is sound.

use super::{Device, MAX_WRITES};
use crate::device::job::Job;
use crate::device::statistics::Traffic;
use crate::error::Result;
use crate::protocol::window::Window;
use crate::protocol::{Request, Response};
use crate::transport::Transport;

/// The job that comes after the one at hand.
pub(super) trait Ahead {
    /// The job, made when it is first asked for; none if there is none or it has an error.
    fn job(&mut self) -> Option<&Job>;
}

impl Ahead for () {
    fn job(&mut self) -> Option<&Job> {
        None
    }
}

/// A job's writes that were sent before its turn.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Lead {
    /// Number of the first of them.
    pub(super) first: u16,
    /// How many.
    pub(super) count: usize,
    /// What they took of the line, which is their own job's.
    pub(super) traffic: Traffic,
}

impl Lead {
    /// Whether a response answers one of these writes, of that job.
    pub(super) fn is_answered_by(self, response: &Response, job: &Job) -> bool {
        let index = usize::from(response.seq.wrapping_sub(self.first));
        index < self.count && response.answers(job.writes[index].opcode, response.seq)
    }
}

/// What an attempt sends beyond its own job.
pub(super) struct Overlap<'a> {
    /// The job's own writes that were sent before.
    pub(super) before: Lead,
    /// The next job's writes that are sent now; none may be if this is `None`.
    pub(super) after: Option<&'a mut Lead>,
    /// The next job.
    pub(super) ahead: &'a mut dyn Ahead,
}

impl<T: Transport> Device<T> {
    /// Sends as many of the job's writes as find room behind RESULT.
    pub(super) fn send_ahead(&mut self, window: &Window, job: &Job) -> Result<Lead> {
        let writes = job.writes.len();
        let count = window.room().min(writes);
        if count == 0 || writes > MAX_WRITES || !self.has_numbers_for(writes) {
            return Ok(Lead::default());
        }
        let first = self.next_seq;
        let before = self.session.statistics.total;
        // Until the job's turn has come, nobody else may take it that device and host agree.
        self.synchronized = false;
        for write in &job.writes[..count] {
            let seq = self.next_seq;
            self.next_seq += 1;
            self.session
                .send(&Request::write(write.opcode, seq, &write.payload))?;
        }
        let traffic = self.session.statistics.total.since(before);
        Ok(Lead {
            first,
            count,
            traffic,
        })
    }
}
