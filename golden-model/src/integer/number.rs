//! Number types of membranes, and vectors of them: 16 bits if the proof allows it, otherwise 32 bits.
//!
//! The proof of a layer's width V states that no membrane sum exceeds V bits, in any order of events. So sums of
//! membranes and sums of several spikes' weights never wrap, and the narrowest type that holds V bits gives the same
//! answers as any wider one.

use crate::events::{ALIGNMENT, Lanes};
use std::fmt;

/// Number of lanes in the longest vector of the narrowest type: layouts pad channels to a multiple of it.
pub(super) const VECTOR: usize = ALIGNMENT / size_of::<i16>();

/// Number type of membranes, weights and thresholds in units of 2^−G weight LSB.
pub(super) trait Number:
    Copy + Default + Into<i32> + PartialOrd + fmt::Debug + Send + Sync + 'static
{
    /// Vector of these numbers.
    type Vector<S: Lanes>: Copy;
    /// Mask with one truth value per lane.
    type Mask<S: Lanes>: Copy;

    /// Largest number of the type.
    const MAX: Self;

    /// Truncates a number to the low bits; exact if the number fits.
    fn truncated(number: i32) -> Self;

    fn wrapping_add(self, other: Self) -> Self;
    fn wrapping_sub(self, other: Self) -> Self;
    fn wrapping_mul(self, other: Self) -> Self;

    /// Number of lanes of a vector.
    fn lanes<S: Lanes>() -> u32;
    fn vectors<S: Lanes>(numbers: &[Self]) -> &[Self::Vector<S>];
    fn vectors_mut<S: Lanes>(numbers: &mut [Self]) -> &mut [Self::Vector<S>];
    fn splat<S: Lanes>(simd: S, number: Self) -> Self::Vector<S>;
    fn add<S: Lanes>(simd: S, a: Self::Vector<S>, b: Self::Vector<S>) -> Self::Vector<S>;
    fn sub<S: Lanes>(simd: S, a: Self::Vector<S>, b: Self::Vector<S>) -> Self::Vector<S>;
    fn max<S: Lanes>(simd: S, a: Self::Vector<S>, b: Self::Vector<S>) -> Self::Vector<S>;
    fn min<S: Lanes>(simd: S, a: Self::Vector<S>, b: Self::Vector<S>) -> Self::Vector<S>;
    /// Shifts right arithmetically.
    fn shift<S: Lanes>(simd: S, a: Self::Vector<S>, by: u8) -> Self::Vector<S>;
    fn above<S: Lanes>(simd: S, a: Self::Vector<S>, b: Self::Vector<S>) -> Self::Mask<S>;
    /// Sets the lanes to 0 in which the mask is set.
    fn clear<S: Lanes>(simd: S, mask: Self::Mask<S>, a: Self::Vector<S>) -> Self::Vector<S>;
    /// Lists the set lanes like [`Lanes::list`].
    fn list<S: Lanes>(simd: S, mask: Self::Mask<S>, base: u32, list: &mut [u32]) -> usize;
}

impl Number for i16 {
    type Vector<S: Lanes> = S::i16s;
    type Mask<S: Lanes> = S::m16s;
    const MAX: Self = Self::MAX;

