//! The training loop: epochs of shuffled batches, processed by all cores.

mod integers;
mod start;

use super::few_steps::{FewStepsRun, Position};
use super::fired::Fired;
use super::identity::Data;
use super::optimizer::Stepper;
use super::piece::{self, Piece};
use super::report::warnings;
use super::{EpochReport, Init, Progress, Rule, TrainConfig, Unscaled};
use crate::dataset::Dataset;
use crate::evaluation::Tally;
use crate::evaluation::float::{Evaluation, evaluate_parameters};
use crate::float::{Engine, FloatModel, Loss, Parameters, check_rule};
use crate::network::NetworkDescription;
use crate::random::{Random, mix};
use crate::train::TrainError;
use crate::{Error, Result};
use rayon::prelude::*;
use std::collections::BTreeMap;
use std::ops::ControlFlow;
use std::sync::{Mutex, OnceLock};
use std::time::Instant;

pub(super) use integers::Integers;
pub use start::FirstBatch;

/// Tags that separate uses of a run's seed from each other, and from 1, which initial weights use.
const ORDER: u64 = 2;
const DROPOUT: u64 = 4;

/// Trainer of a network, epoch by epoch or in parts of an epoch.
#[derive(Debug)]
pub struct Trainer<'data> {
    pub(super) description: NetworkDescription,
    pub(super) config: TrainConfig,
    pub(super) train: &'data Dataset,
    pub(super) held_out: Option<&'data Dataset>,
    /// Identity of the data sets, computed when it is first needed.
    identity: OnceLock<Data>,
    engine: Engine,
    /// Weights of the network; in fine-tuning, the masters.
    pub(super) weights: Parameters,
    /// Integer weights that fine-tuning runs with instead of the masters; `None` in training.
    pub(super) integers: Option<Integers>,
    pub(super) stepper: Stepper,
    /// Pieces of a batch; none under the second rule.
    pub(super) pieces: Vec<Piece<'data>>,
    /// State under the second rule.
    pub(super) few_steps: Option<FewStepsRun<'data>>,
    pub(super) running: Running,
    pub(super) history: Vec<EpochReport>,
    evaluation: Option<Evaluation>,
    /// Channels that [`Init::Data`] could not scale.
    unscaled: Vec<Unscaled>,
    pub(super) best: Option<Best>,
}

/// Callback that receives the progress of an epoch and may stop it.
pub type Observer<'a> = dyn FnMut(Progress) -> ControlFlow<()> + Send + 'a;

/// Current, unfinished epoch.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Running {
    /// Number of batches done.
    pub(super) batches: usize,
    /// Sums of loss, answers and spikes over these batches.
    pub(super) tally: Tally,
    /// Neurons that fired in these batches.
    pub(super) fired: Fired,
    /// Duration of these batches in seconds.
    pub(super) seconds: f64,
}

impl Running {
    fn new(description: &NetworkDescription) -> Self {
        Self {
            batches: 0,
            tally: Tally::new(description),
            fired: Fired::new(description),
            seconds: 0.0,
        }
    }
}

/// Weights of the best epoch so far.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Best {
    pub(super) epoch: usize,
    pub(super) accuracy: f64,
    pub(super) weights: Parameters,
}

impl<'data> Trainer<'data> {
    /// Creates a trainer at its first epoch, with the initial weights that the parameters choose ([`Init`]).
    ///
    /// `held_out` is evaluated after every epoch. It does not influence the weights, but [`Self::best`] selects the
    /// epoch by it. The accuracy of the best epoch on the images that selected it is therefore too optimistic.
    ///
    /// # Errors
    /// If the network or a parameter is invalid, the training rule of the paper has no gradient for the network, or a data
    /// set does not fit the network.
    pub fn new(
        description: NetworkDescription,
        config: TrainConfig,
        train: &'data Dataset,
        held_out: Option<&'data Dataset>,
    ) -> Result<Self> {
        let mut trainer = Self::unstarted(description, config, train, held_out)?;
        trainer.initialize();
        Ok(trainer)
    }

