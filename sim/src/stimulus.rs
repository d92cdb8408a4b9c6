//! Stimulus of a core in one inference: a raster as events, and the pace at which they are offered.

use crate::pace::Pace;
use std::fmt;
use synfire_golden_model::spikes::{Spike, SpikeRaster};
use synfire_hw::circuit::event::{Addressing, Event};

/// Image to co-simulate.
#[derive(Clone, Debug)]
pub struct Stimulus {
    /// Number of the image in the data set.
    pub image: usize,
    /// Seed of the image's spikes.
    pub seed: u64,
    /// Spikes of the image.
    pub raster: SpikeRaster,
}

/// Origin of an inference's spikes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Subject {
    /// Image of the data set, by its number.
    Image(usize),
    /// Stress train: its number, and the name of its kind.
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
    /// Form that can be part of a file name.
    pub(crate) fn file_name(self) -> String {
        match self {
            Self::Image(image) => format!("image{image}"),
            Self::Train(number, _) => format!("train{number}"),
        }
    }
}

/// Inference to run.
#[derive(Clone, Copy, Debug)]
pub struct Run<'a> {
    /// Origin of the spikes, for errors.
    pub subject: Subject,
    /// Seed of the spikes, for errors.
    pub seed: u64,
    /// Input spikes.
    pub raster: &'a SpikeRaster,
    /// Pace at which the events are offered.
    pub pace: Pace,
    /// Most cycles that the inference and its clear may take.
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

/// Events of an inference: the spikes and the marker of each step, with the addresses of the core's input.
#[must_use]
pub fn events(raster: &SpikeRaster, input: Addressing) -> Vec<u32> {
    let mut events = Vec::with_capacity(raster.total() + raster.steps());
    let event = |spike: &Spike| {
        let address = input.address(spike.address);
        input.encode(Event::Spike(Spike { address, ..*spike }))
    };
    for step in raster.iter() {
        events.extend(step.iter().map(event));
        events.push(Event::EndOfStep.encode());
    }
    events
}
