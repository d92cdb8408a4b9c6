//! Checkpoint of a training run: everything that determines how the run continues.
//!
//! A run that is stopped between any two batches and resumed ends with the same weights, bit for bit, as an
//! uninterrupted run. The order of images, their spikes and their dropout masks depend only on the seed and the
//! position in the run. So a checkpoint holds the weights, the state of the optimizer, the position, and the sums for
//! the reports.

mod agreement;
mod error;
mod file;

pub use error::CheckpointError;

use super::fine_tuning::{FineTuning, Fingerprint};
use super::identity::Data;
use super::optimizer::Memory;
use super::trainer::{Best, Running};
use super::{EpochReport, TrainConfig, Trainer};
use crate::dataset::Dataset;
use crate::float::Parameters;
use crate::network::NetworkDescription;
use crate::{Error, Result};

/// Checkpoint of a training run between two batches. `docs/formats.md` describes the layout of its file.
#[derive(Clone, Debug, PartialEq)]
pub struct Checkpoint {
    description: NetworkDescription,
    config: TrainConfig,
    data: Data,
    /// Fingerprint of the fine-tuned network; `None` in training.
    quantization: Option<Fingerprint>,
    running: Running,
    history: Vec<EpochReport>,
    weights: Parameters,
    memory: Memory,
    best: Option<Best>,
}

impl Checkpoint {
    /// Description of the network.
    #[must_use]
    pub const fn description(&self) -> &NetworkDescription {
        &self.description
    }

    /// Training parameters of the run.
    #[must_use]
    pub const fn config(&self) -> &TrainConfig {
        &self.config
    }

    /// Reports of all epochs so far.
    #[must_use]
    pub fn history(&self) -> &[EpochReport] {
        &self.history
    }

    /// Number of batches done in the epoch after those of [`Self::history`].
    #[must_use]
    pub const fn batches_done(&self) -> usize {
        self.running.batches
    }

    /// Whether the checkpoint identifies the contents of its data sets. Checkpoints of earlier versions identify only
    /// names, numbers of samples and labels, so that changed images with the same labels are not noticed.
    #[must_use]
    pub fn identifies_contents(&self) -> bool {
        self.data.has_contents()
    }

    /// Whether all epochs are done.
    #[must_use]
    pub const fn is_finished(&self) -> bool {
        self.history.len() >= self.config.epochs
    }

    /// Sets another learning rate, which is then treated as the learning rate of the whole run.
    ///
    /// Use it to rescue a run that has diverged. The result then differs from that of an uninterrupted run.
    pub const fn set_learning_rate(&mut self, learning_rate: f32) {
        self.config.learning_rate = learning_rate;
    }
}

impl<'data> Trainer<'data> {
    /// Creates a checkpoint of the run.
    #[must_use]
    pub fn checkpoint(&self) -> Checkpoint {
        Checkpoint {
            description: self.description.clone(),
            config: self.config.clone(),
            data: self.identity().clone(),
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

    /// Creates a trainer that continues at the checkpoint.
    ///
    /// `config` may have another number of epochs than the checkpoint if the schedule does not depend on it and the
    /// checkpoint is not beyond that epoch. Everything else must be equal.
    ///
    /// # Errors
    /// Fails like [`Self::new`], or if network, parameters or data differ from the checkpoint; the error names the
    /// difference.
    pub fn resume(
        checkpoint: Checkpoint,
        description: NetworkDescription,
        config: TrainConfig,
        train: &'data Dataset,
        held_out: Option<&'data Dataset>,
    ) -> Result<Self> {
        Self::unstarted(description, config, train, held_out)?.go_on(checkpoint)
    }

    /// Creates a trainer that continues fine-tuning at the checkpoint, like [`Self::resume`] for training.
    ///
    /// # Errors
    /// Fails like [`Self::resume`], or if the run of the checkpoint started from another quantized network.
    pub fn resume_fine_tuning(
        checkpoint: Checkpoint,
        start: &FineTuning,
        config: TrainConfig,
        train: &'data Dataset,
        held_out: Option<&'data Dataset>,
    ) -> Result<Self> {
        Self::fine_tune(start, config, train, held_out)?.go_on(checkpoint)
    }

    /// Restores the state of the checkpoint.
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