    /// Creates a trainer like [`Self::new`], with random weights, which are to be replaced.
    pub(super) fn unstarted(
        description: NetworkDescription,
        config: TrainConfig,
        train: &'data Dataset,
        held_out: Option<&'data Dataset>,
    ) -> Result<Self> {
        description.validate()?;
        if config.rule == Rule::Paper {
            check_rule(&description, false)?;
        }
        config.validate(&description.name)?;
        for dataset in std::iter::once(train).chain(held_out) {
            dataset.check_fits(&description)?;
        }
        let engine = Engine::new(&description);
        let few_steps = match config.rule {
            Rule::Paper => None,
            Rule::FewSteps => Some(FewStepsRun::new(&description, &config, train)?),
        };
        let pieces = match &few_steps {
            Some(_) => 0,
            None => config
                .batch
                .min(train.len())
                .div_ceil(piece::images(config.batch)),
        };
        let (weights, stepper) = match &few_steps {
            None => (
                Parameters::initial(&description, config.seed),
                Stepper::new(&config, Parameters::zeros(&description)),
            ),
            Some(run) => (
                run.network.initial(&description, config.seed),
                Stepper::new(&config, run.network.zeros(&description)).with_roles(run.network.roles()),
            ),
        };
        Ok(Self {
            weights,
            stepper,
            few_steps,
            pieces: (0..pieces)
                .map(|_| Piece::new(&engine, &description, train))
                .collect(),
            engine,
            integers: None,
            running: Running::new(&description),
            description,
            config,
            train,
            held_out,
            identity: OnceLock::new(),
            history: Vec::new(),
            evaluation: None,
            unscaled: Vec::new(),
            best: None,
        })
    }

    /// Replaces the weights by those of a model with the same layers. Under [`Rule::FewSteps`], the normalization then does
    /// to the first batch what the biases of the model do.
    ///
    /// # Errors
    /// If the weights do not fit the layers of this network, or, under the paper's rule, the model has biases.
    pub fn set_weights(&mut self, model: &FloatModel) -> Result<()> {
        if self.config.rule == Rule::Paper {
            check_rule(&self.description, model.has_biases())?;
        }
        let weights = Parameters::of_model(&FloatModel {
            description: self.description.clone(),
            weights: model.weights.clone(),
            provenance: BTreeMap::new(),
            biases: Vec::new(),
        })?;
        for (to, from) in self.weights.layers.iter_mut().zip(weights.layers) {
            *to = from;
        }
        let mut images = self.order(0);
        images.truncate(self.config.batch);
        if let Some(run) = &mut self.few_steps {
            let (description, config) = (&self.description, &self.config);
            let (weights, biases) = (&mut self.weights, &model.biases);
            run.adopt(description, config, self.train, weights, biases, &images);
        }
        Ok(())
    }

    /// Trains to the end of the epoch. `progress` is called after every batch, and regularly during the evaluation.
    ///
    /// # Errors
    /// If training diverges: the loss is beyond [`Loss`](crate::float::Loss)'s limit or not a number, or a weight is not
    /// finite. The trainer cannot be used any further.
    pub fn epoch(&mut self, progress: &mut (dyn FnMut(Progress) + Send)) -> Result<EpochReport> {
        let mut go_on = |at| {
            progress(at);
            ControlFlow::Continue(())
        };
        loop {
            if let Some(report) = self.advance(&mut go_on)? {
                return Ok(report);
            }
        }
    }

