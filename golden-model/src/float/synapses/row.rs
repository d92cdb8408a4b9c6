//! The innermost loops over one row of weights and one row of membranes or gradients. A row is a whole number of
//! vectors ([`VECTOR`]).

use crate::events::{Lanes, VECTOR};

/// Computes `sums += factor · (terms\[0\] + terms\[1\] + …)`, element by element.
#[inline(always)]
pub(super) fn add<S: Lanes, const N: usize>(simd: S, sums: &mut [f32], terms: [&[f32]; N], factor: f32) {
    let vectors = as_vectors::<S, N>(terms, sums.len());
    let (sums, _) = S::as_mut_simd_f32s(sums);
    let factors = simd.splat_f32s(factor);
    for (index, sum) in sums.iter_mut().enumerate() {
        let mut total = vectors[0][index];
        for vectors in &vectors[1..] {
            total = simd.add_f32s(total, vectors[index]);
        }
        *sum = simd.add_f32s(*sum, simd.mul_f32s(factors, total));
    }
}

/// First `length` numbers of every row, in vectors. A loop, since `map` of an array is not always inlined.
#[inline(always)]
fn as_vectors<S: Lanes, const N: usize>(rows: [&[f32]; N], length: usize) -> [&[S::f32s]; N] {
    let mut vectors: [&[S::f32s]; N] = [&[]; N];
    for (vectors, row) in vectors.iter_mut().zip(rows) {
        *vectors = S::as_simd_f32s(&row[..length]).0;
    }
    vectors
}

/// Partial sums of a dot product over several rows: 2 × [`VECTOR`] for vectors of any length, so that all kinds of
/// vectors sum in the same order.
#[derive(Clone, Copy)]
pub(super) struct Dot<S: Lanes> {
    /// Partial sums, of which the first `VECTOR / S::F32_LANES` of each half are used.
    even: [S::f32s; VECTOR],
    odd: [S::f32s; VECTOR],
}

impl<S: Lanes> Dot<S> {
    const VECTORS: usize = VECTOR / S::F32_LANES;

    #[inline(always)]
    pub(super) fn new(simd: S) -> Self {
        let zeros = [simd.splat_f32s(0.0); VECTOR];
        Self {
            even: zeros,
            odd: zeros,
        }
    }

    /// Adds Σ `weights`·`deltas`, and computes `gradient += factor · deltas` in the same pass.
    #[inline(always)]
    pub(super) fn add(
        &mut self,
        simd: S,
        weights: &[f32],
        deltas: &[f32],
        gradient: &mut [f32],
        factor: f32,
    ) {
        let factors = simd.splat_f32s(factor);
        let mut weights = S::as_simd_f32s(weights).0.chunks_exact(2 * Self::VECTORS);
        let mut deltas = S::as_simd_f32s(deltas).0.chunks_exact(2 * Self::VECTORS);
        let mut gradient = S::as_mut_simd_f32s(gradient)
            .0
            .chunks_exact_mut(2 * Self::VECTORS);
        for ((weights, deltas), gradient) in (&mut weights).zip(&mut deltas).zip(&mut gradient) {
            let (weights_even, weights_odd) = weights.split_at(Self::VECTORS);
            let (deltas_even, deltas_odd) = deltas.split_at(Self::VECTORS);
            let (gradient_even, gradient_odd) = gradient.split_at_mut(Self::VECTORS);
            pass(
                simd,
                factors,
                &mut self.even,
                weights_even,
                deltas_even,
                gradient_even,
            );
            pass(
                simd,
                factors,
                &mut self.odd,
                weights_odd,
                deltas_odd,
                gradient_odd,
            );
        }
        let gradient = gradient.into_remainder();
        if !gradient.is_empty() {
            pass(
                simd,
                factors,
                &mut self.even,
                weights.remainder(),
                deltas.remainder(),
                gradient,
            );
        }
    }

