//! The training loop: epochs of shuffled batches, worked by all cores.

use super::optimizer::Stepper;
use super::report::warnings;
use super::{Engine, EpochReport, Loss, Parameters, Progress, State, TrainConfig};
use crate::dataset::Dataset;
use crate::encode::InputEncoder;
use crate::evaluation::{Evaluation, Tally, evaluate_parameters};
use crate::model::FloatModel;
use crate::network::NetworkDescription;
use crate::random::{Random, mix};
use crate::{Error, Result};
use rayon::prelude::*;
use std::collections::BTreeMap;
use std::time::Instant;

/// Images whose gradients one task sums. Fixed, so that sums do not depend on the number of threads.
const PIECE: usize = 8;

/// Keep the uses of a run's seed apart.
const INITIAL_WEIGHTS: u64 = 1;
const ORDER: u64 = 2;

/// Trains a network, epoch by epoch.
#[derive(Debug)]
pub struct Trainer<'data> {
    description: NetworkDescription,
    config: TrainConfig,
    train: &'data Dataset,
    held_out: Option<&'data Dataset>,
    engine: Engine,
    weights: Parameters,
    stepper: Stepper,
    pieces: Vec<Piece<'data>>,
    epochs_done: usize,
    last: Option<(EpochReport, Option<Evaluation>)>,
    best: Option<Best>,
}

#[derive(Debug)]
struct Best {
    accuracy: f64,
    epoch: usize,
    model: FloatModel,
}

/// One task's memory: a part of a batch, its gradient and what it saw.
#[derive(Debug)]
struct Piece<'data> {
    state: State,
    encoder: InputEncoder<'data>,
    gradient: Parameters,
    tally: Tally,
}

impl<'data> Trainer<'data> {
    /// A trainer at its first epoch, with random weights.
    ///
    /// `held_out` is evaluated after every epoch. It does not touch the weights, but [`Self::best`] picks by it:
    /// whoever reports the accuracy of the best epoch on the very images it was picked by reports too much.
    ///
    /// # Errors
    /// If the network or a parameter is invalid, or a data set does not fit the network.
    pub fn new(
        description: NetworkDescription,
        config: TrainConfig,
        train: &'data Dataset,
        held_out: Option<&'data Dataset>,
    ) -> Result<Self> {
        description.validate()?;
        config.validate(&description.name)?;
        for dataset in std::iter::once(train).chain(held_out) {
            dataset.check_fits(&description)?;
        }
        let engine = Engine::new(&description);
        let zeros = Parameters::zeros(&description);
        let piece = || Piece {
            state: engine.state(),
            encoder: InputEncoder::new(&description, train),
            gradient: zeros.clone(),
            tally: Tally::new(&description),
        };
        Ok(Self {
            weights: Parameters::random(
                &description,
                &mut Random::new(mix(&[config.seed, INITIAL_WEIGHTS])),
            ),
            stepper: Stepper::new(&config, zeros.clone()),
            pieces: (0..config.batch.min(train.len()).div_ceil(PIECE))
                .map(|_| piece())
                .collect(),
            engine,
            description,
            config,
            train,
            held_out,
            epochs_done: 0,
            last: None,
            best: None,
        })
    }

    /// Trains one more epoch; `progress` is called after every batch.
    ///
    /// # Errors
    /// If the loss is no longer a finite number. The trainer is of no use after that.
    pub fn epoch(&mut self, progress: &mut dyn FnMut(Progress)) -> Result<EpochReport> {
        let start = Instant::now();
        let learning_rate = self.config.learning_rate_at(self.epochs_done);
        let epoch = self.epochs_done + 1;
        let mut order: Vec<usize> = (0..self.train.len()).collect();
        Random::new(mix(&[self.config.seed, ORDER, self.epochs_done as u64])).shuffle(&mut order);

        let mut total = Tally::new(&self.description);
        for batch in order.chunks(self.config.batch) {
            let loss = self.batch(batch, learning_rate, &mut total);
            if !loss.is_finite() {
                return Err(Error::Diverged {
                    epoch,
                    images: total.images(),
                    loss,
                    learning_rate,
                });
            }
            progress(Progress {
                epoch,
                epochs: self.config.epochs,
                images: total.images(),
                total_images: self.train.len(),
                loss: total.loss(),
                accuracy: total.accuracy(),
            });
        }
        self.epochs_done = epoch;
        let seconds = start.elapsed().as_secs_f64();

        let start = Instant::now();
        let evaluation = self
            .held_out
            .map(|dataset| evaluate_parameters(&self.description, &self.weights, dataset, self.config.seed));
        let activity = total.activity(&self.description);
        let report = EpochReport {
            epoch,
            learning_rate,
            loss: total.loss(),
            train_accuracy: total.accuracy(),
            test_accuracy: evaluation.as_ref().map(|evaluation| evaluation.accuracy),
            seconds,
            test_seconds: start.elapsed().as_secs_f64(),
            images_per_second: self.train.len() as f64 / seconds,
            warnings: warnings(&activity),
            activity,
        };
        self.last = Some((report.clone(), evaluation));
        self.keep_best(&report);
        Ok(report)
    }

