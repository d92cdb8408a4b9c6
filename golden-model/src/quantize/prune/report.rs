//! Report of pruning: which channels went, why, and what that saves.

use super::{FiredChannels, Ground};
use crate::integer::{QuantizedLayer, QuantizedModel, QuantizedShortcut};
use serde::Serialize;

/// Report of pruning.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct PruneReport {
    /// Layers from input to output.
    pub layers: Vec<LayerPruning>,
    /// Number of inferences on which channels were observed; `None` without data.
    pub inferences: Option<usize>,
}

/// What pruning did to a layer. Pairs of numbers are before and after.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct LayerPruning {
    /// Name of the layer.
    pub layer: String,
    /// Numbers of channels; in a fully-connected layer, of neurons.
    pub channels: [usize; 2],
    /// Numbers of neurons.
    pub neurons: [usize; 2],
    /// Numbers of weights, including those of a shortcut.
    pub weights: [usize; 2],
    /// Widths of a membrane in bits.
    pub membrane_bits: [u8; 2],
    /// Channels that were removed because no input fires them.
    pub never_fires: Vec<usize>,
    /// Channels that were removed because their spikes meet only weights of 0.
    pub no_effect: Vec<usize>,
    /// Channels that were removed because they did not fire on the data, or because of channels that did not.
    pub silent_on_data: Vec<usize>,
    /// Channels that could go on their own, but had to stay.
    pub kept: Vec<Kept>,
}

/// Channels that could go on their own, but had to stay, for one reason.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Kept {
    /// Numbers of the channels.
    pub channels: Vec<usize>,
    /// Why they had to stay.
    #[serde(flatten)]
    pub reason: KeptReason,
}

/// Why a channel that could go had to stay.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(tag = "reason", rename_all = "kebab-case")]
#[non_exhaustive]
pub enum KeptReason {
    /// Pooling or an identity ties it to the same channel of another layer, or of the input, which is needed.
    Tied {
        /// Name of the layer, or `input`.
        to: String,
    },
    /// It is the last channel of its layer.
    Last,
}

/// Channels of a layer that were removed, by reason.
#[derive(Clone, Debug, Default)]
pub(super) struct Grounds {
    never_fires: Vec<usize>,
    no_effect: Vec<usize>,
    data: Vec<usize>,
}

impl Grounds {
    /// List of the channels that were removed for this reason.
    pub(super) const fn of(&mut self, ground: Ground) -> &mut Vec<usize> {
        match ground {
            Ground::NeverFires => &mut self.never_fires,
            Ground::NoEffect => &mut self.no_effect,
            Ground::Data => &mut self.data,
        }
    }
}

impl Kept {
    /// Adds a channel to the list with its reason.
    pub(super) fn add(lists: &mut Vec<Self>, channel: usize, reason: &KeptReason) {
        match lists.iter_mut().find(|kept| kept.reason == *reason) {
            Some(kept) => kept.channels.push(channel),
            None => lists.push(Self {
                channels: vec![channel],
                reason: reason.clone(),
            }),
        }
    }
}

impl PruneReport {
    pub(super) fn new(
        before: &QuantizedModel,
        after: &QuantizedModel,
        grounds: Vec<Grounds>,
        kept: Vec<Vec<Kept>>,
        fired: Option<&FiredChannels>,
    ) -> Self {
        let shapes = [before, after].map(|model| model.description.shapes());
        let sorted = |mut channels: Vec<usize>| {
            channels.sort_unstable();
            channels
        };
        let reasons = grounds.into_iter().zip(kept).enumerate();
        let layers = reasons.map(|(index, (grounds, kept))| {
            let layers = [&before.layers[index], &after.layers[index]];
            LayerPruning {
                layer: layers[0].name.clone(),
                channels: layers.map(QuantizedLayer::outputs),
                neurons: [0, 1].map(|at| shapes[at][index].size()),
                weights: layers.map(weights),
                membrane_bits: layers.map(|layer| layer.membrane_bits),
                never_fires: sorted(grounds.never_fires),
                no_effect: sorted(grounds.no_effect),
                silent_on_data: sorted(grounds.data),
                kept,
            }
        });
        Self {
            layers: layers.collect(),
            inferences: fired.map(|fired| fired.inferences),
        }
    }

    /// Number of channels that were removed for all inputs: they never fire or have no effect.
    #[must_use]
    pub fn proven(&self) -> usize {
        let layers = self.layers.iter();
        layers
            .map(|layer| layer.never_fires.len() + layer.no_effect.len())
            .sum()
    }

    /// Number of channels that were removed because of the data.
    #[must_use]
    pub fn by_data(&self) -> usize {
        self.layers.iter().map(|layer| layer.silent_on_data.len()).sum()
    }

    /// What was removed, in one line for the provenance of the network.
    pub(super) fn summary(&self) -> String {
        let proven = format!("{} channels for all inputs", self.proven());
        match self.inferences {
            None => proven,
            Some(inferences) => format!("{proven}, {} silent in {inferences} inferences", self.by_data()),
        }
    }
}

/// Number of a layer's weights, including those of a shortcut.
fn weights(layer: &QuantizedLayer) -> usize {
    let second = match &layer.shortcut {
        Some(QuantizedShortcut::Weights(weights)) => weights.len(),
        Some(QuantizedShortcut::Identity(_)) | None => 0,
    };
    layer.weights.len() + second
}
