//! Count of a mask's bits against the bits one by one.

use crate::support::{combinational, config, word};
use proptest::prelude::*;
use synfire_hw::circuit::popcount::Popcount;

fn count(mask: u64, lanes: usize) -> u64 {
    let mut popcount = combinational(Popcount::new(lanes));
    popcount.circuit().mask.next = word(mask);
    popcount.settle();
    popcount.circuit().ones.val().to_u64()
}

proptest! {
    #![proptest_config(config(64))]

    #[test]
    fn every_bit_counts_once(mask: u64, lanes in 1..=64_u32) {
        let mask = mask & u64::MAX >> (64 - lanes);
        let ones = (0..lanes).filter(|bit| mask >> bit & 1 == 1).count() as u64;
        prop_assert_eq!(count(mask, lanes as usize), ones);
    }
}

#[test]
fn a_bit_more_is_noticed() {
    assert_eq!(count(u64::MAX, 64), 64);
    assert_ne!(count(0b1011, 4), count(0b1111, 4));
}
