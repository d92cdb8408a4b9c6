//! Leak against the golden model's.

use crate::support::{combinational, config, number, signed};
use proptest::prelude::*;
use synfire_golden_model::integer::neuron::settle;
use synfire_hw::circuit::leak::Leak;

fn leak(shifts: &[u8], membrane: i32) -> i32 {
    let mut leak = combinational(Leak::new(shifts));
    leak.circuit().membrane.next = signed(membrane);
    leak.settle();
    number(leak.circuit().amount.val())
}

fn shifts() -> impl Strategy<Value = Vec<u8>> {
    proptest::sample::subsequence((1..=16).collect::<Vec<u8>>(), 0..=3)
}

proptest! {
    #![proptest_config(config(256))]

    #[test]
    fn what_is_left_is_the_golden_models(membrane: i32, narrow in 0..32, shifts in shifts()) {
        for membrane in [membrane, membrane >> narrow] {
            let left = i64::from(membrane) - i64::from(leak(&shifts, membrane));
            prop_assert_eq!(left, i64::from(settle(membrane, &shifts, i32::MIN)));
        }
    }
}

#[test]
fn every_shift_rounds_toward_minus_infinity() {
    assert_eq!(leak(&[7, 9], 127), 0);
    assert_eq!(leak(&[7, 9], 1023), 8);
    assert_eq!(leak(&[7, 9], -1), -2);
    assert_eq!(leak(&[1, 2, 3], i32::MIN), -(7 << 28));
    assert_eq!(leak(&[], i32::MIN), 0);
}

#[test]
fn another_shift_or_rounding_is_noticed() {
    assert_ne!(1023 - leak(&[7, 8], 1023), settle(1023, &[7, 9], i32::MIN));
    let toward_zero = -1 / 128;
    assert_ne!(toward_zero, leak(&[7], -1));
}
