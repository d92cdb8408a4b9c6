//! Sweeps over the neurons of a layer: sums for normalization, firing, and the way of errors back through a neuron.
//!
//! All arrays are channels-last ([`crate::events::Layout`]), so that a vector holds channels of one position, and numbers
//! per channel are vectors, too. Filled-up channels have scale and shift 0: their potential is 0, and they never fire.

use super::slope::Slope;
use crate::events::{Kernel, Lanes, SpikeLists};

/// Longest presentation of the rule, in steps.
pub(crate) const MAX_STEPS: usize = 16;

/// Adds one step's drive to `sums`, one number per channel.
pub(super) struct Sums<'a> {
    pub(super) drive: &'a [f32],
    pub(super) sums: &'a mut [f32],
}

impl Kernel for Sums<'_> {
    type Output = ();

    #[inline(always)]
    fn run<S: Lanes>(self, simd: S) {
        let sums = S::as_mut_simd_f32s(self.sums).0;
        for position in S::as_simd_f32s(self.drive).0.chunks_exact(sums.len()) {
            for (z, sum) in position.iter().zip(&mut *sums) {
                *sum = simd.add_f32s(*sum, *z);
            }
        }
    }
}

/// Adds the squares of one step's distances from the mean to `squares`, one number per channel.
pub(super) struct Squares<'a> {
    pub(super) drive: &'a [f32],
    pub(super) mean: &'a [f32],
    pub(super) squares: &'a mut [f32],
}

impl Kernel for Squares<'_> {
    type Output = ();

    #[inline(always)]
    fn run<S: Lanes>(self, simd: S) {
        let mean = S::as_simd_f32s(self.mean).0;
        let squares = S::as_mut_simd_f32s(self.squares).0;
        for position in S::as_simd_f32s(self.drive).0.chunks_exact(mean.len()) {
            for ((z, mean), square) in position.iter().zip(mean).zip(&mut *squares) {
                let centered = simd.sub_f32s(*z, *mean);
                *square = simd.add_f32s(*square, simd.mul_f32s(centered, centered));
            }
        }
    }
}

/// What is the same for all neurons of a sweep.
#[derive(Clone, Copy, Debug)]
pub(super) struct Neuron {
    pub(super) leak: f32,
    /// Whether a neuron that fired keeps what it had above the threshold.
    pub(super) subtract: bool,
    pub(super) slope: Slope,
}

/// Normalization u = scale·(z − mean) + shift, per channel. The mean comes first, because z and the mean may be far larger
/// than their difference.
#[derive(Clone, Copy, Debug)]
pub(super) struct Affine<'a> {
    pub(super) mean: &'a [f32],
    pub(super) scale: &'a [f32],
    pub(super) shift: &'a [f32],
}

/// Ends a step: v = rest + u, with what an identity path brings; fires above 1; lists the neurons that fired, and those
/// whose slope is not 0; the rest is what the next step starts from.
pub(super) struct Fire<'a> {
    pub(super) neuron: Neuron,
    pub(super) affine: Affine<'a>,
    pub(super) drive: &'a [f32],
    /// What identity paths bring; empty if there are none.
    pub(super) plain: &'a [f32],
    pub(super) rest: &'a mut [f32],
    pub(super) spikes: &'a mut SpikeLists,
    pub(super) active: &'a mut SpikeLists,
}

