//! A line that fails: frames lost, damaged, cut, repeated, delayed, drowned in noise; a device that resets.

use super::random::Random;
use crate::error::Result;
use crate::protocol::frame::DELIMITER;
use crate::transport::Transport;
use std::collections::VecDeque;
use std::fmt;
use std::time::{Duration, Instant};

/// Which way a frame goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Direction {
    /// From host to device.
    Request,
    /// From device to host.
    Response,
}

/// What happens to a frame.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// Nothing.
    None,
    /// It is lost.
    Drop,
    /// One bit is inverted; the number chooses it. That of the delimiter may be it, and joins two frames.
    Flip(u64),
    /// Only the beginning arrives, without a delimiter; the number chooses how much.
    Truncate(u64),
    /// It arrives twice.
    Duplicate,
    /// It arrives after this many further frames or timeouts.
    Hold(u32),
    /// Noise arrives before it; the number is its seed.
    Noise(u64),
    /// The device is reset before it arrives.
    Reset,
}

/// Decides what happens to each frame.
pub trait FaultPlan {
    /// The fault of the next frame.
    fn next(&mut self, direction: Direction) -> Fault;
}

/// Random faults: how many of 1000 frames meet each.
#[derive(Clone, Copy, Debug, Default)]
pub struct FaultRates {
    /// [`Fault::Drop`].
    pub drop: u64,
    /// [`Fault::Flip`].
    pub flip: u64,
    /// [`Fault::Truncate`].
    pub truncate: u64,
    /// [`Fault::Duplicate`].
    pub duplicate: u64,
    /// [`Fault::Hold`].
    pub hold: u64,
    /// [`Fault::Noise`].
    pub noise: u64,
    /// [`Fault::Reset`].
    pub reset: u64,
}

impl FaultRates {
    /// A plan with these rates. Equal seeds give equal faults.
    #[must_use]
    pub const fn plan(self, seed: u64) -> impl FaultPlan + fmt::Debug {
        RandomPlan {
            rates: self,
            random: Random::new(seed),
        }
    }
}

#[derive(Debug)]
struct RandomPlan {
    rates: FaultRates,
    random: Random,
}

impl FaultPlan for RandomPlan {
    fn next(&mut self, _direction: Direction) -> Fault {
        let FaultRates {
            drop,
            flip,
            truncate,
            duplicate,
            hold,
            noise,
            reset,
        } = self.rates;
        let number = self.random.next();
        let faults = [
            (drop, Fault::Drop),
            (flip, Fault::Flip(number)),
            (truncate, Fault::Truncate(number)),
            (duplicate, Fault::Duplicate),
            (hold, Fault::Hold(1 + u32::try_from(number % 12).unwrap_or(0))),
            (noise, Fault::Noise(number)),
            (reset, Fault::Reset),
        ];
        let mut place = self.random.below(1000);
        for (rate, fault) in faults {
            if place < rate {
                return fault;
            }
            place -= rate;
        }
        Fault::None
    }
}

/// Given faults at given frames, counted in both directions together.
#[derive(Clone, Debug, Default)]
pub struct Script {
    faults: Vec<(u64, Fault)>,
    /// Frames seen so far.
    pub frames: u64,
}

impl Script {
    /// A plan with a fault for each of these frames, and none for the others.
    #[must_use]
    pub const fn new(faults: Vec<(u64, Fault)>) -> Self {
        Self { faults, frames: 0 }
    }
}

impl FaultPlan for Script {
    fn next(&mut self, _direction: Direction) -> Fault {
        let frame = self.frames;
        self.frames += 1;
        self.faults
            .iter()
            .find(|(at, _)| *at == frame)
            .map_or(Fault::None, |&(_, fault)| fault)
    }
}

/// A transport whose frames meet faults.
pub struct Faulty<T, P> {
    /// The transport without faults.
    pub inner: T,
    /// What happens to the frames.
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
                // Time passes: held frames come closer, in both directions.
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

    /// Frames held back stay on their way.
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

/// One direction.
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

    /// Adds a byte, and returns the frame that it completes. Lone delimiters are part of the next frame.
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
            Fault::Reset => (delivery.bytes, delivery.reset) = (frame, true),
        }
        delivery.bytes.extend(self.age());
        delivery
    }

    /// Brings held frames closer, and returns those whose time has come.
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

/// A place below `length`.
fn pick(number: u64, length: usize) -> usize {
    usize::try_from(number % length.max(1) as u64).unwrap_or(0)
}
