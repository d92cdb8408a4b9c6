//! The verb `synfire train`.

mod checkpoints;
mod dry_run;
mod evaluation_set;
mod metrics;
mod overrides;
mod progress;
mod session;

pub(crate) use checkpoints::to_resume_from;
pub(crate) use evaluation_set::EvaluationSet;
pub(crate) use progress::Display;
pub(crate) use session::{Files, Session, checkpoint_file};

use super::context::Context;
use super::data::{DataArgs, Loaded};
use super::diagnostic::Result;
use super::inference::at_least_one;
use super::interrupt::StopRequest;
use super::paths::{Name, OutputFile, OutputText, lossy};
use super::table::{memory, percent};
use super::threads::ThreadArgs;
use evaluation_set::held_out;
use overrides::Overrides;
use serde::Serialize;
use std::path::{Path, PathBuf};
use std::time::Duration;
use synfire_golden_model::dataset::Split;
use synfire_golden_model::float::FloatModel;
use synfire_golden_model::network::NetworkDescription;
use synfire_golden_model::train::{Checkpoint, EpochReport, Memory, TrainConfig, Trainer};

const EXAMPLE: &str = "Examples:
  synfire train digits -o digits.safetensors --curve digits.svg
  synfire train mnist-mlp --data-dir DATA -o mnist.safetensors --epochs 10
  synfire train lenet -o lenet.safetensors                 # Ctrl-C saves a checkpoint
  synfire train lenet -o lenet.safetensors --resume        # resumes from the checkpoint
  synfire train lenet -o other.safetensors --optimizer adam --lr 0.001 --schedule cosine
  synfire train lenet -o trial.safetensors --validation 5000 --metrics trial.jsonl
  synfire train vgg9 --data cifar10 --steps 20 --dry-run   # does every layer fire at the start?
  synfire train vgg9 --data cifar10 --steps 20 --init data -o vgg9.safetensors";

/// Arguments of `synfire train`.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLE)]
pub(crate) struct Args {
    /// Network: a preset (digits, mnist-mlp, lenet, vgg9, resnet11, …), the path of a network file (.toml), or a compact
    /// text such as 16C5p2-P2-10.
    network: Name,
    #[command(flatten)]
    data: DataArgs,
    /// Train on only IMAGES training images, with every class in proportion.
    #[arg(long, value_name = "IMAGES")]
    limit: Option<usize>,
    /// Hold out IMAGES training images, with every class in proportion, and report the accuracy on them instead of on the
    /// test images, which are not used. The same images are held out each time.
    #[arg(long, value_name = "IMAGES", value_parser = at_least_one)]
    validation: Option<usize>,
    /// File for the trained model.
    #[arg(short, long, required_unless_present = "dry_run")]
    output: Option<OutputFile>,
    /// Show the spike rate of each layer, and the share of its neurons that fire, in the first batch with the initial
    /// weights. Trains nothing and writes nothing; takes the place of --output.
    #[arg(
        long,
        conflicts_with_all = ["output", "curve", "metrics", "checkpoint", "resume", "restart"]
    )]
    dry_run: bool,
    /// Draw the training curve into this SVG file, and update it after every epoch.
    #[arg(long)]
    curve: Option<OutputText>,
    /// Write the metrics of every epoch to this file while training, one JSON object per line.
    #[arg(long)]
    metrics: Option<OutputText>,
    #[command(flatten)]
    threads: ThreadArgs,
    #[command(flatten)]
    checkpoints: CheckpointArgs,
    #[command(flatten)]
    overrides: Overrides,
}

