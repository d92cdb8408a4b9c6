//! Fingerprint of a start of fine-tuning, with which checkpoints recognize their run.

use crate::float::Parameters;
use crate::integer::{Neuron, QuantizedLayer, QuantizedModel, QuantizedShortcut};
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

/// Fingerprint of everything that a run of fine-tuning keeps fixed, layer by layer, and of its start.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(in crate::train) struct Fingerprint {
    layers: Vec<LayerFingerprint>,
    /// SHA-256 of the initial masters.
    start: String,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct LayerFingerprint {
    name: String,
    /// Width of a weight in bits. Differences are searched in alphabetical order, so the most telling field comes
    /// first.
    bits: u8,
    guard_bits: u8,
    leak_shifts: Vec<u8>,
    floor: i32,
    /// Whether the layer has biases, which are trained, too.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    biased: bool,
    /// SHA-256 of the scales as f64 numbers.
    scales: String,
    /// SHA-256 of the thresholds and the increments of an identity as i32 numbers.
    thresholds: String,
}

impl Fingerprint {
    pub(super) fn new(quantized: &QuantizedModel, scales: &[Vec<f64>], start: &Parameters) -> Self {
        let layers = quantized.layers.iter().zip(scales);
        let weights = start.layers.iter().flat_map(|layer| layer.iter());
        Self {
            layers: layers
                .map(|(layer, scales)| LayerFingerprint::new(layer, scales))
                .collect(),
            start: digest(weights.map(|weight| weight.to_le_bytes())),
        }
    }
}

impl Fingerprint {
    /// Whether each layer has biases.
    pub(in crate::train) fn biased(&self) -> impl Iterator<Item = bool> {
        self.layers.iter().map(|layer| layer.biased)
    }
}

impl LayerFingerprint {
    fn new(layer: &QuantizedLayer, scales: &[f64]) -> Self {
        let thresholds = match &layer.neuron {
            Neuron::Lif { thresholds } => &thresholds[..],
            Neuron::Output => &[],
        };
        let increments = match &layer.shortcut {
            Some(QuantizedShortcut::Identity(increments)) => &increments[..],
            Some(QuantizedShortcut::Weights(_)) | None => &[],
        };
        Self {
            name: layer.name.clone(),
            bits: layer.weight_bits,
            guard_bits: layer.guard_bits,
            leak_shifts: layer.leak_shifts.clone(),
            floor: layer.floor,
            biased: !layer.biases.is_empty(),
            scales: digest(scales.iter().map(|scale| scale.to_le_bytes())),
            thresholds: digest(
                thresholds
                    .iter()
                    .chain(increments)
                    .map(|number| number.to_le_bytes()),
            ),
        }
    }
}

fn digest<const N: usize>(numbers: impl Iterator<Item = [u8; N]>) -> String {
    let mut hasher = Sha256::new();
    numbers.for_each(|bytes| hasher.update(bytes));
    hasher
        .finalize()
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect()
}
