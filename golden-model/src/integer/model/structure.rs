//! Checks that the parts of a quantized network fit together. The proof checks the widths of the membranes.

use crate::integer::{
    IntegerError, MAX_GUARD_BITS, Neuron, QuantizedLayer, QuantizedModel, QuantizedShortcut,
};
use crate::network::{LayerDescription, LayerKind, NetworkDescription, Node, Readout, Reset};
use crate::{Error, Result};

/// Largest number of shifts of a leak.
pub const MAX_LEAK_SHIFTS: usize = 3;

/// Largest shift of a leak: 2^−16 per step, a time constant of 65,536 steps.
pub const MAX_LEAK_SHIFT: u8 = 16;

impl QuantizedModel {
    /// Checks that layers agree with the description, and every number with its range.
    ///
    /// # Errors
    /// If the description is not valid, or a layer disagrees with it. The first disagreement is reported.
    pub fn validate(&self) -> Result<()> {
        let described = &self.description.layers;
        if self.layers.len() != described.len() || described.is_empty() {
            return Err(Error::Integer(IntegerError::LayerCount {
                found: self.layers.len(),
                wanted: described.len().max(1),
            }));
        }
        let graph = self.description.graph()?;
        for ((layer, description), node) in self.layers.iter().zip(described).zip(&graph.nodes) {
            agree(layer, description, node)?;
            self.agrees_with_end_of_step(layer)?;
            layer.validate()?;
        }
        Ok(())
    }

    /// Checks that a layer has a ceiling exactly if it fires and the network resets by subtraction, and that an output
    /// layer that is read as a sum has no leak.
    fn agrees_with_end_of_step(&self, layer: &QuantizedLayer) -> Result<()> {
        let NetworkDescription { reset, readout, .. } = self.description;
        let fires = matches!(layer.neuron, Neuron::Lif { .. });
        if layer.ceiling.is_some() != (fires && reset == Reset::Subtract) {
            let wanted = match reset {
                Reset::Subtract if fires => "given, because the network resets by subtraction",
                Reset::Subtract => "none, because an output layer never fires",
                Reset::Zero => "none, because the network resets to zero",
            };
            let found = layer
                .ceiling
                .map_or_else(|| "missing".to_owned(), |ceiling| ceiling.to_string());
            return Err(mismatch(layer, "ceiling", found, wanted));
        }
        if !fires && readout == Readout::Sum && !layer.leak_shifts.is_empty() {
            return Err(mismatch(
                layer,
                "leak",
                format!("{:?}", layer.leak_shifts),
                "none: the output is read as a sum",
            ));
        }
        Ok(())
    }
}

impl QuantizedLayer {
    /// Checks every number of the layer against its range.
    ///
    /// # Errors
    /// If a number is out of range. The first such number is reported.
    pub fn validate(&self) -> Result<()> {
        self.range("weight_bits", self.weight_bits, 2, 8)?;
        self.range("guard_bits", self.guard_bits, 0, MAX_GUARD_BITS.into())?;
        self.range("membrane_bits", self.membrane_bits, 2, 32)?;
        let half = 1_i64 << (self.membrane_bits - 1);
        self.range("floor", self.floor, -half, 0)?;
        if let Some(ceiling) = self.ceiling {
            self.range("ceiling", ceiling, 0, half - 1)?;
        }
        if !self.biases.is_empty() && self.biases.len() != self.outputs() {
            return Err(mismatch(
                self,
                "number of biases",
                self.biases.len(),
                self.outputs(),
            ));
        }
        for &bias in &self.biases {
            self.range("bias", bias, -half, half - 1)?;
        }
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
            return Err(Error::Integer(IntegerError::LeakShifts {
                layer: self.name.clone(),
                found: self.leak_shifts.clone(),
            }));
        }
        let largest = (1_i64 << (self.weight_bits - 1)) - 1;
        for &weight in &self.weights {
            self.range("weight", weight, -largest, largest)?;
        }
        match &self.shortcut {
            None => {}
            Some(QuantizedShortcut::Weights(weights)) => {
                for &weight in weights {
                    self.range("weight of the shortcut", weight, -largest, largest)?;
                }
            }
            Some(QuantizedShortcut::Identity(increments)) => {
                for &increment in increments {
                    self.range("increment of the identity", increment, 0, half - 1)?;
                }
            }
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
            Err(Error::Integer(IntegerError::Range {
                layer: self.name.clone(),
                field,
                found,
                low,
                high,
            }))
        }
    }
}

/// Checks that a layer agrees with its description.
fn agree(layer: &QuantizedLayer, description: &LayerDescription, node: &Node) -> Result<()> {
    if layer.name != description.name {
        return Err(Error::Integer(IntegerError::Mismatch {
            layer: description.name.clone(),
            field: "name",
            found: layer.name.clone(),
            wanted: description.name.clone(),
        }));
    }
    let kind = match description.kind {
        LayerKind::Out { .. } => "an output layer",
        LayerKind::Conv { .. } | LayerKind::Pool { .. } | LayerKind::Fc { .. } => "LIF",
    };
    if kind_name(&layer.neuron) != kind {
        return Err(mismatch(layer, "kind", kind_name(&layer.neuron), kind));
    }
    let (rows, columns) = match description.kind {
        LayerKind::Conv { out, kernel, .. } => (out, node.input.channels * kernel * kernel),
        LayerKind::Pool { .. } => (node.output.channels, 0),
        LayerKind::Fc { out } | LayerKind::Out { out } => (out, node.input.size()),
    };
    let rows_named = match description.kind {
        LayerKind::Fc { .. } | LayerKind::Out { .. } => "number of neurons",
        LayerKind::Conv { .. } | LayerKind::Pool { .. } => "number of channels",
    };
    if layer.outputs() != rows || rows == 0 {
        return Err(mismatch(layer, rows_named, layer.outputs(), rows.max(1)));
    }
    if layer.inputs() != columns {
        return Err(mismatch(layer, "number of inputs", layer.inputs(), columns));
    }
    if matches!(description.kind, LayerKind::Pool { .. }) {
        layer.range("guard_bits", layer.guard_bits, 0, 0)?;
        if !layer.biases.is_empty() {
            return Err(mismatch(layer, "number of biases", layer.biases.len(), 0));
        }
        if !layer.leak_shifts.is_empty() {
            return Err(mismatch(
                layer,
                "leak",
                format!("{:?}", layer.leak_shifts),
                "none: it pools",
            ));
        }
    }
    let (found, wanted) = (shortcut_shape(layer.shortcut.as_ref()), wanted_shortcut(node));
    if found == wanted {
        Ok(())
    } else {
        Err(mismatch(layer, "shortcut", found, wanted))
    }
}

fn shortcut_shape(shortcut: Option<&QuantizedShortcut>) -> String {
    match shortcut {
        None => "none".to_owned(),
        Some(QuantizedShortcut::Weights(weights)) => {
            format!("weights [{}, {}]", weights.nrows(), weights.ncols())
        }
        Some(QuantizedShortcut::Identity(increments)) => {
            format!("an identity of {} channels", increments.len())
        }
    }
}

fn wanted_shortcut(node: &Node) -> String {
    let channels = node.output.channels;
    match &node.junction {
        None => "none".to_owned(),
        Some(junction) if junction.tensor.is_some() => {
            format!("weights [{channels}, {}]", junction.input.channels)
        }
        Some(_) => format!("an identity of {channels} channels"),
    }
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
    Error::Integer(IntegerError::Mismatch {
        layer: layer.name.clone(),
        field,
        found: found.to_string(),
        wanted: wanted.to_string(),
    })
}
