//! Report of the quantizer: its choices and warnings.

use super::channels::Fit;
use crate::integer::{LayerBounds, Neuron, QuantizedLayer, QuantizedModel};
use crate::network::{LayerDescription, LayerKind};
use serde::Serialize;
use std::fmt;

/// Report of the quantizer: its choices for each layer, and warnings.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct QuantizeReport {
    /// Layers from input to output.
    pub layers: Vec<LayerReport>,
    /// Warnings about the result.
    pub warnings: Vec<QuantizeWarning>,
}

/// Choices of the quantizer for one layer.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct LayerReport {
    /// Name of the layer.
    pub layer: String,
    /// Operation of the layer, as in network files: `conv`, `pool`, `fc` or `out`.
    pub op: &'static str,
    /// Width of a weight in bits; for pooling, which has no weights, the smallest possible width.
    pub weight_bits: u8,
    /// Number of guard bits G: fraction bits of the membrane.
    pub guard_bits: u8,
    /// Width V of a membrane in bits.
    pub membrane_bits: u8,
    /// Shifts of the leak.
    pub leak_shifts: Vec<u8>,
    /// Lowest membrane at the end of a step, in membrane LSB.
    pub floor: i32,
    /// Highest membrane at the end of a step, in membrane LSB; only with a reset by subtraction.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ceiling: Option<i32>,
    /// Smallest and largest bias, in membrane LSB; `None` without biases.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub biases: Option<[i32; 2]>,
    /// Smallest and largest scale: the real value that a weight of one LSB gives to an event of value 1, in the units of
    /// the float model's membranes.
    pub scales: [f64; 2],
    /// Scale of every channel. The channels of an output layer share one scale; for pooling, the scale is 1 / window.
    #[serde(skip)]
    pub channel_scales: Vec<f64>,
    /// Smallest and largest threshold, in membrane LSB; `None` for the output layer.
    pub thresholds: Option<[i32; 2]>,
    /// Bounds on the membranes.
    pub bounds: LayerBounds,
    /// Root mean square of weight − scale·q, in the units of the float model's membranes.
    pub rms_error: f64,
    /// Root mean square of weight − scale·q, relative to the root mean square of the weights.
    pub relative_rms_error: f64,
    /// Root mean square over calibration inferences of the error of Σ weight · spikes, relative to that of the sum;
    /// `None` without calibration.
    pub drive_error: Option<f64>,
}

impl QuantizeReport {
    pub(super) fn new(
        model: &QuantizedModel,
        fits: &[Fit],
        bounds: Vec<LayerBounds>,
        warnings: Vec<QuantizeWarning>,
    ) -> Self {
        let layers = model
            .description
            .layers
            .iter()
            .zip(&model.layers)
            .zip(fits.iter().zip(bounds));
        let report = |((described, layer), (fit, bounds)): ((&LayerDescription, _), (_, _))| {
            LayerReport::new(&described.kind, layer, fit, bounds)
        };
        Self {
            layers: layers.map(report).collect(),
            warnings,
        }
    }
}

impl LayerReport {
    fn new(kind: &LayerKind, layer: &QuantizedLayer, fit: &Fit, bounds: LayerBounds) -> Self {
        let thresholds = match &layer.neuron {
            Neuron::Lif { thresholds } => thresholds
                .iter()
                .min()
                .zip(thresholds.iter().max())
                .map(|(&low, &high)| [low, high]),
            Neuron::Output => None,
        };
        Self {
            layer: layer.name.clone(),
            op: kind.op(),
            weight_bits: layer.weight_bits,
            guard_bits: layer.guard_bits,
            membrane_bits: layer.membrane_bits,
            leak_shifts: layer.leak_shifts.clone(),
            floor: layer.floor,
            ceiling: layer.ceiling,
            biases: layer
                .biases
                .iter()
                .min()
                .zip(layer.biases.iter().max())
                .map(|(&low, &high)| [low, high]),
            scales: fit.range(),
            channel_scales: fit.scales.clone(),
            thresholds,
            bounds,
            rms_error: fit.rms_error,
            relative_rms_error: fit.relative_rms_error,
            drive_error: fit.drive_error,
        }
    }
}

