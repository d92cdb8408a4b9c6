//! The backward pass of a batch.

use super::FewSteps;
use super::batch::{Batch, Image, Map};
use super::forward::narrow;
use super::network::Stage;
use super::parameters::Norm;
use super::pooling;
use super::sweep::{Affine, Deltas, ThroughTime};
use crate::float::Parameters;
use crate::float::engine::{Connections, Dynamics};
use crate::float::synapses::{ChannelOrder, Events};
use crate::network::Source;
use rayon::prelude::*;

impl FewSteps {
    /// Computes the gradients of the mean loss of the first `count` images, one sum per piece, after a forward pass with
    /// the statistics of the batch.
    pub(crate) fn backward(&self, parameters: &Parameters, batch: &mut Batch, count: usize, steps: usize) {
        let Batch {
            images,
            gradients,
            orders,
            piece,
            norms,
        } = batch;
        let images = &mut images[..count];
        let gradients = &mut gradients[..count.div_ceil(*piece)];
        gradients.par_iter_mut().for_each(|gradient| {
            gradient.layers.iter_mut().for_each(|layer| layer.fill(0.0));
        });
        images.par_iter_mut().for_each(|image| {
            for (stage, map) in self.stages.iter().zip(&mut image.maps) {
                let all = stage.layer.layout.size() * steps;
                if stage.layer.dynamics == Dynamics::Output {
                    let scale = 1.0 / (count as f32 * stage.layer.threshold);
                    map.errors[..all].iter_mut().for_each(|error| *error *= scale);
                } else {
                    map.errors[..all].fill(0.0);
                }
            }
        });
        for (index, stage) in self.stages.iter().enumerate().rev() {
            let price = self.price * stage.reach / (steps * count) as f32;
            if let (Some(scale), Some(shift)) = (stage.scale, stage.shift) {
                let norm = &mut norms[index];
                let affine = norm.affine();
                images
                    .par_iter_mut()
                    .for_each(|image| self.through_time(affine, price, index, image, steps));
                let (sums, products) = totals(stage, index, images, norm);
                let first = &mut gradients[0].layers;
                for (place, values) in [(scale, &products), (shift, &sums)] {
                    for (gradient, &value) in first[place].iter_mut().zip(values) {
                        *gradient = narrow(value);
                    }
                }
                let shape = stage.layer.layout.shape;
                let all = (count * steps * shape.height * shape.width) as f64;
                for channel in 0..stage.layer.layout.stride {
                    let scale = f64::from(norm.scale[channel]);
                    let inverse = f64::from(norm.inverse[channel]);
                    let by_drive = -scale * products[channel] / all * inverse;
                    norm.by_drive[channel] = narrow(by_drive);
                    norm.constant[channel] = narrow(-scale * sums[channel] / all);
                }
            }
            if let Some(integers) = stage
                .integers
                .as_ref()
                .filter(|_| stage.layer.dynamics == Dynamics::Lif)
            {
                let norm = &norms[index];
                let affine = norm.affine();
                images
                    .par_iter_mut()
                    .for_each(|image| self.through_time(affine, price, index, image, steps));
                let (sums, _) = totals(stage, index, images, norm);
                if let Some(shift) = stage.shift {
                    let gradient = &mut gradients[0].layers[shift];
                    for ((gradient, sum), inverse) in
                        gradient.iter_mut().zip(sums).zip(&integers.inverse_units)
                    {
                        *gradient = narrow(sum * f64::from(*inverse));
                    }
                }
            }
            if let (Dynamics::Output, Some(shift)) = (stage.layer.dynamics, stage.shift) {
                output_bias(stage, index, images, steps, &mut gradients[0].layers[shift]);
            }
            let norm = &norms[index];
            images
                .par_chunks_mut(*piece)
                .zip(&mut *gradients)
                .zip(&mut *orders)
                .for_each(|((images, gradient), order)| {
                    for image in images {
                        let sums = (&mut *gradient, &mut *order);
                        self.through_paths(parameters, norm, price, index, image, sums, steps);
                    }
                });
        }
    }

    /// Turns the errors of a layer of LIF neurons into ε, and returns them over its identity path.
    fn through_time(&self, affine: Affine<'_>, price: f32, index: usize, image: &mut Image, steps: usize) {
        let stage = &self.stages[index];
        let (neurons, channels) = (stage.layer.layout.size(), stage.layer.layout.stride);
        let Image { maps, scratch, .. } = image;
        let (before, from_here) = maps.split_at_mut(index);
        let Map {
            drive,
            plain,
            errors,
            sums,
            ..
        } = &mut from_here[0];
        let [first, second] = &mut scratch.sums;
        first[..channels].fill(0.0);
        second[..channels].fill(0.0);
        let (drive, ending) = (&drive[..steps * neurons], &mut errors[..steps * neurons]);
        match &stage.integers {
            None => self.dispatch.run(ThroughTime {
                neuron: stage.neuron,
                affine,
                price,
                steps,
                drive,
                plain: plain.get(..steps * neurons).unwrap_or_default(),
                errors: ending,
                sums: &mut first[..channels],
                products: &mut second[..channels],
            }),
            Some(integers) => {
                self.dispatch.run(integers.through_time(
                    (price, steps),
                    drive,
                    ending,
                    &mut first[..channels],
                ));
            }
        }
        for (total, part) in sums.iter_mut().zip([&*first, &*second]) {
            for (total, &part) in total.iter_mut().zip(part.iter()) {
                *total = f64::from(part);
            }
        }
        for path in &stage.layer.paths {
            let (
                Connections::Plain { scatter, .. } | Connections::Identity { scatter, .. },
                Source::Layer(source),
            ) = (&path.connections, path.source)
            else {
                continue;
            };
            let Map {
                active, errors: to, ..
            } = &mut before[source];
            let size = self.stages[source].layer.layout.size();
            for t in 0..steps {
                let epsilon = &errors[t * neurons..][..neurons];
                scatter.backward(active.step(t), 1.0, epsilon, &mut to[t * size..][..size]);
            }
        }
    }

