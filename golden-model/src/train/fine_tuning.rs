//! Fine-tuning a quantized network: training that runs forward in the integers of hardware.
//!
//! Every weight has a real number behind it, its master w. Forward, its integer q is used:
//!
//! ```text
//! q = clamp(round(w / scale), ±(2^(W−1) − 1))
//! ```
//!
//! with the scale of its channel, and everything that follows is the integer contract, exactly (`engine::integers`).
//! Backward, the rounding counts as the identity (the straight-through estimator, arXiv 1308.3432):
//!
//! ```text
//! ∂loss/∂w = ∂loss/∂(q·2^G) · 2^G / scale
//! ```
//!
//! and the optimizer moves the masters, which are kept where an integer represents them. Scales, thresholds, guard bits,
//! leak and floor stay those of the quantized network. Masters start at the weights of the float model where these
//! round to the quantized network's integers, else [`WITHIN`] of a step from the integer, on the weight's side: so the
//! first image sees the quantized network as it is.

mod error;
mod fingerprint;
mod grid;

pub use error::FineTuningError;
pub(super) use fingerprint::Fingerprint;
pub(super) use grid::Grid;

use crate::Result;
use crate::float::{Engine, FloatModel, Gradient, MAX_MEMBRANE_BITS, Parameters, batch_gradient};
use crate::integer::{QuantizedLayer, QuantizedModel, QuantizedShortcut};
use crate::network::{LayerKind, NetworkDescription, Tensor};
use crate::spikes::SpikeRaster;
use ndarray::Array2;

/// How far from its integer a master starts at most, in steps: at half a step it would round to the next.
const WITHIN: f64 = 0.49;

/// A quantized network, and the real weights behind its integers: where fine-tuning starts.
#[derive(Clone, Debug)]
pub struct FineTuning {
    quantized: QuantizedModel,
    /// Per layer, one scale per channel; of pooling layers, none.
    scales: Vec<Vec<f64>>,
    grid: Grid,
    masters: Parameters,
}

impl FineTuning {
    /// A start at `quantized`, which was quantized from `model` with these `scales`: per layer, the real value of one weight
    /// LSB for every output channel; of a pooling layer, nothing.
    ///
    /// # Errors
    /// If one of the models is not valid or they are not of one network, a membrane is wider than 24 bits, which is what
    /// the trainer can compute exactly, or scales are missing, not above 0, or differ within the output layer.
    pub fn new(model: &FloatModel, quantized: &QuantizedModel, scales: &[Vec<f64>]) -> Result<Self> {
        model.validate()?;
        quantized.validate()?;
        let description = &quantized.description;
        check_widths(quantized)?;
        check_scales(quantized, scales)?;
        let masters: Vec<Array2<f32>> = tensors(description)
            .zip(&model.weights)
            .map(|((tensor, is_shortcut), weights)| {
                let layer = &quantized.layers[tensor.layer];
                masters(weights, integers(layer, is_shortcut), &scales[tensor.layer])
            })
            .collect();
        let start = FloatModel {
            description: description.clone(),
            weights: masters,
            provenance: model.provenance.clone(),
        };
        Ok(Self {
            masters: Parameters::of_model(&start)?,
            grid: Grid::new(quantized, scales),
            quantized: quantized.clone(),
            scales: scales.to_vec(),
        })
    }

    /// The quantized network.
    #[must_use]
    pub const fn quantized(&self) -> &QuantizedModel {
        &self.quantized
    }

    /// Loss and gradients of a batch of input spikes, forward in integers: spikes are those of the integer engine, bit
    /// for bit, outputs y are its potentials over v_th · 2^G / scale · T, and gradients are those of the masters.
    ///
    /// # Errors
    /// If there are not as many labels as images, or a raster or label does not fit.
    pub fn gradient(&self, images: &[SpikeRaster], labels: &[usize]) -> Result<Gradient> {
        let description = &self.quantized.description;
        let mut masters = self.masters.clone();
        let integers = self.grid.round(&mut masters);
        let (mut result, mut sums) =
            batch_gradient(description, &self.engine(), &integers, images, labels, &[])?;
        self.grid.to_masters(&mut sums);
        result.weights = sums.to_matrices(description);
        Ok(result)
    }

    pub(super) fn engine(&self) -> Engine {
        Engine::integers(&self.quantized, &self.scales)
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

/// The tensors of a valid network, and whether each is a shortcut's.
fn tensors(description: &NetworkDescription) -> impl Iterator<Item = (Tensor, bool)> {
    let graph = description.valid_graph();
    let nodes = graph.nodes;
    graph.tensors.into_iter().enumerate().map(move |(index, tensor)| {
        let is_shortcut = nodes[tensor.layer].tensor != Some(index);
        (tensor, is_shortcut)
    })
}

/// The integers of a tensor.
fn integers(layer: &QuantizedLayer, is_shortcut: bool) -> &Array2<i8> {
    match &layer.shortcut {
        Some(QuantizedShortcut::Weights(weights)) if is_shortcut => weights,
        _ => &layer.weights,
    }
}

/// The nearest to every weight that rounds to its integer, or almost.
fn masters(weights: &Array2<f32>, integers: &Array2<i8>, scales: &[f64]) -> Array2<f32> {
    Array2::from_shape_fn(weights.dim(), |place| {
        let (integer, scale) = (f64::from(integers[place]), scales[place.0]);
        let (low, high) = ((integer - WITHIN) * scale, (integer + WITHIN) * scale);
        #[expect(clippy::cast_possible_truncation, reason = "the nearest f32")]
        let master = f64::from(weights[place]).clamp(low, high) as f32;
        master
    })
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
