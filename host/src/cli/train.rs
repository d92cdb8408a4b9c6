//! `synfire train`.

mod checkpoints;
mod metrics;
mod overrides;
mod progress;
mod session;

pub(crate) use checkpoints::to_go_on_from;
pub(crate) use progress::Display;
pub(crate) use session::{Files, Session, checkpoint_beside};

use super::context::Context;
use super::data::DataArgs;
use super::diagnostic::Result;
use super::interrupt::StopRequest;
use super::table::{memory, percent};
use super::threads::ThreadArgs;
use overrides::Overrides;
use serde::Serialize;
use std::path::PathBuf;
use std::time::Duration;
use synfire_golden_model::dataset::Split;
use synfire_golden_model::model::FloatModel;
use synfire_golden_model::network::NetworkDescription;
use synfire_golden_model::train::{Checkpoint, EpochReport, Memory, TrainConfig, Trainer};

const EXAMPLE: &str = "Examples:
  synfire train digits -o digits.safetensors --curve digits.svg
  synfire train mnist-mlp --data-dir DATA -o mnist.safetensors --epochs 10
  synfire train lenet -o lenet.safetensors --metrics lenet.jsonl    # Ctrl-C saves, and then:
  synfire train lenet -o lenet.safetensors --metrics lenet.jsonl --resume
  synfire train lenet -o other.safetensors --optimizer adam --lr 0.001 --schedule cosine";

/// Arguments of `synfire train`.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLE)]
pub(crate) struct Args {
    /// Network: a preset (digits, mnist-mlp, lenet, vgg9, resnet11, …), the path of a network file (.toml), or a compact text
    /// such as 16C5p2-P2-10.
    network: String,
    #[command(flatten)]
    data: DataArgs,
    /// Train with that many of the training images, every class in proportion.
    #[arg(long, value_name = "IMAGES")]
    limit: Option<usize>,
    /// Where the trained model goes.
    #[arg(short, long)]
    output: PathBuf,
    /// Draw the training curve into this SVG file, anew after every epoch.
    #[arg(long)]
    curve: Option<PathBuf>,
    /// Write every epoch's figures into this file, one JSON object a line, while training.
    #[arg(long)]
    metrics: Option<PathBuf>,
    #[command(flatten)]
    threads: ThreadArgs,
    #[command(flatten)]
    checkpoints: CheckpointArgs,
    #[command(flatten)]
    overrides: Overrides,
}

/// Where a run can be held.
#[derive(Debug, clap::Args)]
#[command(next_help_heading = "Checkpoints")]
struct CheckpointArgs {
    /// Where checkpoints go; by default beside the model, as OUTPUT.checkpoint.safetensors.
    #[arg(long, value_name = "FILE")]
    checkpoint: Option<PathBuf>,
    /// Write one after every epoch, on Ctrl-C, and when so much time has passed since the last.
    #[arg(long, value_name = "MINUTES", default_value_t = 5.0, value_parser = minutes)]
    checkpoint_minutes: f64,
    /// Go on from the checkpoint, to the same weights as if the run had never been held. All else must be as it was, but
    /// for --epochs under a `step` schedule; a --learning-rate given here is taken from now on.
    #[arg(long, conflicts_with = "restart")]
    resume: bool,
    /// Start anew, even if there is a checkpoint of a run that has not ended.
    #[arg(long)]
    restart: bool,
}

fn minutes(text: &str) -> Result<f64, String> {
    match text.parse() {
        Ok(minutes) if (0.0..=1e6).contains(&minutes) => Ok(minutes),
        _ => Err("give a number of minutes from 0 to 1000000".into()),
    }
}

/// What training came to.
#[derive(Debug, Serialize)]
pub(crate) struct Summary {
    network: String,
    dataset: String,
    seed: u64,
    epochs: usize,
    train_accuracy: f64,
    test_accuracy: f64,
    seconds: f64,
    images_per_second: f64,
    memory: Memory,
    model: PathBuf,
    checkpoint: PathBuf,
}

impl Args {
    pub(crate) fn run(self, context: &Context) -> Result<()> {
        // Before any thread is started, so that all of them leave signals to the one that listens.
        let stop = StopRequest::listen(
            "stopping after this batch; Ctrl-C again stops at once, without a checkpoint",
        )?;
        self.threads.apply()?;
        let config = self.data.network(&self.network)?;
        let (mut network, mut train) = (config.network.clone(), config.require_train()?.clone());
        self.overrides.apply(&mut network, &mut train);
        let files = self.files()?;
        let checkpoint = self.checkpoint(&files, &mut train)?;
        let data = limited(self.data.load(&network)?, self.limit)?;

        let resumed = checkpoint.is_some();
        let (train_set, test_set) = (&data.train, Some(&data.test));
        let mut trainer = match checkpoint {
            None => Trainer::new(network.clone(), train.clone(), train_set, test_set)?,
            Some(checkpoint) => {
                Trainer::resume(checkpoint, network.clone(), train.clone(), train_set, test_set)?
            }
        };
        let display = Display::new(context, &trainer, true);
        if resumed {
            let at = trainer.progress();
            context.say(&format!(
                "going on in epoch {}, after {} of {} batches",
                at.epoch, at.batch, at.batches
            ));
        }
        Session::new(&trainer, &network.name, &train, &files, &stop, display, resumed)?.run(&mut trainer)?;
        trainer.model().save(&self.output)?;
        let summary = self.summary(&trainer, &network, &train, &files);
        context.print(&summary, || summary.to_string())
    }

