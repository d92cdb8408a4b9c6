//! Integer arithmetic in float vectors: the trainer computes the same membranes as the hardware, bit for bit.
//!
//! An f32 represents every integer up to 2^24 in magnitude, and adds, subtracts and compares them exactly. So with
//! weights q·2^G as f32 and membranes of at most [`MAX_MEMBRANE_BITS`] bits, the kernels of the float engine compute
//! exact integers. Only the end of a step differs (`crate::integer::neuron`):
//!
//! ```text
//! m     = m + b                        bias per channel, if there are any
//! fired = m > θ                        θ per channel
//! m     = 0, or m − θ                  if fired, by the network's reset
//! m     = m − Σ ⌊m · 2^−shift⌋          every shift of the same m
//! m     = max(m, floor)
//! m     = min(m, ceiling)              only with a reset by subtraction
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
pub(in crate::float) struct IntegerNeurons {
    /// Threshold θ per channel; empty in the output layer.
    thresholds: Vec<f32>,
    /// Biases per channel; empty if there are none.
    pub(super) biases: Vec<f32>,
    /// Real threshold v_th · 2^G / scale per channel; unused for pooling neurons.
    pub(in crate::float) units: Vec<f32>,
    /// Factor 2^−shift for every shift of the leak.
    leak: Vec<f32>,
    floor: f32,
    /// Highest membrane at the end of a step; `None` if neurons that fired restart from 0.
    ceiling: Option<f32>,
    pub(super) leak_table: LeakTable,
}

impl Engine {
    /// Creates the engine of a quantized network with membranes of at most [`MAX_MEMBRANE_BITS`] bits. `scales` has one
    /// number per channel of every layer with weights. Weights passed to the engine are integers q·2^G.
    pub(crate) fn integers(model: &QuantizedModel, scales: &[Vec<f64>]) -> Self {
        let mut engine = Self::new(&model.description);
        // Graded inputs are the integers themselves; scales contain their unit.
        engine.graded_unit = engine.graded_unit.map(|_| 1.0);
        let described = model.description.layers.iter().zip(&model.layers);
        for ((layer, (description, quantized)), scales) in engine.layers.iter_mut().zip(described).zip(scales)
        {
            layer.make_integer(description, quantized, scales, engine.steps);
        }
        engine
    }
}

impl Layer {
    /// Lets the layer compute with integers.
    pub(in crate::float) fn make_integer(
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
        let mut biases: Vec<f32> = quantized.biases.iter().copied().map(exact).collect();
        if !biases.is_empty() {
            // Padding neurons stay at 0.
            biases.resize(stride, 0.0);
        }
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
            biases,
            units,
            leak: shifts.iter().map(|&shift| (-f32::from(shift)).exp2()).collect(),
            floor: exact(quantized.floor),
            ceiling: quantized.ceiling.map(exact),
            leak_table: LeakTable::new(narrow(leak::factor(shifts)), steps),
        });
    }
}

impl IntegerNeurons {
    /// Ends a step of neurons that can fire, and lists those that fired.
    pub(in crate::float) fn fire_and_settle(
        &self,
        dispatch: Dispatch,
        membranes: &mut [f32],
        spikes: &mut SpikeLists,
    ) {
        let thresholds = &self.thresholds[..];
        let floor = self.floor;
        macro_rules! run {
            ($shifts:literal, $leak:expr) => {
                match self.ceiling {
                    None => run!($shifts, $leak, false, 0.0),
                    Some(ceiling) => run!($shifts, $leak, true, ceiling),
                }
            };
            ($shifts:literal, $leak:expr, $subtract:literal, $ceiling:expr) => {
                dispatch.run(FireAndSettle::<$shifts, $subtract> {
                    membranes,
                    thresholds,
                    leak: $leak,
                    floor,
                    ceiling: $ceiling,
                    spikes,
                })
            };
        }
        match self.leak[..] {
            [] => run!(0, []),
            [a] => run!(1, [a]),
            [a, b] => run!(2, [a, b]),
            [a, b, c] => run!(3, [a, b, c]),
            _ => unreachable!("a valid layer has at most three shifts"),
        }
    }

    /// Threshold θ per channel, padded; none of the output layer.
    pub(in crate::float) fn thresholds(&self) -> &[f32] {
        &self.thresholds
    }

    /// Factor of the leak, without its rounding.
    pub(in crate::float) fn leak_factor(&self) -> f32 {
        1.0 - self.leak.iter().sum::<f32>()
    }

    /// Ends a step of the output layer.
    pub(super) fn settle(&self, membranes: &mut [f32]) {
        for membrane in membranes {
            let leaked = self.leak.iter().map(|power| (*membrane * power).floor());
            *membrane = (*membrane - leaked.sum::<f32>()).max(self.floor);
        }
    }
}

