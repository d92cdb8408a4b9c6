//! Decides what to send next: credit-based flow control and go-back-N for the writes of one run and the read behind
//! them.
//!
//! A run consists of writes with consecutive sequence numbers, such as CLEAR and SPIKES, and one read behind them that
//! shows that they were executed: RESULT, or IDENTIFY behind LOADs. This module calls that read RESULT.
//! The window handles neither time nor bytes. Its owner sends the request that [`Window::next`] names, reports it with
//! [`Window::sent`], and reports responses and timeouts.
//!
//! ```text
//!            acked              cursor        high
//!  write  0 ───┼───────────────────┼───────────┼─────── writes ── RESULT
//!  executed by │ sent, execution   │ to be sent│ never
//!  the device  │ not known yet     │ again     │ sent
//! ```
//!
//! * At most `slots` requests are without a response, and fewer while the device reports fewer free slots.
//! * Every response acknowledges all writes before its `expected`.
//! * A gap (a write refused as out of sequence, or a RESULT that overtook a lost write) moves the cursor back
//!   to the first write that is not acknowledged. Each such move starts a new *epoch*. A response to a request of an
//!   earlier epoch still acknowledges writes, but does not move the cursor back again.
//! * If `expected` is not among the writes that are sent and not acknowledged, the device is not where this run left
//!   it, for instance because it was reset: the outcome is [`Outcome::Lost`].

use super::{Opcode, Response, Status};
use std::collections::VecDeque;

/// One request of a run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RunRequest {
    /// The write with this index, counted from 0.
    Write(usize),
    /// The read behind all writes.
    Result,
}

/// What a response means for the run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// The response answers no request in flight: it is a duplicate, or a leftover of an earlier run.
    Stray,
    /// The response answers a request in flight, and the run continues.
    Answered,
    /// A write was lost, and the cursor went back to it.
    Rewound,
    /// RESULT was executed after every write; the payload of the response is the result.
    Finished,
    /// The device's watchdog expired during this request.
    NotReady(RunRequest),
    /// The device refused this request.
    Rejected(RunRequest, Status),
    /// The device expects a write that is not part of the run.
    Lost,
}

/// A request that was sent and has no response yet.
#[derive(Clone, Copy, Debug)]
struct InFlight {
    request: RunRequest,
    tag: u16,
    epoch: u32,
}

/// Progress of one run: which requests are sent, in flight and acknowledged.
#[derive(Debug)]
pub struct Window {
    first: u16,
    opcodes: Vec<Opcode>,
    last: Opcode,
    writes: usize,
    slots: usize,
    free: usize,
    acked: usize,
    cursor: usize,
    high: usize,
    asked: bool,
    epoch: u32,
    in_flight: VecDeque<InFlight>,
}

impl Window {
    /// A run of one CLEAR, `writes - 1` SPIKES and RESULT, for a device with `slots` receive slots. The first write has
    /// the sequence number `first`.
    #[must_use]
    pub fn new(first: u16, writes: usize, slots: u8) -> Self {
        let opcode = |index| if index == 0 { Opcode::Clear } else { Opcode::Spikes };
        Self::of(first, (0..writes).map(opcode).collect(), Opcode::Result, slots)
    }

    /// A run of writes with these opcodes and the read `last`, for a device with `slots` receive slots. The first write
    /// has the sequence number `first`.
    #[must_use]
    pub const fn of(first: u16, opcodes: Vec<Opcode>, last: Opcode, slots: u8) -> Self {
        Self {
            first,
            last,
            writes: opcodes.len(),
            opcodes,
            slots: slots as usize,
            free: slots as usize,
            acked: 0,
            cursor: 0,
            high: 0,
            asked: false,
            epoch: 0,
            in_flight: VecDeque::new(),
        }
    }

    /// Returns the request to send now, if one may be sent.
    #[must_use]
    pub fn next(&self) -> Option<RunRequest> {
        if self.free == 0 || self.in_flight.len() >= self.slots {
            None
        } else if self.cursor < self.writes {
            Some(RunRequest::Write(self.cursor))
        } else {
            let asked =
                |flight: &InFlight| flight.request == RunRequest::Result && flight.epoch == self.epoch;
            (!self.in_flight.iter().any(asked)).then_some(RunRequest::Result)
        }
    }

