//! Validation of network descriptions.

use super::{
    Graph, InputCoding, LayerDescription, LayerKind, NetworkDescription, NetworkError, Readout, Shape, Source,
};
use crate::{Error, Result};
use std::collections::BTreeSet;

/// Largest number of time steps of one inference.
pub const MAX_STEPS: usize = 4096;
/// Largest number of layers of a network.
pub const MAX_LAYERS: usize = 1024;
/// Largest number of neurons of a layer, and of inputs.
pub const MAX_NEURONS: usize = 1 << 24;
/// Largest number of weights of a layer, including its shortcut.
pub const MAX_WEIGHTS: usize = 1 << 28;
/// Largest number of weights of a network.
pub const MAX_NETWORK_WEIGHTS: usize = 1 << 29;
/// Largest number of possible spikes of one inference: inputs and neurons, times steps.
const MAX_SPIKES: u64 = 1 << 32;
/// Largest length of a network's or layer's name, in bytes.
const MAX_NAME: usize = 64;
/// Largest kernel size.
const MAX_KERNEL: usize = 63;
/// Suffix of the names of shortcut tensors.
const SHORTCUT_SUFFIX: &str = ".shortcut";

impl NetworkDescription {
    /// Checks the description. All code that computes with a network relies on these rules:
    ///
    /// * Names are 1..=64 of `A-Z a-z 0-9 _ - .` (they become file and tensor names), unique, and no layer
    ///   is named `input` or `….shortcut`.
    /// * `steps` in 1..=4096, `rate` and `leak` in (0, 1].
    /// * A normalization has a finite mean and a positive deviation for every input channel. Counts of events cannot be
    ///   normalized.
    /// * Exactly one layer is an output layer: the last of at most 1024 layers.
    /// * Kernels and strides are in 1..=63, padding is below the kernel, and windows fit their source.
    /// * Thresholds are finite and above 0; those of pooling are below 1, since a window's average is at most 1.
    /// * Leaks of layers are in (0, 1], and only on layers that leak: not on pooling, nor on an output that is read as a sum.
    /// * Dropout is in [0, 1), and only on convolutions and fully-connected layers. Only convolutions have shortcuts.
    /// * Sources are earlier layers or the input. Both paths of a junction have the same shape. Every layer but the
    ///   last feeds another layer.
    /// * Sizes are not zero. A layer has at most 2^24 neurons and 2^28 weights; a network has at most 2^29 weights and,
    ///   over all steps, 2^32 possible spikes.
    ///
    /// # Errors
    /// If a rule is violated. The error states the first such field, its value and the allowed values.
    pub fn validate(&self) -> Result<()> {
        self.check_time_base()?;
        self.check_normalization()?;
        if self.coding == InputCoding::Counts && self.normalization.is_some() {
            return self.refuse(
                "coding",
                "`counts`",
                "`poisson` or `direct` in a network with [normalization], because counts are not intensities",
            );
        }
        self.check_order()?;
        let mut names = BTreeSet::new();
        for (index, layer) in self.layers.iter().enumerate() {
            self.check_name(index, &mut names)?;
            self.check_windows(layer)?;
            self.check_threshold(layer)?;
            self.check_leak(layer)?;
            self.check_training_path(layer)?;
        }
        let graph = self.graph()?;
        self.check_sizes(&graph)?;
        self.check_consumers(&graph)
    }

    fn refuse(
        &self,
        field: impl Into<String>,
        found: impl ToString,
        wanted: impl Into<String>,
    ) -> Result<()> {
        Err(self.refusal(field.into(), found.to_string(), wanted.into()))
    }

    fn check_time_base(&self) -> Result<()> {
        if !is_name(&self.name) {
            return self.refuse("name", format!("`{}`", self.name), name_rule());
        }
        if checked_size(self.input).is_none() {
            return self.refuse("input", self.input, size_rule("inputs"));
        }
        if !(1..=MAX_STEPS).contains(&self.steps) {
            return self.refuse("steps", self.steps, format!("in 1..={MAX_STEPS}"));
        }
        for (field, value) in [("rate", self.rate), ("leak", self.leak)] {
            // Written so that NaN fails.
            if !(value > 0.0 && value <= 1.0) {
                return self.refuse(field, value, "above 0 and at most 1");
            }
        }
        Ok(())
    }