/// End of a step; with `SUBTRACT`, neurons that fired lose their threshold, and the ceiling applies.
struct FireAndSettle<'a, const SHIFTS: usize, const SUBTRACT: bool> {
    membranes: &'a mut [f32],
    thresholds: &'a [f32],
    leak: [f32; SHIFTS],
    floor: f32,
    ceiling: f32,
    spikes: &'a mut SpikeLists,
}

impl<const SHIFTS: usize, const SUBTRACT: bool> Kernel for FireAndSettle<'_, SHIFTS, SUBTRACT> {
    type Output = ();

    #[inline(always)]
    fn run<S: Lanes>(self, simd: S) {
        let (zero, floor) = (simd.splat_f32s(0.0), simd.splat_f32s(self.floor));
        let ceiling = simd.splat_f32s(self.ceiling);
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
                let restart = if SUBTRACT {
                    simd.sub_f32s(*membranes, *threshold)
                } else {
                    zero
                };
                let rest = simd.select_f32s(fired, restart, *membranes);
                let mut leaked = rest;
                for power in leak {
                    leaked = simd.sub_f32s(leaked, whole(simd, simd.mul_f32s(rest, power)));
                }
                let low = simd.less_than_f32s(leaked, floor);
                *membranes = simd.select_f32s(low, floor, leaked);
                if SUBTRACT {
                    let high = simd.less_than_f32s(ceiling, *membranes);
                    *membranes = simd.select_f32s(high, ceiling, *membranes);
                }
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
    use crate::integer::neuron::{self, Update};
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

    fn neurons(thresholds: &[i32], update: Update<'_>) -> IntegerNeurons {
        let biases = if update.bias == 0 { 0 } else { thresholds.len() };
        IntegerNeurons {
            thresholds: thresholds.iter().copied().map(exact).collect(),
            biases: vec![exact(update.bias); biases],
            units: vec![1.0; thresholds.len()],
            leak: update
                .leak_shifts
                .iter()
                .map(|&shift| (-f32::from(shift)).exp2())
                .collect(),
            floor: exact(update.floor),
            ceiling: update.ceiling.map(exact),
            leak_table: LeakTable::new(0.99, 1),
        }
    }

    #[test]
    fn a_step_ends_as_in_the_integer_engine() {
        let mut counts = [0; 3];
        for shifts in [&[][..], &[1], &[7, 9], &[1, 2, 3], &[3, 8, 16]] {
            for ceiling in [None, Some(0), Some(1 << 12)] {
                for (threshold, floor) in [(1 << 10, -(1 << 23)), (1 << 20, -1000), (0, 0)] {
                    let update = Update {
                        bias: 0,
                        threshold: None,
                        leak_shifts: shifts,
                        floor,
                        ceiling,
                    };
                    ends_alike(threshold, update, &mut counts);
                }
            }
        }
        assert!(counts.iter().all(|&count| count > 50), "{counts:?}");
    }

    /// Compares many membranes with the definition, and counts those that fired, or are at the floor or the ceiling.
    fn ends_alike(threshold: i32, update: Update<'_>, counts: &mut [usize; 3]) {
        let thresholds: Vec<i32> = (0..32).map(|channel| threshold + channel).collect();
        let membranes = membranes(u64::from(threshold.unsigned_abs()));
        let expected: Vec<(bool, i32)> = membranes
            .iter()
            .zip(thresholds.iter().cycle())
            .map(|(&membrane, &threshold)| {
                let update = Update {
                    threshold: Some(threshold),
                    ..update
                };
                update.end_of_step(membrane)
            })
            .collect();
        let list: Vec<u32> = (0..)
            .zip(&expected)
            .filter_map(|(address, (fired, _))| fired.then_some(address))
            .collect();
        let settled: Vec<f32> = expected.iter().map(|&(_, membrane)| exact(membrane)).collect();
        for dispatch in Dispatch::all() {
            let mut found: Vec<f32> = membranes.iter().copied().map(exact).collect();
            let mut lists = SpikeLists::new(found.len(), 1);
            neurons(&thresholds, update).fire_and_settle(dispatch, &mut found, &mut lists);
            assert_eq!(found, settled, "{dispatch:?}, {update:?}");
            assert_eq!(lists.step(0), list, "{dispatch:?}, {update:?}");
        }
        let at = |limit: Option<i32>| settled.iter().filter(|&&m| limit.map(exact) == Some(m)).count();
        for (count, more) in counts
            .iter_mut()
            .zip([list.len(), at(Some(update.floor)), at(update.ceiling)])
        {
            *count += more;
        }

        let mut output: Vec<f32> = membranes.iter().copied().map(exact).collect();
        neurons(&[], update).settle(&mut output);
        let expected = membranes
            .iter()
            .map(|&m| exact(neuron::settle(m, update.leak_shifts, update.floor)));
        assert_eq!(output, expected.collect::<Vec<_>>(), "output, {update:?}");
    }
}
