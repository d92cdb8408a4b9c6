//! Lane against the golden model's neuron and plain sums, through its stages.

use crate::settle::{membranes, params, update};
use crate::support::{assert_same, config, difference, number, signed, simulate};
use proptest::prelude::*;
use rand::{RngExt, SeedableRng};
use rand_xoshiro::Xoshiro256PlusPlus;
use synfire_hw::circuit::lane::Lane;
use synfire_hw::circuit::settle::SettleParams;

/// Inputs of a lane for one word: the first four in the read stage; `sweep` and `clears` in the last settle stage; the others
/// in the compute stage.
#[derive(Clone, Copy, Debug, Default)]
struct Told {
    membrane: i32,
    weight: i32,
    take_last: bool,
    take_older: bool,
    forward_last: bool,
    threshold: i32,
    bias: i32,
    identity: i32,
    adds_identity: bool,
    meets: bool,
    negative: bool,
    sweep: bool,
    clears: bool,
}

/// Fired flag and result in each cycle, from the second after the first word was read on.
type Shown = (bool, i32);

fn run(params: &SettleParams, told: &[Told]) -> Vec<Shown> {
    let mut lane = simulate(Lane::new(params), |lane| &mut lane.clock);
    let mut shown = Vec::new();
    let nothing = Told::default();
    let before = |cycle: usize, stages: usize| {
        let word = cycle.checked_sub(stages).and_then(|word| told.get(word));
        *word.unwrap_or(&nothing)
    };
    for cycle in 0..told.len() + 2 + params.stages {
        let circuit = lane.circuit();
        let read = before(cycle, 0);
        circuit.membrane.next = signed(read.membrane);
        circuit.weight.next = signed(read.weight);
        circuit.take_last.next = read.take_last;
        circuit.take_older.next = read.take_older;
        let compute = before(cycle, 1);
        circuit.forward_last.next = compute.forward_last;
        circuit.threshold.next = signed(compute.threshold);
        circuit.bias.next = signed(compute.bias);
        circuit.identity.next = signed(compute.identity);
        circuit.adds_identity.next = compute.adds_identity;
        circuit.meets.next = compute.meets;
        circuit.negative.next = compute.negative;
        let settle = before(cycle, 1 + params.stages);
        circuit.settles.next = settle.sweep;
        circuit.clears.next = settle.clears;
        lane.settle();
        if cycle >= 2 {
            let circuit = lane.circuit();
            shown.push((circuit.fired.val(), number(circuit.result.val())));
        }
        lane.tick();
    }
    shown
}

/// Model of the lane: the result of one, two or three cycles before takes the place of the membrane. The result of a sweep
/// takes that of whatever is in the compute stage when the sweep is done.
fn model(params: &SettleParams, told: &[Told]) -> Vec<Shown> {
    let mut results = [0; 3];
    let mut settled = vec![None; params.stages];
    let idle = vec![Told::default(); params.stages];
    told.iter()
        .chain(&idle)
        .map(|told| {
            let [one, two, three] = results;
            let operand = if told.forward_last {
                one
            } else if told.take_last {
                two
            } else if told.take_older {
                three
            } else {
                told.membrane
            };
            let addend = if told.adds_identity {
                told.identity
            } else {
                told.weight
            };
            let sum = match told {
                Told { meets: false, .. } => operand,
                Told { negative: true, .. } => operand - addend,
                _ => operand + addend,
            };
            settled.push(told.sweep.then(|| match told.clears {
                true => (false, 0),
                false => update(params, told.threshold, told.bias).end_of_step(operand),
            }));
            let shown = settled.remove(0).unwrap_or((false, sum));
            results = [shown.1, one, two];
            shown
        })
        .collect()
}

/// The end of a step of each membrane.
fn sweeps(membranes: &[i32], threshold: i32) -> Vec<Told> {
    let sweep = |&membrane: &i32| Told {
        membrane,
        threshold,
        sweep: true,
        ..Told::default()
    };
    membranes.iter().map(sweep).collect()
}

