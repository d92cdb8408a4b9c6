//! `synfire trace diff`.

use crate::cli::context::Context;
use crate::cli::diagnostic::{CliError, Result};
use crate::cli::inference::float;
use crate::cli::table::count;
use serde::Serialize;
use std::path::PathBuf;
use synfire_golden_model::file::trace::{Comparison, Difference, ORIGIN_KEYS, Quantity, TraceFile, compare};

const EXAMPLE: &str = "Examples:
  synfire trace diff golden.npz board.npz
  synfire trace diff 4bit.npz 8bit.npz --numbers-only
  synfire trace diff a.npz b.npz --json

Compared are first what the traces are of, then the numbers by image, step, layer and neuron.";

/// Arguments of `synfire trace diff`.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLE)]
pub(super) struct Args {
    /// One trace (.npz), from `synfire eval --trace`.
    a: PathBuf,
    /// The other.
    b: PathBuf,
    /// Compare the numbers also where model, data set, first image or seed differ.
    #[arg(long)]
    numbers_only: bool,
}

/// What is printed.
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
                "membranes are in {} alone, and are not compared",
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
                        ", membranes too"
                    } else {
                        ", no membranes"
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

    fn text(&self, difference: &Difference) -> String {
        let (in_a, in_b) = (self.a.display(), self.b.display());
        match difference {
            Difference::Metadata { key, a, b } => {
                let remedy = if self.numbers_only || !ORIGIN_KEYS.contains(&key.as_str()) {
                    ""
                } else {
                    "; --numbers-only compares the numbers all the same"
                };
                format!("the traces are not of the same: {key} is {a} in {in_a}, {b} in {in_b}{remedy}")
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
                format!("first difference: {place}: {quantity} {a} in {in_a}, {b} in {in_b}")
            }
        }
    }
}
