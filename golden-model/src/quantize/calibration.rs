//! Calibration: statistics of the layers of a network, from the spikes of a few hundred inferences.
//!
//! The weights of a layer are rounded by the spikes that the quantized layers before it emit. The integer engine runs
//! those layers image by image; only the spike counts of some windows of the layer are kept. So calibration runs the
//! front of the network once for every layer with weights, and its memory does not grow with the number of images.
//!
//! If a layer has many windows, only [`WINDOWS`] of them are used, divided evenly among the images. They are drawn anew
//! for every image by a generator that is seeded with layer and image.

use super::rounding::{MomentSums, Moments};
use crate::Result;
use crate::integer::{self, InputValues, Layers, QuantizedLayer, QuantizedModel};
use crate::network::{LayerKind, NetworkDescription, Node, Shape, Source};
use crate::random::{Random, mix};
use crate::spikes::SpikeRaster;
use ndarray::Array2;
use rayon::prelude::*;
use std::fmt;

/// Number of windows of a layer that are used, over all images; at least one per image.
pub const WINDOWS: usize = 8192;

/// Number of images whose counts are in memory at a time.
const IMAGES_AT_ONCE: usize = 32;

/// Seed for drawing windows.
const SEED: u64 = 0x77_1d0;

/// Inferences for calibration: the number of images, and a function that returns the input spikes of an image.
#[derive(Clone, Copy)]
pub struct Calibration<'a> {
    images: usize,
    spikes: &'a (dyn Fn(usize) -> Result<SpikeRaster> + Sync),
}

impl fmt::Debug for Calibration<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Calibration")
            .field("images", &self.images)
            .finish_non_exhaustive()
    }
}

/// Activity of a layer over all calibration inferences.
#[derive(Clone, Debug)]
pub(super) struct Activity {
    /// Mean rate of each channel over images and positions, in spikes per step.
    pub(super) rates: Vec<f64>,
}

impl<'a> Calibration<'a> {
    /// Calibrates with images 0 to `images` − 1. `spikes` returns the input spikes of an image. It is called several
    /// times per image, from any thread and in any order, and must always return the same spikes.
    pub const fn new(images: usize, spikes: &'a (dyn Fn(usize) -> Result<SpikeRaster> + Sync)) -> Self {
        Self { images, spikes }
    }

    /// No calibration: weights are rounded without regard to spikes.
    #[must_use]
    pub const fn none() -> Self {
        Self::new(0, &|_| Ok(SpikeRaster::new(0)))
    }

    /// Number of images.
    #[must_use]
    pub const fn images(&self) -> usize {
        self.images
    }

    /// Input spikes of an image.
    ///
    /// # Errors
    /// If the function that returns them fails.
    pub(super) fn spikes(&self, image: usize) -> Result<SpikeRaster> {
        (self.spikes)(image)
    }

    /// Checks the events of every image against the network's input.
    pub(super) fn check(&self, width: usize, values: InputValues) -> Result<()> {
        let check = |image| integer::check(&[(self.spikes)(image)?], width, values);
        let results: Vec<Result<()>> = (0..self.images).into_par_iter().map(check).collect();
        results.into_iter().collect()
    }

    /// Computes the moments of a layer's window counts, over both paths of a junction. `layers` are the quantized
    /// layers before it. If the layer is `biased`, the number of steps is one more count, that of the bias. `None` if there
    /// are no images, no spikes, or too many sources.
    pub(super) fn moments(
        &self,
        description: &NetworkDescription,
        layers: &[QuantizedLayer],
        kind: &LayerKind,
        node: &Node,
        biased: bool,
    ) -> Result<Option<Moments>> {
        let windows = Windows::of(kind, node);
        let columns = windows.sources() + usize::from(biased);
        if self.images == 0 {
            return Ok(None);
        }
        let Some(mut sums) = MomentSums::new(columns) else {
            return Ok(None);
        };
        let front = Layers::new(description, layers)?;
        let per_image = self.windows_per_image(windows.positions());
        let layer_seed = layers.len() as u64;
        let images: Vec<usize> = (0..self.images).collect();
        for images in images.chunks(IMAGES_AT_ONCE) {
            let count = |front: &mut Layers, &image: &usize| {
                let raster = (self.spikes)(image)?;
                let (inputs, layers) = (counts(&raster), front.counts(&raster)?);
                let of = |source: Source| match source {
                    Source::Input => &inputs[..],
                    Source::Layer(index) => &layers[index][..],
                };
                let second = node.junction.as_ref().map_or(&[][..], |path| of(path.source));
                let positions = chosen(windows.positions(), per_image, &[layer_seed, image as u64]);
                let mut patches = Vec::with_capacity(positions.len() * columns);
                for position in positions {
                    windows.patch(position, of(node.source), second, &mut patches);
                    if biased {
                        patches.push(raster.steps() as f32);
                    }
                }
                Ok(patches)
            };
            let patches: Vec<Result<Vec<f32>>> =
                images.par_iter().map_init(|| front.clone(), count).collect();
            let patches = patches.into_iter().collect::<Result<Vec<_>>>()?.concat();
            let rows = patches.len() / columns.max(1);
            let patches = Array2::from_shape_vec((rows, columns), patches);
            sums.add(patches.expect("a whole number of windows").view());
        }
        Ok(sums.finish(biased))
    }