    /// Trains to the end of the epoch, or until `progress` breaks. `progress` is called after every batch, and
    /// regularly during the evaluation. After a break the result is `None`; the next call continues with the next
    /// batch, or restarts the evaluation, without any effect on the result.
    ///
    /// # Errors
    /// Fails like [`Self::epoch`].
    pub fn advance(&mut self, progress: &mut Observer<'_>) -> Result<Option<EpochReport>> {
        let (start, seconds_before) = (Instant::now(), self.running.seconds);
        let epoch = self.epochs_done();
        let order = self.order(epoch);
        let batches = order.chunks(self.config.batch).enumerate();
        for (batch, images) in batches.skip(self.running.batches) {
            let learning_rate = self.config.learning_rate_at(epoch, batch, self.batches());
            self.batch(images, learning_rate)?;
            self.running.batches = batch + 1;
            self.running.seconds = seconds_before + start.elapsed().as_secs_f64();
            if progress(self.progress()).is_break() {
                return Ok(None);
            }
        }
        let start = Instant::now();
        let mut evaluation = None;
        if let Some(dataset) = self.held_out {
            evaluation = self.evaluate(dataset, progress);
            match &evaluation {
                None => return Ok(None),
                // The last step of the epoch may have been the one that diverged.
                Some(evaluation) => {
                    self.check_loss(
                        Loss::SumOfSquares,
                        evaluation.loss,
                        self.batches(),
                        self.last_rate(),
                    )?;
                }
            }
        }
        Ok(Some(self.finish_epoch(evaluation, start.elapsed().as_secs_f64())))
    }

    /// Order of the training samples in an epoch, counted from 0.
    fn order(&self, epoch: usize) -> Vec<usize> {
        let mut order: Vec<usize> = (0..self.train.len()).collect();
        Random::new(mix(&[self.config.seed, ORDER, epoch as u64])).shuffle(&mut order);
        order
    }

    /// Progress of the current epoch.
    #[must_use]
    pub fn progress(&self) -> Progress {
        let Running { batches, tally, .. } = &self.running;
        Progress {
            epoch: self.epochs_done() + 1,
            epochs: self.config.epochs,
            batch: *batches,
            batches: self.batches(),
            images: tally.images(),
            total_images: self.train.len(),
            evaluated: 0,
            to_evaluate: self.held_out.map_or(0, Dataset::len),
            loss: tally.loss(),
            accuracy: tally.accuracy(),
        }
    }

    /// Identity of the data sets.
    pub(super) fn identity(&self) -> &Data {
        self.identity.get_or_init(|| Data::of(self.train, self.held_out))
    }

    /// Learning rate of the last batch of the current epoch.
    fn last_rate(&self) -> f32 {
        let (epoch, batches) = (self.epochs_done(), self.batches());
        self.config.learning_rate_at(epoch, batches - 1, batches)
    }

    /// Refuses a mean loss per image that no training recovers from.
    fn check_loss(&self, kind: Loss, loss: f64, batch: usize, learning_rate: f32) -> Result<()> {
        if loss <= kind.limit() {
            return Ok(());
        }
        Err(Error::Train(TrainError::Diverged {
            epoch: self.epochs_done() + 1,
            batch,
            loss,
            learning_rate,
        }))
    }

    /// The training set.
    #[must_use]
    pub const fn dataset(&self) -> &Dataset {
        self.train
    }

    /// Number of whole epochs trained.
    #[must_use]
    pub const fn epochs_done(&self) -> usize {
        self.history.len()
    }

    /// Reports of all epochs, from the first.
    #[must_use]
    pub fn history(&self) -> &[EpochReport] {
        &self.history
    }

    /// Number of batches of an epoch.
    fn batches(&self) -> usize {
        self.train.len().div_ceil(self.config.batch)
    }

    /// Evaluates the current weights; `None` if `progress` breaks.
    fn evaluate(&self, dataset: &Dataset, progress: &mut Observer<'_>) -> Option<Evaluation> {
        let at = self.progress();
        let progress = Mutex::new(progress);
        let after_image = |evaluated| match progress.try_lock() {
            Ok(mut progress) => progress(Progress { evaluated, ..at }),
            // Another thread is reporting progress; the next image will report again.
            Err(_) => ControlFlow::Continue(()),
        };
        let (description, seed) = (&self.description, self.config.seed);
        let folded = self.few_steps.as_ref().map(|run| match &self.integers {
            None => {
                let model = run.model(description, &self.weights, BTreeMap::new());
                Parameters::of_matrices(description, &model.weights).with_biases(&model.biases)
            }
            Some(integers) => run.integers(integers.weights()),
        });
        let weights = match &folded {
            Some(folded) => folded,
            None => Integers::or_masters(self.integers.as_ref(), &self.weights),
        };
        evaluate_parameters(description, &self.engine, weights, dataset, seed, &after_image)
    }

