//! The encoder that turns samples of either kind into input spikes.

use super::playback::Playback;
use super::{PoissonEncoder, TEST_EPOCH, Thresholds, image_seed};
use crate::dataset::{Augmentation, Dataset, Images, Recordings, Samples};
use crate::network::{InputCoding, LARGEST_VALUE, NetworkDescription};
use crate::spikes::{Spike, SpikeRaster};

/// Encodes the samples of a data set as a network's input, step by step: as spikes, or as the values of graded inputs.
///
/// Start the encoder for a sample, then call [`Self::step`] once per step of the network. Memory is reused from one
/// sample to the next.
///
/// ```
/// use synfire_golden_model::dataset;
/// use synfire_golden_model::dataset::encode::{InputEncoder, test_raster};
/// use synfire_golden_model::network::NetworkDescription;
/// use synfire_golden_model::spikes::SpikeRaster;
///
/// let network = NetworkDescription::preset("digits")?;
/// let data = dataset::load("digits", None)?.test;
/// let mut encoder = InputEncoder::new(&network, &data);
/// encoder.restart_test(0, 1);
/// let mut raster = SpikeRaster::new(64);
/// for _ in 0..network.steps {
///     encoder.step(&mut raster);
/// }
/// assert_eq!(raster, test_raster(&network, &data, 0, 1));
/// # Ok::<(), synfire_golden_model::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct InputEncoder<'data> {
    dataset: &'data Dataset,
    coding: InputCoding,
    /// Spikes of one step, for [`Self::values`].
    spikes: SpikeRaster,
    source: Source<'data>,
}

#[derive(Clone, Debug)]
enum Source<'data> {
    Images(Box<RateCoder<'data>>),
    Recordings(&'data Recordings, Playback),
}

/// Draws the spikes of images.
#[derive(Clone, Debug)]
struct RateCoder<'data> {
    images: &'data Images,
    thresholds: Thresholds,
    coder: PoissonEncoder,
    /// Thresholds of the image before augmentation.
    plain: Vec<i16>,
    /// Thresholds of the image as it is shown.
    shown: Vec<i16>,
}

impl<'data> InputEncoder<'data> {
    /// Creates an encoder for the samples of `dataset`, which must fit the network.
    ///
    /// # Panics
    /// If the data set does not fit the network ([`Dataset::check_fits`]).
    #[must_use]
    pub fn new(description: &NetworkDescription, dataset: &'data Dataset) -> Self {
        let size = dataset.shape().size();
        let source = match dataset.samples() {
            Samples::Images(images) => Source::Images(Box::new(RateCoder {
                images,
                thresholds: Thresholds::new(
                    dataset.shape().channels,
                    images.full_scale,
                    description.rate,
                    description.normalization.as_ref(),
                ),
                coder: PoissonEncoder::new(&[], 1),
                plain: vec![0; size],
                shown: vec![0; size],
            })),
            Samples::Recordings(recordings) => {
                let counted = description.coding == InputCoding::Counts;
                Source::Recordings(recordings, Playback::new(size, description.steps, counted))
            }
        };
        Self {
            dataset,
            coding: description.coding,
            spikes: SpikeRaster::new(size),
            source,
        }
    }

    /// Divides the recordings that follow into another number of steps. Images have as many steps as are asked for.
    pub(crate) fn set_steps(&mut self, steps: usize) {
        if let Source::Recordings(_, playback) = &mut self.source {
            playback.set_steps(steps);
        }
    }

