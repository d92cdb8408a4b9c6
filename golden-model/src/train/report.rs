//! Reports of a training run: progress, epochs and warnings.

use crate::evaluation::LayerActivity;
use serde::{Deserialize, Serialize};

/// Progress of an epoch.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Progress {
    /// Number of the epoch, from 1.
    pub epoch: usize,
    /// Number of epochs of the run.
    pub epochs: usize,
    /// Number of batches done in this epoch.
    pub batch: usize,
    /// Number of batches of an epoch.
    pub batches: usize,
    /// Number of images processed in this epoch.
    pub images: usize,
    /// Number of images of an epoch.
    pub total_images: usize,
    /// Number of held-out images evaluated so far; 0 before the last batch of the epoch.
    pub evaluated: usize,
    /// Number of held-out images.
    pub to_evaluate: usize,
    /// Mean loss per image so far in this epoch.
    pub loss: f64,
    /// Share of images classified correctly so far in this epoch, in 0..=1.
    pub accuracy: f64,
}

/// Warning about a layer whose activity prevents learning.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Warning {
    /// Name of the layer.
    pub layer: String,
    /// Kind of the problem.
    pub kind: WarningKind,
    /// Extent of the problem: for [`WarningKind::Idle`] the share of neurons that never fired, otherwise the share of
    /// neurons and steps with a spike.
    pub share: f64,
}

/// Kind of problem of a layer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
#[non_exhaustive]
pub enum WarningKind {
    /// The layer never fired, so neither spikes nor gradients pass it.
    Silent,
    /// More than half of the layer's neurons never fired, so they do not learn.
    Idle,
    /// The layer fired in more than 90 % of all neurons and steps, so it hardly distinguishes images.
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

/// Report of an epoch of training.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct EpochReport {
    /// Number of the epoch, from 1.
    pub epoch: usize,
    /// Learning rate of the last batch.
    pub learning_rate: f32,
    /// Mean loss per image while training.
    pub loss: f64,
    /// Share of training images classified correctly while training, in 0..=1.
    pub train_accuracy: f64,
    /// Share of held-out images classified correctly after the epoch, in 0..=1; `None` without held-out images.
    pub test_accuracy: Option<f64>,
    /// Duration of the training part, in seconds.
    pub seconds: f64,
    /// Duration of the evaluation of the held-out images, in seconds.
    pub test_seconds: f64,
    /// Number of training images per second.
    pub images_per_second: f64,
    /// Activity while training, of the input followed by every layer that fires.
    pub activity: Vec<LayerActivity>,
    /// Warnings about layers whose activity prevents learning.
    pub warnings: Vec<Warning>,
}

/// Rate above which a layer is saturated.
const SATURATED: f64 = 0.9;

/// Share of neurons that never fired above which a layer is idle.
const IDLE: f64 = 0.5;

/// Derives warnings from the activity of layers.
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
