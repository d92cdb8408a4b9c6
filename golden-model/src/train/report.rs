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
    /// Whether the samples are recordings, which have no rates that could be changed.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub recordings: bool,
    /// Whether another start is a remedy: initial weights that are scaled on data ([`super::Init::Data`]).
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub scalable: bool,
    /// Whether the layer pools, or receives spikes that have passed pooling, with a threshold that could be lower.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub behind_pooling: bool,
}

/// Kind of problem of a layer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
#[non_exhaustive]
pub enum WarningKind {
    /// The layer never fired, while training or in the evaluation after it, so neither spikes nor gradients pass it.
    Silent,
    /// The layer fired in less than a thousandth of all neurons and steps, while training or in the evaluation after it, so
    /// hardly any spikes and gradients pass it.
    Quiet,
    /// More than half of the layer's neurons never fired, so they do not learn.
    Idle,
    /// The layer fired in more than 90 % of all neurons and steps, so it hardly distinguishes images.
    Saturated,
}

impl std::fmt::Display for Warning {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self {
            layer,
            kind,
            share,
            recordings,
            ..
        } = self;
        let percent = 100.0 * share;
        match kind {
            WarningKind::Silent if layer == INPUT && *recordings => write!(
                f,
                "the input is silent: no recording has an event in its window; use --from-first-event if the clock of a \
                 recording does not start at 0, or correct window_us or the unit of the times"
            ),
            WarningKind::Silent => write!(f, "layer `{layer}` is silent; {}", self.remedies()),
            WarningKind::Quiet => write!(
                f,
                "layer `{layer}` hardly fires ({share:.6} spikes per neuron and step); {}",
                self.remedies()
            ),
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
                if *recordings {
                    write!(f, "use more steps, or lower the learning rate")
                } else {
                    write!(f, "lower the input rate or the learning rate")
                }
            }
        }
    }
}

