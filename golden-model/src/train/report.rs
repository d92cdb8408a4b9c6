//! What a training run tells about itself.

use crate::evaluation::LayerActivity;
use serde::{Deserialize, Serialize};

/// Where an epoch stands.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Progress {
    /// The epoch, from 1.
    pub epoch: usize,
    /// Epochs of the run.
    pub epochs: usize,
    /// Batches of this epoch done so far.
    pub batch: usize,
    /// Batches of an epoch.
    pub batches: usize,
    /// Images of this epoch seen so far.
    pub images: usize,
    /// Images of an epoch.
    pub total_images: usize,
    /// Held-out images evaluated so far; 0 before the epoch's last batch.
    pub evaluated: usize,
    /// Held-out images there are.
    pub to_evaluate: usize,
    /// Mean loss per image so far in this epoch.
    pub loss: f64,
    /// Share of images classified right so far in this epoch, in 0..=1.
    pub accuracy: f64,
}

/// A layer that cannot do its work.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Warning {
    /// Name of the layer.
    pub layer: String,
    /// What is wrong with it.
    pub kind: WarningKind,
    /// How much of it: the share of neurons and steps with a spike, or, where it is idle, of neurons that never fired.
    pub share: f64,
}

/// What is wrong with a layer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
#[non_exhaustive]
pub enum WarningKind {
    /// The layer never fired: nothing passes it, forward or backward.
    Silent,
    /// More than half of the layer's neurons never fired: they do not learn either.
    Idle,
    /// The layer fired in more than 90 % of all neurons and steps: it hardly tells images apart.
    Saturated,
}

impl std::fmt::Display for Warning {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self { layer, kind, share } = self;
        let percent = 100.0 * share;
        match kind {
            WarningKind::Silent => {
                write!(
                    f,
                    "layer `{layer}` is silent; raise the input rate, or lower the learning rate"
                )
            }
            WarningKind::Idle => {
                write!(
                    f,
                    "layer `{layer}` is idle for the most part ({percent:.0} % of its neurons never fired); "
                )?;
                write!(f, "lower the learning rate, or make the layer smaller")
            }
            WarningKind::Saturated => {
                write!(
                    f,
                    "layer `{layer}` is saturated ({percent:.0} % of neurons and steps); "
                )?;
                write!(f, "lower the input rate or the learning rate")
            }
        }
    }
}

/// An epoch of training.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct EpochReport {
    /// The epoch, from 1.
    pub epoch: usize,
    /// The learning rate of its last batch.
    pub learning_rate: f32,
    /// Mean loss per image while training.
    pub loss: f64,
    /// Share of training images classified right while training, in 0..=1.
    pub train_accuracy: f64,
    /// Share of the held-out images classified right after the epoch, in 0..=1.
    pub test_accuracy: Option<f64>,
    /// Duration of the training part, in seconds.
    pub seconds: f64,
    /// Duration of the evaluation of the held-out images, in seconds.
    pub test_seconds: f64,
    /// Training images per second.
    pub images_per_second: f64,
    /// Activity of the input and of every layer that fires, while training.
    pub activity: Vec<LayerActivity>,
    /// Layers that cannot do their work.
    pub warnings: Vec<Warning>,
}

/// Above this rate a layer is saturated.
const SATURATED: f64 = 0.9;

/// Above this share of neurons that never fired a layer is idle.
const IDLE: f64 = 0.5;

/// The warnings that these activities deserve.
pub(super) fn warnings(activity: &[LayerActivity]) -> Vec<Warning> {
    let warn = |layer: &LayerActivity| {
        let (kind, share) = match (layer.rate, layer.idle) {
            (0.0, _) => (WarningKind::Silent, 0.0),
            (rate, _) if rate > SATURATED => (WarningKind::Saturated, rate),
            (_, Some(idle)) if idle > IDLE => (WarningKind::Idle, idle),
            _ => return None,
        };
        let layer = layer.layer.clone();
        Some(Warning { layer, kind, share })
    };
    activity.iter().filter_map(warn).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn layers_that_cannot_do_their_work_are_reported() {
        let layer = |name: &str, rate: f64, idle| LayerActivity {
            layer: name.into(),
            spikes: 0.0,
            rate,
            idle,
        };
        let warnings = warnings(&[
            layer("input", 0.1, None),
            layer("a", 0.0, Some(1.0)),
            layer("b", 0.2, Some(0.5)),
            layer("c", 0.9, Some(0.0)),
            layer("d", 0.95, Some(0.05)),
            layer("e", 0.2, Some(0.51)),
        ]);
        let texts: Vec<String> = warnings.iter().map(ToString::to_string).collect();
        assert_eq!(
            texts,
            [
                "layer `a` is silent; raise the input rate, or lower the learning rate",
                "layer `d` is saturated (95 % of neurons and steps); lower the input rate or the learning rate",
                "layer `e` is idle for the most part (51 % of its neurons never fired); lower the learning rate, or \
                 make the layer smaller",
            ]
        );
    }
}