/// Flags of checkpoints.
#[derive(Debug, clap::Args)]
#[command(next_help_heading = "Checkpoints")]
struct CheckpointArgs {
    /// File for checkpoints, written after every epoch and on Ctrl-C; default: OUTPUT.checkpoint.safetensors.
    #[arg(long, value_name = "FILE")]
    checkpoint: Option<OutputFile>,
    /// Within an epoch, write a checkpoint every MINUTES minutes.
    #[arg(long, value_name = "MINUTES", default_value_t = 5.0, value_parser = minutes)]
    checkpoint_minutes: f64,
    /// Resume from the checkpoint. The result is the same as without the interruption. All other options must be
    /// unchanged, except --epochs with a `step` schedule, and --learning-rate, which applies from then on.
    #[arg(long, conflicts_with = "restart")]
    resume: bool,
    /// Start a new run, even if there is a checkpoint of an unfinished run.
    #[arg(long)]
    restart: bool,
}

/// Parses a number of minutes.
fn minutes(text: &str) -> Result<f64, String> {
    match text.parse() {
        Ok(minutes) if (0.0..=1e6).contains(&minutes) => Ok(minutes),
        _ => Err("give a number of minutes from 0 to 1000000".into()),
    }
}

/// Result of training.
#[derive(Debug, Serialize)]
pub(crate) struct Summary {
    network: String,
    dataset: String,
    seed: u64,
    epochs: usize,
    train_accuracy: f64,
    /// Accuracy on the test images; absent with `--validation`.
    #[serde(skip_serializing_if = "Option::is_none")]
    test_accuracy: Option<f64>,
    /// Accuracy on the held-out training images; present only with `--validation`.
    #[serde(skip_serializing_if = "Option::is_none")]
    validation_accuracy: Option<f64>,
    /// Number of held-out training images; present only with `--validation`.
    #[serde(skip_serializing_if = "Option::is_none")]
    validation_images: Option<usize>,
    seconds: f64,
    images_per_second: f64,
    memory: Memory,
    model: OutputFile,
    #[serde(serialize_with = "lossy")]
    checkpoint: PathBuf,
}

impl Args {
    pub(crate) fn run(self, context: &Context) -> Result<()> {
        let Some(output) = self.output.clone() else {
            return self.show_start(context);
        };
        // Before any other thread is started, so that only the listening thread receives signals.
        let stop = StopRequest::listen(
            "stopping after this batch; press Ctrl-C again to stop immediately, without a checkpoint",
        )?;
        self.threads.apply()?;
        let config = self.data.network(&self.network)?;
        let (mut network, mut train) = (config.network.clone(), config.require_train()?.clone());
        self.overrides.apply(&mut network, &mut train);
        let files = self.files(context, &output)?;
        let checkpoint = self.checkpoint(context, &files, &mut train)?;
        // The images for validation do not depend on --limit, so that runs with different limits are comparable.
        let Loaded { split, origin } = self.data.load(context, &network)?;
        let (data, evaluation) = held_out(split, self.validation)?;
        let data = limited(data, self.limit)?;

        let resumed = checkpoint.is_some();
        let (train_set, evaluated) = (&data.train, Some(&data.test));
        let mut trainer = match checkpoint {
            None => Trainer::new(network.clone(), train.clone(), train_set, evaluated)?,
            // Fails if the checkpoint's run trained on or evaluated other images.
            Some(checkpoint) => {
                Trainer::resume(checkpoint, network.clone(), train.clone(), train_set, evaluated)?
            }
        };
        for unscaled in trainer.unscaled() {
            context.warn(&unscaled.to_string());
        }
        let display = Display::new(context, &trainer, evaluation, true);
        if resumed {
            let at = trainer.progress();
            context.say(&format!(
                "resuming in epoch {}, after {} of {} batches",
                at.epoch, at.batch, at.batches
            ));
        }
        Session::new(&trainer, &network.name, &train, &files, &stop, display, resumed)?.run(&mut trainer)?;
        let mut model = evaluation.correct(trainer.model());
        origin.record(&mut model.provenance);
        model.save(&output)?;
        let summary = self.summary(&trainer, &network, &train, &files, output);
        context.print(&summary, || summary.to_string())
    }

