//! Scaling of initial weights on data: the drive of every channel gets mean 0 and deviation 1 threshold.
//!
//! The drive z of a neuron is what its sources add to its membrane in one step, over both paths of a junction. After
//! D. Mishkin and J. Matas, "All you need is a good init" (arXiv 1511.06422), layers are taken from the input on, so that
//! every layer is measured with the spikes that the layers before it send once they are scaled themselves. There is no
//! bias that could take out the mean, so it is projected out of the weights. With w the weights of a channel over both
//! paths, m the mean of what they receive (over images, steps and positions; 0 outside of the source), and i the mean of
//! what an identity adds:
//!
//! ```text
//! w0 = w − (w·m) m / |m|²          mean of w0·s is 0
//! w1 = −i m / |m|²                 takes out the mean of the identity; 0 without one
//! w  = a w0 + w1                   a > 0: deviation of the drive is the threshold
//! ```
//!
//! In the output layer only the mean is taken out (a = 1): its neurons need not fire, and outputs near 0 are close to the
//! wanted ones, most of which are 0. Scaled to deviation 1, they would be far off, and the first steps of the optimizer as
//! much too large. Pooling has no weights and is left alone.
//!
//! Sums are taken image by image in pieces of fixed size, and the pieces are added in order, so that the result does not
//! depend on the number of threads.

use super::Unscaled;
use super::moments::Moments;
use crate::events::{Numbers, VECTOR, all_rows, zeros};
use crate::float::{Engine, Events, Parameters, Received};
use crate::network::{LayerDescription, LayerKind, NetworkDescription, Node};
use rayon::prelude::*;

/// Number of images whose sums are taken one after the other.
const PIECE: usize = 8;

/// Images on which weights are scaled, and how layers receive them. Events carry a factor, so graded inputs are possible.
pub(in crate::train) trait Presenter: Sync {
    /// State of one thread.
    type Worker;

    /// Number of images.
    fn images(&self) -> usize;

    /// Creates the state in which layer `index` receives images.
    fn worker(&self, index: usize) -> Self::Worker;

    /// Presents an image with the current weights: calls `step` in every step with what each path of the layer receives.
    fn present(
        &self,
        worker: &mut Self::Worker,
        weights: &Parameters,
        image: usize,
        step: &mut dyn FnMut(&[Vec<Events<'_>>]),
    );
}

/// Scales the weights of a network, which `engine` is prepared to run; returns the channels that could not be scaled, with
/// one entry for each layer that has such channels.
pub(in crate::train) fn standardize<P: Presenter>(
    description: &NetworkDescription,
    engine: &Engine,
    weights: &mut Parameters,
    presenter: &P,
) -> Vec<Unscaled> {
    let row_lengths: Vec<usize> = all_rows(description, VECTOR)
        .into_iter()
        .map(|(_, rows)| rows.length)
        .collect();
    let nodes = description.valid_graph().nodes;
    let mut unscaled = Vec::new();
    for (index, (layer, node)) in description.layers.iter().zip(&nodes).enumerate() {
        if matches!(layer.kind, LayerKind::Pool { .. }) {
            continue;
        }
        let task = Task {
            engine,
            presenter,
            index,
            layer,
            node,
            tensors: engine.tensors(index),
            row_lengths: &row_lengths,
        };
        let channels = task.scale(weights);
        if !channels.is_empty() {
            unscaled.push(Unscaled {
                layer: layer.name.clone(),
                channels,
            });
        }
    }
    unscaled
}

/// Layer to scale.
struct Task<'a, P> {
    engine: &'a Engine,
    presenter: &'a P,
    index: usize,
    layer: &'a LayerDescription,
    node: &'a Node,
    /// Tensor of each path; `None` for an identity.
    tensors: Vec<Option<usize>>,
    row_lengths: &'a [usize],
}

/// Weights of each path; empty for an identity.
type Paths = Vec<Numbers>;

impl<P: Presenter> Task<'_, P> {
    /// Scales the layer; returns the channels that stay as they are.
    fn scale(&self, weights: &mut Parameters) -> Vec<usize> {
        let channels = self.engine.layout(self.index).shape.channels;
        let (received, identity) = self.received(weights);
        let square: f64 = received.iter().flat_map(|path| path.iter()).map(|m| m * m).sum();
        if square == 0.0 {
            return (0..channels).collect();
        }
        let along = self.along(weights, &received);
        let shift = |scale: &dyn Fn(usize) -> f64, keep: bool| -> Paths {
            self.map(weights, &received, |channel, weight, mean| {
                let rest = if keep { f64::from(weight) } else { 0.0 };
                rest - scale(channel) * mean / square
            })
        };
        let own = shift(&|channel| along[channel], true);
        let offset = identity
            .as_ref()
            .map(|means| shift(&|channel| means[channel], false));
        let factors = if matches!(self.layer.kind, LayerKind::Out { .. }) {
            vec![Some(1.0); channels]
        } else {
            self.factors(weights, &own, offset.as_ref())
        };
        for (path, tensor) in self.tensors.iter().enumerate() {
            let Some(tensor) = *tensor else { continue };
            let row = self.row_lengths[tensor];
            for (place, weight) in weights.layers[tensor].iter_mut().enumerate() {
                if let Some(Some(factor)) = factors.get(place % row) {
                    let offset = offset
                        .as_ref()
                        .map_or(0.0, |offset| f64::from(offset[path][place]));
                    *weight = narrow(factor * f64::from(own[path][place]) + offset);
                }
            }
        }
        let left = |channel: &usize| factors[*channel].is_none();
        (0..channels).filter(left).collect()
    }

