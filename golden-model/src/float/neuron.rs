//! The leaky integrate-and-fire (LIF) neuron: its update, and the surrogate derivative of firing, called slope.

use crate::events::{Dispatch, Kernel, Lanes, Layout, SpikeLists};
use crate::network::Reset;
use crate::spikes::{Spike, SpikeRaster};

/// Default threshold of a neuron.
pub(crate) const THRESHOLD: f32 = 1.0;

/// Trace below which a neuron is treated as if it had not fired at all.
const MIN_TRACE: f32 = 1e-3;

/// Ends a step of integrate-and-fire neurons: lists the neurons that fired, resets them (to zero, or by subtracting the
/// threshold), then applies the leak to all.
///
/// `membranes` is padded to whole vectors with neurons at 0, which never fire because `threshold` is above 0.
pub(crate) fn fire_and_leak(
    dispatch: Dispatch,
    membranes: &mut [f32],
    threshold: f32,
    leak: f32,
    reset: Reset,
    spikes: &mut SpikeLists,
) {
    macro_rules! run {
        ($subtract:literal) => {
            dispatch.run(Fire::<$subtract> {
                membranes,
                threshold,
                leak,
                spikes,
            })
        };
    }
    match reset {
        Reset::Zero => run!(false),
        Reset::Subtract => run!(true),
    }
}

struct Fire<'a, const SUBTRACT: bool> {
    membranes: &'a mut [f32],
    threshold: f32,
    leak: f32,
    spikes: &'a mut SpikeLists,
}

impl<const SUBTRACT: bool> Kernel for Fire<'_, SUBTRACT> {
    type Output = ();

    #[inline(always)]
    fn run<S: Lanes>(self, simd: S) {
        let (threshold, leak) = (simd.splat_f32s(self.threshold), simd.splat_f32s(self.leak));
        let zero = simd.splat_f32s(0.0);
        let (list, start) = self.spikes.room(self.membranes.len());
        let mut count = 0;
        let vectors = S::as_mut_simd_f32s(self.membranes).0;
        for (membranes, base) in vectors.iter_mut().zip((0u32..).step_by(S::F32_LANES)) {
            let fired = simd.less_than_f32s(threshold, *membranes);
            *membranes = if SUBTRACT {
                let rest = simd.select_f32s(fired, simd.sub_f32s(*membranes, threshold), *membranes);
                simd.mul_f32s(rest, leak)
            } else {
                simd.select_f32s(fired, zero, simd.mul_f32s(*membranes, leak))
            };
            count += simd.list(fired, base, &mut list[count..]);
        }
        self.spikes.end_step(start + count);
    }
}

/// Powers and logarithm of the leak, for computing slopes.
#[derive(Clone, Debug)]
pub(crate) struct LeakTable {
    /// `powers[t]` = leak^(T−1−t) is the contribution of a spike in step t, counted from 0, to the trace.
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

    /// Computes the slopes of LIF neurons from their spikes; `counts` receives the number of spikes of each neuron.
    pub(crate) fn slopes(&self, spikes: &SpikeLists, threshold: f32, slopes: &mut [f32], counts: &mut [f32]) {
        self.trace(spikes, slopes, counts);
        for (slope, &count) in slopes.iter_mut().zip(&*counts) {
            *slope = self.of_unit_threshold(*slope, count) / threshold;
        }
    }

    /// Computes [`Self::slopes`] with one threshold per channel.
    pub(crate) fn slopes_by_channel(
        &self,
        spikes: &SpikeLists,
        thresholds: &[f32],
        slopes: &mut [f32],
        counts: &mut [f32],
    ) {
        self.trace(spikes, slopes, counts);
        let positions = slopes.chunks_exact_mut(thresholds.len());
        for (slopes, counts) in positions.zip(counts.chunks_exact(thresholds.len())) {
            for ((slope, &count), threshold) in slopes.iter_mut().zip(counts).zip(thresholds) {
                *slope = self.of_unit_threshold(*slope, count) / threshold;
            }
        }
    }

