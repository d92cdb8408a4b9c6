//! One image through the network, forward and backward.

use super::dense::Dense;
use super::neuron::{LeakTable, THRESHOLD, fire_and_leak, signed_counts};
use super::parameters::Parameters;
use crate::encode::InputEncoder;
use crate::network::{LayerKind, NetworkDescription};
use crate::spikes::{Spike, SpikeRaster};

/// What happens to a layer's membranes at the end of a step.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Dynamics {
    Lif,
    Output,
}

#[derive(Clone, Copy, Debug)]
struct Layer {
    synapses: Dense,
    dynamics: Dynamics,
}

/// A network ready to run: its layers, leak and time base, without the weights.
#[derive(Clone, Debug)]
pub(crate) struct Engine {
    layers: Vec<Layer>,
    leak: f32,
    leak_table: LeakTable,
    steps: usize,
}

/// What one image needs while it passes; used again for the next, so that nothing is allocated in time loops.
#[derive(Clone, Debug)]
pub(crate) struct State {
    /// The input spikes.
    pub(crate) input: SpikeRaster,
    layers: Vec<LayerState>,
    /// Output y, one per class.
    pub(crate) output: Vec<f32>,
}

#[derive(Clone, Debug)]
struct LayerState {
    membranes: Vec<f32>,
    spikes: SpikeRaster,
    fired: Vec<u32>,
    slopes: Vec<f32>,
    counts: Vec<f32>,
    /// ∂loss/∂s in the current step of the backward pass, of neurons that fired in it.
    errors: Vec<f32>,
    /// The part of `errors` that is the same in every step.
    steady_errors: Vec<f32>,
    /// δ, the gradient at the membranes, in the current step of the backward pass.
    deltas: Vec<f32>,
}

impl State {
    /// Spikes of every layer that fires, from the last forward pass.
    pub(crate) fn spikes(&self) -> impl Iterator<Item = &SpikeRaster> {
        let firing = self.layers.len() - 1;
        self.layers[..firing].iter().map(|layer| &layer.spikes)
    }

    /// The class with the largest output; the lowest on a tie.
    pub(crate) fn answer(&self) -> usize {
        let mut best = 0;
        for (class, &output) in self.output.iter().enumerate() {
            if output > self.output[best] {
                best = class;
            }
        }
        best
    }

    /// Σ over classes of (y − onehot)².
    pub(crate) fn loss(&self, label: usize) -> f64 {
        let wanted = |class| if class == label { 1.0 } else { 0.0 };
        self.output
            .iter()
            .enumerate()
            .map(|(class, &y)| (f64::from(y) - wanted(class)).powi(2))
            .sum()
    }
}

impl Engine {
    /// The engine of a valid description.
    pub(crate) fn new(description: &NetworkDescription) -> Self {
        let shapes = description.shapes();
        let layers = description.layers.iter().enumerate().map(|(index, layer)| Layer {
            synapses: Dense::new(description.fan_in(index), shapes[index].size()),
            dynamics: match layer.kind {
                LayerKind::Out { .. } => Dynamics::Output,
                _ => Dynamics::Lif,
            },
        });
        Self {
            layers: layers.collect(),
            leak: description.leak,
            leak_table: LeakTable::new(description.leak, description.steps),
            steps: description.steps,
        }
    }

    /// Memory for one image at a time.
    pub(crate) fn state(&self) -> State {
        let layer = |layer: &Layer| {
            let neurons = layer.synapses.outputs();
            LayerState {
                membranes: vec![0.0; neurons],
                spikes: SpikeRaster::new(neurons),
                fired: vec![0; neurons],
                slopes: vec![0.0; neurons],
                counts: vec![0.0; neurons],
                errors: vec![0.0; neurons],
                steady_errors: vec![0.0; neurons],
                deltas: vec![0.0; neurons],
            }
        };
        State {
            input: SpikeRaster::new(self.inputs()),
            layers: self.layers.iter().map(layer).collect(),
            output: vec![0.0; self.layers.last().map_or(0, |layer| layer.synapses.outputs())],
        }
    }

    fn inputs(&self) -> usize {
        self.layers.first().map_or(0, |layer| layer.synapses.inputs())
    }

    /// Encodes and runs an image.
    pub(crate) fn forward_encoded(
        &self,
        weights: &Parameters,
        encoder: &mut InputEncoder<'_>,
        state: &mut State,
    ) {
        self.start(state);
        for t in 0..self.steps {
            encoder.step(&mut state.input);
            self.step(weights, state, t);
        }
        self.finish(state);
    }