    /// Computes δ of a layer, adds it to the gradient of its weights, and returns errors to its sources.
    #[expect(clippy::too_many_arguments, reason = "one image's part of a layer")]
    fn through_paths(
        &self,
        parameters: &Parameters,
        norm: &Norm,
        price: f32,
        index: usize,
        image: &mut Image,
        (gradient, order): (&mut Parameters, &mut ChannelOrder),
        steps: usize,
    ) {
        let stage = &self.stages[index];
        let neurons = stage.layer.layout.size();
        let (before, from_here) = image.maps.split_at_mut(index);
        let Map { drive, errors, .. } = &mut from_here[0];
        for t in 0..steps {
            let range = t * neurons..(t + 1) * neurons;
            if stage.layer.dynamics == Dynamics::Lif {
                self.dispatch.run(Deltas {
                    mean: &norm.mean,
                    scale: &norm.scale,
                    by_drive: &norm.by_drive,
                    constant: &norm.constant,
                    drive: &drive[range.clone()],
                    errors: &mut errors[range.clone()],
                });
            }
        }
        for path in &stage.layer.paths {
            let Source::Layer(source) = path.source else {
                continue;
            };
            let Map {
                spikes,
                active,
                errors: to,
                ..
            } = &mut before[source];
            let size = self.stages[source].layer.layout.size();
            match &path.connections {
                Connections::Weighted { synapses, tensor } => {
                    let gradient = &mut gradient.layers[*tensor];
                    for (t, deltas) in errors.chunks_exact(neurons).enumerate().take(steps) {
                        let events = Events {
                            addresses: spikes.step(t),
                            factor: 1.0,
                        };
                        synapses.add_spike_gradient(self.dispatch, events, deltas, gradient, order);
                    }
                    let (weights, to) = (&parameters.layers[*tensor], &mut to[..steps * size]);
                    let deltas = (steps, &errors[..steps * neurons]);
                    synapses.return_errors(self.dispatch, weights, active.steps(), deltas, to, order);
                }
                Connections::Plain { scatter, .. } if stage.layer.dynamics == Dynamics::Pool => {
                    for t in 0..steps {
                        let range = t * neurons..(t + 1) * neurons;
                        let (counts, deltas) = (&drive[range.clone()], &errors[range]);
                        let lists = (active.step(t), spikes.step(t));
                        pooling::return_errors(
                            self.dispatch,
                            stage,
                            scatter,
                            counts,
                            deltas,
                            price,
                            lists,
                            &mut to[t * size..][..size],
                        );
                    }
                }
                Connections::Plain { .. } | Connections::Identity { .. } => {}
            }
        }
        self.through_input(index, image, gradient, steps);
    }

    /// Adds δ of a layer that the input feeds to the gradient of its weights; the δ are used up.
    fn through_input(&self, index: usize, image: &mut Image, gradient: &mut Parameters, steps: usize) {
        let stage = &self.stages[index];
        let neurons = stage.layer.layout.size();
        let mut from_input = stage
            .layer
            .paths
            .iter()
            .filter(|path| path.source == Source::Input)
            .peekable();
        if from_input.peek().is_none() {
            return;
        }
        let Image { maps, input, .. } = image;
        let errors = &mut maps[index].errors[..steps * neurons];
        let mut shown = steps;
        if input.is_steady() {
            // The input is the same in all steps, so its δ are added up first, once for both paths of a junction.
            let (sum, rest) = errors.split_at_mut(neurons);
            for deltas in rest.chunks_exact(neurons) {
                sum.iter_mut().zip(deltas).for_each(|(sum, delta)| *sum += delta);
            }
            shown = 1;
        }
        for path in from_input {
            let Connections::Weighted { synapses, tensor } = &path.connections else {
                continue;
            };
            let gradient = &mut gradient.layers[*tensor];
            for (t, deltas) in errors.chunks_exact(neurons).take(shown).enumerate() {
                synapses.add_graded_gradient(self.dispatch, input.step(t), deltas, gradient);
            }
        }
    }
}

/// Σ ε and Σ ε·ẑ of a layer over a batch, per channel; images are added in order.
fn totals(stage: &Stage, index: usize, images: &[Image], norm: &Norm) -> (Vec<f64>, Vec<f64>) {
    let channels = stage.layer.layout.stride;
    let (mut sums, mut products) = (vec![0.0; channels], vec![0.0; channels]);
    for image in images {
        let [first, second] = &image.maps[index].sums;
        for channel in 0..channels {
            sums[channel] += first[channel];
            products[channel] += second[channel];
        }
    }
    for (product, &inverse) in products.iter_mut().zip(norm.inverse.iter()) {
        *product *= f64::from(inverse);
    }
    (sums, products)
}

/// Adds up the errors of the output layer.
fn output_bias(stage: &Stage, index: usize, images: &[Image], steps: usize, gradient: &mut [f32]) {
    let classes = stage.layer.layout.shape.size();
    let neurons = stage.layer.layout.size();
    for image in images {
        for errors in image.maps[index].errors[..steps * neurons].chunks_exact(neurons) {
            for (sum, error) in gradient[..classes].iter_mut().zip(errors) {
                *sum += error;
            }
        }
    }
}
