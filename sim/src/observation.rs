//! What a design under test did in one inference, in the golden model's terms.

use crate::error::Result;
use crate::stimulus::Run;
use synfire_hw::circuit::event::{Addressing, Event};
use synfire_hw::geometry::Geometry;

/// Spikes, membranes, potentials and counters of one inference.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Observation {
    /// Per hidden layer, per step: the neurons that fired, in the order in which they left.
    pub spikes: Vec<Vec<Vec<u32>>>,
    /// The first event that cannot be one of its layer: layer and word.
    pub stray: Option<(usize, u32)>,
    /// Per layer, per step: the words of its sweep as they were written, lane 0 first.
    pub sweeps: Vec<Vec<Vec<i32>>>,
    /// Per layer: the words of the sweeps that cleared.
    pub clears: Vec<Vec<i32>>,
    /// Membranes of the output layer after the last step, as they are read out.
    pub potentials: Vec<i32>,
    /// Clocks from the first event to the end of the last step.
    pub cycles: u64,
    /// Clocks in which any layer was at work, as the design counts them.
    pub active_cycles: u64,
    /// Clocks that the design did not count as active though something left at a tap.
    pub seen_idle: u64,
    /// Steps that the design counted.
    pub steps: u64,
    /// Per layer: spikes in, spikes out and busy clocks, as the design counts them.
    pub counters: Vec<LayerCounters>,
}

/// A layer's counters.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct LayerCounters {
    /// Spikes taken.
    pub spikes_in: u64,
    /// Spikes emitted.
    pub spikes_out: u64,
    /// Clocks spent on spikes and sweeps.
    pub busy_cycles: u64,
    /// Clocks in which a sweep waited for room for its spikes.
    pub stalled_cycles: u64,
    /// Clocks without a word between the first and the last word of a sweep, as they were seen.
    pub seen_stalled: u64,
}

/// A design that runs inferences, in some simulator.
pub trait Core {
    /// Runs one inference, and leaves the core cleared.
    ///
    /// # Errors
    /// [`Error::Hung`], and what keeps the simulator from running.
    fn infer(&mut self, run: &Run<'_>) -> Result<Observation>;
}

/// Gathers what leaves at the taps into steps.
#[derive(Clone, Debug)]
pub struct Gatherer {
    neurons: Vec<Addressing>,
    finished: Vec<Vec<Vec<u32>>>,
    open: Vec<Vec<u32>>,
    stray: Option<(usize, u32)>,
    sweeps: Vec<Vec<Vec<i32>>>,
    clears: Vec<Vec<i32>>,
    sweeping: Vec<Vec<i32>>,
}

impl Gatherer {
    /// For the layers of a network.
    #[must_use]
    pub fn new(geometry: &Geometry) -> Self {
        let layers = geometry.layers.len();
        let hidden = layers.saturating_sub(1);
        Self {
            neurons: (0..hidden).map(|layer| geometry.stream(layer + 1)).collect(),
            finished: vec![Vec::new(); hidden],
            open: vec![Vec::new(); hidden],
            stray: None,
            sweeps: vec![Vec::new(); layers],
            clears: vec![Vec::new(); layers],
            sweeping: vec![Vec::new(); layers],
        }
    }

    /// An event of a hidden layer.
    pub fn event(&mut self, layer: usize, word: u32) {
        let is_valid = match Event::decode(word) {
            Some(Event::Spike(spike)) if !spike.negative => {
                let neuron = self
                    .neurons
                    .get(layer)
                    .and_then(|layer| layer.source(spike.address));
                neuron.is_some_and(|neuron| {
                    self.open[layer].push(neuron);
                    true
                })
            }
            Some(Event::EndOfStep) => self.finished.get_mut(layer).is_some_and(|finished| {
                finished.push(std::mem::take(&mut self.open[layer]));
                true
            }),
            // A clear follows the result of its inference.
            Some(Event::Clear) => true,
            _ => false,
        };
        if !is_valid {
            self.stray.get_or_insert((layer, word));
        }
    }

    /// A word of a layer's sweep; whether it is the sweep's last, and whether the sweep clears.
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

    /// Puts what was gathered into an observation. Spikes after the last end of step make a step of their own, so that
    /// they show as a mismatch, but where an early exit may have cut it short; words after the last sweep likewise.
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