    /// Converts the sums of the epoch to a report.
    fn finish_epoch(&mut self, evaluation: Option<Evaluation>, test_seconds: f64) -> EpochReport {
        let Running {
            tally,
            fired,
            seconds,
            ..
        } = std::mem::replace(&mut self.running, Running::new(&self.description));
        self.evaluation = evaluation;
        let mut activity = tally.activity(&self.description);
        // Skips the input, which may well have idle pixels, such as the margins of images.
        for (layer, idle) in activity.iter_mut().skip(1).zip(fired.idle()) {
            layer.idle = Some(idle);
        }
        let evaluated = self
            .evaluation
            .as_ref()
            .map(|evaluation| &evaluation.activity[..]);
        let report = EpochReport {
            epoch: self.epochs_done() + 1,
            learning_rate: self.last_rate(),
            loss: tally.loss(),
            train_accuracy: tally.accuracy(),
            test_accuracy: self.evaluation.as_ref().map(|evaluation| evaluation.accuracy),
            seconds,
            test_seconds,
            images_per_second: self.train.len() as f64 / seconds.max(f64::MIN_POSITIVE),
            warnings: warnings(&activity, evaluated, &self.circumstances()),
            activity,
        };
        self.history.push(report.clone());
        self.keep_best(&report);
        report
    }

    /// Trains one batch: gradients, then a step of the optimizer.
    fn batch(&mut self, images: &[usize], learning_rate: f32) -> Result<()> {
        let (epoch, batch) = (self.epochs_done() + 1, self.running.batches + 1);
        let used = self.sum_gradients(images);
        let pieces = &self.pieces[..used.min(self.pieces.len())];
        let run = self.few_steps.as_ref();
        let tallies = || {
            pieces
                .iter()
                .map(|piece| &piece.tally)
                .chain(run.map(|run| &run.tally))
        };
        let loss = tallies().map(Tally::loss_sum).sum::<f64>();
        self.check_loss(self.config.loss, loss / images.len() as f64, batch, learning_rate)?;
        let gradients: Vec<&Parameters> = match run {
            None => pieces.iter().map(|piece| &piece.gradient).collect(),
            Some(run) => run.batch.gradients[..used].iter().collect(),
        };
        if !self.stepper.step(&mut self.weights, &gradients, learning_rate) {
            return Err(Error::Train(TrainError::DivergedWeights {
                epoch,
                batch,
                learning_rate,
            }));
        }
        if let Some(integers) = &mut self.integers {
            integers.follow(&mut self.weights);
        }
        for piece in pieces {
            self.running.tally.add(&piece.tally);
            self.running.fired.add(&piece.fired);
        }
        if let Some(run) = run {
            self.running.tally.add(&run.tally);
            self.running.fired.add(&run.fired);
        }
        Ok(())
    }

    /// Runs a batch forward and backward, piece by piece; returns the number of pieces.
    fn sum_gradients(&mut self, batch: &[usize]) -> usize {
        let at = Position {
            epoch: self.epochs_done(),
            batch: self.running.batches,
            batches: self.batches(),
        };
        if let Some(run) = &mut self.few_steps {
            let (parameters, grid) = match &mut self.integers {
                None => (&mut self.weights, None),
                Some(integers) => {
                    let (parameters, grid) = integers.parts();
                    (parameters, Some(grid))
                }
            };
            let (description, config) = (&self.description, &self.config);
            let used = run.sum_gradients(description, config, self.train, parameters, batch, at);
            if let Some(grid) = grid {
                run.batch.gradients[..used]
                    .par_iter_mut()
                    .for_each(|gradient| grid.to_masters(gradient));
            }
            return used;
        }
        let epoch = at.epoch as u64;
        let augmentation = self.config.augmentation();
        let images_per_piece = piece::images(self.config.batch);
        let used = batch.len().div_ceil(images_per_piece);
        let Self {
            engine,
            integers,
            train,
            config,
            ..
        } = self;
        let integers = integers.as_ref();
        let weights = Integers::or_masters(integers, &self.weights);
        self.pieces[..used]
            .par_iter_mut()
            .zip(batch.par_chunks(images_per_piece))
            .for_each(|(piece, images)| {
                piece.clear();
                let Piece {
                    state,
                    encoder,
                    gradient,
                    tally,
                    fired,
                } = piece;
                for &index in images {
                    encoder.restart_training(index, &augmentation, config.seed, epoch);
                    engine.draw_masks(mix(&[config.seed, DROPOUT, epoch, index as u64]), state);
                    engine.forward(weights, state, |raster| encoder.step(raster));
                    engine.backward(weights, config.loss, train.label(index), state, gradient);
                    tally.count(state, config.loss, train.label(index));
                    fired.note(state);
                }
                if let Some(integers) = integers {
                    integers.grid.to_masters(gradient);
                }
            });
        used
    }