    /// Factor of every channel's weights; `None` if there is none.
    fn factors(&self, weights: &Parameters, own: &Paths, offset: Option<&Paths>) -> Vec<Option<f64>> {
        let moments = self.moments(weights, own, offset);
        let places = self.places();
        let wanted = f64::from(self.engine.threshold(self.index)).powi(2);
        let most = self.largest(own);
        let channels = moments.iter().zip(most);
        channels
            .map(|(moments, most)| moments.factor(places, wanted, most))
            .collect()
    }

    /// Number of drives of a channel: images × steps × positions.
    fn places(&self) -> f64 {
        let shape = self.engine.layout(self.index).shape;
        (self.presenter.images() * self.engine.steps()) as f64 * (shape.height * shape.width) as f64
    }

    /// Means of what each row of weights receives, for each path, and of what the identity adds to each channel, if there
    /// is one.
    fn received(&self, weights: &Parameters) -> (Vec<Vec<f64>>, Option<Vec<f64>>) {
        let (engine, index) = (self.engine, self.index);
        let layout = engine.layout(index);
        let identity = self.tensors.contains(&None);
        let rows = |tensor: &Option<usize>| {
            tensor.map_or(0, |tensor| {
                weights.layers[tensor].len() / self.row_lengths[tensor]
            })
        };
        let rows: Vec<usize> = self.tensors.iter().map(rows).collect();
        let empty = Received::new(self.layer, self.node, &rows);
        let pieces = self.by_piece(weights, |step| {
            let mut received = empty.clone();
            let mut moments = vec![Moments::default(); layout.shape.channels];
            let mut drive = if identity {
                engine.drive_of(index)
            } else {
                zeros(0)
            };
            step(&mut |paths| {
                drive.fill(0.0);
                for (path, events) in paths.iter().enumerate() {
                    for &events in events {
                        match self.tensors[path] {
                            Some(_) => received.add(path, events),
                            None => engine.add_drive(index, path, &[], events, &mut drive),
                        }
                    }
                }
                if identity {
                    Moments::add_step(&mut moments, layout, &drive, &drive);
                }
            });
            (received.sums(), moments)
        });
        let places = self.places();
        let mut pieces = pieces.into_iter();
        let (mut means, mut moments) = pieces.next().expect("there is an image");
        for (rows, others) in pieces {
            for (sum, other) in means.iter_mut().flatten().zip(rows.iter().flatten()) {
                *sum += other;
            }
            for (sum, other) in moments.iter_mut().zip(&others) {
                sum.add(other);
            }
        }
        means.iter_mut().flatten().for_each(|mean| *mean /= places);
        let added = identity.then(|| moments.iter().map(|moments| moments.mean_of_y(places)).collect());
        (means, added)
    }