    /// Computes the activity of all layers of a finished network except the output layer, which never fires.
    pub(super) fn activity(&self, model: &QuantizedModel) -> Result<Vec<Activity>> {
        let hidden = &model.layers[..model.layers.len() - 1];
        let shapes = model.description.shapes();
        let layers = Layers::new(&model.description, hidden)?;
        let count = |layers: &mut Layers, image| {
            let raster = (self.spikes)(image)?;
            let counts = layers.counts(&raster)?;
            let by_channel = |(counts, shape): (Vec<f32>, &Shape)| {
                let positions = counts.chunks(shape.height * shape.width);
                positions
                    .map(|counts| counts.iter().copied().map(f64::from).sum())
                    .collect()
            };
            let channels = counts.into_iter().zip(&shapes).map(by_channel).collect();
            Ok((raster.steps(), channels))
        };
        let images: Vec<Result<(usize, Vec<Vec<f64>>)>> = (0..self.images)
            .into_par_iter()
            .map_init(|| layers.clone(), count)
            .collect();
        let mut steps = 0;
        let mut spikes: Vec<Vec<f64>> = hidden.iter().map(|layer| vec![0.0; layer.outputs()]).collect();
        for image in images {
            let (image_steps, counts) = image?;
            steps += image_steps;
            for (total, count) in spikes.iter_mut().flatten().zip(counts.iter().flatten()) {
                *total += count;
            }
        }
        let rates = |(spikes, shape): (Vec<f64>, &Shape)| {
            let places = (steps * shape.height * shape.width).max(1) as f64;
            Activity {
                rates: spikes.into_iter().map(|spikes| spikes / places).collect(),
            }
        };
        Ok(spikes.into_iter().zip(&shapes).map(rates).collect())
    }

    const fn windows_per_image(&self, positions: usize) -> usize {
        let share = WINDOWS.div_ceil(self.images);
        if share < positions { share } else { positions }
    }
}

/// Sums the values of the events of each input.
fn counts(raster: &SpikeRaster) -> Vec<f32> {
    let mut counts = vec![0.0; raster.width()];
    for spike in raster.iter().flatten() {
        counts[spike.address as usize] += f32::from(spike.value);
    }
    counts
}

/// Chooses `number` of all positions, in no particular order; equal seeds give equal choices.
fn chosen(positions: usize, number: usize, seeds: &[u64]) -> Vec<usize> {
    let mut all: Vec<usize> = (0..positions).collect();
    if number < positions {
        let seed = seeds.iter().fold(SEED, |seed, &part| mix(&[seed, part]));
        Random::new(seed).shuffle(&mut all);
        all.truncate(number);
    }
    all
}

/// Windows through which the neurons of a layer see its sources, and those of a shortcut.
#[derive(Clone, Copy, Debug)]
struct Windows<'a> {
    node: &'a Node,
    /// Kernel, stride and padding; `None` if every neuron sees all sources.
    kernel: Option<(usize, usize, usize)>,
}

impl<'a> Windows<'a> {
    const fn of(kind: &LayerKind, node: &'a Node) -> Self {
        let kernel = match *kind {
            LayerKind::Conv {
                kernel,
                stride,
                padding,
                ..
            } => Some((kernel, stride, padding)),
            LayerKind::Pool { kernel } => Some((kernel, kernel, 0)),
            LayerKind::Fc { .. } | LayerKind::Out { .. } => None,
        };
        Self { node, kernel }
    }

    const fn positions(&self) -> usize {
        self.node.output.height * self.node.output.width
    }

    /// Number of columns of the layer's rows of weights, including the shortcut.
    fn sources(&self) -> usize {
        let second = self.node.junction.as_ref().filter(|path| path.tensor.is_some());
        let own = match self.kernel {
            Some((kernel, ..)) => self.node.input.channels * kernel * kernel,
            None => self.node.input.size(),
        };
        own + second.map_or(0, |path| path.input.channels)
    }

    /// Appends the spike counts of the window at a position, in the order of the rows of weights.
    fn patch(&self, position: usize, own: &[f32], second: &[f32], into: &mut Vec<f32>) {
        let Some((kernel, stride, padding)) = self.kernel else {
            into.extend_from_slice(own);
            return;
        };
        let (row, column) = (
            position / self.node.output.width,
            position % self.node.output.width,
        );
        let Shape {
            channels,
            height,
            width,
        } = self.node.input;
        let inside = |place: usize, length: usize| place.checked_sub(padding).filter(|&at| at < length);
        for channel in 0..channels {
            for y in 0..kernel {
                for x in 0..kernel {
                    let at = inside(row * stride + y, height).zip(inside(column * stride + x, width));
                    into.push(at.map_or(0.0, |(y, x)| own[(channel * height + y) * width + x]));
                }
            }
        }
        if let Some(path) = self.node.junction.as_ref().filter(|path| path.tensor.is_some()) {
            let Shape {
                channels,
                height,
                width,
            } = path.input;
            let (y, x) = (row * path.stride, column * path.stride);
            into.extend((0..channels).map(|channel| second[(channel * height + y) * width + x]));
        }
    }
}