    /// Returns how many requests of the next run the device has free slots for; 0 until all of this run is sent.
    #[must_use]
    pub fn room(&self) -> usize {
        let asked = |flight: &InFlight| flight.request == RunRequest::Result && flight.epoch == self.epoch;
        if self.in_flight.iter().any(asked) {
            self.free.min(self.slots.saturating_sub(self.in_flight.len()))
        } else {
            0
        }
    }

    /// Records that `request` was sent. `tag` is the tag of a RESULT; a write has the number [`Window::seq`] instead.
    ///
    /// Returns whether the request had been sent before.
    pub fn sent(&mut self, request: RunRequest, tag: u16) -> bool {
        let (tag, again) = match request {
            RunRequest::Write(index) => {
                self.cursor = index + 1;
                let again = index < self.high;
                self.high = self.high.max(index + 1);
                (self.seq(index), again)
            }
            RunRequest::Result => (tag, std::mem::replace(&mut self.asked, true)),
        };
        self.free = self.free.saturating_sub(1);
        self.in_flight.push_back(InFlight {
            request,
            tag,
            epoch: self.epoch,
        });
        again
    }

    /// Returns the sequence number of the write with this index.
    #[must_use]
    pub fn seq(&self, index: usize) -> u16 {
        #[expect(
            clippy::cast_possible_truncation,
            reason = "sequence numbers count modulo 2^16"
        )]
        self.first.wrapping_add(index as u16)
    }

    /// Returns the opcode of a request of this run.
    #[must_use]
    pub fn opcode(&self, request: RunRequest) -> Opcode {
        match request {
            RunRequest::Write(index) => self.opcodes.get(index).copied().unwrap_or(self.last),
            RunRequest::Result => self.last,
        }
    }

    /// Returns the oldest request without a response.
    #[must_use]
    pub fn oldest(&self) -> Option<RunRequest> {
        self.in_flight.front().map(|flight| flight.request)
    }

    /// Returns the number of writes that the device is known to have executed.
    #[must_use]
    pub const fn acknowledged(&self) -> usize {
        self.acked
    }

    /// Returns the smallest and the largest sequence number that `expected` may have: the first write that is not
    /// acknowledged, and the first write that was never sent.
    #[must_use]
    pub fn limits(&self) -> (u16, u16) {
        (self.seq(self.acked), self.seq(self.high))
    }

    /// Takes a response into account and returns what it means for the run.
    pub fn on_response(&mut self, response: &Response) -> Outcome {
        let answered = |flight: &InFlight| response.answers(self.opcode(flight.request), flight.tag);
        let Some(position) = self.in_flight.iter().position(answered) else {
            return Outcome::Stray;
        };
        // The device answers in order: requests sent before this one get no response any more.
        let Some(flight) = self.in_flight.drain(..=position).next_back() else {
            return Outcome::Stray;
        };
        self.free = usize::from(response.credits);
        let is_current = flight.epoch == self.epoch;

        let ahead = usize::from(response.expected.wrapping_sub(self.seq(self.acked)));
        if ahead > self.high - self.acked {
            return if is_current {
                Outcome::Lost
            } else {
                Outcome::Answered
            };
        }
        self.acked += ahead;
        self.cursor = self.cursor.max(self.acked);

        match (response.status, flight.request) {
            (Status::Ok, RunRequest::Result) if self.acked == self.writes => Outcome::Finished,
            (Status::Ok | Status::NotReady, RunRequest::Result) if self.acked < self.writes => {
                self.rewind_if(is_current)
            }
            (Status::OutOfSequence, RunRequest::Write(index)) => {
                self.rewind_if(is_current && self.acked <= index)
            }
            (Status::Ok, _) => Outcome::Answered,
            (Status::NotReady, request) => Outcome::NotReady(request),
            (status, request) => Outcome::Rejected(request, status),
        }
    }

    /// Forgets all requests in flight and moves the cursor back to the first write that is not acknowledged.
    pub fn on_timeout(&mut self) {
        self.in_flight.clear();
        self.free = self.slots;
        self.rewind();
    }

    fn rewind_if(&mut self, gap: bool) -> Outcome {
        if !gap {
            return Outcome::Answered;
        }
        self.rewind();
        Outcome::Rewound
    }

    const fn rewind(&mut self) {
        self.cursor = self.acked;
        self.epoch += 1;
    }
}

#[cfg(test)]
mod tests;
