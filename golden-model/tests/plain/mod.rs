//! Direct implementation of the trainer's semantics in f64, step by step and synapse by synapse.
//!
//! Every layer is a list of synapses, which is computed from the description by plain loops over outputs and windows.
//! The engine, in contrast, goes from a spike to its targets.

mod synapses;

use ndarray::Array2;
use synapses::{Synapse, Weight, synapses};
use synfire_golden_model::float::{DropoutMasks, FloatModel};
use synfire_golden_model::network::{Graph, LayerKind, Source};

/// Model as a list of synapses.
#[derive(Debug)]
pub(crate) struct Plain<'a> {
    model: &'a FloatModel,
    graph: Graph,
    /// Synapses of each layer.
    synapses: Vec<Vec<Synapse>>,
}

/// Spikes, indexed by layer that fires, step and neuron.
pub(crate) type Spikes = Vec<Vec<Vec<bool>>>;

impl<'a> Plain<'a> {
    pub(crate) fn new(model: &'a FloatModel) -> Self {
        let description = &model.description;
        let graph = description.graph().expect("a valid network");
        let synapses = (0..graph.nodes.len())
            .map(|layer| synapses(description, &graph, layer))
            .collect();
        Self {
            model,
            graph,
            synapses,
        }
    }

    /// Creates a zero for every weight.
    pub(crate) fn zeros(&self) -> Vec<Array2<f64>> {
        let tensors = self.graph.tensors.iter();
        tensors
            .map(|tensor| Array2::zeros((tensor.outputs, tensor.inputs)))
            .collect()
    }

    fn weight(&self, weight: Weight) -> f64 {
        match weight {
            Weight::Learned(tensor, place) => f64::from(self.model.weights[tensor][place]),
            Weight::Fixed(weight) => weight,
        }
    }

    /// Spikes that a source sends in a step, after dropout.
    fn emitted(
        &self,
        input: &[Vec<i8>],
        masks: &DropoutMasks,
        spikes: &Spikes,
        at: Synapse,
        t: usize,
    ) -> f64 {
        match at.source {
            Source::Input => f64::from(input[t][at.from]),
            Source::Layer(layer) => {
                f64::from(u8::from(spikes[layer][t][at.from])) * self.kept(masks, layer, at.from)
            }
        }
    }

    /// Dropout factor of a neuron.
    fn kept(&self, masks: &DropoutMasks, layer: usize, neuron: usize) -> f64 {
        match &masks[layer] {
            Some(mask) if mask[neuron] => {
                1.0 / (1.0 - f64::from(self.model.description.layers[layer].dropout))
            }
            Some(_) => 0.0,
            None => 1.0,
        }
    }

    /// Runs the forward pass; returns the final membranes of the output layer and the spikes of all other layers.
    fn run(&self, input: &[Vec<i8>], masks: &DropoutMasks) -> (Vec<f64>, Spikes) {
        let description = &self.model.description;
        let sizes: Vec<usize> = self.graph.nodes.iter().map(|node| node.output.size()).collect();
        let mut membranes: Vec<Vec<f64>> = sizes.iter().map(|&size| vec![0.0; size]).collect();
        let mut spikes: Spikes = sizes
            .iter()
            .map(|&size| vec![vec![false; size]; description.steps])
            .collect();
        for t in 0..description.steps {
            for (index, layer) in description.layers.iter().enumerate() {
                for &synapse in &self.synapses[index] {
                    membranes[index][synapse.to] +=
                        self.weight(synapse.weight) * self.emitted(input, masks, &spikes, synapse, t);
                }
                for (neuron, membrane) in membranes[index].iter_mut().enumerate() {
                    let fires = !matches!(layer.kind, LayerKind::Out { .. });
                    if fires && *membrane > f64::from(layer.threshold()) {
                        spikes[index][t][neuron] = true;
                        *membrane = 0.0;
                    }
                    if !matches!(layer.kind, LayerKind::Pool { .. }) {
                        *membrane *= f64::from(layer.leak.unwrap_or(description.leak));
                    }
                }
            }
        }
        spikes.pop();
        (membranes.pop().expect("an output layer"), spikes)
    }

    pub(crate) fn forward(&self, input: &[Vec<i8>], masks: &DropoutMasks) -> Spikes {
        self.run(input, masks).1
    }

    /// Adds one image's gradients to `gradients`; returns its loss.
    pub(crate) fn backward(
        &self,
        input: &[Vec<i8>],
        masks: &DropoutMasks,
        spikes: &Spikes,
        label: usize,
        gradients: &mut [Array2<f64>],
    ) -> f64 {
        let description = &self.model.description;
        let steps = description.steps;
        let (membranes, _) = self.run(input, masks);
        let last = self.graph.nodes.len() - 1;
        let scale = f64::from(description.layers[last].threshold()) * steps as f64;
        let errors: Vec<f64> = membranes
            .iter()
            .enumerate()
            .map(|(class, membrane)| membrane / scale - f64::from(u8::from(class == label)))
            .collect();
        // Gradient ∂loss/∂(spike sent), by layer, step and neuron.
        let mut emitted: Vec<Vec<Vec<f64>>> = self
            .graph
            .nodes
            .iter()
            .map(|node| vec![vec![0.0; node.output.size()]; steps])
            .collect();
        for index in (0..=last).rev() {
            let slopes = self.slopes(masks, spikes, index);
            let mut delta = vec![0.0; self.graph.nodes[index].output.size()];
            for t in (0..steps).rev() {
                for (neuron, delta) in delta.iter_mut().enumerate() {
                    if index == last {
                        *delta = 2.0 * errors[neuron] / scale;
                    } else if spikes[index][t][neuron] {
                        *delta = slopes[neuron] * emitted[index][t][neuron];
                    }
                }
                for &synapse in &self.synapses[index] {
                    let delta = delta[synapse.to];
                    if let Source::Layer(source) = synapse.source {
                        emitted[source][t][synapse.from] += self.weight(synapse.weight) * delta;
                    }
                    if let Weight::Learned(tensor, place) = synapse.weight {
                        gradients[tensor][place] += self.emitted(input, masks, spikes, synapse, t) * delta;
                    }
                }
            }
        }
        errors.iter().map(|error| error * error).sum()
    }

    /// Surrogate derivative ∂(spike sent)/∂v of every neuron, valid in steps in which it fired.
    fn slopes(&self, masks: &DropoutMasks, spikes: &Spikes, index: usize) -> Vec<f64> {
        let description = &self.model.description;
        let layer = &description.layers[index];
        let Some(spikes) = spikes.get(index) else {
            return Vec::new();
        };
        let leak = f64::from(layer.leak.unwrap_or(description.leak));
        let slope = |neuron: usize| {
            if matches!(layer.kind, LayerKind::Pool { .. }) {
                return 1.0;
            }
            let (mut trace, mut count) = (0.0, 0.0);
            for step in spikes {
                trace = leak * trace + f64::from(u8::from(step[neuron]));
                count += f64::from(u8::from(step[neuron]));
            }
            let fired = f64::from(u8::from(trace > 1e-3));
            (fired + leak.ln() * trace / f64::max(count, 1.0)) / f64::from(layer.threshold())
        };
        (0..spikes[0].len())
            .map(|neuron| slope(neuron) * self.kept(masks, index, neuron))
            .collect()
    }
}
