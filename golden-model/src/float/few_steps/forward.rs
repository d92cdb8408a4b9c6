//! The forward pass of a batch.

use super::batch::{Batch, Image, Map};
use super::network::Stage;
use super::sweep::{Affine, Fire, Moments};
use super::{FewSteps, loss};
use crate::float::Parameters;
use crate::float::engine::{Connections, Dynamics, Path};
use crate::float::neuron::fire_and_leak;
use crate::float::synapses::Events;
use crate::network::Source;
use rayon::prelude::*;

impl FewSteps {
    /// Runs the first `count` images of a batch for `steps` steps, normalized by the statistics of the batch.
    pub(crate) fn forward(&self, parameters: &Parameters, batch: &mut Batch, count: usize, steps: usize) {
        let Batch { images, norms, .. } = batch;
        let images = &mut images[..count];
        for (index, stage) in self.stages.iter().enumerate() {
            images.par_iter_mut().for_each(|image| {
                self.drive(parameters, index, image, steps);
                if stage.scale.is_some() {
                    self.collect(stage, index, image, steps);
                }
            });
            if let (Some(scale), Some(shift)) = (stage.scale, stage.shift) {
                let (gamma, beta) = (&parameters.layers[scale], &parameters.layers[shift]);
                let (means, variances) = moments(stage, index, images, steps);
                norms[index].set(&means, &variances, gamma, beta);
            }
            let norm = &norms[index];
            let affine = Affine {
                scale: &norm.scale,
                shift: &norm.shift,
            };
            images
                .par_iter_mut()
                .for_each(|image| match stage.layer.dynamics {
                    Dynamics::Lif => self.fire(affine, index, image, steps),
                    Dynamics::Pool => self.pool(stage, index, image, steps),
                    Dynamics::Output => {
                        let bias = stage.shift.map(|shift| &parameters.layers[shift][..]);
                        read(stage, index, image, steps, bias.unwrap_or_default());
                    }
                });
        }
    }

    /// Computes z of a layer in all steps.
    fn drive(&self, parameters: &Parameters, index: usize, image: &mut Image, steps: usize) {
        let stage = &self.stages[index];
        let neurons = stage.layer.layout.size();
        let steady = image.input.is_steady();
        if index == 0 {
            let events = (0..steps).map(|t| image.input.step(t).addresses.len() as u64);
            image.input_events = events.sum();
        }
        let (before, from_here) = image.maps.split_at_mut(index);
        let map = &mut from_here[0];
        map.operations = 0;
        let from_input = |path: &&Path| path.source == Source::Input;
        // Sums over the input are the same in all steps if the input is.
        for t in 0..steps {
            if t > 0 && steady {
                map.drive.copy_within(..neurons, t * neurons);
                if stage.has_plain {
                    map.plain.copy_within(..neurons, t * neurons);
                }
                continue;
            }
            map.drive[t * neurons..][..neurons].fill(0.0);
            if stage.has_plain {
                map.plain[t * neurons..][..neurons].fill(0.0);
            }
            for path in stage.layer.paths.iter().filter(from_input) {
                let graded = image.input.step(t);
                let (drive, plain) = (
                    &mut map.drive[t * neurons..][..neurons],
                    map.plain.get_mut(t * neurons..(t + 1) * neurons),
                );
                map.operations += match &path.connections {
                    Connections::Weighted { synapses, tensor } => {
                        let weights = &parameters.layers[*tensor];
                        synapses.accumulate_graded(self.dispatch, weights, graded, drive)
                    }
                    Connections::Plain { scatter, .. } | Connections::Identity { scatter, .. } => {
                        let target = plain.filter(|_| stage.has_plain).unwrap_or(drive);
                        scatter.accumulate_graded(graded.addresses, graded.values, target)
                    }
                } as u64;
            }
        }
        if steady {
            map.operations *= steps as u64;
        }
        for t in 0..steps {
            for path in stage.layer.paths.iter() {
                let Source::Layer(source) = path.source else {
                    continue;
                };
                let addresses = before[source].spikes.step(t);
                let range = t * neurons..(t + 1) * neurons;
                map.operations += match &path.connections {
                    Connections::Weighted { synapses, tensor } => {
                        let events = Events {
                            addresses,
                            factor: 1.0,
                        };
                        let weights = &parameters.layers[*tensor];
                        synapses.accumulate(self.dispatch, weights, events, &mut map.drive[range])
                    }
                    Connections::Plain { scatter, .. } | Connections::Identity { scatter, .. } => {
                        let target = if stage.has_plain {
                            &mut map.plain[range]
                        } else {
                            &mut map.drive[range]
                        };
                        scatter.accumulate(addresses, 1.0, target)
                    }
                } as u64;
            }
        }
    }

