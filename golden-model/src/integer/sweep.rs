//! The sweep: the update of [`super::neuron`] for all neurons of a layer at the end of a step, one vector at a time.

use super::number::Number;
use crate::events::{Dispatch, Kernel, Lanes, SpikeLists};

/// Update of a layer's membranes at the end of a step.
#[derive(Clone, Debug)]
pub(super) struct Dynamics<N> {
    /// Thresholds, one per output channel and padded like the layout; `None` in the output layer.
    pub(super) thresholds: Option<Vec<N>>,
    pub(super) leak_shifts: Vec<u8>,
    pub(super) floor: N,
    /// Highest membrane at the end of a step. With a ceiling, neurons that fire lose their threshold; without, they
    /// restart from 0.
    pub(super) ceiling: Option<N>,
    /// Biases, one per output channel and padded like the layout; empty if there are none.
    pub(super) biases: Vec<N>,
}

impl<N: Number> Dynamics<N> {
    /// Ends a step: adds the biases, lists the neurons that fired, by ascending address, then applies reset, leak, floor
    /// and ceiling.
    ///
    /// `membranes` consists of whole positions, each with as many numbers as there are thresholds.
    pub(super) fn end_step(&self, dispatch: Dispatch, membranes: &mut [N], fired: &mut SpikeLists) {
        dispatch.run(EndStep {
            dynamics: self,
            membranes,
            fired,
        });
    }
}

struct EndStep<'a, N> {
    dynamics: &'a Dynamics<N>,
    membranes: &'a mut [N],
    fired: &'a mut SpikeLists,
}

impl<N: Number> Kernel for EndStep<'_, N> {
    type Output = ();

    #[inline(always)]
    fn run<S: Lanes>(mut self, simd: S) {
        self.add_biases(simd);
        // A separate loop for each number of shifts: a loop of unknown length would cost more than the shifts.
        match self.dynamics.leak_shifts[..] {
            [] => self.with_shifts(simd, []),
            [a] => self.with_shifts(simd, [a]),
            [a, b] => self.with_shifts(simd, [a, b]),
            [a, b, c] => self.with_shifts(simd, [a, b, c]),
            _ => unreachable!("a leak has at most three shifts"),
        }
    }
}

impl<N: Number> EndStep<'_, N> {
    #[inline(always)]
    fn add_biases<S: Lanes>(&mut self, simd: S) {
        let biases = N::vectors::<S>(&self.dynamics.biases);
        if biases.is_empty() {
            return;
        }
        for position in N::vectors_mut::<S>(self.membranes).chunks_exact_mut(biases.len()) {
            for (membranes, &bias) in position.iter_mut().zip(biases) {
                *membranes = N::add(simd, *membranes, bias);
            }
        }
    }

    #[inline(always)]
    fn with_shifts<S: Lanes, const SHIFTS: usize>(self, simd: S, shifts: [u8; SHIFTS]) {
        match self.dynamics.ceiling {
            None => self.with_reset::<S, SHIFTS, false>(simd, shifts, N::MAX),
            Some(ceiling) => self.with_reset::<S, SHIFTS, true>(simd, shifts, ceiling),
        }
    }

    /// With `SUBTRACT`, neurons that fire lose their threshold, and the ceiling applies.
    #[inline(always)]
    fn with_reset<S: Lanes, const SHIFTS: usize, const SUBTRACT: bool>(
        self,
        simd: S,
        shifts: [u8; SHIFTS],
        ceiling: N,
    ) {
        let leak = Leak::<N, S, SHIFTS, SUBTRACT> {
            simd,
            shifts,
            floor: N::splat(simd, self.dynamics.floor),
            ceiling: N::splat(simd, ceiling),
        };
        let neurons = self.membranes.len();
        let membranes = N::vectors_mut::<S>(self.membranes);
        let Some(thresholds) = &self.dynamics.thresholds else {
            for membranes in membranes {
                *membranes = leak.settle(*membranes);
            }
            return;
        };
        let (list, start) = self.fired.room(neurons);
        let mut fired = Fired {
            list,
            count: 0,
            base: 0,
        };
        // With few channels and many positions, the loop over the vectors of a position must have a fixed length.
        match *N::vectors::<S>(thresholds) {
            [threshold] => {
                for membranes in membranes {
                    *membranes = fired.fire(&leak, *membranes, threshold);
                }
            }
            [first, second] => {
                for [low, high] in membranes.as_chunks_mut().0 {
                    *low = fired.fire(&leak, *low, first);
                    *high = fired.fire(&leak, *high, second);
                }
            }
            ref thresholds => {
                for position in membranes.chunks_exact_mut(thresholds.len()) {
                    for (membranes, &threshold) in position.iter_mut().zip(thresholds) {
                        *membranes = fired.fire(&leak, *membranes, threshold);
                    }
                }
            }
        }
        let end = start + fired.count;
        self.fired.end_step(end);
    }
}

