//! The metrics file: one JSON object per epoch, written while training.

use super::super::diagnostic::Result;
use super::super::paths::{is_stdout, print, write_text};
use super::evaluation_set::EvaluationSet;
use std::fmt;
use std::fs::OpenOptions;
use std::io::Write;
use std::path::{Path, PathBuf};
use synfire_golden_model::evaluation::LayerActivity;
use synfire_golden_model::file::io;
use synfire_golden_model::train::EpochReport;

/// A metrics file.
pub(crate) struct Metrics {
    path: PathBuf,
    file: Box<dyn Write>,
    evaluation: EvaluationSet,
}

impl fmt::Debug for Metrics {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Metrics")
            .field("path", &self.path)
            .finish_non_exhaustive()
    }
}

impl Metrics {
    /// Writes a file that holds exactly the epochs of `history`. For a resumed run, no epoch is missing and none occurs
    /// twice, no matter when the run was interrupted.
    pub(crate) fn start(path: &Path, history: &[EpochReport], evaluation: EvaluationSet) -> Result<Self> {
        let lines: String = history.iter().map(|report| line(report, evaluation)).collect();
        write_text(path, &lines)?;
        let file: Box<dyn Write> = if is_stdout(path) {
            Box::new(std::io::stdout())
        } else {
            let file = OpenOptions::new().append(true).open(path);
            Box::new(file.map_err(io("opening", path))?)
        };
        Ok(Self {
            path: path.into(),
            file,
            evaluation,
        })
    }

    /// Appends an epoch immediately.
    pub(crate) fn append(&mut self, report: &EpochReport) -> Result<()> {
        print(&mut self.file, &self.path, &line(report, self.evaluation))
    }
}

/// Formats the metrics of an epoch as a line of JSON.
fn line(report: &EpochReport, evaluation: EvaluationSet) -> String {
    let of_layers = |number: fn(&LayerActivity) -> Option<f64>| -> serde_json::Map<_, _> {
        let numbers = report.activity.iter();
        numbers
            .filter_map(|layer| number(layer).map(|number| (layer.layer.clone(), number.into())))
            .collect()
    };
    // Converted from an f32 directly, the number would have more digits than are significant.
    let learning_rate: f64 = report.learning_rate.to_string().parse().unwrap_or_default();
    let object = serde_json::json!({
        "epoch": report.epoch,
        "learning_rate": learning_rate,
        "loss": report.loss,
        "train_accuracy": report.train_accuracy,
        evaluation.accuracy_key(): report.test_accuracy,
        "images_per_second": report.images_per_second,
        "seconds": report.seconds,
        "test_seconds": report.test_seconds,
        "spike_rates": of_layers(|layer| Some(layer.rate)),
        "idle_neurons": of_layers(|layer| layer.idle),
        "warnings": report.warnings,
    });
    format!("{object}\n")
}
