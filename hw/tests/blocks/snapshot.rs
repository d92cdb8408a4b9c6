//! Snapshot against the sweeps that it saw.

use crate::support::{assert_same, config, difference, number, signed, simulate, word};
use proptest::prelude::*;
use rand::{RngExt, SeedableRng};
use rand_xoshiro::Xoshiro256PlusPlus;
use synfire_hw::circuit::snapshot::Snapshot;
use synfire_hw::circuit::word_memory::{MemoryShape, Style};

const WIDTH: usize = 9;

fn shape(depth: usize, lanes: usize) -> MemoryShape {
    MemoryShape {
        depth,
        lanes,
        width: WIDTH,
        style: Style::Block,
    }
}

/// One clock's inputs: a word of a sweep, whether it is the last, and the place that is read.
#[derive(Clone, Debug)]
struct Clock {
    swept: Option<(Vec<i32>, bool)>,
    group: usize,
    lane: usize,
}

/// Sweeps with pauses between and within.
fn clocks(rng: &mut Xoshiro256PlusPlus, shape: MemoryShape, sweeps: usize) -> Vec<Clock> {
    let mut clocks = Vec::new();
    for _ in 0..sweeps {
        for group in 0..shape.depth {
            let word = (0..shape.lanes)
                .map(|_| rng.random::<i32>() >> (32 - WIDTH))
                .collect();
            let mut swept = Some((word, group + 1 == shape.depth));
            while swept.is_some() {
                clocks.push(Clock {
                    swept: if rng.random_bool(0.7) { swept.take() } else { None },
                    group: rng.random_range(0..shape.depth),
                    lane: rng.random_range(0..shape.lanes),
                });
            }
        }
    }
    clocks
}

/// The number that each clock asks for, as it was before the clock.
fn model(shape: MemoryShape, clocks: &[Clock]) -> Vec<i32> {
    let mut words = vec![vec![0; shape.lanes]; shape.depth];
    let mut group = 0;
    clocks
        .iter()
        .map(|clock| {
            let shown = words[clock.group][clock.lane];
            if let Some((word, last)) = &clock.swept {
                words[group].clone_from(word);
                group = if *last { 0 } else { group + 1 };
            }
            shown
        })
        .collect()
}

fn run(shape: MemoryShape, clocks: &[Clock]) -> Vec<i32> {
    let mut snapshot = simulate(Snapshot::new(shape), |snapshot| &mut snapshot.clock);
    clocks
        .iter()
        .map(|clock| {
            let circuit = snapshot.circuit();
            circuit.valid.next = clock.swept.is_some();
            if let Some((numbers, last)) = &clock.swept {
                circuit.last.next = *last;
                for (lane, &number) in circuit.data.iter_mut().zip(numbers) {
                    lane.next = signed(number);
                }
            }
            circuit.readout_group.next = word(clock.group as u64);
            circuit.readout_lane.next = word(clock.lane as u64);
            snapshot.tick();
            number(snapshot.circuit().readout_data.val())
        })
        .collect()
}

proptest! {
    #![proptest_config(config(32))]

    #[test]
    fn numbers_are_those_of_the_latest_word_a_clock_later(depth in 1..6_usize, lanes in 1..6_usize, seed: u64) {
        let shape = shape(depth, lanes);
        let clocks = clocks(&mut Xoshiro256PlusPlus::seed_from_u64(seed), shape, 6);
        assert_same(&model(shape, &clocks), &run(shape, &clocks));
    }
}

#[test]
fn a_sweep_that_does_not_end_is_noticed() {
    let shape = shape(3, 2);
    let clocks = clocks(&mut Xoshiro256PlusPlus::seed_from_u64(1), shape, 4);
    let mut endless = clocks.clone();
    for clock in &mut endless {
        if let Some((_, last)) = &mut clock.swept {
            *last = false;
        }
    }
    assert!(difference(&model(shape, &clocks), &run(shape, &endless)).is_some());
}
