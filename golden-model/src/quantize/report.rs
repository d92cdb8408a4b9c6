//! What the quantizer chose, and what it found odd.

use super::channels::Fit;
use crate::integer::{LayerBounds, Neuron, QuantizedLayer, QuantizedModel};
use crate::network::{LayerDescription, LayerKind};
use serde::Serialize;
use std::fmt;

/// What the quantizer chose, layer by layer.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct QuantizeReport {
    /// Layers from input to output.
    pub layers: Vec<LayerReport>,
    /// What deserves a look.
    pub warnings: Vec<QuantizeWarning>,
}

/// What the quantizer chose for one layer.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct LayerReport {
    /// Layer's name.
    pub layer: String,
    /// What it computes, as network files say it: `conv`, `pool`, `fc` or `out`.
    pub op: &'static str,
    /// Width of a weight; of pooling, which has none, the least that a layer can have.
    pub weight_bits: u8,
    /// G, fraction bits of the membrane.
    pub guard_bits: u8,
    /// V, width of a membrane.
    pub membrane_bits: u8,
    /// Shifts of the leak.
    pub leak_shifts: Vec<u8>,
    /// Lowest membrane at the end of a step, in membrane LSB.
    pub floor: i32,
    /// Smallest and largest scale: the real value of one weight LSB, in the float model's units of membranes.
    pub scales: [f64; 2],
    /// The scale of every channel; of an output layer all are one, of pooling one count's part of the window.
    #[serde(skip)]
    pub channel_scales: Vec<f64>,
    /// Smallest and largest threshold, in membrane LSB; none for the output layer.
    pub thresholds: Option<[i32; 2]>,
    /// What the membranes can reach.
    pub bounds: LayerBounds,
    /// Root mean square of weight − scale·q, in the float model's units of membranes.
    pub rms_error: f64,
    /// The same in parts of the root mean square of the weights.
    pub relative_rms_error: f64,
    /// Root mean square, over calibration inferences, of the error of Σ weight · spikes, in parts of that of the sum; none
    /// without calibration.
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

/// Something about the result that deserves a look.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(tag = "warning", rename_all = "kebab-case")]
#[non_exhaustive]
pub enum QuantizeWarning {
    /// Channels whose quantized weights are all zero.
    AllZero {
        /// Layer's name.
        layer: String,
        /// The channels; of a fully-connected layer, the neurons.
        channels: Vec<usize>,
    },
    /// Channels whose threshold no input can exceed, at any position: they never fire.
    NeverFires {
        /// Layer's name.
        layer: String,
        /// The channels; of a fully-connected layer, the neurons.
        channels: Vec<usize>,
    },
    /// Channels that a single spike over the smallest weight fires: their threshold is below one weight LSB.
    AlwaysFires {
        /// Layer's name.
        layer: String,
        /// The channels; of a fully-connected layer, the neurons.
        channels: Vec<usize>,
    },
    /// Channels that no calibration inference made fire, although some input can.
    Silent {
        /// Layer's name.
        layer: String,
        /// The channels.
        channels: Vec<usize>,
    },
    /// Channels that fired at almost every position and step of the calibration inferences: they say nothing.
    Saturated {
        /// Layer's name.
        layer: String,
        /// The channels.
        channels: Vec<usize>,
    },
    /// A layer that calibration could not round by data: none of its inputs fired, or it has too many.
    NotCalibrated {
        /// Layer's name.
        layer: String,
    },
    /// A leak by shifts that is off by more than the tolerance of the fit, or an explicit one that is.
    Leak {
        /// Factor of the description.
        wanted: f64,
        /// Factor of the shifts.
        found: f64,
    },
    /// Membranes wider than hardware likes.
    WideMembrane {
        /// Layer's name.
        layer: String,
        /// Width in bits.
        membrane_bits: u8,
    },
    /// A layer whose width is proven for the network's number of steps only.
    StepsLimited {
        /// Layer's name.
        layer: String,
        /// Steps.
        steps: usize,
    },
}

impl QuantizeWarning {
    /// Whether this is about channels, and about none.
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
                    "layer `{layer}`: all weights are zero in {}",
                    Channels(channels)
                )
            }
            Self::NeverFires { layer, channels } => {
                write!(f, "layer `{layer}`: no input can fire {}", Channels(channels))
            }
            Self::AlwaysFires { layer, channels } => {
                write!(
                    f,
                    "layer `{layer}`: the smallest weight fires {}",
                    Channels(channels)
                )
            }
            Self::Silent { layer, channels } => {
                write!(
                    f,
                    "layer `{layer}`: calibration never fires {}",
                    Channels(channels)
                )
            }
            Self::Saturated { layer, channels } => {
                write!(
                    f,
                    "layer `{layer}`: calibration fires almost always {}",
                    Channels(channels)
                )
            }
            Self::NotCalibrated { layer } => {
                write!(
                    f,
                    "layer `{layer}`: no use of the calibration; its inputs are silent or too many"
                )
            }
            Self::Leak { wanted, found } => write!(f, "leak factor {found} instead of {wanted}"),
            Self::WideMembrane { layer, membrane_bits } => {
                write!(f, "layer `{layer}`: membranes take {membrane_bits} bits")
            }
            Self::StepsLimited { layer, steps } => {
                write!(
                    f,
                    "layer `{layer}`: membranes are wide enough for {steps} steps, no more"
                )
            }
        }
    }
}

/// A list of channels that stays short.
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