    /// One step of the optimizer; returns the batch's loss.
    fn batch(&mut self, batch: &[usize], learning_rate: f32, total: &mut Tally) -> f64 {
        let Self {
            engine,
            weights,
            train,
            config,
            ..
        } = self;
        let epoch = self.epochs_done as u64;
        let augmentation = config.augmentation();
        let pieces = &mut self.pieces[..batch.len().div_ceil(PIECE)];
        pieces
            .par_iter_mut()
            .zip(batch.par_chunks(PIECE))
            .for_each(|(piece, images)| {
                let Piece {
                    state,
                    encoder,
                    gradient,
                    tally,
                } = piece;
                gradient.layers.iter_mut().for_each(|layer| layer.fill(0.0));
                tally.clear();
                for &index in images {
                    encoder.restart_training(index, &augmentation, config.seed, epoch);
                    engine.forward_encoded(weights, encoder, state);
                    engine.backward(weights, Loss::SumOfSquares, train.label(index), state, gradient);
                    tally.count(state, train.label(index));
                }
            });
        let mut loss = 0.0;
        for piece in &*pieces {
            loss += piece.tally.loss_sum();
            total.add(&piece.tally);
        }
        if loss.is_finite() {
            let gradients: Vec<&Parameters> = pieces.iter().map(|piece| &piece.gradient).collect();
            self.stepper.step(weights, &gradients, learning_rate);
        }
        loss
    }

    fn keep_best(&mut self, report: &EpochReport) {
        let accuracy = report.test_accuracy.unwrap_or(report.train_accuracy);
        if self.best.as_ref().is_none_or(|best| accuracy > best.accuracy) {
            self.best = Some(Best {
                accuracy,
                epoch: report.epoch,
                model: self.model(),
            });
        }
    }

    /// The model as it stands after the last epoch.
    #[must_use]
    pub fn model(&self) -> FloatModel {
        FloatModel {
            description: self.description.clone(),
            weights: self.weights.to_matrices(&self.description),
            provenance: self.provenance(),
        }
    }

    /// The model after the epoch with the highest accuracy on the held-out images, or, without any, on the training
    /// images; the earliest of equals. `None` before the first epoch.
    #[must_use]
    pub fn best(&self) -> Option<(usize, &FloatModel)> {
        self.best.as_ref().map(|best| (best.epoch, &best.model))
    }

    /// The last epoch's evaluation of the held-out images.
    #[must_use]
    pub fn evaluation(&self) -> Option<&Evaluation> {
        self.last.as_ref().and_then(|(_, evaluation)| evaluation.as_ref())
    }

    fn provenance(&self) -> BTreeMap<String, String> {
        let config = &self.config;
        let mut entries = vec![
            (
                "trainer",
                format!("synfire-golden-model {}", env!("CARGO_PKG_VERSION")),
            ),
            ("dataset", self.train.name().into()),
            ("train_images", self.train.len().to_string()),
            ("epochs", self.epochs_done.to_string()),
            ("optimizer", format!("{:?}", config.optimizer).to_lowercase()),
            ("learning_rate", config.learning_rate.to_string()),
            ("batch", config.batch.to_string()),
            ("seed", config.seed.to_string()),
        ];
        if let Some((report, _)) = &self.last {
            entries.push(("train_accuracy", format!("{:.4}", report.train_accuracy)));
            if let Some(accuracy) = report.test_accuracy {
                entries.push(("test_accuracy", format!("{accuracy:.4}")));
            }
        }
        entries
            .into_iter()
            .map(|(key, value)| (key.into(), value))
            .collect()
    }
}

#[cfg(test)]
mod tests;
