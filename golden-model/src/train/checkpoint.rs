//! A training run on hold: everything that decides how it goes on.
//!
//! A run that is held anywhere between two batches and resumed ends with the very weights, bit for bit, of one that was
//! not: the order of images, their spikes and their dropout are functions of the seed and the place in the run, so
//! that what has to be kept are the weights, the optimizer's memory, the place, and what the reports are made of.

mod agreement;
mod error;
mod file;

pub use error::CheckpointError;

use super::fine_tuning::{FineTuning, Fingerprint};
use super::optimizer::Memory;
use super::trainer::{Best, Running};
use super::{EpochReport, TrainConfig, Trainer};
use crate::dataset::Dataset;
use crate::float::Parameters;
use crate::network::NetworkDescription;
use crate::{Error, Result};
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

/// A training run on hold, between two batches. `docs/formats.md` has the layout of its file.
#[derive(Clone, Debug, PartialEq)]
pub struct Checkpoint {
    description: NetworkDescription,
    config: TrainConfig,
    data: Data,
    /// What is fine-tuned; none in training.
    quantization: Option<Fingerprint>,
    running: Running,
    history: Vec<EpochReport>,
    weights: Parameters,
    memory: Memory,
    best: Option<Best>,
}

/// The data sets of a run.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Data {
    train: Identity,
    held_out: Option<Identity>,
}

/// What tells one data set from another.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Identity {
    name: String,
    images: usize,
    /// SHA-256 of the labels, in order.
    labels: String,
}

impl Identity {
    fn of(dataset: &Dataset) -> Self {
        let digest = Sha256::digest(dataset.labels());
        Self {
            name: dataset.name().into(),
            images: dataset.len(),
            labels: digest.iter().map(|byte| format!("{byte:02x}")).collect(),
        }
    }
}

impl Data {
    fn of(train: &Dataset, held_out: Option<&Dataset>) -> Self {
        Self {
            train: Identity::of(train),
            held_out: held_out.map(Identity::of),
        }
    }
}

impl Checkpoint {
    /// The network.
    #[must_use]
    pub const fn description(&self) -> &NetworkDescription {
        &self.description
    }

    /// The parameters of the run.
    #[must_use]
    pub const fn config(&self) -> &TrainConfig {
        &self.config
    }

    /// What every epoch so far came to.
    #[must_use]
    pub fn history(&self) -> &[EpochReport] {
        &self.history
    }

    /// Batches done of the epoch that follows those of [`Self::history`].
    #[must_use]
    pub const fn batches_done(&self) -> usize {
        self.running.batches
    }

    /// Whether all epochs are done.
    #[must_use]
    pub const fn is_finished(&self) -> bool {
        self.history.len() >= self.config.epochs
    }

    /// Goes on with another learning rate, which then counts as that of the whole run.
    ///
    /// This is how a run that diverged is saved. What follows is no longer what the run would have been.
    pub const fn set_learning_rate(&mut self, learning_rate: f32) {
        self.config.learning_rate = learning_rate;
    }
}

impl<'data> Trainer<'data> {
    /// Everything that decides how this run goes on.
    #[must_use]
    pub fn checkpoint(&self) -> Checkpoint {
        Checkpoint {
            description: self.description.clone(),
            config: self.config.clone(),
            data: Data::of(self.train, self.held_out),
            quantization: self
                .integers
                .as_ref()
                .map(|integers| integers.fingerprint.clone()),
            running: self.running.clone(),
            history: self.history.clone(),
            weights: self.weights.clone(),
            memory: self.stepper.memory.clone(),
            best: self.best.clone(),
        }
    }

    /// A trainer that goes on where the checkpoint's was.
    ///
    /// `config` may ask for another number of epochs than the checkpoint's, where the schedule does not depend on it and
    /// not more are done already; all else must be equal.
    ///
    /// # Errors
    /// Fails like [`Self::new`], or if network, parameters or data are not those of the checkpoint; the error names what
    /// differs.
    pub fn resume(
        checkpoint: Checkpoint,
        description: NetworkDescription,
        config: TrainConfig,
        train: &'data Dataset,
        held_out: Option<&'data Dataset>,
    ) -> Result<Self> {
        Self::new(description, config, train, held_out)?.go_on(checkpoint)
    }

    /// A trainer that goes on fine-tuning where the checkpoint's was, as [`Self::resume`] does with training.
    ///
    /// # Errors
    /// Fails like [`Self::resume`]; also if the checkpoint's run started from another quantized network.
    pub fn resume_fine_tuning(
        checkpoint: Checkpoint,
        start: &FineTuning,
        config: TrainConfig,
        train: &'data Dataset,
        held_out: Option<&'data Dataset>,
    ) -> Result<Self> {
        Self::fine_tune(start, config, train, held_out)?.go_on(checkpoint)
    }

    /// Goes on where the checkpoint's was.
    fn go_on(mut self, checkpoint: Checkpoint) -> Result<Self> {
        checkpoint.check_agrees(&self.checkpoint()).map_err(Error::from)?;
        self.weights = checkpoint.weights;
        self.stepper.memory = checkpoint.memory;
        self.running = checkpoint.running;
        self.history = checkpoint.history;
        self.best = checkpoint.best;
        if let Some(integers) = &mut self.integers {
            integers.follow(&mut self.weights);
        }
        Ok(self)
    }
}

#[cfg(test)]
mod tests;
