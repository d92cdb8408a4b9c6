//! Lane against plain sums, through its stages.

use crate::support::{assert_same, config, difference, number, signed, simulate};
use proptest::prelude::*;
use rand::{RngExt, SeedableRng};
use rand_xoshiro::Xoshiro256PlusPlus;
use synfire_hw::circuit::lane::Lane;

/// Inputs of a lane for one word: the first four in the read stage; `sweep` and `settled` in the last settle stage; the others
/// in the compute stage.
#[derive(Clone, Copy, Debug, Default)]
struct Told {
    membrane: i32,
    weight: i32,
    take_last: bool,
    take_older: bool,
    forward_last: bool,
    identity: i32,
    adds_identity: bool,
    meets: bool,
    negative: bool,
    sweep: bool,
    settled: i32,
}

/// Bits of the membranes.
const BITS: usize = 20;

/// Operand in the compute stage of each word, and result in each cycle, from the second after the first word was read on.
type Shown = (Vec<i32>, Vec<i32>);

fn run(stages: usize, told: &[Told]) -> Shown {
    run_lane(Lane::new(BITS, false), stages, told)
}

fn run_lane(lane: Lane, stages: usize, told: &[Told]) -> Shown {
    let mut lane = simulate(lane, |lane| &mut lane.clock);
    let (mut operands, mut results) = (Vec::new(), Vec::new());
    let nothing = Told::default();
    let before = |cycle: usize, stages: usize| {
        let word = cycle.checked_sub(stages).and_then(|word| told.get(word));
        *word.unwrap_or(&nothing)
    };
    for cycle in 0..told.len() + 2 + stages {
        let circuit = lane.circuit();
        let read = before(cycle, 0);
        circuit.membrane.next = signed(read.membrane);
        circuit.weight.next = signed(read.weight);
        circuit.take_last.next = read.take_last;
        circuit.take_older.next = read.take_older;
        let compute = before(cycle, 1);
        circuit.forward_last.next = compute.forward_last;
        circuit.identity.next = signed(compute.identity);
        circuit.adds_identity.next = compute.adds_identity;
        circuit.meets.next = compute.meets;
        circuit.negative.next = compute.negative;
        let settle = before(cycle, 1 + stages);
        circuit.settles.next = settle.sweep;
        circuit.settled.next = signed(settle.settled);
        lane.settle();
        let circuit = lane.circuit();
        if (1..=told.len()).contains(&cycle) {
            operands.push(number(circuit.operand.val()));
        }
        if cycle >= 2 {
            results.push(number(circuit.result.val()));
        }
        lane.tick();
    }
    (operands, results)
}

/// Model of the lane: the result of one, two or three cycles before takes the place of the membrane. What a sweep has left
/// takes that of whatever is in the compute stage when the sweep is done.
fn model(stages: usize, told: &[Told]) -> Shown {
    let mut results = [0; 3];
    let mut settled = vec![None; stages];
    let idle = vec![Told::default(); stages];
    let (mut operands, mut shown) = (Vec::new(), Vec::new());
    for (index, told_now) in told.iter().chain(&idle).enumerate() {
        let [one, two, three] = results;
        let operand = if told_now.forward_last {
            one
        } else if told_now.take_last {
            two
        } else if told_now.take_older {
            three
        } else {
            told_now.membrane
        };
        let addend = if told_now.adds_identity {
            told_now.identity
        } else {
            told_now.weight
        };
        let sum = match told_now {
            Told { meets: false, .. } => operand,
            Told { negative: true, .. } => operand - addend,
            _ => operand + addend,
        };
        settled.push(told_now.sweep.then_some(told_now.settled));
        let result = settled.remove(0).unwrap_or(sum);
        results = [result, one, two];
        if index < told.len() {
            operands.push(operand);
        }
        shown.push(result);
    }
    (operands, shown)
}

/// Random inputs in random order, with sums far from overflow.
fn anything(rng: &mut Xoshiro256PlusPlus, cycles: usize) -> Vec<Told> {
    (0..cycles)
        .map(|_| Told {
            membrane: rng.random_range(-10_000..10_000),
            weight: rng.random_range(-127..128),
            meets: rng.random_bool(0.8),
            negative: rng.random_bool(0.3),
            sweep: rng.random_bool(0.3),
            settled: rng.random_range(-10_000..10_000),
            forward_last: rng.random_bool(0.3),
            take_last: rng.random_bool(0.3),
            take_older: rng.random_bool(0.3),
            identity: rng.random_range(0..300),
            adds_identity: rng.random_bool(0.2),
        })
        .collect()
}

proptest! {
    #![proptest_config(config(48))]

    #[test]
    fn spikes_sweeps_and_forwards_mix_in_any_order(seed: u64, stages in 0..=2_usize) {
        let told = anything(&mut Xoshiro256PlusPlus::seed_from_u64(seed), 60);
        let (expected, seen) = (model(stages, &told), run(stages, &told));
        assert_same(&expected.0, &seen.0);
        assert_same(&expected.1, &seen.1);
    }
}

#[test]
fn a_lane_of_a_single_word_keeps_it() {
    for seed in 0..8 {
        let told = anything(&mut Xoshiro256PlusPlus::seed_from_u64(seed), 60);
        let (mut operands, mut results, mut membrane) = (Vec::new(), Vec::new(), 0);
        for told in &told {
            operands.push(membrane);
            let addend = if told.adds_identity {
                told.identity
            } else {
                told.weight
            };
            membrane = match told {
                Told {
                    forward_last: false, ..
                } => membrane,
                Told { sweep: true, .. } => told.settled,
                Told { meets: false, .. } => membrane,
                Told { negative: true, .. } => membrane - addend,
                _ => membrane + addend,
            };
            results.push(membrane);
        }
        let seen = run_lane(Lane::new(BITS, true), 0, &told);
        assert_same(&operands, &seen.0);
        assert_same(&results, &seen.1);
    }
}

#[test]
fn a_sum_keeps_the_bits_of_a_membrane() {
    let highest = (1 << (BITS - 1)) - 1;
    let told = [Told {
        membrane: highest,
        weight: 1,
        meets: true,
        ..Told::default()
    }];
    assert_same(&[-highest - 1], &run(0, &told).1);
}

#[test]
fn another_forward_identity_or_sweep_is_noticed() {
    let told = anything(&mut Xoshiro256PlusPlus::seed_from_u64(1), 200);
    let expected = model(1, &told);
    let noticed = |told: &[Told]| difference(&expected.1, &run(1, told).1).is_some();
    assert!(!noticed(&told));
    let other = |change: fn(&mut Told)| {
        let mut told = told.clone();
        told.iter_mut().for_each(change);
        noticed(&told)
    };
    assert!(other(|told| told.settled += 1), "settled");
    assert!(other(|told| told.sweep = false), "sweep");
    assert!(other(|told| told.meets = true), "meets");
    assert!(other(|told| told.negative = false), "negative");
    assert!(other(|told| told.forward_last = false), "one before");
    assert!(other(|told| told.take_last = false), "two before");
    assert!(other(|told| told.take_older = false), "three before");
    assert!(other(|told| told.adds_identity = false), "identity");
}
