//! Vector instructions, picked when the program runs.
//!
//! Kernels are written once over [`Lanes`] and compiled for AVX-512, AVX2 and plain code. All three compute the same
//! bits: additions and multiplications are never fused, and sums over lanes have one order. So a seed gives the same
//! network on every machine.

use pulp::{Arch, Scalar, Simd};

/// Vectors that can list the lanes of a mask.
pub(crate) trait Lanes: Simd {
    /// Writes `base` + i to `list` for every lane i of the mask that is set, in order, and returns their number. What
    /// lies behind them in `list`, up to one vector, may be overwritten.
    ///
    /// # Panics
    /// If `list` is shorter than a vector.
    fn list(self, mask: Self::m32s, base: u32, list: &mut [u32]) -> usize;
}

impl Lanes for Scalar {
    #[inline(always)]
    fn list(self, mask: Self::m32s, base: u32, list: &mut [u32]) -> usize {
        list[0] = base;
        usize::from(mask)
    }
}

#[cfg(target_arch = "x86_64")]
impl Lanes for pulp::x86::V3 {
    #[inline(always)]
    fn list(self, mask: Self::m32s, base: u32, list: &mut [u32]) -> usize {
        let mut bits = self.avx._mm256_movemask_ps(pulp::cast(mask)).cast_unsigned();
        let count = bits.count_ones() as usize;
        let list = &mut list[..Self::F32_LANES];
        for entry in list.iter_mut().take(count) {
            *entry = base + bits.trailing_zeros();
            bits &= bits.wrapping_sub(1);
        }
        count
    }
}

#[cfg(target_arch = "x86_64")]
impl Lanes for pulp::x86::V4 {
    #[inline(always)]
    fn list(self, mask: Self::m32s, base: u32, list: &mut [u32]) -> usize {
        const LANES: [u32; 16] = [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15];
        let addresses = self.add_u32s(pulp::cast(LANES), self.splat_u32s(base));
        let packed = self
            .avx512f
            ._mm512_maskz_compress_epi32(mask.0, pulp::cast(addresses));
        let packed: [u32; 16] = pulp::cast(packed);
        list[..16].copy_from_slice(&packed);
        mask.0.count_ones() as usize
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

    /// What these vectors are called; `none` where there are none.
    pub(crate) const fn name(self) -> &'static str {
        match self.0 {
            #[cfg(target_arch = "x86_64")]
            Arch::V4(_) => "AVX-512",
            #[cfg(target_arch = "x86_64")]
            Arch::V3(_) => "AVX2",
            _ => "none",
        }
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_kind_of_vectors_has_a_name() {
        let mut names: Vec<&str> = Dispatch::all().into_iter().map(Dispatch::name).collect();
        assert_eq!(names[0], "none");
        names.dedup();
        assert_eq!(names.len(), Dispatch::all().len());
        assert_eq!(Some(&Dispatch::new().name()), names.last());
    }
}
