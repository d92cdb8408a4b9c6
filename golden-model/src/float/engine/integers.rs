//! Integer arithmetic in float vectors: the trainer computes the same membranes as the hardware, bit for bit.
//!
//! An f32 represents every integer up to 2^24 in magnitude, and adds, subtracts and compares them exactly. So with
//! weights q·2^G as f32 and membranes of at most [`MAX_MEMBRANE_BITS`] bits, the kernels of the float engine compute
//! exact integers. Only the end of a step differs (`crate::integer::neuron`):
//!
//! ```text
//! fired = m > θ                        θ per channel
//! m     = 0                            if fired
//! m     = m − Σ ⌊m · 2^−shift⌋          every shift of the same m
//! m     = max(m, floor)
//! ```
//!
//! In the backward pass, δ = ∂loss/∂m is in the same unit. The threshold of a channel in this unit is the real number
//! v_th · 2^G / scale, not its floor θ: the slope is divided by it, and the output is y = m / (v_th · 2^G / scale) / T.
//! Errors of sources need no factor, because Σ q·2^G · ∂loss/∂m = Σ w · ∂loss/∂v.

use super::{Connections, Dynamics, Engine, Layer};
use crate::events::{Dispatch, Kernel, Lanes, SpikeLists};
use crate::float::neuron::LeakTable;
use crate::integer::{Neuron, QuantizedLayer, QuantizedModel, QuantizedShortcut, leak};
use crate::network::LayerDescription;

/// Widest membrane in bits that f32 lanes compute exactly: m itself, and the rounding of m / 2.
pub(crate) const MAX_MEMBRANE_BITS: u8 = 24;

/// Constant 1.5 · 2^23: adding and subtracting it rounds numbers of at most 2^22 in magnitude to integers.
const ROUNDING: f32 = 12_582_912.0;

/// End of a step for the integer neurons of a layer. Numbers per channel are padded to the layout's stride.
#[derive(Clone, Debug)]
pub(super) struct IntegerNeurons {
    /// Threshold θ per channel; empty in the output layer.
    thresholds: Vec<f32>,
    /// Real threshold v_th · 2^G / scale per channel; unused for pooling neurons.
    pub(super) units: Vec<f32>,
    /// Factor 2^−shift for every shift of the leak.
    leak: Vec<f32>,
    floor: f32,
    pub(super) leak_table: LeakTable,
}

impl Engine {
    /// Creates the engine of a quantized network with membranes of at most [`MAX_MEMBRANE_BITS`] bits. `scales` has one
    /// number per channel of every layer with weights. Weights passed to the engine are integers q·2^G.
    pub(crate) fn integers(model: &QuantizedModel, scales: &[Vec<f64>]) -> Self {
        let mut engine = Self::new(&model.description);
        let described = model.description.layers.iter().zip(&model.layers);
        for ((layer, (description, quantized)), scales) in engine.layers.iter_mut().zip(described).zip(scales)
        {
            layer.make_integer(description, quantized, scales, engine.steps);
        }
        engine
    }
}

impl Layer {
    fn make_integer(
        &mut self,
        description: &LayerDescription,
        quantized: &QuantizedLayer,
        scales: &[f64],
        steps: usize,
    ) {
        let stride = self.layout.stride;
        let unit = |scale: &f64| {
            narrow(f64::from(description.threshold()) * f64::from(quantized.guard_bits).exp2() / scale)
        };
        // Padding neurons stay at 0 for any threshold and unit.
        let filled = |numbers: &mut dyn Iterator<Item = f32>| {
            let mut numbers: Vec<f32> = numbers.collect();
            numbers.resize(stride, 1.0);
            numbers
        };
        let thresholds = match &quantized.neuron {
            Neuron::Lif { thresholds } => filled(&mut thresholds.iter().copied().map(exact)),
            Neuron::Output => Vec::new(),
        };
        let units = filled(&mut scales.iter().map(unit));
        if self.dynamics == Dynamics::Output {
            self.threshold = units[0];
        }
        if let Some(QuantizedShortcut::Identity(increments)) = &quantized.shortcut
            && let Some(path) = self.paths.last_mut()
            && let Connections::Plain { scatter, .. } = &path.connections
        {
            path.connections = Connections::Identity {
                scatter: scatter.clone(),
                increments: filled(&mut increments.iter().copied().map(exact)),
            };
        }
        let shifts = &quantized.leak_shifts;
        self.integers = Some(IntegerNeurons {
            thresholds,
            units,
            leak: shifts.iter().map(|&shift| (-f32::from(shift)).exp2()).collect(),
            floor: exact(quantized.floor),
            leak_table: LeakTable::new(narrow(leak::factor(shifts)), steps),
        });
    }
}