impl Warning {
    /// What can make a layer fire.
    fn remedies(&self) -> String {
        let silent = self.kind == WarningKind::Silent;
        let steps = if self.recordings {
            "use fewer steps"
        } else {
            "use more steps"
        };
        let remedies = [
            (self.scalable, "start with --init data"),
            (true, steps),
            (self.behind_pooling, "lower the threshold of pooling (`P2t0.1`)"),
            (silent && !self.recordings, "raise the input rate"),
            (silent, "lower the learning rate"),
        ];
        let mut remedies: Vec<&str> = remedies
            .into_iter()
            .filter_map(|(fits, remedy)| fits.then_some(remedy))
            .collect();
        let last = remedies.pop().unwrap_or_default();
        match &remedies[..] {
            [] => last.into(),
            [one] => format!("{one}, or {last}"),
            many => format!("{}, or {last}", many.join(", ")),
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

/// Rate below which a layer is quiet, in spikes per neuron and step.
const QUIET: f64 = 1e-3;

/// Share of neurons that never fired above which a layer is idle.
const IDLE: f64 = 0.5;

/// Name of the input among the layers.
const INPUT: &str = "input";

/// What the remedies of warnings depend on.
#[derive(Clone, Debug, Default)]
pub(super) struct Circumstances {
    /// Whether the samples are recordings.
    pub(super) recordings: bool,
    /// Whether the initial weights could have been scaled on data, and were not.
    pub(super) scalable: bool,
    /// For each layer, whether it pools or is behind pooling, with a threshold that could be lower.
    pub(super) behind_pooling: Vec<bool>,
}

/// Derives warnings from the activity of the input and the layers while training. `evaluated` is their activity in the
/// evaluation after the epoch, if there is one: a layer that falls silent in the course of an epoch has fired before.
///
/// A layer that is silent has no other warning. The input may be quiet: how many events a camera sends is no fault.
pub(super) fn warnings(
    activity: &[LayerActivity],
    evaluated: Option<&[LayerActivity]>,
    circumstances: &Circumstances,
) -> Vec<Warning> {
    let mut warnings = Vec::new();
    for (index, layer) in activity.iter().enumerate() {
        let is_input = index == 0;
        let mut warn = |kind, share| {
            let behind_pooling = index
                .checked_sub(1)
                .and_then(|index| circumstances.behind_pooling.get(index));
            warnings.push(Warning {
                layer: layer.layer.clone(),
                kind,
                share,
                recordings: circumstances.recordings,
                scalable: circumstances.scalable && !is_input,
                behind_pooling: behind_pooling.copied().unwrap_or(false),
            });
        };
        let evaluated = evaluated.and_then(|layers| layers.get(index));
        let least = evaluated.map_or(layer.rate, |evaluated| evaluated.rate.min(layer.rate));
        if least == 0.0 {
            warn(WarningKind::Silent, 0.0);
            continue;
        }
        if least < QUIET && !is_input {
            warn(WarningKind::Quiet, least);
        }
        if layer.rate > SATURATED {
            warn(WarningKind::Saturated, layer.rate);
        } else if let Some(idle) = layer.idle.filter(|&idle| idle > IDLE) {
            warn(WarningKind::Idle, idle);
        }
    }
    warnings
}

#[cfg(test)]
mod tests {
    use super::*;

    fn layer(name: &str, rate: f64, idle: Option<f64>) -> LayerActivity {
        LayerActivity {
            layer: name.into(),
            spikes: 0.0,
            rate,
            idle,
        }
    }

    fn texts(warnings: &[Warning]) -> Vec<String> {
        warnings.iter().map(ToString::to_string).collect()
    }

    #[test]
    fn layers_that_cannot_do_their_work_are_reported() {
        let activity = [
            layer("input", 0.1, None),
            layer("a", 0.0, Some(1.0)),
            layer("b", 0.2, Some(0.5)),
            layer("c", 0.9, Some(0.0)),
            layer("d", 0.95, Some(0.05)),
            layer("e", 0.2, Some(0.51)),
        ];
        assert_eq!(
            texts(&warnings(&activity, None, &Circumstances::default())),
            [
                "layer `a` is silent; use more steps, raise the input rate, or lower the learning rate",
                "layer `d` is saturated (95 % of neurons and steps); lower the input rate or the learning rate",
                "layer `e` is idle for the most part (51 % of its neurons never fired); lower the learning rate, or \
                 make the layer smaller",
            ]
        );
    }

    #[test]
    fn a_layer_that_falls_silent_within_an_epoch_is_reported() {
        let trained = [layer("input", 0.1, None), layer("fc1", 0.01, Some(0.0))];
        let evaluated = [layer("input", 0.1, None), layer("fc1", 0.0, None)];
        let circumstances = Circumstances::default();
        assert_eq!(warnings(&trained, Some(&trained), &circumstances), []);
        assert_eq!(
            texts(&warnings(&trained, Some(&evaluated), &circumstances)),
            ["layer `fc1` is silent; use more steps, raise the input rate, or lower the learning rate"]
        );
    }

    #[test]
    fn every_layer_below_a_thousandth_is_named_and_a_silent_one_once() {
        let trained = [
            layer("input", 0.0005, None),
            layer("conv1", 0.001, Some(0.0)),
            layer("pool1", 0.0009, Some(0.4)),
            layer("fc1", 0.0001, Some(0.75)),
            layer("fc2", 0.0, Some(1.0)),
        ];
        let mut circumstances = Circumstances {
            recordings: false,
            scalable: true,
            behind_pooling: vec![false, true, true, true],
        };
        let remedies = "start with --init data, use more steps, or lower the threshold of pooling (`P2t0.1`)";
        assert_eq!(
            texts(&warnings(&trained, None, &circumstances)),
            [
                &format!("layer `pool1` hardly fires (0.000900 spikes per neuron and step); {remedies}"),
                &format!("layer `fc1` hardly fires (0.000100 spikes per neuron and step); {remedies}"),
                "layer `fc1` is idle for the most part (75 % of its neurons never fired); lower the learning rate, or make \
                 the layer smaller",
                "layer `fc2` is silent; start with --init data, use more steps, lower the threshold of pooling (`P2t0.1`), \
                 raise the input rate, or lower the learning rate",
            ]
        );
        // The evaluation counts, too, and remedies that are no remedies are left out.
        let mut evaluated = trained.clone();
        evaluated[1].rate = 0.0002;
        circumstances.scalable = false;
        circumstances.behind_pooling = vec![false; 4];
        assert_eq!(
            texts(&warnings(&trained[..2], Some(&evaluated), &circumstances)),
            ["layer `conv1` hardly fires (0.000200 spikes per neuron and step); use more steps"]
        );
    }

    #[test]
    fn remedies_for_recordings_do_not_speak_of_rates() {
        let activity = [
            layer("input", 0.0, None),
            layer("fc1", 0.0, Some(1.0)),
            layer("fc2", 0.95, Some(0.0)),
        ];
        let circumstances = Circumstances {
            recordings: true,
            ..Circumstances::default()
        };
        let found = warnings(&activity, None, &circumstances);
        let texts = texts(&found);
        assert!(texts[0].starts_with("the input is silent: no recording has an event in its window;"));
        assert!(texts[0].contains("--from-first-event"));
        assert_eq!(texts.len(), 3);
        assert!(
            texts
                .iter()
                .all(|text| !text.contains("rate,") && !text.contains("input rate"))
        );
        // As in the files of checkpoints, also those of earlier versions.
        let json = serde_json::to_string(&found[1]).unwrap();
        assert_eq!(serde_json::from_str::<Warning>(&json).unwrap(), found[1]);
        let earlier = r#"{"layer":"fc1","kind":"silent","share":0.0}"#;
        assert!(!serde_json::from_str::<Warning>(earlier).unwrap().recordings);
    }
}
