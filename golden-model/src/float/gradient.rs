//! Loss and gradients of given input spikes: the trainer's arithmetic without the training loop, for checks.

use super::{DropoutMasks, Engine, FloatModel, Loss, Parameters};
use crate::float::FloatError;
use crate::network::NetworkDescription;
use crate::spikes::SpikeRaster;
use crate::{Error, Result};
use ndarray::Array2;

/// Outputs, spikes, loss and weight gradients of one batch.
#[derive(Clone, Debug, PartialEq)]
pub struct Gradient {
    /// Sum of (y − onehot)² over images and classes.
    pub loss: f64,
    /// Output y of each image, one number per class.
    pub outputs: Vec<Vec<f32>>,
    /// Spikes of each image: one raster per layer that fires, in order.
    pub spikes: Vec<Vec<SpikeRaster>>,
    /// Gradient ∂loss/∂W of each weight tensor, `[outputs, inputs]`.
    pub weights: Vec<Array2<f32>>,
}

/// Computes loss and gradients of a batch of input spikes, exactly like the trainer.
///
/// # Errors
/// If the model is invalid or has something for which the training rule of the paper has no gradient, the numbers of labels
/// and images differ, or a raster, label or mask does not fit.
pub fn gradient(
    model: &FloatModel,
    images: &[SpikeRaster],
    labels: &[usize],
    masks: &[DropoutMasks],
) -> Result<Gradient> {
    let description = &model.description;
    let weights = Parameters::of_model(model)?;
    check_rule(description, model.has_biases())?;
    let engine = Engine::new(description);
    let (mut result, sums) = batch_gradient(description, &engine, &weights, images, labels, masks)?;
    result.weights = sums.to_matrices(description);
    Ok(result)
}

/// Computes [`gradient`] with the weights of an engine. The weight gradients are returned separately; those of the
/// [`Gradient`] are empty.
///
/// # Errors
/// If the numbers of labels and images differ, or a raster, label or mask does not fit.
pub(crate) fn batch_gradient(
    description: &NetworkDescription,
    engine: &Engine,
    weights: &Parameters,
    images: &[SpikeRaster],
    labels: &[usize],
    masks: &[DropoutMasks],
) -> Result<(Gradient, Parameters)> {
    if images.len() != labels.len() {
        return Err(Error::Float(FloatError::LabelCount {
            images: images.len(),
            labels: labels.len(),
        }));
    }
    let mut state = engine.state();
    let mut sums = Parameters::zeros(description);
    let mut result = Gradient {
        loss: 0.0,
        outputs: Vec::new(),
        spikes: Vec::new(),
        weights: Vec::new(),
    };
    for (image, (raster, &label)) in images.iter().zip(labels).enumerate() {
        check_raster(description, image, raster)?;
        check_label(description, image, label)?;
        match masks.get(image) {
            Some(masks) => {
                check_masks(description, image, masks)?;
                engine.set_masks(masks, &mut state);
            }
            None => engine.clear_masks(&mut state),
        }
        engine.forward_raster(weights, raster, &mut state);
        engine.backward(weights, Loss::SumOfSquares, label, &mut state, &mut sums);
        result.loss += state.loss(Loss::SumOfSquares, label);
        result.outputs.push(state.output.clone());
        let firing = 0..description.layers.len() - 1;
        result
            .spikes
            .push(firing.map(|layer| state.raster(engine, layer)).collect());
    }
    Ok((result, sums))
}

/// Checks that the training rule of the paper has a gradient for a network: one of spikes, with reset to zero and a leaking
/// output, and without biases.
///
/// # Errors
/// If it has none. The error names what the network has instead.
pub(crate) fn check_rule(description: &NetworkDescription, biased: bool) -> Result<()> {
    let feature = description.first_extension().or(biased.then_some("biases"));
    feature.map_or(Ok(()), |feature| {
        Err(Error::Float(FloatError::RuleUnsupported {
            network: description.name.clone(),
            feature,
        }))
    })
}

/// Checks that a raster has the shape of the network's input; `image` is its number in errors.
pub(crate) fn check_raster(
    description: &NetworkDescription,
    image: usize,
    raster: &SpikeRaster,
) -> Result<()> {
    let found = (raster.width(), raster.steps());
    let wanted = (description.input.size(), description.steps);
    if found == wanted {
        return Ok(());
    }
    let text = |(sources, steps)| format!("{sources} x {steps}");
    Err(Error::Float(FloatError::RasterShape {
        image,
        found: text(found),
        wanted: text(wanted),
    }))
}

/// Checks that a label is a class of the network; `image` is its number in errors.
pub(crate) fn check_label(description: &NetworkDescription, image: usize, label: usize) -> Result<()> {
    if label < description.classes() {
        return Ok(());
    }
    Err(Error::Float(FloatError::Label {
        image,
        label,
        classes: description.classes(),
    }))
}

/// Checks that every mask has as many neurons as its layer.
fn check_masks(description: &NetworkDescription, image: usize, masks: &DropoutMasks) -> Result<()> {
    let layers = description.layers.iter().zip(description.shapes());
    let mut wrong = layers.zip(masks).filter_map(|((layer, shape), mask)| {
        let found = mask.as_ref()?.len();
        (found != shape.size()).then(|| {
            Error::Float(FloatError::MaskLength {
                image,
                layer: layer.name.clone(),
                found,
                wanted: shape.size(),
            })
        })
    });
    wrong.next().map_or(Ok(()), Err)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::reference::Case;

    /// Masks of one image do not carry over to the next image, and a layer without dropout accepts a mask.
    #[test]
    fn images_without_masks_drop_nothing() {
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/vectors/fc.npz");
        let case = Case::load(path.as_ref()).unwrap();
        let nothing_kept = vec![vec![None, Some(vec![false; 12]), None]];
        let masked = gradient(&case.model, &case.images, &case.labels, &nothing_kept).unwrap();
        let free = gradient(&case.model, &case.images, &case.labels, &[]).unwrap();
        assert_eq!(masked.outputs.len(), 3);
        assert!(masked.outputs[0].iter().all(|&y| y == 0.0));
        assert!(free.outputs[0].iter().any(|&y| y != 0.0));
        assert_eq!(masked.outputs[1..], free.outputs[1..]);
    }

    #[test]
    fn a_mask_of_another_length_is_named() {
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/vectors/fc.npz");
        let case = Case::load(path.as_ref()).unwrap();
        let masks = vec![vec![None, Some(vec![true; 11]), None]];
        let error = gradient(&case.model, &case.images, &case.labels, &masks).unwrap_err();
        assert_eq!(
            error.to_string(),
            "dropout mask of image 0: layer `f1` has 12 neurons, but the mask has 11 entries; give one entry per neuron"
        );
    }
}
