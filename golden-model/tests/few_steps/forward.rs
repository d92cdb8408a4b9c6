//! The forward pass in f64, with spikes, or with the smooth integral of the slope in their place.

use crate::network::{Batch, Map, Network, Numbers};
use crate::synapses::{Synapse, Weight};
use synfire_golden_model::network::{Reset, Source};

/// Number that keeps σ above 0.
const EPSILON: f64 = 1e-5;

/// How a neuron answers to its potential.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Firing<'a> {
    /// By a spike above the threshold.
    Spikes,
    /// By the integral of the slope. Neurons reset where the given maps, one per layer, are 1; without maps, where
    /// their potential is above the threshold.
    Smooth(Option<&'a [Map]>),
}

/// Result of a forward pass: one map per layer.
#[derive(Debug, Default)]
pub(crate) struct Pass {
    /// z.
    pub(crate) drive: Vec<Map>,
    /// v; empty for pooling and the output.
    pub(crate) potentials: Vec<Map>,
    /// 1 where a neuron reset, else 0.
    pub(crate) resets: Vec<Map>,
    /// What a neuron sends: 1 for a spike.
    pub(crate) sent: Vec<Map>,
    /// Mean and variance of z per channel; empty for layers that do not normalize.
    pub(crate) means: Vec<Vec<f64>>,
    pub(crate) variances: Vec<Vec<f64>>,
    /// y, `[image][step][class]`.
    pub(crate) outputs: Map,
    /// Mean loss, without the price of spikes.
    pub(crate) loss: f64,
    /// Price of all spikes, per image.
    pub(crate) price: f64,
}

impl Pass {
    /// 1/σ of a channel.
    pub(crate) fn inverse(&self, index: usize, channel: usize) -> f64 {
        1.0 / (self.variances[index][channel] + EPSILON).sqrt()
    }

    /// What the source of a synapse sends.
    pub(crate) fn emitted(&self, batch: &Batch, synapse: Synapse, image: usize, t: usize) -> f64 {
        match synapse.source {
            Source::Input => batch.value(image, t, synapse.from),
            Source::Layer(source) => self.sent[source][image][t][synapse.from],
        }
    }
}

impl Network {
    /// Runs a batch, normalized by its own statistics.
    pub(crate) fn forward(&self, numbers: &Numbers, batch: &Batch, firing: Firing<'_>) -> Pass {
        let (images, steps) = (batch.len(), self.description.steps);
        let mut pass = Pass::default();
        for index in 0..self.graph.nodes.len() {
            let (drive, plain) = self.drive(numbers, batch, &pass, index);
            let (mut means, mut variances) = (Vec::new(), Vec::new());
            let mut potentials = Map::new();
            let (mut resets, mut sent) = (self.map(index, images), self.map(index, images));
            if self.reads_out(index) {
                pass.outputs.clone_from(&drive);
                for step in pass.outputs.iter_mut().flatten() {
                    step.iter_mut()
                        .zip(&numbers.shifts[index])
                        .for_each(|(y, b)| *y += b);
                }
            } else if self.pooling(index).is_some() {
                self.pool(index, batch, &pass, &drive, firing, &mut sent);
            } else {
                (means, variances) = self.statistics(index, &drive);
                let norm = |neuron: usize, z: f64| {
                    let channel = self.channel(index, neuron);
                    let inverse = 1.0 / (variances[channel] + EPSILON).sqrt();
                    numbers.scales[index][channel] * (z - means[channel]) * inverse
                        + numbers.shifts[index][channel]
                };
                potentials = plain;
                for (potentials, drive) in potentials.iter_mut().flatten().zip(drive.iter().flatten()) {
                    for (neuron, (v, &z)) in potentials.iter_mut().zip(drive).enumerate() {
                        *v += norm(neuron, z);
                    }
                }
                self.fire(index, firing, &mut potentials, &mut resets, &mut sent);
            }
            let all: f64 = sent.iter().flatten().flatten().sum();
            pass.price += self.prices[index] / steps as f64 * all / images as f64;
            pass.drive.push(drive);
            pass.potentials.push(potentials);
            pass.resets.push(resets);
            pass.sent.push(sent);
            pass.means.push(means);
            pass.variances.push(variances);
        }
        pass.loss = cross_entropy(&pass.outputs, &batch.labels);
        pass
    }

