//! Loss and gradients of a batch outside of training, for comparisons.

use super::{FewSteps, Slope};
use crate::float::{FloatError, FloatModel, Parameters, check_label};
use crate::network::NetworkDescription;
use crate::spikes::{Spike, SpikeRaster};
use crate::{Error, Result};
use ndarray::Array2;
use std::collections::BTreeMap;

/// Parameters of a network under the second rule, or their gradients.
#[derive(Clone, Debug, PartialEq)]
pub struct FewStepsParameters {
    /// One weight matrix per tensor, as in [`FloatModel::weights`].
    pub weights: Vec<Array2<f32>>,
    /// γ of every layer, one number per channel; empty for layers that do not normalize.
    pub scales: Vec<Vec<f32>>,
    /// β of every layer, one number per channel, and the biases of the output layer; empty for pooling layers.
    pub shifts: Vec<Vec<f32>>,
}

/// Result of a forward and backward pass.
#[derive(Clone, Debug)]
pub struct FewStepsGradient {
    /// Mean over images of the loss, without the price of spikes.
    pub loss: f64,
    /// y of every image, `[steps, classes]`.
    pub outputs: Vec<Array2<f32>>,
    /// Spikes of every image and layer; none of the output layer.
    pub spikes: Vec<Vec<SpikeRaster>>,
    /// Gradient of the mean loss and the price of spikes.
    pub gradient: FewStepsParameters,
    /// Mean of z over the batch, per layer and channel; empty for layers that do not normalize.
    pub means: Vec<Vec<f32>>,
    /// Variance of z over the batch, as the means.
    pub variances: Vec<Vec<f32>>,
}

/// Computes loss and gradients of a batch, normalized by its own statistics.
///
/// `inputs` holds the values of every image and step, in C, H, W order, in units of
/// [`InputCoding::unit`](crate::network::InputCoding::unit); an image with one step shows it in all steps. `price` is ρ.
///
/// # Errors
/// If the network is invalid or not one for the rule, there are no images, or the shapes of parameters or inputs or a
/// label do not fit.
pub fn few_steps_gradient(
    description: &NetworkDescription,
    parameters: &FewStepsParameters,
    (slope, price): (Slope, f32),
    inputs: &[Vec<Vec<i16>>],
    labels: &[usize],
) -> Result<FewStepsGradient> {
    description.validate()?;
    FewSteps::check(description)?;
    let network = FewSteps::new(description, slope, price);
    let parameters = network.take(description, parameters)?;
    network.gradient(description, &parameters, (inputs, labels), |_| ())
}

impl FewSteps {
    /// Computes loss and gradients of a batch; see [`few_steps_gradient`]. `convert` has the last word on the gradients.
    pub(crate) fn gradient(
        &self,
        description: &NetworkDescription,
        parameters: &Parameters,
        (inputs, labels): (&[Vec<Vec<i16>>], &[usize]),
        convert: impl FnOnce(&mut Parameters),
    ) -> Result<FewStepsGradient> {
        if inputs.len() != labels.len() {
            let (images, labels) = (inputs.len(), labels.len());
            return Err(Error::Float(FloatError::LabelCount { images, labels }));
        }
        if inputs.is_empty() {
            return Err(Error::Float(FloatError::NoImages));
        }
        let mut batch = self.batch(inputs.len(), 1.max(inputs.len().div_ceil(3)), parameters);
        for (index, ((image, steps), &label)) in batch.images.iter_mut().zip(inputs).zip(labels).enumerate() {
            check_label(description, index, label)?;
            image.restart(label);
            let fits = steps.len() == 1 || steps.len() == self.steps;
            if !fits
                || steps
                    .iter()
                    .any(|values| values.len() != description.input.size())
            {
                return Err(Error::Float(FloatError::RasterShape {
                    image: index,
                    found: format!("{} x {}", steps.first().map_or(0, Vec::len), steps.len()),
                    wanted: format!("{} x {}", description.input.size(), self.steps),
                }));
            }
            for values in steps {
                image.push(values, self.unit());
            }
        }
        let (count, steps) = (inputs.len(), self.steps);
        self.forward(parameters, &mut batch, count, steps);
        self.backward(parameters, &mut batch, count, steps);
        let mut sum = self.zeros(description);
        for piece in &batch.gradients {
            for (sums, terms) in sum.layers.iter_mut().zip(&piece.layers) {
                sums.iter_mut()
                    .zip(terms.iter())
                    .for_each(|(sum, term)| *sum += term);
            }
        }
        convert(&mut sum);
        let classes = description.classes();
        let images = || batch.images.iter();
        let of_layers = |numbers: fn(&super::parameters::Norm) -> &[f32]| {
            let stages = self.stages.iter().zip(&batch.norms);
            stages
                .map(|(stage, norm)| match stage.scale {
                    Some(_) => numbers(norm)[..stage.layer.layout.shape.channels].to_vec(),
                    None => Vec::new(),
                })
                .collect()
        };
        Ok(FewStepsGradient {
            loss: images().map(|image| image.loss).sum::<f64>() / count as f64,
            outputs: images()
                .map(|image| {
                    Array2::from_shape_vec((steps, classes), image.output.clone())
                        .expect("one output per step and class")
                })
                .collect(),
            spikes: images().map(|image| self.rasters(image)).collect(),
            gradient: self.give(description, &sum),
            means: of_layers(|norm| &norm.mean),
            variances: of_layers(|norm| &norm.variance),
        })
    }
}

