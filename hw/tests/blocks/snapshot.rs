//! Snapshot against the sweeps that were written to it.

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

/// Inputs of one cycle: a word of a sweep, whether the word is the last, and the group and lane to read.
#[derive(Clone, Debug)]
struct Cycle {
    swept: Option<(Vec<i32>, bool)>,
    group: usize,
    lane: usize,
}

/// Sweeps with pauses between and within.
fn cycles(rng: &mut Xoshiro256PlusPlus, shape: MemoryShape, sweeps: usize) -> Vec<Cycle> {
    let mut cycles = Vec::new();
    for _ in 0..sweeps {
        for group in 0..shape.depth {
            let word = (0..shape.lanes)
                .map(|_| rng.random::<i32>() >> (32 - WIDTH))
                .collect();
            let mut swept = Some((word, group + 1 == shape.depth));
            while swept.is_some() {
                cycles.push(Cycle {
                    swept: if rng.random_bool(0.7) { swept.take() } else { None },
                    group: rng.random_range(0..shape.depth),
                    lane: rng.random_range(0..shape.lanes),
                });
            }
        }
    }
    cycles
}

/// Number that each cycle reads, as of before the cycle.
fn model(shape: MemoryShape, cycles: &[Cycle]) -> Vec<i32> {
    let mut words = vec![vec![0; shape.lanes]; shape.depth];
    let mut group = 0;
    cycles
        .iter()
        .map(|cycle| {
            let shown = words[cycle.group][cycle.lane];
            if let Some((word, last)) = &cycle.swept {
                words[group].clone_from(word);
                group = if *last { 0 } else { group + 1 };
            }
            shown
        })
        .collect()
}

fn run(shape: MemoryShape, cycles: &[Cycle]) -> Vec<i32> {
    let mut snapshot = simulate(Snapshot::new(shape), |snapshot| &mut snapshot.clock);
    cycles
        .iter()
        .map(|cycle| {
            let circuit = snapshot.circuit();
            circuit.valid.next = cycle.swept.is_some();
            if let Some((numbers, last)) = &cycle.swept {
                circuit.last.next = *last;
                for (lane, &number) in circuit.data.iter_mut().zip(numbers) {
                    lane.next = signed(number);
                }
            }
            circuit.readout_group.next = word(cycle.group as u64);
            circuit.readout_lane.next = word(cycle.lane as u64);
            snapshot.tick();
            number(snapshot.circuit().readout_data.val())
        })
        .collect()
}

proptest! {
    #![proptest_config(config(32))]

    #[test]
    fn numbers_are_those_of_the_latest_word_a_cycle_later(depth in 1..6_usize, lanes in 1..6_usize, seed: u64) {
        let shape = shape(depth, lanes);
        let cycles = cycles(&mut Xoshiro256PlusPlus::seed_from_u64(seed), shape, 6);
        assert_same(&model(shape, &cycles), &run(shape, &cycles));
    }
}

#[test]
fn a_sweep_that_does_not_end_is_noticed() {
    let shape = shape(3, 2);
    let cycles = cycles(&mut Xoshiro256PlusPlus::seed_from_u64(1), shape, 4);
    let mut endless = cycles.clone();
    for cycle in &mut endless {
        if let Some((_, last)) = &mut cycle.swept {
            *last = false;
        }
    }
    assert!(difference(&model(shape, &cycles), &run(shape, &endless)).is_some());
}
