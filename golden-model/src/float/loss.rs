//! The loss that training minimizes.

use super::neuron::THRESHOLD;
use serde::{Deserialize, Serialize};

/// Factor on y before the softmax of [`Loss::CrossEntropy`]. The sum of squares aims at outputs of 1 and 0, which then
/// have a probability ratio of e^10 to 1.
const GAIN: f32 = 10.0;

/// Loss of an image, computed from its output y (one number per class) and its label.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum Loss {
    /// Sum over classes of (y − onehot)² (arXiv 1903.06379, section 2.4).
    #[default]
    SumOfSquares,
    /// Cross-entropy: −ln softmax(10·y) of the label.
    CrossEntropy,
}

/// Output y beyond which a run has diverged, in thresholds per step. The wanted outputs are 0 and 1.
///
/// No healthy run gets there. An output is at most the sum of the magnitudes of its weights. For the initial weights,
/// drawn with a standard deviation of at most √(2 / fan-in), this sum is close to 1.13 · √fan-in: below 4700 for the widest
/// layer that there can be, of 2^24 sources, even if they fired in every step and all weights had the same sign. Training
/// moves outputs towards 0 and 1 from there. A run beyond the limit does not come back: gradients grow with the error, so
/// that its steps are thousands of times too large.
const LARGEST_OUTPUT: f64 = 8192.0;

impl Loss {
    /// All losses.
    pub const ALL: [Self; 2] = [Self::SumOfSquares, Self::CrossEntropy];

    /// Name of the loss in network files and on the command line.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::SumOfSquares => "sum-of-squares",
            Self::CrossEntropy => "cross-entropy",
        }
    }

    /// Mean loss per image above which a run has diverged: that of images with one output at [`LARGEST_OUTPUT`].
    pub(crate) fn limit(self) -> f64 {
        match self {
            Self::SumOfSquares => LARGEST_OUTPUT.powi(2),
            Self::CrossEntropy => f64::from(GAIN) * LARGEST_OUTPUT,
        }
    }

    /// Computes the loss of an output.
    pub(crate) fn value(self, output: &[f32], label: usize) -> f64 {
        match self {
            Self::SumOfSquares => output
                .iter()
                .enumerate()
                .map(|(class, &y)| (f64::from(y) - if class == label { 1.0 } else { 0.0 }).powi(2))
                .sum(),
            Self::CrossEntropy => {
                let logits = || output.iter().map(|&y| f64::from(GAIN) * f64::from(y));
                let largest = logits().fold(f64::NEG_INFINITY, f64::max);
                let sum: f64 = logits().map(|logit| (logit - largest).exp()).sum();
                sum.ln() + largest - f64::from(GAIN) * f64::from(output[label])
            }
        }
    }

    /// Writes ∂loss/∂v of the output layer's membranes to `deltas`. It is equal in all steps, because the leak is not
    /// differentiated and y = v(T) / threshold / T.
    pub(crate) fn gradient(self, output: &[f32], label: usize, steps: usize, deltas: &mut [f32]) {
        let scale = 1.0 / THRESHOLD / steps as f32;
        match self {
            Self::SumOfSquares => {
                for (class, (delta, y)) in deltas.iter_mut().zip(output).enumerate() {
                    let wanted = if class == label { 1.0 } else { 0.0 };
                    *delta = 2.0 * (y - wanted) * scale;
                }
            }
            Self::CrossEntropy => {
                let largest = output.iter().fold(f32::NEG_INFINITY, |a, &b| a.max(b));
                let mut sum = 0.0;
                for (delta, y) in deltas.iter_mut().zip(output) {
                    *delta = (GAIN * (y - largest)).exp();
                    sum += *delta;
                }
                for (class, delta) in deltas.iter_mut().enumerate() {
                    let wanted = if class == label { 1.0 } else { 0.0 };
                    *delta = GAIN * (*delta / sum - wanted) * scale;
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const OUTPUT: [f32; 3] = [0.5, -0.25, 0.125];

    #[test]
    fn a_perfect_output_has_no_loss() {
        assert_eq!(Loss::SumOfSquares.value(&[0.0, 1.0], 1), 0.0);
        assert!(Loss::CrossEntropy.value(&[0.0, 1.0], 1) < 5e-5);
    }

    #[test]
    fn the_sum_of_squares_is_that() {
        let expected = 0.25 + 1.25f64.powi(2) + 0.125f64.powi(2);
        assert!((Loss::SumOfSquares.value(&OUTPUT, 1) - expected).abs() < 1e-12);
    }

    #[test]
    fn equal_outputs_cost_the_logarithm_of_the_number_of_classes() {
        assert!((Loss::CrossEntropy.value(&[0.3; 7], 2) - 7f64.ln()).abs() < 1e-6);
    }

    #[test]
    fn gradients_are_the_losses_finite_differences() {
        let steps = 4;
        for loss in [Loss::SumOfSquares, Loss::CrossEntropy] {
            let mut deltas = [0.0; 3];
            loss.gradient(&OUTPUT, 1, steps, &mut deltas);
            for class in 0..3 {
                let at = |change: f32| {
                    let mut output = OUTPUT;
                    output[class] += change;
                    loss.value(&output, 1)
                };
                let slope = (at(1e-3) - at(-1e-3)) / 2e-3 / steps as f64;
                let delta = f64::from(deltas[class]);
                assert!((delta - slope).abs() < 1e-3, "{loss:?} {class}: {delta}, {slope}");
            }
        }
    }
}
