//! `synfire train`.

use super::context::Context;
use super::data::DataArgs;
use super::diagnostic::{Result, io};
use super::figures::curve;
use super::table::percent;
use serde::Serialize;
use std::path::{Path, PathBuf};
use synfire_golden_model::Config;
use synfire_golden_model::dataset::Split;
use synfire_golden_model::model::FloatModel;
use synfire_golden_model::network::NetworkDescription;
use synfire_golden_model::train::{EpochReport, TrainConfig, Trainer};

const EXAMPLE: &str = "Examples:
  synfire train digits -o digits.safetensors --curve digits.svg
  synfire train mnist-mlp --data-dir DATA -o mnist.safetensors --epochs 10";

/// Arguments of `synfire train`.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLE)]
pub(crate) struct Args {
    /// Network: a preset (digits, mnist-mlp) or the path of a network file (.toml).
    network: String,
    #[command(flatten)]
    data: DataArgs,
    /// Where the trained model goes.
    #[arg(short, long)]
    output: PathBuf,
    /// Passes over the training set.
    #[arg(long)]
    epochs: Option<usize>,
    /// Images per step of the optimizer.
    #[arg(long)]
    batch: Option<usize>,
    /// Learning rate of the first epoch.
    #[arg(long)]
    learning_rate: Option<f32>,
    /// Time steps of an inference.
    #[arg(long)]
    steps: Option<usize>,
    /// Seed of the weights, the order of images and the spikes.
    #[arg(long)]
    seed: Option<u64>,
    /// Draw the training curve into this SVG file.
    #[arg(long)]
    curve: Option<PathBuf>,
    /// Write every epoch's figures into this file, one JSON object a line.
    #[arg(long)]
    metrics: Option<PathBuf>,
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
    model: PathBuf,
}

impl Args {
    pub(crate) fn run(self, context: &Context) -> Result<()> {
        let mut config = Config::named(&self.network)?;
        let mut train = config.require_train()?.clone();
        if let Some(epochs) = self.epochs {
            train.epochs = epochs;
        }
        if let Some(batch) = self.batch {
            train.batch = batch;
        }
        if let Some(learning_rate) = self.learning_rate {
            train.learning_rate = learning_rate;
        }
        if let Some(seed) = self.seed {
            train.seed = seed;
        }
        if let Some(steps) = self.steps {
            config.network.steps = steps;
        }
        // A name that cannot be written is better known before the work than after it.
        for file in std::iter::once(&self.output)
            .chain(&self.curve)
            .chain(&self.metrics)
        {
            check_writable(file)?;
        }
        let data = self.data.load(&config.network)?;
        let trained = train_network(&config.network, &train, &data, context)?;
        trained.model.save(&self.output)?;
        if let Some(path) = &self.curve {
            curve::draw(path, &config.network.name, &trained.epochs)?;
        }
        if let Some(path) = &self.metrics {
            write_metrics(path, &trained.epochs)?;
        }
        let summary = trained.summary(&config.network, &train, &data, &self.output);
        context.print(&summary, || {
            format!(
                "{} on {}: test accuracy {} (training {}), {} epochs in {:.1} s, {:.0} images/s, seed {}\nmodel: {}",
                summary.network,
                summary.dataset,
                percent(summary.test_accuracy),
                percent(summary.train_accuracy),
                summary.epochs,
                summary.seconds,
                summary.images_per_second,
                summary.seed,
                summary.model.display()
            )
        })
    }
}

/// A trained network and its history.
#[derive(Debug)]
pub(crate) struct Trained {
    pub(crate) model: FloatModel,
    pub(crate) epochs: Vec<EpochReport>,
}

impl Trained {
    fn summary(
        &self,
        network: &NetworkDescription,
        train: &TrainConfig,
        data: &Split,
        model: &Path,
    ) -> Summary {
        let last = self.epochs.last();
        let seconds = self
            .epochs
            .iter()
            .map(|epoch| epoch.seconds + epoch.test_seconds)
            .sum();
        let mut rates: Vec<f64> = self.epochs.iter().map(|epoch| epoch.images_per_second).collect();
        rates.sort_by(f64::total_cmp);
        Summary {
            network: network.name.clone(),
            dataset: data.train.name().to_owned(),
            seed: train.seed,
            epochs: self.epochs.len(),
            train_accuracy: last.map_or(0.0, |epoch| epoch.train_accuracy),
            test_accuracy: last.and_then(|epoch| epoch.test_accuracy).unwrap_or(0.0),
            seconds,
            images_per_second: rates.get(rates.len() / 2).copied().unwrap_or(0.0),
            model: model.into(),
        }
    }
}

/// Trains a network, showing progress and warning of silent or saturated layers.
///
/// The model is that of the last epoch, so that the test set has no say in the choice.
pub(crate) fn train_network(
    network: &NetworkDescription,
    train: &TrainConfig,
    data: &Split,
    context: &Context,
) -> Result<Trained> {
    let mut trainer = Trainer::new(network.clone(), train.clone(), &data.train, Some(&data.test))?;
    let bar = context.bar((train.epochs * data.train.len()) as u64, "training");
    let mut epochs = Vec::with_capacity(train.epochs);
    let mut warned = Vec::new();
    for _ in 0..train.epochs {
        let report = trainer.epoch(&mut |progress| {
            bar.set_position(((progress.epoch - 1) * progress.total_images + progress.images) as u64);
        })?;
        bar.set_message(format!(
            "loss {:.3}, test {}, {:.0} images/s",
            report.loss,
            percent(report.test_accuracy.unwrap_or(0.0)),
            report.images_per_second
        ));
        for warning in &report.warnings {
            let text = warning.to_string();
            if !warned.contains(&text) {
                bar.suspend(|| context.warn(&format!("epoch {}: {text}", report.epoch)));
                warned.push(text);
            }
        }
        epochs.push(report);
    }
    bar.finish_and_clear();
    Ok(Trained {
        model: trainer.model(),
        epochs,
    })
}

/// Makes the folder of a file that is to be written, and refuses a folder in the file's place.
fn check_writable(file: &Path) -> Result<()> {
    if file.is_dir() {
        return Err(io("writing", file)(std::io::ErrorKind::IsADirectory.into()));
    }
    let folder = match file.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder,
        _ => return Ok(()),
    };
    std::fs::create_dir_all(folder).map_err(io("creating folder", folder))
}

fn write_metrics(path: &Path, epochs: &[EpochReport]) -> Result<()> {
    let lines: Vec<String> = epochs
        .iter()
        .map(metrics)
        .map(|object| object.to_string())
        .collect();
    synfire_hw::build::write_atomically(path, &(lines.join("\n") + "\n"))?;
    Ok(())
}

fn metrics(report: &EpochReport) -> serde_json::Value {
    let rates: serde_json::Map<String, serde_json::Value> = report
        .activity
        .iter()
        .map(|layer| (layer.layer.clone(), layer.rate.into()))
        .collect();
    serde_json::json!({
        "epoch": report.epoch,
        "learning_rate": report.learning_rate,
        "loss": report.loss,
        "train_accuracy": report.train_accuracy,
        "test_accuracy": report.test_accuracy,
        "images_per_second": report.images_per_second,
        "seconds": report.seconds,
        "spike_rates": rates,
    })
}
