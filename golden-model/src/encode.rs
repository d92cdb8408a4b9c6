//! Rate coding: pixels to spikes by integers alone, so that host, golden model and FPGA draw the same bits.
//!
//! Every image starts the generator xorshift32 (shifts 13, 17, 5) from a nonzero seed of its own. In every
//! step, every input in C, H, W order takes one draw: the generator advances and the input spikes if the
//! state's top 8 bits are below its threshold p = round(256·|x|·rate), in 0..=256. So p = 0 never spikes,
//! p = 256 always does, and an input of probability 0 takes its draw all the same.
//!
//! ```
//! use synfire_golden_model::encode::PoissonEncoder;
//!
//! let raster = PoissonEncoder::new(&[0, 256, 128], 1).encode(100);
//! let count = |address| raster.iter().flatten().filter(|spike| spike.address == address).count();
//! assert_eq!([count(0), count(1), count(2)], [0, 100, 54]);
//! ```

mod draws;
mod jump;

use crate::dataset::Dataset;
use crate::network::NetworkDescription;
use crate::random::mix;
use crate::spikes::{Spike, SpikeRaster};
use draws::Draws;

/// Threshold at which an input spikes in every step.
pub const ALWAYS: u16 = 256;

/// The epoch number that [`test_raster`] seeds with; training counts from 0 and never gets there.
const TEST_EPOCH: u64 = u64::MAX;

/// The state after `state`: Marsaglia's xorshift with shifts 13 left, 17 right, 5 left.
#[must_use]
pub const fn xorshift32(mut state: u32) -> u32 {
    state ^= state << 13;
    state ^= state >> 17;
    state ^ (state << 5)
}

/// Seed of the generator for one presentation of an image; never 0.
///
/// SplitMix64's finalizer is applied to `seed`, `epoch` and `index` one after the other, each xored into the
/// result so far; the seed is the upper half of the last result, or 1 where that is 0.
#[must_use]
pub fn image_seed(seed: u64, epoch: u64, index: usize) -> u32 {
    let upper = mix(&[seed, epoch, index as u64]) >> 32;
    u32::try_from(upper).map_or(1, |seed| seed.max(1))
}

/// Thresholds p of all pixel values, for one full scale and rate.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Thresholds([u16; 256]);

impl Thresholds {
    /// p = round(256·level/`full_scale`·`rate`), halves away from zero, at most 256.
    #[must_use]
    pub fn new(full_scale: u8, rate: f32) -> Self {
        let scale = 256.0 * f64::from(rate) / f64::from(full_scale.max(1));
        Self(std::array::from_fn(|level| {
            #[expect(
                clippy::cast_possible_truncation,
                clippy::cast_sign_loss,
                reason = "clamped to 0..=256"
            )]
            let threshold = (level as f64 * scale).round().clamp(0.0, f64::from(ALWAYS)) as u16;
            threshold
        }))
    }

    /// p of one pixel value.
    #[must_use]
    pub const fn of(&self, level: u8) -> u16 {
        self.0[level as usize]
    }

    /// p of every pixel of an image.
    #[must_use]
    pub fn image(&self, image: &[u8]) -> Vec<u16> {
        image.iter().map(|&level| self.of(level)).collect()
    }
}

/// Draws the spikes of one image, step by step.
#[derive(Clone, Debug)]
pub struct PoissonEncoder(Draws);

impl PoissonEncoder {
    /// An encoder of inputs with thresholds p in 0..=256, its generator in state `seed`.
    ///
    /// # Panics
    /// If `seed` is 0, from which the generator would never leave, or a threshold is above 256.
    #[must_use]
    pub fn new(thresholds: &[u16], seed: u32) -> Self {
        let mut encoder = Self(Draws::new());
        encoder.restart(thresholds.iter().copied(), seed);
        encoder
    }

    /// Starts over with another image, keeping the memory.
    ///
    /// # Panics
    /// As [`Self::new`].
    pub fn restart(&mut self, thresholds: impl ExactSizeIterator<Item = u16>, seed: u32) {
        assert_ne!(seed, 0, "xorshift32 never leaves state 0");
        let checked = thresholds.inspect(|&threshold| {
            assert!(threshold <= ALWAYS, "threshold {threshold} is above {ALWAYS}");
        });
        self.0.start(checked, seed);
    }

    /// Appends the spikes of the next step to `raster`.
    ///
    /// # Panics
    /// If the raster is narrower than the inputs.
    pub fn step(&mut self, raster: &mut SpikeRaster) {
        raster.push_step(self.0.step().map(Spike::positive));
    }

    /// The spikes of the next `steps` steps.
    #[must_use]
    pub fn encode(mut self, steps: usize) -> SpikeRaster {
        let mut raster = SpikeRaster::new(self.0.inputs());
        for _ in 0..steps {
            self.step(&mut raster);
        }
        raster
    }
}

/// The input spikes by which image `index` of a data set is judged: in float and in integers, in
/// simulation and on the board.
///
/// They depend on the network's steps and rate, the image, its index and `seed`, and on nothing else.
///
/// # Panics
/// If there is no such image.
#[must_use]
pub fn test_raster(
    description: &NetworkDescription,
    dataset: &Dataset,
    index: usize,
    seed: u64,
) -> SpikeRaster {
    let thresholds = Thresholds::new(dataset.full_scale(), description.rate).image(dataset.image(index));
    PoissonEncoder::new(&thresholds, test_seed(seed, index)).encode(description.steps)
}

/// Seed of the generator of [`test_raster`].
#[must_use]
pub fn test_seed(seed: u64, index: usize) -> u32 {
    image_seed(seed, TEST_EPOCH, index)
}

#[cfg(test)]
mod tests;
