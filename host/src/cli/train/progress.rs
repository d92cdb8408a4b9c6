//! Progress of a run: a bar with speed and time left, and a line per epoch.

use super::super::context::{Context, print_error};
use super::super::table::percent;
use super::evaluation_set::EvaluationSet;
use indicatif::{FormattedDuration, ProgressBar};
use std::time::{Duration, Instant};
use synfire_golden_model::evaluation::LayerActivity;
use synfire_golden_model::train::{EpochReport, Progress, Trainer};

/// Progress bar of a run, and the numbers for estimating the time left.
#[derive(Debug)]
pub(crate) struct Display<'a> {
    context: &'a Context,
    bar: ProgressBar,
    pace: Pace,
    /// Which images are evaluated after each epoch.
    evaluation: EvaluationSet,
    /// Whether to print a line per epoch.
    lines: bool,
    warned: Vec<String>,
}

impl<'a> Display<'a> {
    /// Shows the progress of `trainer` from its current position. `lines` chooses whether to print a line per epoch.
    pub(crate) fn new(
        context: &'a Context,
        trainer: &Trainer<'_>,
        evaluation: EvaluationSet,
        lines: bool,
    ) -> Self {
        let pace = Pace::new(trainer.progress());
        let bar = context.bar_of_text(pace.total, "training");
        bar.set_position(pace.first);
        Self {
            context,
            bar,
            pace,
            evaluation,
            lines,
            warned: Vec::new(),
        }
    }

    /// Returns which images are evaluated after each epoch.
    pub(super) const fn evaluation(&self) -> EvaluationSet {
        self.evaluation
    }

    /// Shows that a batch or a part of an evaluation is done.
    pub(crate) fn advance(&mut self, progress: Progress) {
        let Progress { epoch, epochs, .. } = progress;
        let (evaluated, all) = (progress.evaluated, progress.to_evaluate);
        if evaluated > 0 {
            let text = format!("epoch {epoch}/{epochs}, evaluating {evaluated}/{all}");
            self.bar.set_message(text);
            return;
        }
        self.pace.reach(progress);
        self.bar.set_position(self.pace.reached);
        let (loss, speed) = (progress.loss, self.pace.images_per_second());
        let left = FormattedDuration(self.pace.left());
        let text = format!("epoch {epoch}/{epochs}, loss {loss:.4}, {speed:.0} images/s, {left} left");
        self.bar.set_message(text);
    }

    /// Shows that an epoch is done and evaluated.
    pub(crate) fn epoch(&mut self, report: &EpochReport, progress: Progress) {
        self.pace.evaluated(Duration::from_secs_f64(report.test_seconds));
        if self.lines && !self.context.is_json() {
            let left = self.pace.left();
            let line = epoch_line(report, progress.epochs, self.evaluation, left);
            self.bar.suspend(|| print_error(&line));
        }
        for warning in &report.warnings {
            let layer = (warning.layer.clone(), warning.kind);
            let text = warning.to_string();
            let key = format!("{layer:?}");
            if !self.warned.contains(&key) {
                self.bar
                    .suspend(|| self.context.warn(&format!("epoch {}: {text}", report.epoch)));
                self.warned.push(key);
            }
        }
    }

    /// Removes the bar.
    pub(crate) fn finish(&self) {
        self.bar.finish_and_clear();
    }
}

/// Speed of a run since it was started or resumed.
#[derive(Clone, Copy, Debug)]
struct Pace {
    start: Instant,
    /// Number of images that the run had processed at the start.
    first: u64,
    /// Number of images that the run has processed now.
    reached: u64,
    /// Number of images that the run has processed at its end.
    total: u64,
    epochs_left: u32,
    /// Time of all evaluations so far.
    evaluating: Duration,
    /// Time of the last evaluation.
    evaluation: Duration,
}

impl Pace {
    fn new(at: Progress) -> Self {
        let images = images_of_run(at);
        Self {
            start: Instant::now(),
            first: images,
            reached: images,
            total: (at.epochs * at.total_images) as u64,
            epochs_left: 0,
            evaluating: Duration::ZERO,
            evaluation: Duration::ZERO,
        }
    }

    fn reach(&mut self, at: Progress) {
        self.reached = images_of_run(at);
        self.epochs_left = u32::try_from((at.epochs + 1).saturating_sub(at.epoch)).unwrap_or(u32::MAX);
    }

