//! Stress: what images do not show of a design.
//!
//! Real images fire in every step, at like rates, as fast as the core takes them. So membranes are nearly always
//! forwarded, hardly ever read from memory; floors, both signs of leaks and the ends of ranges stay unseen; queues never
//! fill. Two things show them, in a fraction of the clocks:
//!
//! * [`trains`]: short seeded event trains, silent, full, in bursts, silent at the end, and such as drive membranes to
//!   their floor and to their threshold. Of several of each kind those are taken that reach something new
//!   ([`coverage`]).
//! * [`stressed`]: a variant of the design, the same model with the smallest FIFOs and queues and streams that can be
//!   held back, which is driven with gaps between events and held streams ([`Pace`]).

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
use synfire_golden_model::quantized::QuantizedModel;
use synfire_golden_model::spikes::SpikeRaster;

/// Steps of a train at most, fewer if the model has fewer: widths are proven for those.
const MOST_STEPS: usize = 12;
/// Trains that are drawn for each that is taken.
const DRAWS: usize = 6;
/// Paces that trains take in turn: none, gaps, held streams, both.
const PACES: [(u8, u8); 4] = [(0, 48), (160, 0), (96, 24), (0, 12)];

/// An event train.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Train {
    /// Its number, from 0.
    pub number: usize,
    /// What kind it is.
    pub kind: TrainKind,
    /// Seed of its spikes.
    pub seed: u64,
    /// Its spikes.
    pub raster: SpikeRaster,
    /// How fast they come.
    pub pace: Pace,
}

impl Train {
    /// The same train at a pace that depends on its number: for a design under stress.
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

/// Kinds of trains.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TrainKind {
    /// Inputs that lower a channel, until the floor holds it; then silence.
    Falling,
    /// Inputs that raise a channel towards its threshold and beyond; then silence.
    Rising,
    /// Many inputs at once, and silence between.
    Bursts,
    /// Half of the steps with spikes, then silence: sweeps read membranes from memory.
    SilentEnd,
    /// Every input in every step.
    Full,
    /// Few inputs.
    Sparse,
    /// No spike at all.
    Silent,
}

impl TrainKind {
    /// Every kind, in the order in which they are taken.
    pub const ALL: [Self; 7] = [
        Self::SilentEnd,
        Self::Falling,
        Self::Full,
        Self::Bursts,
        Self::Rising,
        Self::Sparse,
        Self::Silent,
    ];

    /// Its name.
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

/// `count` trains for a model, one of each kind in turn; of some that are drawn for each, the one that reaches most that
/// none before has reached.
///
/// # Errors
/// Those of the golden model.
pub fn trains(model: &QuantizedModel, count: usize, seed: u64) -> Result<Vec<Train>> {
    let driver = Driver::new(model);
    let mut coverage = Coverage::new(model)?;
    let steps = model.description.steps.clamp(1, MOST_STEPS);
    let mut seeds = Random::new(seed);
    let mut trains = Vec::with_capacity(count);
    for number in 0..count {
        let kind = TrainKind::ALL[number % TrainKind::ALL.len()];
        // Silence is silence.
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
