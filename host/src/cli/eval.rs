//! The verb `synfire eval`.

mod confusion;
mod outcome;
mod stats;
mod trace;

use super::context::Context;
use super::data::{DataArgs, Recorded};
use super::diagnostic::{CliError, Result};
use super::early_exit::EarlyExitArgs;
use super::figures::readout;
use super::inference::{DEFAULT_SEED, Evaluated, at_least_one, sampled};
use super::models::AnyModel;
use super::paths::{InputFile, OutputText};
use super::table::{count, percent, table};
use confusion::Confusion;
use outcome::{Outcome, float_outcome, integer_outcome};
pub(crate) use outcome::{evaluate_float, evaluate_integer, integer_sparsity};
use serde::Serialize;
use stats::Stats;
use trace::{DEFAULT_IMAGES, TraceArgs, Traced};

const EXAMPLE: &str = "Examples:
  synfire eval digits.safetensors
  synfire eval digits-4bit.safetensors --json
  synfire eval lenet.safetensors --data-dir DATA --stats --readout lenet.svg
  synfire eval lenet.safetensors --data-dir DATA --confusion
  synfire eval digits-4bit.safetensors --early-exit certain
  synfire eval digits-4bit.safetensors --early-exit 500@10
  synfire eval digits-4bit.safetensors --trace digits.npz --trace-membranes --limit 5";

/// Arguments of `synfire eval`.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLE)]
pub(crate) struct Args {
    /// Float model that `synfire train` wrote, or quantized model that `synfire quantize` wrote.
    model: InputFile,
    #[command(flatten)]
    data: DataArgs,
    /// Seed of the test images' input spikes.
    #[arg(long, default_value_t = DEFAULT_SEED)]
    seed: u64,
    /// Evaluate only IMAGES test images, with every class in proportion; the same ones each time. Default: all.
    #[arg(long, value_name = "IMAGES", value_parser = at_least_one)]
    limit: Option<usize>,
    /// Also print the operations of the same network with dense neurons, and the accuracy after fewer steps.
    #[arg(long)]
    stats: bool,
    /// Also print the confusion matrix.
    #[arg(long)]
    confusion: bool,
    /// Draw the accuracy as a function of the number of steps into this SVG file.
    #[arg(long, value_name = "FILE")]
    readout: Option<OutputText>,
    #[command(flatten)]
    early_exit: EarlyExitArgs,
    #[command(flatten)]
    trace: TraceArgs,
}

/// Result of `synfire eval`.
#[derive(Debug, Serialize)]
struct Report {
    dataset: String,
    #[serde(flatten)]
    evaluated: Evaluated,
    #[serde(skip_serializing_if = "Option::is_none")]
    mean_steps: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    stats: Option<Stats>,
    #[serde(skip_serializing_if = "Option::is_none")]
    confusion: Option<Confusion>,
    #[serde(skip_serializing_if = "Option::is_none")]
    trace: Option<Traced>,
}

impl Args {
    pub(crate) fn run(self, context: &Context) -> Result<()> {
        let model = AnyModel::load(&self.model)?;
        let description = model.description();
        self.trace.check(&model, &self.model)?;
        let record = Recorded::any(&model, &self.model);
        let mut data = self.data.load_for(context, &record)?.split.test;
        if let Some(images) = self.limit.or(self.trace.file.as_ref().map(|_| DEFAULT_IMAGES)) {
            data = sampled(&data, images)?.into_owned();
        }
        let bar = context.bar(data.len() as u64, "evaluating");
        let (kind, outcome) = match &model {
            AnyModel::Float(_) if self.early_exit.is_given() => {
                return Err(CliError::ModelKind {
                    path: self.model.to_path_buf(),
                    found: "float",
                    wanted: "quantized",
                    remedy: "early exit needs integer potentials: run `synfire quantize` on the model, or omit --early-exit",
                });
            }
            AnyModel::Float(model) => ("float", float_outcome(model, &data, self.seed, &bar)?),
            AnyModel::Quantized(model) => {
                let exit = self.early_exit.margins(model)?;
                let outcome = integer_outcome(model, &data, data.len(), self.seed, exit.as_ref(), &bar)?;
                ("integer", outcome)
            }
        };
        bar.finish_and_clear();
        let Outcome {
            evaluated,
            sparsity,
            correct_by_step,
            confusion,
            mean_steps,
        } = outcome;
        let stats = Stats::new(sparsity, &correct_by_step, evaluated.images);
        if let Some(path) = &self.readout {
            let title = format!("{} ({kind}) on {}", description.name, data.name());
            readout::draw(path, &title, &stats.accuracy_by_step)?;
        }
        let trace = self.trace.write(&model, &data, self.seed, context)?;
        let report = Report {
            dataset: data.name().into(),
            evaluated,
            mean_steps: mean_steps.filter(|_| self.early_exit.is_given()),
            stats: self.stats.then_some(stats),
            confusion: self.confusion.then_some(Confusion(confusion)),
            trace,
        };
        context.print(&report, || {
            let evaluated = &report.evaluated;
            let mut text = format!(
                "{} ({kind}) on {}: {} of {} test images, accuracy {}, seed {}\n",
                description.name,
                data.name(),
                evaluated.correct,
                evaluated.images,
                percent(evaluated.accuracy),
                self.seed
            );
            if let Some(steps) = report.mean_steps {
                text += &format!(
                    "early exit: {steps:.1} of {} steps on average\n",
                    description.steps
                );
            }
            text += &match &report.stats {
                Some(stats) => stats.to_string(),
                None => activity(evaluated),
            };
            if let Some(confusion) = &report.confusion {
                text += &format!("\n{confusion}");
            }
            if let Some(trace) = &report.trace {
                text += &format!("\n{trace}");
            }
            text
        })
    }
}

/// Formats spikes and synaptic operations of each layer as a table.
fn activity(result: &Evaluated) -> String {
    let mut rows = table(["per inference", "spikes", "synaptic operations"]);
    rows.add_row(["input".to_owned(), count(result.input_spikes), String::new()]);
    for layer in &result.layers {
        rows.add_row([
            layer.name.clone(),
            count(layer.spikes),
            count(layer.synaptic_operations),
        ]);
    }
    rows.add_row([
        "total".to_owned(),
        String::new(),
        count(result.synaptic_operations),
    ]);
    rows.to_string()
}
