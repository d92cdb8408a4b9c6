//! Parameters of a training run.

use super::{Init, Schedule};
use crate::dataset::Augmentation;
use crate::float::{Loss, MAX_FEW_STEPS, Slope};
use crate::network::NetworkError;
use crate::{Error, Result};
use serde::{Deserialize, Serialize};

/// Algorithm that updates the weights from their gradient.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
#[non_exhaustive]
pub enum Optimizer {
    /// Stochastic gradient descent with momentum; weight decay is added to the gradient.
    Sgd,
    /// Adam (arXiv 1412.6980) with β = (0.9, 0.999); weight decay is added to the gradient.
    Adam,
    /// AdamW (arXiv 1711.05101): Adam whose weight decay acts directly on the weights, not on the two means.
    AdamW,
}

impl Optimizer {
    /// All optimizers.
    pub const ALL: [Self; 3] = [Self::Sgd, Self::Adam, Self::AdamW];

    /// Name of the optimizer in network files and on the command line.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Sgd => "sgd",
            Self::Adam => "adam",
            Self::AdamW => "adamw",
        }
    }
}

/// Rule by which a network is trained.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum Rule {
    /// That of Lee et al. 2020 (arXiv 1903.06379), for presentations of around a hundred steps.
    #[default]
    Paper,
    /// Normalization, a surrogate slope and the loss of every step, for presentations of a few steps.
    FewSteps,
}

impl Rule {
    /// Both rules.
    pub const ALL: [Self; 2] = [Self::Paper, Self::FewSteps];

    /// Name of the rule in network files and on the command line.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Paper => "paper",
            Self::FewSteps => "few-steps",
        }
    }
}

/// Parameters of a training run: the `[train]` table of a network file.
///
/// Under [`Rule::Paper`], loss and gradient are sums over the images of a batch, so with [`Optimizer::Sgd`] a larger batch
/// needs a smaller learning rate. Under [`Rule::FewSteps`] they are means.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TrainConfig {
    /// Rule by which the network is trained.
    #[serde(default)]
    pub rule: Rule,
    /// Algorithm that updates the weights from their gradient.
    pub optimizer: Optimizer,
    /// Learning rate after the warm-up, before the schedule lowers it.
    pub learning_rate: f32,
    /// Number of passes over the training set.
    pub epochs: usize,
    /// Number of images per step of the optimizer; the last batch of an epoch may be smaller.
    pub batch: usize,
    /// Seed of the initial weights, the order of images and the input spikes.
    #[serde(default = "default_seed")]
    pub seed: u64,
    /// Initial weights.
    #[serde(default, skip_serializing_if = "Init::is_random")]
    pub init: Init,
    /// Loss to minimize.
    #[serde(default)]
    pub loss: Loss,
    /// Momentum of [`Optimizer::Sgd`], in [0, 1).
    #[serde(default = "default_momentum")]
    pub momentum: f32,
    /// Whether the momentum of [`Optimizer::Sgd`] looks ahead (Nesterov).
    #[serde(default)]
    pub nesterov: bool,
    /// Weight decay per step, relative to the learning rate. Biases and numbers of normalization do not decay.
    #[serde(default)]
    pub weight_decay: f32,
    /// Surrogate slope of [`Rule::FewSteps`].
    #[serde(default)]
    pub slope: Slope,
    /// Price ρ of a spike under [`Rule::FewSteps`]: what one touched membrane word per step adds to the loss.
    #[serde(default)]
    pub sparsity: f32,
    /// Numbers of steps that [`Rule::FewSteps`] trains with: the first for the first half of the run, the others for equal
    /// parts of the second half. Empty: those of the network, always.
    #[serde(default)]
    pub steps: Vec<usize>,
    /// Schedule of the learning rate.
    #[serde(default)]
    pub schedule: Schedule,
    /// Epochs, counted from 0, at whose start [`Schedule::Step`] multiplies the learning rate by `decay`.
    #[serde(default)]
    pub milestones: Vec<usize>,
    /// Factor on the learning rate at every milestone, in (0, 1].
    #[serde(default = "default_decay")]
    pub decay: f32,
    /// Final learning rate of [`Schedule::Cosine`], as a share of `learning_rate`, in 0..=1.
    #[serde(default)]
    pub final_fraction: f32,
    /// Length of the warm-up in epochs, possibly a fraction, over which the learning rate rises from 0 under any
    /// schedule.
    #[serde(default)]
    pub warmup: f32,
    /// Largest random shift of training samples in pixels, in each direction, drawn anew in every epoch; at most 64. A
    /// random crop of padded images is the same, so network files may call it `crop`.
    #[serde(default, alias = "crop")]
    pub shift: usize,
    /// Largest random rotation of training samples in degrees, in either direction, drawn anew in every epoch; at most
    /// 180.
    #[serde(default)]
    pub rotate: f32,
    /// Whether half of the training samples, drawn anew in every epoch, are mirrored left to right.
    #[serde(default)]
    pub flip: bool,
}

