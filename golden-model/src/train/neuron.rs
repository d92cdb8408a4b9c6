//! The leaky integrate-and-fire neuron: its step, and the slope that stands for the derivative of its firing.

use super::engine::channels_last;
use super::simd::{Dispatch, Kernel, Lanes};
use super::spike_lists::{SpikeLists, WORD};
use crate::network::Shape;
use crate::spikes::{Spike, SpikeRaster};

/// Threshold of neurons that have none of their own.
pub(crate) const THRESHOLD: f32 = 1.0;

/// Trace below which a neuron counts as not having fired at all.
const MIN_TRACE: f32 = 1e-3;

/// Ends a step of integrate-and-fire neurons: notes who fired in `words`, resets them to zero, then leaks all.
///
/// `membranes` is padded with neurons at 0 to whole words of [`WORD`]; `threshold` is above 0, so they never fire.
pub(crate) fn fire_and_leak(
    dispatch: Dispatch,
    membranes: &mut [f32],
    threshold: f32,
    leak: f32,
    words: &mut [u64],
) {
    dispatch.run(Fire {
        membranes,
        threshold,
        leak,
        words,
    });
}

struct Fire<'a> {
    membranes: &'a mut [f32],
    threshold: f32,
    leak: f32,
    words: &'a mut [u64],
}

impl Kernel for Fire<'_> {
    type Output = ();

    #[inline(always)]
    fn run<S: Lanes>(self, simd: S) {
        let (threshold, leak) = (simd.splat_f32s(self.threshold), simd.splat_f32s(self.leak));
        let zero = simd.splat_f32s(0.0);
        let (blocks, _) = self.membranes.as_chunks_mut::<WORD>();
        for (block, word) in blocks.iter_mut().zip(self.words) {
            let (vectors, _) = S::as_mut_simd_f32s(block);
            let mut bits = 0;
            for (index, membranes) in vectors.iter_mut().enumerate() {
                let fired = simd.less_than_f32s(threshold, *membranes);
                bits |= simd.bits(fired) << (index * S::F32_LANES);
                *membranes = simd.select_f32s(fired, zero, simd.mul_f32s(*membranes, leak));
            }
            *word = bits;
        }
    }
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

    /// Slopes of LIF neurons with these spikes; `counts` receives each neuron's number of spikes.
    pub(crate) fn slopes(&self, spikes: &SpikeLists, threshold: f32, slopes: &mut [f32], counts: &mut [f32]) {
        slopes.fill(0.0);
        counts.fill(0.0);
        for (step, power) in spikes.steps().zip(&self.powers) {
            for &address in step {
                slopes[address as usize] += power;
                counts[address as usize] += 1.0;
            }
        }
        for (slope, count) in slopes.iter_mut().zip(counts) {
            let trace = *slope;
            let fired = if trace > MIN_TRACE { 1.0 } else { 0.0 };
            *slope = (fired + self.logarithm * trace / count.max(1.0)) / threshold;
        }
    }
}

/// Sums of the signs of every input's spikes, channels-last.
pub(crate) fn signed_counts(spikes: &SpikeRaster, shape: Shape, counts: &mut [f32]) {
    counts.fill(0.0);
    for Spike { address, negative } in spikes.iter().flatten() {
        counts[channels_last(shape, *address as usize)] += if *negative { -1.0 } else { 1.0 };
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_membrane_equal_to_the_threshold_does_not_fire() {
        for dispatch in Dispatch::all() {
            let mut membranes = [0.0; WORD];
            membranes[..5].copy_from_slice(&[1.0, 1.0 + f32::EPSILON, -3.0, 2.0, 0.5]);
            membranes[63] = 7.0;
            let mut words = [99];
            fire_and_leak(dispatch, &mut membranes, 1.0, 0.5, &mut words);
            assert_eq!(words, [1 << 63 | 0b1010], "{dispatch:?}");
            assert_eq!(membranes[..5], [0.5, 0.0, -1.5, 0.0, 0.25]);
            assert_eq!(membranes[63], 0.0);
        }
    }

    #[test]
    fn all_neurons_may_fire_at_once() {
        for dispatch in Dispatch::all() {
            let mut words = [0; 2];
            fire_and_leak(dispatch, &mut [2.0; 2 * WORD], 1.5, 1.0, &mut words);
            assert_eq!(words, [u64::MAX; 2]);
        }
    }

    fn slopes(leak: f32, steps: &[u64], threshold: f32) -> ([f32; 3], [f32; 3]) {
        let mut lists = SpikeLists::new(3, steps.len());
        steps.iter().for_each(|&word| lists.push(&[word], None));
        let (mut slopes, mut counts) = ([9.0; 3], [9.0; 3]);
        LeakTable::new(leak, steps.len()).slopes(&lists, threshold, &mut slopes, &mut counts);
        (slopes, counts)
    }

    #[test]
    fn slopes_follow_trace_count_and_threshold() {
        // Traces 0.25 + 0.5, 0 and 0.5.
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
