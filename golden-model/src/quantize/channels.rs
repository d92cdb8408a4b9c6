//! The weights of one layer as integers, with their scales and how well they fit.

use super::config::ScaleSearch;
use super::rounding::Moments;
use super::scale::{self, Scaled};
use crate::spikes::SpikeRaster;
use ndarray::Array2;
use rayon::prelude::*;

/// The weights of one layer as integers.
pub(super) struct Channels {
    /// Integer weights, `[outputs, inputs]`.
    pub(super) integers: Array2<i8>,
    /// Scale per output.
    pub(super) scales: Vec<f64>,
    /// How well they represent the weights.
    pub(super) fit: Fit,
}

/// How well integers and scales represent a layer.
pub(super) struct Fit {
    /// Smallest and largest scale.
    pub(super) scales: [f64; 2],
    /// Root mean square of w − scale·q.
    pub(super) rms_error: f64,
    /// The same in parts of the root mean square of w.
    pub(super) relative_rms_error: f64,
    /// Root mean square of the error of the drive over calibration inferences, in parts of that of the drive.
    pub(super) drive_error: Option<f64>,
}

impl Channels {
    /// Quantizes weights `[outputs, inputs]`, with a scale per row or in common, rounded by the spikes that enter.
    pub(super) fn quantize(
        weights: &Array2<f32>,
        scale_per_row: bool,
        weight_bits: u8,
        search: ScaleSearch,
        spikes: &[SpikeRaster],
    ) -> Self {
        let rows: Vec<Vec<f32>> = weights.rows().into_iter().map(|row| row.to_vec()).collect();
        let mut scaled: Vec<Scaled> = if scale_per_row {
            rows.par_iter()
                .map(|row| scale::quantize(row, weight_bits, search))
                .collect()
        } else {
            let all: Vec<f32> = weights.iter().copied().collect();
            let scale = scale::quantize(&all, weight_bits, search).scale;
            rows.iter()
                .map(|row| scale::with_scale(row, weight_bits, scale))
                .collect()
        };
        let moments = Moments::of(spikes);
        if let Some(moments) = &moments {
            let rows = rows.par_iter().zip(&mut scaled);
            rows.for_each(|(row, scaled)| moments.refine(row, weight_bits, scaled));
        }
        let drive_error = moments.map(|moments| {
            let squares: Vec<_> = rows
                .par_iter()
                .zip(&scaled)
                .map(|(row, scaled)| moments.squares(row, scaled))
                .collect();
            let (error, drive) = squares
                .iter()
                .fold((0.0, 0.0), |sum, (e, d)| (sum.0 + e, sum.1 + d));
            if drive > 0.0 { (error / drive).sqrt() } else { 0.0 }
        });
        let integers = scaled
            .iter()
            .flat_map(|row| row.integers.iter().copied())
            .collect();
        Self {
            integers: Array2::from_shape_vec(weights.raw_dim(), integers).expect("one integer per weight"),
            fit: Fit::of(weights, &scaled, drive_error),
            scales: scaled.into_iter().map(|row| row.scale).collect(),
        }
    }
}

impl Fit {
    #[expect(clippy::cast_precision_loss, reason = "a number of weights")]
    fn of(weights: &Array2<f32>, scaled: &[Scaled], drive_error: Option<f64>) -> Self {
        let scales = scaled.iter().map(|row| row.scale);
        let mean = |sum: f64| (sum / weights.len() as f64).sqrt();
        let rms_error = mean(scaled.iter().map(|row| row.squared_error).sum());
        let rms = mean(weights.iter().map(|&weight| f64::from(weight).powi(2)).sum());
        Self {
            scales: [
                scales.clone().fold(f64::INFINITY, f64::min),
                scales.fold(0.0, f64::max),
            ],
            rms_error,
            relative_rms_error: if rms > 0.0 { rms_error / rms } else { 0.0 },
            drive_error,
        }
    }
}
