//! What a core is given in one inference: a raster as events, and at which pace.

use crate::pace::Pace;
use std::fmt;
use synfire_golden_model::spikes::{Spike, SpikeRaster};
use synfire_hw::circuit::event::{Addressing, Event};

/// One image to co-simulate.
#[derive(Clone, Debug)]
pub struct Stimulus {
    /// Its number in the data set.
    pub image: usize,
    /// Seed of its spikes.
    pub seed: u64,
    /// Its spikes.
    pub raster: SpikeRaster,
}

/// What an inference is of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Subject {
    /// An image of the data set.
    Image(usize),
    /// A stress train: its number, and what kind it is.
    Train(usize, &'static str),
}

impl fmt::Display for Subject {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Image(image) => write!(f, "image {image}"),
            Self::Train(number, kind) => write!(f, "stress train {number} ({kind})"),
        }
    }
}

impl Subject {
    /// As part of a file name.
    pub(crate) fn file_name(self) -> String {
        match self {
            Self::Image(image) => format!("image{image}"),
            Self::Train(number, _) => format!("train{number}"),
        }
    }
}

/// One inference to run.
#[derive(Clone, Copy, Debug)]
pub struct Run<'a> {
    /// What it is of, for errors.
    pub subject: Subject,
    /// Seed of its spikes, for errors.
    pub seed: u64,
    /// Its spikes.
    pub raster: &'a SpikeRaster,
    /// How fast they come.
    pub pace: Pace,
    /// The most clocks that it may take, its clear included.
    pub limit: u64,
}

impl<'a> From<&'a Stimulus> for Run<'a> {
    fn from(stimulus: &'a Stimulus) -> Self {
        Self {
            subject: Subject::Image(stimulus.image),
            seed: stimulus.seed,
            raster: &stimulus.raster,
            pace: Pace::FULL,
            limit: u64::MAX,
        }
    }
}

/// All events of an inference: the spikes of each step and its end, addressed as the core's input wants them.
#[must_use]
pub fn events(raster: &SpikeRaster, input: Addressing) -> Vec<u32> {
    let mut events = Vec::with_capacity(raster.total() + raster.steps());
    let event = |spike: &Spike| {
        let address = input.address(spike.address);
        Event::Spike(Spike { address, ..*spike }).encode()
    };
    for step in raster.iter() {
        events.extend(step.iter().map(event));
        events.push(Event::EndOfStep.encode());
    }
    events
}
