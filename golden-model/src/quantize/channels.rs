//! Integer weights of one layer, with their scales and errors.

use super::config::ScaleSearch;
use super::rounding::Moments;
use super::scale::{self, Scaled};
use ndarray::{Array2, Axis, concatenate};
use rayon::prelude::*;

/// Integer weights of one layer.
#[derive(Clone, Debug)]
pub(super) struct Channels {
    /// Integer weights, in the shape of the float weights.
    pub(super) integers: Array2<i8>,
    /// Scales and errors of the integers.
    pub(super) fit: Fit,
}

/// Scales of a layer, and the errors of its integers.
#[derive(Clone, Debug)]
pub(super) struct Fit {
    /// Scale per channel.
    pub(super) scales: Vec<f64>,
    /// Root mean square of w − scale·q, in the units of the float weights.
    pub(super) rms_error: f64,
    /// Root mean square of w − scale·q, relative to the root mean square of w.
    pub(super) relative_rms_error: f64,
    /// Root mean square of the drive's error over calibration inferences, relative to that of the drive; `None` without
    /// calibration.
    pub(super) drive_error: Option<f64>,
}

/// Result of one scale search on all channels.
struct Candidate {
    channels: Vec<Scaled>,
    /// Mean square error of each channel's drive or, without calibration, of its weights.
    errors: Vec<f64>,
}

impl Channels {
    /// Quantizes weights, one row per channel, with one scale per row or one common scale. The moments of the incoming
    /// spikes, if given, decide about rounding; they have a column for the bias if there are biases.
    pub(super) fn quantize(
        weights: &Array2<f32>,
        biases: Option<Biases<'_>>,
        scale_per_row: bool,
        weight_bits: u8,
        search: ScaleSearch,
        moments: Option<&Moments>,
    ) -> Self {
        // The moments are of single precision, which cannot hold the squares of very large or very small weights.
        let unit = unit_of(weights);
        let normal = weights.mapv(|weight| divided(weight, unit));
        let bias_errors = |channels: &[Scaled]| {
            let errors = biases.map(|biases| biases.errors(unit, channels));
            errors.unwrap_or_default()
        };
        let candidate = |&search: &ScaleSearch| {
            let mut channels = scaled(&normal, scale_per_row, weight_bits, search);
            let errors = match moments {
                Some(moments) => {
                    let bias_errors = bias_errors(&channels);
                    moments.refine_beside(&normal, &bias_errors, weight_bits, &mut channels)
                }
                None => channels.iter().map(|channel| channel.squared_error).collect(),
            };
            Candidate { channels, errors }
        };
        let candidates = search.candidates(moments.is_some()).iter().map(candidate);
        let mut best = candidates
            .reduce(|best, other| best.better(other, scale_per_row))
            .expect("every search has a candidate");
        let drive_error = moments.map(|moments| {
            let drive: f64 = moments.squares(&drives(&normal, biases, unit)).iter().sum();
            let error: f64 = best.errors.iter().sum();
            if drive > 0.0 { (error / drive).sqrt() } else { 0.0 }
        });
        for channel in &mut best.channels {
            channel.scale *= unit;
            channel.squared_error *= unit * unit;
        }
        Self::new(weights, &best.channels, drive_error)
    }

    /// Computes the error of the drive again, for biases that are rounded with the final number of guard bits.
    pub(super) fn settle_drive_error(
        &mut self,
        weights: &Array2<f32>,
        biases: Biases<'_>,
        moments: &Moments,
    ) {
        let unit = unit_of(weights);
        let normal = weights.mapv(|weight| divided(weight, unit));
        let channels: Vec<Scaled> = (self.integers.rows().into_iter().zip(&self.fit.scales))
            .map(|(integers, scale)| Scaled {
                integers: integers.to_vec(),
                scale: scale / unit,
                squared_error: 0.0,
            })
            .collect();
        let errors = biases.errors(unit, &channels);
        let error: f64 = moments.error_squares(&normal, &errors, &channels).iter().sum();
        let drive: f64 = moments.squares(&drives(&normal, Some(biases), unit)).iter().sum();
        self.fit.drive_error = Some(if drive > 0.0 {
            (error.max(0.0) / drive).sqrt()
        } else {
            0.0
        });
    }

    /// Rounds weights to the nearest integers for given scales.
    pub(super) fn with_scales(weights: &Array2<f32>, weight_bits: u8, scales: &[f64]) -> Self {
        let rows = weights.rows().into_iter().zip(scales);
        let channels: Vec<Scaled> = rows
            .map(|(row, &scale)| scale::with_scale(&row.to_vec(), weight_bits, scale))
            .collect();
        Self::new(weights, &channels, None)
    }

