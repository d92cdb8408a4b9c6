//! `synfire eval`.

use super::context::Context;
use super::data::DataArgs;
use super::diagnostic::Result;
use super::inference::{DEFAULT_SEED, Evaluated, EvaluatedLayer, evaluate_integer};
use super::models::AnyModel;
use super::table::{count, percent, table};
use std::path::PathBuf;
use synfire_golden_model::dataset::Dataset;
use synfire_golden_model::evaluation;
use synfire_golden_model::model::FloatModel;

const EXAMPLE: &str = "Examples:
  synfire eval digits.safetensors
  synfire eval digits-4bit.safetensors --json";

/// Arguments of `synfire eval`.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLE)]
pub(crate) struct Args {
    /// Model: float, from `synfire train`, or quantized, from `synfire quantize`.
    model: PathBuf,
    #[command(flatten)]
    data: DataArgs,
    /// Seed of the test images' spikes.
    #[arg(long, default_value_t = DEFAULT_SEED)]
    seed: u64,
}

impl Args {
    pub(crate) fn run(self, context: &Context) -> Result<()> {
        let model = AnyModel::load(&self.model)?;
        let data = self.data.load(model.description())?;
        let (kind, result) = match &model {
            AnyModel::Float(model) => ("float", evaluate_float(model, &data.test, self.seed)?),
            AnyModel::Quantized(model) => (
                "integer",
                evaluate_integer(model, &data.test, data.test.len(), self.seed)?,
            ),
        };
        context.print(&result, || {
            format!(
                "{} ({kind}) on {}: {} of {} test images, accuracy {}, seed {}\n{}",
                model.description().name,
                data.test.name(),
                result.correct,
                result.images,
                percent(result.accuracy),
                self.seed,
                activity(&result)
            )
        })
    }
}

/// Evaluates a float model on all test images.
pub(crate) fn evaluate_float(model: &FloatModel, data: &Dataset, seed: u64) -> Result<Evaluated> {
    let result = evaluation::evaluate(model, data, seed)?;
    let (input, layers) = match result.activity.split_first() {
        Some((input, layers)) => (input.spikes, layers),
        None => (0.0, &[][..]),
    };
    Ok(Evaluated {
        images: result.images,
        correct: result.correct,
        accuracy: result.accuracy,
        input_spikes: input,
        layers: layers
            .iter()
            .map(|layer| EvaluatedLayer {
                name: layer.layer.clone(),
                spikes: layer.spikes,
                synaptic_operations: None,
            })
            .collect(),
        synaptic_operations: result.synaptic_operations,
    })
}

fn activity(result: &Evaluated) -> String {
    let mut rows = table(["per inference", "spikes", "synaptic operations"]);
    rows.add_row(["input".to_owned(), count(result.input_spikes), String::new()]);
    for layer in &result.layers {
        rows.add_row([
            layer.name.clone(),
            count(layer.spikes),
            layer.synaptic_operations.map(count).unwrap_or_default(),
        ]);
    }
    rows.add_row(["all".to_owned(), String::new(), count(result.synaptic_operations)]);
    rows.to_string()
}
