//! Observation: what a design did in one inference, in the terms of the golden model.

use crate::error::Result;
use crate::stimulus::Run;
use synfire_hw::circuit::event::{Addressing, Event};
use synfire_hw::geometry::Geometry;

/// Spikes, membranes, potentials and counters of one inference.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Observation {
    /// Per hidden layer and step: the neurons that fired, in the order in which their spikes left.
    pub spikes: Vec<Vec<Vec<u32>>>,
    /// First event that its layer cannot send: layer and word.
    pub stray: Option<(usize, u32)>,
    /// Per layer and step: the words that its sweep wrote, lane 0 first.
    pub sweeps: Vec<Vec<Vec<i32>>>,
    /// Per layer: the words that clearing sweeps wrote.
    pub clears: Vec<Vec<i32>>,
    /// Membranes of the output layer after the last step, as read out.
    pub potentials: Vec<i32>,
    /// Cycles from the first event to the end of the last step.
    pub cycles: u64,
    /// Cycles in which any layer was active, as the design counts them.
    pub active_cycles: u64,
    /// Cycles that the design did not count as active although a tap showed an event or a word.
    pub seen_idle: u64,
    /// Number of steps, as the design counts them.
    pub steps: u64,
    /// Counters of each layer.
    pub counters: Vec<LayerCounters>,
}

/// Counters of a layer: its own, and `seen_stalled`, which the observer counts.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct LayerCounters {
    /// Spikes that the layer received.
    pub spikes_in: u64,
    /// Spikes that the layer emitted.
    pub spikes_out: u64,
    /// Cycles spent on spikes and sweeps.
    pub busy_cycles: u64,
    /// Cycles in which a sweep was stalled because its queue had no room.
    pub stalled_cycles: u64,
    /// Cycles without a word between the first and the last word of a sweep, as the observer counts them.
    pub seen_stalled: u64,
}

/// Core that runs inferences in some simulator.
pub trait Core {
    /// Runs one inference, and clears the core after it.
    ///
    /// # Errors
    /// [`crate::Error::Hung`], and those of the simulator.
    fn infer(&mut self, run: &Run<'_>) -> Result<Observation>;
}

/// Collector of the events and words at the taps, by layer and step.
#[derive(Clone, Debug)]
pub struct Gatherer {
    /// Layout of each hidden layer's events.
    events: Vec<Addressing>,
    finished: Vec<Vec<Vec<u32>>>,
    open: Vec<Vec<u32>>,
    stray: Option<(usize, u32)>,
    sweeps: Vec<Vec<Vec<i32>>>,
    clears: Vec<Vec<i32>>,
    sweeping: Vec<Vec<i32>>,
}

impl Gatherer {
    /// Collector for the layers of a network, which have the given lanes.
    #[must_use]
    pub fn new(geometry: &Geometry, lanes: &[usize]) -> Self {
        let layers = geometry.layers.len();
        let hidden = layers.saturating_sub(1);
        Self {
            events: (0..hidden)
                .map(|layer| geometry.events(layer + 1, lanes))
                .collect(),
            finished: vec![Vec::new(); hidden],
            open: vec![Vec::new(); hidden],
            stray: None,
            sweeps: vec![Vec::new(); layers],
            clears: vec![Vec::new(); layers],
            sweeping: vec![Vec::new(); layers],
        }
    }

    /// Adds an event that a hidden layer sends, with its mask.
    pub fn event(&mut self, layer: usize, word: u32, mask: u64) {
        let is_valid = match Event::decode(word) {
            Some(Event::Spike(spike)) if !spike.is_negative() && mask != 0 => {
                let events = self.events.get(layer);
                let neurons = events.and_then(|events| events.sources(spike.address, mask));
                neurons.is_some_and(|neurons| {
                    self.open[layer].extend(neurons);
                    true
                })
            }
            Some(Event::EndOfStep) => self.finished.get_mut(layer).is_some_and(|finished| {
                finished.push(std::mem::take(&mut self.open[layer]));
                true
            }),
            // A clear marker follows the result of an inference.
            Some(Event::Clear) => true,
            _ => false,
        };
        if !is_valid {
            self.stray.get_or_insert((layer, word));
        }
    }

    /// Adds a word of a layer's sweep; `is_last` marks the last word of the sweep, and `clears` a sweep that clears.
    pub fn swept(&mut self, layer: usize, is_last: bool, clears: bool, word: impl Iterator<Item = i32>) {
        let Some(sweeping) = self.sweeping.get_mut(layer) else {
            return;
        };
        sweeping.extend(word);
        if is_last {
            let words = std::mem::take(sweeping);
            if clears {
                self.clears[layer].extend(words);
            } else {
                self.sweeps[layer].push(words);
            }
        }
    }

    /// Puts the collected spikes and words into an observation.
    ///
    /// Spikes after the last end-of-step marker make a step of their own, and words after the last sweep make a sweep of their
    /// own, so that they show as a mismatch. They are dropped if an early exit may have cut the step short.
    pub fn finish(mut self, may_be_cut: bool, observation: &mut Observation) {
        if !may_be_cut {
            for (open, finished) in self.open.into_iter().zip(&mut self.finished) {
                if !open.is_empty() {
                    finished.push(open);
                }
            }
            for (sweeping, sweeps) in self.sweeping.into_iter().zip(&mut self.sweeps) {
                if !sweeping.is_empty() {
                    sweeps.push(sweeping);
                }
            }
        }
        observation.spikes = self.finished;
        observation.stray = self.stray;
        observation.sweeps = self.sweeps;
        observation.clears = self.clears;
    }
}
