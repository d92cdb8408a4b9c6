//! The innermost loops: one row of weights against one row of membranes or gradients.

use crate::train::simd::{LANES, Lanes};

/// Numbers that vectors work on at a time; the rest of a row is done in steps of 8, 4 and 1, so that every kind of
/// vector sums alike.
const BODY: usize = 16;

/// `sums += factor · (terms\[0\] + terms\[1\] + …)`, element by element.
#[inline(always)]
pub(super) fn add<S: Lanes, const N: usize>(simd: S, sums: &mut [f32], terms: [&[f32]; N], factor: f32) {
    let length = sums.len();
    let body = length - length % BODY;
    let (sums, mut sums_rest) = sums.split_at_mut(body);
    let (sums, _) = S::as_mut_simd_f32s(sums);
    let vectors = terms.map(
        #[inline(always)]
        |terms| S::as_simd_f32s(&terms[..body]).0,
    );
    let factors = simd.splat_f32s(factor);
    for (index, sum) in sums.iter_mut().enumerate() {
        let mut total = vectors[0][index];
        for vectors in &vectors[1..] {
            total = simd.add_f32s(total, vectors[index]);
        }
        *sum = simd.add_f32s(*sum, simd.mul_f32s(factors, total));
    }
    let mut terms = terms.map(
        #[inline(always)]
        |terms| &terms[body..length],
    );
    add_rest::<8, N>(&mut sums_rest, &mut terms, factor);
    add_rest::<4, N>(&mut sums_rest, &mut terms, factor);
    add_rest::<1, N>(&mut sums_rest, &mut terms, factor);
}

#[inline(always)]
fn add_rest<const STEP: usize, const N: usize>(sums: &mut &mut [f32], terms: &mut [&[f32]; N], factor: f32) {
    while sums.len() >= STEP {
        let (now, later) = std::mem::take(sums).split_at_mut(STEP);
        *sums = later;
        let mut total = [0.0; STEP];
        total.copy_from_slice(&terms[0][..STEP]);
        for terms in &terms[1..] {
            for (total, term) in total.iter_mut().zip(&terms[..STEP]) {
                *total += term;
            }
        }
        for (sum, total) in now.iter_mut().zip(total) {
            *sum += factor * total;
        }
        for terms in terms.iter_mut() {
            *terms = &terms[STEP..];
        }
    }
}

/// Partial sums of a dot product over several rows.
#[derive(Clone, Copy)]
pub(super) struct Dot<S: Lanes> {
    /// The first `LANES / S::F32_LANES` count.
    vectors: [S::f32s; LANES],
    eights: [f32; 8],
    fours: [f32; 4],
    ones: f32,
}

impl<S: Lanes> Dot<S> {
    const VECTORS: usize = LANES / S::F32_LANES;

    #[inline(always)]
    pub(super) fn new(simd: S) -> Self {
        Self {
            vectors: [simd.splat_f32s(0.0); LANES],
            eights: [0.0; 8],
            fours: [0.0; 4],
            ones: 0.0,
        }
    }

