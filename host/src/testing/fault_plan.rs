//! Plans of faults: what happens to which frame.

use super::random::Random;
use std::fmt;

/// Direction of a frame.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Direction {
    /// The frame goes from the host to the device.
    Request,
    /// The frame goes from the device to the host.
    Response,
}

/// Fault of a frame on its way.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// The frame arrives unharmed.
    None,
    /// The frame is lost.
    Drop,
    /// One bit, chosen by the number, is inverted. A flipped bit in the delimiter joins two frames.
    Flip(u64),
    /// Only the beginning of the frame arrives, without a delimiter; the number chooses the length.
    Truncate(u64),
    /// The frame arrives twice.
    Duplicate,
    /// The frame arrives after this many further frames or timeouts.
    Hold(u32),
    /// Random bytes arrive before the frame; the number is their seed.
    Noise(u64),
    /// The device is reset before the frame arrives.
    Reset,
    /// Every bit of the frame is inverted with the same probability.
    BitErrors {
        /// How many of a million bits are inverted.
        per_million: u64,
        /// Seed that chooses them.
        seed: u64,
    },
}

/// Decides which fault each frame has.
pub trait FaultPlan {
    /// Returns the fault of the next frame.
    fn next(&mut self, direction: Direction) -> Fault;
}

/// Rates of random faults: how many of 1000 frames have each fault.
#[derive(Clone, Copy, Debug, Default)]
pub struct FaultRates {
    /// Rate of [`Fault::Drop`].
    pub drop: u64,
    /// Rate of [`Fault::Flip`].
    pub flip: u64,
    /// Rate of [`Fault::Truncate`].
    pub truncate: u64,
    /// Rate of [`Fault::Duplicate`].
    pub duplicate: u64,
    /// Rate of [`Fault::Hold`].
    pub hold: u64,
    /// Rate of [`Fault::Noise`].
    pub noise: u64,
    /// Rate of [`Fault::Reset`].
    pub reset: u64,
}

impl FaultRates {
    /// Makes a plan with these rates. Equal seeds give equal faults.
    #[must_use]
    pub const fn plan(self, seed: u64) -> impl FaultPlan + fmt::Debug {
        RandomPlan {
            rates: self,
            random: Random::new(seed),
        }
    }
}

/// Makes a plan in which every bit of every frame may be wrong. Equal seeds give equal faults.
#[must_use]
pub const fn bit_errors(per_million: u64, seed: u64) -> impl FaultPlan + fmt::Debug {
    BitErrorPlan {
        per_million,
        random: Random::new(seed),
    }
}

#[derive(Debug)]
struct BitErrorPlan {
    per_million: u64,
    random: Random,
}

impl FaultPlan for BitErrorPlan {
    fn next(&mut self, _direction: Direction) -> Fault {
        Fault::BitErrors {
            per_million: self.per_million,
            seed: self.random.next(),
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

/// A plan with given faults at given frames, counted over both directions together.
#[derive(Clone, Debug, Default)]
pub struct Script {
    faults: Vec<(u64, Fault)>,
    /// Number of frames so far.
    pub frames: u64,
}

impl Script {
    /// A plan that has faults at these frames, and none at the others.
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
