//! Fine-tuning of a quantized network: training whose forward pass computes in the integers of the hardware.
//!
//! Every integer weight q belongs to a real number, its master w. The forward pass uses the integer:
//!
//! ```text
//! q = clamp(round(w / scale), ±(2^(W−1) − 1))
//! ```
//!
//! with the scale of its channel. A bias is a whole number of membrane LSB, scale / 2^G, and so has a master, too. All further computation is exactly that of the integer engine
//! (`float::engine::integers`). The backward pass treats rounding as the identity (the straight-through estimator,
//! arXiv
//! 1308.3432):
//!
//! ```text
//! ∂loss/∂w = ∂loss/∂(q·2^G) · 2^G / scale
//! ```
//!
//! The optimizer updates the masters, which are limited to the range that integers represent. Scales, thresholds, guard
//! bits, leak and floor stay those of the quantized network. A master starts at the weight of the float model if that
//! weight rounds to the integer of the quantized network. Otherwise it starts [`WITHIN`] of a step from the integer, on
//! the side of the weight. So the first image sees exactly the quantized network.

mod error;
mod fingerprint;
mod grid;

pub use error::FineTuningError;
pub(super) use fingerprint::Fingerprint;
pub(super) use grid::Grid;

use super::{Rule, TrainConfig};
use crate::Result;
use crate::events::{Numbers, VECTOR, zeros};
use crate::float::{
    Engine, FewSteps, FewStepsGradient, FloatModel, Gradient, MAX_MEMBRANE_BITS, Parameters, Slope,
    batch_gradient,
};
use crate::integer::{QuantizedLayer, QuantizedModel, QuantizedShortcut};
use crate::network::{LayerKind, NetworkDescription, Source, Tensor};
use crate::spikes::SpikeRaster;
use ndarray::Array2;

/// Largest initial distance of a master from its integer, in steps; at half a step it would round to the next integer.
const WITHIN: f64 = 0.49;

/// Start of fine-tuning: a quantized network, and a real weight for each of its integers.
#[derive(Clone, Debug)]
pub struct FineTuning {
    quantized: QuantizedModel,
    /// Scales of each layer, one per channel; empty for pooling layers.
    scales: Vec<Vec<f64>>,
    grid: Grid,
    masters: Parameters,
}

impl FineTuning {
    /// Starts fine-tuning at `quantized`, which was quantized from `model` with `scales`: for each layer, the real
    /// value of one weight LSB of every output channel, and an empty list for pooling layers.
    ///
    /// # Errors
    /// If one of the models is not valid or no rule has a gradient for it ([`Self::check_support`]), the models have
    /// different networks, a membrane is wider than 24 bits (the limit of the trainer's exact arithmetic), or scales are
    /// missing, not above 0, or differ within the output layer.
    pub fn new(model: &FloatModel, quantized: &QuantizedModel, scales: &[Vec<f64>]) -> Result<Self> {
        model.validate()?;
        quantized.validate()?;
        let description = &quantized.description;
        if Self::check_support(model, Rule::Paper).is_err() {
            Self::check_support(model, Rule::FewSteps)?;
        }
        check_widths(quantized)?;
        check_scales(quantized, scales)?;
        let weights: Vec<Array2<f32>> = tensors(description)
            .zip(&model.weights)
            .zip(input_units(description))
            .map(|(((tensor, is_shortcut), weights), unit)| {
                let layer = &quantized.layers[tensor.layer];
                let scales: Vec<f64> = scales[tensor.layer].iter().map(|scale| scale / unit).collect();
                masters(weights, integers(layer, is_shortcut), &scales)
            })
            .collect();
        let start = FloatModel {
            description: description.clone(),
            weights,
            provenance: model.provenance.clone(),
            biases: Vec::new(),
        };
        let mut masters = Parameters::of_model(&start)?;
        for (index, (layer, scales)) in quantized.layers.iter().zip(scales).enumerate() {
            if !layer.biases.is_empty() {
                masters
                    .layers
                    .push(bias_masters(model.biases_of(index), layer, scales));
            }
        }
        Ok(Self {
            masters,
            grid: Grid::new(quantized, scales),
            quantized: quantized.clone(),
            scales: scales.to_vec(),
        })
    }

