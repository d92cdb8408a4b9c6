//! Limits of guard bits.

/// Largest number of guard bits of a membrane.
pub const MAX_GUARD_BITS: u8 = 12;
