//! Parameters of a training run.

use super::Augmentation;
use crate::{Error, Result};
use serde::{Deserialize, Serialize};

/// How weights follow their gradient.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
#[non_exhaustive]
pub enum Optimizer {
    /// Stochastic gradient descent with momentum; weight decay is added to the gradient.
    Sgd,
    /// Adam with β = (0.9, 0.999); weight decay is decoupled, as in AdamW (arXiv 1711.05101).
    Adam,
}

/// Parameters of a training run: the `[train]` table of a network file.
///
/// The loss is a sum over the images of a batch, and so is its gradient: with [`Optimizer::Sgd`] a larger
/// batch wants a smaller learning rate.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TrainConfig {
    /// How weights follow their gradient.
    pub optimizer: Optimizer,
    /// Learning rate of the first epoch.
    pub learning_rate: f32,
    /// Passes over the training set.
    pub epochs: usize,
    /// Images per step of the optimizer; the last batch of an epoch may be smaller.
    pub batch: usize,
    /// Seed of the initial weights, the order of images and the input spikes.
    #[serde(default = "default_seed")]
    pub seed: u64,
    /// Momentum of [`Optimizer::Sgd`], in [0, 1).
    #[serde(default = "default_momentum")]
    pub momentum: f32,
    /// Weight decay per step, relative to the learning rate.
    #[serde(default)]
    pub weight_decay: f32,
    /// Epochs, counted from 0, from which on the learning rate is multiplied once more by `decay`.
    #[serde(default)]
    pub milestones: Vec<usize>,
    /// Factor on the learning rate at every milestone, in (0, 1].
    #[serde(default = "default_decay")]
    pub decay: f32,
    /// Training samples move by up to this many pixels in each direction, anew in every epoch; at most 64. Cutting
    /// images out of ones padded on every side is the same, hence the second name in files.
    #[serde(default, alias = "crop")]
    pub shift: usize,
    /// Training samples are rotated by up to this many degrees either way, anew in every epoch; at most 180.
    #[serde(default)]
    pub rotate: f32,
    /// Half of the training samples are mirrored, left to right, anew in every epoch.
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

impl TrainConfig {
    /// Checks every parameter's range; `network` names the network in errors.
    ///
    /// # Errors
    /// The first parameter out of range, with its value and what is allowed.
    pub fn validate(&self, network: &str) -> Result<()> {
        let check = |ok: bool, field: &str, found: &dyn ToString, wanted: &str| {
            if ok {
                return Ok(());
            }
            Err(Error::NetworkValue {
                network: network.into(),
                field: format!("train.{field}"),
                found: found.to_string(),
                wanted: wanted.into(),
            })
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
        check(self.shift <= 64, "shift", &self.shift, "at most 64")?;
        check(
            (0.0..=180.0).contains(&self.rotate),
            "rotate",
            &self.rotate,
            "in 0..=180",
        )
    }

    /// How training samples are changed.
    #[must_use]
    pub const fn augmentation(&self) -> Augmentation {
        Augmentation {
            shift: self.shift,
            rotate_degrees: self.rotate,
            flip: self.flip,
        }
    }

    /// Learning rate of an epoch, counted from 0.
    #[must_use]
    pub fn learning_rate_at(&self, epoch: usize) -> f32 {
        let passed = self
            .milestones
            .iter()
            .filter(|&&milestone| epoch >= milestone)
            .count();
        (0..passed).fold(self.learning_rate, |rate, _| rate * self.decay)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn config() -> TrainConfig {
        TrainConfig {
            optimizer: Optimizer::Sgd,
            learning_rate: 0.5,
            epochs: 10,
            batch: 16,
            seed: 1,
            momentum: 0.9,
            weight_decay: 0.0,
            milestones: vec![4, 8],
            decay: 0.5,
            shift: 0,
            rotate: 0.0,
            flip: false,
        }
    }

    #[test]
    fn learning_rate_drops_at_the_milestones() {
        let config = config();
        let rates: Vec<f32> = [0, 3, 4, 7, 8, 9]
            .map(|epoch| config.learning_rate_at(epoch))
            .to_vec();
        assert_eq!(rates, [0.5, 0.5, 0.25, 0.25, 0.125, 0.125]);
    }

    #[test]
    fn parameters_out_of_range_are_named() {
        type Change = fn(&mut TrainConfig);
        let cases: [(Change, &str); 9] = [
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
}
