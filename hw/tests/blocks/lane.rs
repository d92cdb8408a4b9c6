//! Lane against the golden model's neuron and plain sums, through its three stages.

use crate::support::{assert_same, config, difference, number, signed, simulate};
use proptest::prelude::*;
use rand::{RngExt, SeedableRng};
use rand_xoshiro::Xoshiro256PlusPlus;
use synfire_golden_model::integer::neuron::{end_of_step, settle};
use synfire_hw::circuit::lane::Lane;
use synfire_hw::simulate::Simulation;

/// What a lane is built with.
#[derive(Clone, Debug)]
struct Params {
    shifts: Vec<u8>,
    floor: i32,
    membrane_bits: usize,
    fires: bool,
}

impl Params {
    fn lane(&self) -> Simulation<Lane> {
        simulate(
            Lane::new(&self.shifts, self.floor, self.membrane_bits, self.fires),
            |lane| &mut lane.clock,
        )
    }
}

/// Inputs of a lane for one word: the first five in the read stage, the others in the compute stage.
#[derive(Clone, Copy, Debug, Default)]
struct Told {
    membrane: i32,
    weight: i32,
    take_last: bool,
    take_older: bool,
    forward_last: bool,
    threshold: i32,
    identity: i32,
    adds_identity: bool,
    meets: bool,
    negative: bool,
    sweep: bool,
    clears: bool,
}

/// Fired flag and result of each word, two cycles after the word was read.
type Shown = (bool, i32);

fn run(params: &Params, told: &[Told]) -> Vec<Shown> {
    let mut lane = params.lane();
    let mut shown = Vec::new();
    let nothing = Told::default();
    for cycle in 0..told.len() + 2 {
        let circuit = lane.circuit();
        let read = told.get(cycle).unwrap_or(&nothing);
        circuit.membrane.next = signed(read.membrane);
        circuit.weight.next = signed(read.weight);
        circuit.take_last.next = read.take_last;
        circuit.take_older.next = read.take_older;
        let compute = cycle
            .checked_sub(1)
            .and_then(|at| told.get(at))
            .unwrap_or(&nothing);
        circuit.forward_last.next = compute.forward_last;
        circuit.threshold.next = signed(compute.threshold);
        circuit.identity.next = signed(compute.identity);
        circuit.adds_identity.next = compute.adds_identity;
        circuit.meets.next = compute.meets;
        circuit.negative.next = compute.negative;
        circuit.sweep.next = compute.sweep;
        circuit.clears.next = compute.clears;
        lane.settle();
        if cycle >= 2 {
            let circuit = lane.circuit();
            shown.push((circuit.fired.val(), number(circuit.result.val())));
        }
        lane.tick();
    }
    shown
}

/// Model of the lane: the result of the word one, two or three before takes the place of the membrane.
fn model(params: &Params, told: &[Told]) -> Vec<Shown> {
    let mut results = [0; 3];
    told.iter()
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
            let shown = match told {
                Told {
                    sweep: true,
                    clears: true,
                    ..
                } => (false, 0),
                Told { sweep: true, .. } if params.fires => {
                    end_of_step(operand, told.threshold, &params.shifts, params.floor)
                }
                Told { sweep: true, .. } => (false, settle(operand, &params.shifts, params.floor)),
                Told { meets: false, .. } => (false, operand),
                Told { negative: true, .. } => (false, operand - addend),
                _ => (false, operand + addend),
            };
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

fn params() -> impl Strategy<Value = Params> {
    let shifts = proptest::sample::subsequence((1..=16).collect::<Vec<u8>>(), 0..=3);
    (shifts, 4..=32_usize, any::<i32>(), any::<bool>()).prop_map(|(shifts, membrane_bits, floor, fires)| {
        Params {
            shifts,
            floor: -(floor >> (32 - membrane_bits)).saturating_abs(),
            membrane_bits,
            fires,
        }
    })
}

/// Membranes at and around every boundary, and one anywhere, all of the given width.
fn membranes(params: &Params, threshold: i32, anywhere: i32) -> Vec<i32> {
    let unused = 32 - params.membrane_bits;
    let edges = [0, threshold, params.floor, i32::MIN >> unused, i32::MAX >> unused];
    let around = edges
        .iter()
        .flat_map(|edge| (-2..=2).map(|away| edge.saturating_add(away)));
    around
        .chain([anywhere >> unused])
        .filter(|&membrane| membrane << unused >> unused == membrane)
        .collect()
}

/// Random inputs in random order, with sums far from overflow.
fn anything(rng: &mut Xoshiro256PlusPlus, cycles: usize) -> Vec<Told> {
    (0..cycles)
        .map(|_| Told {
            membrane: rng.random_range(-10_000..10_000),
            weight: rng.random_range(-127..128),
            threshold: rng.random_range(0..5000),
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
    fn spikes_sweeps_and_forwards_mix_in_any_order(seed: u64, fires: bool) {
        let params = Params { shifts: vec![7, 9], floor: -1000, membrane_bits: 20, fires };
        let told = anything(&mut Xoshiro256PlusPlus::seed_from_u64(seed), 60);
        assert_same(&model(&params, &told), &run(&params, &told));
    }
}

#[test]
fn a_membrane_at_the_threshold_does_not_fire_and_one_above_does() {
    let params = Params {
        shifts: vec![7, 9],
        floor: -1024,
        membrane_bits: 12,
        fires: true,
    };
    assert_same(
        &[(false, 634), (true, 0), (false, -1024)],
        &run(&params, &sweeps(&[640, 641, -2048], 640)),
    );
    assert_same(&[(false, 0)], &run(&params, &sweeps(&[0], 0)));
}

#[test]
fn another_threshold_floor_leak_or_forward_is_noticed() {
    let params = Params {
        shifts: vec![7, 9],
        floor: -1000,
        membrane_bits: 20,
        fires: true,
    };
    let mut told = sweeps(&membranes(&params, 640, 12_345), 640);
    told.extend(anything(&mut Xoshiro256PlusPlus::seed_from_u64(1), 200));
    let expected = model(&params, &told);
    let noticed = |params: &Params, told: &[Told]| difference(&expected, &run(params, told)).is_some();
    assert!(!noticed(&params, &told));
    let other = |change: fn(&mut Told)| {
        let mut told = told.clone();
        told.iter_mut().for_each(change);
        noticed(&params, &told)
    };
    assert!(other(|told| told.threshold += 1), "threshold");
    assert!(other(|told| told.meets = true), "meets");
    assert!(other(|told| told.forward_last = false), "one before");
    assert!(other(|told| told.take_last = false), "two before");
    assert!(other(|told| told.take_older = false), "three before");
    assert!(other(|told| told.adds_identity = false), "identity");
    let floor = Params {
        floor: -1001,
        ..params.clone()
    };
    assert!(noticed(&floor, &told), "floor");
    let shifts = Params {
        shifts: vec![7, 10],
        ..params
    };
    assert!(noticed(&shifts, &told), "leak");
}
