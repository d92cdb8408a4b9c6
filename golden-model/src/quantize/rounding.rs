//! Rounding with calibration data: chooses integers whose errors cancel on the spikes that a layer really receives.
//!
//! Rounding every weight to the nearest integer minimizes the error of the weights, not that of the membranes. Let
//! source j fire c_j times over one inference. Its neuron then receives the drive Σ w_j·c_j, and with weight errors e =
//! w − scale·q, the error of the drive is Σ e_j·c_j. Its mean square over calibration inferences is eᵀHe with the
//! second moments H = ⟨c·cᵀ⟩ of the counts (the layer-wise objective of arXiv 2004.10568 and 2210.17323). The algorithm
//! starts at the nearest integers and repeatedly takes the single step of ±1 that lowers eᵀHe most, until no step
//! lowers it noticeably.
//!
//! All neurons of a channel have the same weights but different windows. So c holds the counts of one window, and H is
//! a mean over windows and inferences. In a junction, c holds the counts of both paths.

use super::scale::Scaled;
use ndarray::linalg::general_mat_mul;
use ndarray::{Array2, ArrayView1, ArrayView2, ArrayViewMut2, Axis, Slice};
use rayon::prelude::*;

/// Largest number of sources of a layer that is rounded with data; the size of H is this number squared.
pub const MAX_SOURCES: usize = 8192;

/// Share of the mean diagonal of H that is added to its diagonal (as in arXiv 2210.17323), so that weights of sources
/// that never fired in calibration keep their nearest integers.
const DAMPING: f64 = 0.01;

/// Smallest relative decrease of the error for which a step is taken; the sums have only single precision.
const LEAST_GAIN: f64 = 1e-6;

/// Number of rows of a matrix that one thread processes at a time.
const BLOCK: usize = 64;

/// Second moments of spike counts.
#[derive(Clone, Debug)]
pub struct Moments {
    /// Matrix H, `[sources, sources]`.
    products: Array2<f32>,
    /// Diagonal of H.
    squares: Vec<f64>,
}

/// Sums of second moments, only on and above the diagonal.
#[derive(Clone, Debug)]
pub(super) struct MomentSums(Array2<f32>);

impl MomentSums {
    /// Creates empty sums; `None` if there are too many sources.
    pub(super) fn new(sources: usize) -> Option<Self> {
        (sources <= MAX_SOURCES).then(|| Self(Array2::zeros((sources, sources))))
    }

    /// Adds counts, `[samples, sources]`.
    pub(super) fn add(&mut self, counts: ArrayView2<'_, f32>) {
        let blocks: Vec<_> = self.0.axis_chunks_iter_mut(Axis(0), BLOCK).collect();
        let add = |(index, mut block): (usize, ArrayViewMut2<'_, f32>)| {
            let first = index * BLOCK;
            let own = counts.slice_axis(Axis(1), Slice::from(first..first + block.nrows()));
            let upper = counts.slice_axis(Axis(1), Slice::from(first..));
            let mut block = block.slice_axis_mut(Axis(1), Slice::from(first..));
            general_mat_mul(1.0, &own.t(), &upper, 1.0, &mut block);
        };
        blocks.into_par_iter().enumerate().for_each(add);
    }

    /// Computes the moments; `None` if nothing was counted. With `constant`, the last column is that of the bias, which is
    /// always there and does not count.
    pub(super) fn finish(self, constant: bool) -> Option<Moments> {
        let mut products = self.0;
        let columns = products.nrows();
        let sources = columns - usize::from(constant);
        for row in 1..columns {
            for column in 0..row {
                products[[row, column]] = products[[column, row]];
            }
        }
        let squares = products.diag();
        let sum: f64 = squares.iter().take(sources).copied().map(f64::from).sum();
        if sum == 0.0 {
            return None;
        }
        #[expect(
            clippy::cast_possible_truncation,
            reason = "the moments are of single precision"
        )]
        let damping = (DAMPING * sum / sources as f64) as f32;
        // Not that of the bias, whose count has another size.
        let mut squares = products.diag_mut();
        squares
            .iter_mut()
            .take(sources)
            .for_each(|square| *square += damping);
        Some(Moments {
            squares: products.diag().iter().copied().map(f64::from).collect(),
            products,
        })
    }
}

impl Moments {
    /// Computes the moments of counts `[samples, sources]`; a row holds the counts of one window in one inference.
    /// `None` if nothing was counted, or there are too many sources.
    #[must_use]
    pub fn of(counts: ArrayView2<'_, f32>) -> Option<Self> {
        let mut sums = MomentSums::new(counts.ncols())?;
        sums.add(counts);
        sums.finish(false)
    }

    /// Improves the integers of channels whose float weights are the rows of `weights`; the scales stay unchanged.
    /// Returns eᵀHe of every channel, the mean square of its drive's error.
    pub fn refine(&self, weights: &Array2<f32>, weight_bits: u8, channels: &mut [Scaled]) -> Vec<f64> {
        self.refine_beside(weights, &[], weight_bits, channels)
    }

