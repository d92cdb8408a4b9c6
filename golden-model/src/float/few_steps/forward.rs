//! The forward pass of a batch.

use super::batch::{Batch, Firing, Image, Map};
use super::network::Stage;
use super::parameters::Norm;
use super::sweep::{Affine, Fire, Squares, Sums};
use super::{FewSteps, loss};
use crate::float::Parameters;
use crate::float::engine::{Connections, Dynamics, Path};
use crate::float::neuron::fire_and_leak;
use crate::float::synapses::Events;
use crate::network::{Reset, Source};
use rayon::prelude::*;

impl FewSteps {
    /// Runs the first `count` images of a batch for `steps` steps, normalized by the statistics of the batch.
    pub(crate) fn forward(&self, parameters: &Parameters, batch: &mut Batch, count: usize, steps: usize) {
        self.run(
            parameters,
            batch,
            (count, steps),
            &mut |index, norm, variances| {
                let stage = &self.stages[index];
                if let (Some(scale), Some(shift)) = (stage.scale, stage.shift) {
                    norm.set(variances, &parameters.layers[scale], &parameters.layers[shift]);
                }
            },
        );
    }

    /// Runs the forward pass; `normalize` turns the variances of a layer's drive, whose means are already there, into its
    /// normalization.
    pub(super) fn run(
        &self,
        parameters: &Parameters,
        batch: &mut Batch,
        (count, steps): (usize, usize),
        normalize: &mut dyn FnMut(usize, &mut Norm, &[f64]),
    ) {
        let Batch { images, norms, .. } = batch;
        let images = &mut images[..count];
        for (index, stage) in self.stages.iter().enumerate() {
            images.par_iter_mut().for_each(|image| {
                self.drive(parameters, index, image, steps);
                if stage.scale.is_some() {
                    self.collect(index, image, None, steps);
                }
            });
            if stage.scale.is_some() {
                let variances = self.moments(index, images, &mut norms[index].mean, steps);
                normalize(index, &mut norms[index], &variances);
            }
            let affine = norms[index].affine();
            images
                .par_iter_mut()
                .for_each(|image| match stage.layer.dynamics {
                    Dynamics::Lif => match &stage.integers {
                        None => self.fire(affine, index, image, steps),
                        Some(integers) => {
                            let biases = stage.shift.map(|shift| &parameters.layers[shift][..]);
                            self.fire_integers(integers, biases.unwrap_or_default(), index, image, steps);
                        }
                    },
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
                        scatter.accumulate_graded(graded.addresses, graded.numbers, target)
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

    /// Adds up z of an image, per channel, or the squares of its distances from a mean.
    fn collect(&self, index: usize, image: &mut Image, mean: Option<&[f32]>, steps: usize) {
        let layout = self.stages[index].layer.layout;
        let (neurons, channels) = (layout.size(), layout.stride);
        let Map { drive, sums, .. } = &mut image.maps[index];
        let part = &mut image.scratch.sums[0][..channels];
        let totals = &mut sums[usize::from(mean.is_some())];
        totals.fill(0.0);
        for drive in drive[..steps * neurons].chunks_exact(neurons) {
            part.fill(0.0);
            match mean {
                None => self.dispatch.run(Sums { drive, sums: part }),
                Some(mean) => self.dispatch.run(Squares {
                    drive,
                    mean,
                    squares: part,
                }),
            }
            for (total, &part) in totals.iter_mut().zip(part.iter()) {
                *total += f64::from(part);
            }
        }
    }

    /// Writes the mean of z over a batch and returns its variance, per channel; images are added in order.
    ///
    /// The variance takes a pass of its own: from the sum of the squares of z, it would be the small difference of two
    /// large numbers.
    fn moments(&self, index: usize, images: &mut [Image], mean: &mut [f32], steps: usize) -> Vec<f64> {
        let shape = self.stages[index].layer.layout.shape;
        let count = (images.len() * steps * shape.height * shape.width) as f64;
        let means: Vec<f64> = totals(index, images, 0)
            .into_iter()
            .map(|sum| sum / count)
            .collect();
        for (rounded, &exact) in mean.iter_mut().zip(&means) {
            *rounded = narrow(exact);
        }
        images
            .par_iter_mut()
            .for_each(|image| self.collect(index, image, Some(mean), steps));
        let squares = totals(index, images, 1).into_iter();
        let variance = |((square, exact), &rounded): ((f64, f64), &f32)| {
            (square / count - (exact - f64::from(rounded)).powi(2)).max(0.0)
        };
        squares.zip(means).zip(&*mean).map(variance).collect()
    }

    /// Fires the neurons of a layer that normalizes.
    fn fire(&self, affine: Affine<'_>, index: usize, image: &mut Image, steps: usize) {
        let neurons = self.stages[index].layer.layout.size();
        let Firing {
            drive,
            plain,
            rest,
            spikes,
            active,
        } = image.firing(index, neurons);
        for t in 0..steps {
            let range = t * neurons..(t + 1) * neurons;
            self.dispatch.run(Fire {
                neuron: self.stages[index].neuron,
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
        let Firing {
            drive,
            rest,
            spikes,
            active,
            ..
        } = image.firing(index, neurons);
        let reset = if stage.neuron.subtract {
            Reset::Subtract
        } else {
            Reset::Zero
        };
        for t in 0..steps {
            let counts = &drive[t * neurons..][..neurons];
            rest.iter_mut()
                .zip(counts)
                .for_each(|(rest, count)| *rest += count);
            match &stage.integers {
                None => fire_and_leak(self.dispatch, rest, stage.layer.threshold, 1.0, reset, spikes),
                Some(integers) => integers.neurons.fire_and_settle(self.dispatch, rest, spikes),
            }
            super::pooling::list_wanted(stage, counts, active);
        }
    }
}

/// Sums of a layer over a batch, per channel.
fn totals(index: usize, images: &[Image], term: usize) -> Vec<f64> {
    let mut totals = vec![
        0.0;
        images
            .first()
            .map_or(0, |image| image.maps[index].sums[term].len())
    ];
    for image in images {
        let sums = &image.maps[index].sums[term];
        totals.iter_mut().zip(sums).for_each(|(total, sum)| *total += sum);
    }
    totals
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
        for (class, (y, z)) in output.iter_mut().zip(&drive[t * neurons..]).enumerate() {
            // The threshold is 1, or what stands for 1 in a network of integers.
            *y = (z + bias.get(class).unwrap_or(&0.0)) / stage.layer.threshold;
        }
        let deltas = &mut errors[t * neurons..][..neurons];
        image.loss += loss::cross_entropy(output, image.label, factor, deltas) / steps as f64;
    }
}