const fn default_seed() -> u64 {
    1
}

const fn default_momentum() -> f32 {
    0.9
}

const fn default_decay() -> f32 {
    0.1
}

/// Refuses a field by its name, the value found and the values wanted, unless the first argument is true.
type Check<'a> = dyn Fn(bool, &str, &dyn ToString, &str) -> Result<()> + 'a;

impl TrainConfig {
    /// Checks the range of every parameter; `network` is the name of the network in errors.
    ///
    /// # Errors
    /// If a parameter is out of range. The error states the first such parameter, its value and the allowed range.
    pub fn validate(&self, network: &str) -> Result<()> {
        let check = |ok: bool, field: &str, found: &dyn ToString, wanted: &str| {
            if ok {
                return Ok(());
            }
            Err(Error::Network(NetworkError::Value {
                network: network.into(),
                field: format!("train.{field}"),
                found: found.to_string(),
                wanted: wanted.into(),
            }))
        };
        // Written so that NaN fails.
        let rate = self.learning_rate;
        check(
            rate > 0.0 && rate <= 100.0,
            "learning_rate",
            &rate,
            "above 0 and at most 100",
        )?;
        check(
            (1..=100_000).contains(&self.epochs),
            "epochs",
            &self.epochs,
            "in 1..=100000",
        )?;
        check(
            (1..=1 << 20).contains(&self.batch),
            "batch",
            &self.batch,
            "in 1..=1048576",
        )?;
        check(
            (0.0..1.0).contains(&self.momentum),
            "momentum",
            &self.momentum,
            "at least 0 and below 1",
        )?;
        check(
            (0.0..=1.0).contains(&self.weight_decay),
            "weight_decay",
            &self.weight_decay,
            "in 0..=1",
        )?;
        check(
            self.decay > 0.0 && self.decay <= 1.0,
            "decay",
            &self.decay,
            "above 0 and at most 1",
        )?;
        check(
            (0.0..=1.0).contains(&self.final_fraction),
            "final_fraction",
            &self.final_fraction,
            "in 0..=1",
        )?;
        let most = self.epochs as f32;
        check(
            (0.0..=most).contains(&self.warmup),
            "warmup",
            &self.warmup,
            "at least 0 and at most the number of epochs",
        )?;
        self.validate_rule(&check)?;
        check(self.shift <= 64, "shift", &self.shift, "at most 64")?;
        check(
            (0.0..=180.0).contains(&self.rotate),
            "rotate",
            &self.rotate,
            "in 0..=180",
        )
    }

    /// Checks what depends on the rule.
    fn validate_rule(&self, check: &Check<'_>) -> Result<()> {
        check(
            (0.0..=1.0).contains(&self.sparsity),
            "sparsity",
            &self.sparsity,
            "in 0..=1",
        )?;
        check(
            !self.nesterov || self.optimizer == Optimizer::Sgd,
            "optimizer",
            &self.optimizer.name(),
            "sgd if nesterov = true",
        )?;
        let few = self.rule == Rule::FewSteps;
        check(
            !few || self.loss == Loss::CrossEntropy,
            "loss",
            &self.loss.name(),
            "cross-entropy under rule = \"few-steps\"",
        )?;
        check(
            few || self.sparsity == 0.0,
            "sparsity",
            &self.sparsity,
            "0 unless rule = \"few-steps\"",
        )?;
        let steps = format!("{:?}", self.steps);
        check(
            few || self.steps.is_empty(),
            "steps",
            &steps,
            "left out unless rule = \"few-steps\"",
        )?;
        check(
            self.steps.iter().all(|steps| (1..=MAX_FEW_STEPS).contains(steps)) && self.steps.is_sorted(),
            "steps",
            &steps,
            &format!("ascending numbers in 1..={MAX_FEW_STEPS}"),
        )
    }

