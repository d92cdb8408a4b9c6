//! Narrow against plain integers.

use crate::support::{combinational, config, number, signed};
use proptest::prelude::*;
use synfire_hw::circuit::narrow::Narrow;

fn narrow(width: usize, wide: i32) -> i32 {
    let mut narrow = combinational(Narrow::new(width));
    narrow.circuit().wide.next = signed(wide);
    narrow.settle();
    number(narrow.circuit().narrow.val())
}

proptest! {
    #![proptest_config(config(128))]

    #[test]
    fn a_number_that_fits_stays_as_it_is(width in 1..=32_usize, wide: i32) {
        let fits = wide >> (32 - width);
        prop_assert_eq!(narrow(width, fits), fits);
    }

    #[test]
    fn a_number_that_does_not_fit_wraps_around(width in 1..=32_usize, wide: i32) {
        let modulus = 1_i64 << width;
        let wrapped = (i64::from(wide) + modulus / 2).rem_euclid(modulus) - modulus / 2;
        prop_assert_eq!(i64::from(narrow(width, wide)), wrapped);
    }
}

#[test]
fn one_bit_less_is_noticed() {
    for (width, largest) in [(8, 127), (9, 255), (32, i32::MAX)] {
        assert_eq!(narrow(width, largest), largest);
        assert_eq!(narrow(width - 1, largest), -1);
    }
}
