//! Vector instructions, picked when the program runs.
//!
//! Kernels are written once over [`Lanes`] and compiled for AVX-512, AVX2 and plain code. All three compute the same
//! bits: additions and multiplications are never fused, and sums over lanes have one order, that of [`LANES`] partial
//! sums. So a seed gives the same network on every machine.

use pulp::{Arch, Scalar, Simd};

/// Partial sums of a dot product, whatever the vectors' length.
pub(crate) const LANES: usize = 32;

/// Vectors whose comparisons can be read as bits.
pub(crate) trait Lanes: Simd {
    /// Bit i of the result is lane i of the mask.
    fn bits(self, mask: Self::m32s) -> u64;
}

impl Lanes for Scalar {
    #[inline(always)]
    fn bits(self, mask: Self::m32s) -> u64 {
        u64::from(mask)
    }
}

#[cfg(target_arch = "x86_64")]
impl Lanes for pulp::x86::V3 {
    #[inline(always)]
    fn bits(self, mask: Self::m32s) -> u64 {
        u64::from(self.avx._mm256_movemask_ps(pulp::cast(mask)).cast_unsigned())
    }
}

#[cfg(target_arch = "x86_64")]
impl Lanes for pulp::x86::V4 {
    #[inline(always)]
    fn bits(self, mask: Self::m32s) -> u64 {
        u64::from(mask.0)
    }
}

/// Work to be compiled for every kind of vector. Implementations and all they call must be `inline(always)`, or
/// vectors are passed through memory.
pub(crate) trait Kernel {
    /// What the work gives.
    type Output;

    /// Does the work.
    fn run<S: Lanes>(self, simd: S) -> Self::Output;
}

/// The kind of vectors of this machine.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Dispatch(Arch);

impl Dispatch {
    /// The longest vectors that the machine has.
    pub(crate) fn new() -> Self {
        Self(Arch::new())
    }

    /// No vectors: what the others must agree with.
    #[cfg(test)]
    pub(crate) const fn scalar() -> Self {
        Self(Arch::Scalar)
    }

    /// All kinds of vectors that this machine has.
    #[cfg(test)]
    pub(crate) fn all() -> Vec<Self> {
        let mut all = vec![Self::scalar()];
        #[cfg(target_arch = "x86_64")]
        {
            all.extend(pulp::x86::V3::try_new().map(|simd| Self(Arch::V3(simd))));
            all.extend(pulp::x86::V4::try_new().map(|simd| Self(Arch::V4(simd))));
        }
        all
    }

    /// Runs a kernel.
    #[inline]
    pub(crate) fn run<K: Kernel>(self, kernel: K) -> K::Output {
        match self.0 {
            #[cfg(target_arch = "x86_64")]
            Arch::V4(simd) => simd.vectorize(
                #[inline(always)]
                || kernel.run(simd),
            ),
            #[cfg(target_arch = "x86_64")]
            Arch::V3(simd) => simd.vectorize(
                #[inline(always)]
                || kernel.run(simd),
            ),
            _ => kernel.run(Scalar::new()),
        }
    }
}
