//! Peak performance of the machine's vectors: dense loops over numbers that stay in the nearest cache.
//!
//! The loops do only the arithmetic of the kernels, in vectors of the same kind: no addresses, no windows, no short
//! rows, no padding, no memory beyond the cache. The speed of a kernel can be stated as a share of this peak.

use crate::events::{Dispatch, Kernel, Lanes, Numbers, zeros};

/// Number of elements per array; three arrays are 24 KiB.
const LENGTH: usize = 2048;
/// Number of passes over the arrays per call.
const ROUNDS: usize = 256;
/// Number of independent sums, so that no addition depends on the one before.
const SUMS: usize = 8;

/// Dense loops for comparison.
#[derive(Clone, Debug)]
pub struct Peak {
    dispatch: Dispatch,
    weights: Numbers,
    deltas: Numbers,
    gradient: Numbers,
}

impl Default for Peak {
    fn default() -> Self {
        Self::new()
    }
}

impl Peak {
    /// Prepares the loops for the machine's longest vectors.
    #[must_use]
    pub fn new() -> Self {
        let numbers = |number| {
            let mut numbers = zeros(LENGTH);
            numbers.fill(number);
            numbers
        };
        Self {
            dispatch: Dispatch::new(),
            weights: numbers(1.0),
            deltas: numbers(0.125),
            gradient: numbers(0.0),
        }
    }

    /// Runs the forward loop, Σ weights: one load and one addition per operation. Returns the sum and the number of
    /// operations.
    #[must_use]
    pub fn forward(&self) -> (f32, u64) {
        let sum = self.dispatch.run(Forward(&self.weights));
        (sum, (LENGTH * ROUNDS) as u64)
    }

    /// Runs the backward loop, Σ weights·deltas and gradient += deltas: one multiplication and one addition per
    /// operation, two operations per number. Returns the sum and the number of operations.
    pub fn backward(&mut self) -> (f32, u64) {
        self.gradient.fill(0.0);
        let sum = self.dispatch.run(Backward {
            weights: &self.weights,
            deltas: &self.deltas,
            gradient: &mut self.gradient,
        });
        (sum, (2 * LENGTH * ROUNDS) as u64)
    }
}

struct Forward<'a>(&'a [f32]);

impl Kernel for Forward<'_> {
    type Output = f32;

    #[inline(always)]
    fn run<S: Lanes>(self, simd: S) -> f32 {
        let (weights, _) = S::as_simd_f32s(self.0);
        let mut sums = [simd.splat_f32s(0.0); SUMS];
        for _ in 0..ROUNDS {
            for weights in weights.chunks_exact(SUMS) {
                for (sum, weight) in sums.iter_mut().zip(weights) {
                    *sum = simd.add_f32s(*sum, *weight);
                }
            }
        }
        total(simd, sums)
    }
}

struct Backward<'a> {
    weights: &'a [f32],
    deltas: &'a [f32],
    gradient: &'a mut [f32],
}

impl Kernel for Backward<'_> {
    type Output = f32;

    #[inline(always)]
    fn run<S: Lanes>(self, simd: S) -> f32 {
        let (weights, deltas) = (S::as_simd_f32s(self.weights).0, S::as_simd_f32s(self.deltas).0);
        let gradient = S::as_mut_simd_f32s(self.gradient).0;
        let factor = simd.splat_f32s(1.0);
        let mut sums = [simd.splat_f32s(0.0); SUMS];
        for _ in 0..ROUNDS {
            let rows = weights.chunks_exact(SUMS).zip(deltas.chunks_exact(SUMS));
            for ((weights, deltas), gradient) in rows.zip(gradient.chunks_exact_mut(SUMS)) {
                for (((sum, weight), delta), gradient) in
                    sums.iter_mut().zip(weights).zip(deltas).zip(gradient)
                {
                    *sum = simd.add_f32s(*sum, simd.mul_f32s(*weight, *delta));
                    *gradient = simd.add_f32s(*gradient, simd.mul_f32s(factor, *delta));
                }
            }
        }
        total(simd, sums)
    }
}

#[inline(always)]
fn total<S: Lanes>(simd: S, sums: [S::f32s; SUMS]) -> f32 {
    let sum = sums.into_iter().fold(
        simd.splat_f32s(0.0),
        #[inline(always)]
        |sum, other| simd.add_f32s(sum, other),
    );
    simd.reduce_sum_f32s(sum)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_number_is_worked_in_every_round() {
        for dispatch in Dispatch::all() {
            let mut peak = Peak::new();
            peak.dispatch = dispatch;
            assert_eq!(peak.forward(), (524_288.0, 524_288), "{dispatch:?}");
            for _ in 0..2 {
                assert_eq!(peak.backward(), (65_536.0, 1_048_576), "{dispatch:?}");
                assert!(peak.gradient.iter().all(|&sum| sum == 32.0));
            }
        }
    }
}
