//! Figures of every epoch, as JSON lines in a file that grows while training.

use super::super::diagnostic::{Result, io};
use std::fs::{File, OpenOptions};
use std::io::Write as _;
use std::path::{Path, PathBuf};
use synfire_golden_model::evaluation::LayerActivity;
use synfire_golden_model::train::EpochReport;

/// A file of figures.
#[derive(Debug)]
pub(crate) struct Metrics {
    path: PathBuf,
    file: File,
}

impl Metrics {
    /// A file that holds the epochs of `history` and nothing else: those of a run that is resumed, so that none is
    /// missing and none is there twice, whenever the run was cut off.
    pub(crate) fn start(path: &Path, history: &[EpochReport]) -> Result<Self> {
        let lines: String = history.iter().map(line).collect();
        synfire_hw::build::write_atomically(path, &lines)?;
        let file = OpenOptions::new()
            .append(true)
            .open(path)
            .map_err(io("opening", path))?;
        Ok(Self {
            path: path.into(),
            file,
        })
    }

    /// Appends an epoch, at once.
    pub(crate) fn append(&mut self, report: &EpochReport) -> Result<()> {
        self.file
            .write_all(line(report).as_bytes())
            .map_err(io("writing", &self.path))
    }
}

fn line(report: &EpochReport) -> String {
    let of_layers = |number: fn(&LayerActivity) -> Option<f64>| -> serde_json::Map<_, _> {
        let numbers = report.activity.iter();
        numbers
            .filter_map(|layer| number(layer).map(|number| (layer.layer.clone(), number.into())))
            .collect()
    };
    // As an f32 it would gain digits that say nothing.
    let learning_rate: f64 = report.learning_rate.to_string().parse().unwrap_or_default();
    let object = serde_json::json!({
        "epoch": report.epoch,
        "learning_rate": learning_rate,
        "loss": report.loss,
        "train_accuracy": report.train_accuracy,
        "test_accuracy": report.test_accuracy,
        "images_per_second": report.images_per_second,
        "seconds": report.seconds,
        "test_seconds": report.test_seconds,
        "spike_rates": of_layers(|layer| Some(layer.rate)),
        "idle_neurons": of_layers(|layer| layer.idle),
        "warnings": report.warnings,
    });
    format!("{object}\n")
}
