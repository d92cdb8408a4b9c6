//! The leaky integrate-and-fire neuron: its step, and the slope that stands for the derivative of its firing.

use crate::spikes::{Spike, SpikeRaster};

/// Membrane above which a neuron fires.
pub(crate) const THRESHOLD: f32 = 1.0;

/// Trace below which a neuron counts as not having fired at all.
const MIN_TRACE: f32 = 1e-3;

/// Ends a step of LIF neurons: lists who fired in `fired`, resets them to zero, then leaks all.
///
/// Returns the number of entries of `fired` that are valid. `fired` is as long as `membranes`.
pub(crate) fn fire_and_leak(membranes: &mut [f32], leak: f32, fired: &mut [u32]) -> usize {
    // Listing without a branch, and the update in a loop of its own that the compiler turns into vectors.
    let mut count = 0;
    for (address, &membrane) in (0u32..).zip(membranes.iter()) {
        fired[count] = address;
        count += usize::from(membrane > THRESHOLD);
    }
    for membrane in membranes {
        *membrane = if *membrane > THRESHOLD {
            0.0
        } else {
            *membrane * leak
        };
    }
    count
}

/// Powers of the leak and its logarithm, for the slopes.
#[derive(Clone, Debug)]
pub(crate) struct LeakTable {
    /// `powers[t]` is what a spike in step t, counted from 0, adds to the trace: leak^(T−1−t).
    powers: Vec<f32>,
    logarithm: f32,
}

impl LeakTable {
    #[expect(
        clippy::cast_possible_truncation,
        reason = "computed in f64 to be rounded to f32 once"
    )]
    pub(crate) fn new(leak: f32, steps: usize) -> Self {
        let power =
            |exponent: usize| f64::from(leak).powi(i32::try_from(exponent).unwrap_or(i32::MAX)) as f32;
        Self {
            powers: (0..steps).map(|t| power(steps - 1 - t)).collect(),
            logarithm: f64::from(leak).ln() as f32,
        }
    }

    /// Slopes of neurons with these spikes; `counts` receives the sums of their spikes' signs.
    pub(crate) fn slopes(&self, spikes: &SpikeRaster, slopes: &mut [f32], counts: &mut [f32]) {
        slopes.fill(0.0);
        counts.fill(0.0);
        for (step, power) in spikes.iter().zip(&self.powers) {
            for spike in step {
                slopes[spike.address as usize] += power;
                counts[spike.address as usize] += 1.0;
            }
        }
        for (slope, count) in slopes.iter_mut().zip(counts) {
            let trace = *slope;
            let fired = if trace > MIN_TRACE { 1.0 } else { 0.0 };
            *slope = (fired + self.logarithm * trace / count.max(1.0)) / THRESHOLD;
        }
    }
}

/// Sums of the signs of every source's spikes.
pub(crate) fn signed_counts(spikes: &SpikeRaster, counts: &mut [f32]) {
    counts.fill(0.0);
    for Spike { address, negative } in spikes.iter().flatten() {
        counts[*address as usize] += if *negative { -1.0 } else { 1.0 };
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_membrane_equal_to_the_threshold_does_not_fire() {
        let mut membranes = [1.0, 1.0 + f32::EPSILON, -3.0, 2.0, 0.5];
        let mut fired = [0; 5];
        let count = fire_and_leak(&mut membranes, 0.5, &mut fired);
        assert_eq!(fired[..count], [1, 3]);
        assert_eq!(membranes, [0.5, 0.0, -1.5, 0.0, 0.25]);
    }

    #[test]
    fn all_neurons_may_fire_at_once() {
        let mut fired = [0; 3];
        assert_eq!(fire_and_leak(&mut [2.0; 3], 1.0, &mut fired), 3);
        assert_eq!(fired, [0, 1, 2]);
    }

    #[test]
    fn slopes_follow_trace_and_count() {
        let mut raster = SpikeRaster::new(3);
        raster.push_step([Spike::positive(0)]);
        raster.push_step([Spike::positive(0), Spike::positive(2)]);
        raster.push_step([]);
        let (mut slopes, mut counts) = ([0.0; 3], [0.0; 3]);
        LeakTable::new(0.5, 3).slopes(&raster, &mut slopes, &mut counts);
        // Traces 0.25 + 0.5, 0 and 0.5.
        let ln = -std::f32::consts::LN_2;
        let expected = [1.0 + ln * 0.75 / 2.0, 0.0, 1.0 + ln * 0.5];
        for (slope, expected) in slopes.iter().zip(expected) {
            assert!((slope - expected).abs() < 1e-5, "{slope}, expected {expected}");
        }
        assert_eq!(counts, [2.0, 0.0, 1.0]);
    }

    #[test]
    fn without_leak_the_slope_is_one_where_a_neuron_fired() {
        let mut raster = SpikeRaster::new(2);
        raster.push_step([Spike::positive(1)]);
        let (mut slopes, mut counts) = ([9.0; 2], [9.0; 2]);
        LeakTable::new(1.0, 1).slopes(&raster, &mut slopes, &mut counts);
        assert_eq!(slopes, [0.0, 1.0]);
    }
}