    fn new(weights: &Array2<f32>, channels: &[Scaled], drive_error: Option<f64>) -> Self {
        let integers = channels
            .iter()
            .flat_map(|channel| channel.integers.iter().copied())
            .collect();
        Self {
            integers: Array2::from_shape_vec(weights.raw_dim(), integers).expect("one integer per weight"),
            fit: Fit::of(weights, channels, drive_error),
        }
    }
}

/// Biases of a layer, which are rounded to membrane LSB.
#[derive(Clone, Copy)]
pub(super) struct Biases<'a> {
    /// Real bias of each channel.
    pub(super) values: &'a [f32],
    /// Number of guard bits for a scale: that of the format or, before it is chosen, the number to expect.
    pub(super) guard_bits: &'a dyn Fn(f64) -> u8,
}

impl Biases<'_> {
    /// Errors b − scale · 2^−G · round(b / scale · 2^G) of all channels. Biases and scales are divided by `unit`.
    fn errors(&self, unit: f64, channels: &[Scaled]) -> Vec<f64> {
        let error = |(&bias, channel): (&f32, &Scaled)| {
            let (bias, scale) = (f64::from(bias) / unit, channel.scale);
            let lsb = scale / f64::from((self.guard_bits)(scale * unit)).exp2();
            bias - lsb * (bias / lsb).round()
        };
        self.values.iter().zip(channels).map(error).collect()
    }
}

/// Weights whose products with the counts are the drive: those of the sources and, if there are biases, that of the
/// bias.
fn drives(normal: &Array2<f32>, biases: Option<Biases<'_>>, unit: f64) -> Array2<f32> {
    let Some(biases) = biases else {
        return normal.clone();
    };
    let column: Vec<f32> = biases.values.iter().map(|&bias| divided(bias, unit)).collect();
    let column = Array2::from_shape_vec((normal.nrows(), 1), column).expect("a bias per channel");
    concatenate(Axis(1), &[normal.view(), column.view()]).expect("a bias per channel")
}

impl Candidate {
    /// Selects the better of two candidates, channel by channel if each channel has its own scale.
    fn better(mut self, mut other: Self, scale_per_row: bool) -> Self {
        if scale_per_row {
            for channel in 0..self.channels.len() {
                if other.errors[channel] < self.errors[channel] {
                    std::mem::swap(&mut self.channels[channel], &mut other.channels[channel]);
                    self.errors[channel] = other.errors[channel];
                }
            }
            self
        } else if other.errors.iter().sum::<f64>() < self.errors.iter().sum::<f64>() {
            other
        } else {
            self
        }
    }
}

/// The power of two that brings the largest magnitude of the weights to 1 or above and below 2; 1 if all are 0.
///
/// Division by a power of two is exact, so that it changes no result that does not leave the range of the numbers.
fn unit_of(weights: &Array2<f32>) -> f64 {
    let largest = weights
        .iter()
        .fold(0.0_f64, |most, &weight| most.max(f64::from(weight).abs()));
    if largest > 0.0 {
        largest.log2().floor().exp2()
    } else {
        1.0
    }
}

fn divided(weight: f32, unit: f64) -> f32 {
    #[expect(
        clippy::cast_possible_truncation,
        reason = "exact, or vanishingly small beside the largest weight"
    )]
    let weight = (f64::from(weight) / unit) as f32;
    weight
}

/// Quantizes the channels with the scales of one search, rounded to the nearest integer.
fn scaled(weights: &Array2<f32>, scale_per_row: bool, weight_bits: u8, search: ScaleSearch) -> Vec<Scaled> {
    let rows: Vec<Vec<f32>> = weights.rows().into_iter().map(|row| row.to_vec()).collect();
    if scale_per_row {
        rows.par_iter()
            .map(|row| scale::quantize(row, weight_bits, search))
            .collect()
    } else {
        let scale = scale::quantize(&rows.concat(), weight_bits, search).scale;
        rows.iter()
            .map(|row| scale::with_scale(row, weight_bits, scale))
            .collect()
    }
}

impl Fit {
    fn of(weights: &Array2<f32>, scaled: &[Scaled], drive_error: Option<f64>) -> Self {
        let mean = |sum: f64| (sum / weights.len() as f64).sqrt();
        let rms_error = mean(scaled.iter().map(|row| row.squared_error).sum());
        let rms = mean(weights.iter().map(|&weight| f64::from(weight).powi(2)).sum());
        Self {
            scales: scaled.iter().map(|row| row.scale).collect(),
            rms_error,
            relative_rms_error: if rms > 0.0 { rms_error / rms } else { 0.0 },
            drive_error,
        }
    }

