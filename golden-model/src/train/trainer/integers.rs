//! Integer weights of a trainer that fine-tunes.

use super::Trainer;
use crate::Result;
use crate::dataset::Dataset;
use crate::float::Parameters;
use crate::train::TrainConfig;
use crate::train::few_steps::FewStepsRun;
use crate::train::fine_tuning::{FineTuning, Fingerprint, Grid};
use crate::train::optimizer::Stepper;
use ndarray::Array2;
use std::collections::BTreeMap;

/// Integer weights, and the grid that derives them from the masters.
#[derive(Clone, Debug)]
pub(in crate::train) struct Integers {
    weights: Parameters,
    pub(super) grid: Grid,
    pub(in crate::train) fingerprint: Fingerprint,
    /// Provenance of the quantized network.
    provenance: BTreeMap<String, String>,
}

impl Integers {
    /// Selects the weights to run with.
    pub(super) fn or_masters<'a>(integers: Option<&'a Self>, masters: &'a Parameters) -> &'a Parameters {
        integers.map_or(masters, |integers| &integers.weights)
    }

    /// Integer weights q·2^G.
    pub(in crate::train) const fn weights(&self) -> &Parameters {
        &self.weights
    }

    /// Integers to run with, and the grid that brings their gradient to the masters.
    pub(super) const fn parts(&mut self) -> (&mut Parameters, &Grid) {
        (&mut self.weights, &self.grid)
    }

    /// Updates the integers after a step of the masters, and limits masters to the range of the integers.
    pub(in crate::train) fn follow(&mut self, masters: &mut Parameters) {
        self.grid.round_into(masters, &mut self.weights);
    }

    /// Provenance of the network, extended by `entries` of the fine-tuning.
    pub(super) fn provenance(&self, entries: Vec<(&str, String)>) -> BTreeMap<String, String> {
        let entries = entries.into_iter();
        let mut provenance = self.provenance.clone();
        provenance.extend(entries.map(|(key, value)| (format!("finetune.{key}"), value)));
        provenance
    }
}

impl<'data> Trainer<'data> {
    /// Creates a trainer that fine-tunes a quantized network ([`FineTuning`]), at its first epoch. Evaluations use the
    /// integers.
    ///
    /// Dropout scales the spikes that it lets pass, so membranes of a network with dropout are not integers during
    /// training. Evaluations run without dropout.
    ///
    /// # Errors
    /// Fails like [`Self::new`].
    ///
    /// The rule of `config` need not be that by which the network was trained.
    pub fn fine_tune(
        start: &FineTuning,
        config: TrainConfig,
        train: &'data Dataset,
        held_out: Option<&'data Dataset>,
    ) -> Result<Self> {
        start.check_rule(config.rule)?;
        let description = start.quantized().description.clone();
        let mut trainer = Self::unstarted(description, config, train, held_out)?;
        trainer.engine = start.engine();
        if trainer.few_steps.is_some() {
            let (description, config) = (&trainer.description, &trainer.config);
            let network = start.few_steps(config);
            trainer.stepper = Stepper::new(config, network.zeros(description)).with_roles(network.roles());
            trainer.few_steps = Some(FewStepsRun::of(network, description, config, train));
        }
        trainer.weights = start.masters().clone();
        trainer.integers = Some(Integers {
            weights: start.grid().round(&mut trainer.weights),
            grid: start.grid().clone(),
            fingerprint: start.fingerprint(),
            provenance: start.quantized().provenance.clone(),
        });
        Ok(trainer)
    }

    /// Current integers of every tensor, `[outputs, inputs]`, for the scales, thresholds and number formats with which
    /// fine-tuning started; `None` in training.
    #[must_use]
    pub fn integer_weights(&self) -> Option<Vec<Array2<i8>>> {
        self.integers
            .as_ref()
            .map(|integers| integers.grid.to_matrices(&self.description, &integers.weights))
    }
}
