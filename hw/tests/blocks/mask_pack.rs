//! Masks of flags against the bits of numbers.

use crate::support::{combinational, config};
use proptest::prelude::*;
use synfire_hw::circuit::mask_pack::MaskPack;

fn pack(banks: usize, flags: &[bool]) -> Vec<u64> {
    let mut pack = combinational(MaskPack::new(banks, flags.len() / banks));
    for (port, &flag) in pack.circuit().flags.iter_mut().zip(flags) {
        port.next = flag;
    }
    pack.settle();
    pack.circuit()
        .mask
        .iter()
        .map(|mask| mask.val().to_u64())
        .collect()
}

proptest! {
    #![proptest_config(config(64))]

    #[test]
    fn bit_of_a_lane_is_its_number(
        (banks, flags) in (1..=4_usize, 1..=64_usize).prop_flat_map(|(banks, lanes)| {
            (Just(banks), proptest::collection::vec(any::<bool>(), banks * lanes))
        }),
    ) {
        let lanes = flags.len() / banks;
        let masks = pack(banks, &flags);
        prop_assert_eq!(masks.len(), banks);
        for (index, &flag) in flags.iter().enumerate() {
            prop_assert_eq!(masks[index / lanes] >> (index % lanes) & 1 == 1, flag, "flag {}", index);
        }
        prop_assert!(masks.iter().all(|mask| lanes == 64 || mask >> lanes == 0), "bits above the lanes");
    }
}

#[test]
fn the_other_order_is_noticed() {
    let flags = [true, true, false, true, false, true];
    assert_eq!(pack(1, &flags), [0b101011]);
    assert_eq!(pack(2, &flags), [0b011, 0b101]);
    let descending = flags.iter().fold(0, |mask, &flag| mask << 1 | u64::from(flag));
    assert_ne!(pack(1, &flags), [descending]);
}
