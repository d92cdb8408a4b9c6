//! Pace: how fast a core is offered its events, and how often the streams between its layers are held back.

use crate::random::Random;

/// Pace of an inference. Everything is drawn from the seed, so a run can be repeated.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Pace {
    /// Cycles out of 256 in which no event is offered.
    pub gap: u8,
    /// Cycles out of 256 in which a flowing stream is held, for 1, 2, 4, 8, 16 or 32 cycles. Only the streams of a design under
    /// stress can be held.
    pub hold: u8,
    /// Seed of the draws.
    pub seed: u32,
}

impl Pace {
    /// Full speed: as fast as the core accepts events.
    pub const FULL: Self = Self {
        gap: 0,
        hold: 0,
        seed: 0,
    };

    /// Upper bound, with a wide margin, of the factor by which an inference takes longer than at full speed. A stream is held
    /// for 10.5 cycles on average, and streams in a row may stall each other.
    pub(crate) const fn slowdown(self) -> u64 {
        let gaps = 256 / (256 - self.gap as u64) + 1;
        let holds = 1 + self.hold as u64 * 21 / 512;
        gaps * holds
    }
}

/// Draws which streams are held in a cycle. The Verilator harness draws in the same way.
#[derive(Clone, Debug)]
pub(crate) struct Holds {
    pace: Pace,
    random: Random,
    left: Vec<u32>,
}

impl Holds {
    pub(crate) fn new(pace: Pace, streams: usize) -> Self {
        Self {
            pace,
            random: Random::new(pace.seed.into()),
            left: vec![0; streams],
        }
    }

    /// Draws for the next cycle: whether an event is offered, and whether each stream is held.
    pub(crate) fn next(&mut self) -> (bool, impl Iterator<Item = bool> + '_) {
        let offered = !self.random.chance(self.pace.gap);
        for left in &mut self.left {
            if *left > 0 {
                *left -= 1;
            } else if self.random.chance(self.pace.hold) {
                *left = 1 << self.random.below(6);
            }
        }
        (offered, self.left.iter().map(|&left| left > 0))
    }
}
