//! Executes one job: its writes and the read behind them, and a new start if that fails.

use super::job::Job;
use super::overlap::{NextJob, Overlap, SentAhead};
use super::patience::{Failures, Patience};
use super::readiness::Readiness;
use super::{Device, MAX_WRITES};
use crate::error::{Error, Result};
use crate::protocol::window::{Outcome, RunRequest, Window};
use crate::protocol::{InferenceResult, Opcode, RESPONSE_HEADER, Request, Response, crc, frame};
use crate::transport::Transport;
use std::time::{Duration, Instant};

impl<T: Transport> Device<T> {
    /// Runs one inference, of which the writes in `sent_ahead` were sent before.
    ///
    /// While the device computes, makes the `next` job, sends its first writes, and records them in `sent_ahead`.
    pub(super) fn run(
        &mut self,
        job: &Job,
        sent_ahead: &mut SentAhead,
        next: &mut dyn NextJob,
    ) -> Result<InferenceResult> {
        let writes = job.writes.len();
        if writes > MAX_WRITES {
            return Err(Error::TooManyFrames {
                found: writes - 1,
                wanted: MAX_WRITES - 1,
            });
        }
        let before = self.session.statistics.total.since(sent_ahead.traffic);
        let started = Instant::now();
        let ready_by = started + job.patience;
        // The job in smaller requests, while the line damages large ones.
        let mut smaller: Option<(usize, Job)> = None;
        let mut failures = Failures::default();
        let mut may_send_ahead = true;
        loop {
            let sent = std::mem::take(sent_ahead);
            let ready = if sent.count > 0 {
                // Device and host agreed when these writes were sent.
                self.synchronized = true;
                Ok(())
            } else {
                self.ready(writes)
            };
            let frame_bytes = self.frame_size.bytes();
            if sent.count == 0 && self.frame_size.is_reduced() {
                if smaller.as_ref().is_none_or(|(bytes, _)| *bytes != frame_bytes) {
                    let job = job.in_frames_of(frame_bytes)?;
                    smaller = (job.writes.len() <= MAX_WRITES).then_some((frame_bytes, job));
                }
            } else {
                smaller = None;
            }
            let job = smaller.as_ref().map_or(job, |(_, job)| job);
            let ready = match ready {
                // Smaller requests are more requests.
                Ok(()) if sent.count == 0 => self.number(job.writes.len()),
                ready => ready,
            };
            // The next job is made of whole slots: on a bad line it is not sent ahead.
            let sends_ahead = may_send_ahead && self.options.overlap && !self.frame_size.is_reduced();
            let overlap = Overlap {
                before: sent,
                after: sends_ahead.then_some(&mut *sent_ahead),
                next,
            };
            let readiness = Readiness::until(ready_by.min(Instant::now() + self.time_of(job)));
            let again = self.session.statistics.retransmissions;
            let result = ready
                .and_then(|()| self.attempt(job, overlap, readiness))
                .and_then(|response| self.result(&response, job));
            let error = match result {
                Ok(result) => {
                    let again = self.session.statistics.retransmissions - again;
                    self.frame_size.succeeded(job.writes.len(), again);
                    let faded = self.slowest.unwrap_or_default() / 8 * 7;
                    self.slowest = Some(started.elapsed().max(faded));
                    let statistics = &mut self.session.statistics;
                    statistics.inferences += 1;
                    statistics.last_inference = statistics.total.since(before).since(sent_ahead.traffic);
                    return Ok(result);
                }
                Err(error) => error,
            };
            if std::mem::take(sent_ahead).count > 0 && (error.is_transient() || !self.session.connected) {
                // Without writes sent ahead, retransmissions might have helped: do not count this as an attempt.
                may_send_ahead = false;
                self.synchronized = false;
                // A device that needs longer than its watchdog waits will do so again.
                self.options.overlap &= !matches!(error, Error::NotReady { .. });
                continue;
            }
            // An accelerator that did not become ready in all of this time does not do so after a new start either.
            if matches!(error, Error::NotReady { .. })
                && !job.patience.is_zero()
                && Instant::now() >= ready_by
            {
                self.synchronized = false;
                return Err(error);
            }
            self.shrink_or_give_up(error, &mut failures)?;
        }
    }

