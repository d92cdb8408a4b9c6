//! Quantization of one layer: scales, rounding and number format.

use super::channels::{Channels, Fit};
use super::config::{GuardBits, QuantizeConfig};
use super::rounding::Moments;
use super::rows::Rows;
use super::width::{Demand, Format, Identity};
use super::{QuantizeWarning, warnings};
use crate::Result;
use crate::float::FloatModel;
use crate::integer::sums::spikes_of;
use crate::integer::{InputSigns, Neuron, QuantizedLayer, QuantizedShortcut, sums};
use crate::network::{LayerDescription, LayerKind, Node};

/// Weight width in bits that a pooling layer reports, although it has no weights: the smallest width.
const NO_WEIGHT_BITS: u8 = 2;

/// Layer to quantize.
#[derive(Clone, Copy, Debug)]
pub(super) struct LayerTask<'a> {
    pub(super) model: &'a FloatModel,
    pub(super) described: &'a LayerDescription,
    pub(super) node: &'a Node,
    /// Shifts of the leak of all layers except pooling layers.
    pub(super) leak_shifts: &'a [u8],
    /// Signs of the network's input spikes.
    pub(super) input: InputSigns,
}

/// Quantized layer.
#[derive(Clone, Debug)]
pub(super) struct Finished {
    pub(super) layer: QuantizedLayer,
    pub(super) fit: Fit,
    pub(super) warnings: Vec<QuantizeWarning>,
}

impl LayerTask<'_> {
    /// Quantizes the layer. `moments` of the incoming spikes, if known, decide about rounding.
    pub(super) fn quantize(&self, config: &QuantizeConfig, moments: Option<&Moments>) -> Result<Finished> {
        let Some(rows) = Rows::of(self.model, self.node) else {
            return self.pool();
        };
        let weight_bits = config.weight_bits_of(&self.described.name);
        let channels = Channels::quantize(&rows.weights, self.fires(), weight_bits, config.scale, moments);
        let Channels { mut integers, fit } = channels;
        let (own, second) = rows.split(&integers);
        let sums = sums::of_weights(&own, second.as_ref(), &self.described.kind, self.node, self.input);
        let in_lsb = |value: f64| fit.scales.iter().map(|scale| value / scale).collect::<Vec<_>>();
        let increments = in_lsb(1.0);
        let format = Demand {
            layer: &self.described.name,
            sums: &sums,
            thresholds: &in_lsb(f64::from(self.described.threshold())),
            identity: self.identity_spikes().map(|spikes| Identity {
                increments: &increments,
                spikes,
            }),
            fires: self.fires(),
            leak_shifts: self.leak_shifts,
            steps: self.model.description.steps,
        }
        .format(config.guard_bits)?;
        let warnings = warnings::of_layer(&self.described.name, &integers, &format);
        for &channel in &format.silent {
            integers.row_mut(channel).fill(0);
        }
        let (weights, second) = rows.split(&integers);
        let shortcut = match second {
            Some(weights) => Some(QuantizedShortcut::Weights(weights)),
            None => self
                .identity_spikes()
                .map(|_| QuantizedShortcut::Identity(format.increments.clone())),
        };
        let layer = QuantizedLayer {
            weights,
            shortcut,
            ..self.layer(weight_bits, self.leak_shifts, format)
        };
        Ok(Finished { layer, fit, warnings })
    }

    /// Builds a pooling layer, which counts the spikes of its windows.
    fn pool(&self) -> Result<Finished> {
        let LayerKind::Pool { kernel } = self.described.kind else {
            unreachable!("all layers but those that pool have weights");
        };
        let channels = self.node.output.channels;
        let weights = ndarray::Array2::zeros((channels, 0));
        let window = (kernel * kernel) as f64;
        let format = Demand {
            layer: &self.described.name,
            sums: &sums::of_weights(&weights, None, &self.described.kind, self.node, self.input),
            thresholds: &vec![f64::from(self.described.threshold()) * window; channels],
            identity: None,
            fires: true,
            leak_shifts: &[],
            steps: self.model.description.steps,
        }
        .format(GuardBits::Fixed(0))?;
        Ok(Finished {
            layer: QuantizedLayer {
                weights,
                ..self.layer(NO_WEIGHT_BITS, &[], format)
            },
            fit: Fit::of_pooling(kernel, channels),
            warnings: Vec::new(),
        })
    }

    fn layer(&self, weight_bits: u8, leak_shifts: &[u8], format: Format) -> QuantizedLayer {
        QuantizedLayer {
            name: self.described.name.clone(),
            weights: ndarray::Array2::zeros((0, 0)),
            shortcut: None,
            weight_bits,
            guard_bits: format.guard_bits,
            membrane_bits: format.membrane_bits,
            leak_shifts: leak_shifts.to_vec(),
            floor: format.floor,
            neuron: if self.fires() {
                Neuron::Lif {
                    thresholds: format.thresholds,
                }
            } else {
                Neuron::Output
            },
        }
    }

    /// Signs of the spikes of the identity shortcut into the layer; `None` if there is no identity.
    fn identity_spikes(&self) -> Option<InputSigns> {
        let junction = self.node.junction.as_ref()?;
        junction
            .tensor
            .is_none()
            .then(|| spikes_of(junction.source, self.input))
    }

    const fn fires(&self) -> bool {
        !matches!(self.described.kind, LayerKind::Out { .. })
    }
}
