//! `synfire bench infer`.

use super::super::context::Context;
use super::super::data::DataArgs;
use super::super::diagnostic::Result;
use super::super::inference::{DEFAULT_SEED, at_least_one, float};
use super::super::threads::ThreadArgs;
use super::report::{MemoryUse, PerImage, Report};
use super::setting::Setting;
use super::stopwatch::Spread;
use std::time::Instant;
use synfire_golden_model::dataset::Dataset;
use synfire_golden_model::evaluation::{Evaluation, evaluate_with};
use synfire_golden_model::model::FloatModel;
use synfire_golden_model::train::vectors;

const EXAMPLE: &str = "Example:
  synfire bench infer --net lenet --data fashion-mnist --data-dir DATA --model lenet.safetensors --json";

/// Which test images are measured when they are not all.
const SUBSET_SEED: u64 = 1;

/// Arguments of `synfire bench infer`.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLE)]
pub(super) struct Args {
    #[command(flatten)]
    setting: Setting,
    #[command(flatten)]
    data: DataArgs,
    /// Test images of every repeat, the same each time and as many of each class as there are to the others.
    #[arg(long, default_value_t = 1000, value_parser = at_least_one)]
    images: usize,
    #[command(flatten)]
    threads: ThreadArgs,
}

impl Args {
    pub(super) fn run(self, context: &Context) -> Result<()> {
        let threads = self.threads.apply()?;
        let network = self.setting.config()?.network;
        let data = self.data.load(&network)?.test;
        let data = if self.images < data.len() {
            data.split(self.images, SUBSET_SEED)?.test
        } else {
            data
        };
        let mut model = FloatModel::initial(network, DEFAULT_SEED)?;
        if let Some(given) = self.setting.model()? {
            model.weights = given.weights;
        }

        let images = data.len() as u64;
        let bar = context.bar((1 + self.setting.repeats) as u64 * images, "inference");
        let evaluate = |repeat: usize| -> Result<Evaluation> {
            let before = repeat as u64 * images;
            let progress = |done: usize| bar.set_position(before + done as u64);
            Ok(evaluate_with(&model, &data, DEFAULT_SEED, &progress)?)
        };
        let evaluation = evaluate(0)?;
        let mut rates = Vec::with_capacity(self.setting.repeats);
        for repeat in 1..=self.setting.repeats {
            let start = Instant::now();
            evaluate(repeat)?;
            rates.push(float(images) / start.elapsed().as_secs_f64());
        }
        bar.finish_and_clear();
        let report = self.report(&model, &data, &evaluation, rates, threads);
        context.print(&report, || report.to_string())
    }

    fn report(
        &self,
        model: &FloatModel,
        data: &Dataset,
        evaluation: &Evaluation,
        rates: Vec<f64>,
        threads: usize,
    ) -> Report {
        let network = &model.description;
        let images_per_second = Spread::of(rates);
        let per_image = PerImage::of_evaluation(network, evaluation);
        Report {
            what: "infer",
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
            images_per_second,
            per_image,
            memory: MemoryUse::of_images(evaluation.memory, threads),
        }
    }
}