    /// Returns the files to write besides the model.
    fn files(&self, context: &Context, output: &OutputFile) -> Result<Files> {
        let checkpoint = self.checkpoints.checkpoint.as_deref();
        Ok(Files {
            checkpoint: checkpoint_file(context, output, checkpoint)?,
            checkpoint_every: Duration::from_secs_f64(60.0 * self.checkpoints.checkpoint_minutes),
            metrics: self.metrics.as_deref().map(Path::to_path_buf),
            curve: self.curve.as_deref().map(Path::to_path_buf),
        })
    }

    /// Loads the checkpoint from which to resume, if there is one, and applies a new learning rate to it. Sets the number
    /// of epochs in `train` to the checkpoint's, unless the flags give another one.
    fn checkpoint(
        &self,
        context: &Context,
        files: &Files,
        train: &mut TrainConfig,
    ) -> Result<Option<Checkpoint>> {
        let CheckpointArgs { resume, restart, .. } = self.checkpoints;
        let Some(mut checkpoint) = to_resume_from(context, &files.checkpoint, resume, restart)? else {
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

    /// Summarizes a run that has ended.
    fn summary(
        &self,
        trainer: &Trainer<'_>,
        network: &NetworkDescription,
        train: &TrainConfig,
        files: &Files,
        output: OutputFile,
    ) -> Summary {
        let epochs = trainer.history();
        let last = epochs.last();
        let accuracy = last.and_then(|epoch| epoch.test_accuracy).unwrap_or(0.0);
        let seconds = epochs.iter().map(|epoch| epoch.seconds + epoch.test_seconds);
        let mut rates: Vec<f64> = epochs.iter().map(|epoch| epoch.images_per_second).collect();
        rates.sort_by(f64::total_cmp);
        Summary {
            network: network.name.clone(),
            dataset: trainer.dataset().name().to_owned(),
            seed: train.seed,
            epochs: epochs.len(),
            train_accuracy: last.map_or(0.0, |epoch| epoch.train_accuracy),
            test_accuracy: self.validation.is_none().then_some(accuracy),
            validation_accuracy: self.validation.map(|_| accuracy),
            validation_images: self.validation,
            seconds: seconds.sum(),
            images_per_second: rates.get(rates.len() / 2).copied().unwrap_or(0.0),
            memory: trainer.memory(),
            model: output,
            checkpoint: files.checkpoint.clone(),
        }
    }
}

/// Seed that chooses the images of a limited training set.
const SUBSET_SEED: u64 = 1;

/// Reduces the training set to `limit` images, with every class in proportion. Without a limit, keeps all.
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
        let train = percent(self.train_accuracy);
        let accuracy = match (self.validation_accuracy, self.validation_images) {
            (Some(accuracy), Some(images)) => format!(
                "validation accuracy {} on {images} held-out training images",
                percent(accuracy)
            ),
            _ => format!("test accuracy {}", percent(self.test_accuracy.unwrap_or(0.0))),
        };
        writeln!(
            f,
            "{network} on {dataset}: {accuracy} (training {train}), {epochs} epochs in {seconds:.1} s, \
             {images_per_second:.0} images/s, seed {seed}"
        )?;
        let Memory { image, images, .. } = self.memory;
        writeln!(
            f,
            "memory: {} per image, {} if every neuron fired in every step; {images} images at the same time, {} in total",
            memory(image.used as u64),
            memory(image.most as u64),
            memory(self.memory.used() as u64)
        )?;
        write!(f, "model: {}", self.model.display())
    }
}

/// A trained network and the reports of its epochs.
#[derive(Debug)]
pub(crate) struct Trained {
    pub(crate) model: FloatModel,
    pub(crate) epochs: Vec<EpochReport>,
}

/// Trains a network without writing files. Shows progress, and warns about layers that are silent, mostly idle or saturated.
///
/// The model is that of the last epoch, so that the test set does not influence the choice.
pub(crate) fn train_network(
    network: &NetworkDescription,
    train: &TrainConfig,
    data: &Split,
    context: &Context,
) -> Result<Trained> {
    let mut trainer = Trainer::new(network.clone(), train.clone(), &data.train, Some(&data.test))?;
    let mut display = Display::new(context, &trainer, EvaluationSet::Test, false);
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