    /// What is written beside the model. A name that cannot be written is better known before the work than after it.
    fn files(&self) -> Result<Files> {
        let checkpoint = self.checkpoints.checkpoint.clone();
        let files = Files {
            checkpoint: checkpoint.unwrap_or_else(|| checkpoint_beside(&self.output)),
            checkpoint_every: Duration::from_secs_f64(60.0 * self.checkpoints.checkpoint_minutes),
            metrics: self.metrics.clone(),
            curve: self.curve.clone(),
        };
        files.check_writable(&self.output)?;
        Ok(files)
    }

    /// The checkpoint to go on from, if that is wanted, with what may be changed about it; `train` then has its number
    /// of epochs, unless another is given.
    fn checkpoint(&self, files: &Files, train: &mut TrainConfig) -> Result<Option<Checkpoint>> {
        let CheckpointArgs { resume, restart, .. } = self.checkpoints;
        let Some(mut checkpoint) = to_go_on_from(&files.checkpoint, resume, restart)? else {
            return Ok(None);
        };
        if self.overrides.epochs.is_none() {
            train.epochs = checkpoint.config().epochs;
        }
        if let Some(learning_rate) = self.overrides.learning_rate {
            checkpoint.set_learning_rate(learning_rate);
        }
        Ok(Some(checkpoint))
    }

    fn summary(
        &self,
        trainer: &Trainer<'_>,
        network: &NetworkDescription,
        train: &TrainConfig,
        files: &Files,
    ) -> Summary {
        let epochs = trainer.history();
        let last = epochs.last();
        let seconds = epochs.iter().map(|epoch| epoch.seconds + epoch.test_seconds);
        let mut rates: Vec<f64> = epochs.iter().map(|epoch| epoch.images_per_second).collect();
        rates.sort_by(f64::total_cmp);
        Summary {
            network: network.name.clone(),
            dataset: trainer.dataset().name().to_owned(),
            seed: train.seed,
            epochs: epochs.len(),
            train_accuracy: last.map_or(0.0, |epoch| epoch.train_accuracy),
            test_accuracy: last.and_then(|epoch| epoch.test_accuracy).unwrap_or(0.0),
            seconds: seconds.sum(),
            images_per_second: rates.get(rates.len() / 2).copied().unwrap_or(0.0),
            memory: trainer.memory(),
            model: self.output.clone(),
            checkpoint: files.checkpoint.clone(),
        }
    }
}

/// Which images a limited training set has.
const SUBSET_SEED: u64 = 1;

/// Data with that many training images, every class in proportion, or all.
pub(crate) fn limited(mut data: Split, limit: Option<usize>) -> Result<Split> {
    if let Some(images) = limit.filter(|&images| images != data.train.len()) {
        data.train = data.train.split(images, SUBSET_SEED)?.test;
    }
    Ok(data)
}

impl std::fmt::Display for Summary {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self {
            network,
            dataset,
            seed,
            epochs,
            seconds,
            images_per_second,
            ..
        } = self;
        let (test, train) = (percent(self.test_accuracy), percent(self.train_accuracy));
        writeln!(
            f,
            "{network} on {dataset}: test accuracy {test} (training {train}), {epochs} epochs in {seconds:.1} s, \
             {images_per_second:.0} images/s, seed {seed}"
        )?;
        let Memory { image, images, .. } = self.memory;
        writeln!(
            f,
            "memory: {} per image, at most {} if every neuron fired in every step; {images} at once, {} in all",
            memory(image.used as u64),
            memory(image.most as u64),
            memory(self.memory.used() as u64)
        )?;
        write!(f, "model: {}", self.model.display())
    }
}

/// A trained network and its history.
#[derive(Debug)]
pub(crate) struct Trained {
    pub(crate) model: FloatModel,
    pub(crate) epochs: Vec<EpochReport>,
}

/// Trains a network without leaving anything behind, showing progress and warning of layers that do not do their work.
///
/// The model is that of the last epoch, so that the test set has no say in the choice.
pub(crate) fn train_network(
    network: &NetworkDescription,
    train: &TrainConfig,
    data: &Split,
    context: &Context,
) -> Result<Trained> {
    let mut trainer = Trainer::new(network.clone(), train.clone(), &data.train, Some(&data.test))?;
    let mut display = Display::new(context, &trainer, false);
    while trainer.epochs_done() < train.epochs {
        let report = trainer.epoch(&mut |progress| display.advance(progress))?;
        display.epoch(&report, trainer.progress());
    }
    display.finish();
    Ok(Trained {
        model: trainer.model(),
        epochs: trainer.history().to_vec(),
    })
}
