//! Table of constants against the constants.

use crate::support::{assert_same, combinational, config, difference, word};
use proptest::prelude::*;
use synfire_hw::circuit::lookup_table::LookupTable;

fn run(words: &[u64]) -> Vec<u64> {
    let mut table = combinational(LookupTable::new(words.to_vec()));
    (0..words.len() as u64)
        .map(|address| {
            table.circuit().address.next = word(address);
            table.settle();
            table.circuit().data.val().to_u64()
        })
        .collect()
}

proptest! {
    #![proptest_config(config(32))]

    #[test]
    fn every_address_shows_its_word(words in proptest::collection::vec(any::<u64>(), 1..70)) {
        assert_same(&words, &run(&words));
    }
}

#[test]
fn another_word_is_noticed() {
    assert!(difference(&[1, 2, 3], &run(&[1, 2, 2])).is_some());
}
