//! `synfire quantize --finetune`: training that runs forward in the integers.

mod parameters;

use super::super::context::Context;
use super::super::data::DataArgs;
use super::super::diagnostic::Result;
use super::super::eval::{evaluate_float, evaluate_integer};
use super::super::inference::DEFAULT_SEED;
use super::super::interrupt::StopRequest;
use super::super::table::percent;
use super::super::threads::ThreadArgs;
use super::super::train::{Display, Files, Session, checkpoint_beside, limited, to_go_on_from};
use serde::Serialize;
use std::path::{Path, PathBuf};
use std::time::Duration;
use synfire_golden_model::dataset::Split;
use synfire_golden_model::float::FloatModel;
use synfire_golden_model::integer::{InputSigns, QuantizedModel};
use synfire_golden_model::quantize::{QuantizeReport, requantize};
use synfire_golden_model::train::{Checkpoint, FineTuning, TrainConfig, Trainer};

/// Time between checkpoints within an epoch.
const CHECKPOINT_EVERY: Duration = Duration::from_secs(300);

/// Flags of fine-tuning.
#[derive(Debug, clap::Args)]
#[command(next_help_heading = "Fine-tuning")]
pub(super) struct FineTuneArgs {
    /// Train the quantized network for that many epochs: forward in its integers, with its scales, thresholds and leak.
    #[arg(long, value_name = "EPOCHS")]
    finetune: Option<usize>,
    /// Learning rate at the start, from where it falls along half a cosine to 0; by default a tenth of the network's.
    /// With --resume it is taken from now on.
    #[arg(
        long,
        visible_alias = "learning-rate",
        value_name = "RATE",
        requires = "finetune"
    )]
    finetune_lr: Option<f32>,
    /// Network, a preset or a file, whose [train] table has optimizer, batch and augmentation; by default as the model was
    /// trained.
    #[arg(long, value_name = "NETWORK", requires = "finetune")]
    finetune_like: Option<String>,
    /// Fine-tune with that many of the training images, every class in proportion.
    #[arg(long, value_name = "IMAGES", requires = "finetune")]
    limit: Option<usize>,
    /// Draw the training curve into this SVG file, anew after every epoch.
    #[arg(long, requires = "finetune")]
    curve: Option<PathBuf>,
    /// Write every epoch's figures into this file, one JSON object a line, while fine-tuning.
    #[arg(long, requires = "finetune")]
    metrics: Option<PathBuf>,
    #[command(flatten)]
    threads: ThreadArgs,
    /// Where checkpoints go, after every epoch and every 5 minutes; by default OUTPUT.checkpoint.safetensors.
    #[arg(long, value_name = "FILE", requires = "finetune")]
    checkpoint: Option<PathBuf>,
    /// Go on from the checkpoint, to the same integers as if the run had never been held. All else must be as it was.
    #[arg(long, requires = "finetune", conflicts_with = "restart")]
    resume: bool,
    /// Start anew, even if there is a checkpoint of a run that has not ended.
    #[arg(long, requires = "finetune")]
    restart: bool,
}

/// A network that has been quantized, and what from.
#[derive(Debug)]
pub(super) struct Quantized<'a> {
    pub(super) float: &'a FloatModel,
    pub(super) model: QuantizedModel,
    pub(super) report: QuantizeReport,
}

/// A fine-tuning that is to be done.
#[derive(Debug)]
pub(super) struct FineTune<'a> {
    args: &'a FineTuneArgs,
    epochs: usize,
    stop: StopRequest,
}

/// What came out.
#[derive(Debug, Serialize)]
pub(super) struct Tuned {
    #[serde(flatten)]
    pub(super) report: QuantizeReport,
    pub(super) finetune: Outcome,
}

/// What fine-tuning came to: shares of the test set.
#[derive(Clone, Debug, Serialize)]
pub(super) struct Outcome {
    images: usize,
    seed: u64,
    float_accuracy: f64,
    quantized_accuracy: f64,
    finetuned_accuracy: f64,
    epochs: usize,
    learning_rate: f32,
    checkpoint: PathBuf,
}

impl FineTuneArgs {
    /// Gets ready to fine-tune, where that is asked for; to be called before any other thread is started.
    pub(super) fn begin(&self) -> Result<Option<FineTune<'_>>> {
        let Some(epochs) = self.finetune else {
            self.threads.apply()?;
            return Ok(None);
        };
        let stop = StopRequest::listen(
            "stopping after this batch; Ctrl-C again stops at once, without a checkpoint",
        )?;
        self.threads.apply()?;
        Ok(Some(FineTune {
            args: self,
            epochs,
            stop,
        }))
    }
}

