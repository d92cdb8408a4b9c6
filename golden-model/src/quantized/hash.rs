//! Identity of a quantized network: equal hashes, equal answers.

use super::{Neuron, QuantizedModel};
use sha2::{Digest, Sha256};

impl QuantizedModel {
    /// SHA-256 over everything that affects results: shapes, steps, rate, and every number of every layer. Names,
    /// provenance and the float leak do not.
    ///
    /// The bytes hashed, all numbers little-endian:
    ///
    /// ```text
    /// "synfire-quantized-1"                          19 bytes of ASCII
    /// C, H, W, T                                     u32 each
    /// rate                                           f32
    /// number of layers                               u32
    /// per layer:
    ///   kind                                         u8: 0 LIF, 1 output
    ///   outputs, inputs                              u32 each
    ///   weight bits, guard bits, membrane bits       u8 each
    ///   number of leak shifts, and each of them      u8 each
    ///   floor                                        i32
    ///   thresholds, LIF only                         i32 × outputs
    ///   weights, row by row                          i8 × outputs·inputs
    /// ```
    #[must_use]
    pub fn hash(&self) -> [u8; 32] {
        let mut hasher = Sha256::new();
        let description = &self.description;
        hasher.update(b"synfire-quantized-1");
        let [channels, height, width] = description.input.into();
        for size in [channels, height, width, description.steps] {
            hasher.update(size_bytes(size));
        }
        hasher.update(description.rate.to_le_bytes());
        hasher.update(size_bytes(self.layers.len()));
        for layer in &self.layers {
            hasher.update([u8::from(layer.neuron == Neuron::Output)]);
            hasher.update(size_bytes(layer.outputs()));
            hasher.update(size_bytes(layer.inputs()));
            hasher.update([layer.weight_bits, layer.guard_bits, layer.membrane_bits]);
            hasher.update(size_bytes(layer.leak_shifts.len()).split_at(1).0);
            hasher.update(&layer.leak_shifts);
            hasher.update(layer.floor.to_le_bytes());
            if let Neuron::Lif { thresholds } = &layer.neuron {
                for threshold in thresholds {
                    hasher.update(threshold.to_le_bytes());
                }
            }
            let weights: Vec<u8> = layer
                .weights
                .iter()
                .map(|weight| weight.cast_unsigned())
                .collect();
            hasher.update(&weights);
        }
        hasher.finalize().into()
    }
}

/// A size as u32; a network whose sizes do not fit cannot be valid, and hashes like one at the limit.
fn size_bytes(size: usize) -> [u8; 4] {
    u32::try_from(size).unwrap_or(u32::MAX).to_le_bytes()
}
