//! The backward pass in f64: the equations of the rule, neuron by neuron and synapse by synapse.

use crate::forward::{Pass, all};
use crate::network::{Batch, Map, Network, Numbers};
use crate::synapses::{Synapse, Weight};
use synfire_golden_model::network::{Reset, Source};

impl Network {
    /// Computes the gradient of the mean loss and of the price of spikes; also returns, for every number, the sum of the
    /// magnitudes of the terms that add up to it.
    pub(crate) fn backward(&self, numbers: &Numbers, batch: &Batch, pass: &Pass) -> (Numbers, Numbers) {
        let (images, steps) = (batch.len(), self.description.steps);
        let (mut gradient, mut sizes) = (numbers.zeros(), numbers.zeros());
        let layers = self.graph.nodes.len();
        let mut errors: Vec<Map> = (0..layers).map(|index| self.map(index, images)).collect();
        for index in (0..layers).rev() {
            let price = self.prices[index] / (steps * images) as f64;
            let mut here = std::mem::take(&mut errors[index]);
            here.iter_mut()
                .flatten()
                .flatten()
                .for_each(|error| *error += price);
            if self.reads_out(index) {
                read_out(pass, &batch.labels, &mut here);
                for step in here.iter().flatten() {
                    for (class, error) in step.iter().enumerate() {
                        gradient.shifts[index][class] += error;
                        sizes.shifts[index][class] += error.abs();
                    }
                }
            } else if self.pooling(index).is_some() {
                self.through_pool(index, batch, pass, &here, &mut errors);
                continue;
            } else {
                self.through_neurons(index, pass, &mut here);
                self.through_identity(index, batch, &here, &mut errors);
                self.through_norm(index, numbers, pass, &mut here, (&mut gradient, &mut sizes));
            }
            for (image, t) in all(images, steps) {
                for &synapse in &self.synapses[index] {
                    let Weight::Learned(tensor, place) = synapse.weight else {
                        continue;
                    };
                    let delta = here[image][t][synapse.to];
                    let term = delta * pass.emitted(batch, synapse, image, t);
                    gradient.weights[tensor][place] += term;
                    sizes.weights[tensor][place] += term.abs();
                    if let Source::Layer(source) = synapse.source {
                        errors[source][image][t][synapse.from] += numbers.weights[tensor][place] * delta;
                    }
                }
            }
        }
        (gradient, sizes)
    }

    /// e becomes ε: from the last step to the first, through the slope and the leak, past the reset.
    fn through_neurons(&self, index: usize, pass: &Pass, errors: &mut Map) {
        let leak = f64::from(
            self.description.layers[index]
                .leak
                .unwrap_or(self.description.leak),
        );
        for (image, errors) in errors.iter_mut().enumerate() {
            let mut later = vec![0.0; self.shape(index).size()];
            for t in (0..self.description.steps).rev() {
                for (neuron, later) in later.iter_mut().enumerate() {
                    let kept = match self.description.reset {
                        Reset::Zero => 1.0 - pass.resets[index][image][t][neuron],
                        _ => 1.0,
                    };
                    let slope = self.slope_at(pass.potentials[index][image][t][neuron]);
                    *later = errors[t][neuron] * slope + leak * kept * *later;
                    errors[t][neuron] = *later;
                }
            }
        }
    }

    /// Returns ε over an identity path.
    fn through_identity(&self, index: usize, batch: &Batch, epsilon: &Map, errors: &mut [Map]) {
        for &synapse in &self.synapses[index] {
            if let (Weight::Fixed(one), Source::Layer(source)) = (synapse.weight, synapse.source) {
                for (image, t) in all(batch.len(), self.description.steps) {
                    errors[source][image][t][synapse.from] += one * epsilon[image][t][synapse.to];
                }
            }
        }
    }

    /// ε becomes δ, and gives the gradients of γ and β. Without normalization, δ is ε, and β a bias.
    fn through_norm(
        &self,
        index: usize,
        numbers: &Numbers,
        pass: &Pass,
        errors: &mut Map,
        (gradient, sizes): (&mut Numbers, &mut Numbers),
    ) {
        if pass.means[index].is_empty() {
            for errors in errors.iter().flatten() {
                for (neuron, epsilon) in errors.iter().enumerate() {
                    let channel = self.channel(index, neuron);
                    gradient.shifts[index][channel] += epsilon;
                    sizes.shifts[index][channel] += epsilon.abs();
                }
            }
            return;
        }
        let channels = self.shape(index).channels;
        let count = (errors.iter().flatten().flatten().count() / channels) as f64;
        let normalized = |neuron: usize, z: f64| {
            let channel = self.channel(index, neuron);
            (z - pass.means[index][channel]) * pass.inverse(index, channel)
        };
        for (errors, drive) in errors.iter().flatten().zip(pass.drive[index].iter().flatten()) {
            for (neuron, (epsilon, &z)) in errors.iter().zip(drive).enumerate() {
                let channel = self.channel(index, neuron);
                let term = epsilon * normalized(neuron, z);
                gradient.shifts[index][channel] += epsilon;
                gradient.scales[index][channel] += term;
                sizes.shifts[index][channel] += epsilon.abs();
                sizes.scales[index][channel] += term.abs();
            }
        }
        let (sums, products) = (&gradient.shifts[index], &gradient.scales[index]);
        for (errors, drive) in errors
            .iter_mut()
            .flatten()
            .zip(pass.drive[index].iter().flatten())
        {
            for (neuron, (error, &z)) in errors.iter_mut().zip(drive).enumerate() {
                let channel = self.channel(index, neuron);
                let centered =
                    *error - sums[channel] / count - normalized(neuron, z) * products[channel] / count;
                *error = numbers.scales[index][channel] * pass.inverse(index, channel) * centered;
            }
        }
    }

    /// Returns the errors of a pooling layer: 1/k² each, or the derivative of 1 − Π(1 − s).
    fn through_pool(&self, index: usize, batch: &Batch, pass: &Pass, here: &Map, errors: &mut [Map]) {
        let (area, threshold) = self.pooling(index).expect("a pooling layer");
        let mut windows: Vec<Vec<Synapse>> = vec![Vec::new(); self.shape(index).size()];
        for &synapse in &self.synapses[index] {
            windows[synapse.to].push(synapse);
        }
        for (image, t) in all(batch.len(), self.description.steps) {
            for (window, error) in windows.iter().zip(&here[image][t]) {
                for &synapse in window {
                    let Source::Layer(source) = synapse.source else {
                        continue;
                    };
                    let others = window.iter().filter(|other| other.from != synapse.from);
                    let silent = |&other: &Synapse| 1.0 - pass.emitted(batch, other, image, t);
                    let share = if threshold < 1.0 {
                        others.map(silent).product()
                    } else {
                        1.0 / area
                    };
                    errors[source][image][t][synapse.from] += share * error;
                }
            }
        }
    }
}

/// Gradient of the mean loss by the outputs.
fn read_out(pass: &Pass, labels: &[usize], errors: &mut Map) {
    let factor = 1.0 / (labels.len() * pass.outputs[0].len()) as f64;
    for ((errors, outputs), &label) in errors.iter_mut().zip(&pass.outputs).zip(labels) {
        for (errors, outputs) in errors.iter_mut().zip(outputs) {
            let total: f64 = outputs.iter().map(|y| y.exp()).sum();
            for (class, (error, y)) in errors.iter_mut().zip(outputs).enumerate() {
                *error = factor * (y.exp() / total - f64::from(u8::from(class == label)));
            }
        }
    }
}