    /// Runs an image that is spikes already.
    pub(crate) fn forward_raster(&self, weights: &Parameters, input: &SpikeRaster, state: &mut State) {
        self.start(state);
        for (t, spikes) in input.iter().enumerate().take(self.steps) {
            state.input.push_step(spikes.iter().copied());
            self.step(weights, state, t);
        }
        self.finish(state);
    }

    fn start(&self, state: &mut State) {
        state.input.clear(self.inputs());
        for (layer, state) in self.layers.iter().zip(&mut state.layers) {
            state.spikes.clear(layer.synapses.outputs());
            state.membranes.fill(0.0);
        }
    }

    fn step(&self, weights: &Parameters, state: &mut State, t: usize) {
        for (index, (layer, weights)) in self.layers.iter().zip(&weights.layers).enumerate() {
            let (before, from_here) = state.layers.split_at_mut(index);
            let source = before.last().map_or(&state.input, |layer| &layer.spikes).step(t);
            let here = &mut from_here[0];
            layer.synapses.accumulate(weights, source, &mut here.membranes);
            match layer.dynamics {
                Dynamics::Lif => {
                    let count = fire_and_leak(&mut here.membranes, self.leak, &mut here.fired);
                    here.spikes.push_step(
                        here.fired[..count]
                            .iter()
                            .map(|&address| Spike::positive(address)),
                    );
                }
                Dynamics::Output => here
                    .membranes
                    .iter_mut()
                    .for_each(|membrane| *membrane *= self.leak),
            }
        }
    }

    fn finish(&self, state: &mut State) {
        if let Some(last) = state.layers.last() {
            for (y, membrane) in state.output.iter_mut().zip(&last.membranes) {
                *y = membrane / THRESHOLD / self.steps as f32;
            }
        }
    }

    /// Adds the last image's ∂loss/∂W to `gradient`.
    pub(crate) fn backward(
        &self,
        weights: &Parameters,
        label: usize,
        state: &mut State,
        gradient: &mut Parameters,
    ) {
        for (layer, state) in self.layers.iter().zip(&mut state.layers) {
            if layer.dynamics == Dynamics::Lif {
                self.leak_table
                    .slopes(&state.spikes, &mut state.slopes, &mut state.counts);
            }
            state.deltas.fill(0.0);
            state.steady_errors.fill(0.0);
        }
        self.backward_output(weights, label, state, gradient);
        for state in &mut state.layers {
            state.errors.copy_from_slice(&state.steady_errors);
        }
        for t in (0..self.steps).rev() {
            self.backward_step(weights, state, gradient, t);
        }
    }

    /// The output layer, whose δ is the same in every step.
    fn backward_output(
        &self,
        weights: &Parameters,
        label: usize,
        state: &mut State,
        gradient: &mut Parameters,
    ) {
        let Some(last) = self.layers.len().checked_sub(1) else {
            return;
        };
        let (before, from_here) = state.layers.split_at_mut(last);
        let here = &mut from_here[0];
        for (class, (delta, y)) in here.deltas.iter_mut().zip(&state.output).enumerate() {
            let wanted = if class == label { 1.0 } else { 0.0 };
            *delta = 2.0 * (y - wanted) / THRESHOLD / self.steps as f32;
        }
        let (weights, gradient) = (&weights.layers[last], &mut gradient.layers[last]);
        let synapses = self.layers[last].synapses;
        if let Some(source) = before.last_mut() {
            let errors = Some(&mut source.steady_errors[..]);
            synapses.backward_steady(weights, &source.counts, &here.deltas, gradient, errors);
        } else {
            let mut counts = vec![0.0; synapses.inputs()];
            signed_counts(&state.input, &mut counts);
            synapses.backward_steady(weights, &counts, &here.deltas, gradient, None);
        }
    }

    /// All layers that fire, from the last to the first, in step `t`.
    fn backward_step(&self, weights: &Parameters, state: &mut State, gradient: &mut Parameters, t: usize) {
        for (index, layer) in self.layers.iter().enumerate().rev() {
            if layer.dynamics == Dynamics::Output {
                continue;
            }
            let (before, from_here) = state.layers.split_at_mut(index);
            let here = &mut from_here[0];
            for spike in here.spikes.step(t) {
                let neuron = spike.address as usize;
                here.deltas[neuron] = here.slopes[neuron] * here.errors[neuron];
                here.errors[neuron] = here.steady_errors[neuron];
            }
            let gradient = &mut gradient.layers[index];
            match before.last_mut() {
                Some(LayerState { spikes, errors, .. }) => {
                    layer.synapses.backward(
                        &weights.layers[index],
                        spikes.step(t),
                        &here.deltas,
                        gradient,
                        errors,
                    );
                }
                None => layer
                    .synapses
                    .add_gradient(state.input.step(t), &here.deltas, gradient),
            }
        }
    }
}

#[cfg(test)]
mod tests;
