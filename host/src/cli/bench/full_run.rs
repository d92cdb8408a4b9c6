//! How long a whole training run would take at the speed that was measured.

use serde::Serialize;
use std::fmt;

use super::super::inference::float;
use super::super::table::count;

/// All epochs of a network's own parameters over the training set, the evaluation after each not counted.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub(super) struct FullRun {
    /// Images of an epoch.
    images: u64,
    epochs: u64,
    /// At the median of the images per second.
    seconds: f64,
    /// Parts of a batch that are worked at a time: more threads than that do not help.
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
            "{} epochs of {} images at that speed: {}; threads that can help, one for each piece of a batch: {}",
            self.epochs,
            count(float(self.images)),
            duration(self.seconds),
            self.most_threads
        )
    }
}

/// Seconds in the unit that says most.
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
            "150 epochs of 50 000 images at that speed: 6.1 days; threads that can help, one for each piece of a \
             batch: 8"
        );
        assert_eq!(
            [1.25, 600.0, 36_000.0].map(duration),
            ["1.2 s", "10 min", "10.0 h"]
        );
    }
}