    /// Starts a presentation of sample `index` for training: augmented, and, for an image, with different spikes in
    /// every epoch. Both depend only on `seed`, `epoch` and `index`.
    ///
    /// # Panics
    /// If there is no such sample.
    pub fn restart_training(&mut self, index: usize, augmentation: &Augmentation, seed: u64, epoch: u64) {
        let shape = self.dataset.shape();
        let change = augmentation.draw(seed, epoch, index);
        match &mut self.source {
            Source::Images(coder) => {
                coder.look_up(index);
                change.apply(&coder.plain, shape, &mut coder.shown);
                let thresholds = coder.shown.iter().copied();
                coder.coder.restart(thresholds, image_seed(seed, epoch, index));
            }
            Source::Recordings(recordings, playback) => {
                playback.restart(recordings, index, |address| change.moved(address, shape));
            }
        }
    }

    /// Starts the presentation of sample `index` that is used for evaluation; see [`super::test_raster`].
    ///
    /// # Panics
    /// If there is no such sample.
    pub fn restart_test(&mut self, index: usize, seed: u64) {
        match &mut self.source {
            Source::Images(coder) => {
                coder.look_up(index);
                coder.shown.copy_from_slice(&coder.plain);
                let thresholds = coder.shown.iter().copied();
                coder
                    .coder
                    .restart(thresholds, image_seed(seed, TEST_EPOCH, index));
            }
            Source::Recordings(recordings, playback) => playback.restart(recordings, index, Some),
        }
    }

    /// Writes the values of the next step, one per input in C, H, W order: those of graded inputs, or ±1 for a spike and
    /// 0 for none.
    ///
    /// # Panics
    /// If the number of values is not that of the samples.
    pub fn values(&mut self, values: &mut [i16]) {
        match (&mut self.source, self.coding) {
            (Source::Images(coder), InputCoding::Direct) => {
                assert_eq!(values.len(), coder.shown.len(), "numbers of values and inputs");
                for (value, threshold) in values.iter_mut().zip(&coder.shown) {
                    *value = graded(*threshold);
                }
            }
            (Source::Recordings(_, playback), InputCoding::Counts) => {
                values.fill(0);
                for (value, &count) in values.iter_mut().zip(playback.next_counts()) {
                    *value = count.into();
                }
            }
            _ => {
                let width = values.len();
                let mut spikes = std::mem::replace(&mut self.spikes, SpikeRaster::new(width));
                spikes.clear(width);
                self.step(&mut spikes);
                values.fill(0);
                for spike in spikes.iter().flatten() {
                    values[spike.address as usize] = spike.value;
                }
                self.spikes = spikes;
            }
        }
    }

    /// Appends the events of the next step to `raster`, in C, H, W order: spikes, or the values of graded inputs that are
    /// not 0.
    ///
    /// # Panics
    /// If the raster is narrower than the samples.
    pub fn step(&mut self, raster: &mut SpikeRaster) {
        match (&mut self.source, self.coding) {
            (Source::Images(coder), InputCoding::Direct) => {
                let values = coder.shown.iter().map(|threshold| graded(*threshold));
                raster.push_step(events(values));
            }
            (Source::Images(coder), _) => coder.coder.step(raster),
            (Source::Recordings(_, playback), InputCoding::Counts) => {
                let values = playback.next_counts().iter().map(|&count| count.into());
                raster.push_step(events(values));
            }
            (Source::Recordings(_, playback), _) => playback.step(raster),
        }
    }
}

/// Value of a graded input of an image, from its threshold of −256..=256.
fn graded(threshold: i16) -> i16 {
    threshold.clamp(-LARGEST_VALUE, LARGEST_VALUE)
}

/// Events of the values that are not 0, one value per input.
fn events(values: impl Iterator<Item = i16>) -> impl Iterator<Item = Spike> {
    let events = (0..).zip(values).filter(|&(_, value)| value != 0);
    events.map(|(address, value)| Spike { address, value })
}

impl RateCoder<'_> {
    /// Writes the thresholds of image `index` to `self.plain`.
    fn look_up(&mut self, index: usize) {
        let size = self.plain.len();
        let image = &self.images.pixels[index * size..][..size];
        self.thresholds.look_up(image, &mut self.plain);
    }
}

#[cfg(test)]
mod tests;