    /// w·m of every channel.
    fn along(&self, weights: &Parameters, received: &[Vec<f64>]) -> Vec<f64> {
        let mut along = vec![0.0; self.engine.layout(self.index).stride];
        for (tensor, means) in self.tensors.iter().zip(received) {
            let Some(tensor) = *tensor else { continue };
            let rows = weights.layers[tensor].chunks_exact(self.row_lengths[tensor]);
            for (row, mean) in rows.zip(means) {
                for (sum, &weight) in along.iter_mut().zip(row) {
                    *sum += f64::from(weight) * mean;
                }
            }
        }
        along
    }

    /// Σ |w| of every channel.
    fn largest(&self, paths: &Paths) -> Vec<f64> {
        let mut largest = vec![0.0; self.engine.layout(self.index).stride];
        for (tensor, weights) in self.tensors.iter().zip(paths) {
            let Some(tensor) = *tensor else { continue };
            for row in weights.chunks_exact(self.row_lengths[tensor]) {
                for (sum, &weight) in largest.iter_mut().zip(row) {
                    *sum += f64::from(weight.abs());
                }
            }
        }
        largest
    }

    /// New weights from channel, weight and mean of its row. The padding of a row stays 0.
    fn map(
        &self,
        weights: &Parameters,
        received: &[Vec<f64>],
        number: impl Fn(usize, f32, f64) -> f64,
    ) -> Paths {
        let channels = self.engine.layout(self.index).shape.channels;
        let paths = self.tensors.iter().zip(received);
        let mapped = paths.map(|(tensor, means)| {
            let mut mapped = self.zeros_of(weights, *tensor);
            let Some(tensor) = *tensor else { return mapped };
            let row = self.row_lengths[tensor];
            let old = weights.layers[tensor].chunks_exact(row);
            for ((new, old), &mean) in mapped.chunks_exact_mut(row).zip(old).zip(means) {
                for (channel, (new, &old)) in new.iter_mut().zip(old).take(channels).enumerate() {
                    *new = narrow(number(channel, old, mean));
                }
            }
            mapped
        });
        mapped.collect()
    }

    /// Moments of the drive: x over `own`, y over `offset` and the identity.
    fn moments(&self, weights: &Parameters, own: &Paths, offset: Option<&Paths>) -> Vec<Moments> {
        let (engine, index) = (self.engine, self.index);
        let layout = engine.layout(index);
        let pieces = self.by_piece(weights, |step| {
            let mut moments = vec![Moments::default(); layout.shape.channels];
            let mut x = engine.drive_of(index);
            let mut y = if offset.is_some() { x.clone() } else { zeros(0) };
            step(&mut |paths| {
                x.fill(0.0);
                y.fill(0.0);
                for (path, events) in paths.iter().enumerate() {
                    for &events in events {
                        if self.tensors[path].is_some() {
                            engine.add_drive(index, path, &own[path], events, &mut x);
                        }
                        if let Some(offset) = offset {
                            engine.add_drive(index, path, &offset[path], events, &mut y);
                        }
                    }
                }
                Moments::add_step(&mut moments, layout, &x, &y);
            });
            moments
        });
        let mut pieces = pieces.into_iter();
        let mut moments = pieces.next().expect("there is an image");
        for others in pieces {
            for (sum, other) in moments.iter_mut().zip(&others) {
                sum.add(other);
            }
        }
        moments
    }

    /// Takes sums over all images, piece by piece. `sum` gets a function that calls back for every step of the piece's
    /// images.
    fn by_piece<T: Send>(
        &self,
        weights: &Parameters,
        sum: impl Fn(&mut dyn FnMut(&mut dyn FnMut(&[Vec<Events<'_>>]))) -> T + Sync,
    ) -> Vec<T> {
        let images: Vec<usize> = (0..self.presenter.images()).collect();
        images
            .par_chunks(PIECE)
            .map(|images| {
                let mut worker = self.presenter.worker(self.index);
                sum(&mut |step| {
                    for &image in images {
                        self.presenter.present(&mut worker, weights, image, step);
                    }
                })
            })
            .collect()
    }

    fn zeros_of(&self, weights: &Parameters, tensor: Option<usize>) -> Numbers {
        zeros(tensor.map_or(0, |tensor| weights.layers[tensor].len()))
    }
}

/// Converts a number computed in f64 to f32, so that it is rounded only once.
#[expect(clippy::cast_possible_truncation, reason = "the nearest f32")]
fn narrow(number: f64) -> f32 {
    number as f32
}
