//! Conversion of real weights to integers and a scale: w ≈ scale · q, |q| ≤ 2^(bits−1) − 1, q rounded half away from
//! zero.

use super::config::ScaleSearch;

/// Start of the search for the least squared error, as a share of the largest magnitude, and its number of steps.
const SEARCH: (f64, u32) = (0.2, 81);

/// Number of refinement rounds for the best scale of the search.
const REFINEMENTS: usize = 4;

/// Integer weights of one channel or layer, with their scale.
#[derive(Clone, Debug, PartialEq)]
pub struct Scaled {
    /// Integer weights, in the order of the input.
    pub integers: Vec<i8>,
    /// Real value of one weight LSB; positive.
    pub scale: f64,
    /// Squared error Σ (w − scale·q)².
    pub squared_error: f64,
}

/// Quantizes weights that share one scale. `weight_bits` must be in 2..=8 and all weights finite.
///
/// If all weights are zero, the scale is the one that represents 1 as the largest integer.
///
/// ```
/// use synfire_golden_model::quantize::{ScaleSearch, scale};
/// let scaled = scale::quantize(&[0.7, -0.31, 0.04], 4, ScaleSearch::Max);
/// assert_eq!(scaled.integers, [7, -3, 0]);
/// assert!((scaled.scale - 0.1).abs() < 1e-7);
/// ```
#[must_use]
pub fn quantize(weights: &[f32], weight_bits: u8, search: ScaleSearch) -> Scaled {
    let largest_integer = largest_integer(weight_bits);
    let largest = weights
        .iter()
        .fold(0.0_f64, |most, &weight| most.max(f64::from(weight).abs()));
    let unclipped = largest / largest_integer;
    // Also if the weights are so small that their LSB underflows.
    if unclipped < f64::MIN_POSITIVE {
        return round(weights, largest_integer, 1.0 / largest_integer);
    }
    match search {
        ScaleSearch::Max => round(weights, largest_integer, unclipped),
        ScaleSearch::Percentile(percent) => {
            // A percentile of zero would clip everything.
            let magnitude = percentile(weights, percent);
            let scale = if magnitude > 0.0 {
                magnitude / largest_integer
            } else {
                unclipped
            };
            round(weights, largest_integer, scale)
        }
        // With the weights as the only criterion, no search is better.
        ScaleSearch::MeanSquare | ScaleSearch::Best => least_squares(weights, largest_integer, unclipped),
    }
}

/// Minimizes the squared error: a search over clipping levels, then refinement. For given integers q, the best scale is
/// ⟨w, q⟩ / ⟨q, q⟩; for a given scale, the best integers are the rounded ones. Neither step can raise the error.
fn least_squares(weights: &[f32], largest_integer: f64, unclipped: f64) -> Scaled {
    let (start, steps) = SEARCH;
    let candidates = (0..steps)
        .map(|step| start + (1.0 - start) * f64::from(step) / f64::from(steps - 1))
        .rev();
    let mut best = round(weights, largest_integer, unclipped);
    for part in candidates {
        let found = round(weights, largest_integer, part * unclipped);
        if found.squared_error < best.squared_error {
            best = found;
        }
    }
    for _ in 0..REFINEMENTS {
        let products = weights
            .iter()
            .zip(&best.integers)
            .map(|(&w, &q)| f64::from(w) * f64::from(q));
        let squares: f64 = best.integers.iter().map(|&q| f64::from(q).powi(2)).sum();
        if squares == 0.0 {
            break;
        }
        let found = round(weights, largest_integer, products.sum::<f64>() / squares);
        if found.squared_error >= best.squared_error {
            break;
        }
        best = found;
    }
    best
}

/// Quantizes weights with a given scale.
#[must_use]
pub fn with_scale(weights: &[f32], weight_bits: u8, scale: f64) -> Scaled {
    round(weights, largest_integer(weight_bits), scale)
}

/// Largest integer of a weight width, as a real number.
fn largest_integer(weight_bits: u8) -> f64 {
    f64::from((1_i32 << (weight_bits - 1)) - 1)
}

fn round(weights: &[f32], largest_integer: f64, scale: f64) -> Scaled {
    let mut squared_error = 0.0;
    let round = |&weight: &f32| {
        let weight = f64::from(weight);
        let integer = (weight / scale).round().clamp(-largest_integer, largest_integer);
        squared_error += (weight - scale * integer).powi(2);
        #[expect(clippy::cast_possible_truncation, reason = "clamped to at most 127")]
        let integer = integer as i8;
        integer
    };
    Scaled {
        integers: weights.iter().map(round).collect(),
        scale,
        squared_error,
    }
}