    fn keep_best(&mut self, report: &EpochReport) {
        let accuracy = report.test_accuracy.unwrap_or(report.train_accuracy);
        if self.best.as_ref().is_none_or(|best| accuracy > best.accuracy) {
            self.best = Some(Best {
                accuracy,
                epoch: report.epoch,
                weights: self.weights.clone(),
            });
        }
    }

    /// Current model; in fine-tuning, with the masters as weights.
    #[must_use]
    pub fn model(&self) -> FloatModel {
        self.model_of(&self.weights, self.epochs_done())
    }

    /// Best model and its epoch: the one with the highest accuracy on the held-out images or, without them, on the
    /// training images; the earliest on a tie. `None` before the end of the first epoch.
    #[must_use]
    pub fn best(&self) -> Option<(usize, FloatModel)> {
        self.best
            .as_ref()
            .map(|best| (best.epoch, self.model_of(&best.weights, best.epoch)))
    }

    /// Evaluation of the held-out images after the last epoch; `None` in a resumed run before the end of its first
    /// epoch.
    #[must_use]
    pub const fn evaluation(&self) -> Option<&Evaluation> {
        self.evaluation.as_ref()
    }

    fn model_of(&self, weights: &Parameters, epochs: usize) -> FloatModel {
        if let Some(run) = &self.few_steps {
            return run.model(&self.description, weights, self.provenance(epochs));
        }
        FloatModel {
            description: self.description.clone(),
            weights: weights.to_matrices(&self.description),
            provenance: self.provenance(epochs),
            biases: Vec::new(),
        }
    }

    /// Provenance of a model after this number of epochs.
    fn provenance(&self, epochs: usize) -> BTreeMap<String, String> {
        let config = &self.config;
        let mut entries = vec![
            (
                "trainer",
                format!("synfire-golden-model {}", env!("CARGO_PKG_VERSION")),
            ),
            ("dataset", self.train.name().into()),
            ("train_images", self.train.len().to_string()),
            ("epochs", epochs.to_string()),
            ("optimizer", config.optimizer.name().into()),
            ("learning_rate", config.learning_rate.to_string()),
            ("loss", config.loss.name().into()),
            ("schedule", config.schedule.name().into()),
            ("weight_decay", config.weight_decay.to_string()),
            ("batch", config.batch.to_string()),
            ("seed", config.seed.to_string()),
            ("parameters", serde_json::to_string(config).unwrap_or_default()),
        ];
        if config.init != Init::Random {
            entries.push(("init", config.init.name().into()));
        }
        if let Some(report) = epochs.checked_sub(1).and_then(|last| self.history.get(last)) {
            entries.push(("train_accuracy", format!("{:.4}", report.train_accuracy)));
            if let Some(accuracy) = report.test_accuracy {
                entries.push(("test_accuracy", format!("{accuracy:.4}")));
            }
        }
        match &self.integers {
            None => entries
                .into_iter()
                .map(|(key, value)| (key.into(), value))
                .collect(),
            Some(integers) => integers.provenance(entries),
        }
    }
}

#[cfg(test)]
mod tests;
