//! Thresholds of pixel values: the only real-valued part of rate coding.

use crate::network::Normalization;

/// Threshold of an input that spikes in every step.
pub const ALWAYS: i16 = 256;

/// Thresholds p of all pixel values: one table of 256 entries per channel.
///
/// A pixel has the intensity i = level / full scale. The input x is i, or (i − mean) / deviation of the channel if the
/// network normalizes. The threshold is p = ±round(256·|x|·rate) with the sign of x, rounded half away from zero and
/// limited to −256..=256. It is computed in float64 from the network's float32 numbers, in this order of operations.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Thresholds(Vec<[i16; 256]>);

impl Thresholds {
    /// Computes the tables for images of `channels` channels in which the pixel value `full_scale` has intensity 1.
    ///
    /// # Panics
    /// If there is not one mean and one deviation per channel, as a valid network has.
    #[must_use]
    pub fn new(channels: usize, full_scale: u8, rate: f32, normalization: Option<&Normalization>) -> Self {
        let rate = f64::from(rate);
        let full_scale = f64::from(full_scale.max(1));
        let Some(Normalization { mean, deviation }) = normalization else {
            let scale = 256.0 * rate / full_scale;
            let table = std::array::from_fn(|level| threshold(level as f64 * scale));
            return Self(vec![table; channels]);
        };
        assert_eq!(
            (mean.len(), deviation.len()),
            (channels, channels),
            "numbers of means and deviations"
        );
        let table = |(&mean, &deviation): (&f32, &f32)| {
            std::array::from_fn(|level| {
                let x = (level as f64 / full_scale - f64::from(mean)) / f64::from(deviation);
                threshold(256.0 * x * rate)
            })
        };
        Self(mean.iter().zip(deviation).map(table).collect())
    }

    /// Threshold p of a pixel value in a channel.
    ///
    /// # Panics
    /// If there is no such channel.
    #[must_use]
    pub fn of(&self, channel: usize, level: u8) -> i16 {
        self.0[channel][usize::from(level)]
    }

    /// Returns the tables as the on-board encoder reads them: 256 words per channel, channel 0 first. Bits 8 to 0 are
    /// |p|;
    /// bit 9 is set if p is negative.
    ///
    /// ```
    /// use synfire_golden_model::dataset::encode::Thresholds;
    /// let words = Thresholds::new(1, 255, 0.5, None).words();
    /// assert_eq!((words.len(), words[0], words[255]), (256, 0, 128));
    /// ```
    #[must_use]
    pub fn words(&self) -> Vec<u16> {
        let word = |&threshold: &i16| threshold.unsigned_abs() | u16::from(threshold < 0) << 9;
        self.0.iter().flatten().map(word).collect()
    }

    /// Writes the threshold p of every pixel of an image to `thresholds`, in C, H, W order.
    ///
    /// # Panics
    /// If `thresholds` and `image` differ in length, or the length is not a multiple of the number of channels.
    pub fn look_up(&self, image: &[u8], thresholds: &mut [i16]) {
        assert_eq!(image.len(), thresholds.len(), "numbers of pixels and thresholds");
        assert!(
            image.len().is_multiple_of(self.0.len()),
            "{} pixels in {} channels",
            image.len(),
            self.0.len()
        );
        let plane = (image.len() / self.0.len()).max(1);
        let channels = image.chunks_exact(plane).zip(thresholds.chunks_exact_mut(plane));
        for (table, (image, thresholds)) in self.0.iter().zip(channels) {
            for (threshold, &level) in thresholds.iter_mut().zip(image) {
                *threshold = table[usize::from(level)];
            }
        }
    }
}

/// Rounds `value` half away from zero and limits it to −256..=256.
fn threshold(value: f64) -> i16 {
    let limit = f64::from(ALWAYS);
    #[expect(clippy::cast_possible_truncation, reason = "clamped to -256..=256")]
    let threshold = value.round().clamp(-limit, limit) as i16;
    threshold
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_hold_size_and_sign_of_every_pixel_value_of_every_channel() {
        let normalization = Normalization {
            mean: vec![0.5, 0.1, 0.9],
            deviation: vec![0.25, 0.5, 1.0],
        };
        for normalization in [None, Some(&normalization)] {
            let thresholds = Thresholds::new(3, 255, 1.0, normalization);
            let words = thresholds.words();
            assert_eq!(words.len(), 3 * 256);
            for (channel, words) in words.chunks(256).enumerate() {
                for (level, word) in (0..=255).zip(words) {
                    let size = (word & 0x1FF).cast_signed();
                    let threshold = if word >> 9 == 1 { -size } else { size };
                    assert_eq!(threshold, thresholds.of(channel, level));
                    assert!(word >> 10 == 0 && (size > 0 || word >> 9 == 0));
                }
            }
        }
    }

    #[test]
    fn thresholds_are_rounded_products() {
        let half = Thresholds::new(1, 255, 0.5, None);
        assert_eq!(
            [0, 1, 2, 127, 254, 255].map(|level| half.of(0, level)),
            [0, 1, 1, 64, 127, 128]
        );
        let full = Thresholds::new(1, 16, 1.0, None);
        assert_eq!(
            [0, 1, 8, 16, 17].map(|level| full.of(0, level)),
            [0, 16, 128, 256, 256]
        );
    }

    #[test]
    fn normalized_thresholds_have_the_sign_of_the_input() {
        let normalization = Normalization {
            mean: vec![0.5, 0.25],
            deviation: vec![1.0, 0.5],
        };
        let thresholds = Thresholds::new(2, 16, 0.5, Some(&normalization));
        // Channel 0: (i − 0.5)·128; channel 1: (i − 0.25)·256, reaching 192 at most.
        assert_eq!(
            [0, 4, 7, 8, 9, 16].map(|level| thresholds.of(0, level)),
            [-64, -32, -8, 0, 8, 64]
        );
        assert_eq!(
            [0, 3, 4, 5, 16].map(|level| thresholds.of(1, level)),
            [-64, -16, 0, 16, 192]
        );
        let thresholds = Thresholds::new(2, 16, 1.0, Some(&normalization));
        assert_eq!([0, 12, 16].map(|level| thresholds.of(1, level)), [-128, 256, 256]);
        let mut found = [0; 4];
        thresholds.look_up(&[0, 8, 0, 4], &mut found);
        assert_eq!(found, [-128, 0, -128, 0]);
    }

    #[test]
    #[should_panic(expected = "numbers of means and deviations")]
    fn another_number_of_channels_is_refused() {
        let normalization = Normalization {
            mean: vec![0.5],
            deviation: vec![1.0],
        };
        let _ = Thresholds::new(2, 255, 1.0, Some(&normalization));
    }
}