impl Kernel for Fire<'_> {
    type Output = ();

    #[inline(always)]
    fn run<S: Lanes>(self, simd: S) {
        let constants = Constants::new(simd, self.neuron);
        let neurons = self.drive.len();
        let (mean, scale, shift) = (
            S::as_simd_f32s(self.affine.mean).0,
            S::as_simd_f32s(self.affine.scale).0,
            S::as_simd_f32s(self.affine.shift).0,
        );
        let drive = S::as_simd_f32s(self.drive).0;
        let plain = S::as_simd_f32s(self.plain).0;
        let rest = S::as_mut_simd_f32s(self.rest).0;
        let (fired_list, fired_start) = self.spikes.room(neurons);
        let (active_list, active_start) = self.active.room(neurons);
        let (mut fired_count, mut active_count) = (0, 0);
        let lanes = u32::try_from(S::F32_LANES).unwrap_or(u32::MAX);
        let mut base = 0;
        let mut index = 0;
        for (drive, rest) in drive
            .chunks_exact(scale.len())
            .zip(rest.chunks_exact_mut(scale.len()))
        {
            for ((((z, r), m), a), b) in drive.iter().zip(rest).zip(mean).zip(scale).zip(shift) {
                let mut u = simd.add_f32s(simd.mul_f32s(*a, simd.sub_f32s(*z, *m)), *b);
                if let Some(plain) = plain.get(index) {
                    u = simd.add_f32s(u, *plain);
                }
                let v = simd.add_f32s(*r, u);
                let fired = simd.less_than_f32s(constants.one, v);
                fired_count += simd.list(fired, base, &mut fired_list[fired_count..]);
                let active = constants.is_active(simd, v);
                active_count += simd.list(active, base, &mut active_list[active_count..]);
                *r = constants.rest(simd, v, fired);
                base += lanes;
                index += 1;
            }
        }
        self.spikes.end_step(fired_start + fired_count);
        self.active.end_step(active_start + active_count);
    }
}

/// Replaces the errors e of all steps by ε, from the last step to the first, and adds up ε and ε·(z − mean) per
/// channel.
pub(super) struct ThroughTime<'a> {
    pub(super) neuron: Neuron,
    pub(super) affine: Affine<'a>,
    /// Price of a spike, which adds to e.
    pub(super) price: f32,
    pub(super) steps: usize,
    /// `[steps, neurons]`, as `plain`, unless that is empty, and `errors`.
    pub(super) drive: &'a [f32],
    pub(super) plain: &'a [f32],
    pub(super) errors: &'a mut [f32],
    pub(super) sums: &'a mut [f32],
    pub(super) products: &'a mut [f32],
}

impl Kernel for ThroughTime<'_> {
    type Output = ();

    #[inline(always)]
    fn run<S: Lanes>(self, simd: S) {
        let constants = Constants::new(simd, self.neuron);
        let price = simd.splat_f32s(self.price);
        let zero = simd.splat_f32s(0.0);
        let steps = self.steps.min(MAX_STEPS);
        let (mean, scale, shift) = (
            S::as_simd_f32s(self.affine.mean).0,
            S::as_simd_f32s(self.affine.scale).0,
            S::as_simd_f32s(self.affine.shift).0,
        );
        let (sums, products) = (
            S::as_mut_simd_f32s(self.sums).0,
            S::as_mut_simd_f32s(self.products).0,
        );
        let drive = S::as_simd_f32s(self.drive).0;
        let plain = S::as_simd_f32s(self.plain).0;
        let errors = S::as_mut_simd_f32s(self.errors).0;
        let vectors = drive.len() / self.steps;
        let mut potentials = [zero; MAX_STEPS];
        for first in (0..vectors).step_by(scale.len()) {
            for channel in 0..scale.len() {
                let at = first + channel;
                let mut rest = zero;
                for (t, potential) in potentials[..steps].iter_mut().enumerate() {
                    let z = drive[t * vectors + at];
                    let centered = simd.sub_f32s(z, mean[channel]);
                    let mut u = simd.add_f32s(simd.mul_f32s(scale[channel], centered), shift[channel]);
                    if let Some(plain) = plain.get(t * vectors + at) {
                        u = simd.add_f32s(u, *plain);
                    }
                    let v = simd.add_f32s(rest, u);
                    *potential = v;
                    rest = constants.rest(simd, v, simd.less_than_f32s(constants.one, v));
                }
                let mut epsilon = zero;
                let (mut sum, mut product) = (sums[channel], products[channel]);
                for t in (0..steps).rev() {
                    let v = potentials[t];
                    let index = t * vectors + at;
                    let error = simd.add_f32s(errors[index], price);
                    let now = simd.mul_f32s(error, constants.slope(simd, v));
                    let fired = simd.less_than_f32s(constants.one, v);
                    let carried = constants.carried(simd, fired, epsilon);
                    epsilon = simd.add_f32s(now, carried);
                    errors[index] = epsilon;
                    sum = simd.add_f32s(sum, epsilon);
                    let centered = simd.sub_f32s(drive[index], mean[channel]);
                    product = simd.add_f32s(product, simd.mul_f32s(epsilon, centered));
                }
                sums[channel] = sum;
                products[channel] = product;
            }
        }
    }
}