    /// Sums all partial sums, in the same order for all kinds of vectors.
    #[inline(always)]
    pub(super) fn total(&self, simd: S) -> f32 {
        let mut lanes = [0.0; VECTOR];
        let vectors = S::as_mut_simd_f32s(&mut lanes).0;
        for ((vector, even), odd) in vectors.iter_mut().zip(&self.even).zip(&self.odd) {
            *vector = simd.add_f32s(*even, *odd);
        }
        total(lanes)
    }
}

/// Sums all lanes, half onto half.
#[inline(always)]
fn total(mut lanes: [f32; VECTOR]) -> f32 {
    let mut width = VECTOR / 2;
    while width > 0 {
        let (low, high) = lanes.split_at_mut(width);
        for (low, high) in low.iter_mut().zip(high) {
            *low += *high;
        }
        width /= 2;
    }
    lanes[0]
}

/// Partial sums of `N` dot products at once: [`VECTOR`] for each, for vectors of any length.
pub(super) struct Dots<S: Lanes, const N: usize> {
    /// Partial sums, of which the first `VECTOR / S::F32_LANES` are used.
    sums: [[S::f32s; VECTOR]; N],
}

impl<S: Lanes, const N: usize> Dots<S, N> {
    const VECTORS: usize = VECTOR / S::F32_LANES;

    #[inline(always)]
    pub(super) fn new(simd: S) -> Self {
        Self {
            sums: [[simd.splat_f32s(0.0); VECTOR]; N],
        }
    }

    /// Adds Σ `weights`·`deltas`, row by row of equal lengths. Of weights and deltas there is one row for each product,
    /// or one for all.
    #[inline(always)]
    pub(super) fn add<const W: usize, const D: usize>(
        &mut self,
        simd: S,
        weights: [&[f32]; W],
        deltas: [&[f32]; D],
    ) {
        let length = weights[0].len();
        let weights = as_vectors::<S, W>(weights, length);
        let deltas = as_vectors::<S, D>(deltas, length);
        for block in 0..length / VECTOR {
            let first = block * Self::VECTORS;
            for vector in 0..Self::VECTORS {
                for (product, sums) in self.sums.iter_mut().enumerate() {
                    let weight = weights[if W == 1 { 0 } else { product }][first + vector];
                    let delta = deltas[if D == 1 { 0 } else { product }][first + vector];
                    sums[vector] = simd.add_f32s(sums[vector], simd.mul_f32s(weight, delta));
                }
            }
        }
    }

    /// Sums all partial sums, in the same order for all kinds of vectors: half onto half, as [`total`] does, the products
    /// beside each other.
    #[inline(always)]
    pub(super) fn totals(&self) -> [f32; N] {
        let mut quarters = [[0.0; 4]; N];
        for (quarter, sums) in quarters.iter_mut().zip(&self.sums) {
            let mut lanes = [0.0; VECTOR];
            S::as_mut_simd_f32s(&mut lanes)
                .0
                .copy_from_slice(&sums[..Self::VECTORS]);
            let mut half = [0.0; VECTOR / 2];
            for (lane, sum) in half.iter_mut().enumerate() {
                *sum = lanes[lane] + lanes[lane + VECTOR / 2];
            }
            for (lane, sum) in quarter.iter_mut().enumerate() {
                *sum = half[lane] + half[lane + VECTOR / 4];
            }
        }
        let mut totals = [0.0; N];
        for (total, [a, b, c, d]) in totals.iter_mut().zip(quarters) {
            *total = (a + c) + (b + d);
        }
        totals
    }
}

/// Processes one vector of [`Dot::add`].
#[inline(always)]
fn pass<S: Lanes>(
    simd: S,
    factors: S::f32s,
    sums: &mut [S::f32s; VECTOR],
    weights: &[S::f32s],
    deltas: &[S::f32s],
    gradient: &mut [S::f32s],
) {
    for (((sum, weight), delta), gradient) in sums.iter_mut().zip(weights).zip(deltas).zip(gradient) {
        *sum = simd.add_f32s(*sum, simd.mul_f32s(*weight, *delta));
        *gradient = simd.add_f32s(*gradient, simd.mul_f32s(factors, *delta));
    }
}
