//! Rounding by data: integers whose errors cancel on the spikes that a layer really receives.
//!
//! Rounding every weight to the nearest integer minimizes the error of the weights, not that of the membranes. Over one
//! inference, a source j that fires c_j times drives a neuron by Σ w_j·c_j, and with errors e = w − scale·q of the weights
//! the drive is off by Σ e_j·c_j. Its mean square over calibration inferences is eᵀHe with the second moments H = ⟨c·cᵀ⟩ of
//! the counts (the layer-wise objective of arXiv 2004.10568 and 2210.17323). From the nearest integers, the single step of
//! ±1 that lowers eᵀHe most is taken, until none lowers it.

use super::scale::Scaled;
use crate::spikes::SpikeRaster;
use ndarray::{Array1, Array2};
use rayon::prelude::*;

/// Most sources of a layer that is rounded by data: H has their number squared.
pub const MAX_SOURCES: usize = 8192;

/// Part of the mean diagonal of H that is added to its diagonal, so that sources that calibration never saw fire keep
/// their nearest integers (as arXiv 2210.17323 does).
const DAMPING: f64 = 0.01;

/// A step must lower the error by more than this part of it: below, it is rounding noise of the sums.
const LEAST_GAIN: f64 = 1e-12;

/// Second moments of spike counts over calibration inferences.
#[derive(Clone, Debug)]
pub struct Moments(Array2<f64>);

impl Moments {
    /// Moments of the spikes that enter a layer, one raster per inference; `None` for no spikes, or too many sources.
    #[must_use]
    pub fn of(rasters: &[SpikeRaster]) -> Option<Self> {
        let sources = rasters.first()?.width();
        if sources > MAX_SOURCES || rasters.iter().all(|raster| raster.total() == 0) {
            return None;
        }
        let counts: Vec<Array1<f64>> = rasters.iter().map(counts).collect();
        let rows: Vec<Array1<f64>> = (0..sources)
            .into_par_iter()
            .map(|source| {
                let mut row = Array1::zeros(sources);
                for count in counts.iter().filter(|count| count[source] != 0.0) {
                    row.scaled_add(count[source], count);
                }
                row
            })
            .collect();
        let mut moments = Array2::zeros((sources, sources));
        for (mut row, moment) in moments.rows_mut().into_iter().zip(&rows) {
            row.assign(moment);
        }
        let damping = DAMPING * moments.diag().mean().unwrap_or(0.0);
        moments.diag_mut().map_inplace(|moment| *moment += damping);
        Some(Self(moments))
    }

    /// Improves the integers of one neuron; the scale stays.
    pub fn refine(&self, weights: &[f32], weight_bits: u8, scaled: &mut Scaled) {
        let largest = i8::MAX >> (8 - weight_bits);
        let mut errors = errors(weights, scaled);
        // Half the gradient of eᵀHe.
        let mut slope = self.0.dot(&errors);
        let mut error = errors.dot(&slope);
        while let Some((source, step, gain)) = self.best_step(&scaled.integers, &slope, scaled.scale, largest)
        {
            if gain <= LEAST_GAIN * error {
                break;
            }
            error -= gain;
            scaled.integers[source] += step;
            let change = -scaled.scale * f64::from(step);
            errors[source] += change;
            slope.scaled_add(change, &self.0.row(source));
        }
        scaled.squared_error = errors.dot(&errors);
    }

    /// The step of one integer that lowers the error most, and by how much.
    fn best_step(
        &self,
        integers: &[i8],
        slope: &Array1<f64>,
        scale: f64,
        largest: i8,
    ) -> Option<(usize, i8, f64)> {
        let mut best: Option<(usize, i8, f64)> = None;
        for (source, &integer) in integers.iter().enumerate() {
            // Against the slope: the error of a weight falls by the scale where its integer grows by one.
            let step = if slope[source] > 0.0 { 1 } else { -1 };
            if integer == step * largest {
                continue;
            }
            let gain = scale * (2.0 * slope[source].abs() - scale * self.0[[source, source]]);
            if gain > best.map_or(0.0, |(_, _, gain)| gain) {
                best = Some((source, step, gain));
            }
        }
        best
    }

    /// eᵀHe and wᵀHw: mean squares of the error of the drive, and of the drive.
    #[must_use]
    pub fn squares(&self, weights: &[f32], scaled: &Scaled) -> (f64, f64) {
        let errors = errors(weights, scaled);
        let weights: Array1<f64> = weights.iter().map(|&weight| f64::from(weight)).collect();
        (
            errors.dot(&self.0.dot(&errors)),
            weights.dot(&self.0.dot(&weights)),
        )
    }
}

