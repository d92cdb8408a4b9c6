//! Register of a flag for many lanes: every lane gets the flag of the cycle before.

use crate::support::{config, simulate};
use proptest::prelude::*;
use synfire_hw::circuit::fan_out::FanOut;

proptest! {
    #![proptest_config(config(32))]

    #[test]
    fn every_lane_shows_the_flag_a_cycle_later(
        lanes in 1..=64_usize, flags in proptest::collection::vec(any::<bool>(), 1..20),
    ) {
        let mut register = simulate(FanOut::new(lanes), |register| &mut register.clock);
        let mut expected = false;
        for flag in flags {
            register.circuit().flag.next = flag;
            register.settle();
            let shown: Vec<bool> = register.circuit().lanes.iter().map(|lane| lane.val()).collect();
            prop_assert_eq!(shown, vec![expected; lanes]);
            register.tick();
            expected = flag;
        }
    }
}

#[test]
fn a_flag_without_its_clock_is_noticed() {
    let mut register = simulate(FanOut::new(9), |register| &mut register.clock);
    register.circuit().flag.next = true;
    register.settle();
    assert!(register.circuit().lanes.iter().all(|lane| !lane.val()));
    register.tick();
    assert!(register.circuit().lanes.iter().all(|lane| lane.val()));
}
