//! Executes one job: its writes and the read behind them, and a new start if that fails.

use super::job::Job;
use super::overlap::{NextJob, Overlap, SentAhead};
use super::patience::Patience;
use super::{Device, LinkStatistics, MAX_WRITES};
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
        let mut failures = 0;
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
            let overlap = Overlap {
                before: sent,
                after: (may_send_ahead && self.options.overlap).then_some(&mut *sent_ahead),
                next,
            };
            let result = ready
                .and_then(|()| self.attempt(job, overlap))
                .and_then(|response| self.result(&response, job));
            let error = match result {
                Ok(result) => {
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
            self.give_up_or_go_on(error, &mut failures)?;
        }
    }

    /// Counts a failure, after which only a new start is safe. Returns the error if a new start would not help, or there
    /// were enough attempts.
    pub(super) fn give_up_or_go_on(&mut self, error: Error, failures: &mut u32) -> Result<()> {
        self.synchronized = false;
        *failures += 1;
        // While the transport is disconnected, errors of opening it are not final either.
        if !error.is_transient() && self.session.connected {
            return Err(error);
        }
        if *failures >= self.options.attempts {
            return Err(Error::InferenceFailed {
                attempts: *failures,
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
        if self.has_numbers_for(writes) {
            Ok(())
        } else {
            self.sync(writes)
        }
    }

    /// Tries a job once, with retransmissions but without a new start. Returns the response to the job's last request.
    pub(super) fn attempt(&mut self, job: &Job, mut overlap: Overlap<'_>) -> Result<Response> {
        let writes = job.writes.len();
        let opcodes = job.writes.iter().map(|write| write.opcode).collect();
        let SentAhead { first, count, .. } = overlap.before;
        let first = if count > 0 { first } else { self.next_seq };
        let mut window = Window::of(first, opcodes, job.last, self.identity.slots);
        for index in 0..count {
            window.sent(RunRequest::Write(index), 0);
        }
        let started = Instant::now();
        self.next_seq = window.seq(writes);
        let line_time = self.line_time();
        let mut last_answer = Instant::now();
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
            let timeout = self.options.timeouts.of(command);
            let deadline = last_answer + timeout + line_time;
            // A board that sends responses without end must not keep the host past the deadline.
            let received = if only_strays && Instant::now() >= deadline {
                None
            } else {
                self.session.receive(deadline)?
            };
            let Some(response) = received else {
                only_strays = false;
                self.session.statistics.timeouts += 1;
                if sent_ahead.count > 0 {
                    return Err(self.no_response(command, 1, timeout, &patience.since));
                }
                self.session.discard()?;
                window.on_timeout();
                last_answer = Instant::now();
                patience.spend(|attempts, since| self.no_response(command, attempts, timeout, since))?;
                continue;
            };

            let acknowledged = window.acknowledged();
            let outcome = window.on_response(&response);
            if outcome != Outcome::Stray {
                last_answer = Instant::now();
            }
            if window.acknowledged() > acknowledged {
                patience = Patience::new(self.options.retries, &self.session.statistics);
            }
            match outcome {
                Outcome::Finished => return Ok(response),
                Outcome::Answered => {}
                // The device answers in order: requests of this job get no response any more.
                Outcome::Stray if next_is_answered(sent_ahead, &response, overlap.next) => {
                    return Err(self.no_response(command, 1, timeout, &patience.since));
                }
                Outcome::Stray => {
                    only_strays = true;
                    self.session.statistics.stray_responses += 1;
                }
                Outcome::Rewound if sent_ahead.count > 0 => {
                    return Err(self.no_response(command, 1, timeout, &patience.since));
                }
                Outcome::Rewound => {
                    self.session.flush();
                    patience.spend(|attempts, since| self.no_response(command, attempts, timeout, since))?;
                }
                // The board draws the spikes itself, which may take longer than its watchdog waits.
                Outcome::NotReady(RunRequest::Result)
                    if sent_ahead.count == 0 && started.elapsed() < job.patience => {}
                Outcome::NotReady(RunRequest::Result) if sent_ahead.count > 0 => {
                    return Err(Error::NotReady {
                        command: job.last,
                        attempts: 1,
                    });
                }
                Outcome::NotReady(RunRequest::Result) => {
                    patience.spend(|attempts, _| Error::NotReady {
                        command: Opcode::Result,
                        attempts,
                    })?;
                }
                // Some of the spikes may have reached the accelerator: only a new start is safe.
                Outcome::NotReady(request) => {
                    return Err(Error::NotReady {
                        command: window.opcode(request),
                        attempts: 1,
                    });
                }
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

    const fn no_response(
        &self,
        command: Opcode,
        attempts: u32,
        waited: Duration,
        since: &LinkStatistics,
    ) -> Error {
        let statistics = &self.session.statistics;
        Error::NoResponse {
            command,
            attempts,
            waited,
            bytes: statistics.total.bytes_in - since.total.bytes_in,
            bad: statistics.bad_responses - since.bad_responses,
        }
    }
}

/// Whether a response answers one of the writes that were sent ahead.
fn next_is_answered(sent_ahead: SentAhead, response: &Response, next: &mut dyn NextJob) -> bool {
    sent_ahead.count > 0
        && next
            .job()
            .is_some_and(|job| sent_ahead.is_answered_by(response, job))
}
