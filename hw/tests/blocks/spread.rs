//! Copies of a word for several banks.

use crate::support::{combinational, number, signed};
use synfire_hw::circuit::spread::Spread;

#[test]
fn every_bank_has_every_number_in_its_lane() {
    for banks in 1..4 {
        let mut spread = combinational(Spread::new(banks, 3));
        for (port, value) in spread.circuit().number.iter_mut().zip([5, -6, 7]) {
            port.next = signed(value);
        }
        spread.settle();
        let seen: Vec<i32> = spread
            .circuit()
            .spread
            .iter()
            .map(|lane| number(lane.val()))
            .collect();
        assert_eq!(seen, [5, -6, 7].repeat(banks));
    }
}
