//! The backward pass: time steps from last to first, and within a step layers from last to first.

use super::state::{InputLists, LayerState, sent};
use super::{Connections, Dynamics, Engine, Path, State};
use crate::events::is_set;
use crate::float::Loss;
use crate::float::neuron::signed_counts;
use crate::float::parameters::Parameters;
use crate::float::synapses::{ChannelOrder, Events};
use crate::network::Source;

impl Engine {
    /// Adds ∂loss/∂W of the last forward pass to `gradient`.
    pub(crate) fn backward(
        &self,
        weights: &Parameters,
        loss: Loss,
        label: usize,
        state: &mut State,
        gradient: &mut Parameters,
    ) {
        self.prepare_slopes(state);
        self.backward_output(weights, loss, label, state, gradient);
        for layer in &mut state.layers {
            if layer.steady_errors.is_empty() {
                layer.errors.fill(0.0);
            } else {
                layer.errors.copy_from_slice(&layer.steady_errors);
            }
        }
        for t in (0..self.steps).rev() {
            self.backward_step(weights, state, gradient, t);
        }
    }

    /// Computes the surrogate of ∂s/∂v of every neuron, including the factor of dropout: 0 for dropped neurons.
    fn prepare_slopes(&self, state: &mut State) {
        for (layer, state) in self.layers.iter().zip(&mut state.layers) {
            state.deltas.fill(0.0);
            state.steady_errors.fill(0.0);
            match (layer.dynamics, &layer.integers) {
                (Dynamics::Lif, None) => {
                    layer.leak_table.slopes(
                        &state.spikes,
                        layer.threshold,
                        &mut state.slopes,
                        &mut state.counts,
                    );
                }
                (Dynamics::Lif, Some(integers)) => {
                    integers.leak_table.slopes_by_channel(
                        &state.spikes,
                        &integers.units,
                        &mut state.slopes,
                        &mut state.counts,
                    );
                }
                (Dynamics::Pool, _) => {
                    state.slopes.fill(1.0);
                    state.counts.fill(0.0);
                    for &address in state.spikes.steps().flatten() {
                        state.counts[address as usize] += 1.0;
                    }
                }
                (Dynamics::Output, _) => {}
            }
            if !state.keep.is_empty() {
                let scale = layer.scale(state);
                for (address, (slope, count)) in
                    state.slopes.iter_mut().zip(state.counts.iter_mut()).enumerate()
                {
                    let factor = if is_set(&state.keep, address) { scale } else { 0.0 };
                    *slope *= factor;
                    *count *= factor;
                }
            }
        }
    }

    /// Backward pass of the output layer. Its δ is equal in all steps, so the spikes of a source are summed over all
    /// steps.
    fn backward_output(
        &self,
        weights: &Parameters,
        loss: Loss,
        label: usize,
        state: &mut State,
        gradient: &mut Parameters,
    ) {
        let (Some(last), Some(layer)) = (self.layers.len().checked_sub(1), self.layers.last()) else {
            return;
        };
        let (before, from_here) = state.layers.split_at_mut(last);
        let deltas = &mut from_here[0].deltas;
        loss.gradient(
            &state.output,
            label,
            self.steps,
            &mut deltas[..state.output.len()],
        );
        // The loss assumes a threshold of 1.
        deltas.iter_mut().for_each(|delta| *delta /= layer.threshold);
        let row = deltas.len();
        for path in &layer.paths {
            let Connections::Weighted { tensor, .. } = path.connections else {
                continue;
            };
            let weights = weights.layers[tensor].chunks_exact(row);
            let gradient = gradient.layers[tensor].chunks_exact_mut(row);
            let add = |counts: &[f32]| {
                for (gradient, &count) in gradient.zip(counts).filter(|(_, count)| **count != 0.0) {
                    for (gradient, delta) in gradient.iter_mut().zip(deltas.iter()) {
                        *gradient += count * delta;
                    }
                }
            };
            match path.source {
                Source::Layer(source) => {
                    let source = &mut before[source];
                    add(&source.counts);
                    for (error, weights) in source.steady_errors.iter_mut().zip(weights) {
                        *error += weights
                            .iter()
                            .zip(deltas.iter())
                            .map(|(w, delta)| w * delta)
                            .sum::<f32>();
                    }
                }
                Source::Input => {
                    let mut counts = vec![0.0; self.input.size()];
                    signed_counts(&state.input, self.input, &mut counts);
                    add(&counts);
                }
            }
        }
    }

    /// Backward pass of step `t` for all layers that fire, from last to first.
    fn backward_step(&self, weights: &Parameters, state: &mut State, gradient: &mut Parameters, t: usize) {
        let State {
            layers,
            inputs,
            order,
            ..
        } = state;
        for (index, layer) in self.layers.iter().enumerate().rev() {
            if layer.dynamics == Dynamics::Output {
                continue;
            }
            let (before, from_here) = layers.split_at_mut(index);
            let here = &mut from_here[0];
            for &address in here.spikes.step(t) {
                let neuron = address as usize;
                here.deltas[neuron] = here.slopes[neuron] * here.errors[neuron];
                here.errors[neuron] = here.steady_errors.get(neuron).copied().unwrap_or(0.0);
            }
            for path in &layer.paths {
                self.return_errors(path, weights, before, inputs, order, &here.deltas, gradient, t);
            }
        }
    }

    /// Combines δ of a layer with the spikes of a path's source in step `t`.
    #[expect(
        clippy::too_many_arguments,
        reason = "the parts of one image's state, borrowed apart"
    )]
    fn return_errors(
        &self,
        path: &Path,
        weights: &Parameters,
        before: &mut [LayerState],
        inputs: &InputLists,
        order: &mut ChannelOrder,
        deltas: &[f32],
        gradient: &mut Parameters,
        t: usize,
    ) {
        match path.source {
            Source::Input => {
                let Connections::Weighted { synapses, tensor } = &path.connections else {
                    return;
                };
                let gradient = &mut gradient.layers[*tensor];
                for (lists, factor) in [(&inputs.positive, 1.0), (&inputs.negative, -1.0)] {
                    let addresses = lists.step(t);
                    let events = Events { addresses, factor };
                    synapses.add_gradient(self.dispatch, events, deltas, gradient);
                }
            }
            Source::Layer(source) => {
                let scale = self.layers[source].scale(&before[source]);
                let LayerState {
                    spikes,
                    passed,
                    errors,
                    ..
                } = &mut before[source];
                let addresses = sent(spikes, passed, t);
                match &path.connections {
                    Connections::Weighted { synapses, tensor } => synapses.backward(
                        self.dispatch,
                        &weights.layers[*tensor],
                        Events {
                            addresses,
                            factor: scale,
                        },
                        deltas,
                        &mut gradient.layers[*tensor],
                        errors,
                        order,
                    ),
                    Connections::Plain { scatter, share } => {
                        scatter.backward(addresses, *share, deltas, errors);
                    }
                    Connections::Identity { scatter, increments } => {
                        for (address, target) in scatter.pairs(addresses) {
                            errors[address] += increments[target % increments.len()] * deltas[target];
                        }
                    }
                }
            }
        }
    }
}
