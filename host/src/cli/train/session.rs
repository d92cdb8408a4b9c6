//! Runs a trainer, and writes checkpoints, metrics and the training curve; handles interruption and divergence.

use super::super::context::Context;
use super::super::diagnostic::{CliError, Result};
use super::super::figures::curve;
use super::super::interrupt::StopRequest;
use super::super::paths::is_stdout;
use super::evaluation_set::EvaluationSet;
use super::metrics::Metrics;
use super::progress::Display;
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};
use synfire_golden_model::Error;
use synfire_golden_model::train::{TrainConfig, Trainer};

/// Files that a session writes, and when.
#[derive(Debug)]
pub(crate) struct Files {
    /// Path of the checkpoint, which is written after every epoch.
    pub(crate) checkpoint: PathBuf,
    /// Longest time between two checkpoints within an epoch.
    pub(crate) checkpoint_every: Duration,
    /// Path of the metrics file.
    pub(crate) metrics: Option<PathBuf>,
    /// Path of the training curve, which is drawn after every epoch.
    pub(crate) curve: Option<PathBuf>,
}

/// A run of a trainer.
#[derive(Debug)]
pub(crate) struct Session<'a> {
    network: &'a str,
    config: &'a TrainConfig,
    files: &'a Files,
    stop: &'a StopRequest,
    display: Display<'a>,
    metrics: Option<Metrics>,
    evaluation: EvaluationSet,
    saved: Saved,
}

/// The last checkpoint.
#[derive(Clone, Copy, Debug)]
struct Saved {
    at: Instant,
    /// Epoch and batch of the checkpoint; `None` before the first checkpoint.
    place: Option<(usize, usize)>,
}

impl<'a> Session<'a> {
    /// A session that continues at the current position of `trainer`. `resumed` tells whether the trainer was loaded from
    /// the checkpoint.
    pub(crate) fn new(
        trainer: &Trainer<'_>,
        network: &'a str,
        config: &'a TrainConfig,
        files: &'a Files,
        stop: &'a StopRequest,
        display: Display<'a>,
        resumed: bool,
    ) -> Result<Self> {
        let evaluation = display.evaluation();
        let metrics = files
            .metrics
            .as_ref()
            .map(|path| Metrics::start(path, trainer.history(), evaluation));
        let progress = trainer.progress();
        Ok(Self {
            network,
            config,
            files,
            stop,
            display,
            metrics: metrics.transpose()?,
            evaluation,
            saved: Saved {
                at: Instant::now(),
                place: resumed.then_some((progress.epoch, progress.batch)),
            },
        })
    }

    /// Trains until the end of the last epoch.
    ///
    /// # Errors
    /// If the run is interrupted or diverges. Both errors name the checkpoint from which it can be resumed.
    pub(crate) fn run(&mut self, trainer: &mut Trainer<'_>) -> Result<()> {
        while trainer.epochs_done() < self.config.epochs {
            let stop = self.stop;
            let (display, saved, every) = (&mut self.display, self.saved.at, self.files.checkpoint_every);
            let advanced = trainer.advance(&mut |progress| {
                display.advance(progress);
                // An interrupted evaluation would have to start again, so do not interrupt it for a checkpoint.
                let save = progress.evaluated == 0 && saved.elapsed() >= every;
                if stop.is_requested() || save {
                    ControlFlow::Break(())
                } else {
                    ControlFlow::Continue(())
                }
            });
            let report = advanced.map_err(|error| self.diverged(error))?;
            self.save(trainer)?;
            if let Some(report) = report {
                self.display.epoch(&report, trainer.progress());
                if let Some(metrics) = &mut self.metrics {
                    metrics.append(&report)?;
                }
                let is_last = trainer.epochs_done() == self.config.epochs;
                // A file is replaced after every epoch, but standard output would hold one picture after another.
                let curve = self.files.curve.as_ref();
                if let Some(path) = curve.filter(|path| is_last || !is_stdout(path)) {
                    let name = self.evaluation.name();
                    curve::draw(path, self.network, self.config, name, trainer.history())?;
                }
            }
            if self.stop.is_requested() && trainer.epochs_done() < self.config.epochs {
                self.display.finish();
                let progress = trainer.progress();
                return Err(CliError::Interrupted {
                    epoch: progress.epoch,
                    batch: progress.batch,
                    batches: progress.batches,
                    checkpoint: self.files.checkpoint.clone(),
                });
            }
        }
        self.display.finish();
        Ok(())
    }

    fn save(&mut self, trainer: &Trainer<'_>) -> Result<()> {
        trainer.checkpoint().save(&self.files.checkpoint)?;
        let progress = trainer.progress();
        self.saved = Saved {
            at: Instant::now(),
            place: Some((progress.epoch, progress.batch)),
        };
        Ok(())
    }

    /// Converts an error of the trainer into an error that names the last checkpoint.
    fn diverged(&self, error: Error) -> CliError {
        self.display.finish();
        let path = self.files.checkpoint.display();
        let checkpoint = self.saved.place.map(|(epoch, batch)| {
            format!("the last good checkpoint is {path}, from epoch {epoch} after {batch} batches")
        });
        CliError::Diverged {
            source: Box::new(error),
            checkpoint: checkpoint.unwrap_or_else(|| "there is no checkpoint yet".into()),
            remedy: match self.saved.place {
                Some(_) => "resume from it with the same command, --resume and a lower --learning-rate",
                None => "start again with a lower --learning-rate",
            },
        }
    }
}

/// Returns the path of the checkpoint: the one `given`, or by default a file beside the model.
///
/// # Errors
/// If the run reads the default file, or cannot write there.
pub(crate) fn checkpoint_file(context: &Context, model: &Path, given: Option<&Path>) -> Result<PathBuf> {
    if let Some(checkpoint) = given {
        return Ok(checkpoint.to_owned());
    }
    let checkpoint = checkpoint_beside(model);
    context.paths().writes("the checkpoint", &checkpoint)?;
    Ok(checkpoint)
}

/// Returns the default path of the checkpoint for a model's path.
fn checkpoint_beside(model: &Path) -> PathBuf {
    let is_safetensors = model
        .extension()
        .is_some_and(|extension| extension == "safetensors");
    let mut name = if is_safetensors {
        model.with_extension("").into_os_string()
    } else {
        model.as_os_str().to_owned()
    };
    name.push(".checkpoint.safetensors");
    name.into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn checkpoints_lie_beside_the_model() {
        let beside = |model: &str| checkpoint_beside(Path::new(model));
        assert_eq!(
            beside("out/a.safetensors"),
            Path::new("out/a.checkpoint.safetensors")
        );
        assert_eq!(
            beside("out/a.model"),
            Path::new("out/a.model.checkpoint.safetensors")
        );
        assert_eq!(beside("a.b.safetensors"), Path::new("a.b.checkpoint.safetensors"));
    }
}
