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
    }
}

#[test]
fn another_bank_is_noticed() {
    let mut selector = combinational(Selector::new(2, 1, 12));
    for (port, value) in selector.circuit().number.iter_mut().zip([5, -6]) {
        port.next = signed(value);
    }
    for (bank, value) in [(0_u64, 5), (1, -6)] {
        selector.circuit().bank.next = word(bank);
        selector.settle();
        assert_eq!(number(selector.circuit().selected[0].val()), value);
    }
}