impl IntegerNeurons {
    /// Ends a step of neurons that can fire, and lists those that fired.
    pub(super) fn fire_and_settle(&self, dispatch: Dispatch, membranes: &mut [f32], spikes: &mut SpikeLists) {
        let thresholds = &self.thresholds[..];
        let floor = self.floor;
        macro_rules! run {
            ($leak:expr) => {
                dispatch.run(FireAndSettle {
                    membranes,
                    thresholds,
                    leak: $leak,
                    floor,
                    spikes,
                })
            };
        }
        match self.leak[..] {
            [] => run!([]),
            [a] => run!([a]),
            [a, b] => run!([a, b]),
            [a, b, c] => run!([a, b, c]),
            _ => unreachable!("a valid layer has at most three shifts"),
        }
    }

    /// Ends a step of the output layer.
    pub(super) fn settle(&self, membranes: &mut [f32]) {
        for membrane in membranes {
            let leaked = self.leak.iter().map(|power| (*membrane * power).floor());
            *membrane = (*membrane - leaked.sum::<f32>()).max(self.floor);
        }
    }
}

struct FireAndSettle<'a, const SHIFTS: usize> {
    membranes: &'a mut [f32],
    thresholds: &'a [f32],
    leak: [f32; SHIFTS],
    floor: f32,
    spikes: &'a mut SpikeLists,
}

impl<const SHIFTS: usize> Kernel for FireAndSettle<'_, SHIFTS> {
    type Output = ();

    #[inline(always)]
    fn run<S: Lanes>(self, simd: S) {
        let (zero, floor) = (simd.splat_f32s(0.0), simd.splat_f32s(self.floor));
        let leak = self.leak.map(
            #[inline(always)]
            |power| simd.splat_f32s(power),
        );
        let thresholds = S::as_simd_f32s(self.thresholds).0;
        let (list, start) = self.spikes.room(self.membranes.len());
        let mut count = 0;
        let vectors = S::as_mut_simd_f32s(self.membranes).0;
        let positions = vectors.chunks_exact_mut(thresholds.len());
        for (position, first) in positions.zip((0u32..).step_by(self.thresholds.len())) {
            let bases = (first..).step_by(S::F32_LANES);
            for ((membranes, threshold), base) in position.iter_mut().zip(thresholds).zip(bases) {
                let fired = simd.less_than_f32s(*threshold, *membranes);
                let rest = simd.select_f32s(fired, zero, *membranes);
                let mut leaked = rest;
                for power in leak {
                    leaked = simd.sub_f32s(leaked, whole(simd, simd.mul_f32s(rest, power)));
                }
                let low = simd.less_than_f32s(leaked, floor);
                *membranes = simd.select_f32s(low, floor, leaked);
                count += simd.list(fired, base, &mut list[count..]);
            }
        }
        self.spikes.end_step(start + count);
    }
}

