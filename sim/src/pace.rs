//! How fast a core is given its events, and how often the streams between its layers are held back.

use crate::random::Random;

/// Shares are of 256 clocks. Everything is drawn from the seed, so that a run can be repeated.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Pace {
    /// Clocks in which no event is offered.
    pub gap: u8,
    /// Clocks in which a stream that flows is held, for 1, 2, 4, 8, 16 or 32 clocks. Only a design under stress can be
    /// held; another goes on.
    pub hold: u8,
    /// Seed of the draws.
    pub seed: u32,
}

impl Pace {
    /// As fast as the core takes events.
    pub const FULL: Self = Self {
        gap: 0,
        hold: 0,
        seed: 0,
    };

    /// At most so many times the clocks at full speed, by a wide margin. A stream is held for 10.5 clocks on average,
    /// and of several streams in a row each may wait for each other.
    pub(crate) const fn slowdown(self) -> u64 {
        let gaps = 256 / (256 - self.gap as u64) + 1;
        let holds = 1 + self.hold as u64 * 21 / 512;
        gaps * holds
    }
}

/// Which streams are held in a clock. The harness does the same.
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

    /// The next clock: whether an event is offered, and whether each stream is held.
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
