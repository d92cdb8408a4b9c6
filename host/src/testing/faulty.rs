//! An unreliable line: frames are lost, damaged, truncated, repeated, delayed or preceded by noise, and the device is
//! reset.

use super::fault_plan::{Direction, Fault, FaultPlan};
use super::random::Random;
use crate::error::Result;
use crate::protocol::frame::DELIMITER;
use crate::transport::Transport;
use std::collections::VecDeque;
use std::fmt;
use std::time::{Duration, Instant};

/// A transport whose frames have faults.
pub struct Faulty<T, P> {
    /// The transport without faults.
    pub inner: T,
    /// Plan of the faults.
    pub plan: P,
    reset: fn(&mut T),
    requests: Line,
    responses: Line,
    ready: VecDeque<u8>,
}

impl<T: fmt::Debug, P: fmt::Debug> fmt::Debug for Faulty<T, P> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Faulty")
            .field("inner", &self.inner)
            .field("plan", &self.plan)
            .finish_non_exhaustive()
    }
}

impl<T: Transport, P: FaultPlan> Faulty<T, P> {
    /// Wraps `inner`. `reset` resets the device behind it.
    pub fn new(inner: T, plan: P, reset: fn(&mut T)) -> Self {
        Self {
            inner,
            plan,
            reset,
            requests: Line::new(Direction::Request),
            responses: Line::new(Direction::Response),
            ready: VecDeque::new(),
        }
    }

    fn reset_if(&mut self, wanted: bool) {
        if wanted {
            (self.reset)(&mut self.inner);
        }
    }
}

impl<T: Transport, P: FaultPlan> Transport for Faulty<T, P> {
    fn send(&mut self, bytes: &[u8]) -> Result<()> {
        for &byte in bytes {
            let Some(frame) = self.requests.collect(byte) else {
                continue;
            };
            let delivery = self.requests.pass(frame, &mut self.plan);
            self.reset_if(delivery.reset);
            self.inner.send(&delivery.bytes)?;
        }
        Ok(())
    }

    fn receive(&mut self, buffer: &mut [u8], deadline: Instant) -> Result<usize> {
        let mut waits = 0;
        while self.ready.is_empty() {
            let count = self.inner.receive(buffer, deadline)?;
            for &byte in &buffer[..count] {
                let Some(frame) = self.responses.collect(byte) else {
                    continue;
                };
                let delivery = self.responses.pass(frame, &mut self.plan);
                self.reset_if(delivery.reset);
                self.ready.extend(delivery.bytes);
            }
            if count == 0 {
                // Time passes: held frames age, in both directions.
                self.ready.extend(self.responses.age());
                let late = self.requests.age();
                if late.is_empty() && self.ready.is_empty() || waits > 0 {
                    break;
                }
                self.inner.send(&late)?;
                waits += 1;
            }
        }
        let count = buffer.len().min(self.ready.len());
        for (slot, byte) in buffer.iter_mut().zip(self.ready.drain(..count)) {
            *slot = byte;
        }
        Ok(count)
    }

    /// Discards what the inner transport has. Frames that are held back still arrive later.
    fn discard(&mut self) -> Result<()> {
        self.inner.discard()
    }

    fn reopen(&mut self, deadline: Instant) -> Result<()> {
        self.inner.reopen(deadline)
    }

    fn byte_time(&self) -> Duration {
        self.inner.byte_time()
    }
}

/// One direction of the line.
struct Line {
    direction: Direction,
    open: Vec<u8>,
    held: Vec<(u32, Vec<u8>)>,
}

#[derive(Default)]
struct Delivery {
    bytes: Vec<u8>,
    reset: bool,
}

impl Line {
    const fn new(direction: Direction) -> Self {
        Self {
            direction,
            open: Vec::new(),
            held: Vec::new(),
        }
    }

    /// Adds a byte and returns the frame that it completes, if it completes one. A lone delimiter becomes part of the
    /// next frame.
    fn collect(&mut self, byte: u8) -> Option<Vec<u8>> {
        let lone = self.open.iter().all(|&byte| byte == DELIMITER);
        self.open.push(byte);
        (byte == DELIMITER && !lone).then(|| std::mem::take(&mut self.open))
    }

    fn pass(&mut self, mut frame: Vec<u8>, plan: &mut impl FaultPlan) -> Delivery {
        let mut delivery = Delivery::default();
        match plan.next(self.direction) {
            Fault::None => delivery.bytes = frame,
            Fault::Drop => {}
            Fault::Flip(number) => {
                let bit = pick(number, frame.len() * 8);
                frame[bit / 8] ^= 1 << (bit % 8);
                delivery.bytes = frame;
            }
            Fault::Truncate(number) => {
                frame.truncate(pick(number, frame.len()));
                delivery.bytes = frame;
            }
            Fault::Duplicate => delivery.bytes = [frame.clone(), frame].concat(),
            Fault::Hold(frames) => {
                delivery.bytes = self.age();
                self.held.push((frames, frame));
                return delivery;
            }
            Fault::Noise(seed) => {
                let mut random = Random::new(seed);
                let length = random.below(200);
                delivery.bytes = (0..length)
                    .map(|_| random.next().to_le_bytes()[0])
                    .chain(frame)
                    .collect();
            }
            Fault::BitErrors { per_million, seed } => {
                let mut random = Random::new(seed);
                for bit in 0..8 * frame.len() {
                    if random.below(1_000_000) < per_million {
                        frame[bit / 8] ^= 1 << (bit % 8);
                    }
                }
                delivery.bytes = frame;
            }
            Fault::Reset => (delivery.bytes, delivery.reset) = (frame, true),
        }
        delivery.bytes.extend(self.age());
        delivery
    }

    /// Ages held frames by one, and returns those whose time has come.
    fn age(&mut self) -> Vec<u8> {
        let mut due = Vec::new();
        self.held.retain_mut(|(left, frame)| {
            *left = left.saturating_sub(1);
            if *left == 0 {
                due.append(frame);
            }
            *left > 0
        });
        due
    }
}

/// Maps a number to a place below `length`.
fn pick(number: u64, length: usize) -> usize {
    usize::try_from(number % length.max(1) as u64).unwrap_or(0)
}
