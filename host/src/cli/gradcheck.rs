//! The verb `synfire gradcheck`.

use super::context::Context;
use super::diagnostic::{CliError, Result};
use super::paths::{InputFile, lossy};
use super::table::{count, table};
use serde::Serialize;
use std::path::{Path, PathBuf};
use synfire_golden_model::reference::{Case, CaseReport, LOSS_TOLERANCE, TENSOR_TOLERANCE, TensorError};

const EXAMPLE: &str = "Examples:
  synfire gradcheck golden-model/tests/vectors/*.npz
  synfire gradcheck case.npz --json

The README.md in golden-model/tests/vectors describes the format of the cases.";

/// Arguments of `synfire gradcheck`.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLE)]
pub(crate) struct Args {
    /// Reference cases (.npz): networks, input spikes, and the expected spikes, loss and gradients.
    #[arg(required = true, value_name = "CASE")]
    cases: Vec<InputFile>,
}

/// Results of all cases.
#[derive(Debug, Serialize)]
struct Summary {
    passes: bool,
    loss_tolerance: f64,
    tensor_tolerance: f64,
    cases: Vec<Row>,
}

/// Result of a case.
#[derive(Debug, Serialize)]
struct Row {
    #[serde(serialize_with = "lossy")]
    case: PathBuf,
    network: String,
    images: usize,
    steps: usize,
    passes: bool,
    worst: Option<TensorError>,
    #[serde(flatten)]
    report: CaseReport,
}

impl Args {
    pub(crate) fn run(self, context: &Context) -> Result<()> {
        let bar = context.bar(self.cases.len() as u64, "checking");
        let mut cases = Vec::with_capacity(self.cases.len());
        for path in &self.cases {
            cases.push(Row::of(path)?);
            bar.inc(1);
        }
        bar.finish_and_clear();
        let failed = cases.iter().filter(|row| !row.passes).count();
        let summary = Summary {
            passes: failed == 0,
            loss_tolerance: LOSS_TOLERANCE,
            tensor_tolerance: TENSOR_TOLERANCE,
            cases,
        };
        context.print(&summary, || summary.to_string())?;
        match failed {
            0 => Ok(()),
            _ if context.is_json() => Err(CliError::Reported),
            _ => Err(CliError::Gradients {
                failed,
                cases: summary.cases.len(),
            }),
        }
    }
}

impl Row {
    fn of(path: &Path) -> Result<Self> {
        let case = Case::load(path)?;
        let report = case.check()?;
        Ok(Self {
            case: path.into(),
            network: case.model.description.compact(),
            images: case.images.len(),
            steps: case.model.description.steps,
            passes: report.passes(),
            worst: report.worst_tensor().cloned(),
            report,
        })
    }
}

impl std::fmt::Display for Summary {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let mut rows = table([
            "case",
            "images",
            "steps",
            "spikes",
            "loss error",
            "worst tensor",
            "error",
            "result",
        ]);
        for row in &self.cases {
            #[expect(clippy::cast_precision_loss, reason = "counts of a case are far below 2^52")]
            let spikes = count(row.report.spikes as f64);
            let (tensor, error) = match &row.worst {
                Some(worst) => (worst.tensor.clone(), format!("{:.1e}", worst.error)),
                None => (String::new(), String::new()),
            };
            rows.add_row([
                row.case.display().to_string(),
                row.images.to_string(),
                row.steps.to_string(),
                spikes,
                format!("{:.1e}", row.report.loss_error),
                tensor,
                error,
                if row.passes { "agrees" } else { "FAILS" }.to_owned(),
            ]);
        }
        writeln!(f, "{rows}")?;
        for row in &self.cases {
            let Some(mismatch) = &row.report.mismatch else {
                continue;
            };
            let (neuron, expected) = mismatch.neuron();
            writeln!(
                f,
                "{}: first wrong spike: image {}, step {}, layer {}, neuron {neuron} {}",
                row.case.display(),
                mismatch.image,
                mismatch.step,
                mismatch.layer,
                if expected {
                    "should have fired"
                } else {
                    "should not have fired"
                }
            )?;
        }
        write!(
            f,
            "tolerances: all spikes equal; relative error of the loss at most {LOSS_TOLERANCE:e}; error of output and \
             gradients at most {TENSOR_TOLERANCE:e} of their tensor's largest magnitude"
        )
    }
}