    /// Improves like [`Self::refine`] beside biases, which are rounded already; `bias_errors` are their errors, one per
    /// channel, or none without biases. The moments then have one more column, for the bias.
    pub(super) fn refine_beside(
        &self,
        weights: &Array2<f32>,
        bias_errors: &[f64],
        weight_bits: u8,
        channels: &mut [Scaled],
    ) -> Vec<f64> {
        let errors = error_rows(weights, bias_errors, channels);
        let slopes = self.slopes(&errors);
        let largest = i8::MAX >> (8 - weight_bits);
        let rows: Vec<_> = weights.rows().into_iter().zip(slopes.rows()).collect();
        rows.into_par_iter()
            .zip(channels)
            .enumerate()
            .map(|(index, ((weights, slope), channel))| {
                let bias_error = bias_errors.get(index).copied();
                self.refine_channel(weights, bias_error, slope, largest, channel)
            })
            .collect()
    }

    /// Mean square of the drive's error of every channel, with biases whose errors are `bias_errors`.
    pub(super) fn error_squares(
        &self,
        weights: &Array2<f32>,
        bias_errors: &[f64],
        channels: &[Scaled],
    ) -> Vec<f64> {
        self.squares(&error_rows(weights, bias_errors, channels))
    }

    /// Improves one channel; `slope` is He, half the gradient of eᵀHe.
    fn refine_channel(
        &self,
        weights: ArrayView1<'_, f32>,
        bias_error: Option<f64>,
        slope: ArrayView1<'_, f32>,
        largest: i8,
        channel: &mut Scaled,
    ) -> f64 {
        let mut slope: Vec<f64> = slope.iter().copied().map(f64::from).collect();
        let scale = channel.scale;
        let error = |(&weight, &integer): (&f32, &i8)| f64::from(weight) - scale * f64::from(integer);
        let pairs = weights.iter().zip(&channel.integers);
        let mut error_now: f64 = pairs.zip(&slope).map(|(pair, slope)| error(pair) * slope).sum();
        error_now += bias_error.map_or(0.0, |error| error * slope[weights.len()]);
        while let Some((source, step, gain)) = self.best_step(&channel.integers, &slope, scale, largest) {
            if gain <= LEAST_GAIN * error_now {
                break;
            }
            error_now -= gain;
            channel.integers[source] += step;
            let change = -scale * f64::from(step);
            for (slope, &product) in slope.iter_mut().zip(self.products.row(source)) {
                *slope += change * f64::from(product);
            }
        }
        let pairs = weights.iter().zip(&channel.integers);
        channel.squared_error = pairs.map(|pair| error(pair).powi(2)).sum();
        error_now.max(0.0)
    }

    /// Finds the step of one integer that lowers the error most; returns the integer's index, the step and the
    /// decrease.
    fn best_step(&self, integers: &[i8], slope: &[f64], scale: f64, largest: i8) -> Option<(usize, i8, f64)> {
        let mut best: Option<(usize, i8, f64)> = None;
        let mut most = 0.0;
        for (source, (&slope, &square)) in slope.iter().zip(&self.squares).enumerate().take(integers.len()) {
            let gain = scale * (2.0 * slope.abs() - scale * square);
            if gain > most {
                // Against the slope: when an integer grows by one, the error of its weight falls by the scale.
                let step = if slope > 0.0 { 1 } else { -1 };
                if integers[source] != step * largest {
                    most = gain;
                    best = Some((source, step, gain));
                }
            }
        }
        best
    }

    /// Computes vᵀHv of every row v; if rows are weights, this is the mean square of the drive.
    #[must_use]
    pub fn squares(&self, rows: &Array2<f32>) -> Vec<f64> {
        let slopes = self.slopes(rows);
        let dot = |(row, slope): (ArrayView1<'_, f32>, ArrayView1<'_, f32>)| {
            let products = row.iter().zip(slope).map(|(&a, &b)| f64::from(a) * f64::from(b));
            products.sum()
        };
        rows.rows().into_iter().zip(slopes.rows()).map(dot).collect()
    }

    /// Computes Hv of every row v.
    fn slopes(&self, rows: &Array2<f32>) -> Array2<f32> {
        let mut slopes = Array2::zeros(rows.raw_dim());
        let blocks: Vec<_> = slopes.axis_chunks_iter_mut(Axis(0), BLOCK).collect();
        let multiply = |(index, mut block): (usize, ArrayViewMut2<'_, f32>)| {
            let first = index * BLOCK;
            let rows = rows.slice_axis(Axis(0), Slice::from(first..first + block.nrows()));
            general_mat_mul(1.0, &rows, &self.products, 0.0, &mut block);
        };
        blocks.into_par_iter().enumerate().for_each(multiply);
        slopes
    }
}

