//! Mask of flags against the bits of a number.

use crate::support::{combinational, config};
use proptest::prelude::*;
use synfire_hw::circuit::mask_pack::MaskPack;

fn pack(flags: &[bool]) -> u64 {
    let mut pack = combinational(MaskPack::new(flags.len()));
    for (port, &flag) in pack.circuit().flags.iter_mut().zip(flags) {
        port.next = flag;
    }
    pack.settle();
    pack.circuit().mask.val().to_u64()
}

proptest! {
    #![proptest_config(config(64))]

    #[test]
    fn bit_of_a_lane_is_its_number(flags in proptest::collection::vec(any::<bool>(), 1..=64)) {
        let mask = pack(&flags);
        for (lane, &flag) in flags.iter().enumerate() {
            prop_assert_eq!(mask >> lane & 1 == 1, flag, "lane {}", lane);
        }
        prop_assert!(flags.len() == 64 || mask >> flags.len() == 0, "bits above the lanes");
    }
}

#[test]
fn the_other_order_is_noticed() {
    let flags = [true, true, false, true, false];
    assert_eq!(pack(&flags), 0b01011);
    let descending = flags.iter().fold(0, |mask, &flag| mask << 1 | u64::from(flag));
    assert_ne!(pack(&flags), descending);
}
