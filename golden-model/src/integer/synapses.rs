//! Weighted connections: a spike adds its weights to the membranes of its window, one kernel row at a time.

use super::number::Number;
use crate::events::{Dispatch, Group, Kernel, Lanes, Window, Windows};

/// Computes `membranes ± W·s` for the spikes of one step, all of one sign; returns the number of synaptic operations.
///
/// `addresses` are ascending; [`Windows`] defines the layout of the weights.
pub(super) fn accumulate<N: Number>(
    dispatch: Dispatch,
    windows: &Windows,
    weights: &[N],
    addresses: &[u32],
    negative: bool,
    membranes: &mut [N],
) -> usize {
    dispatch.run(Accumulate {
        windows,
        weights,
        addresses,
        negative,
        membranes,
    })
}

/// Computes `membranes += x·W` for the graded events of one step; returns the number of synaptic operations.
///
/// `addresses` are ascending, and `values` has one value x for each of them.
pub(super) fn accumulate_graded<N: Number>(
    dispatch: Dispatch,
    windows: &Windows,
    weights: &[N],
    addresses: &[u32],
    values: &[i16],
    membranes: &mut [N],
) -> usize {
    dispatch.run(AccumulateGraded {
        windows,
        weights,
        addresses,
        values,
        membranes,
    })
}

struct AccumulateGraded<'a, N> {
    windows: &'a Windows,
    weights: &'a [N],
    addresses: &'a [u32],
    values: &'a [i16],
    membranes: &'a mut [N],
}

impl<N: Number> Kernel for AccumulateGraded<'_, N> {
    type Output = usize;

    // The loop over a row is plain code, which the compiler turns into vectors: `Lanes` has no products of integers.
    #[inline(always)]
    fn run<S: Lanes>(self, _: S) -> usize {
        let mut operations = 0;
        for (&address, &value) in self.addresses.iter().zip(self.values) {
            let (start, window) = self.windows.place(address);
            let value = N::truncated(value.into());
            operations += window.synapses;
            for row in 0..window.rows {
                let target = window.target + row * self.windows.target_stride;
                let start = start + row * self.windows.weight_stride;
                let sums = &mut self.membranes[target..][..window.length];
                for (sum, &weight) in sums.iter_mut().zip(&self.weights[start..][..window.length]) {
                    *sum = sum.wrapping_add(weight.wrapping_mul(value));
                }
            }
        }
        operations
    }
}

struct Accumulate<'a, N> {
    windows: &'a Windows,
    weights: &'a [N],
    addresses: &'a [u32],
    negative: bool,
    membranes: &'a mut [N],
}

impl<N: Number> Kernel for Accumulate<'_, N> {
    type Output = usize;

    #[inline(always)]
    fn run<S: Lanes>(self, simd: S) -> usize {
        let (windows, addresses) = (self.windows, self.addresses);
        if self.negative {
            windows.walk(
                addresses,
                &mut Adding::<_, _, true> {
                    accumulate: self,
                    simd,
                },
            )
        } else {
            windows.walk(
                addresses,
                &mut Adding::<_, _, false> {
                    accumulate: self,
                    simd,
                },
            )
        }
    }
}

struct Adding<'a, N, S, const NEGATIVE: bool> {
    accumulate: Accumulate<'a, N>,
    simd: S,
}

impl<N: Number, S: Lanes, const NEGATIVE: bool> Group for Adding<'_, N, S, NEGATIVE> {
    #[inline(always)]
    fn meet<const SPIKES: usize>(&mut self, starts: [usize; SPIKES], window: Window) {
        let Accumulate {
            windows,
            weights,
            membranes,
            ..
        } = &mut self.accumulate;
        let (mut target, mut offset) = (window.target, 0);
        for _ in 0..window.rows {
            let sums = N::vectors_mut::<S>(&mut membranes[target..][..window.length]);
            let terms = starts.map(
                #[inline(always)]
                |start| N::vectors::<S>(&weights[start + offset..][..window.length]),
            );
            add::<N, S, NEGATIVE>(self.simd, sums, &terms);
            target += windows.target_stride;
            offset += windows.weight_stride;
        }
    }
}

/// Computes `sums ± (terms\[0\] + terms\[1\] + …)`, with one to four terms, all of the same length.
#[inline(always)]
fn add<N: Number, S: Lanes, const NEGATIVE: bool>(
    simd: S,
    sums: &mut [N::Vector<S>],
    terms: &[&[N::Vector<S>]],
) {
    let plus = |a, b| N::add(simd, a, b);
    let to = |sum, term| {
        if NEGATIVE {
            N::sub(simd, sum, term)
        } else {
            N::add(simd, sum, term)
        }
    };
    // Zipped iterators avoid the bounds checks that indices would need.
    match *terms {
        [a] => {
            for (sum, &a) in sums.iter_mut().zip(a) {
                *sum = to(*sum, a);
            }
        }
        [a, b] => {
            for (sum, (&a, &b)) in sums.iter_mut().zip(a.iter().zip(b)) {
                *sum = to(*sum, plus(a, b));
            }
        }
        [a, b, c] => {
            for (sum, ((&a, &b), &c)) in sums.iter_mut().zip(a.iter().zip(b).zip(c)) {
                *sum = to(*sum, plus(plus(a, b), c));
            }
        }
        [a, b, c, d] => {
            for (sum, ((&a, &b), (&c, &d))) in sums.iter_mut().zip(a.iter().zip(b).zip(c.iter().zip(d))) {
                *sum = to(*sum, plus(plus(a, b), plus(c, d)));
            }
        }
        _ => unreachable!("a group has one to four spikes"),
    }
}
