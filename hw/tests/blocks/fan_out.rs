//! Register of a flag for many lanes: every lane gets the flag of the cycle before.

use crate::support::{config, simulate};
use proptest::prelude::*;
use synfire_hw::circuit::fan_out::FanOut;

proptest! {
    #![proptest_config(config(32))]

    #[test]
    fn every_lane_shows_the_flag_a_cycle_later(
        banks in 1..=4_usize, lanes in 1..=64_usize, flags in proptest::collection::vec(any::<[bool; 4]>(), 1..20),
    ) {
        let mut register = simulate(FanOut::new(banks, lanes), |register| &mut register.clock);
        let mut expected = [false; 4];
        for flags in flags {
            for (port, &flag) in register.circuit().flag.iter_mut().zip(&flags) {
                port.next = flag;
            }
            register.settle();
            let shown: Vec<bool> = register.circuit().lanes.iter().map(|lane| lane.val()).collect();
            let banks = expected[..banks].iter().flat_map(|&flag| vec![flag; lanes]);
            prop_assert_eq!(shown, banks.collect::<Vec<bool>>());
            register.tick();
            expected = flags;
        }
    }
}

#[test]
fn a_flag_without_its_clock_is_noticed() {
    let mut register = simulate(FanOut::new(1, 9), |register| &mut register.clock);
    register.circuit().flag[0].next = true;
    register.settle();
    assert!(register.circuit().lanes.iter().all(|lane| !lane.val()));
    register.tick();
    assert!(register.circuit().lanes.iter().all(|lane| lane.val()));
}