/// Smallest magnitude that is not below `percent` % of all magnitudes (nearest rank).
fn percentile(weights: &[f32], percent: f64) -> f64 {
    let mut magnitudes: Vec<f32> = weights.iter().map(|weight| weight.abs()).collect();
    magnitudes.sort_unstable_by(f32::total_cmp);
    #[expect(
        clippy::cast_precision_loss,
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "a rank among the weights of a layer, rounded up on purpose"
    )]
    let rank = (percent / 100.0 * magnitudes.len() as f64).ceil() as usize;
    f64::from(magnitudes[rank.clamp(1, magnitudes.len()) - 1])
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn integers_are_symmetric_and_round_half_away_from_zero() {
        assert_eq!(
            quantize(&[1.5, -1.5, 0.5, -0.5, 7.0], 4, ScaleSearch::Max).integers,
            [2, -2, 1, -1, 7]
        );
        assert_eq!(quantize(&[-7.0, 3.4], 4, ScaleSearch::Max).integers, [-7, 3]);
        assert_eq!(quantize(&[-0.3, 0.1], 2, ScaleSearch::Max).integers, [-1, 0]);
    }

    #[test]
    fn percentile_clips_what_lies_above_it() {
        let weights = [0.1, -0.2, 0.3, -0.4, 9.0];
        let scaled = quantize(&weights, 3, ScaleSearch::Percentile(80.0));
        assert!((scaled.scale - 0.4 / 3.0).abs() < 1e-7, "{}", scaled.scale);
        assert_eq!(scaled.integers, [1, -2, 2, -3, 3]);
        assert_eq!(
            quantize(&weights, 3, ScaleSearch::Percentile(100.0)),
            quantize(&weights, 3, ScaleSearch::Max)
        );
        assert_eq!(percentile(&weights, 1e-9), f64::from(0.1_f32));
    }

    #[test]
    fn weights_that_vanish_become_zero() {
        for weights in [&[0.0, 0.0][..], &[f32::from_bits(1), 0.0], &[]] {
            for search in [ScaleSearch::Max, ScaleSearch::MeanSquare] {
                let scaled = quantize(weights, 4, search);
                assert!(
                    scaled.scale.is_normal() && scaled.squared_error.is_finite(),
                    "{scaled:?}"
                );
                assert_eq!(scaled.integers.len(), weights.len());
            }
        }
        assert_eq!(
            quantize(&[0.0, 0.0], 4, ScaleSearch::Percentile(50.0)).integers,
            [0, 0]
        );
        assert_eq!(
            quantize(&[0.0, 0.0, 1.0], 4, ScaleSearch::Percentile(50.0)).integers,
            [0, 0, 7]
        );
    }

    #[test]
    fn values_on_the_grid_are_represented_exactly() {
        let weights: Vec<f32> = (-7..=7_i8).map(|q| f32::from(q) * 0.125).collect();
        let scaled = quantize(&weights, 4, ScaleSearch::MeanSquare);
        assert_eq!(scaled.scale, 0.125);
        assert_eq!(scaled.squared_error, 0.0);
        assert_eq!(scaled.integers, (-7..=7).collect::<Vec<i8>>());
    }

    proptest! {
        #[test]
        fn the_search_is_never_worse_than_no_clipping(
            weights in prop::collection::vec(-2.0_f32..2.0, 1..60),
            weight_bits in 2_u8..=8,
        ) {
            let unclipped = quantize(&weights, weight_bits, ScaleSearch::Max);
            let found = quantize(&weights, weight_bits, ScaleSearch::MeanSquare);
            prop_assert!(found.squared_error <= unclipped.squared_error);
            let largest = (1_i32 << (weight_bits - 1)) - 1;
            prop_assert!(found.integers.iter().all(|&q| i32::from(q).abs() <= largest));
            // Without clipping no weight is further off than half an LSB.
            for (&weight, &integer) in weights.iter().zip(&unclipped.integers) {
                let error = f64::from(weight) - unclipped.scale * f64::from(integer);
                prop_assert!(error.abs() <= 0.5 * unclipped.scale * (1.0 + 1e-9));
            }
        }
    }
}
