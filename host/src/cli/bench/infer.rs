//! The verb `synfire bench infer`.

use super::super::context::Context;
use super::super::data::{DataArgs, Loaded, Recorded};
use super::super::diagnostic::Result;
use super::super::eval::integer_sparsity;
use super::super::inference::{DEFAULT_SEED, at_least_one, float, sampled};
use super::super::models::AnyModel;
use super::super::threads::ThreadArgs;
use super::report::{MemoryUse, PerImage, Report};
use super::setting::Setting;
use super::stopwatch::Spread;
use std::time::Instant;
use synfire_golden_model::dataset::Dataset;
use synfire_golden_model::evaluation::float::evaluate_with;
use synfire_golden_model::evaluation::integer;
use synfire_golden_model::events::{ImageMemory, vectors};
use synfire_golden_model::float::FloatModel;
use synfire_golden_model::integer::QuantizedModel;
use synfire_golden_model::network::NetworkDescription;
use synfire_golden_model::quantize::{QuantizeConfig, quantize};

const EXAMPLE: &str = "Examples:
  synfire bench infer --net lenet --data fashion-mnist --model lenet.safetensors --json
  synfire bench infer --net lenet --data fashion-mnist --model lenet.safetensors --integer --bits 8
  synfire bench infer --net lenet --data fashion-mnist --model lenet.q4.safetensors --integer";

/// Arguments of `synfire bench infer`.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLE)]
pub(super) struct Args {
    #[command(flatten)]
    setting: Setting,
    #[command(flatten)]
    data: DataArgs,
    /// Number of test images in each repeat. All repeats use the same images, with every class in proportion.
    #[arg(long, default_value_t = 1000, value_parser = at_least_one)]
    images: usize,
    /// Measure integer inference. A quantized --model is used unchanged; float weights are quantized without calibration.
    #[arg(long)]
    integer: bool,
    /// Bits per weight, 2 to 8, when float weights are quantized.
    #[arg(long, default_value_t = 4, requires = "integer", value_parser = clap::value_parser!(u8).range(2..=8))]
    bits: u8,
    #[command(flatten)]
    threads: ThreadArgs,
}

/// Result of a pass over all images: the mean cost of an image, and its memory.
type Measured = (PerImage, ImageMemory);

/// Callback that receives the number of images that a pass has completed.
type Progress<'a> = &'a (dyn Fn(usize) + Sync);

/// Function that makes a pass over all images.
type Pass<'a> = &'a dyn Fn(Progress<'_>) -> Result<Measured>;

impl Args {
    pub(super) fn run(self, context: &Context) -> Result<()> {
        let threads = self.threads.apply()?;
        let network = self.setting.config()?.network;
        let given = self.setting.model.as_deref().map(AnyModel::load).transpose()?;
        let test = self.load(context, &network, given.as_ref())?.split.test;
        let data = sampled(&test, self.images)?;
        let images = data.len() as u64;
        let bar = context.bar((1 + self.setting.repeats) as u64 * images, "inference");
        let mut rates = Vec::with_capacity(self.setting.repeats);
        let mut measure = |pass: Pass<'_>| -> Result<Measured> {
            let measured = pass(&|done| bar.set_position(done as u64))?;
            for repeat in 1..=self.setting.repeats as u64 {
                let start = Instant::now();
                pass(&|done| bar.set_position(repeat * images + done as u64))?;
                rates.push(float(images) / start.elapsed().as_secs_f64());
            }
            Ok(measured)
        };
        let (network, measured) = if self.integer {
            let model = self.integer_model(given, network)?;
            let pass = |progress: Progress<'_>| -> Result<Measured> {
                let count = data.len();
                let evaluation = integer::evaluate_dataset(&model, &data, count, DEFAULT_SEED, progress)?;
                let sparsity = integer_sparsity(&model.description, count, &evaluation);
                Ok((PerImage::of_sparsity(&sparsity), evaluation.memory))
            };
            let measured = measure(&pass)?;
            (model.description, measured)
        } else {
            let model = with_weights_of(self.setting.model()?, network)?;
            let pass = |progress: Progress<'_>| -> Result<Measured> {
                let evaluation = evaluate_with(&model, &data, DEFAULT_SEED, progress)?;
                let sparsity = evaluation.sparsity(&model.description);
                Ok((PerImage::of_sparsity(&sparsity), evaluation.memory))
            };
            let measured = measure(&pass)?;
            (model.description, measured)
        };
        bar.finish_and_clear();
        let report = self.report(&network, &data, measured, rates, threads);
        context.print(&report, || report.to_string())
    }

    /// Loads the data set of the model that was given, or of a new network.
    fn load(
        &self,
        context: &Context,
        network: &NetworkDescription,
        given: Option<&AnyModel>,
    ) -> Result<Loaded> {
        match (given, &self.setting.model) {
            (Some(model), Some(file)) => {
                let record = Recorded::any(model, file).with_network(network);
                self.data.load_for(context, &record)
            }
            _ => self.data.load(context, network),
        }
    }

    /// Returns the quantized model that was given, or quantizes the float weights.
    fn integer_model(&self, given: Option<AnyModel>, network: NetworkDescription) -> Result<QuantizedModel> {
        let given = match given {
            Some(AnyModel::Quantized(mut model)) => {
                model.description.steps = self.setting.steps.unwrap_or(model.description.steps);
                return Ok(model);
            }
            Some(AnyModel::Float(model)) => Some(model),
            None => None,
        };
        let model = with_weights_of(given, network)?;
        let config = QuantizeConfig {
            weight_bits: self.bits,
            ..QuantizeConfig::default()
        };
        Ok(quantize(&model, &config)?.0)
    }

    fn report(
        &self,
        network: &NetworkDescription,
        data: &Dataset,
        (per_image, memory): Measured,
        rates: Vec<f64>,
        threads: usize,
    ) -> Report {
        let images_per_second = Spread::of(rates);
        Report {
            what: if self.integer { "infer-integer" } else { "infer" },
            network: network.name.clone(),
            dataset: data.name().into(),
            weights: self.setting.weights(),
            steps: network.steps,
            batch: None,
            threads,
            vectors: vectors(),
            repeats: self.setting.repeats,
            images: data.len() as u64,
            operations_per_second: images_per_second.median * per_image.operations(),
            full_run: None,
            images_per_second,
            per_image,
            memory: MemoryUse::of_images(memory, threads),
        }
    }
}

/// Returns the network with the weights of a model, or with the initial weights of training.
fn with_weights_of(given: Option<FloatModel>, network: NetworkDescription) -> Result<FloatModel> {
    let mut model = FloatModel::initial(network, DEFAULT_SEED)?;
    if let Some(given) = given {
        model.weights = given.weights;
    }
    Ok(model)
}
