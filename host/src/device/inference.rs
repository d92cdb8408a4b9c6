//! One job: its writes through the window, a read behind them, and a fresh start when that fails.

use super::job::Job;
use super::overlap::{Ahead, Lead, Overlap};
use super::{Device, LinkStatistics, MAX_WRITES};
use crate::error::{Error, Result};
use crate::protocol::window::{Item, Outcome, Window};
use crate::protocol::{InferenceResult, Opcode, RESPONSE_HEADER, Request, Response, crc, frame};
use crate::transport::Transport;
use std::time::{Duration, Instant};

impl<T: Transport> Device<T> {
    /// Runs one inference, of which `lead` was sent before. While there is nothing to do but to wait for the device, the
    /// job `ahead` is made, and `lead` becomes what was sent of it.
    pub(super) fn run(
        &mut self,
        job: &Job,
        lead: &mut Lead,
        ahead: &mut dyn Ahead,
    ) -> Result<InferenceResult> {
        let writes = job.writes.len();
        if writes > MAX_WRITES {
            return Err(Error::TooManyFrames {
                found: writes - 1,
                wanted: MAX_WRITES - 1,
            });
        }
        let before = self.session.statistics.total.since(lead.traffic);
        let mut failures = 0;
        let mut may_lead = true;
        loop {
            let sent = std::mem::take(lead);
            let ready = if sent.count > 0 {
                // As it was when they were sent.
                self.synchronized = true;
                Ok(())
            } else {
                self.ready(writes)
            };
            let overlap = Overlap {
                before: sent,
                after: (may_lead && self.options.overlap).then_some(&mut *lead),
                ahead,
            };
            let result = ready
                .and_then(|()| self.attempt(job, overlap))
                .and_then(|response| self.result(&response, job));
            let error = match result {
                Ok(result) => {
                    let statistics = &mut self.session.statistics;
                    statistics.inferences += 1;
                    statistics.last_inference = statistics.total.since(before).since(lead.traffic);
                    return Ok(result);
                }
                Err(error) => error,
            };
            if std::mem::take(lead).count > 0 && (error.is_transient() || !self.session.connected) {
                // Without writes ahead, it might have been mended: that is no failed attempt yet.
                may_lead = false;
                self.synchronized = false;
                // A device that takes longer than its watchdog waits does so again.
                self.options.overlap &= !matches!(error, Error::NotReady { .. });
                continue;
            }
            self.give_up_or_go_on(error, &mut failures)?;
        }
    }

    /// Counts a failure, after which only a fresh start is sound; returns the error if that would not help, or was tried
    /// often enough.
    pub(super) fn give_up_or_go_on(&mut self, error: Error, failures: &mut u32) -> Result<()> {
        self.synchronized = false;
        *failures += 1;
        // While the transport is away, what opening it says is not final either.
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

    /// Makes sure that device and host agree, that the device holds what it is to hold, and that numbers are left for
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

    /// Tries once, with retransmissions but without a fresh start; returns the answer to the job's last request.
    pub(super) fn attempt(&mut self, job: &Job, mut overlap: Overlap<'_>) -> Result<Response> {
        let writes = job.writes.len();
        let opcodes = job.writes.iter().map(|write| write.opcode).collect();
        let Lead { first, count, .. } = overlap.before;
        let first = if count > 0 { first } else { self.next_seq };
        let mut window = Window::of(first, opcodes, job.last, self.identity.slots);
        for index in 0..count {
            window.sent(Item::Write(index), 0);
        }
        let started = Instant::now();
        self.next_seq = window.seq(writes);
        let line_time = self.line_time();
        let mut last_answer = Instant::now();
        let mut babbling = false;
        let mut patience = Patience::new(self.options.retries, &self.session.statistics);
        loop {
            self.progress = Some((window.acknowledged(), window.limits()));
            while let Some(item) = window.next() {
                if window.oldest().is_none() {
                    last_answer = Instant::now();
                }
                self.transmit(&mut window, item, job)?;
                self.progress = Some((window.acknowledged(), window.limits()));
            }
            let next = overlap.ahead.job();
            if let (Some(after), Some(next)) = (&mut overlap.after, next)
                && after.count == 0
            {
                **after = self.send_ahead(&window, next)?;
            }
            let lead = overlap.after.as_deref().copied().unwrap_or_default();

            let oldest = window.oldest().unwrap_or(Item::Result);
            let command = window.opcode(oldest);
            let timeout = self.options.timeouts.of(command);
            let deadline = last_answer + timeout + line_time;
            // A board that babbles must not keep us past the deadline, however much it says.
            let received = if babbling && Instant::now() >= deadline {
                None
            } else {
                self.session.receive(deadline)?
            };
            let Some(response) = received else {
                babbling = false;
                self.session.statistics.timeouts += 1;
                if lead.count > 0 {
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
                // What was asked before is not answered any more.
                Outcome::Stray if next_is_answered(lead, &response, overlap.ahead) => {
                    return Err(self.no_response(command, 1, timeout, &patience.since));
                }
                Outcome::Stray => {
                    babbling = true;
                    self.session.statistics.stray_responses += 1;
                }
                Outcome::Rewound if lead.count > 0 => {
                    return Err(self.no_response(command, 1, timeout, &patience.since));
                }
                Outcome::Rewound => {
                    self.session.flush();
                    patience.spend(|attempts, since| self.no_response(command, attempts, timeout, since))?;
                }
                // The board draws the spikes by itself, and takes its time over it.
                Outcome::NotReady(Item::Result) if lead.count == 0 && started.elapsed() < job.patience => {}
                Outcome::NotReady(Item::Result) if lead.count > 0 => {
                    return Err(Error::NotReady {
                        command: job.last,
                        attempts: 1,
                    });
                }
                Outcome::NotReady(Item::Result) => {
                    patience.spend(|attempts, _| Error::NotReady {
                        command: Opcode::Result,
                        attempts,
                    })?;
                }
                // Part of the spikes may have reached the accelerator: only a fresh start is sound.
                Outcome::NotReady(item) => {
                    return Err(Error::NotReady {
                        command: window.opcode(item),
                        attempts: 1,
                    });
                }
                Outcome::Rejected(item, status) => {
                    return Err(Error::Rejected {
                        command: window.opcode(item),
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

    fn transmit(&mut self, window: &mut Window, item: Item, job: &Job) -> Result<()> {
        let tag = self.session.tag();
        let request = match item {
            Item::Write(index) => {
                let write = &job.writes[index];
                Request::write(write.opcode, window.seq(index), &write.payload)
            }
            Item::Result => Request::new(job.last, tag),
        };
        if window.sent(item, tag) {
            self.session.statistics.retransmissions += 1;
        }
        self.session.send(&request)
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

    /// Time that a full window and one result take on the line.
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

fn next_is_answered(lead: Lead, response: &Response, ahead: &mut dyn Ahead) -> bool {
    lead.count > 0 && ahead.job().is_some_and(|job| lead.is_answered_by(response, job))
}

/// Counts what came to nothing since the device last acknowledged a write.
struct Patience {
    retries: u32,
    fruitless: u32,
    since: LinkStatistics,
}

impl Patience {
    const fn new(retries: u32, statistics: &LinkStatistics) -> Self {
        Self {
            retries,
            fruitless: 0,
            since: *statistics,
        }
    }

    /// Fails with `error` if this was one too many.
    fn spend(&mut self, error: impl FnOnce(u32, &LinkStatistics) -> Error) -> Result<()> {
        self.fruitless += 1;
        if self.fruitless > self.retries {
            Err(error(self.fruitless, &self.since))
        } else {
            Ok(())
        }
    }
}