/// Random inputs in random order, with sums far from overflow.
fn anything(rng: &mut Xoshiro256PlusPlus, cycles: usize) -> Vec<Told> {
    (0..cycles)
        .map(|_| Told {
            membrane: rng.random_range(-10_000..10_000),
            weight: rng.random_range(-127..128),
            threshold: rng.random_range(0..5000),
            bias: rng.random_range(-300..300),
            meets: rng.random_bool(0.8),
            negative: rng.random_bool(0.3),
            sweep: rng.random_bool(0.3),
            clears: rng.random_bool(0.1),
            forward_last: rng.random_bool(0.3),
            take_last: rng.random_bool(0.3),
            take_older: rng.random_bool(0.3),
            identity: rng.random_range(0..300),
            adds_identity: rng.random_bool(0.2),
        })
        .collect()
}

/// Neurons with a leak of two shifts.
fn leaky(floor: i32, membrane_bits: usize) -> SettleParams {
    SettleParams {
        leak_shifts: vec![7, 9],
        floor,
        ceiling: None,
        membrane_bits,
        fires: true,
        biased: false,
        stages: 0,
    }
}

proptest! {
    #![proptest_config(config(48))]

    #[test]
    fn the_end_of_a_step_is_the_golden_models(params in params(), threshold: i32, anywhere: i32) {
        let threshold = (threshold >> (32 - params.membrane_bits)).saturating_abs();
        let mut told = sweeps(&membranes(&params, threshold, anywhere), threshold);
        told.push(Told { clears: true, ..told[0] });
        assert_same(&model(&params, &told), &run(&params, &told));
    }

    #[test]
    fn spikes_sweeps_and_forwards_mix_in_any_order(seed: u64, fires: bool, biased: bool, subtracts: bool, stages in 0..=2_usize) {
        let ceiling = subtracts.then_some(2000);
        let params = SettleParams { fires, biased, ceiling, stages, ..leaky(-1000, 20) };
        let told = anything(&mut Xoshiro256PlusPlus::seed_from_u64(seed), 60);
        assert_same(&model(&params, &told), &run(&params, &told));
    }
}

#[test]
fn a_membrane_at_the_threshold_does_not_fire_and_one_above_does() {
    let params = leaky(-1024, 12);
    assert_same(
        &[(false, 634), (true, 0), (false, -1024)],
        &run(&params, &sweeps(&[640, 641, -2048], 640)),
    );
    assert_same(&[(false, 0)], &run(&params, &sweeps(&[0], 0)));
}

#[test]
fn another_threshold_floor_leak_or_forward_is_noticed() {
    let params = SettleParams {
        biased: true,
        stages: 1,
        ..leaky(-1000, 20)
    };
    let mut told = sweeps(&membranes(&params, 640, 12_345), 640);
    told.extend(anything(&mut Xoshiro256PlusPlus::seed_from_u64(1), 200));
    let expected = model(&params, &told);
    let noticed = |params: &SettleParams, told: &[Told]| difference(&expected, &run(params, told)).is_some();
    assert!(!noticed(&params, &told));
    let other = |change: fn(&mut Told)| {
        let mut told = told.clone();
        told.iter_mut().for_each(change);
        noticed(&params, &told)
    };
    assert!(other(|told| told.threshold += 1), "threshold");
    assert!(other(|told| told.bias += 1), "bias");
    assert!(other(|told| told.meets = true), "meets");
    assert!(other(|told| told.forward_last = false), "one before");
    assert!(other(|told| told.take_last = false), "two before");
    assert!(other(|told| told.take_older = false), "three before");
    assert!(other(|told| told.adds_identity = false), "identity");
    for (what, other) in [
        (
            "floor",
            SettleParams {
                floor: -1001,
                ..params.clone()
            },
        ),
        (
            "leak",
            SettleParams {
                leak_shifts: vec![7, 10],
                ..params.clone()
            },
        ),
        (
            "reset",
            SettleParams {
                ceiling: Some(1 << 18),
                ..params.clone()
            },
        ),
        (
            "biased",
            SettleParams {
                biased: false,
                ..params.clone()
            },
        ),
    ] {
        assert!(noticed(&other, &told), "{what}");
    }
}
