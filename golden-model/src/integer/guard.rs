//! From the guard bits of a layer, a run-time number, to the type that carries them.

/// Largest number of guard bits of a membrane.
pub const MAX_GUARD_BITS: u8 = 12;

/// Evaluates `$body` with `$Frac` naming the `typenum` integer of `$guard_bits` (0..=12); `None` for a larger number.
macro_rules! with_guard_bits {
    ($guard_bits:expr, $Frac:ident => $body:expr) => {
        with_guard_bits!(@arms $guard_bits, $Frac => $body,
            0 U0, 1 U1, 2 U2, 3 U3, 4 U4, 5 U5, 6 U6, 7 U7, 8 U8, 9 U9, 10 U10, 11 U11, 12 U12)
    };
    (@arms $guard_bits:expr, $Frac:ident => $body:expr, $($number:literal $type:ident),*) => {
        match $guard_bits {
            $($number => {
                type $Frac = fixed::types::extra::$type;
                Some($body)
            })*
            _ => None,
        }
    };
}
pub(crate) use with_guard_bits;

#[cfg(test)]
mod tests {
    use super::*;
    use fixed::FixedI32;

    #[test]
    fn every_number_of_guard_bits_has_its_type() {
        for guard_bits in 0..=MAX_GUARD_BITS {
            let found = with_guard_bits!(guard_bits, Frac => FixedI32::<Frac>::FRAC_NBITS);
            assert_eq!(found, Some(u32::from(guard_bits)));
        }
        assert_eq!(
            with_guard_bits!(MAX_GUARD_BITS + 1, Frac => FixedI32::<Frac>::FRAC_NBITS),
            None
        );
    }
}