    /// Checks that a rule has a gradient for a model. That of the paper wants a network of spikes that resets to zero and
    /// has a leaking output, and no biases.
    ///
    /// # Errors
    /// If it has none. The error names what the model has instead.
    pub fn check_support(model: &FloatModel, rule: Rule) -> Result<()> {
        if rule == Rule::FewSteps {
            return FewSteps::check(&model.description);
        }
        let biases = model.has_biases().then_some("biases");
        let feature = model.description.first_extension().or(biases);
        feature.map_or(Ok(()), |feature| {
            let network = model.description.name.clone();
            Err(FineTuningError::Unsupported { network, feature }.into())
        })
    }

    /// Quantized network at which fine-tuning starts.
    #[must_use]
    pub const fn quantized(&self) -> &QuantizedModel {
        &self.quantized
    }

    /// Computes loss and gradients of a batch of input spikes by the paper's rule, with an integer forward pass. Spikes
    /// equal those of the integer engine, bit for bit; outputs y are its potentials divided by v_th · 2^G / scale · T;
    /// gradients are those of the masters.
    ///
    /// # Errors
    /// If the numbers of labels and images differ, a raster or label does not fit, or the rule has no gradient for the
    /// network.
    pub fn gradient(&self, images: &[SpikeRaster], labels: &[usize]) -> Result<Gradient> {
        let description = &self.quantized.description;
        self.check_rule(Rule::Paper)?;
        let mut masters = self.masters.clone();
        let integers = self.grid.round(&mut masters);
        let (mut result, mut sums) =
            batch_gradient(description, &self.engine(), &integers, images, labels, &[])?;
        self.grid.to_masters(&mut sums);
        result.weights = sums.to_matrices(description);
        Ok(result)
    }

    /// Computes loss and gradients of a batch by the second rule, with an integer forward pass; see
    /// [`few_steps_gradient`](crate::float::few_steps_gradient) for the inputs. Spikes equal those of the integer engine, bit
    /// for bit; the outputs y of a step are what it adds to the potentials, divided by 2^G / scale; gradients are those of
    /// the masters.
    ///
    /// # Errors
    /// If there are no images, a shape or a label does not fit, or the rule has no gradient for the network.
    pub fn few_steps_gradient(
        &self,
        (slope, price): (Slope, f32),
        inputs: &[Vec<Vec<i16>>],
        labels: &[usize],
    ) -> Result<FewStepsGradient> {
        self.check_rule(Rule::FewSteps)?;
        let network = FewSteps::integers(&self.quantized, &self.scales, slope, price);
        let integers = self.grid.round(&mut self.masters.clone());
        let batch = (inputs, labels);
        network.gradient(&self.quantized.description, &integers, batch, |gradient| {
            self.grid.to_masters(gradient);
        })
    }

    /// Checks that a rule has a gradient for the quantized network.
    pub(super) fn check_rule(&self, rule: Rule) -> Result<()> {
        let description = &self.quantized.description;
        if rule == Rule::FewSteps {
            return FewSteps::check(description);
        }
        let biased = self.quantized.layers.iter().any(|layer| !layer.biases.is_empty());
        let feature = description.first_extension().or(biased.then_some("biases"));
        feature.map_or(Ok(()), |feature| {
            let network = description.name.clone();
            Err(FineTuningError::Unsupported { network, feature }.into())
        })
    }

    pub(super) fn engine(&self) -> Engine {
        Engine::integers(&self.quantized, &self.scales)
    }

    /// Network of the second rule that computes with the integers.
    pub(super) fn few_steps(&self, config: &TrainConfig) -> FewSteps {
        FewSteps::integers(&self.quantized, &self.scales, config.slope, config.sparsity)
    }

    pub(super) const fn grid(&self) -> &Grid {
        &self.grid
    }

    pub(super) const fn masters(&self) -> &Parameters {
        &self.masters
    }

    pub(super) fn fingerprint(&self) -> Fingerprint {
        Fingerprint::new(&self.quantized, &self.scales, &self.masters)
    }
}

/// Tensors of a valid network, each with true if it belongs to a shortcut.
fn tensors(description: &NetworkDescription) -> impl Iterator<Item = (Tensor, bool)> {
    let graph = description.valid_graph();
    let nodes = graph.nodes;
    graph.tensors.into_iter().enumerate().map(move |(index, tensor)| {
        let is_shortcut = nodes[tensor.layer].tensor != Some(index);
        (tensor, is_shortcut)
    })
}