    /// Computes the trace and the number of spikes of each neuron.
    fn trace(&self, spikes: &SpikeLists, traces: &mut [f32], counts: &mut [f32]) {
        traces.fill(0.0);
        counts.fill(0.0);
        for (step, power) in spikes.steps().zip(&self.powers) {
            for &address in step {
                traces[address as usize] += power;
                counts[address as usize] += 1.0;
            }
        }
    }

    /// Computes the slope of a neuron with threshold 1.
    fn of_unit_threshold(&self, trace: f32, count: f32) -> f32 {
        let fired = if trace > MIN_TRACE { 1.0 } else { 0.0 };
        fired + self.logarithm * trace / count.max(1.0)
    }
}

/// Sums the signs of the spikes of each input.
pub(crate) fn signed_counts(spikes: &SpikeRaster, layout: Layout, counts: &mut [f32]) {
    counts.fill(0.0);
    for &Spike { address, value } in spikes.iter().flatten() {
        counts[layout.address(address as usize)] += f32::from(value);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_membrane_equal_to_the_threshold_does_not_fire() {
        for dispatch in Dispatch::all() {
            let mut membranes = [0.0; 64];
            membranes[..5].copy_from_slice(&[1.0, 1.0 + f32::EPSILON, -3.0, 2.0, 0.5]);
            membranes[63] = 7.0;
            let mut lists = SpikeLists::new(64, 1);
            fire_and_leak(dispatch, &mut membranes, 1.0, 0.5, Reset::Zero, &mut lists);
            assert_eq!(lists.step(0), [1, 3, 63], "{dispatch:?}");
            assert_eq!(membranes[..5], [0.5, 0.0, -1.5, 0.0, 0.25]);
            assert_eq!(membranes[63], 0.0);
        }
    }

    #[test]
    fn a_reset_by_subtraction_keeps_what_exceeds_the_threshold() {
        for dispatch in Dispatch::all() {
            let mut membranes = [0.0; 64];
            membranes[..4].copy_from_slice(&[1.0, 1.5, -3.0, 4.0]);
            let mut lists = SpikeLists::new(64, 1);
            fire_and_leak(dispatch, &mut membranes, 1.0, 0.5, Reset::Subtract, &mut lists);
            assert_eq!(lists.step(0), [1, 3], "{dispatch:?}");
            assert_eq!(membranes[..4], [0.5, 0.25, -1.5, 1.5]);
        }
    }

    #[test]
    fn all_neurons_may_fire_in_every_step() {
        for dispatch in Dispatch::all() {
            let mut lists = SpikeLists::new(48, 3);
            for _ in 0..3 {
                fire_and_leak(dispatch, &mut [2.0; 48], 1.5, 1.0, Reset::Zero, &mut lists);
            }
            for step in lists.steps() {
                assert!(step.iter().copied().eq(0..48), "{dispatch:?}: {step:?}");
            }
        }
    }

    fn slopes(leak: f32, steps: &[u64], threshold: f32) -> ([f32; 3], [f32; 3]) {
        let mut lists = SpikeLists::new(3, steps.len());
        steps.iter().for_each(|&word| lists.push_bits(&[word]));
        let (mut slopes, mut counts) = ([9.0; 3], [9.0; 3]);
        LeakTable::new(leak, steps.len()).slopes(&lists, threshold, &mut slopes, &mut counts);
        (slopes, counts)
    }

    #[test]
    fn slopes_follow_trace_count_and_threshold() {
        // The traces are 0.25 + 0.5, 0 and 0.5.
        let ln = -std::f32::consts::LN_2;
        let expected = [1.0 + ln * 0.75 / 2.0, 0.0, 1.0 + ln * 0.5];
        for threshold in [1.0, 2.0] {
            let (slopes, counts) = slopes(0.5, &[0b001, 0b101, 0], threshold);
            for (slope, expected) in slopes.iter().zip(expected) {
                let expected = expected / threshold;
                assert!((slope - expected).abs() < 1e-5, "{slope}, expected {expected}");
            }
            assert_eq!(counts, [2.0, 0.0, 1.0]);
        }
    }

    #[test]
    fn without_leak_the_slope_is_one_where_a_neuron_fired() {
        assert_eq!(slopes(1.0, &[0b10], 1.0).0, [0.0, 1.0, 0.0]);
    }
}
