//! Reference cases: networks with input spikes, and the spikes, loss and gradients that must come of them.
//!
//! A case is an npz file; its arrays are listed in `tests/vectors/README.md` of this crate. Spikes must be equal, the
//! loss within [`LOSS_TOLERANCE`] of itself, outputs and gradients within [`TENSOR_TOLERANCE`] of their tensor's
//! largest magnitude.

mod arrays;
mod error;
mod file;
mod report;
mod spec;

pub use error::ReferenceError;
pub use report::{CaseReport, SpikeMismatch, TensorError};

use crate::Result;
use crate::float::{DropoutMasks, FloatModel, gradient};
use crate::spikes::SpikeRaster;
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
    /// What dropout keeps, per image.
    pub masks: Vec<DropoutMasks>,
    /// Expected spikes per image of every layer that fires, before dropout.
    pub spikes: Vec<Vec<SpikeRaster>>,
    /// Expected output per image and class, `[images, classes]`.
    pub outputs: Array2<f64>,
    /// Expected loss of the batch.
    pub loss: f64,
    /// Expected gradient per weight tensor, `[outputs, inputs]`.
    pub gradients: Vec<Array2<f64>>,
}

impl Case {
    /// Runs the trainer on the case and compares.
    ///
    /// # Errors
    /// If the case does not fit together.
    pub fn check(&self) -> Result<CaseReport> {
        let actual = gradient(&self.model, &self.images, &self.labels, &self.masks)?;
        let outputs =
            Array2::from_shape_fn(self.outputs.dim(), |(image, class)| actual.outputs[image][class]);
        let mut tensor_errors = vec![TensorError::new("output", &self.outputs, &outputs)];
        let tensors = self.model.description.graph()?.tensors;
        for ((tensor, expected), actual) in tensors.iter().zip(&self.gradients).zip(&actual.weights) {
            tensor_errors.push(TensorError::new(&tensor.name, expected, actual));
        }
        Ok(CaseReport {
            spikes: self.spikes.iter().flatten().map(SpikeRaster::total).sum(),
            mismatch: self.first_mismatch(&actual.spikes),
            loss_error: report::relative((actual.loss - self.loss).abs(), self.loss.abs()),
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