    /// Adds up z and z² of an image, per channel.
    fn collect(&self, stage: &Stage, index: usize, image: &mut Image, steps: usize) {
        let (neurons, channels) = (stage.layer.layout.size(), stage.layer.layout.stride);
        let Map { drive, sums, .. } = &mut image.maps[index];
        let [first, second] = &mut image.scratch.sums;
        sums.iter_mut().for_each(|sums| sums.fill(0.0));
        for t in 0..steps {
            first[..channels].fill(0.0);
            second[..channels].fill(0.0);
            self.dispatch.run(Moments {
                drive: &drive[t * neurons..][..neurons],
                sums: &mut first[..channels],
                squares: &mut second[..channels],
            });
            for (total, part) in sums.iter_mut().zip([&*first, &*second]) {
                for (total, &part) in total.iter_mut().zip(part.iter()) {
                    *total += f64::from(part);
                }
            }
        }
    }

    /// Fires the neurons of a layer that normalizes.
    fn fire(&self, affine: Affine<'_>, index: usize, image: &mut Image, steps: usize) {
        let neurons = self.stages[index].layer.layout.size();
        let Image { maps, scratch, .. } = image;
        let Map {
            drive,
            plain,
            spikes,
            active,
            ..
        } = &mut maps[index];
        let rest = &mut scratch.rest[..neurons];
        rest.fill(0.0);
        spikes.clear();
        active.clear();
        for t in 0..steps {
            let range = t * neurons..(t + 1) * neurons;
            self.dispatch.run(Fire {
                neuron: self.neuron,
                affine,
                drive: &drive[range.clone()],
                plain: plain.get(range).unwrap_or_default(),
                rest,
                spikes,
                active,
            });
        }
    }

    /// Fires the neurons of a pooling layer.
    fn pool(&self, stage: &Stage, index: usize, image: &mut Image, steps: usize) {
        let neurons = stage.layer.layout.size();
        let Image { maps, scratch, .. } = image;
        let Map {
            drive,
            spikes,
            active,
            ..
        } = &mut maps[index];
        let rest = &mut scratch.rest[..neurons];
        rest.fill(0.0);
        spikes.clear();
        active.clear();
        for t in 0..steps {
            let counts = &drive[t * neurons..][..neurons];
            rest.iter_mut()
                .zip(counts)
                .for_each(|(rest, count)| *rest += count);
            fire_and_leak(self.dispatch, rest, stage.layer.threshold, 1.0, spikes);
            super::pooling::list_wanted(stage, counts, active);
        }
    }
}

/// Mean and variance of z over a batch, per channel; images are added in order.
fn moments(stage: &Stage, index: usize, images: &[Image], steps: usize) -> (Vec<f32>, Vec<f32>) {
    let layout = stage.layer.layout;
    let count = images.len() * steps * layout.shape.height * layout.shape.width;
    let mut totals = [vec![0.0; layout.stride], vec![0.0; layout.stride]];
    for image in images {
        for (total, sums) in totals.iter_mut().zip(&image.maps[index].sums) {
            total.iter_mut().zip(sums).for_each(|(total, sum)| *total += sum);
        }
    }
    let [sums, squares] = totals;
    let mean = |sum: &f64| sum / count as f64;
    let variance = |(sum, square): (&f64, &f64)| (mean(square) - mean(sum).powi(2)).max(0.0);
    (
        sums.iter().map(|sum| narrow(mean(sum))).collect(),
        sums.iter().zip(&squares).map(variance).map(narrow).collect(),
    )
}

/// Rounds a number that was computed in f64 to the f32 that the engine uses.
#[expect(clippy::cast_possible_truncation, reason = "the nearest f32")]
pub(super) const fn narrow(value: f64) -> f32 {
    value as f32
}

/// Computes the output of every step and the loss, and starts the errors of the output layer.
fn read(stage: &Stage, index: usize, image: &mut Image, steps: usize, bias: &[f32]) {
    let (neurons, classes) = (stage.layer.layout.size(), stage.layer.layout.shape.size());
    let Map { drive, errors, .. } = &mut image.maps[index];
    let factor = 1.0 / steps as f32;
    image.loss = 0.0;
    for t in 0..steps {
        let output = &mut image.output[t * classes..][..classes];
        for ((y, z), b) in output.iter_mut().zip(&drive[t * neurons..]).zip(bias) {
            *y = z + b;
        }
        let deltas = &mut errors[t * neurons..][..neurons];
        image.loss += loss::cross_entropy(output, image.label, factor, deltas) / steps as f64;
    }
}
