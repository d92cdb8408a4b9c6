//! Stress: event trains and a variant of the design that reach states which images do not reach.
//!
//! Real images spike in every step, at similar rates, as fast as the core accepts the events. So membranes are nearly always
//! forwarded and hardly ever read from memory, floors, leaks of both signs and the ends of ranges are not reached, and queues
//! never fill. Two tools reach these states in a fraction of the cycles:
//!
//! * [`trains`] draws short seeded event trains: silent, full, in bursts, silent at the end, and trains that drive membranes
//!   to their floor or threshold. Of several trains of a kind it takes the one that reaches the most new states
//!   ([`coverage`]).
//! * [`stressed`] writes a variant of the design: the same model with the smallest FIFOs and queues, and with streams that can
//!   be held back. The variant is driven with gaps between events, and with held streams ([`Pace`]).

pub mod coverage;
mod drive;
mod variant;

pub use variant::{FOLDER, stressed, tight};

use crate::error::Result;
use crate::pace::Pace;
use crate::random::Random;
use crate::stimulus::{Run, Subject};
use coverage::Coverage;
use drive::Driver;
use std::collections::BTreeSet;
use synfire_golden_model::integer::QuantizedModel;
use synfire_golden_model::spikes::SpikeRaster;

/// Most steps of a train; a model with fewer steps gets fewer, since its membrane widths are proven only for its own steps.
const MOST_STEPS: usize = 12;
/// Number of trains that are drawn for each train that is taken.
const DRAWS: usize = 6;
/// Gaps and holds that trains take in turn: held streams, gaps, both, and a few held streams.
const PACES: [(u8, u8); 4] = [(0, 48), (160, 0), (96, 24), (0, 12)];

/// Event train.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Train {
    /// Number of the train, starting with 0.
    pub number: usize,
    /// Kind of the train.
    pub kind: TrainKind,
    /// Seed of the train's spikes.
    pub seed: u64,
    /// Spikes of the train.
    pub raster: SpikeRaster,
    /// Pace at which the events are offered.
    pub pace: Pace,
}

impl Train {
    /// Gives the train a pace that depends on its number, for a design under stress.
    #[must_use]
    pub fn paced(&self) -> Self {
        let (gap, hold) = PACES[self.number % PACES.len()];
        let seed = u32::try_from(Random::new(self.seed).next() >> 32).unwrap_or(0);
        Self {
            pace: Pace { gap, hold, seed },
            ..self.clone()
        }
    }
}

impl<'a> From<&'a Train> for Run<'a> {
    fn from(train: &'a Train) -> Self {
        Self {
            subject: Subject::Train(train.number, train.kind.name()),
            seed: train.seed,
            raster: &train.raster,
            pace: train.pace,
            limit: u64::MAX,
        }
    }
}

/// Kind of an event train.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TrainKind {
    /// Inputs that lower a channel until the floor holds it, then silence.
    Falling,
    /// Inputs that raise a channel to its threshold and beyond, then silence.
    Rising,
    /// Many inputs at once, with silence in between.
    Bursts,
    /// Spikes in half of the steps, then silence, so that sweeps read membranes from memory.
    SilentEnd,
    /// All inputs in every step.
    Full,
    /// Few inputs in every step.
    Sparse,
    /// No spikes.
    Silent,
}

impl TrainKind {
    /// All kinds, in the order in which trains take them.
    pub const ALL: [Self; 7] = [
        Self::SilentEnd,
        Self::Falling,
        Self::Full,
        Self::Bursts,
        Self::Rising,
        Self::Sparse,
        Self::Silent,
    ];

    /// Name of the kind.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Falling => "falling",
            Self::Rising => "rising",
            Self::Bursts => "bursts",
            Self::SilentEnd => "silent end",
            Self::Full => "full",
            Self::Sparse => "sparse",
            Self::Silent => "silent",
        }
    }
}

/// Draws `count` trains for a model, with the kinds in turn. For each train several are drawn, and the one that reaches the
/// most new states is taken.
///
/// # Errors
/// The errors of the golden model.
pub fn trains(model: &QuantizedModel, count: usize, seed: u64) -> Result<Vec<Train>> {
    let driver = Driver::new(model);
    let mut coverage = Coverage::new(model)?;
    let steps = model.description.steps.clamp(1, MOST_STEPS);
    let mut seeds = Random::new(seed);
    let mut trains = Vec::with_capacity(count);
    for number in 0..count {
        let kind = TrainKind::ALL[number % TrainKind::ALL.len()];
        // All silent trains are equal.
        let draws = if kind == TrainKind::Silent { 1 } else { DRAWS };
        let mut best: Option<(usize, BTreeSet<_>, u64, SpikeRaster)> = None;
        for _ in 0..draws {
            let seed = seeds.next();
            let raster = driver.raster(kind, steps, &coverage, &mut Random::new(seed));
            let reached = coverage.reached(&raster)?;
            let new = coverage.new_of(&reached);
            if best.as_ref().is_none_or(|&(most, ..)| new > most) {
                best = Some((new, reached, seed, raster));
            }
        }
        if let Some((_, reached, seed, raster)) = best {
            coverage.add(reached);
            trains.push(Train {
                number,
                kind,
                seed,
                raster,
                pace: Pace::FULL,
            });
        }
    }
    Ok(trains)
}
