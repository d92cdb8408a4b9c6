//! Quantization of one layer: scales, rounding and number format.

use super::channels::{Biases, Channels, Fit};
use super::config::{GuardBits, QuantizeConfig};
use super::rounding::Moments;
use super::rows::{Rows, unit_of};
use super::width::{Demand, Format, Identity};
use super::{QuantizeError, QuantizeWarning, warnings};
use crate::Result;
use crate::float::FloatModel;
use crate::integer::sums::{EventValues, events_of};
use crate::integer::{InputValues, MAX_GUARD_BITS, Neuron, QuantizedLayer, QuantizedShortcut, sums};
use crate::network::{LayerDescription, LayerKind, Node, Readout, Reset};

/// Weight width in bits that a pooling layer reports, although it has no weights: the smallest width.
const NO_WEIGHT_BITS: u8 = 2;

/// Layer to quantize.
#[derive(Clone, Copy, Debug)]
pub(super) struct LayerTask<'a> {
    pub(super) model: &'a FloatModel,
    pub(super) described: &'a LayerDescription,
    pub(super) node: &'a Node,
    /// Real biases of the layer, one per channel; empty without biases.
    pub(super) biases: &'a [f32],
    /// Shifts of the leak of all layers that leak.
    pub(super) leak_shifts: &'a [u8],
    /// Values of the network's input events.
    pub(super) input: InputValues,
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
        let leak_shifts = self.leak_shifts();
        let biased = !self.biases.is_empty();
        let expected = |scale: f64| self.expected_guard_bits(config.guard_bits, scale);
        let biases = |guard_bits| {
            biased.then_some(Biases {
                values: self.biases,
                guard_bits,
            })
        };
        let mut channels = Channels::quantize(
            &rows.weights,
            biases(&expected),
            self.fires(),
            weight_bits,
            config.scale,
            moments,
        );
        let (own, second) = rows.split(&channels.integers);
        let sums = sums::of_weights(&own, second.as_ref(), &self.described.kind, self.node, self.input);
        let scales = &channels.fit.scales;
        let in_lsb = |value: f64| scales.iter().map(|scale| value / scale).collect::<Vec<_>>();
        let real_biases = self.biases.iter().zip(scales);
        let real_biases: Vec<f64> = real_biases
            .map(|(&bias, scale)| f64::from(bias) / scale)
            .collect();
        let identity = self.identity();
        let increments = in_lsb(identity.map_or(1.0, |(unit, _)| unit));
        let format = Demand {
            layer: &self.described.name,
            sums: &sums,
            thresholds: &in_lsb(f64::from(self.described.threshold())),
            biases: &real_biases,
            identity: identity.map(|(_, events)| Identity {
                increments: &increments,
                events,
            }),
            fires: self.fires(),
            reset: self.model.description.reset,
            leak_shifts,
            steps: self.model.description.steps,
        }
        .format(config.guard_bits)?;
        if let (Some(moments), Some(biases)) = (moments, biases(&|_| format.guard_bits)) {
            channels.settle_drive_error(&rows.weights, biases, moments);
        }
        let Channels { mut integers, fit } = channels;
        let warnings = warnings::of_layer(&self.described.name, &integers, &format);
        for &channel in &format.silent {
            integers.row_mut(channel).fill(0);
        }
        let (weights, second) = rows.split(&integers);
        let shortcut = match second {
            Some(weights) => Some(QuantizedShortcut::Weights(weights)),
            None => identity.map(|_| QuantizedShortcut::Identity(format.increments.clone())),
        };
        let layer = QuantizedLayer {
            weights,
            shortcut,
            ..self.layer(weight_bits, leak_shifts, format)
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
        let window = (kernel * kernel) as f64 / f64::from(unit_of(&self.model.description, self.node.source));
        let threshold = f64::from(self.described.threshold()) * window;
        let reset = self.model.description.reset;
        if reset == Reset::Subtract && threshold < 1.0 {
            return Err(QuantizeError::PoolingReset {
                layer: self.described.name.clone(),
                threshold: self.described.threshold(),
                least: 1.0 / window,
            }
            .into());
        }
        let format = Demand {
            layer: &self.described.name,
            sums: &sums::of_weights(&weights, None, &self.described.kind, self.node, self.input),
            thresholds: &vec![threshold; channels],
            biases: &[],
            identity: None,
            fires: true,
            reset,
            leak_shifts: &[],
            steps: self.model.description.steps,
        }
        .format(GuardBits::Fixed(0))?;
        Ok(Finished {
            layer: QuantizedLayer {
                weights,
                ..self.layer(NO_WEIGHT_BITS, &[], format)
            },
            fit: Fit::of_pooling(1.0 / window, channels),
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
            ceiling: format.ceiling,
            biases: format.biases,
            neuron: if self.fires() {
                Neuron::Lif {
                    thresholds: format.thresholds,
                }
            } else {
                Neuron::Output
            },
        }
    }

    /// Number of guard bits to expect for a channel of this scale: those of the options or, with [`GuardBits::Auto`], the
    /// fewest that give the leak its resolution at the channel's threshold.
    fn expected_guard_bits(&self, guard_bits: GuardBits, scale: f64) -> u8 {
        let strongest = self.leak_shifts().first();
        match (guard_bits, strongest) {
            (GuardBits::Fixed(bits), _) => bits,
            (GuardBits::Auto, None) => 0,
            (GuardBits::Auto, Some(&strongest)) => {
                let threshold = f64::from(self.described.threshold()) / scale;
                let resolution = f64::from(strongest).exp2();
                (0..MAX_GUARD_BITS)
                    .find(|&bits| threshold * f64::from(bits).exp2() >= resolution)
                    .unwrap_or(MAX_GUARD_BITS)
            }
        }
    }

    /// Shifts of the leak of this layer, which has weights: none in an output layer that is read as a sum.
    fn leak_shifts(&self) -> &[u8] {
        match self.model.description.readout {
            Readout::Sum if !self.fires() => &[],
            _ => self.leak_shifts,
        }
    }

    /// Identity shortcut into the layer, if any: the real number for which an event of value 1 stands, and the values of
    /// its events.
    fn identity(&self) -> Option<(f64, EventValues)> {
        let junction = self.node.junction.as_ref()?;
        let unit = unit_of(&self.model.description, junction.source);
        let is_identity = junction.tensor.is_none();
        is_identity.then(|| (unit.into(), events_of(junction.source, self.input)))
    }

    const fn fires(&self) -> bool {
        !matches!(self.described.kind, LayerKind::Out { .. })
    }
}
