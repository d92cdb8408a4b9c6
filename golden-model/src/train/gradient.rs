//! Loss and gradients of given spikes: the trainer's arithmetic without its loop, open to checks.

use super::{DropoutMasks, Engine, Loss, Parameters};
use crate::model::FloatModel;
use crate::spikes::SpikeRaster;
use crate::{Error, Result};
use ndarray::Array2;

/// What one batch does, and how its loss depends on the weights.
#[derive(Clone, Debug, PartialEq)]
pub struct Gradient {
    /// Σ over images and classes of (y − onehot)².
    pub loss: f64,
    /// Output y per image, one number per class.
    pub outputs: Vec<Vec<f32>>,
    /// Spikes per image of every layer that fires, in order.
    pub spikes: Vec<Vec<SpikeRaster>>,
    /// ∂loss/∂W per layer, `[outputs, inputs]`.
    pub weights: Vec<Array2<f32>>,
}

/// Computes loss and gradients of a batch of input spikes, as the trainer does.
///
/// # Errors
/// If the model is invalid, there are not as many labels as images, or a raster or label does not fit.
pub fn gradient(
    model: &FloatModel,
    images: &[SpikeRaster],
    labels: &[usize],
    masks: &[DropoutMasks],
) -> Result<Gradient> {
    let description = &model.description;
    let weights = Parameters::of_model(model)?;
    if images.len() != labels.len() {
        let name = description.name.clone();
        return Err(Error::DataCounts {
            name,
            images: images.len(),
            labels: labels.len(),
        });
    }
    let engine = Engine::new(description);
    let mut state = engine.state();
    let mut sums = Parameters::zeros(description);
    let mut result = Gradient {
        loss: 0.0,
        outputs: Vec::new(),
        spikes: Vec::new(),
        weights: Vec::new(),
    };
    for (image, (raster, &label)) in images.iter().zip(labels).enumerate() {
        let (found, wanted) = (
            (raster.width(), raster.steps()),
            (description.input.size(), description.steps),
        );
        if found != wanted {
            let text = |(sources, steps)| format!("{sources} x {steps}");
            return Err(Error::RasterShape {
                image,
                found: text(found),
                wanted: text(wanted),
            });
        }
        if label >= description.classes() {
            let (name, limit) = (description.name.clone(), description.classes() - 1);
            return Err(Error::DataValue {
                name,
                what: "label",
                index: image,
                found: label,
                limit,
            });
        }
        if let Some(masks) = masks.get(image) {
            engine.set_masks(masks, &mut state);
        }
        engine.forward_raster(&weights, raster, &mut state);
        engine.backward(&weights, Loss::SumOfSquares, label, &mut state, &mut sums);
        result.loss += state.loss(Loss::SumOfSquares, label);
        result.outputs.push(state.output.clone());
        let firing = 0..description.layers.len() - 1;
        result
            .spikes
            .push(firing.map(|layer| state.raster(&engine, layer)).collect());
    }
    result.weights = sums.to_matrices(description);
    Ok(result)
}