/// The largest whole number that is not above x; |x| is at most 2^22.
#[inline(always)]
fn whole<S: Lanes>(simd: S, x: S::f32s) -> S::f32s {
    let rounding = simd.splat_f32s(ROUNDING);
    let nearest = simd.sub_f32s(simd.add_f32s(x, rounding), rounding);
    let above = simd.less_than_f32s(x, nearest);
    simd.select_f32s(above, simd.sub_f32s(nearest, simd.splat_f32s(1.0)), nearest)
}

/// Converts an integer of at most [`MAX_MEMBRANE_BITS`] bits, which is exact.
pub(super) const fn exact(integer: i32) -> f32 {
    integer as f32
}

/// Converts a number computed in f64 to f32, so that it is rounded only once.
#[expect(clippy::cast_possible_truncation, reason = "the nearest f32")]
pub(super) fn narrow(number: f64) -> f32 {
    number as f32
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::integer::neuron;
    use crate::random::mix;

    /// Membranes of two positions of 32 channels: numbers of 2 to 24 bits and extreme values.
    fn membranes(seed: u64) -> Vec<i32> {
        let number = |index| mix(&[seed, index]).cast_signed() >> (40 + index % 23);
        let corners = [(1 << 23) - 1, -(1 << 23), 1, -1];
        (0..60)
            .map(|index| i32::try_from(number(index)).expect("24 bits"))
            .chain(corners)
            .collect()
    }

    fn neurons(thresholds: &[i32], shifts: &[u8], floor: i32) -> IntegerNeurons {
        IntegerNeurons {
            thresholds: thresholds.iter().copied().map(exact).collect(),
            units: vec![1.0; thresholds.len()],
            leak: shifts.iter().map(|&shift| (-f32::from(shift)).exp2()).collect(),
            floor: exact(floor),
            leak_table: LeakTable::new(0.99, 1),
        }
    }

    #[test]
    fn a_step_ends_as_in_the_integer_engine() {
        let mut fired_or_floored = [0; 2];
        for shifts in [&[][..], &[1], &[7, 9], &[1, 2, 3], &[3, 8, 16]] {
            for (threshold, floor) in [(1 << 10, -(1 << 23)), (1 << 20, -1000), (0, 0)] {
                let thresholds: Vec<i32> = (0..32).map(|channel| threshold + channel).collect();
                let membranes = membranes(u64::from(threshold.unsigned_abs()));
                let expected: Vec<(bool, i32)> = membranes
                    .iter()
                    .zip(thresholds.iter().cycle())
                    .map(|(&membrane, &threshold)| neuron::end_of_step(membrane, threshold, shifts, floor))
                    .collect();
                let list: Vec<u32> = (0..)
                    .zip(&expected)
                    .filter_map(|(address, (fired, _))| fired.then_some(address))
                    .collect();
                let settled: Vec<f32> = expected.iter().map(|&(_, membrane)| exact(membrane)).collect();
                for dispatch in Dispatch::all() {
                    let mut found: Vec<f32> = membranes.iter().copied().map(exact).collect();
                    let mut lists = SpikeLists::new(found.len(), 1);
                    neurons(&thresholds, shifts, floor).fire_and_settle(dispatch, &mut found, &mut lists);
                    assert_eq!(found, settled, "{dispatch:?}, {shifts:?}, {floor}");
                    assert_eq!(lists.step(0), list, "{dispatch:?}, {shifts:?}, {floor}");
                }
                fired_or_floored[0] += list.len();
                fired_or_floored[1] += settled.iter().filter(|&&m| m == exact(floor)).count();

                let mut output: Vec<f32> = membranes.iter().copied().map(exact).collect();
                neurons(&[], shifts, floor).settle(&mut output);
                let expected = membranes.iter().map(|&m| exact(neuron::settle(m, shifts, floor)));
                assert_eq!(
                    output,
                    expected.collect::<Vec<_>>(),
                    "output, {shifts:?}, {floor}"
                );
            }
        }
        assert!(
            fired_or_floored.iter().all(|&count| count > 50),
            "{fired_or_floored:?}"
        );
    }
}