fn errors(weights: &[f32], scaled: &Scaled) -> Array1<f64> {
    let error = |(&weight, &integer): (&f32, &i8)| f64::from(weight) - scaled.scale * f64::from(integer);
    weights.iter().zip(&scaled.integers).map(error).collect()
}

/// Sum of the signs of each source's spikes.
fn counts(raster: &SpikeRaster) -> Array1<f64> {
    let mut counts = Array1::zeros(raster.width());
    for spike in raster.iter().flatten() {
        counts[spike.address as usize] += f64::from(spike.sign());
    }
    counts
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::quantize::{ScaleSearch, scale};
    use crate::spikes::Spike;
    use proptest::prelude::*;

    /// One inference per row of counts: source j fires in its first steps.
    fn rasters(counts: &[Vec<usize>]) -> Vec<SpikeRaster> {
        let raster = |counts: &Vec<usize>| {
            let mut raster = SpikeRaster::new(counts.len());
            for step in 0..counts.iter().copied().max().unwrap_or(0) {
                raster.push_step(
                    (0_u32..)
                        .zip(counts)
                        .filter(|(_, count)| step < **count)
                        .map(|(j, _)| Spike::positive(j)),
                );
            }
            raster
        };
        counts.iter().map(raster).collect()
    }

    #[test]
    fn errors_of_sources_that_fire_together_cancel() {
        let moments = Moments::of(&rasters(&[vec![5, 5, 0], vec![9, 9, 0], vec![0, 0, 4]])).expect("spikes");
        assert_eq!(moments.0[[0, 1]], 106.0);
        assert_eq!(moments.0[[0, 2]], 0.0);
        let weights = [0.4, 0.4, 0.4, 3.0];
        let (weights, mut scaled) = (&weights[..3], scale::quantize(&weights, 3, ScaleSearch::Max));
        scaled.integers.pop();
        assert_eq!(scaled.integers, [0, 0, 0]);
        moments.refine(weights, 3, &mut scaled);
        // 0.4 + 0.4 is nearer to 1 than to 0; the third fires alone and stays.
        assert_eq!(scaled.integers, [1, 0, 0]);
        assert!((scaled.squared_error - (0.36 + 0.16 + 0.16)).abs() < 1e-6);
    }

    #[test]
    fn negative_spikes_count_against_positive_ones() {
        let mut raster = SpikeRaster::new(2);
        raster.push_step([
            Spike::positive(0),
            Spike {
                address: 1,
                negative: true,
            },
        ]);
        raster.push_step([Spike::positive(0), Spike::positive(1)]);
        raster.push_step([Spike {
            address: 1,
            negative: true,
        }]);
        assert_eq!(counts(&raster), Array1::from(vec![2.0, -1.0]));
    }

    #[test]
    fn without_spikes_there_is_nothing_to_go_by() {
        assert!(Moments::of(&[]).is_none());
        assert!(Moments::of(&rasters(&[vec![0, 0]])).is_none());
    }

    proptest! {
        #[test]
        fn no_single_step_improves_the_result(
            weights in prop::collection::vec(-1.0_f32..1.0, 6),
            counts in prop::collection::vec(prop::collection::vec(0_usize..20, 6), 1..10),
            weight_bits in 2_u8..=8,
        ) {
            prop_assume!(counts.iter().flatten().any(|count| *count > 0));
            let moments = Moments::of(&rasters(&counts)).expect("spikes");
            let nearest = scale::quantize(&weights, weight_bits, ScaleSearch::MeanSquare);
            let mut refined = nearest.clone();
            moments.refine(&weights, weight_bits, &mut refined);
            let error = moments.squares(&weights, &refined).0;
            prop_assert!(error <= moments.squares(&weights, &nearest).0);
            let largest = (1_i32 << (weight_bits - 1)) - 1;
            for source in 0..6 {
                for step in [-1_i8, 1] {
                    let mut other = refined.clone();
                    if (i32::from(other.integers[source]) + i32::from(step)).abs() <= largest {
                        other.integers[source] += step;
                        prop_assert!(moments.squares(&weights, &other).0 >= error * (1.0 - 1e-9));
                    }
                }
            }
        }
    }
}
