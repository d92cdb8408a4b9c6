//! Schedule of the learning rate over a run.
//!
//! Let x be the number of epochs done, including the fraction of the current one. The learning rate is the product of
//!
//! * [`TrainConfig::learning_rate`];
//! * the factor of the schedule: decay^(milestones reached at the start of the epoch), or f + (1 − f)·(1 + cos πp)/2
//!   with the final fraction f and p = (x − warmup) / (epochs − warmup);
//! * during the warm-up, the share of its steps up to and including the current one; with [`Schedule::OneCycle`] instead
//!   s + (1 − s)·(1 − cos(πx/warmup))/2 with s = 1/25.

use super::TrainConfig;
use serde::{Deserialize, Serialize};

/// First learning rate of [`Schedule::OneCycle`], as a share of the largest.
const FIRST_SHARE: f64 = 0.04;

/// Schedule by which the learning rate falls.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
#[non_exhaustive]
pub enum Schedule {
    /// Falls by a factor at every milestone.
    #[default]
    Step,
    /// Falls from batch to batch along half a cosine, to a final fraction at the end of the last epoch.
    Cosine,
    /// Rises along half a cosine from a 25th over the epochs of the warm-up, then falls along half a cosine to the final
    /// fraction (Smith and Topin 2018, arXiv 1708.07120); the momentum stays.
    #[serde(rename = "one-cycle")]
    OneCycle,
}

impl Schedule {
    /// All schedules.
    pub const ALL: [Self; 3] = [Self::Step, Self::Cosine, Self::OneCycle];

    /// Name of the schedule in network files and on the command line.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Step => "step",
            Self::Cosine => "cosine",
            Self::OneCycle => "one-cycle",
        }
    }
}

impl TrainConfig {
    /// Learning rate of batch `batch` in epoch `epoch`, both counted from 0; an epoch has `batches` batches.
    ///
    /// ```
    /// # use synfire_golden_model::Config;
    /// let mut train = Config::preset("digits")?.require_train()?.clone();
    /// train.learning_rate = 0.8;
    /// train.milestones = vec![2];
    /// train.decay = 0.5;
    /// assert_eq!(train.learning_rate_at(1, 9, 10), 0.8);
    /// assert_eq!(train.learning_rate_at(2, 0, 10), 0.4);
    /// # Ok::<(), synfire_golden_model::Error>(())
    /// ```
    #[must_use]
    pub fn learning_rate_at(&self, epoch: usize, batch: usize, batches: usize) -> f32 {
        let batches = batches.max(1) as f64;
        let done = epoch as f64 + batch as f64 / batches;
        let warmup = f64::from(self.warmup);
        let scheduled = match self.schedule {
            Schedule::Step => {
                let reached = self.milestones.iter().filter(|&&milestone| epoch >= milestone);
                reached.fold(self.learning_rate, |rate, _| rate * self.decay)
            }
            Schedule::Cosine | Schedule::OneCycle => {
                let length = self.epochs as f64 - warmup;
                let progress = ((done - warmup) / length.max(f64::MIN_POSITIVE)).clamp(0.0, 1.0);
                let last = f64::from(self.final_fraction);
                let share = last + (1.0 - last) * (1.0 + (std::f64::consts::PI * progress).cos()) / 2.0;
                narrow(f64::from(self.learning_rate) * share)
            }
        };
        if done < warmup && self.schedule == Schedule::OneCycle {
            let risen = (1.0 - (std::f64::consts::PI * done / warmup).cos()) / 2.0;
            let share = FIRST_SHARE + (1.0 - FIRST_SHARE) * risen;
            narrow(f64::from(self.learning_rate) * share)
        } else if done < warmup {
            let share = (done + 1.0 / batches) / warmup;
            narrow(f64::from(scheduled) * share.min(1.0))
        } else {
            scheduled
        }
    }

    /// Whether a run of `epochs` epochs instead of `self.epochs` has the same learning rates in the epochs of both.
    #[must_use]
    pub(super) fn may_end_at(&self, epochs: usize) -> bool {
        epochs == self.epochs || (self.schedule == Schedule::Step && self.steps.is_empty())
    }
}

/// Converts a rate, which is computed in f64 and used in f32.
#[expect(
    clippy::cast_possible_truncation,
    reason = "the nearest f32; a rate is at most 100"
)]
fn narrow(rate: f64) -> f32 {
    rate as f32
}

#[cfg(test)]
mod tests {
    use super::*;

