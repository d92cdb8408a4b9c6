//! Vector instructions, selected at run time.
//!
//! Kernels are written once over [`Lanes`] and compiled for AVX-512, AVX2 and plain code. All three compute the same
//! bits: additions and multiplications are never fused, and sums over lanes have a fixed order. So a seed gives the
//! same network on every machine.

use pulp::{Arch, Scalar, Simd};

/// Vector operations beyond [`Simd`]: listing the lanes of a mask, shifting and clearing integers.
pub(crate) trait Lanes: Simd {
    /// Writes `base` + i to `list` for every lane i that is set in the mask, ascending, and returns how many there are.
    /// Up to one vector of `list` may be overwritten.
    ///
    /// # Panics
    /// If `list` is shorter than a vector.
    fn list(self, mask: Self::m32s, base: u32, list: &mut [u32]) -> usize;

    /// Lists like [`Self::list`], for lanes of 16 bits.
    ///
    /// # Panics
    /// If `list` is shorter than a vector of 16-bit numbers.
    fn list_16(self, mask: Self::m16s, base: u32, list: &mut [u32]) -> usize;

    /// Every number shifted right by `by` bits, at most 16, rounding toward −∞.
    fn shift_i16s(self, numbers: Self::i16s, by: u8) -> Self::i16s;

    /// Every number shifted right by `by` bits, at most 16, rounding toward −∞.
    fn shift_i32s(self, numbers: Self::i32s, by: u8) -> Self::i32s;

    /// Sets the lanes to 0 in which the mask is set.
    fn clear_i16s(self, mask: Self::m16s, numbers: Self::i16s) -> Self::i16s;
}

/// Writes the lane numbers of the set bits to `list`; `stride` bits stand for one lane.
#[cfg(target_arch = "x86_64")]
#[inline(always)]
fn list_bits(mut bits: u32, stride: u32, base: u32, list: &mut [u32]) -> usize {
    let mut count = 0;
    while bits != 0 {
        list[count] = base + bits.trailing_zeros() / stride;
        bits &= bits - 1;
        count += 1;
    }
    count
}

/// Numbers of the set bits of every byte, ascending; zeros after them.
#[cfg(target_arch = "x86_64")]
static SET_LANES: [[u32; 8]; 256] = {
    let mut all = [[0; 8]; 256];
    let mut bits = 0;
    while bits < 256 {
        let (mut lane, mut count) = (0, 0);
        while lane < 8 {
            if bits >> lane & 1 == 1 {
                all[bits][count] = lane;
                count += 1;
            }
            lane += 1;
        }
        bits += 1;
    }
    all
};

impl Lanes for Scalar {
    #[inline(always)]
    fn list(self, mask: Self::m32s, base: u32, list: &mut [u32]) -> usize {
        list[0] = base;
        usize::from(mask)
    }

    #[inline(always)]
    fn list_16(self, mask: Self::m16s, base: u32, list: &mut [u32]) -> usize {
        if mask {
            list[0] = base;
        }
        usize::from(mask)
    }

    #[inline(always)]
    fn shift_i16s(self, number: i16, by: u8) -> i16 {
        number >> by.min(15)
    }

    #[inline(always)]
    fn shift_i32s(self, number: i32, by: u8) -> i32 {
        number >> by
    }

    #[inline(always)]
    fn clear_i16s(self, mask: bool, number: i16) -> i16 {
        if mask { 0 } else { number }
    }
}

#[cfg(target_arch = "x86_64")]
impl Lanes for pulp::x86::V3 {
    #[inline(always)]
    fn list(self, mask: Self::m32s, base: u32, list: &mut [u32]) -> usize {
        // No branch on the mask, because which lanes are set is hard to predict.
        let bits = self.avx._mm256_movemask_ps(pulp::cast(mask)).cast_unsigned() & 0xFF;
        let lanes = pulp::cast(SET_LANES[bits as usize]);
        let addresses: [u32; 8] = pulp::cast(self.add_u32s(lanes, self.splat_u32s(base)));
        list[..8].copy_from_slice(&addresses);
        bits.count_ones() as usize
    }

