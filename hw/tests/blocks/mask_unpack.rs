//! Flags of a mask against the bits of a number.

use crate::support::{combinational, config, word};
use proptest::prelude::*;
use synfire_hw::circuit::mask_unpack::MaskUnpack;

fn unpack(mask: u64, banks: usize, lanes: usize) -> Vec<bool> {
    let mut unpack = combinational(MaskUnpack::new(banks, lanes));
    unpack.circuit().mask.next = word(mask);
    unpack.settle();
    unpack.circuit().flags.iter().map(|flag| flag.val()).collect()
}

proptest! {
    #![proptest_config(config(64))]

    #[test]
    fn flag_of_a_lane_is_its_bit_in_every_bank(mask: u64, banks in 1..4_usize, lanes in 1..=64_usize) {
        let flags = unpack(mask, banks, lanes);
        prop_assert_eq!(flags.len(), banks * lanes);
        for (lane, flag) in flags.into_iter().enumerate() {
            prop_assert_eq!(flag, mask >> (lane % lanes) & 1 == 1, "lane {}", lane);
        }
    }
}

#[test]
fn the_other_order_is_noticed() {
    let flags = unpack(0b01011, 1, 5);
    assert_eq!(flags, [true, true, false, true, false]);
    assert_ne!(flags, [false, true, false, true, true]);
}
