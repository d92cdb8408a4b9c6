//! Duration of a whole training run at the measured speed.

use serde::Serialize;
use std::fmt;

use super::super::inference::float;
use super::super::table::count;

/// A training run with a network's own number of epochs over the training set, without the evaluation after each epoch.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub(super) struct FullRun {
    /// Images of an epoch.
    images: u64,
    epochs: u64,
    /// Duration at the median speed.
    seconds: f64,
    /// Pieces of a batch that can be processed at the same time; more threads than pieces do not help.
    most_threads: u64,
}

impl FullRun {
    pub(super) fn new(images: usize, epochs: usize, pieces: usize, images_per_second: f64) -> Self {
        let (images, epochs) = (images as u64, epochs as u64);
        Self {
            images,
            epochs,
            seconds: float(images) * float(epochs) / images_per_second,
            most_threads: pieces as u64,
        }
    }
}

impl fmt::Display for FullRun {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "at this speed, {} epochs of {} images take {}; up to {} threads help, one for each piece of a batch",
            self.epochs,
            count(float(self.images)),
            duration(self.seconds),
            self.most_threads
        )
    }
}

/// Formats a duration in a suitable unit.
fn duration(seconds: f64) -> String {
    match seconds {
        ..120.0 => format!("{seconds:.1} s"),
        ..7200.0 => format!("{:.0} min", seconds / 60.0),
        ..172_800.0 => format!("{:.1} h", seconds / 3600.0),
        _ => format!("{:.1} days", seconds / 86_400.0),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_run_is_images_times_epochs_over_speed() {
        let run = FullRun::new(50_000, 150, 8, 14.3);
        assert_eq!(
            run.to_string(),
            "at this speed, 150 epochs of 50 000 images take 6.1 days; up to 8 threads help, one for each piece of a \
             batch"
        );
        assert_eq!(
            [1.25, 600.0, 36_000.0].map(duration),
            ["1.2 s", "10 min", "10.0 h"]
        );
    }
}
