//! The verb `synfire trace diff`.

use super::super::paths::InputFile;
use crate::cli::context::Context;
use crate::cli::diagnostic::{CliError, Result};
use crate::cli::inference::float;
use crate::cli::table::count;
use serde::Serialize;
use synfire_golden_model::file::trace::{Comparison, Difference, ORIGIN_KEYS, Quantity, TraceFile, compare};

const EXAMPLE: &str = "Examples:
  synfire trace diff golden.npz board.npz
  synfire trace diff 4bit.npz 8bit.npz --numbers-only
  synfire trace diff a.npz b.npz --json

Compares the origins of the traces first, then their numbers by image, step, layer and neuron.";

/// Arguments of `synfire trace diff`.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLE)]
pub(super) struct Args {
    /// First trace (.npz) that `synfire eval --trace` wrote.
    a: InputFile,
    /// Second trace (.npz).
    b: InputFile,
    /// Compare the numbers even if model, data set, first image or seed differ.
    #[arg(long)]
    numbers_only: bool,
}

/// Result of `synfire trace diff`.
#[derive(Debug, Serialize)]
struct Report {
    equal: bool,
    images: usize,
    #[serde(flatten)]
    comparison: Comparison,
}

impl Args {
    pub(super) fn run(self, context: &Context) -> Result<()> {
        let mut a = TraceFile::open(&self.a)?;
        let mut b = TraceFile::open(&self.b)?;
        let spinner = context.spinner("comparing");
        let comparison = compare(&mut a, &mut b, self.numbers_only)?;
        spinner.finish_and_clear();
        let alone = match (a.metadata().membranes, b.metadata().membranes) {
            _ if matches!(comparison.difference, Some(Difference::Metadata { .. })) => None,
            (true, false) => Some(&self.a),
            (false, true) => Some(&self.b),
            _ => None,
        };
        if let Some(path) = alone {
            context.warn(&format!(
                "only {} has membranes; they are not compared",
                path.display()
            ));
        }
        let report = Report {
            equal: comparison.difference.is_none(),
            images: a.metadata().images,
            comparison,
        };
        match &report.comparison.difference {
            None => context.print(&report, || {
                format!(
                    "equal: {} images, {} numbers{}",
                    report.images,
                    count(float(report.comparison.numbers)),
                    if report.comparison.membranes {
                        ", including membranes"
                    } else {
                        ", without membranes"
                    }
                )
            }),
            Some(_) if context.is_json() => {
                context.print(&report, String::new)?;
                Err(CliError::Reported)
            }
            Some(difference) => Err(CliError::TraceDifference {
                difference: self.text(difference),
            }),
        }
    }

    /// Describes the first difference.
    fn text(&self, difference: &Difference) -> String {
        let (in_a, in_b) = (self.a.display(), self.b.display());
        match difference {
            Difference::Metadata { key, a, b } => {
                let remedy = if self.numbers_only || !ORIGIN_KEYS.contains(&key.as_str()) {
                    ""
                } else {
                    "; use --numbers-only to compare the numbers anyway"
                };
                format!(
                    "the traces have different origins: {key} is {a} in {in_a}, but {b} in {in_b}{remedy}"
                )
            }
            Difference::Number {
                quantity,
                image,
                step,
                layer,
                neuron,
                a,
                b,
            } => {
                let mut place = format!("image {image}");
                if let (Some(step), Some(layer), Some([channel, row, column])) = (step, layer, neuron) {
                    place += &format!(", step {step}, layer {layer}, neuron ({channel}, {row}, {column})");
                }
                let quantity = match quantity {
                    Quantity::Label => "label",
                    Quantity::Spike => "spike",
                    Quantity::Membrane => "membrane",
                    Quantity::Answer => "answer",
                };
                format!("first difference: {place}: {quantity} {a} in {in_a}, but {b} in {in_b}")
            }
        }
    }
}
