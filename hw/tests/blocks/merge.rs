//! Sums of the weights of several spikes against plain sums.

use crate::support::{assert_same, combinational, config, number, signed};
use proptest::prelude::*;
use rand::{RngExt, SeedableRng};
use rand_xoshiro::Xoshiro256PlusPlus;
use synfire_hw::circuit::merge::{Merge, MergeParams};

fn run(params: MergeParams, present: &[bool], numbers: &[i32]) -> Vec<i32> {
    let mut merge = combinational(Merge::new(params));
    let circuit = merge.circuit();
    for (port, &present) in circuit.present.iter_mut().zip(present) {
        port.next = present;
    }
    for (port, &number) in circuit.number.iter_mut().zip(numbers) {
        port.next = signed(number);
    }
    merge.settle();
    merge.circuit().sum.iter().map(|sum| number(sum.val())).collect()
}

proptest! {
    #![proptest_config(config(48))]

    #[test]
    fn a_sum_has_the_spikes_that_are_there(
        seed: u64, lanes in 1..6_usize, merged in 1..=4_usize, width in 2..=8_usize, fraction_bits in 0..6_usize,
    ) {
        let mut rng = Xoshiro256PlusPlus::seed_from_u64(seed);
        let params = MergeParams { lanes, merged, width, fraction_bits };
        // The first spike is always there.
        let present: Vec<bool> = (0..merged).map(|spike| spike == 0 || rng.random()).collect();
        let most = 1 << (width - 1);
        let numbers: Vec<i32> = (0..merged * lanes).map(|_| rng.random_range(-most..most) << fraction_bits).collect();
        let sum = |lane: usize| {
            (0..merged).filter(|&spike| present[spike]).map(|spike| numbers[spike * lanes + lane]).sum()
        };
        let expected: Vec<i32> = (0..lanes).map(sum).collect();
        assert_same(&expected, &run(params, &present, &numbers));
    }
}

#[test]
fn a_spike_that_is_not_there_adds_nothing() {
    let params = MergeParams {
        lanes: 1,
        merged: 2,
        width: 4,
        fraction_bits: 1,
    };
    assert_eq!(run(params, &[true, true], &[6, -16]), [-10]);
    assert_eq!(run(params, &[true, false], &[6, -16]), [6]);
}
