//! Reference cases: networks with input spikes, and the spikes, loss and gradients that must come of them.
//!
//! A case is an npz file; its arrays are listed in `tests/vectors/README.md` of this crate. Spikes must be equal, the
//! loss within [`LOSS_TOLERANCE`] of itself, outputs and gradients within [`TENSOR_TOLERANCE`] of their tensor's
//! largest magnitude.

mod file;

use crate::Result;
use crate::model::FloatModel;
use crate::spikes::SpikeRaster;
use crate::train::gradient;
use ndarray::Array2;

/// Relative error allowed in the loss.
pub const LOSS_TOLERANCE: f64 = 1e-5;
/// Error allowed in outputs and gradients, relative to the largest magnitude of the tensor.
pub const TENSOR_TOLERANCE: f64 = 1e-4;

/// A reference case.
#[derive(Clone, Debug, PartialEq)]
pub struct Case {
    /// Network and weights.
    pub model: FloatModel,
    /// Input spikes per image.
    pub images: Vec<SpikeRaster>,
    /// Class per image.
    pub labels: Vec<usize>,
    /// Expected spikes per image of every layer that fires.
    pub spikes: Vec<Vec<SpikeRaster>>,
    /// Expected output per image and class, `[images, classes]`.
    pub outputs: Array2<f64>,
    /// Expected loss of the batch.
    pub loss: f64,
    /// Expected gradient per layer, `[outputs, inputs]`.
    pub gradients: Vec<Array2<f64>>,
}

/// The first spike that differs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SpikeMismatch {
    /// Number of the image, from 0.
    pub image: usize,
    /// Time step, from 0.
    pub step: usize,
    /// Name of the layer.
    pub layer: String,
    /// Addresses that should have fired.
    pub expected: Vec<u32>,
    /// Addresses that did.
    pub actual: Vec<u32>,
}

/// A tensor's error, relative to the largest magnitude expected in it.
#[derive(Clone, Debug, PartialEq)]
pub struct TensorError {
    /// Name of the layer, or `output`.
    pub tensor: String,
    /// Largest difference over largest magnitude.
    pub error: f64,
}

/// How the trainer did on a case.
#[derive(Clone, Debug, PartialEq)]
pub struct CaseReport {
    /// Spikes compared.
    pub spikes: usize,
    /// The first step whose spikes differ.
    pub mismatch: Option<SpikeMismatch>,
    /// Relative error of the loss.
    pub loss_error: f64,
    /// Errors of the output and of every layer's gradient.
    pub tensor_errors: Vec<TensorError>,
}

impl CaseReport {
    /// Whether all spikes are equal and all errors within their tolerance.
    #[must_use]
    pub fn passes(&self) -> bool {
        self.mismatch.is_none()
            && self.loss_error <= LOSS_TOLERANCE
            && self
                .tensor_errors
                .iter()
                .all(|tensor| tensor.error <= TENSOR_TOLERANCE)
    }
}

impl Case {
    /// Runs the trainer on the case and compares.
    ///
    /// # Errors
    /// If the case does not fit together.
    pub fn check(&self) -> Result<CaseReport> {
        let actual = gradient(&self.model, &self.images, &self.labels, &[])?;
        let outputs =
            Array2::from_shape_fn(self.outputs.dim(), |(image, class)| actual.outputs[image][class]);
        let mut tensor_errors = vec![tensor_error("output", &self.outputs, &outputs)];
        let layers = &self.model.description.layers;
        for ((layer, expected), actual) in layers.iter().zip(&self.gradients).zip(&actual.weights) {
            tensor_errors.push(tensor_error(&layer.name, expected, actual));
        }
        Ok(CaseReport {
            spikes: self.spikes.iter().flatten().map(SpikeRaster::total).sum(),
            mismatch: self.first_mismatch(&actual.spikes),
            loss_error: (actual.loss - self.loss).abs() / self.loss.abs(),
            tensor_errors,
        })
    }

    /// Steps first, then layers: the earliest cause, not its latest consequence.
    fn first_mismatch(&self, actual: &[Vec<SpikeRaster>]) -> Option<SpikeMismatch> {
        let description = &self.model.description;
        let addresses = |raster: &SpikeRaster, step| -> Vec<u32> {
            raster.step(step).iter().map(|spike| spike.address).collect()
        };
        for image in 0..self.images.len() {
            for step in 0..description.steps {
                for layer in 0..description.layers.len() - 1 {
                    let expected = addresses(&self.spikes[image][layer], step);
                    let actual = addresses(&actual[image][layer], step);
                    if expected != actual {
                        let layer = description.layers[layer].name.clone();
                        return Some(SpikeMismatch {
                            image,
                            step,
                            layer,
                            expected,
                            actual,
                        });
                    }
                }
            }
        }
        None
    }
}

fn tensor_error(tensor: &str, expected: &Array2<f64>, actual: &Array2<f32>) -> TensorError {
    let largest = expected
        .iter()
        .fold(0.0, |largest: f64, value| largest.max(value.abs()));
    let errors = expected
        .iter()
        .zip(actual)
        .map(|(expected, &actual)| (expected - f64::from(actual)).abs());
    // A NaN must stay, and `f64::max` would drop it.
    let larger = |worst: f64, error: f64| {
        if error > worst || error.is_nan() {
            error
        } else {
            worst
        }
    };
    let worst = errors.fold(0.0, larger);
    let error = if worst == 0.0 { 0.0 } else { worst / largest };
    TensorError {
        tensor: tensor.into(),
        error,
    }
}