    #[expect(
        clippy::cast_possible_truncation,
        reason = "to keep the low bits is what it is for"
    )]
    fn truncated(number: i32) -> Self {
        number as Self
    }

    #[inline(always)]
    fn wrapping_add(self, other: Self) -> Self {
        self.wrapping_add(other)
    }

    #[inline(always)]
    fn wrapping_sub(self, other: Self) -> Self {
        self.wrapping_sub(other)
    }

    #[inline(always)]
    fn wrapping_mul(self, other: Self) -> Self {
        self.wrapping_mul(other)
    }

    #[inline(always)]
    #[expect(clippy::cast_possible_truncation, reason = "a handful")]
    fn lanes<S: Lanes>() -> u32 {
        S::I16_LANES as u32
    }

    #[inline(always)]
    fn vectors<S: Lanes>(numbers: &[Self]) -> &[S::i16s] {
        S::as_simd_i16s(numbers).0
    }

    #[inline(always)]
    fn vectors_mut<S: Lanes>(numbers: &mut [Self]) -> &mut [S::i16s] {
        S::as_mut_simd_i16s(numbers).0
    }

    #[inline(always)]
    fn splat<S: Lanes>(simd: S, number: Self) -> S::i16s {
        simd.splat_i16s(number)
    }

    #[inline(always)]
    fn add<S: Lanes>(simd: S, a: S::i16s, b: S::i16s) -> S::i16s {
        simd.transmute_i16s_u16s(simd.add_u16s(simd.transmute_u16s_i16s(a), simd.transmute_u16s_i16s(b)))
    }

    #[inline(always)]
    fn sub<S: Lanes>(simd: S, a: S::i16s, b: S::i16s) -> S::i16s {
        simd.sub_i16s(a, b)
    }

    #[inline(always)]
    fn max<S: Lanes>(simd: S, a: S::i16s, b: S::i16s) -> S::i16s {
        simd.max_i16s(a, b)
    }

    #[inline(always)]
    fn min<S: Lanes>(simd: S, a: S::i16s, b: S::i16s) -> S::i16s {
        simd.min_i16s(a, b)
    }

    #[inline(always)]
    fn shift<S: Lanes>(simd: S, a: S::i16s, by: u8) -> S::i16s {
        simd.shift_i16s(a, by)
    }

    #[inline(always)]
    fn above<S: Lanes>(simd: S, a: S::i16s, b: S::i16s) -> S::m16s {
        simd.greater_than_i16s(a, b)
    }

    #[inline(always)]
    fn clear<S: Lanes>(simd: S, mask: S::m16s, a: S::i16s) -> S::i16s {
        simd.clear_i16s(mask, a)
    }

    #[inline(always)]
    fn list<S: Lanes>(simd: S, mask: S::m16s, base: u32, list: &mut [u32]) -> usize {
        simd.list_16(mask, base, list)
    }
}

impl Number for i32 {
    type Vector<S: Lanes> = S::i32s;
    type Mask<S: Lanes> = S::m32s;
    const MAX: Self = Self::MAX;

    fn truncated(number: i32) -> Self {
        number
    }

    #[inline(always)]
    fn wrapping_add(self, other: Self) -> Self {
        self.wrapping_add(other)
    }

    #[inline(always)]
    fn wrapping_sub(self, other: Self) -> Self {
        self.wrapping_sub(other)
    }

    #[inline(always)]
    fn wrapping_mul(self, other: Self) -> Self {
        self.wrapping_mul(other)
    }

    #[inline(always)]
    #[expect(clippy::cast_possible_truncation, reason = "a handful")]
    fn lanes<S: Lanes>() -> u32 {
        S::I32_LANES as u32
    }

    #[inline(always)]
    fn vectors<S: Lanes>(numbers: &[Self]) -> &[S::i32s] {
        S::as_simd_i32s(numbers).0
    }

    #[inline(always)]
    fn vectors_mut<S: Lanes>(numbers: &mut [Self]) -> &mut [S::i32s] {
        S::as_mut_simd_i32s(numbers).0
    }

    #[inline(always)]
    fn splat<S: Lanes>(simd: S, number: Self) -> S::i32s {
        simd.splat_i32s(number)
    }

    #[inline(always)]
    fn add<S: Lanes>(simd: S, a: S::i32s, b: S::i32s) -> S::i32s {
        simd.transmute_i32s_u32s(simd.add_u32s(simd.transmute_u32s_i32s(a), simd.transmute_u32s_i32s(b)))
    }

    #[inline(always)]
    fn sub<S: Lanes>(simd: S, a: S::i32s, b: S::i32s) -> S::i32s {
        simd.sub_i32s(a, b)
    }

    #[inline(always)]
    fn max<S: Lanes>(simd: S, a: S::i32s, b: S::i32s) -> S::i32s {
        simd.max_i32s(a, b)
    }

    #[inline(always)]
    fn min<S: Lanes>(simd: S, a: S::i32s, b: S::i32s) -> S::i32s {
        simd.min_i32s(a, b)
    }

    #[inline(always)]
    fn shift<S: Lanes>(simd: S, a: S::i32s, by: u8) -> S::i32s {
        simd.shift_i32s(a, by)
    }

    #[inline(always)]
    fn above<S: Lanes>(simd: S, a: S::i32s, b: S::i32s) -> S::m32s {
        simd.greater_than_i32s(a, b)
    }

    #[inline(always)]
    fn clear<S: Lanes>(simd: S, mask: S::m32s, a: S::i32s) -> S::i32s {
        simd.select_i32s(mask, simd.splat_i32s(0), a)
    }

    #[inline(always)]
    fn list<S: Lanes>(simd: S, mask: S::m32s, base: u32, list: &mut [u32]) -> usize {
        simd.list(mask, base, list)
    }
}
