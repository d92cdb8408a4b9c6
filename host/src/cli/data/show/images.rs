//! Statistics of images: intensities of each channel, and input spikes.

use crate::cli::inference::float;
use serde::Serialize;
use synfire_golden_model::dataset::Images;
use synfire_golden_model::dataset::encode::{ALWAYS, Thresholds};
use synfire_golden_model::network::{Normalization, Shape};

/// Statistics of the images of a set.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub(super) struct ImageStatistics {
    /// Mean intensity of each channel; full scale is 1.
    pub(super) mean: Vec<f64>,
    /// Standard deviation of the intensity of each channel.
    pub(super) deviation: Vec<f64>,
    /// Mean input spikes per step of a network without normalization.
    pub(super) spikes_per_step: f64,
    /// Mean input spikes per step of a network that normalizes with this mean and deviation; `None` if a channel is
    /// constant.
    pub(super) spikes_per_step_normalized: Option<f64>,
}

impl ImageStatistics {
    pub(super) fn of(images: &Images, shape: Shape, rate: f32) -> Self {
        let histograms = histograms(&images.pixels, shape);
        let full_scale = f64::from(images.full_scale.max(1));
        let pixels = float((images.pixels.len() / shape.channels.max(1)).max(1) as u64);
        let moment = |histogram: &[u64; 256], power: i32| {
            let terms = (0u8..=255).zip(histogram);
            let sum: f64 = terms
                .map(|(level, &count)| float(count) * (f64::from(level) / full_scale).powi(power))
                .sum();
            sum / pixels
        };
        let mean: Vec<f64> = histograms.iter().map(|histogram| moment(histogram, 1)).collect();
        let deviation: Vec<f64> = histograms
            .iter()
            .zip(&mean)
            .map(|(histogram, mean)| (moment(histogram, 2) - mean * mean).max(0.0).sqrt())
            .collect();

        let spikes = |thresholds: &Thresholds| {
            let plane = float((shape.height * shape.width) as u64);
            let channels = histograms.iter().enumerate().map(|(channel, histogram)| {
                let terms = (0u8..=255).zip(histogram);
                terms
                    .map(|(level, &count)| float(count) * f64::from(thresholds.of(channel, level).abs()))
                    .sum::<f64>()
            });
            channels.sum::<f64>() / f64::from(ALWAYS) / pixels * plane
        };
        let plain = Thresholds::new(shape.channels, images.full_scale, rate, None);
        let changes = deviation.iter().all(|&deviation| deviation > 0.0);
        let normalized = changes.then(|| {
            let normalization = Normalization {
                mean: mean.iter().copied().map(single).collect(),
                deviation: deviation.iter().copied().map(single).collect(),
            };
            Thresholds::new(shape.channels, images.full_scale, rate, Some(&normalization))
        });
        Self {
            spikes_per_step: spikes(&plain),
            spikes_per_step_normalized: normalized.map(|thresholds| spikes(&thresholds)),
            mean,
            deviation,
        }
    }

    pub(super) fn describe(&self, name: &str, rate: f32) -> String {
        let list = |numbers: &[f64]| {
            let numbers: Vec<String> = numbers.iter().map(|number| format!("{number:.4}")).collect();
            numbers.join(", ")
        };
        let normalized = match self.spikes_per_step_normalized {
            Some(spikes) => format!(", {spikes:.1} with normalization"),
            None => String::new(),
        };
        format!(
            "{name}: mean = [{}], deviation = [{}]; at rate {rate}, {:.1} input spikes per step{normalized}\n",
            list(&self.mean),
            list(&self.deviation),
            self.spikes_per_step
        )
    }
}

/// Returns, for each channel, how often each pixel value occurs.
fn histograms(pixels: &[u8], shape: Shape) -> Vec<[u64; 256]> {
    let mut histograms = vec![[0; 256]; shape.channels];
    let plane = (shape.height * shape.width).max(1);
    for (index, plane) in pixels.chunks_exact(plane).enumerate() {
        let histogram = &mut histograms[index % shape.channels];
        for &pixel in plane {
            histogram[usize::from(pixel)] += 1;
        }
    }
    histograms
}

#[expect(
    clippy::cast_possible_truncation,
    reason = "networks hold these numbers in single precision"
)]
const fn single(number: f64) -> f32 {
    number as f32
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn channels_have_their_own_statistics() {
        let images = Images {
            full_scale: 4,
            pixels: vec![0, 4, 2, 2, 0, 4, 0, 4],
        };
        let shape = Shape::from([2, 1, 2]);
        let statistics = ImageStatistics::of(&images, shape, 0.5);
        assert_eq!(statistics.mean, [0.5, 0.5]);
        // Channel 0: 0 4 0 4; channel 1: 2 2 0 4.
        assert_eq!(statistics.deviation, [0.5, 0.125_f64.sqrt()]);
        // Four inputs of mean intensity 0.5 at rate 0.5.
        assert!((statistics.spikes_per_step - 1.0).abs() < 1e-12, "{statistics:?}");
        // |x| is 1 in channel 0; in channel 1 it is √2 for half of the pixels, p = round(128·√2) = 181.
        let normalized = 2.0 * 0.5 + 181.0 / 256.0;
        let found = statistics.spikes_per_step_normalized.unwrap();
        assert!((found - normalized).abs() < 1e-12, "{found}, wanted {normalized}");
    }

    #[test]
    fn a_channel_that_never_changes_cannot_be_normalized() {
        let images = Images {
            full_scale: 4,
            pixels: vec![2; 4],
        };
        let statistics = ImageStatistics::of(&images, Shape::from([1, 2, 2]), 1.0);
        assert_eq!(
            (statistics.deviation[0], statistics.spikes_per_step_normalized),
            (0.0, None)
        );
        assert!(
            statistics
                .describe("set", 1.0)
                .ends_with("2.0 input spikes per step\n")
        );
    }
}