    /// Number of steps of the presentations of batch `batch` in epoch `epoch`, both counted from 0, for a network of
    /// `steps` steps.
    #[must_use]
    pub fn steps_at(&self, steps: usize, epoch: usize, batch: usize, batches: usize) -> usize {
        let Some((first, later)) = self.steps.split_first() else {
            return steps;
        };
        let all = (self.epochs * batches).max(1) as f64;
        let done = (epoch * batches + batch) as f64 / all;
        if done < 0.5 || later.is_empty() {
            return *first;
        }
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "in 0..later.len()"
        )]
        let part = ((done - 0.5) * 2.0 * later.len() as f64) as usize;
        later[part.min(later.len() - 1)]
    }

    /// Augmentation of the training samples.
    #[must_use]
    pub const fn augmentation(&self) -> Augmentation {
        Augmentation {
            shift: self.shift,
            rotate_degrees: self.rotate,
            flip: self.flip,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn config() -> TrainConfig {
        let text = "optimizer = 'sgd'\nlearning_rate = 0.5\nepochs = 10\nbatch = 16";
        toml::from_str(text).unwrap()
    }

    #[test]
    fn what_a_file_leaves_out_is_plain_gradient_descent() {
        let config = config();
        assert_eq!(
            (config.loss, config.schedule),
            (Loss::SumOfSquares, Schedule::Step)
        );
        assert_eq!((config.weight_decay, config.warmup, config.shift), (0.0, 0.0, 0));
        assert!(config.milestones.is_empty());
    }

    #[test]
    fn names_in_files_are_those_shown() {
        for optimizer in Optimizer::ALL {
            let json = serde_json::to_string(&optimizer).unwrap();
            assert_eq!(json, format!("\"{}\"", optimizer.name()));
        }
        for loss in Loss::ALL {
            let json = serde_json::to_string(&loss).unwrap();
            assert_eq!(json, format!("\"{}\"", loss.name()));
        }
        for init in Init::ALL {
            let json = serde_json::to_string(&init).unwrap();
            assert_eq!(json, format!("\"{}\"", init.name()));
        }
        for schedule in Schedule::ALL {
            let json = serde_json::to_string(&schedule).unwrap();
            assert_eq!(json, format!("\"{}\"", schedule.name()));
        }
    }

    #[test]
    fn parameters_out_of_range_are_named() {
        type Change = fn(&mut TrainConfig);
        let cases: [(Change, &str); 11] = [
            (
                |c| c.learning_rate = 0.0,
                "train.learning_rate is 0, but must be above 0 and at most 100",
            ),
            (
                |c| c.learning_rate = f32::NAN,
                "train.learning_rate is NaN, but must be above 0 and at most 100",
            ),
            (|c| c.epochs = 0, "train.epochs is 0, but must be in 1..=100000"),
            (|c| c.batch = 0, "train.batch is 0, but must be in 1..=1048576"),
            (
                |c| c.momentum = 1.0,
                "train.momentum is 1, but must be at least 0 and below 1",
            ),
            (
                |c| c.weight_decay = -1.0,
                "train.weight_decay is -1, but must be in 0..=1",
            ),
            (
                |c| c.decay = 0.0,
                "train.decay is 0, but must be above 0 and at most 1",
            ),
            (
                |c| c.final_fraction = 1.5,
                "train.final_fraction is 1.5, but must be in 0..=1",
            ),
            (
                |c| c.warmup = 10.5,
                "train.warmup is 10.5, but must be at least 0 and at most the number of epochs",
            ),
            (|c| c.shift = 65, "train.shift is 65, but must be at most 64"),
            (|c| c.rotate = -1.0, "train.rotate is -1, but must be in 0..=180"),
        ];
        config().validate("net").unwrap();
        for (change, message) in cases {
            let mut config = config();
            change(&mut config);
            assert_eq!(
                config.validate("net").unwrap_err().to_string(),
                format!("network `net`: {message}")
            );
        }
    }

    /// Steps of every batch of a run of `epochs` epochs of `batches` batches.
    fn growth(steps: &[usize], epochs: usize, batches: usize) -> Vec<usize> {
        let config = TrainConfig {
            epochs,
            steps: steps.to_vec(),
            ..config()
        };
        (0..epochs * batches)
            .map(|batch| config.steps_at(8, batch / batches, batch % batches, batches))
            .collect()
    }

    #[test]
    fn presentations_grow_in_the_second_half_of_a_run() {
        assert_eq!(growth(&[], 2, 2), [8; 4]);
        assert_eq!(growth(&[3], 2, 2), [3; 4]);
        assert_eq!(growth(&[1, 4], 2, 3), [1, 1, 1, 4, 4, 4]);
        assert_eq!(growth(&[1, 2, 4], 4, 2), [1, 1, 1, 1, 2, 2, 4, 4]);
        // Within an epoch, and where the parts are not equal.
        assert_eq!(growth(&[1, 2, 4], 1, 7), [1, 1, 1, 1, 2, 2, 4]);
        assert_eq!(growth(&[1, 2, 3, 4], 1, 4), [1, 1, 2, 3]);
    }

    #[test]
    fn presentations_stay_long_after_the_end_and_in_an_epoch_without_batches() {
        let config = TrainConfig {
            steps: vec![1, 2, 4],
            ..config()
        };
        assert_eq!(config.steps_at(4, config.epochs, 0, 3), 4);
        assert_eq!(config.steps_at(4, config.epochs + 5, 2, 3), 4);
        assert_eq!(config.steps_at(4, 0, 0, 0), 1);
    }
}
