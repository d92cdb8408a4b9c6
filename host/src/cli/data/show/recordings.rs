//! Statistics of recordings: events, durations, and input spikes.

use crate::cli::inference::float;
use crate::cli::table::{count, percent};
use serde::Serialize;
use synfire_golden_model::dataset::Recordings;

/// Statistics of the recordings of a set.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub(super) struct RecordingStatistics {
    /// Smallest, median and largest number of events of a recording.
    pub(super) events: [usize; 3],
    /// Shortest, median and longest time to the last event, in microseconds.
    pub(super) duration_us: [usize; 3],
    /// Length of the part of a recording that is used, in microseconds.
    pub(super) window_us: u32,
    /// Share of the events after that part, in 0..=1.
    pub(super) late: f64,
    /// Mean input spikes per step.
    pub(super) spikes_per_step: f64,
}

impl RecordingStatistics {
    pub(super) fn of(recordings: &Recordings, steps: usize) -> Self {
        let mut events = Vec::with_capacity(recordings.len());
        let mut durations = Vec::with_capacity(recordings.len());
        let (mut late, mut spikes) = (0, 0);
        let mut bins = Vec::new();
        for index in 0..recordings.len() {
            let recording = recordings.get(index);
            events.push(recording.len());
            let last = recording.iter().map(|event| event.time_us).max();
            durations.push(last.unwrap_or(0) as usize);
            bins.clear();
            for event in recording {
                match recordings.step_of(event.time_us, steps) {
                    Some(step) => bins.push((step, event.address)),
                    None => late += 1,
                }
            }
            // Several events of one pixel in one step are one spike.
            bins.sort_unstable();
            bins.dedup();
            spikes += bins.len();
        }
        Self {
            events: three(events),
            duration_us: three(durations),
            window_us: recordings.window_us(),
            late: float(late) / float(recordings.events().len().max(1) as u64),
            spikes_per_step: float(spikes as u64) / float((recordings.len() * steps).max(1) as u64),
        }
    }

    pub(super) fn describe(&self, name: &str, steps: u32) -> String {
        let count = |number: usize| count(float(number as u64));
        let [fewest, median, most] = self.events.map(count);
        let [shortest, typical, longest] = self.duration_us.map(|time| float(time as u64) / 1000.0);
        format!(
            "{name}: {fewest} to {most} events per recording, median {median}; {shortest:.0} to {longest:.0} ms, median \
             {typical:.0}\n  the first {} ms are used, {} of the events are later; with {steps} steps, {:.1} input \
             spikes per step\n",
            f64::from(self.window_us) / 1000.0,
            percent(self.late),
            self.spikes_per_step
        )
    }
}

/// Returns the smallest, the median (the lower of two) and the largest number; zeros if there are none.
fn three(mut numbers: Vec<usize>) -> [usize; 3] {
    numbers.sort_unstable();
    let at = |index: usize| numbers.get(index).copied().unwrap_or(0);
    let last = numbers.len().saturating_sub(1);
    [at(0), at(last / 2), at(last)]
}

#[cfg(test)]
mod tests {
    use super::*;
    use synfire_golden_model::dataset::Event;

    #[test]
    fn events_and_spikes_are_counted() {
        let event = |time_us, address| Event { time_us, address };
        let mut recordings = Recordings::new(100);
        recordings.push([event(0, 1), event(5, 1), event(60, 1), event(100, 1)]);
        recordings.push([event(20, 0)]);
        recordings.push([]);
        let statistics = RecordingStatistics::of(&recordings, 2);
        assert_eq!(statistics.events, [0, 1, 4]);
        assert_eq!(statistics.duration_us, [0, 20, 100]);
        assert!((statistics.late - 0.2).abs() < 1e-12);
        // Two of the first recording, one of the second, over three recordings of two steps.
        assert!((statistics.spikes_per_step - 0.5).abs() < 1e-12);
    }
}
