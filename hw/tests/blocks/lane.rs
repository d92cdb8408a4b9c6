//! Lane against the golden model's neuron and plain sums.

use crate::support::{assert_same, config, difference, number, signed, simulate};
use proptest::prelude::*;
use synfire_golden_model::integer::neuron::{end_of_step, settle};
use synfire_hw::circuit::lane::Lane;
use synfire_hw::simulate::Simulation;

/// What a lane is built with.
#[derive(Clone, Debug)]
struct Params {
    shifts: Vec<u8>,
    floor: i32,
    membrane_bits: usize,
}

impl Params {
    fn lane(&self, fires: bool) -> Simulation<Lane> {
        simulate(
            Lane::new(&self.shifts, self.floor, self.membrane_bits, fires),
            |lane| &mut lane.clock,
        )
    }
}

/// The end of a step, two clocks: whether the neuron fires, and its membrane after.
fn sweep(lane: &mut Simulation<Lane>, membrane: i32, threshold: i32, clear: bool) -> (bool, i32) {
    let circuit = lane.circuit();
    circuit.membrane.next = signed(membrane);
    circuit.threshold.next = signed(threshold);
    circuit.clear.next = clear;
    lane.tick();
    // Another word is at the inputs already.
    lane.circuit().membrane.next = signed(!membrane);
    lane.settle();
    (lane.circuit().fired.val(), number(lane.circuit().updated.val()))
}

fn params() -> impl Strategy<Value = Params> {
    let shifts = proptest::sample::subsequence((1..=16).collect::<Vec<u8>>(), 0..=3);
    (shifts, 4..=32_usize, any::<i32>()).prop_map(|(shifts, membrane_bits, floor)| Params {
        shifts,
        floor: -(floor >> (32 - membrane_bits)).saturating_abs(),
        membrane_bits,
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

proptest! {
    #![proptest_config(config(48))]

    #[test]
    fn the_end_of_a_step_is_the_golden_models(params in params(), threshold: i32, anywhere: i32) {
        let threshold = (threshold >> (32 - params.membrane_bits)).saturating_abs();
        let membranes = membranes(&params, threshold, anywhere);
        let (mut fires, mut silent) = (params.lane(true), params.lane(false));
        for membrane in membranes {
            prop_assert_eq!(
                sweep(&mut fires, membrane, threshold, false),
                end_of_step(membrane, threshold, &params.shifts, params.floor),
                "membrane {}, threshold {}", membrane, threshold
            );
            prop_assert_eq!(
                sweep(&mut silent, membrane, threshold, false),
                (false, settle(membrane, &params.shifts, params.floor)),
                "output membrane {}", membrane
            );
            prop_assert_eq!(sweep(&mut fires, membrane, threshold, true), (false, 0), "clear");
        }
    }

    #[test]
    fn spikes_add_and_subtract_and_the_last_sum_is_forwarded(
        spikes in proptest::collection::vec((-10_000..10_000_i32, -127..128_i32, any::<bool>(), any::<bool>()), 1..40),
    ) {
        let mut lane = Params { shifts: vec![7, 9], floor: -1000, membrane_bits: 20 }.lane(true);
        let mut last = 0;
        for (membrane, weight, negative, forward) in spikes {
            let circuit = lane.circuit();
            circuit.membrane.next = signed(membrane);
            circuit.weight.next = signed(weight);
            circuit.negative.next = negative;
            circuit.forward.next = forward;
            lane.settle();
            last = (if forward { last } else { membrane }) + if negative { -weight } else { weight };
            prop_assert_eq!(number(lane.circuit().sum.val()), last);
            lane.tick();
        }
    }
}

#[test]
fn a_membrane_at_the_threshold_does_not_fire_and_one_above_does() {
    let params = Params {
        shifts: vec![7, 9],
        floor: -1024,
        membrane_bits: 12,
    };
    let mut lane = params.lane(true);
    assert_eq!(sweep(&mut lane, 640, 640, false), (false, 634));
    assert_eq!(sweep(&mut lane, 641, 640, false), (true, 0));
    assert_eq!(sweep(&mut lane, 0, 0, false), (false, 0));
    assert_eq!(sweep(&mut lane, -2048, 640, false), (false, -1024));
}

#[test]
fn another_threshold_floor_or_leak_is_noticed() {
    let params = Params {
        shifts: vec![7, 9],
        floor: -1000,
        membrane_bits: 16,
    };
    let membranes = membranes(&params, 640, 12_345);
    let run = |params: &Params, threshold: i32| -> Vec<(bool, i32)> {
        let mut lane = params.lane(true);
        membranes
            .iter()
            .map(|&membrane| sweep(&mut lane, membrane, threshold, false))
            .collect()
    };
    let golden: Vec<(bool, i32)> = membranes
        .iter()
        .map(|&membrane| end_of_step(membrane, 640, &[7, 9], -1000))
        .collect();
    assert_same(&golden, &run(&params, 640));
    assert!(difference(&golden, &run(&params, 641)).is_some());
    assert!(
        difference(
            &golden,
            &run(
                &Params {
                    floor: -1001,
                    ..params.clone()
                },
                640
            )
        )
        .is_some()
    );
    assert!(
        difference(
            &golden,
            &run(
                &Params {
                    shifts: vec![7, 10],
                    ..params
                },
                640
            )
        )
        .is_some()
    );
}