    #[inline(always)]
    fn list_16(self, mask: Self::m16s, base: u32, list: &mut [u32]) -> usize {
        // Two bits per lane.
        let bits = self.avx2._mm256_movemask_epi8(pulp::cast(mask)).cast_unsigned();
        list_bits(bits & 0x5555_5555, 2, base, list)
    }

    #[inline(always)]
    fn shift_i16s(self, numbers: Self::i16s, by: u8) -> Self::i16s {
        let by = self.sse2._mm_cvtsi32_si128(i32::from(by));
        pulp::cast(self.avx2._mm256_sra_epi16(pulp::cast(numbers), by))
    }

    #[inline(always)]
    fn shift_i32s(self, numbers: Self::i32s, by: u8) -> Self::i32s {
        let by = self.sse2._mm_cvtsi32_si128(i32::from(by));
        pulp::cast(self.avx2._mm256_sra_epi32(pulp::cast(numbers), by))
    }

    #[inline(always)]
    fn clear_i16s(self, mask: Self::m16s, numbers: Self::i16s) -> Self::i16s {
        pulp::cast(
            self.avx2
                ._mm256_andnot_si256(pulp::cast(mask), pulp::cast(numbers)),
        )
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

    #[inline(always)]
    #[expect(
        clippy::cast_possible_truncation,
        reason = "to take the lower half is what it is for"
    )]
    fn list_16(self, mask: Self::m16s, base: u32, list: &mut [u32]) -> usize {
        // Two halves without a branch on the mask: whether a vector has spikes is hard to predict.
        let low = self.list(pulp::b16(mask.0 as u16), base, list);
        low + self.list(pulp::b16((mask.0 >> 16) as u16), base + 16, &mut list[low..])
    }

    #[inline(always)]
    fn shift_i16s(self, numbers: Self::i16s, by: u8) -> Self::i16s {
        let by = self.sse2._mm_cvtsi32_si128(i32::from(by));
        pulp::cast(self.avx512bw._mm512_sra_epi16(pulp::cast(numbers), by))
    }

    #[inline(always)]
    fn shift_i32s(self, numbers: Self::i32s, by: u8) -> Self::i32s {
        let by = self.sse2._mm_cvtsi32_si128(i32::from(by));
        pulp::cast(self.avx512f._mm512_sra_epi32(pulp::cast(numbers), by))
    }

    #[inline(always)]
    fn clear_i16s(self, mask: Self::m16s, numbers: Self::i16s) -> Self::i16s {
        pulp::cast(self.avx512bw._mm512_maskz_mov_epi16(!mask.0, pulp::cast(numbers)))
    }
}

/// Work that is compiled for every kind of vector. Implementations and everything that they call must be
/// `inline(always)`; otherwise vectors are passed through memory.
pub(crate) trait Kernel {
    /// Result of the work.
    type Output;

    /// Runs the work with vectors of kind `S`.
    fn run<S: Lanes>(self, simd: S) -> Self::Output;
}

/// Kind of vectors that kernels run with.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Dispatch(Arch);

impl Dispatch {
    /// Selects the longest vectors that the machine has.
    pub(crate) fn new() -> Self {
        Self(Arch::new())
    }

    /// Name of the vector instructions; `none` for plain code.
    pub(crate) const fn name(self) -> &'static str {
        match self.0 {
            #[cfg(target_arch = "x86_64")]
            Arch::V4(_) => "AVX-512",
            #[cfg(target_arch = "x86_64")]
            Arch::V3(_) => "AVX2",
            _ => "none",
        }
    }

    /// Selects plain code, with which all others must agree.
    #[cfg(test)]
    pub(crate) const fn scalar() -> Self {
        Self(Arch::Scalar)
    }

    /// Lists all kinds of vectors that this machine has.
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

    /// Runs a kernel with these vectors.
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

/// Name of the vector instructions that networks use on this machine: `AVX-512`, `AVX2` or `none`.
#[must_use]
pub fn vectors() -> &'static str {
    Dispatch::new().name()
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