    fn config(more: &str) -> TrainConfig {
        let text = format!("optimizer = 'sgd'\nlearning_rate = 0.5\nepochs = 10\nbatch = 16\n{more}");
        toml::from_str(&text).unwrap()
    }

    /// Learning rates of the first batch of the given epochs, of four batches each.
    fn starts<const N: usize>(config: &TrainConfig, epochs: [usize; N]) -> [f32; N] {
        epochs.map(|epoch| config.learning_rate_at(epoch, 0, 4))
    }

    #[test]
    fn steps_drop_the_rate_at_the_milestones_and_nowhere_else() {
        let config = config("milestones = [4, 8]\ndecay = 0.5");
        assert_eq!(
            starts(&config, [0, 3, 4, 7, 8, 9]),
            [0.5, 0.5, 0.25, 0.25, 0.125, 0.125]
        );
        assert_eq!(config.learning_rate_at(3, 3, 4), 0.5);
    }

    #[test]
    fn a_cosine_falls_from_batch_to_batch_to_the_final_fraction() {
        let config = config("schedule = 'cosine'\nfinal_fraction = 0.2");
        assert_eq!(starts(&config, [0, 5, 10]), [0.5, 0.3, 0.1]);
        let rates: Vec<f32> = (0..40)
            .map(|step| config.learning_rate_at(step / 4, step % 4, 4))
            .collect();
        assert!(rates.is_sorted_by(|earlier, later| earlier > later), "{rates:?}");
    }

    #[test]
    fn warm_up_rises_linearly_and_ends_on_the_schedule() {
        let steps = config("warmup = 1.5\nmilestones = [1]\ndecay = 0.5");
        let rates: Vec<f32> = (0..8)
            .map(|step| steps.learning_rate_at(step / 4, step % 4, 4))
            .collect();
        let sixth = 0.5 / 6.0;
        let wanted = [
            sixth,
            2.0 * sixth,
            3.0 * sixth,
            4.0 * sixth,
            2.5 * sixth,
            0.25,
            0.25,
            0.25,
        ];
        for (found, wanted) in rates.iter().zip(wanted) {
            assert!((found - wanted).abs() < 1e-6, "{rates:?}");
        }
        let cosine = config("warmup = 2\nschedule = 'cosine'");
        assert_eq!(starts(&cosine, [2, 6, 10]), [0.5, 0.25, 0.0]);
        assert_eq!(cosine.learning_rate_at(1, 3, 4), 0.5);
    }

    #[test]
    fn a_run_that_is_nothing_but_warm_up_has_finite_rates() {
        let config = config("warmup = 10\nschedule = 'cosine'");
        assert_eq!(config.learning_rate_at(9, 3, 4), 0.5);
        assert_eq!(config.learning_rate_at(0, 0, 0), 0.05);
    }

    #[test]
    fn one_cycle_rises_from_a_25th_and_falls_to_the_final_fraction() {
        let config = config("schedule = 'one-cycle'\nwarmup = 2\nfinal_fraction = 0.2");
        let wanted = [0.02, 0.26, 0.5, 0.3, 0.1];
        for (found, wanted) in starts(&config, [0, 1, 2, 6, 10]).into_iter().zip(wanted) {
            assert!((found - wanted).abs() < 1e-6, "{found}, wanted {wanted}");
        }
        let rates: Vec<f32> = (0..40)
            .map(|step| config.learning_rate_at(step / 4, step % 4, 4))
            .collect();
        assert!(
            rates[..=8].is_sorted_by(|earlier, later| earlier < later),
            "{rates:?}"
        );
        assert!(
            rates[8..].is_sorted_by(|earlier, later| earlier > later),
            "{rates:?}"
        );
    }

    #[test]
    fn one_cycle_without_warm_up_only_falls() {
        let config = config("schedule = 'one-cycle'");
        assert_eq!(starts(&config, [0, 5, 10]), [0.5, 0.25, 0.0]);
    }

    #[test]
    fn only_a_run_whose_rates_and_steps_do_not_depend_on_its_length_may_end_elsewhere() {
        let few = "rule = 'few-steps'\nloss = 'cross-entropy'\n";
        for (more, may) in [
            ("milestones = [2]", true),
            ("schedule = 'cosine'", false),
            ("schedule = 'one-cycle'", false),
            (few, true),
            (&format!("{few}steps = [1, 2]"), false),
        ] {
            assert_eq!(config(more).may_end_at(20), may, "{more}");
            assert!(config(more).may_end_at(10), "{more}");
        }
    }
}
