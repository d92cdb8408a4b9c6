//! Integer weights of one layer, with their scales and errors.

use super::config::ScaleSearch;
use super::rounding::Moments;
use super::scale::{self, Scaled};
use ndarray::Array2;
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
    /// spikes, if given, decide about rounding.
    pub(super) fn quantize(
        weights: &Array2<f32>,
        scale_per_row: bool,
        weight_bits: u8,
        search: ScaleSearch,
        moments: Option<&Moments>,
    ) -> Self {
        let candidate = |&search: &ScaleSearch| {
            let mut channels = scaled(weights, scale_per_row, weight_bits, search);
            let errors = match moments {
                Some(moments) => moments.refine(weights, weight_bits, &mut channels),
                None => channels.iter().map(|channel| channel.squared_error).collect(),
            };
            Candidate { channels, errors }
        };
        let candidates = search.candidates(moments.is_some()).iter().map(candidate);
        let best = candidates
            .reduce(|best, other| best.better(other, scale_per_row))
            .expect("every search has a candidate");
        let drive_error = moments.map(|moments| {
            let drive: f64 = moments.squares(weights).iter().sum();
            let error: f64 = best.errors.iter().sum();
            if drive > 0.0 { (error / drive).sqrt() } else { 0.0 }
        });
        Self::new(weights, &best.channels, drive_error)
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
    pub(super) fn of_pooling(kernel: usize, channels: usize) -> Self {
        Self {
            scales: vec![1.0 / (kernel * kernel) as f64; channels],
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