    /// Adds Σ `weights`·`deltas`, and in the same pass `gradient += factor · deltas`.
    #[inline(always)]
    pub(super) fn add(
        &mut self,
        simd: S,
        weights: &[f32],
        deltas: &[f32],
        gradient: &mut [f32],
        factor: f32,
    ) {
        let length = gradient.len();
        let body = length - length % LANES;
        let (weights_body, weights) = weights[..length].split_at(body);
        let (deltas_body, deltas) = deltas[..length].split_at(body);
        let (gradient_body, gradient) = gradient.split_at_mut(body);
        let factors = simd.splat_f32s(factor);
        let weights_body = S::as_simd_f32s(weights_body).0.chunks_exact(Self::VECTORS);
        let deltas_body = S::as_simd_f32s(deltas_body).0.chunks_exact(Self::VECTORS);
        let gradient_body = S::as_mut_simd_f32s(gradient_body)
            .0
            .chunks_exact_mut(Self::VECTORS);
        for ((weights, deltas), gradient) in weights_body.zip(deltas_body).zip(gradient_body) {
            for lane in 0..Self::VECTORS {
                let delta = deltas[lane];
                self.vectors[lane] = simd.add_f32s(self.vectors[lane], simd.mul_f32s(weights[lane], delta));
                gradient[lane] = simd.add_f32s(gradient[lane], simd.mul_f32s(factors, delta));
            }
        }
        let half = if gradient.len() < BODY { 0 } else { BODY };
        let (weights_half, weights) = weights.split_at(half);
        let (deltas_half, deltas) = deltas.split_at(half);
        let (gradient_half, gradient) = gradient.split_at_mut(half);
        let weights_half = S::as_simd_f32s(weights_half).0;
        let deltas_half = S::as_simd_f32s(deltas_half).0;
        let gradient_half = S::as_mut_simd_f32s(gradient_half).0;
        let vectors = self.vectors.iter_mut().zip(gradient_half);
        for ((weights, delta), (sum, gradient)) in weights_half.iter().zip(deltas_half).zip(vectors) {
            *sum = simd.add_f32s(*sum, simd.mul_f32s(*weights, *delta));
            *gradient = simd.add_f32s(*gradient, simd.mul_f32s(factors, *delta));
        }
        self.add_rest(weights, deltas, gradient, factor);
    }

    /// What is left of a row: below [`BODY`] numbers.
    #[inline(always)]
    fn add_rest(&mut self, weights: &[f32], deltas: &[f32], gradient: &mut [f32], factor: f32) {
        let (weights8, weights) = weights.as_chunks::<8>();
        let (deltas8, deltas) = deltas.as_chunks::<8>();
        let (gradient8, gradient) = gradient.as_chunks_mut::<8>();
        for ((weights, deltas), gradient) in weights8.iter().zip(deltas8).zip(gradient8) {
            rest(&mut self.eights, weights, deltas, gradient, factor);
        }
        let (weights4, weights) = weights.as_chunks::<4>();
        let (deltas4, deltas) = deltas.as_chunks::<4>();
        let (gradient4, gradient) = gradient.as_chunks_mut::<4>();
        for ((weights, deltas), gradient) in weights4.iter().zip(deltas4).zip(gradient4) {
            rest(&mut self.fours, weights, deltas, gradient, factor);
        }
        for ((weight, delta), gradient) in weights.iter().zip(deltas).zip(gradient) {
            self.ones += weight * delta;
            *gradient += factor * delta;
        }
    }

    /// The sum of all partial sums, in one order for all vectors.
    #[inline(always)]
    pub(super) fn total(&self) -> f32 {
        let mut lanes = [0.0; LANES];
        let vectors = S::as_mut_simd_f32s(&mut lanes).0;
        vectors.copy_from_slice(&self.vectors[..Self::VECTORS]);
        let mut sums = self.eights;
        let (blocks, _) = lanes.as_chunks::<8>();
        for block in blocks {
            for (sum, lane) in sums.iter_mut().zip(block) {
                *sum += lane;
            }
        }
        let [s0, s1, s2, s3, s4, s5, s6, s7] = sums;
        let [f0, f1, f2, f3] = self.fours;
        ((s0 + s4) + (s1 + s5)) + ((s2 + s6) + (s3 + s7)) + (((f0 + f2) + (f1 + f3)) + self.ones)
    }
}

#[inline(always)]
fn rest<const STEP: usize>(
    sums: &mut [f32; STEP],
    weights: &[f32; STEP],
    deltas: &[f32; STEP],
    gradient: &mut [f32; STEP],
    factor: f32,
) {
    for lane in 0..STEP {
        sums[lane] += weights[lane] * deltas[lane];
        gradient[lane] += factor * deltas[lane];
    }
}
