//! Input spikes, drawn from images or played back from recordings.
//!
//! Images are rate coded in integer arithmetic, so that host, golden model and FPGA draw the same bits. Every image
//! starts the generator xorshift32 (shifts 13, 17, 5) from its own nonzero seed. In every step, each input in C, H, W
//! order takes one draw: the generator advances, and the input spikes if the top 8 bits of the state are below |p|. The
//! threshold of the input is p = ±round(256·|x|·rate), in −256..=256; a spike has the sign of p, which is the sign of
//! x. An input with p = 0 never spikes but still takes its draws; an input with |p| = 256 spikes in every step.
//!
//! Recordings of an event camera already consist of spikes: their events are sorted into bins, one per step, as
//! [`Recordings`](crate::dataset::Recordings) defines.
//!
//! ```
//! use synfire_golden_model::dataset::encode::PoissonEncoder;
//!
//! let raster = PoissonEncoder::new(&[0, 256, 128], 1).encode(100);
//! let count = |address| raster.iter().flatten().filter(|spike| spike.address == address).count();
//! assert_eq!([count(0), count(1), count(2)], [0, 100, 54]);
//! ```

mod bits;
mod draws;
mod input;
mod jump;
mod playback;
mod thresholds;

pub use input::InputEncoder;
pub use thresholds::{ALWAYS, Thresholds};

use crate::dataset::Dataset;
use crate::network::NetworkDescription;
use crate::random::mix;
use crate::spikes::{Spike, SpikeRaster};
use draws::Draws;

/// Epoch number in the seeds of [`test_raster`]; training counts from 0 and never reaches it.
const TEST_EPOCH: u64 = u64::MAX;

/// Next state of the generator: Marsaglia's xorshift with shifts 13 left, 17 right, 5 left.
#[must_use]
pub const fn xorshift32(mut state: u32) -> u32 {
    state ^= state << 13;
    state ^= state >> 17;
    state ^ (state << 5)
}

/// Seed of the generator for one presentation of an image; never 0.
///
/// SplitMix64's finalizer is applied to `seed`, `epoch` and `index` one after another, each xored into the result so
/// far. The seed is the upper half of the last result, or 1 if that half is 0.
#[must_use]
pub fn image_seed(seed: u64, epoch: u64, index: usize) -> u32 {
    let upper = mix(&[seed, epoch, index as u64]) >> 32;
    u32::try_from(upper).map_or(1, |seed| seed.max(1))
}

/// Draws the spikes of one image, step by step.
#[derive(Clone, Debug)]
pub struct PoissonEncoder(Draws);

impl PoissonEncoder {
    /// Creates an encoder for inputs with thresholds p in −256..=256; its generator starts in state `seed`.
    ///
    /// # Panics
    /// If `seed` is 0, a state that the generator would never leave, or a threshold is not in −256..=256.
    #[must_use]
    pub fn new(thresholds: &[i16], seed: u32) -> Self {
        let mut encoder = Self(Draws::new());
        encoder.restart(thresholds.iter().copied(), seed);
        encoder
    }

    /// Restarts with another image and reuses the allocated memory.
    ///
    /// # Panics
    /// Panics like [`Self::new`].
    pub fn restart(&mut self, thresholds: impl ExactSizeIterator<Item = i16>, seed: u32) {
        assert_ne!(seed, 0, "xorshift32 never leaves state 0");
        let checked = thresholds.inspect(|&threshold| {
            assert!(
                (-ALWAYS..=ALWAYS).contains(&threshold),
                "threshold {threshold} is not in -{ALWAYS}..={ALWAYS}"
            );
        });
        self.0.start(checked, seed);
    }

    /// Appends the spikes of the next step to `raster`.
    ///
    /// # Panics
    /// If the raster is narrower than the inputs.
    pub fn step(&mut self, raster: &mut SpikeRaster) {
        let spikes = self.0.step();
        raster.push_step(spikes.map(|(address, negative)| Spike::signed(address, negative)));
    }

    /// Returns the spikes of the next `steps` steps.
    #[must_use]
    pub fn encode(mut self, steps: usize) -> SpikeRaster {
        let mut raster = SpikeRaster::new(self.0.inputs());
        for _ in 0..steps {
            self.step(&mut raster);
        }
        raster
    }
}

/// Returns the input spikes with which sample `index` of a data set is evaluated: by the float engine, by the integer
/// engine, in simulation and on the board.
///
/// The spikes of an image depend only on the network's steps, rate and normalization, the image, its index and `seed`.
/// The spikes of a recording depend only on its events and the number of steps.
///
/// # Panics
/// If there is no such sample, or the data set does not fit the network ([`Dataset::check_fits`]).
#[must_use]
pub fn test_raster(
    description: &NetworkDescription,
    dataset: &Dataset,
    index: usize,
    seed: u64,
) -> SpikeRaster {
    let mut encoder = InputEncoder::new(description, dataset);
    encoder.restart_test(index, seed);
    let mut raster = SpikeRaster::new(dataset.shape().size());
    for _ in 0..description.steps {
        encoder.step(&mut raster);
    }
    raster
}

/// Seed with which [`test_raster`] starts the generator for an image.
#[must_use]
pub fn test_seed(seed: u64, index: usize) -> u32 {
    image_seed(seed, TEST_EPOCH, index)
}

#[cfg(test)]
mod tests;
