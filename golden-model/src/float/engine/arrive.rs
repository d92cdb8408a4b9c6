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
        let lists = match path.source {
            Source::Input => [(inputs.positive.step(t), 1.0), (inputs.negative.step(t), -1.0)],
            Source::Layer(source) => {
                let scale = self.layers[source].scale(&before[source]);
                [(before[source].sent(t), scale), (&[][..], 0.0)]
            }
        };
        let mut operations = 0;
        for (addresses, factor) in lists.into_iter().filter(|(addresses, _)| !addresses.is_empty()) {
            operations += match &path.connections {
                Connections::Weighted { synapses, tensor } => {
                    let events = Events { addresses, factor };
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