/// Number that the value 1 of a source's event stands for, for every tensor of a valid network. Scales are of integer
/// events, weights of the numbers that they stand for.
fn input_units(description: &NetworkDescription) -> Vec<f64> {
    let nodes = description.valid_graph().nodes;
    let sources = tensors(description).map(|(tensor, is_shortcut)| {
        let node = &nodes[tensor.layer];
        let second = node.junction.as_ref().filter(|_| is_shortcut);
        second.map_or(node.source, |junction| junction.source)
    });
    let unit = |source| match source {
        Source::Input => f64::from(description.coding.unit()),
        Source::Layer(_) => 1.0,
    };
    sources.map(unit).collect()
}

/// Computes the initial masters of a layer's biases, as [`masters`] does those of weights.
fn bias_masters(biases: &[f32], layer: &QuantizedLayer, scales: &[f64]) -> Numbers {
    let mut masters = zeros(layer.biases.len().next_multiple_of(VECTOR));
    let lsb = f64::from(layer.guard_bits).exp2();
    for (channel, master) in masters.iter_mut().enumerate().take(layer.biases.len()) {
        let bias = biases.get(channel).copied().unwrap_or(0.0);
        *master = nearest(bias, layer.biases[channel], scales[channel] / lsb);
    }
    masters
}

/// Integer weights of a tensor.
fn integers(layer: &QuantizedLayer, is_shortcut: bool) -> &Array2<i8> {
    match &layer.shortcut {
        Some(QuantizedShortcut::Weights(weights)) if is_shortcut => weights,
        _ => &layer.weights,
    }
}

/// Computes the initial masters: for every weight, the nearest number that rounds to its integer.
fn masters(weights: &Array2<f32>, integers: &Array2<i8>, scales: &[f64]) -> Array2<f32> {
    Array2::from_shape_fn(weights.dim(), |place| {
        nearest(weights[place], integers[place].into(), scales[place.0])
    })
}

/// Nearest number to `number` that rounds to an integer.
fn nearest(number: f32, integer: i32, scale: f64) -> f32 {
    let integer = f64::from(integer);
    let (low, high) = ((integer - WITHIN) * scale, (integer + WITHIN) * scale);
    #[expect(clippy::cast_possible_truncation, reason = "the nearest f32")]
    let nearest = f64::from(number).clamp(low, high) as f32;
    nearest
}

fn check_widths(quantized: &QuantizedModel) -> Result<(), FineTuningError> {
    let wide = |layer: &&QuantizedLayer| layer.membrane_bits > MAX_MEMBRANE_BITS;
    match quantized.layers.iter().find(wide) {
        None => Ok(()),
        Some(layer) => Err(FineTuningError::Width {
            layer: layer.name.clone(),
            membrane_bits: layer.membrane_bits,
            most: MAX_MEMBRANE_BITS,
        }),
    }
}

fn check_scales(quantized: &QuantizedModel, scales: &[Vec<f64>]) -> Result<(), FineTuningError> {
    let (found, wanted) = (scales.len(), quantized.layers.len());
    if found != wanted {
        return Err(FineTuningError::Layers { found, wanted });
    }
    let described = quantized.layers.iter().zip(&quantized.description.layers);
    for ((layer, description), scales) in described.zip(scales) {
        if matches!(description.kind, LayerKind::Pool { .. }) {
            continue;
        }
        let (name, wanted) = (|| layer.name.clone(), layer.outputs());
        if scales.len() != wanted {
            return Err(FineTuningError::Channels {
                layer: name(),
                found: scales.len(),
                wanted,
            });
        }
        let usable = |scale: &f64| *scale > 0.0 && scale.is_finite();
        if let Some(channel) = scales.iter().position(|scale| !usable(scale)) {
            return Err(FineTuningError::Scale {
                layer: name(),
                channel,
                found: scales[channel],
            });
        }
        let is_output = matches!(description.kind, LayerKind::Out { .. });
        if is_output && let Some(&other) = scales.iter().find(|scale| **scale != scales[0]) {
            return Err(FineTuningError::OutputScales {
                layer: name(),
                found: [scales[0], other],
            });
        }
    }
    Ok(())
}
