//! `synfire quantize --finetune`: training whose forward pass computes with the quantized network's integers.

mod parameters;

use super::super::context::Context;
use super::super::data::{DataArgs, Loaded};
use super::super::diagnostic::Result;
use super::super::eval::{evaluate_float, evaluate_integer};
use super::super::inference::DEFAULT_SEED;
use super::super::interrupt::StopRequest;
use super::super::paths::{Name, OutputFile, OutputText, lossy};
use super::super::table::percent;
use super::super::threads::ThreadArgs;
use super::super::train::{Display, EvaluationSet, Files, Session, checkpoint_file, limited, to_resume_from};
use serde::Serialize;
use std::borrow::Cow;
use std::path::{Path, PathBuf};
use std::time::Duration;
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
    /// Train the quantized network for EPOCHS epochs. The forward pass computes with its integers, and scales, thresholds
    /// and leak do not change.
    #[arg(long, value_name = "EPOCHS")]
    finetune: Option<usize>,
    /// Initial learning rate, which falls along half a cosine to 0; default: a tenth of the network's, or 3 thousandths
    /// under the rule `few-steps`. With --resume, the new rate applies from then on.
    #[arg(
        long,
        visible_alias = "learning-rate",
        value_name = "RATE",
        requires = "finetune"
    )]
    finetune_lr: Option<f32>,
    /// Take optimizer, batch and augmentation from the [train] table of this network, a preset or a file; default: the
    /// parameters with which the model was trained.
    #[arg(long, value_name = "NETWORK", requires = "finetune")]
    finetune_like: Option<Name>,
    /// Fine-tune on only IMAGES training images, with every class in proportion.
    #[arg(long, value_name = "IMAGES", requires = "finetune")]
    limit: Option<usize>,
    /// Draw the training curve into this SVG file, and update it after every epoch.
    #[arg(long, requires = "finetune")]
    curve: Option<OutputText>,
    /// Write the metrics of every epoch to this file while fine-tuning, one JSON object per line.
    #[arg(long, requires = "finetune")]
    metrics: Option<OutputText>,
    #[command(flatten)]
    threads: ThreadArgs,
    /// File for checkpoints, written after every epoch and every 5 minutes; default: OUTPUT.checkpoint.safetensors.
    #[arg(long, value_name = "FILE", requires = "finetune")]
    checkpoint: Option<OutputFile>,
    /// Resume from the checkpoint. The result is the same as without the interruption. All other options must be
    /// unchanged, except --finetune-lr.
    #[arg(long, requires = "finetune", conflicts_with = "restart")]
    resume: bool,
    /// Start a new run, even if there is a checkpoint of an unfinished run.
    #[arg(long, requires = "finetune")]
    restart: bool,
}

/// A quantized network, and the float model that it was made from.
#[derive(Debug)]
pub(super) struct Quantized<'a> {
    pub(super) float: &'a FloatModel,
    pub(super) model: QuantizedModel,
    pub(super) report: QuantizeReport,
}

/// A run of fine-tuning that is about to start.
#[derive(Debug)]
pub(super) struct FineTune<'a> {
    args: &'a FineTuneArgs,
    epochs: usize,
    stop: StopRequest,
}

/// A fine-tuned network.
#[derive(Debug)]
pub(super) struct Tuned {
    pub(super) model: QuantizedModel,
    pub(super) report: QuantizeReport,
    pub(super) outcome: Outcome,
}

/// Accuracies on the test set before and after fine-tuning.
#[derive(Clone, Debug, Serialize)]
pub(super) struct Outcome {
    images: usize,
    seed: u64,
    float_accuracy: f64,
    quantized_accuracy: f64,
    finetuned_accuracy: f64,
    epochs: usize,
    learning_rate: f32,
    #[serde(serialize_with = "lossy")]
    checkpoint: PathBuf,
}

impl FineTuneArgs {
    /// Prepares to fine-tune if the flag is given. Must be called before any other thread is started.
    pub(super) fn begin(&self) -> Result<Option<FineTune<'_>>> {
        let Some(epochs) = self.finetune else {
            self.threads.apply()?;
            return Ok(None);
        };
        let stop = StopRequest::listen(
            "stopping after this batch; press Ctrl-C again to stop immediately, without a checkpoint",
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
    /// Returns the files to write, after checking that they can be written, and the parameters of fine-tuning.
    pub(super) fn prepare(
        &self,
        context: &Context,
        float: &FloatModel,
        data: &DataArgs,
        output: &Path,
    ) -> Result<(Files, TrainConfig)> {
        let args = self.args;
        let files = Files {
            checkpoint: checkpoint_file(context, output, args.checkpoint.as_deref())?,
            checkpoint_every: CHECKPOINT_EVERY,
            metrics: args.metrics.as_deref().map(Path::to_path_buf),
            curve: args.curve.as_deref().map(Path::to_path_buf),
        };
        let trained = parameters::of(float, args.finetune_like.as_ref(), data)?;
        let config = parameters::for_fine_tuning(trained, self.epochs, args.finetune_lr);
        FineTuning::check_support(float, config.rule)?;
        config.validate(&float.description.name)?;
        Ok((files, config))
    }

    /// Fine-tunes.
    pub(super) fn run(
        &self,
        context: &Context,
        quantized: Quantized<'_>,
        Loaded { split, origin }: &Loaded,
        (files, config): (Files, TrainConfig),
    ) -> Result<Tuned> {
        let Quantized { float, model, report } = quantized;
        let scales: Vec<Vec<f64>> = report
            .layers
            .into_iter()
            .map(|layer| layer.channel_scales)
            .collect();
        let start = FineTuning::new(float, &model, &scales)?;
        let checkpoint = self.checkpoint(context, &files)?;
        let data = match self.args.limit {
            None => Cow::Borrowed(split),
            limit => Cow::Owned(limited(split.clone(), limit)?),
        };
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
        let (display, name) = (
            Display::new(context, &trainer, EvaluationSet::Test, true),
            &model.description.name,
        );
        if resumed {
            let at = trainer.progress();
            context.say(&format!(
                "resuming in epoch {}, after {} of {} batches",
                at.epoch, at.batch, at.batches
            ));
        }
        Session::new(&trainer, name, &config, &files, &self.stop, display, resumed)?.run(&mut trainer)?;

        let input = InputSigns::of(&model.description);
        let (mut tuned, report) = requantize(&trainer.model(), &scales, &model, input)?;
        // The model is one of this data set now, whatever it was trained on before.
        origin.record(&mut tuned.provenance);
        let finetuned_accuracy = accuracy(&tuned)?;
        if finetuned_accuracy < quantized_accuracy {
            context.warn("fine-tuning reduced the accuracy; try a lower --finetune-lr");
        }
        Ok(Tuned {
            model: tuned,
            report,
            outcome: Outcome {
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

    /// Loads the checkpoint to resume from, if there is one, and sets its learning rate.
    fn checkpoint(&self, context: &Context, files: &Files) -> Result<Option<Checkpoint>> {
        let mut checkpoint = to_resume_from(context, &files.checkpoint, self.args.resume, self.args.restart)?;
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
