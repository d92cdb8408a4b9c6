//! Report of a reference case.

use super::{LOSS_TOLERANCE, TENSOR_TOLERANCE};
use ndarray::Array2;
use serde::Serialize;

/// First step and layer whose spikes differ.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct SpikeMismatch {
    /// Number of the image, from 0.
    pub image: usize,
    /// Time step, from 0.
    pub step: usize,
    /// Name of the layer.
    pub layer: String,
    /// Expected addresses of spikes, ascending.
    pub expected: Vec<u32>,
    /// Actual addresses of spikes, ascending.
    pub actual: Vec<u32>,
}

impl SpikeMismatch {
    /// Returns the first neuron that differs, and whether it should have fired.
    ///
    /// # Panics
    /// If nothing differs.
    #[must_use]
    pub fn neuron(&self) -> (u32, bool) {
        let length = self.expected.len().max(self.actual.len());
        for index in 0..length {
            match (self.expected.get(index), self.actual.get(index)) {
                (Some(expected), Some(actual)) if expected == actual => {}
                (Some(&expected), Some(&actual)) if actual < expected => return (actual, false),
                (Some(&expected), _) => return (expected, true),
                (None, actual) => return (*actual.expect("the longer list goes on"), false),
            }
        }
        panic!("no spike differs")
    }
}

/// Error of a tensor, relative to its largest expected magnitude.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct TensorError {
    /// Name of the weight tensor, or `output`.
    pub tensor: String,
    /// Largest difference divided by the largest expected magnitude.
    pub error: f64,
}

impl TensorError {
    pub(super) fn new(tensor: &str, expected: &Array2<f64>, actual: &Array2<f32>) -> Self {
        let largest = expected
            .iter()
            .fold(0.0, |largest: f64, value| largest.max(value.abs()));
        let errors = expected
            .iter()
            .zip(actual)
            .map(|(expected, &actual)| (expected - f64::from(actual)).abs());
        Self {
            tensor: tensor.into(),
            error: relative(errors.fold(0.0, larger), largest),
        }
    }

    /// Whether the error is within [`TENSOR_TOLERANCE`].
    #[must_use]
    pub fn passes(&self) -> bool {
        self.error <= TENSOR_TOLERANCE
    }
}

/// Divides an error by a magnitude; an error of 0 stays 0 for any magnitude.
pub(super) fn relative(error: f64, magnitude: f64) -> f64 {
    if error == 0.0 { 0.0 } else { error / magnitude }
}

/// Larger of two errors. Unlike `f64::max`, a NaN is kept.
fn larger(worst: f64, error: f64) -> f64 {
    if error > worst || error.is_nan() {
        error
    } else {
        worst
    }
}

/// Result of checking a reference case.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct CaseReport {
    /// Number of expected spikes, all of which are compared.
    pub spikes: usize,
    /// First difference of spikes; `None` if all spikes are equal.
    pub mismatch: Option<SpikeMismatch>,
    /// Relative error of the loss.
    pub loss_error: f64,
    /// Errors of the outputs and of the gradient of each weight tensor.
    pub tensor_errors: Vec<TensorError>,
}

impl CaseReport {
    /// Whether all spikes are equal and all errors are within their tolerances.
    #[must_use]
    pub fn passes(&self) -> bool {
        self.mismatch.is_none()
            && self.loss_error <= LOSS_TOLERANCE
            && self.tensor_errors.iter().all(TensorError::passes)
    }

    /// Largest error of all tensors.
    #[must_use]
    pub fn worst_tensor(&self) -> Option<&TensorError> {
        self.tensor_errors.iter().reduce(|worst, tensor| {
            if worst.error.is_nan() || tensor.error <= worst.error {
                worst
            } else {
                tensor
            }
        })
    }
}