/// Warning about the result of the quantization.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(tag = "warning", rename_all = "kebab-case")]
#[non_exhaustive]
pub enum QuantizeWarning {
    /// All quantized weights of some channels are zero.
    AllZero {
        /// Name of the layer.
        layer: String,
        /// Numbers of the channels; in a fully-connected layer, of the neurons.
        channels: Vec<usize>,
    },
    /// Some channels never fire: no input can exceed their threshold at any position.
    NeverFires {
        /// Name of the layer.
        layer: String,
        /// Numbers of the channels; in a fully-connected layer, of the neurons.
        channels: Vec<usize>,
    },
    /// Some channels fire at a single spike over the smallest weight: their threshold is below one weight LSB.
    AlwaysFires {
        /// Name of the layer.
        layer: String,
        /// Numbers of the channels; in a fully-connected layer, of the neurons.
        channels: Vec<usize>,
    },
    /// Some channels did not fire in any calibration inference, although some input can fire them.
    Silent {
        /// Name of the layer.
        layer: String,
        /// Numbers of the channels.
        channels: Vec<usize>,
    },
    /// Some channels carry no information: they fired at almost every position and step of the calibration inferences.
    Saturated {
        /// Name of the layer.
        layer: String,
        /// Numbers of the channels.
        channels: Vec<usize>,
    },
    /// Calibration could not be used for a layer: none of its inputs fired, or it has too many inputs.
    NotCalibrated {
        /// Name of the layer.
        layer: String,
    },
    /// The leak by shifts, fitted or explicit, differs from the network's leak by more than the tolerance of the fit.
    Leak {
        /// Leak factor of the description.
        wanted: f64,
        /// Leak factor of the shifts.
        found: f64,
    },
    /// The membranes of a layer are wide, which costs hardware.
    WideMembrane {
        /// Name of the layer.
        layer: String,
        /// Width of the membranes in bits.
        membrane_bits: u8,
    },
    /// The width of a layer is proven only for the network's number of steps.
    StepsLimited {
        /// Name of the layer.
        layer: String,
        /// Number of steps for which the width is proven.
        steps: usize,
    },
}

impl QuantizeWarning {
    /// Whether this is a warning about channels whose list is empty.
    pub(super) fn names_no_channel(&self) -> bool {
        match self {
            Self::AllZero { channels, .. }
            | Self::NeverFires { channels, .. }
            | Self::AlwaysFires { channels, .. }
            | Self::Silent { channels, .. }
            | Self::Saturated { channels, .. } => channels.is_empty(),
            Self::NotCalibrated { .. }
            | Self::Leak { .. }
            | Self::WideMembrane { .. }
            | Self::StepsLimited { .. } => false,
        }
    }
}

impl fmt::Display for QuantizeWarning {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::AllZero { layer, channels } => {
                write!(
                    f,
                    "layer `{layer}`: all weights are zero in {}; use more weight bits",
                    Channels(channels)
                )
            }
            Self::NeverFires { layer, channels } => {
                write!(
                    f,
                    "layer `{layer}`: no input can fire {}; train the network longer, or make the layer smaller",
                    Channels(channels)
                )
            }
            Self::AlwaysFires { layer, channels } => {
                write!(
                    f,
                    "layer `{layer}`: a single spike over the smallest weight fires {}; use more weight bits",
                    Channels(channels)
                )
            }
            Self::Silent { layer, channels } => {
                write!(
                    f,
                    "layer `{layer}`: calibration never fires {}; calibrate with more images, or make the \
                     layer smaller",
                    Channels(channels)
                )
            }
            Self::Saturated { layer, channels } => {
                write!(
                    f,
                    "layer `{layer}`: calibration almost always fires {}; train with a lower input rate",
                    Channels(channels)
                )
            }
            Self::NotCalibrated { layer } => {
                write!(
                    f,
                    "layer `{layer}`: calibration has no effect, because the inputs of the layer never fire \
                     or are too many"
                )
            }
            Self::Leak { wanted, found } => {
                write!(
                    f,
                    "the leak factor is {found} instead of {wanted}; train with a leak that shifts represent"
                )
            }
            Self::WideMembrane { layer, membrane_bits } => {
                write!(
                    f,
                    "layer `{layer}`: membranes need {membrane_bits} bits; use fewer guard bits or weight bits"
                )
            }
            Self::StepsLimited { layer, steps } => {
                write!(
                    f,
                    "layer `{layer}`: the width of the membranes is proven only for {steps} steps; run no \
                     more steps"
                )
            }
        }
    }
}

/// List of channels, abbreviated for display.
struct Channels<'a>(&'a [usize]);

impl fmt::Display for Channels<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        const SHOWN: usize = 8;
        let shown: Vec<_> = self.0.iter().take(SHOWN).map(usize::to_string).collect();
        let noun = if self.0.len() == 1 { "channel" } else { "channels" };
        write!(f, "{} {noun} ({}", self.0.len(), shown.join(", "))?;
        if self.0.len() > SHOWN {
            write!(f, ", …")?;
        }
        write!(f, ")")
    }
}
