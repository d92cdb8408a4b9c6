//! Sends requests and receives responses: framing, statistics, and the exchange of single requests.

use super::Timeouts;
use super::patience::Patience;
use super::readiness::Readiness;
use super::round_trips::RoundTrips;
use super::statistics::LinkStatistics;
use crate::error::{Error, Result};
use crate::protocol::{Decoded, FrameDecoder, Opcode, Request, Response, Status, VERSION, crc, frame};
use crate::transport::Transport;
use std::collections::VecDeque;
use std::time::Instant;

/// Length of the longest response body of any device: a RESULT with 65535 classes.
const MAX_RESPONSE: usize = 8 + 8 + 4 * u16::MAX as usize;
/// Largest number of bytes taken off the transport at once.
const RECEIVE_BUFFER: usize = 4096;

/// A transport with framing, and the statistics of the link.
#[derive(Debug)]
pub(super) struct Session<T> {
    pub(super) transport: T,
    pub(super) statistics: LinkStatistics,
    pub(super) round_trips: RoundTrips,
    /// Whether the transport worked when it was last used.
    pub(super) connected: bool,
    decoder: FrameDecoder,
    /// Responses that are decoded and not taken yet.
    arrived: VecDeque<Response>,
    buffer: Vec<u8>,
    wire: Vec<u8>,
    next_tag: u16,
    /// Whether to start the next frame with a delimiter, which ends a partial frame that the device may hold.
    flush: bool,
}

impl<T: Transport> Session<T> {
    pub(super) fn new(transport: T, timeouts: Timeouts) -> Self {
        Self {
            transport,
            statistics: LinkStatistics::default(),
            round_trips: RoundTrips::new(timeouts),
            connected: true,
            decoder: FrameDecoder::new(MAX_RESPONSE + crc::CRC_BYTES),
            arrived: VecDeque::new(),
            buffer: vec![0; RECEIVE_BUFFER],
            wire: Vec::new(),
            next_tag: 0,
            flush: true,
        }
    }

    /// Returns a tag for a read, different from the last 65535 tags.
    pub(super) const fn tag(&mut self) -> u16 {
        self.next_tag = self.next_tag.wrapping_add(1);
        self.next_tag
    }

    /// Starts the next frame with a delimiter.
    pub(super) const fn flush(&mut self) {
        self.flush = true;
    }

    pub(super) fn send(&mut self, request: &Request<'_>) -> Result<()> {
        self.wire.clear();
        if std::mem::take(&mut self.flush) {
            self.wire.push(frame::DELIMITER);
        }
        request.encode(&mut self.wire);
        self.statistics.total.requests += 1;
        self.statistics.total.bytes_out += self.wire.len() as u64;
        let sent = self.transport.send(&self.wire);
        self.watch(sent)
    }

    /// Returns the next response, or `None` if none has arrived by `deadline`.
    pub(super) fn receive(&mut self, deadline: Instant) -> Result<Option<Response>> {
        loop {
            if let Some(response) = self.arrived.pop_front() {
                return Ok(Some(response));
            }
            let received = self.transport.receive(&mut self.buffer, deadline);
            let count = self.watch(received)?;
            self.statistics.total.bytes_in += count as u64;
            for index in 0..count {
                self.decode(self.buffer[index])?;
            }
            // A stream of garbage must not keep the host past the deadline.
            if self.arrived.is_empty() && (count == 0 || Instant::now() >= deadline) {
                return Ok(None);
            }
        }
    }

    fn decode(&mut self, byte: u8) -> Result<()> {
        let response = match self.decoder.push(byte) {
            Decoded::Pending => return Ok(()),
            Decoded::Frame(body) => Response::decode(&body),
            Decoded::Bad(_) => None,
        };
        match response {
            Some(response) if response.version != VERSION => {
                return Err(Error::ProtocolVersion {
                    found: response.version,
                    wanted: VERSION,
                });
            }
            Some(response) => {
                self.statistics.total.responses += 1;
                self.arrived.push_back(response);
            }
            None => self.statistics.bad_responses += 1,
        }
        Ok(())
    }

    /// Executes a read and returns its response.
    pub(super) fn read(&mut self, opcode: Opcode, retries: u32) -> Result<Response> {
        let first = self.next_tag.wrapping_add(1);
        let request = |session: &mut Self| Request::new(opcode, session.tag());
        // A read changes nothing: a late response to an earlier try is as good as one to the last.
        let answers = |response: &Response, last: u16| {
            response.answers(opcode, response.seq)
                && response.seq.wrapping_sub(first) <= last.wrapping_sub(first)
        };
        self.exchange(opcode, retries, request, answers)
    }

    /// Executes SYNC with this number. Executing it more than once does no harm.
    pub(super) fn sync(&mut self, seq: u16, retries: u32) -> Result<()> {
        self.flush();
        let request = |_: &mut Self| Request::new(Opcode::Sync, seq);
        let answers = |response: &Response, _| response.answers(Opcode::Sync, seq);
        self.exchange(Opcode::Sync, retries, request, answers).map(drop)
    }

    /// Sends a request until its response arrives, at most `1 + retries` times.
    fn exchange(
        &mut self,
        command: Opcode,
        retries: u32,
        mut request: impl FnMut(&mut Self) -> Request<'static>,
        answers: impl Fn(&Response, u16) -> bool,
    ) -> Result<Response> {
        let mut patience = Patience::new(retries, &self.statistics);
        let mut readiness = Readiness::none();
        let mut is_first = true;
        loop {
            let request = request(self);
            self.send(&request)?;
            let line_time = self.transport.byte_time() * u32::try_from(self.wire.len()).unwrap_or(u32::MAX);
            let sent = Instant::now();
            let deadline = sent + self.round_trips.wait(command) + line_time;
            let mut not_ready = false;
            while let Some(response) = self.receive(deadline)? {
                if !answers(&response, request.seq) {
                    self.statistics.stray_responses += 1;
                    // A board that sends responses without end must not keep the host past the deadline.
                    if Instant::now() >= deadline {
                        break;
                    }
                    continue;
                }
                self.round_trips.answered(command, sent.elapsed(), is_first);
                match response.status {
                    Status::Ok => return Ok(response),
                    Status::NotReady => not_ready = true,
                    status => return Err(Error::Rejected { command, status }),
                }
                break;
            }
            if not_ready {
                readiness.wait();
                if patience.is_spent() {
                    return Err(readiness.not_ready(command));
                }
            } else {
                self.statistics.timeouts += 1;
                self.round_trips.timed_out();
                patience.spend(command, self)?;
            }
            is_first = false;
            self.statistics.retransmissions += 1;
            self.flush();
        }
    }

    /// Discards everything that has arrived, and starts the next frame with a delimiter.
    pub(super) fn discard(&mut self) -> Result<()> {
        self.arrived.clear();
        self.flush();
        let discarded = self.transport.discard();
        self.watch(discarded)
    }

    /// Connects the transport again.
    pub(super) fn reopen(&mut self, deadline: Instant) -> Result<()> {
        self.transport.reopen(deadline)?;
        self.connected = true;
        Ok(())
    }

    /// Records whether the transport broke.
    fn watch<V>(&mut self, result: Result<V>) -> Result<V> {
        self.connected &= !matches!(result, Err(Error::Disconnected { .. }));
        result
    }
}
