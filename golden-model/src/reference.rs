//! Reference cases: networks with input spikes, and the expected spikes, outputs, loss and gradients.
//!
//! A case is an npz file; `tests/vectors/README.md` of this crate lists its arrays. Spikes must be equal. The relative
//! error of the loss must be at most [`LOSS_TOLERANCE`]. Errors of outputs and gradients, relative to the largest
//! magnitude of their tensor, must be at most [`TENSOR_TOLERANCE`].

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

/// Largest allowed relative error of the loss.
pub const LOSS_TOLERANCE: f64 = 1e-5;
/// Largest allowed error of outputs and gradients, relative to the largest magnitude of the tensor.
pub const TENSOR_TOLERANCE: f64 = 1e-4;

/// Reference case: a network, a batch of input spikes, and the expected results.
#[derive(Clone, Debug, PartialEq)]
pub struct Case {
    /// Network with its weights.
    pub model: FloatModel,
    /// Input spikes of each image.
    pub images: Vec<SpikeRaster>,
    /// Label of each image.
    pub labels: Vec<usize>,
    /// Dropout masks of each image.
    pub masks: Vec<DropoutMasks>,
    /// Expected spikes of each image before dropout, one raster per layer that fires.
    pub spikes: Vec<Vec<SpikeRaster>>,
    /// Expected outputs, `[images, classes]`.
    pub outputs: Array2<f64>,
    /// Expected loss of the batch.
    pub loss: f64,
    /// Expected gradient of each weight tensor, `[outputs, inputs]`.
    pub gradients: Vec<Array2<f64>>,
}

impl Case {
    /// Runs the case with the trainer's engine and compares the results.
    ///
    /// # Errors
    /// If the parts of the case do not fit together.
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

    /// Finds the first mismatch by step, then by layer, which is the earliest cause of all others.
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
