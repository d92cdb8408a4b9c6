//! What a trainer that fine-tunes runs with.

use super::Trainer;
use crate::Result;
use crate::dataset::Dataset;
use crate::float::Parameters;
use crate::train::TrainConfig;
use crate::train::fine_tuning::{FineTuning, Fingerprint, Grid};
use ndarray::Array2;
use std::collections::BTreeMap;

/// The integers behind which masters stand, and what tells how they follow them.
#[derive(Clone, Debug)]
pub(in crate::train) struct Integers {
    weights: Parameters,
    pub(super) grid: Grid,
    pub(in crate::train) fingerprint: Fingerprint,
    /// Where the network comes from that is fine-tuned.
    provenance: BTreeMap<String, String>,
}

impl Integers {
    /// The weights to run with.
    pub(super) fn or_masters<'a>(integers: Option<&'a Self>, masters: &'a Parameters) -> &'a Parameters {
        integers.map_or(masters, |integers| &integers.weights)
    }

    /// The integers q·2^G.
    pub(in crate::train) const fn weights(&self) -> &Parameters {
        &self.weights
    }

    /// Takes the integers of masters that have moved, and brings those back that went too far.
    pub(in crate::train) fn follow(&mut self, masters: &mut Parameters) {
        self.grid.round_into(masters, &mut self.weights);
    }

    /// Where the network comes from, fine-tuning included.
    pub(super) fn provenance(&self, entries: Vec<(&str, String)>) -> BTreeMap<String, String> {
        let entries = entries.into_iter();
        let mut provenance = self.provenance.clone();
        provenance.extend(entries.map(|(key, value)| (format!("finetune.{key}"), value)));
        provenance
    }
}

impl<'data> Trainer<'data> {
    /// A trainer that fine-tunes a quantized network ([`FineTuning`]), at its first epoch. Evaluations are of the integers.
    ///
    /// Dropout, where the network has it, scales the spikes that it lets pass, so that membranes are not whole numbers
    /// while training; evaluations know none.
    ///
    /// # Errors
    /// Fails like [`Self::new`].
    pub fn fine_tune(
        start: &FineTuning,
        config: TrainConfig,
        train: &'data Dataset,
        held_out: Option<&'data Dataset>,
    ) -> Result<Self> {
        let description = start.quantized().description.clone();
        let mut trainer = Self::new(description, config, train, held_out)?;
        trainer.engine = start.engine();
        trainer.weights = start.masters().clone();
        trainer.integers = Some(Integers {
            weights: start.grid().round(&mut trainer.weights),
            grid: start.grid().clone(),
            fingerprint: start.fingerprint(),
            provenance: start.quantized().provenance.clone(),
        });
        Ok(trainer)
    }

    /// The integers of every tensor, `[outputs, inputs]`, that a network now has whose scales, thresholds and formats are
    /// those that fine-tuning started from; none in training.
    #[must_use]
    pub fn integer_weights(&self) -> Option<Vec<Array2<i8>>> {
        self.integers
            .as_ref()
            .map(|integers| integers.grid.to_matrices(&self.description, &integers.weights))
    }
}
