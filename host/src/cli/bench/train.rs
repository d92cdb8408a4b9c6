//! The verb `synfire bench train`.

use super::super::context::Context;
use super::super::data::{DataArgs, Recorded};
use super::super::diagnostic::Result;
use super::super::inference::{at_least_one, float};
use super::super::threads::ThreadArgs;
use super::full_run::FullRun;
use super::report::{MemoryUse, PerImage, Report};
use super::setting::Setting;
use super::stopwatch::Spread;
use indicatif::ProgressBar;
use std::ops::ControlFlow;
use std::time::Instant;
use synfire_golden_model::evaluation::Effort;
use synfire_golden_model::events::vectors;
use synfire_golden_model::train::Trainer;

const EXAMPLE: &str = "Example:
  synfire bench train --net lenet --data fashion-mnist --data-dir DATA --batch 64 --json";

/// Number of batches in a repeat, unless the user gives a number of images.
const BATCHES: usize = 10;

/// Arguments of `synfire bench train`.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLE)]
pub(super) struct Args {
    #[command(flatten)]
    setting: Setting,
    #[command(flatten)]
    data: DataArgs,
    /// Images per step of the optimizer; default: the network file's.
    #[arg(long)]
    batch: Option<usize>,
    /// Number of images in each repeat, rounded up to whole batches; default: ten batches.
    #[arg(long, value_parser = at_least_one)]
    images: Option<usize>,
    #[command(flatten)]
    threads: ThreadArgs,
}

impl Args {
    pub(super) fn run(self, context: &Context) -> Result<()> {
        let threads = self.threads.apply()?;
        let config = self.setting.config()?;
        let mut train = config.require_train()?.clone();
        train.batch = self.batch.unwrap_or(train.batch);
        // The full presentation, not the shorter ones with which a run may begin.
        train.steps.clear();
        let (network, batch, epochs) = (config.network.clone(), train.batch, train.epochs);
        let model = self.setting.model()?;
        let data = match (&model, &self.setting.model) {
            (Some(model), Some(file)) => {
                let record = Recorded::float(model, file).with_network(&network);
                self.data.load_for(context, &record)?
            }
            _ => self.data.load(context, &network)?,
        };
        let data = data.split;
        let mut trainer = Trainer::new(network.clone(), train, &data.train, None)?;
        if let Some(model) = model {
            trainer.set_weights(&model)?;
        }

        let batches = self.images.map_or(BATCHES, |images| images.div_ceil(batch));
        let bar = context.bar(((1 + self.setting.repeats) * batches) as u64, "training");
        train_batches(&mut trainer, batches, &bar)?;
        let (mut rates, mut total) = (Vec::new(), Effort::default());
        for _ in 0..self.setting.repeats {
            let start = Instant::now();
            let effort = train_batches(&mut trainer, batches, &bar)?;
            rates.push(float(effort.images) / start.elapsed().as_secs_f64());
            total += effort;
        }
        bar.finish_and_clear();

        let images_per_second = Spread::of(rates);
        let per_image = PerImage::of_effort(&network, &total);
        let memory = trainer.memory();
        let report = Report {
            what: "train",
            steps: network.steps,
            network: network.name,
            dataset: data.train.name().into(),
            weights: self.setting.weights(),
            batch: Some(batch),
            threads,
            vectors: vectors(),
            repeats: self.setting.repeats,
            images: total.images / self.setting.repeats as u64,
            operations_per_second: images_per_second.median * per_image.operations(),
            full_run: Some(FullRun::new(
                data.train.len(),
                epochs,
                trainer.pieces(),
                images_per_second.median,
            )),
            images_per_second,
            per_image,
            memory: MemoryUse::of_trainer(&memory),
        };
        context.print(&report, || report.to_string())
    }
}

/// Trains `batches` batches, over several epochs if necessary, and returns their cost.
fn train_batches(trainer: &mut Trainer<'_>, batches: usize, bar: &ProgressBar) -> Result<Effort> {
    let mut total = Effort::default();
    let mut left = batches;
    while left > 0 {
        let before = trainer.effort();
        let advanced = trainer.advance(&mut |progress| {
            left -= 1;
            bar.inc(1);
            // The trainer resets the cost of the images at the end of the epoch.
            if left == 0 || progress.batch == progress.batches {
                ControlFlow::Break(())
            } else {
                ControlFlow::Continue(())
            }
        })?;
        // A report means that all batches of the epoch were done before, and the epoch has ended now.
        if advanced.is_none() {
            total += trainer.effort() - before;
        }
    }
    Ok(total)
}

#[cfg(test)]
mod tests {
    use super::*;
    use synfire_golden_model::Config;
    use synfire_golden_model::dataset::load;

    #[test]
    fn batches_are_counted_across_the_ends_of_epochs() {
        let data = load("digits", None).unwrap();
        // 37 images make three batches, of 16, 16 and 5.
        let train = data.train.split(37, 1).unwrap().test;
        let Config {
            network,
            train: config,
        } = Config::preset("digits").unwrap();
        let mut config = config.unwrap();
        config.batch = 16;
        let mut trainer = Trainer::new(network, config, &train, None).unwrap();
        let bar = ProgressBar::hidden();
        let mut images = |batches| train_batches(&mut trainer, batches, &bar).unwrap().images;
        assert_eq!(images(2), 32);
        assert_eq!(images(1), 5);
        assert_eq!(images(1), 16);
        assert_eq!(images(8), 21 + 37 + 37);
        assert_eq!(trainer.epochs_done(), 3, "the fourth is not closed yet");
        assert_eq!(bar.position(), 12);
    }
}
