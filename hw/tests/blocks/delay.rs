//! Delay against a list of what went in.

use crate::support::{assert_same, difference, simulate, word};
use rand::{RngExt, SeedableRng};
use rand_xoshiro::Xoshiro256PlusPlus;
use rust_hdl::prelude::Bits;
use synfire_hw::circuit::delay::Delay;

fn run(cycles: usize, told: &[u64]) -> Vec<u64> {
    let mut delay = simulate(Delay::<Bits<9>>::new(cycles), |delay| &mut delay.clock);
    told.iter()
        .map(|&number| {
            delay.circuit().now.next = word(number);
            delay.settle();
            let late = delay.circuit().late.val().to_u64();
            delay.tick();
            late
        })
        .collect()
}

fn model(cycles: usize, told: &[u64]) -> Vec<u64> {
    let before = vec![0; cycles];
    let all = before.into_iter().chain(told.iter().copied());
    all.take(told.len()).collect()
}

#[test]
fn what_goes_in_comes_out_as_many_cycles_later() {
    let mut rng = Xoshiro256PlusPlus::seed_from_u64(4);
    let told: Vec<u64> = (0..40).map(|_| rng.random_range(0..512)).collect();
    for cycles in 0..5 {
        let seen = run(cycles, &told);
        assert_same(&model(cycles, &told), &seen);
        assert!(
            difference(&model(cycles + 1, &told), &seen).is_some(),
            "{cycles} + 1"
        );
    }
}
