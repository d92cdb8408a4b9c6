//! Whether the parts of a quantized network fit together. Whether its membranes are wide enough is the proof's matter.

use super::{Neuron, QuantizedLayer, QuantizedModel};
use crate::integer::MAX_GUARD_BITS;
use crate::network::{LayerDescription, LayerKind};
use crate::{Error, Result};

/// Most shifts of a leak.
pub const MAX_LEAK_SHIFTS: usize = 3;

/// Largest shift of a leak: 2^−16 per step, a time constant of 65,536 steps.
pub const MAX_LEAK_SHIFT: u8 = 16;

impl QuantizedModel {
    /// Checks that layers agree with the description and with each other, and every number with its range.
    ///
    /// # Errors
    /// The first disagreement found.
    pub fn validate(&self) -> Result<()> {
        let described = &self.description.layers;
        if self.layers.len() != described.len() || described.is_empty() {
            return Err(Error::QuantizedLayerCount {
                found: self.layers.len(),
                wanted: described.len().max(1),
            });
        }
        let mut inputs = self.description.input.size();
        for (index, (layer, description)) in self.layers.iter().zip(described).enumerate() {
            agree(layer, description, inputs)?;
            if matches!(layer.neuron, Neuron::Output) != (index + 1 == described.len()) {
                let wanted = if index + 1 == described.len() {
                    "an output layer, being the last"
                } else {
                    "LIF"
                };
                return Err(mismatch(layer, "kind", kind_name(&layer.neuron), wanted));
            }
            layer.validate()?;
            inputs = layer.outputs();
        }
        Ok(())
    }
}

impl QuantizedLayer {
    /// Checks every number of the layer against its range.
    ///
    /// # Errors
    /// The first number out of range.
    pub fn validate(&self) -> Result<()> {
        self.range("weight_bits", self.weight_bits, 2, 8)?;
        self.range("guard_bits", self.guard_bits, 0, MAX_GUARD_BITS.into())?;
        self.range("membrane_bits", self.membrane_bits, 2, 32)?;
        let half = 1_i64 << (self.membrane_bits - 1);
        self.range("floor", self.floor, -half, 0)?;
        let most_shifts = i64::try_from(MAX_LEAK_SHIFTS).unwrap_or(i64::MAX);
        self.range(
            "number of leak shifts",
            i64::try_from(self.leak_shifts.len()).unwrap_or(i64::MAX),
            0,
            most_shifts,
        )?;
        for &shift in &self.leak_shifts {
            self.range("leak shift", shift, 1, i64::from(MAX_LEAK_SHIFT))?;
        }
        if !self.leak_shifts.is_sorted_by(|a, b| a < b) {
            return Err(Error::LeakShifts {
                layer: self.name.clone(),
                found: self.leak_shifts.clone(),
            });
        }
        let largest = (1_i64 << (self.weight_bits - 1)) - 1;
        for &weight in &self.weights {
            self.range("weight", weight, -largest, largest)?;
        }
        if let Neuron::Lif { thresholds } = &self.neuron {
            if thresholds.len() != self.outputs() {
                return Err(mismatch(
                    self,
                    "number of thresholds",
                    thresholds.len(),
                    self.outputs(),
                ));
            }
            for &threshold in thresholds {
                self.range("threshold", threshold, 0, half - 1)?;
            }
        }
        Ok(())
    }

    fn range(&self, field: &'static str, found: impl Into<i64>, low: i64, high: i64) -> Result<()> {
        let found = found.into();
        if (low..=high).contains(&found) {
            Ok(())
        } else {
            Err(Error::QuantizedRange {
                layer: self.name.clone(),
                field,
                found,
                low,
                high,
            })
        }
    }
}

/// Whether a layer is the one that the description has in its place.
fn agree(layer: &QuantizedLayer, description: &LayerDescription, inputs: usize) -> Result<()> {
    if layer.name != description.name {
        return Err(Error::QuantizedMismatch {
            layer: description.name.clone(),
            field: "name",
            found: layer.name.clone(),
            wanted: description.name.clone(),
        });
    }
    let (kind, outputs) = match description.kind {
        LayerKind::Fc { out } => ("LIF", out),
        LayerKind::Out { out } => ("an output layer", out),
        LayerKind::Conv { .. } | LayerKind::Pool { .. } => {
            return Err(mismatch(
                layer,
                "kind",
                kind_name(&layer.neuron),
                description.kind.op(),
            ));
        }
    };
    if kind_name(&layer.neuron) != kind {
        return Err(mismatch(layer, "kind", kind_name(&layer.neuron), kind));
    }
    if layer.outputs() != outputs || outputs == 0 {
        return Err(mismatch(
            layer,
            "number of neurons",
            layer.outputs(),
            outputs.max(1),
        ));
    }
    if layer.inputs() != inputs || inputs == 0 {
        return Err(mismatch(layer, "number of inputs", layer.inputs(), inputs.max(1)));
    }
    Ok(())
}

const fn kind_name(neuron: &Neuron) -> &'static str {
    match neuron {
        Neuron::Lif { .. } => "LIF",
        Neuron::Output => "an output layer",
    }
}

fn mismatch(
    layer: &QuantizedLayer,
    field: &'static str,
    found: impl ToString,
    wanted: impl ToString,
) -> Error {
    Error::QuantizedMismatch {
        layer: layer.name.clone(),
        field,
        found: found.to_string(),
        wanted: wanted.to_string(),
    }
}