    fn evaluated(&mut self, duration: Duration) {
        self.evaluating += duration;
        self.evaluation = duration;
        self.epochs_left = self.epochs_left.saturating_sub(1);
    }

    /// Returns the time of training without evaluations.
    fn training(&self) -> Duration {
        self.start.elapsed().saturating_sub(self.evaluating)
    }

    fn images_per_second(&self) -> f64 {
        let images = self.reached.saturating_sub(self.first);
        images as f64 / self.training().as_secs_f64().max(1e-9)
    }

    fn left(&self) -> Duration {
        let images = self.total.saturating_sub(self.reached) as f64;
        let training = Duration::try_from_secs_f64(images / self.images_per_second());
        training
            .unwrap_or_default()
            .saturating_add(self.evaluation.saturating_mul(self.epochs_left))
    }
}

/// Returns the number of images processed since the first epoch.
fn images_of_run(at: Progress) -> u64 {
    ((at.epoch - 1) * at.total_images + at.images) as u64
}

/// Describes an epoch in one line.
fn epoch_line(report: &EpochReport, epochs: usize, evaluation: EvaluationSet, left: Duration) -> String {
    let EpochReport {
        epoch,
        loss,
        images_per_second,
        ..
    } = report;
    let width = epochs.to_string().len();
    let test = report
        .test_accuracy
        .map(|accuracy| format!(", {} {}", evaluation.name(), percent(accuracy)))
        .unwrap_or_default();
    format!(
        "epoch {epoch:width$}/{epochs}: loss {loss:.4}, train {}{test}, {images_per_second:.0} images/s, {} left; \
         spike rates: {}",
        percent(report.train_accuracy),
        FormattedDuration(left),
        rates(&report.activity),
    )
}

/// Lists the spikes per neuron and step of the input and of every layer.
fn rates(activity: &[LayerActivity]) -> String {
    let rate = |layer: &LayerActivity| format!("{} {:.3}", layer.layer, layer.rate);
    activity.iter().map(rate).collect::<Vec<_>>().join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(epoch: usize, images: usize) -> Progress {
        Progress {
            epoch,
            epochs: 10,
            batch: 0,
            batches: 10,
            images,
            total_images: 1000,
            evaluated: 0,
            to_evaluate: 0,
            loss: 0.0,
            accuracy: 0.0,
        }
    }

    #[test]
    fn a_resumed_run_counts_what_it_does_itself() {
        let mut pace = Pace::new(at(3, 500));
        assert_eq!((pace.first, pace.total), (2500, 10_000));
        pace.start = Instant::now() - Duration::from_secs(10);
        pace.reach(at(4, 0));
        assert!((pace.images_per_second() - 50.0).abs() < 1.0);
        // 7000 images at 50 a second.
        assert!((pace.left().as_secs_f64() - 140.0).abs() < 2.0);
    }

    #[test]
    fn evaluations_count_towards_the_time_left_and_not_the_speed() {
        let mut pace = Pace::new(at(1, 0));
        pace.start = Instant::now() - Duration::from_secs(30);
        pace.reach(at(1, 1000));
        pace.evaluated(Duration::from_secs(10));
        assert!((pace.images_per_second() - 50.0).abs() < 1.0);
        assert!((pace.left().as_secs_f64() - (180.0 + 90.0)).abs() < 4.0);
    }

    #[test]
    fn nothing_done_yet_is_no_time_left() {
        assert_eq!(Pace::new(at(1, 0)).left(), Duration::ZERO);
    }

    #[test]
    fn the_line_of_an_epoch_has_all_metrics() {
        let layer = |layer: &str, rate| LayerActivity {
            layer: layer.into(),
            spikes: 1.0,
            rate,
            idle: None,
        };
        let report = EpochReport {
            epoch: 7,
            learning_rate: 0.1,
            loss: 0.12345,
            train_accuracy: 0.9612,
            test_accuracy: Some(0.95),
            seconds: 1.0,
            test_seconds: 0.5,
            images_per_second: 312.4,
            activity: vec![layer("input", 0.1), layer("conv1", 0.0414)],
            warnings: Vec::new(),
        };
        assert_eq!(
            epoch_line(&report, 10, EvaluationSet::Test, Duration::from_secs(3723)),
            "epoch  7/10: loss 0.1235, train 96.12 %, test 95.00 %, 312 images/s, 01:02:03 left; \
             spike rates: input 0.100, conv1 0.041"
        );
    }
}
