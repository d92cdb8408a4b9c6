//! The verb `synfire trace show`.

use super::super::paths::InputFile;
use crate::cli::context::Context;
use crate::cli::diagnostic::Result;
use crate::cli::inference::float;
use crate::cli::table::{count, percent, table};
use synfire_golden_model::file::trace::{Summary, TraceFile};

const EXAMPLE: &str = "Examples:
  synfire trace show digits.npz
  synfire trace show digits.npz --json";

/// Arguments of `synfire trace show`.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLE)]
pub(super) struct Args {
    /// Trace (.npz) that `synfire eval --trace` wrote.
    trace: InputFile,
}

impl Args {
    pub(super) fn run(self, context: &Context) -> Result<()> {
        let mut trace = TraceFile::open(&self.trace)?;
        let spinner = context.spinner("counting");
        let summary = trace.summary()?;
        spinner.finish_and_clear();
        context.print(&summary, || text(&summary))
    }
}

/// Describes a trace as text.
fn text(summary: &Summary) -> String {
    let metadata = &summary.metadata;
    let images = float(metadata.images.max(1) as u64);
    let last = (metadata.first_image + metadata.images).saturating_sub(1);
    let mut rows = table(["layer", "shape", "neurons", "spikes per image", "rate", "active"]);
    for layer in &summary.activity {
        let shape = metadata
            .layers
            .iter()
            .find(|traced| traced.name == layer.layer)
            .map_or(metadata.input, |traced| traced.shape);
        let places = images * float(layer.neurons.max(1) as u64);
        rows.add_row([
            layer.layer.clone(),
            shape.to_string(),
            layer.neurons.to_string(),
            count(float(layer.spikes) / images),
            format!(
                "{:.4}",
                float(layer.spikes) / places / float(metadata.steps.max(1) as u64)
            ),
            percent(float(layer.active) / places),
        ]);
    }
    format!(
        "{} on {}: images {} to {last} of a sample of the test set in {} steps, seed {}, computed by the {}; {} correct\nmodel {}\n{rows}\n{}",
        metadata.network,
        metadata.data,
        metadata.first_image,
        metadata.steps,
        metadata.seed,
        metadata.computed_by,
        summary.correct,
        metadata.model,
        if metadata.membranes {
            "with membranes"
        } else {
            "without membranes"
        }
    )
}