    /// Scales of a pooling layer, which counts spikes without error: one spike is worth 1 / window.
    pub(super) fn of_pooling(scale: f64, channels: usize) -> Self {
        Self {
            scales: vec![scale; channels],
            rms_error: 0.0,
            relative_rms_error: 0.0,
            drive_error: None,
        }
    }

    /// Smallest and largest scale of the channels.
    pub(super) fn range(&self) -> [f64; 2] {
        let scales = self.scales.iter().copied();
        [
            scales.clone().fold(f64::INFINITY, f64::min),
            scales.fold(0.0, f64::max),
        ]
    }
}

#[cfg(test)]
mod tests {
    use super::super::rounding::MomentSums;
    use super::*;
    use crate::random::Random;

    /// Weights of magnitude 1 or less, and the moments of spike counts.
    fn layer() -> (Array2<f32>, Moments) {
        let mut random = Random::new(3);
        let weights = Array2::from_shape_simple_fn((5, 24), || random.uniform() * 2.0 - 1.0);
        let counts = Array2::from_shape_simple_fn((40, 24), || (random.uniform() * 8.0).floor());
        (weights, Moments::of(counts.view()).unwrap())
    }

    #[test]
    fn the_size_of_the_weights_changes_the_scales_alone() {
        let (weights, moments) = layer();
        for (scale_per_row, bits) in [(true, 2), (true, 4), (false, 3)] {
            let quantize = |weights: &Array2<f32>| {
                Channels::quantize(
                    weights,
                    None,
                    scale_per_row,
                    bits,
                    ScaleSearch::Best,
                    Some(&moments),
                )
            };
            let wanted = quantize(&weights);
            let drive_error = wanted.fit.drive_error.unwrap();
            assert!(drive_error > 0.0 && drive_error < 1.0, "{drive_error}");
            // 2^120 is above 1e36, 2^127 above 1e38; weights of 2^-100 have squares below every f32.
            for exponent in [1, 60, 120, 127, -60, -100] {
                let factor = f32::powi(2.0, exponent);
                let found = quantize(&weights.mapv(|weight| weight * factor));
                assert_eq!(found.integers, wanted.integers, "2^{exponent}");
                assert_eq!(found.fit.drive_error, Some(drive_error), "2^{exponent}");
                assert_eq!(found.fit.relative_rms_error, wanted.fit.relative_rms_error);
                for (found, wanted) in found.fit.scales.iter().zip(&wanted.fit.scales) {
                    assert_eq!(*found, wanted * f64::from(factor));
                }
            }
        }
    }

    #[test]
    fn the_largest_weights_of_all_have_a_finite_error() {
        let (mut weights, moments) = layer();
        for largest in [1e36, 1e38, f32::MAX, -f32::MAX] {
            weights[[2, 7]] = largest;
            let found = Channels::quantize(&weights, None, false, 4, ScaleSearch::Best, Some(&moments));
            let error = found.fit.drive_error.unwrap();
            assert!(
                error.is_finite() && found.fit.rms_error.is_finite(),
                "{largest}: {error}"
            );
            assert_eq!(
                f64::from(found.integers[[2, 7]].signum()),
                f64::from(largest.signum())
            );
        }
    }

    /// A bias is one more weight whose source fires in every step, but its error is given.
    #[test]
    fn weights_make_up_for_the_error_of_the_bias() {
        let mut counts = Array2::from_elem((40, 4), 0.0_f32);
        let mut random = Random::new(5);
        for mut row in counts.rows_mut() {
            for count in row.iter_mut().take(3) {
                *count = (random.uniform() * 4.0).floor() + 2.0;
            }
            row[3] = 8.0;
        }
        let mut sums = MomentSums::new(4).unwrap();
        sums.add(counts.view());
        let moments = sums.finish(true).unwrap();
        let weights = Array2::from_shape_vec((1, 3), vec![7.0, 0.45, 0.45]).unwrap();
        let quantize = |bias: f32| {
            let biases = Biases {
                values: &[bias],
                guard_bits: &|_| 0,
            };
            let mut found =
                Channels::quantize(&weights, Some(biases), true, 4, ScaleSearch::Max, Some(&moments));
            let before = found.fit.drive_error.unwrap();
            found.settle_drive_error(&weights, biases, &moments);
            let settled = found.fit.drive_error.unwrap();
            assert!(
                (before - settled).abs() < 1e-3 * before.max(1e-3),
                "{before}, {settled}"
            );
            found.integers.row(0).to_vec()
        };
        // The bias loses 0.4 or gains it, in every step; 0.45 goes up or stays down to cancel that.
        let (short, long): (i8, i8) = (quantize(1.4).iter().sum(), quantize(1.6).iter().sum());
        assert!(short > long, "{short}, {long}");
    }
}