/// Folds normalization by the given means and variances into weights and biases, as at the end of training.
///
/// # Errors
/// If the network is invalid or not one for the rule, or the shapes of the parameters do not fit.
pub fn fold_normalization(
    description: &NetworkDescription,
    parameters: &FewStepsParameters,
    means: &[Vec<f32>],
    variances: &[Vec<f32>],
) -> Result<FloatModel> {
    description.validate()?;
    FewSteps::check(description)?;
    let network = FewSteps::new(description, Slope::Triangle, 0.0);
    let mut all = network.take(description, parameters)?;
    for (index, stage) in network.stages.iter().enumerate() {
        let Some(running) = stage.running else {
            continue;
        };
        for (place, numbers) in running.into_iter().zip([means, variances]) {
            let given = numbers.get(index).map_or(&[][..], |numbers| &numbers[..]);
            fill(
                description,
                index,
                given,
                &mut all.layers[place],
                stage.layer.layout.shape.channels,
            )?;
        }
    }
    Ok(network.fold(description, &all, BTreeMap::new()))
}

/// Copies one number per channel.
fn fill(
    description: &NetworkDescription,
    layer: usize,
    from: &[f32],
    to: &mut [f32],
    channels: usize,
) -> Result<()> {
    if from.len() != channels {
        return Err(Error::Float(FloatError::BiasCount {
            layer: description.layers[layer].name.clone(),
            found: from.len(),
            wanted: channels,
        }));
    }
    to[..channels].copy_from_slice(from);
    Ok(())
}

impl FewSteps {
    /// Converts parameters to the layout of the engine.
    fn take(&self, description: &NetworkDescription, given: &FewStepsParameters) -> Result<Parameters> {
        let weights = Parameters::of_model(&FloatModel {
            description: description.clone(),
            weights: given.weights.clone(),
            biases: Vec::new(),
            provenance: BTreeMap::new(),
        })?;
        let mut parameters = self.initial(description, 0);
        for (to, from) in parameters.layers.iter_mut().zip(weights.layers) {
            *to = from;
        }
        for (index, stage) in self.stages.iter().enumerate() {
            let channels = stage.layer.layout.shape.channels;
            for (place, lists) in [(stage.scale, &given.scales), (stage.shift, &given.shifts)] {
                if let Some(place) = place {
                    let from = lists.get(index).map_or(&[][..], |list| &list[..]);
                    fill(description, index, from, &mut parameters.layers[place], channels)?;
                }
            }
        }
        Ok(parameters)
    }

    /// Converts parameters from the layout of the engine.
    fn give(&self, description: &NetworkDescription, parameters: &Parameters) -> FewStepsParameters {
        let lists = |place: fn(&super::network::Stage) -> Option<usize>| {
            let list = |stage: &super::network::Stage| {
                let channels = stage.layer.layout.shape.channels;
                place(stage).map_or(Vec::new(), |place| parameters.layers[place][..channels].to_vec())
            };
            self.stages.iter().map(list).collect()
        };
        FewStepsParameters {
            weights: Parameters {
                layers: parameters.layers[..self.tensors].to_vec(),
                biases: Vec::new(),
            }
            .to_matrices(description),
            scales: lists(|stage| stage.scale),
            shifts: lists(|stage| stage.shift),
        }
    }

    /// Spikes of every layer that fires, in C, H, W order.
    fn rasters(&self, image: &super::Image) -> Vec<SpikeRaster> {
        let last = self.stages.len() - 1;
        let layers = self.stages[..last].iter().zip(&image.maps);
        let raster = |(stage, map): (&super::network::Stage, &super::batch::Map)| {
            let layout = stage.layer.layout;
            let mut raster = SpikeRaster::new(layout.shape.size());
            for step in map.spikes.steps() {
                let numbers = step.iter().map(|&address| layout.number(address as usize));
                let mut numbers: Vec<u32> = numbers.filter_map(|number| u32::try_from(number).ok()).collect();
                numbers.sort_unstable();
                raster.push_step(numbers.into_iter().map(Spike::positive));
            }
            raster
        };
        layers.map(raster).collect()
    }
}
