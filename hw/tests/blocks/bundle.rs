//! Bundles against their layout, there and back.

use crate::support::{combinational, config, word};
use proptest::prelude::*;
use rust_hdl::prelude::ToBits;
use synfire_hw::circuit::bundle::{Bundle, MOST, Unbundle};

/// Bits of a bundle of numbers, of which some are there.
pub(crate) fn bundled(numbers: impl Iterator<Item = Option<u32>>) -> u128 {
    numbers.enumerate().fold(0, |bits, (entry, number)| {
        let entry_bits = number.map_or(0, |number| u128::from(number) | 1 << 24);
        bits | entry_bits << (25 * entry)
    })
}

/// Numbers of a bundle that are there.
pub(crate) fn unbundled(bits: u128) -> Vec<u32> {
    (0..MOST)
        .map(|entry| bits >> (25 * entry))
        .filter(|bits| bits >> 24 & 1 == 1)
        .map(|bits| u32::try_from(bits & 0xFF_FFFF).expect("24 bits"))
        .collect()
}

proptest! {
    #![proptest_config(config(48))]

    #[test]
    fn a_bundle_has_every_number_and_flag_and_gives_them_back(
        entries in proptest::collection::vec((0..1_u32 << 24, any::<bool>()), 0..=MOST),
    ) {
        let mut bundle = combinational(Bundle::new(entries.len()));
        for (index, &(number, flag)) in entries.iter().enumerate() {
            bundle.circuit().number[index].next = word(number);
            bundle.circuit().flag[index].next = flag;
        }
        bundle.settle();
        let bits = bundle.circuit().bundle.val().to_u128();
        let there: Vec<u32> = entries.iter().filter(|(_, flag)| *flag).map(|&(number, _)| number).collect();
        prop_assert_eq!(unbundled(bits), there);
        let mut unbundle = combinational(Unbundle::new(entries.len()));
        unbundle.circuit().bundle.next = bits.to_bits();
        unbundle.settle();
        let circuit = unbundle.circuit();
        let seen: Vec<(u32, bool)> = circuit.number.iter().zip(&circuit.flag)
            .map(|(number, flag)| (number.val().to_u32(), flag.val()))
            .collect();
        prop_assert_eq!(seen, entries);
    }
}

#[test]
fn another_place_is_noticed() {
    assert_eq!(unbundled(bundled([Some(7), None, Some(9)].into_iter())), [7, 9]);
    assert_ne!(
        bundled([Some(7), None].into_iter()),
        bundled([None, Some(7)].into_iter())
    );
}