    fn check_normalization(&self) -> Result<()> {
        let Some(normalization) = &self.normalization else {
            return Ok(());
        };
        for (field, numbers) in [
            ("mean", &normalization.mean),
            ("deviation", &normalization.deviation),
        ] {
            if numbers.len() != self.input.channels {
                let wanted = format!("{}, one per input channel", self.input.channels);
                return self.refuse(
                    format!("number of {field}s of normalization"),
                    numbers.len(),
                    wanted,
                );
            }
        }
        if let Some(mean) = normalization.mean.iter().find(|mean| !mean.is_finite()) {
            return self.refuse("mean of normalization", mean, "finite");
        }
        let deviations = &normalization.deviation;
        match deviations
            .iter()
            .find(|value| !(**value > 0.0 && value.is_finite()))
        {
            Some(value) => self.refuse("deviation of normalization", value, "above 0 and finite"),
            None => Ok(()),
        }
    }

    /// Checks that the last layer, and only the last, is an output layer.
    fn check_order(&self) -> Result<()> {
        let Some(last) = self.layers.len().checked_sub(1) else {
            return Err(Error::Network(NetworkError::NoLayers {
                network: self.name.clone(),
            }));
        };
        if self.layers.len() > MAX_LAYERS {
            return self.refuse(
                "number of layers",
                self.layers.len(),
                format!("at most {MAX_LAYERS}"),
            );
        }
        let misplaced = |(index, layer): &(usize, &LayerDescription)| {
            matches!(layer.kind, LayerKind::Out { .. }) != (*index == last)
        };
        match self.layers.iter().enumerate().find(misplaced) {
            None => Ok(()),
            Some((index, layer)) => Err(Error::Network(NetworkError::OutputLayer {
                network: self.name.clone(),
                layer: layer.name.clone(),
                found: layer.kind.op(),
                wanted: if index == last {
                    "\"out\""
                } else {
                    "\"conv\", \"pool\" or \"fc\""
                },
            })),
        }
    }