impl FineTune<'_> {
    /// What is written beside the model, for which there is room, and the parameters.
    pub(super) fn prepare(
        &self,
        float: &FloatModel,
        data: &DataArgs,
        output: &Path,
    ) -> Result<(Files, TrainConfig)> {
        let args = self.args;
        let files = Files {
            checkpoint: args
                .checkpoint
                .clone()
                .unwrap_or_else(|| checkpoint_beside(output)),
            checkpoint_every: CHECKPOINT_EVERY,
            metrics: args.metrics.clone(),
            curve: args.curve.clone(),
        };
        files.check_writable(output)?;
        let trained = parameters::of(float, args.finetune_like.as_deref(), data)?;
        let config = parameters::for_fine_tuning(trained, self.epochs, args.finetune_lr);
        config.validate(&float.description.name)?;
        Ok((files, config))
    }

    /// Fine-tunes, and writes the result.
    pub(super) fn run(
        &self,
        context: &Context,
        quantized: Quantized<'_>,
        data: Split,
        (files, config): (Files, TrainConfig),
        output: &Path,
    ) -> Result<Tuned> {
        let Quantized { float, model, report } = quantized;
        let scales: Vec<Vec<f64>> = report
            .layers
            .into_iter()
            .map(|layer| layer.channel_scales)
            .collect();
        let start = FineTuning::new(float, &model, &scales)?;
        let checkpoint = self.checkpoint(&files)?;
        let data = limited(data, self.args.limit)?;
        let accuracy = |model: &QuantizedModel| -> Result<f64> {
            Ok(evaluate_integer(model, &data.test, data.test.len(), DEFAULT_SEED)?.accuracy)
        };
        let float_accuracy = evaluate_float(float, &data.test, DEFAULT_SEED)?.accuracy;
        let quantized_accuracy = accuracy(&model)?;
        context.say(&format!(
            "test accuracy: float {}, quantized {}",
            percent(float_accuracy),
            percent(quantized_accuracy)
        ));

        let (train_set, test_set) = (&data.train, Some(&data.test));
        let resumed = checkpoint.is_some();
        let mut trainer = match checkpoint {
            None => Trainer::fine_tune(&start, config.clone(), train_set, test_set)?,
            Some(checkpoint) => {
                Trainer::resume_fine_tuning(checkpoint, &start, config.clone(), train_set, test_set)?
            }
        };
        let (display, name) = (Display::new(context, &trainer, true), &model.description.name);
        if resumed {
            let at = trainer.progress();
            context.say(&format!(
                "going on in epoch {}, after {} of {} batches",
                at.epoch, at.batch, at.batches
            ));
        }
        Session::new(&trainer, name, &config, &files, &self.stop, display, resumed)?.run(&mut trainer)?;

        let input = InputSigns::of(&model.description);
        let (tuned, report) = requantize(&trainer.model(), &scales, &model, input)?;
        tuned.save(output)?;
        let finetuned_accuracy = accuracy(&tuned)?;
        if finetuned_accuracy < quantized_accuracy {
            context.warn("fine-tuning made the network worse; try a lower --finetune-lr");
        }
        Ok(Tuned {
            report,
            finetune: Outcome {
                images: data.test.len(),
                seed: DEFAULT_SEED,
                float_accuracy,
                quantized_accuracy,
                finetuned_accuracy,
                epochs: trainer.epochs_done(),
                learning_rate: config.learning_rate,
                checkpoint: files.checkpoint,
            },
        })
    }

    fn checkpoint(&self, files: &Files) -> Result<Option<Checkpoint>> {
        let mut checkpoint = to_go_on_from(&files.checkpoint, self.args.resume, self.args.restart)?;
        if let (Some(checkpoint), Some(learning_rate)) = (&mut checkpoint, self.args.finetune_lr) {
            checkpoint.set_learning_rate(learning_rate);
        }
        Ok(checkpoint)
    }
}

impl std::fmt::Display for Outcome {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(
            f,
            "accuracy on {} test images, seed {}: float {}, quantized {}, fine-tuned for {} epochs {}",
            self.images,
            self.seed,
            percent(self.float_accuracy),
            percent(self.quantized_accuracy),
            self.epochs,
            percent(self.finetuned_accuracy)
        )
    }
}
