//! What makes a network description acceptable.

use super::{LayerKind, NetworkDescription, Shape};
use crate::{Error, Result};
use std::collections::BTreeSet;

/// Most time steps of one inference.
pub const MAX_STEPS: usize = 4096;
/// Most neurons of one layer, and most inputs.
pub const MAX_NEURONS: usize = 1 << 24;
/// Most weights of one layer.
pub const MAX_WEIGHTS: usize = 1 << 28;
/// Longest name of a network or layer, in bytes.
const MAX_NAME: usize = 64;

impl NetworkDescription {
    /// Checks the description; everything that computes with a network may rely on what is checked here.
    ///
    /// * Names are 1..=64 of `A-Z a-z 0-9 _ - .` (they become file and tensor names), unique, and no layer
    ///   is named `input`.
    /// * Sizes are not zero and at most 2^24 neurons and 2^28 weights per layer.
    /// * Exactly one output layer, the last.
    /// * `steps` in 1..=4096, `rate` and `leak` in (0, 1].
    ///
    /// # Errors
    /// The first rule broken, with the field, its value and what is allowed.
    pub fn validate(&self) -> Result<()> {
        let refuse = |field, found, wanted| Err(self.refusal(field, found, wanted));
        let name_rule = || format!("1..={MAX_NAME} characters of A-Z a-z 0-9 _ - .");

        if !is_name(&self.name) {
            return refuse("name".into(), format!("`{}`", self.name), name_rule());
        }
        if checked_size(self.input).is_none() {
            return refuse("input".into(), self.input.to_string(), size_rule("inputs"));
        }
        if !(1..=MAX_STEPS).contains(&self.steps) {
            return refuse(
                "steps".into(),
                self.steps.to_string(),
                format!("in 1..={MAX_STEPS}"),
            );
        }
        for (field, value) in [("rate", self.rate), ("leak", self.leak)] {
            if !(value > 0.0 && value <= 1.0) {
                return refuse(field.into(), value.to_string(), "above 0 and at most 1".into());
            }
        }

        let Some(last) = self.layers.len().checked_sub(1) else {
            return Err(Error::NoLayers {
                network: self.name.clone(),
            });
        };
        let graph = self.graph()?;
        let mut names = BTreeSet::new();
        for (index, layer) in self.layers.iter().enumerate() {
            if !is_name(&layer.name) || layer.name == "input" {
                let field = format!("name of layer {}", index + 1);
                return refuse(
                    field,
                    format!("`{}`", layer.name),
                    name_rule() + ", and not `input`",
                );
            }
            if !names.insert(layer.name.as_str()) {
                return Err(Error::DuplicateLayer {
                    network: self.name.clone(),
                    layer: layer.name.clone(),
                });
            }
            if matches!(layer.kind, LayerKind::Out { .. }) != (index == last) {
                return Err(Error::OutputLayer {
                    network: self.name.clone(),
                    layer: layer.name.clone(),
                    found: layer.kind.op(),
                    wanted: if index == last { "out" } else { "fc" },
                });
            }
            let shape = graph.nodes[index].output;
            if checked_size(shape).is_none() {
                let field = format!("output of layer `{}`", layer.name);
                return refuse(field, shape.to_string(), size_rule("neurons"));
            }
            let tensor = graph.nodes[index].tensor.map(|tensor| &graph.tensors[tensor]);
            if let Some(tensor) = tensor
                && tensor.inputs.saturating_mul(tensor.outputs) > MAX_WEIGHTS
            {
                let field = format!("number of weights of layer `{}`", layer.name);
                return refuse(
                    field,
                    format!("{} x {}", tensor.inputs, tensor.outputs),
                    format!("at most {MAX_WEIGHTS}"),
                );
            }
        }
        Ok(())
    }
}

fn size_rule(what: &str) -> String {
    format!("1..={MAX_NEURONS} {what}")
}

/// Size of a shape; `None` where it is zero or absurd. Never overflows.
fn checked_size(shape: Shape) -> Option<usize> {
    let size = shape
        .channels
        .checked_mul(shape.height)?
        .checked_mul(shape.width)?;
    (1..=MAX_NEURONS).contains(&size).then_some(size)
}

fn is_name(name: &str) -> bool {
    (1..=MAX_NAME).contains(&name.len())
        && name
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || b"_-.".contains(&byte))
}

#[cfg(test)]
mod tests {
    use super::super::LayerDescription;
    use super::*;