/// Errors of the weights of every channel, followed by those of the biases, if there are any.
fn error_rows(weights: &Array2<f32>, bias_errors: &[f64], channels: &[Scaled]) -> Array2<f32> {
    let sources = weights.ncols();
    let columns = sources + usize::from(!bias_errors.is_empty());
    let mut rows = Array2::zeros((weights.nrows(), columns));
    for (index, (mut row, channel)) in rows.rows_mut().into_iter().zip(channels).enumerate() {
        row.slice_axis_mut(Axis(0), Slice::from(..sources))
            .assign(&errors(weights.row(index), channel));
        if let Some(&error) = bias_errors.get(index) {
            #[expect(
                clippy::cast_possible_truncation,
                reason = "the moments are of single precision"
            )]
            let error = error as f32;
            row[sources] = error;
        }
    }
    rows
}

fn errors(weights: ArrayView1<'_, f32>, channel: &Scaled) -> ndarray::Array1<f32> {
    #[expect(
        clippy::cast_possible_truncation,
        reason = "the moments are of single precision"
    )]
    let error =
        |(&weight, &integer): (&f32, &i8)| (f64::from(weight) - channel.scale * f64::from(integer)) as f32;
    weights.iter().zip(&channel.integers).map(error).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::quantize::{ScaleSearch, scale};
    use ndarray::{Array1, array};
    use proptest::prelude::*;

    /// Computes eᵀHe of one channel.
    fn error(moments: &Moments, weights: &[f32], channel: &Scaled) -> f64 {
        let errors: Array1<f32> = errors(weights.into(), channel);
        moments.squares(&errors.insert_axis(Axis(0)))[0]
    }

    #[test]
    fn errors_of_sources_that_fire_together_cancel() {
        let moments =
            Moments::of(array![[5.0, 5.0, 0.0], [9.0, 9.0, 0.0], [0.0, 0.0, 4.0]].view()).expect("spikes");
        assert_eq!(moments.products[[1, 0]], 106.0);
        assert_eq!(moments.products[[0, 2]], 0.0);
        let weights = array![[0.4, 0.4, 0.4]];
        let mut scaled = scale::with_scale(&[0.4, 0.4, 0.4], 3, 1.0);
        assert_eq!(scaled.integers, [0, 0, 0]);
        let found = moments.refine(&weights, 3, std::slice::from_mut(&mut scaled));
        assert!((found[0] - error(&moments, &[0.4, 0.4, 0.4], &scaled)).abs() < 1e-4);
        // 0.4 + 0.4 is nearer to 1 than to 0. The third source fires alone, so its weight stays rounded to nearest.
        assert_eq!(scaled.integers, [1, 0, 0]);
        assert!((scaled.squared_error - (0.36 + 0.16 + 0.16)).abs() < 1e-6);
    }

    #[test]
    fn without_spikes_there_is_nothing_to_go_by() {
        assert!(Moments::of(Array2::zeros((0, 3)).view()).is_none());
        assert!(Moments::of(Array2::zeros((2, 3)).view()).is_none());
        assert!(MomentSums::new(MAX_SOURCES + 1).is_none());
    }

    #[test]
    fn moments_of_parts_are_those_of_the_whole() {
        let counts = Array2::from_shape_fn((7, 150), |(row, column)| ((row * 31 + column * 17) % 5) as f32);
        let mut parts = MomentSums::new(150).expect("few");
        parts.add(counts.slice_axis(Axis(0), Slice::from(..3)));
        parts.add(counts.slice_axis(Axis(0), Slice::from(3..)));
        let found = parts.finish(false).expect("counts");
        let wanted = counts.t().dot(&counts);
        for ((row, column), &product) in wanted.indexed_iter() {
            if row != column {
                assert_eq!(found.products[[row, column]], product, "{row}, {column}");
            }
        }
    }

    proptest! {
        #[test]
        fn no_single_step_improves_the_result(
            weights in prop::collection::vec(-1.0_f32..1.0, 6),
            counts in prop::collection::vec(prop::collection::vec(0_u8..20, 6), 1..10),
            weight_bits in 2_u8..=8,
        ) {
            prop_assume!(counts.iter().flatten().any(|count| *count > 0));
            let counts = Array2::from_shape_fn((counts.len(), 6), |(row, source)| f32::from(counts[row][source]));
            let moments = Moments::of(counts.view()).expect("spikes");
            let nearest = scale::quantize(&weights, weight_bits, ScaleSearch::MeanSquare);
            let mut refined = nearest.clone();
            let rows = Array2::from_shape_vec((1, 6), weights.clone()).expect("six");
            moments.refine(&rows, weight_bits, std::slice::from_mut(&mut refined));
            let (before, found) = (error(&moments, &weights, &nearest), error(&moments, &weights, &refined));
            // Errors cancel, and single precision loses digits by cancellation.
            let noise = 1e-4 * before;
            prop_assert!(found <= before + noise);
            let largest = (1_i32 << (weight_bits - 1)) - 1;
            for source in 0..6 {
                for step in [-1_i8, 1] {
                    let mut other = refined.clone();
                    if (i32::from(other.integers[source]) + i32::from(step)).abs() <= largest {
                        other.integers[source] += step;
                        prop_assert!(error(&moments, &weights, &other) >= found - noise);
                    }
                }
            }
        }
    }
}