    /// Returns how long RESULT of a job may be "not ready": several times as long as the slowest inference took.
    fn time_of(&self, job: &Job) -> Duration {
        const MARGIN: u32 = 16;
        let measured = |slowest: Duration| (slowest * MARGIN).max(self.options.timeouts.result);
        self.slowest
            .map_or(job.patience, |slowest| measured(slowest).min(job.patience))
    }

    /// Prepares for smaller requests if the line lost contents in a whole round and they can be divided further; otherwise
    /// counts a failure.
    pub(super) fn shrink_or_give_up(&mut self, error: Error, failures: &mut Failures) -> Result<()> {
        let lost_contents = matches!(
            error,
            Error::NoResponse {
                command: Opcode::Load | Opcode::Spikes,
                ..
            }
        );
        if lost_contents && failures.may_shrink() && self.frame_size.shrink() {
            self.synchronized = false;
            return Ok(());
        }
        self.give_up_or_go_on(error, failures)
    }

    /// Counts a failure, after which only a new start is safe. Returns the error if a new start would not help, or there
    /// were enough attempts.
    pub(super) fn give_up_or_go_on(&mut self, error: Error, failures: &mut Failures) -> Result<()> {
        self.synchronized = false;
        failures.count += 1;
        // While the transport is disconnected, errors of opening it are not final either.
        if !error.is_transient() && self.session.connected {
            return Err(error);
        }
        if failures.count >= self.options.attempts {
            return Err(Error::InferenceFailed {
                attempts: failures.count,
                last: Box::new(error),
            });
        }
        Ok(())
    }

    /// Makes sure that device and host agree, that all memories are loaded, and that enough sequence numbers are left for
    /// `writes` writes.
    pub(super) fn ready(&mut self, writes: usize) -> Result<()> {
        if !self.synchronized {
            self.recover(writes)?;
        }
        self.set_up()?;
        self.number(writes)
    }

    /// Makes sure that enough sequence numbers are left for `writes` writes.
    pub(super) fn number(&mut self, writes: usize) -> Result<()> {
        if self.has_numbers_for(writes) {
            Ok(())
        } else {
            self.sync(writes)
        }
    }

