//! What a design under test did in one inference, in the golden model's terms.

use synfire_hw::circuit::event::{Addressing, Event};
use synfire_hw::geometry::Geometry;

/// Spikes, potentials and counters of one inference.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Observation {
    /// Per hidden layer, per step: the neurons that fired, in the order in which they left.
    pub spikes: Vec<Vec<Vec<u32>>>,
    /// Membranes of the output layer after the last step.
    pub potentials: Vec<i32>,
    /// Clocks from the first event to the end of the last step.
    pub cycles: u64,
    /// Clocks in which any layer was at work, as the design counts them.
    pub active_cycles: u64,
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
}

/// Gathers the events between layers into steps.
#[derive(Clone, Debug)]
pub struct Gatherer {
    neurons: Vec<Addressing>,
    finished: Vec<Vec<Vec<u32>>>,
    open: Vec<Vec<u32>>,
}

impl Gatherer {
    /// For the hidden layers of a network.
    #[must_use]
    pub fn new(geometry: &Geometry) -> Self {
        let hidden = geometry.layers.len().saturating_sub(1);
        Self {
            neurons: (0..hidden).map(|layer| geometry.stream(layer + 1)).collect(),
            finished: vec![Vec::new(); hidden],
            open: vec![Vec::new(); hidden],
        }
    }

    /// An event of a hidden layer; false for one that cannot be: negative, or of no neuron.
    #[must_use]
    pub fn push(&mut self, layer: usize, word: u32) -> bool {
        let (Some(open), Some(finished)) = (self.open.get_mut(layer), self.finished.get_mut(layer)) else {
            return false;
        };
        match Event::decode(word) {
            Some(Event::Spike(spike)) if !spike.negative => match self.neurons[layer].source(spike.address) {
                Some(neuron) => open.push(neuron),
                None => return false,
            },
            Some(Event::EndOfStep) => finished.push(std::mem::take(open)),
            // A clear follows the result of its inference.
            Some(Event::Clear) => {}
            _ => return false,
        }
        true
    }

    /// The steps of every layer. Spikes after the last end of step make a step of their own, so that they show as a
    /// mismatch, but where an early exit may have cut it short.
    #[must_use]
    pub fn finish(&mut self, may_be_cut: bool) -> Vec<Vec<Vec<u32>>> {
        for (open, finished) in self.open.iter_mut().zip(&mut self.finished) {
            let rest = std::mem::take(open);
            if !rest.is_empty() && !may_be_cut {
                finished.push(rest);
            }
        }
        let hidden = self.finished.len();
        std::mem::replace(&mut self.finished, vec![Vec::new(); hidden])
    }
}
