//! What arrives at the membranes in a step: spikes, the values of graded inputs, and biases.

use super::state::{InputLists, LayerState};
use super::{Connections, Engine, Path};
use crate::float::parameters::Parameters;
use crate::float::synapses::{Events, GradedEvents};
use crate::network::Source;

impl Engine {
    /// Adds the spikes that a path's source sends in step `t` to the membranes; returns the number of synaptic
    /// operations.
    pub(super) fn arrive(
        &self,
        path: &Path,
        weights: &Parameters,
        before: &[LayerState],
        inputs: &InputLists,
        membranes: &mut [f32],
        t: usize,
    ) -> usize {
        if let (Source::Input, Some(graded)) = (path.source, &inputs.graded) {
            return self.arrive_graded(path, weights, graded.events(), membranes);
        }
        let lists = self.sent(path.source, before, inputs, t);
        let mut operations = 0;
        for events in lists.into_iter().filter(|events| !events.addresses.is_empty()) {
            let Events { addresses, factor } = events;
            operations += match &path.connections {
                Connections::Weighted { synapses, tensor } => {
                    synapses.accumulate(self.dispatch, &weights.layers[*tensor], events, membranes)
                }
                Connections::Plain { scatter, .. } => scatter.accumulate(addresses, factor, membranes),
                Connections::Identity { scatter, increments } => {
                    let targets = scatter.pairs(addresses).map(|(_, target)| target);
                    targets
                        .map(|target| membranes[target] += factor * increments[target % increments.len()])
                        .count()
                }
            };
        }
        operations
    }

    /// Spikes that a source sends in step `t`: of the input, those of each sign.
    pub(super) fn sent<'a>(
        &self,
        source: Source,
        before: &'a [LayerState],
        inputs: &'a InputLists,
        t: usize,
    ) -> [Events<'a>; 2] {
        let events = |addresses, factor| Events { addresses, factor };
        match source {
            Source::Input => [
                events(inputs.positive.step(t), 1.0),
                events(inputs.negative.step(t), -1.0),
            ],
            Source::Layer(source) => {
                let scale = self.layers[source].scale(&before[source]);
                [events(before[source].sent(t), scale), events(&[], 0.0)]
            }
        }
    }

    /// Adds the values of graded inputs, as pairs of address and real number, to the membranes; returns the number of
    /// synaptic operations.
    fn arrive_graded(
        &self,
        path: &Path,
        weights: &Parameters,
        events: GradedEvents<'_>,
        membranes: &mut [f32],
    ) -> usize {
        match &path.connections {
            Connections::Weighted { synapses, tensor } => {
                synapses.accumulate_graded(self.dispatch, &weights.layers[*tensor], events, membranes)
            }
            Connections::Plain { scatter, .. } => events
                .pairs()
                .map(|(address, number)| scatter.accumulate(&[address], number, membranes))
                .sum(),
            Connections::Identity { scatter, increments } => {
                let mut operations = 0;
                for (address, number) in events.pairs() {
                    for (_, target) in scatter.pairs(&[address]) {
                        membranes[target] += number * increments[target % increments.len()];
                        operations += 1;
                    }
                }
                operations
            }
        }
    }
}

/// Adds biases, one per output channel, to the membranes of all positions; does nothing without biases.
pub(super) fn add_biases(biases: &[f32], membranes: &mut [f32]) {
    if biases.is_empty() {
        return;
    }
    for position in membranes.chunks_exact_mut(biases.len()) {
        for (membrane, bias) in position.iter_mut().zip(biases) {
            *membrane += bias;
        }
    }
}