    /// Tries a job once, with retransmissions but without a new start. Returns the response to the job's last request.
    pub(super) fn attempt(
        &mut self,
        job: &Job,
        mut overlap: Overlap<'_>,
        mut readiness: Readiness,
    ) -> Result<Response> {
        let writes = job.writes.len();
        let opcodes = job.writes.iter().map(|write| write.opcode).collect();
        let SentAhead { first, count, .. } = overlap.before;
        let first = if count > 0 { first } else { self.next_seq };
        let mut window = Window::of(first, opcodes, job.last, self.identity.slots);
        for index in 0..count {
            window.sent(RunRequest::Write(index), 0);
        }
        self.next_seq = window.seq(writes);
        let line_time = self.line_time();
        let mut last_answer = Instant::now();
        let mut is_first = true;
        let mut only_strays = false;
        let mut patience = Patience::new(self.options.retries, &self.session.statistics);
        loop {
            self.progress = Some((window.acknowledged(), window.limits()));
            while let Some(request) = window.next() {
                if window.oldest().is_none() {
                    last_answer = Instant::now();
                }
                self.transmit(&mut window, request, job)?;
                self.progress = Some((window.acknowledged(), window.limits()));
            }
            let next = overlap.next.job();
            if let (Some(after), Some(next)) = (&mut overlap.after, next)
                && after.count == 0
            {
                **after = self.send_ahead(&window, next)?;
            }
            let sent_ahead = overlap.after.as_deref().copied().unwrap_or_default();

            let oldest = window.oldest().unwrap_or(RunRequest::Result);
            let command = window.opcode(oldest);
            let deadline = last_answer + self.session.round_trips.wait(command) + line_time;
            // A board that sends responses without end must not keep the host past the deadline.
            let received = if only_strays && Instant::now() >= deadline {
                None
            } else {
                self.session.receive(deadline)?
            };
            let Some(response) = received else {
                only_strays = false;
                self.session.statistics.timeouts += 1;
                self.session.round_trips.timed_out();
                is_first = false;
                if sent_ahead.count > 0 {
                    return Err(patience.no_response(command, &self.session));
                }
                self.session.discard()?;
                window.on_timeout();
                last_answer = Instant::now();
                patience.spend(command, &self.session)?;
                continue;
            };

            let acknowledged = window.acknowledged();
            let outcome = window.on_response(&response);
            if outcome != Outcome::Stray {
                let waited = last_answer.elapsed();
                self.session.round_trips.answered(command, waited, is_first);
                last_answer = Instant::now();
                is_first = true;
            }
            if window.acknowledged() > acknowledged {
                patience = Patience::new(self.options.retries, &self.session.statistics);
            }
            match outcome {
                Outcome::Finished => return Ok(response),
                Outcome::Answered => {}
                // The device answers in order: requests of this job get no response any more.
                Outcome::Stray if next_is_answered(sent_ahead, &response, overlap.next) => {
                    return Err(patience.no_response(command, &self.session));
                }
                Outcome::Stray => {
                    only_strays = true;
                    self.session.statistics.stray_responses += 1;
                }
                Outcome::Rewound => {
                    patience.gap();
                    if sent_ahead.count > 0 {
                        return Err(patience.no_response(command, &self.session));
                    }
                    self.session.flush();
                    patience.spend(command, &self.session)?;
                }
                // The board draws the spikes itself, which may take longer than its watchdog waits.
                Outcome::NotReady(RunRequest::Result)
                    if sent_ahead.count == 0 && (readiness.wait() || !patience.is_spent()) => {}
                // Some of the spikes may have reached the accelerator, or the next job has started: only a new start is safe.
                Outcome::NotReady(request) => return Err(readiness.not_ready(window.opcode(request))),
                Outcome::Rejected(request, status) => {
                    return Err(Error::Rejected {
                        command: window.opcode(request),
                        status,
                    });
                }
                Outcome::Lost => {
                    let (low, high) = window.limits();
                    return Err(Error::OutOfStep {
                        expected: response.expected,
                        low,
                        high,
                    });
                }
            }
        }
    }

    fn transmit(&mut self, window: &mut Window, request: RunRequest, job: &Job) -> Result<()> {
        let tag = self.session.tag();
        let message = match request {
            RunRequest::Write(index) => {
                let write = &job.writes[index];
                Request::write(write.opcode, window.seq(index), &write.payload)
            }
            RunRequest::Result => Request::new(job.last, tag),
        };
        if window.sent(request, tag) {
            self.session.statistics.retransmissions += 1;
        }
        self.session.send(&message)
    }

    fn result(&self, response: &Response, job: &Job) -> Result<InferenceResult> {
        let classes = self.identity.classes;
        let result = InferenceResult::decode(&response.payload, classes).ok_or(Error::MalformedResponse {
            command: Opcode::Result,
            found: response.payload.len(),
            wanted: InferenceResult::bytes(classes),
        })?;
        if result.steps == job.steps || job.may_exit && (1..job.steps).contains(&result.steps) {
            return Ok(result);
        }
        Err(Error::StepsMismatch {
            found: result.steps,
            wanted: job.steps,
        })
    }

    /// Returns the time that a full window of requests and one result take on the line.
    fn line_time(&self) -> Duration {
        let requests =
            usize::from(self.identity.slots) * frame::max_wire_bytes(self.identity.slot_bytes.into());
        let response = RESPONSE_HEADER + InferenceResult::bytes(self.identity.classes) + crc::CRC_BYTES;
        let bytes = requests + frame::max_wire_bytes(response);
        self.session.transport.byte_time() * u32::try_from(bytes).unwrap_or(u32::MAX)
    }
}

/// Whether a response answers one of the writes that were sent ahead.
fn next_is_answered(sent_ahead: SentAhead, response: &Response, next: &mut dyn NextJob) -> bool {
    sent_ahead.count > 0
        && next
            .job()
            .is_some_and(|job| sent_ahead.is_answered_by(response, job))
}
