//! Sends the first writes of the next job while the host waits for the RESULT of the current one.
//!
//! A device handles requests in order of arrival. The first writes of the next job can therefore wait in its slots
//! behind RESULT, and are executed once RESULT is answered. That saves a round trip, which the latency timer of a USB
//! adapter can make long. If anything fails while writes are sent ahead (RESULT or its response is lost, or the watchdog
//! expires during RESULT), the next job may have started and the result may be gone: only a new start is safe.

use super::{Device, MAX_WRITES};
use crate::device::job::Job;
use crate::device::statistics::Traffic;
use crate::error::Result;
use crate::protocol::window::Window;
use crate::protocol::{Request, Response};
use crate::transport::Transport;

/// Source of the job that follows the current one.
pub(super) trait NextJob {
    /// Returns the job, made at the first call; `None` if there is no further job, or making it failed.
    fn job(&mut self) -> Option<&Job>;
}

impl NextJob for () {
    fn job(&mut self) -> Option<&Job> {
        None
    }
}

/// Writes of a job that were sent while the job before was still running.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct SentAhead {
    /// Sequence number of the first of these writes.
    pub(super) first: u16,
    /// Number of these writes.
    pub(super) count: usize,
    /// Bytes and frames of these writes, which count towards their own job.
    pub(super) traffic: Traffic,
}

impl SentAhead {
    /// Whether a response answers one of these writes of `job`.
    pub(super) fn is_answered_by(self, response: &Response, job: &Job) -> bool {
        let index = usize::from(response.seq.wrapping_sub(self.first));
        index < self.count && response.answers(job.writes[index].opcode, response.seq)
    }
}

/// Writes of the current job and the next one that are sent outside of their own turn.
pub(super) struct Overlap<'a> {
    /// Writes of the current job that were sent before.
    pub(super) before: SentAhead,
    /// Record of the writes of the next job that are sent ahead; `None` forbids sending any.
    pub(super) after: Option<&'a mut SentAhead>,
    /// Source of the next job.
    pub(super) next: &'a mut dyn NextJob,
}

impl<T: Transport> Device<T> {
    /// Sends as many of the job's writes as the device has slots for behind RESULT.
    pub(super) fn send_ahead(&mut self, window: &Window, job: &Job) -> Result<SentAhead> {
        let writes = job.writes.len();
        let count = window.room().min(writes);
        if count == 0 || writes > MAX_WRITES || !self.has_numbers_for(writes) {
            return Ok(SentAhead::default());
        }
        let first = self.next_seq;
        let before = self.session.statistics.total;
        // Until the job runs, device and host do not agree on the next number.
        self.synchronized = false;
        for write in &job.writes[..count] {
            let seq = self.next_seq;
            self.next_seq += 1;
            self.session
                .send(&Request::write(write.opcode, seq, &write.payload))?;
        }
        let traffic = self.session.statistics.total.since(before);
        Ok(SentAhead {
            first,
            count,
            traffic,
        })
    }
}