    /// Sums over a layer's weighted synapses (of a pooling layer, over its windows), and over its identity path.
    fn drive(&self, numbers: &Numbers, batch: &Batch, pass: &Pass, index: usize) -> (Map, Map) {
        let images = batch.len();
        let (mut drive, mut plain) = (self.map(index, images), self.map(index, images));
        let pools = self.pooling(index).is_some();
        for (image, t) in all(images, self.description.steps) {
            for &synapse in &self.synapses[index] {
                let value = pass.emitted(batch, synapse, image, t);
                match synapse.weight {
                    Weight::Learned(tensor, place) => {
                        drive[image][t][synapse.to] += numbers.weights[tensor][place] * value;
                    }
                    Weight::Fixed(_) if pools => drive[image][t][synapse.to] += value,
                    Weight::Fixed(one) => plain[image][t][synapse.to] += one * value,
                }
            }
        }
        (drive, plain)
    }

    /// Mean and variance of every channel over batch, steps and positions.
    fn statistics(&self, index: usize, drive: &Map) -> (Vec<f64>, Vec<f64>) {
        let channels = self.shape(index).channels;
        let count = (drive.iter().flatten().flatten().count() / channels) as f64;
        let mean_of = |term: &dyn Fn(usize, f64) -> f64| {
            let mut sums = vec![0.0; channels];
            for (neuron, &z) in drive.iter().flatten().flat_map(|step| step.iter().enumerate()) {
                let channel = self.channel(index, neuron);
                sums[channel] += term(channel, z);
            }
            sums.iter().map(|sum| sum / count).collect::<Vec<f64>>()
        };
        let means = mean_of(&|_, z| z);
        let variances = mean_of(&|channel, z| (z - means[channel]).powi(2));
        (means, variances)
    }

    /// Turns what enters the neurons of a layer into their potentials, and fires them.
    fn fire(&self, index: usize, firing: Firing<'_>, potentials: &mut Map, resets: &mut Map, sent: &mut Map) {
        let leak = f64::from(
            self.description.layers[index]
                .leak
                .unwrap_or(self.description.leak),
        );
        for image in 0..potentials.len() {
            let mut rest = vec![0.0; self.shape(index).size()];
            for t in 0..self.description.steps {
                for (neuron, rest) in rest.iter_mut().enumerate() {
                    let v = &mut potentials[image][t][neuron];
                    *v += leak * *rest;
                    let fired = f64::from(u8::from(*v > 1.0));
                    let (output, reset) = match firing {
                        Firing::Spikes => (fired, fired),
                        Firing::Smooth(None) => (self.integral_at(*v), fired),
                        Firing::Smooth(Some(resets)) => {
                            (self.integral_at(*v), resets[index][image][t][neuron])
                        }
                    };
                    *rest = match self.description.reset {
                        Reset::Zero => *v * (1.0 - reset),
                        Reset::Subtract => *v - reset,
                        _ => unreachable!("both resets"),
                    };
                    resets[image][t][neuron] = reset;
                    sent[image][t][neuron] = output;
                }
            }
        }
    }

    /// Fires pooling neurons. Smooth neurons have no memory: they send the mean of their window, or, where one spike
    /// makes a neuron fire, the probability that any of independent sources does.
    fn pool(
        &self,
        index: usize,
        batch: &Batch,
        pass: &Pass,
        drive: &Map,
        firing: Firing<'_>,
        sent: &mut Map,
    ) {
        let (area, threshold) = self.pooling(index).expect("a pooling layer");
        for (image, drive) in drive.iter().enumerate() {
            let mut membranes = vec![0.0; self.shape(index).size()];
            for (t, drive) in drive.iter().enumerate() {
                let mut silent = vec![1.0; membranes.len()];
                for &synapse in &self.synapses[index] {
                    silent[synapse.to] *= 1.0 - pass.emitted(batch, synapse, image, t);
                }
                for (neuron, membrane) in membranes.iter_mut().enumerate() {
                    *membrane += drive[neuron];
                    let fired = *membrane > threshold;
                    sent[image][t][neuron] = match firing {
                        Firing::Spikes => f64::from(u8::from(fired)),
                        Firing::Smooth(_) if threshold < 1.0 => 1.0 - silent[neuron],
                        Firing::Smooth(_) => drive[neuron] / area,
                    };
                    if fired {
                        *membrane = match self.description.reset {
                            Reset::Subtract => *membrane - threshold,
                            _ => 0.0,
                        };
                    }
                }
            }
        }
    }
}

/// Mean over images and steps of −ln softmax(y) of the label.
fn cross_entropy(outputs: &Map, labels: &[usize]) -> f64 {
    let mut sum = 0.0;
    for (steps, &label) in outputs.iter().zip(labels) {
        for outputs in steps {
            let total: f64 = outputs.iter().map(|y| (y - outputs[label]).exp()).sum();
            sum += total.ln();
        }
    }
    sum / (labels.len() * outputs[0].len()) as f64
}

/// Pairs of image and step.
pub(crate) fn all(images: usize, steps: usize) -> impl Iterator<Item = (usize, usize)> {
    (0..images).flat_map(move |image| (0..steps).map(move |t| (image, t)))
}