    fn check_name<'a>(&'a self, index: usize, names: &mut BTreeSet<&'a str>) -> Result<()> {
        let name = self.layers[index].name.as_str();
        if !is_name(name) || name == "input" || name.ends_with(SHORTCUT_SUFFIX) {
            let rule = format!(
                "{}, and neither `input` nor end in `{SHORTCUT_SUFFIX}`",
                name_rule()
            );
            return self.refuse(format!("name of layer {}", index + 1), format!("`{name}`"), rule);
        }
        if names.insert(name) {
            return Ok(());
        }
        Err(Error::Network(NetworkError::DuplicateLayer {
            network: self.name.clone(),
            layer: name.into(),
        }))
    }

    fn check_windows(&self, layer: &LayerDescription) -> Result<()> {
        let of_layer = |what| format!("{what} of layer `{}`", layer.name);
        let (kernel, stride, padding) = match layer.kind {
            LayerKind::Conv {
                kernel,
                stride,
                padding,
                ..
            } => (kernel, stride, padding),
            LayerKind::Pool { kernel } => (kernel, kernel, 0),
            LayerKind::Fc { .. } | LayerKind::Out { .. } => return Ok(()),
        };
        for (what, value) in [("kernel", kernel), ("stride", stride)] {
            if !(1..=MAX_KERNEL).contains(&value) {
                return self.refuse(of_layer(what), value, format!("in 1..={MAX_KERNEL}"));
            }
        }
        if padding >= kernel {
            let wanted = format!("below the kernel, {kernel}");
            return self.refuse(of_layer("padding"), padding, wanted);
        }
        match &layer.shortcut {
            Some(shortcut) if !(1..=MAX_KERNEL).contains(&shortcut.stride) => {
                let field = format!("stride of the shortcut of layer `{}`", layer.name);
                self.refuse(field, shortcut.stride, format!("in 1..={MAX_KERNEL}"))
            }
            _ => Ok(()),
        }
    }

    fn check_threshold(&self, layer: &LayerDescription) -> Result<()> {
        let threshold = layer.threshold();
        let field = || format!("threshold of layer `{}`", layer.name);
        match layer.kind {
            LayerKind::Pool { .. } if !(threshold > 0.0 && threshold < 1.0) => {
                self.refuse(field(), threshold, "above 0 and below 1")
            }
            _ if !(threshold > 0.0 && threshold.is_finite()) => {
                self.refuse(field(), threshold, "above 0 and finite")
            }
            _ => Ok(()),
        }
    }

    fn check_leak(&self, layer: &LayerDescription) -> Result<()> {
        let Some(leak) = layer.leak else {
            return Ok(());
        };
        let field = || format!("leak of layer `{}`", layer.name);
        match layer.kind {
            LayerKind::Pool { .. } => Err(NetworkError::Property {
                network: self.name.clone(),
                layer: layer.name.clone(),
                op: layer.kind.op(),
                property: "leak",
                takers: "\"conv\", \"fc\" and \"out\"",
            }
            .into()),
            LayerKind::Out { .. } if self.readout == Readout::Sum => self.refuse(
                field(),
                leak,
                "left out: with readout = \"sum\" the output does not leak",
            ),
            // Written so that NaN fails.
            _ if !(leak > 0.0 && leak <= 1.0) => self.refuse(field(), leak, "above 0 and at most 1"),
            _ => Ok(()),
        }
    }

    /// Checks dropout and shortcuts, which not every operation supports.
    fn check_training_path(&self, layer: &LayerDescription) -> Result<()> {
        let property = |property, takers| {
            Err(NetworkError::Property {
                network: self.name.clone(),
                layer: layer.name.clone(),
                op: layer.kind.op(),
                property,
                takers,
            }
            .into())
        };
        let is_conv = matches!(layer.kind, LayerKind::Conv { .. });
        if layer.shortcut.is_some() && !is_conv {
            return property("shortcut", "\"conv\"");
        }
        if !(0.0..1.0).contains(&layer.dropout) {
            let field = format!("dropout of layer `{}`", layer.name);
            return self.refuse(field, layer.dropout, "at least 0 and below 1");
        }
        if layer.dropout > 0.0 && !is_conv && !matches!(layer.kind, LayerKind::Fc { .. }) {
            return property("dropout", "\"conv\" and \"fc\"");
        }
        Ok(())
    }

    fn check_sizes(&self, graph: &Graph) -> Result<()> {
        let mut spikes = self.input.size() as u64;
        for (layer, node) in self.layers.iter().zip(&graph.nodes) {
            let Some(size) = checked_size(node.output) else {
                let field = format!("output of layer `{}`", layer.name);
                return self.refuse(field, node.output, size_rule("neurons"));
            };
            spikes += size as u64;
        }
        let mut all = 0_usize;
        for (layer, node) in self.layers.iter().zip(&graph.nodes) {
            let shortcut = node.junction.as_ref().and_then(|junction| junction.tensor);
            let tensors: Vec<_> = [node.tensor, shortcut]
                .into_iter()
                .flatten()
                .map(|tensor| &graph.tensors[tensor])
                .collect();
            let weights = tensors.iter().fold(0_usize, |sum, tensor| {
                sum.saturating_add(tensor.inputs.saturating_mul(tensor.outputs))
            });
            if weights > MAX_WEIGHTS {
                let terms: Vec<String> = tensors
                    .iter()
                    .map(|tensor| format!("{} x {}", tensor.inputs, tensor.outputs))
                    .collect();
                let field = format!("number of weights of layer `{}`", layer.name);
                return self.refuse(field, terms.join(" + "), format!("at most {MAX_WEIGHTS}"));
            }
            all = all.saturating_add(weights);
        }
        if all > MAX_NETWORK_WEIGHTS {
            return self.refuse("number of weights", all, format!("at most {MAX_NETWORK_WEIGHTS}"));
        }
        // The product cannot overflow: at most 2^10 layers of 2^24 neurons, and 2^12 steps.
        let spikes = spikes * self.steps as u64;
        if spikes > MAX_SPIKES {
            let wanted = format!("at most {MAX_SPIKES}; use fewer steps or neurons");
            return self.refuse("number of inputs and neurons, times steps,", spikes, wanted);
        }
        Ok(())
    }

    /// Checks that every layer but the last feeds another layer.
    fn check_consumers(&self, graph: &Graph) -> Result<()> {
        let mut fed = vec![false; self.layers.len()];
        let sources = graph
            .nodes
            .iter()
            .flat_map(|node| [Some(node.source), node.junction.as_ref().map(|path| path.source)]);
        for source in sources.flatten() {
            if let Source::Layer(index) = source {
                fed[index] = true;
            }
        }
        fed.pop();
        match fed.iter().position(|&fed| !fed) {
            None => Ok(()),
            Some(dead) => Err(NetworkError::DeadLayer {
                network: self.name.clone(),
                layer: self.layers[dead].name.clone(),
            }
            .into()),
        }
    }
}

fn name_rule() -> String {
    format!("1..={MAX_NAME} characters of A-Z a-z 0-9 _ - .")
}

fn size_rule(what: &str) -> String {
    format!("1..={MAX_NEURONS} {what}")
}

/// Size of a shape; `None` if it is zero or above the limit. Never overflows.
fn checked_size(shape: Shape) -> Option<usize> {
    let size = shape
        .channels
        .checked_mul(shape.height)?
        .checked_mul(shape.width)?;
    (1..=MAX_NEURONS).contains(&size).then_some(size)
}

pub(super) fn is_name(name: &str) -> bool {
    (1..=MAX_NAME).contains(&name.len())
        && name
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || b"_-.".contains(&byte))
}

#[cfg(test)]
mod tests;