/// Replaces ε by δ = scale·ε + by_drive·(z − mean) + constant, per channel.
pub(super) struct Deltas<'a> {
    pub(super) mean: &'a [f32],
    pub(super) scale: &'a [f32],
    pub(super) by_drive: &'a [f32],
    pub(super) constant: &'a [f32],
    pub(super) drive: &'a [f32],
    pub(super) errors: &'a mut [f32],
}

impl Kernel for Deltas<'_> {
    type Output = ();

    #[inline(always)]
    fn run<S: Lanes>(self, simd: S) {
        let mean = S::as_simd_f32s(self.mean).0;
        let scale = S::as_simd_f32s(self.scale).0;
        let by_drive = S::as_simd_f32s(self.by_drive).0;
        let constant = S::as_simd_f32s(self.constant).0;
        let drive = S::as_simd_f32s(self.drive).0.chunks_exact(scale.len());
        let errors = S::as_mut_simd_f32s(self.errors).0;
        for (errors, drive) in errors.chunks_exact_mut(scale.len()).zip(drive) {
            for (((((error, z), mean), scale), by_drive), constant) in errors
                .iter_mut()
                .zip(drive)
                .zip(mean)
                .zip(scale)
                .zip(by_drive)
                .zip(constant)
            {
                let part = simd.add_f32s(simd.mul_f32s(*by_drive, simd.sub_f32s(*z, *mean)), *constant);
                *error = simd.add_f32s(simd.mul_f32s(*scale, *error), part);
            }
        }
    }
}

/// Numbers of a sweep in vectors.
pub(super) struct Constants<S: Lanes> {
    one: S::f32s,
    zero: S::f32s,
    leak: S::f32s,
    /// What a neuron that fired keeps of what is above the threshold: 1 or 0.
    kept: S::f32s,
    /// What of an error crosses a reset: the leak or 0.
    crossing: S::f32s,
    half_width: S::f32s,
    triangle: bool,
}

impl<S: Lanes> Constants<S> {
    #[inline(always)]
    pub(super) fn new(simd: S, neuron: Neuron) -> Self {
        let kept = if neuron.subtract { 1.0 } else { 0.0 };
        Self {
            one: simd.splat_f32s(1.0),
            zero: simd.splat_f32s(0.0),
            leak: simd.splat_f32s(neuron.leak),
            kept: simd.splat_f32s(kept),
            crossing: simd.splat_f32s(kept * neuron.leak),
            half_width: simd.splat_f32s(neuron.slope.half_width()),
            triangle: neuron.slope == Slope::Triangle,
        }
    }

    /// Distance of the potential from the threshold.
    #[inline(always)]
    fn distance(&self, simd: S, v: S::f32s) -> S::f32s {
        simd.abs_f32s(simd.sub_f32s(v, self.one))
    }

    /// Whether the slope is not 0.
    #[inline(always)]
    pub(super) fn is_active(&self, simd: S, v: S::f32s) -> S::m32s {
        simd.less_than_f32s(self.distance(simd, v), self.half_width)
    }

    /// Surrogate derivative of firing.
    #[inline(always)]
    pub(super) fn slope(&self, simd: S, v: S::f32s) -> S::f32s {
        let distance = self.distance(simd, v);
        let active = simd.less_than_f32s(distance, self.half_width);
        let height = if self.triangle {
            simd.sub_f32s(self.one, distance)
        } else {
            self.one
        };
        simd.select_f32s(active, height, self.zero)
    }

    /// What the next step starts from.
    #[inline(always)]
    fn rest(&self, simd: S, v: S::f32s, fired: S::m32s) -> S::f32s {
        let above = simd.mul_f32s(self.kept, simd.sub_f32s(v, self.one));
        simd.mul_f32s(self.leak, simd.select_f32s(fired, above, v))
    }

    /// Part of the next step's ε that comes back through the leak; the reset is not differentiated.
    #[inline(always)]
    pub(super) fn carried(&self, simd: S, fired: S::m32s, epsilon: S::f32s) -> S::f32s {
        simd.mul_f32s(simd.select_f32s(fired, self.crossing, self.leak), epsilon)
    }
}
