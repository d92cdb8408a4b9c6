//! Weighted connections: a spike adds its weights to the membranes of its window, one kernel row at a time.

use super::number::Number;
use crate::events::{Dispatch, Kernel, Lanes, Window, Windows};

/// Spikes of one position that share a pass over the membranes.
const GROUP: usize = 4;

/// `membranes ± W·s` for the spikes of one step, all of one sign; returns the number of synaptic operations.
///
/// `addresses` rise; weights lie as [`Windows`] says.
pub(super) fn accumulate<N: Number>(
    dispatch: Dispatch,
    windows: &Windows,
    weights: &[N],
    addresses: &[u32],
    negative: bool,
    membranes: &mut [N],
) -> u64 {
    dispatch.run(Accumulate {
        windows,
        weights,
        addresses,
        negative,
        membranes,
    })
}

struct Accumulate<'a, N> {
    windows: &'a Windows,
    weights: &'a [N],
    addresses: &'a [u32],
    negative: bool,
    membranes: &'a mut [N],
}

impl<N: Number> Kernel for Accumulate<'_, N> {
    type Output = u64;

    #[inline(always)]
    fn run<S: Lanes>(mut self, simd: S) -> u64 {
        if self.negative {
            self.walk::<S, true>(simd)
        } else {
            self.walk::<S, false>(simd)
        }
    }
}

impl<N: Number> Accumulate<'_, N> {
    #[inline(always)]
    fn walk<S: Lanes, const NEGATIVE: bool>(&mut self, simd: S) -> u64 {
        let (channels, block) = (self.windows.channels, self.windows.block);
        let mut operations = 0;
        let mut rest = self.addresses;
        while let Some(&first) = rest.first() {
            let (start, window) = self.windows.place(first);
            let end = first - first % channels + channels;
            let limit = rest.len().min(GROUP);
            let mut same = 1;
            while same < limit && rest[same] < end {
                same += 1;
            }
            let (now, later) = rest.split_at(same);
            rest = later;
            operations += (same * window.synapses) as u64;
            let at = |index: usize| start + (now[index] - first) as usize * block;
            match same {
                4 => self.group::<S, 4, NEGATIVE>(simd, [start, at(1), at(2), at(3)], window),
                3 => self.group::<S, 3, NEGATIVE>(simd, [start, at(1), at(2)], window),
                2 => self.group::<S, 2, NEGATIVE>(simd, [start, at(1)], window),
                _ => self.group::<S, 1, NEGATIVE>(simd, [start], window),
            }
        }
        operations
    }

    #[inline(always)]
    fn group<S: Lanes, const SPIKES: usize, const NEGATIVE: bool>(
        &mut self,
        simd: S,
        starts: [usize; SPIKES],
        window: Window,
    ) {
        let (mut target, mut offset) = (window.target, 0);
        for _ in 0..window.rows {
            let sums = N::vectors_mut::<S>(&mut self.membranes[target..][..window.length]);
            let terms = starts.map(
                #[inline(always)]
                |start| N::vectors::<S>(&self.weights[start + offset..][..window.length]),
            );
            add::<N, S, NEGATIVE>(simd, sums, &terms);
            target += self.windows.target_stride;
            offset += self.windows.weight_stride;
        }
    }
}

/// `sums ± (terms\[0\] + terms\[1\] + …)`. All are of one length, and at most [`GROUP`] are terms.
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
    // Iterators in step: with indices every vector would be checked against every length.
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
