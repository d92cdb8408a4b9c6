//! Selection of a bank against an index.

use crate::support::{assert_same, combinational, config, number, signed, word};
use proptest::prelude::*;
use synfire_hw::circuit::selector::Selector;

proptest! {
    #![proptest_config(config(32))]

    #[test]
    fn the_numbers_of_the_bank_are_selected(
        banks in 1..=5_usize, numbers in proptest::collection::vec(-2000..2000_i32, 15), which: usize,
    ) {
        let bank = which % banks;
        let mut selector = combinational(Selector::new(banks, 3, 12));
        let circuit = selector.circuit();
        circuit.bank.next = word(bank as u64);
        for (port, &number) in circuit.number.iter_mut().zip(&numbers) {
            port.next = signed(number);
        }
        selector.settle();
        let seen: Vec<i32> = selector.circuit().selected.iter().map(|lane| number(lane.val())).collect();
        assert_same(&numbers[3 * bank..3 * bank + 3], &seen);
        prop_assert!(banks == 1 || numbers[3 * ((bank + 1) % banks)] == seen[0] || seen != numbers[3 * ((bank + 1) % banks)..][..3]);
    }
}