    fn network() -> NetworkDescription {
        let layer = |name: &str, kind| LayerDescription::new(name, kind);
        NetworkDescription {
            name: "small".into(),
            input: Shape {
                channels: 1,
                height: 2,
                width: 3,
            },
            steps: 8,
            rate: 0.5,
            leak: 0.99,
            normalization: None,
            layers: vec![
                layer("hidden", LayerKind::Fc { out: 4 }),
                layer("out", LayerKind::Out { out: 2 }),
            ],
        }
    }

    /// The error of `network()` after `change`.
    fn refusal(change: impl FnOnce(&mut NetworkDescription)) -> String {
        let mut network = network();
        change(&mut network);
        network
            .validate()
            .expect_err("the change must be refused")
            .to_string()
    }

    #[test]
    fn a_sound_network_passes_also_at_the_limits() {
        let mut network = network();
        network.validate().unwrap();
        network.steps = MAX_STEPS;
        network.rate = 1.0;
        network.leak = 1.0;
        network.layers[0].kind = LayerKind::Fc { out: MAX_NEURONS };
        network.validate().unwrap();
        assert_eq!(network.fan_in(1), MAX_NEURONS);
        assert_eq!(network.classes(), 2);
    }

    #[test]
    fn names_that_cannot_be_file_names_are_refused() {
        assert_eq!(
            refusal(|network| network.name = "../up".into()),
            "network `../up`: name is `../up`, but must be 1..=64 characters of A-Z a-z 0-9 _ - ."
        );
        assert_eq!(
            refusal(|network| network.layers[0].name = "input".into()),
            "network `small`: name of layer 1 is `input`, but must be 1..=64 characters of \
             A-Z a-z 0-9 _ - ., and not `input`"
        );
        assert_eq!(
            refusal(|network| network.layers[0].name = "out".into()),
            "network `small`: two layers are named `out`; give every layer a name of its own"
        );
    }

    #[test]
    fn zero_and_absurd_sizes_are_refused() {
        assert_eq!(
            refusal(|network| network.input.height = 0),
            "network `small`: input is [1, 0, 3], but must be 1..=16777216 inputs"
        );
        assert_eq!(
            refusal(|network| network.input = Shape {
                channels: usize::MAX,
                height: 2,
                width: 2
            }),
            "network `small`: input is [18446744073709551615, 2, 2], but must be 1..=16777216 inputs"
        );
        assert_eq!(
            refusal(|network| network.layers[0].kind = LayerKind::Fc { out: 0 }),
            "network `small`: output of layer `hidden` is [0, 1, 1], but must be 1..=16777216 neurons"
        );
        assert_eq!(
            refusal(|network| network.layers[0].kind = LayerKind::Fc { out: MAX_NEURONS + 1 }),
            "network `small`: output of layer `hidden` is [16777217, 1, 1], but must be 1..=16777216 neurons"
        );
        assert_eq!(
            refusal(|network| {
                network.input.width = 1 << 14;
                network.layers[0].kind = LayerKind::Fc { out: 1 << 14 };
            }),
            "network `small`: number of weights of layer `hidden` is 32768 x 16384, but must be at most 268435456"
        );
    }

    #[test]
    fn the_last_layer_and_only_it_is_the_output() {
        assert_eq!(
            refusal(|network| network.layers.clear()),
            "network `small` has no layers; add [[layer]] tables, the last with op = \"out\""
        );
        assert_eq!(
            refusal(|network| network.layers.truncate(1)),
            "network `small`: layer `hidden` has op = \"fc\", but must have \"out\"; \
             the last layer, and only the last, is the output layer"
        );
        assert_eq!(
            refusal(|network| network.layers[0].kind = LayerKind::Out { out: 4 }),
            "network `small`: layer `hidden` has op = \"out\", but must have \"fc\"; \
             the last layer, and only the last, is the output layer"
        );
    }

    #[test]
    fn time_base_out_of_range_is_refused() {
        for steps in [0, MAX_STEPS + 1] {
            assert_eq!(
                refusal(|network| network.steps = steps),
                format!("network `small`: steps is {steps}, but must be in 1..=4096")
            );
        }
        for value in [0.0, -0.5, 1.5, f32::NAN, f32::INFINITY] {
            assert_eq!(
                refusal(|network| network.rate = value),
                format!("network `small`: rate is {value}, but must be above 0 and at most 1")
            );
            assert_eq!(
                refusal(|network| network.leak = value),
                format!("network `small`: leak is {value}, but must be above 0 and at most 1")
            );
        }
    }
}