/// Leak, floor and, with `SUBTRACT`, ceiling of the membranes.
struct Leak<N: Number, S: Lanes, const SHIFTS: usize, const SUBTRACT: bool> {
    simd: S,
    shifts: [u8; SHIFTS],
    floor: N::Vector<S>,
    ceiling: N::Vector<S>,
}

impl<N: Number, S: Lanes, const SHIFTS: usize, const SUBTRACT: bool> Leak<N, S, SHIFTS, SUBTRACT> {
    #[inline(always)]
    fn settle(&self, membranes: N::Vector<S>) -> N::Vector<S> {
        let mut rest = membranes;
        for shift in self.shifts {
            rest = N::sub(self.simd, rest, N::shift(self.simd, membranes, shift));
        }
        let floored = N::max(self.simd, rest, self.floor);
        if SUBTRACT {
            N::min(self.simd, floored, self.ceiling)
        } else {
            floored
        }
    }
}

/// List of the neurons that fired, under construction.
struct Fired<'a> {
    list: &'a mut [u32],
    count: usize,
    /// Address of the first neuron of the next vector.
    base: u32,
}

impl Fired<'_> {
    #[inline(always)]
    fn fire<N: Number, S: Lanes, const SHIFTS: usize, const SUBTRACT: bool>(
        &mut self,
        leak: &Leak<N, S, SHIFTS, SUBTRACT>,
        membranes: N::Vector<S>,
        threshold: N::Vector<S>,
    ) -> N::Vector<S> {
        let fires = N::above(leak.simd, membranes, threshold);
        self.count += N::list(leak.simd, fires, self.base, &mut self.list[self.count..]);
        self.base += N::lanes::<S>();
        leak.settle(if SUBTRACT {
            // The threshold where the neuron fires, and 0 elsewhere.
            let lost = N::sub(leak.simd, threshold, N::clear(leak.simd, fires, threshold));
            N::sub(leak.simd, membranes, lost)
        } else {
            N::clear(leak.simd, fires, membranes)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::events::zeros;
    use crate::integer::neuron::Update;
    use crate::integer::number::VECTOR;
    use crate::random::Random;

    #[expect(clippy::cast_possible_truncation, reason = "of a number that fits")]
    fn random(random: &mut Random, low: i32, high: i32) -> i32 {
        let span = (high - low) as f32;
        (low + (random.uniform() * span) as i32).clamp(low, high)
    }

    /// Compares many membranes of all sizes with the definition of one neuron, for every kind of vectors, with and without
    /// biases and ceiling.
    fn vectors_follow_the_definition<N: Number>(bits: u32) {
        let mut draws = Random::new(u64::from(bits));
        let half = 1_i32 << (bits - 1);
        let shifts = [&[][..], &[7, 9], &[1, 2, 3], &[3, 16], &[15, 16]];
        for (shifts, (biased, subtracts)) in shifts.into_iter().flat_map(|shifts| {
            [(false, false), (true, false), (false, true), (true, true)].map(|extra| (shifts, extra))
        }) {
            for dispatch in Dispatch::all() {
                let positions = 3;
                let thresholds: Vec<i32> = (0..VECTOR).map(|_| random(&mut draws, 0, half - 1)).collect();
                let floor = random(&mut draws, -half, 0);
                let ceiling = subtracts.then(|| random(&mut draws, 0, half - 1));
                let biases: Vec<i32> = if biased {
                    (0..VECTOR)
                        .map(|_| random(&mut draws, -half / 2, half / 2))
                        .collect()
                } else {
                    Vec::new()
                };
                let bias = |index: usize| biases.get(index % VECTOR).copied().unwrap_or(0);
                let mut membranes = zeros::<N>(positions * VECTOR);
                let mut before = Vec::new();
                for (index, membrane) in membranes.iter_mut().enumerate() {
                    let value = match index {
                        0 => thresholds[0] - bias(0),
                        1 => (thresholds[1] + 1).min(half - 1) - bias(1),
                        2 => -half,
                        3 => half - 1,
                        4 => -1,
                        _ => random(&mut draws, -half, half - 1) >> (index % (bits as usize - 1)),
                    };
                    // The proof promises that neither the membrane nor its sum with the bias leaves the width.
                    let value = value.clamp(-half - bias(index).min(0), half - 1 - bias(index).max(0));
                    before.push(value);
                    *membrane = N::truncated(value);
                }
                let start = membranes.clone();
                let mut fired = SpikeLists::new(membranes.len(), 1);
                let mut dynamics = Dynamics {
                    thresholds: Some(thresholds.iter().map(|&t| N::truncated(t)).collect()),
                    leak_shifts: shifts.to_vec(),
                    floor: N::truncated(floor),
                    ceiling: ceiling.map(N::truncated),
                    biases: biases.iter().map(|&b| N::truncated(b)).collect(),
                };
                dynamics.end_step(dispatch, &mut membranes, &mut fired);
                let update = |index: usize, threshold, ceiling| Update {
                    bias: bias(index),
                    threshold,
                    leak_shifts: shifts,
                    floor,
                    ceiling,
                };
                let expected: Vec<(bool, i32)> = (before.iter().enumerate())
                    .map(|(index, &m)| {
                        update(index, Some(thresholds[index % VECTOR]), ceiling).end_of_step(m)
                    })
                    .collect();
                let place = format!("{dispatch:?} {shifts:?} {biased} {subtracts}");
                let after: Vec<i32> = membranes.iter().map(|&m| m.into()).collect();
                let wanted: Vec<i32> = expected.iter().map(|&(_, m)| m).collect();
                assert_eq!(after, wanted, "{place}");
                let firing: Vec<u32> = (0..)
                    .zip(&expected)
                    .filter(|(_, e)| e.0)
                    .map(|(n, _)| n)
                    .collect();
                assert!(firing.contains(&1) || thresholds[1] == half - 1 || biased);
                assert!(!firing.contains(&0));
                assert_eq!(fired.step(0), firing, "{place}");

                dynamics.thresholds = None;
                dynamics.ceiling = None;
                let mut membranes = start;
                dynamics.end_step(dispatch, &mut membranes, &mut fired);
                let after: Vec<i32> = membranes.iter().map(|&m| m.into()).collect();
                let wanted: Vec<i32> = (before.iter().enumerate())
                    .map(|(index, &m)| update(index, None, None).end_of_step(m).1)
                    .collect();
                assert_eq!(after, wanted, "{place}");
            }
        }
    }

    #[test]
    fn vectors_of_16_bits_follow_the_definition() {
        vectors_follow_the_definition::<i16>(16);
        vectors_follow_the_definition::<i16>(9);
    }

    #[test]
    fn vectors_of_32_bits_follow_the_definition() {
        vectors_follow_the_definition::<i32>(31);
        vectors_follow_the_definition::<i32>(17);
    }
}
