//! End of a step against the golden model's, with every choice of bias, reset and registers.

use crate::support::{assert_same, config, difference, number, signed, simulate};
use proptest::prelude::*;
use synfire_golden_model::integer::neuron::Update;
use synfire_hw::circuit::settle::{MOST_STAGES, Settle, SettleParams};

/// A neuron before the end of a step.
#[derive(Clone, Copy, Debug, Default)]
struct Told {
    membrane: i32,
    threshold: i32,
    bias: i32,
    clears: bool,
}

/// Definition of the end of a step.
pub(crate) fn update(params: &SettleParams, threshold: i32, bias: i32) -> Update<'_> {
    Update {
        bias: if params.biased { bias } else { 0 },
        threshold: params.fires.then_some(threshold),
        leak_shifts: &params.leak_shifts,
        floor: params.floor,
        ceiling: params.ceiling,
    }
}

/// Neurons of any kind.
pub(crate) fn params() -> impl Strategy<Value = SettleParams> {
    let shifts = proptest::sample::subsequence((1..=16).collect::<Vec<u8>>(), 0..=3);
    let numbers = (4..=32_usize, any::<[i32; 2]>());
    (shifts, numbers, any::<[bool; 3]>(), 0..=MOST_STAGES).prop_map(
        |(leak_shifts, (membrane_bits, limits), [fires, biased, subtracts], stages)| {
            let [floor, ceiling] = limits.map(|limit| (limit >> (32 - membrane_bits)).saturating_abs());
            SettleParams {
                leak_shifts,
                floor: -floor,
                ceiling: subtracts.then_some(ceiling),
                membrane_bits,
                fires,
                biased,
                stages,
            }
        },
    )
}

/// Membranes at and around every boundary, and one anywhere, all of the neurons' width.
pub(crate) fn membranes(params: &SettleParams, threshold: i32, anywhere: i32) -> Vec<i32> {
    let unused = 32 - params.membrane_bits;
    let ceiling = params.ceiling.unwrap_or(0);
    let edges = [
        0,
        threshold,
        threshold.saturating_add(ceiling),
        ceiling,
        params.floor,
        i32::MIN >> unused,
        i32::MAX >> unused,
    ];
    let around = edges
        .iter()
        .flat_map(|edge| (-2..=2).map(|away| edge.saturating_add(away)));
    around
        .chain([anywhere >> unused])
        .filter(|&membrane| membrane << unused >> unused == membrane)
        .collect()
}

/// What the unit shows for each neuron.
fn run(params: &SettleParams, told: &[Told]) -> Vec<(bool, i32)> {
    let mut unit = simulate(Settle::new(params), |unit| &mut unit.clock);
    let mut shown = Vec::new();
    let nothing = Told::default();
    for cycle in 0..told.len() + params.stages {
        let now = told.get(cycle).unwrap_or(&nothing);
        let circuit = unit.circuit();
        circuit.membrane.next = signed(now.membrane);
        circuit.threshold.next = signed(now.threshold);
        circuit.bias.next = signed(now.bias);
        let done = cycle.checked_sub(params.stages).and_then(|at| told.get(at));
        circuit.clears.next = done.is_some_and(|told| told.clears);
        unit.settle();
        if done.is_some() {
            let circuit = unit.circuit();
            shown.push((circuit.fired.val(), number(circuit.result.val())));
        }
        unit.tick();
    }
    shown
}

fn model(params: &SettleParams, told: &[Told]) -> Vec<(bool, i32)> {
    told.iter()
        .map(|told| match told.clears {
            true => (false, 0),
            false => update(params, told.threshold, told.bias).end_of_step(told.membrane),
        })
        .collect()
}

/// Neurons at every boundary, with a bias that keeps the sum within the width, one of them cleared.
fn neurons(params: &SettleParams, threshold: i32, anywhere: i32, bias: i32) -> Vec<Told> {
    let unused = 32 - params.membrane_bits;
    let fits = |sum: i64| sum >> (31 - unused) == 0 || sum >> (31 - unused) == -1;
    let biases = [0, 1, -1, bias >> unused];
    membranes(params, threshold, anywhere)
        .into_iter()
        .flat_map(|membrane| biases.map(|bias| (membrane, bias)))
        .filter(|&(membrane, bias)| fits(i64::from(membrane) + i64::from(bias)))
        .zip(0..)
        .map(|((membrane, bias), index)| Told {
            membrane,
            threshold,
            bias,
            clears: index % 7 == 3,
        })
        .collect()
}

proptest! {
    #![proptest_config(config(96))]

    #[test]
    fn the_end_of_a_step_is_the_golden_models(params in params(), threshold: i32, anywhere: i32, bias: i32) {
        let threshold = (threshold >> (32 - params.membrane_bits)).saturating_abs();
        let told = neurons(&params, threshold, anywhere, bias);
        assert_same(&model(&params, &told), &run(&params, &told));
    }
}

#[test]
fn the_bias_comes_first_and_the_ceiling_last() {
    let params = SettleParams {
        leak_shifts: vec![2],
        floor: -10,
        ceiling: Some(9),
        membrane_bits: 14,
        fires: true,
        biased: true,
        stages: 2,
    };
    // The first hidden neuron of the second example of docs/numerics.md.
    let told = [26, 34, 35].map(|membrane| Told {
        membrane,
        threshold: 12,
        bias: -4,
        clears: false,
    });
    assert_same(&[(true, 8), (true, 9), (true, 9)], &run(&params, &told));
}

#[test]
fn another_bias_reset_or_limit_is_noticed() {
    let params = SettleParams {
        leak_shifts: vec![1, 3],
        floor: -50,
        ceiling: Some(70),
        membrane_bits: 12,
        fires: true,
        biased: true,
        stages: 1,
    };
    let told = neurons(&params, 40, 333, 25);
    let seen = run(&params, &told);
    let noticed = |other: &SettleParams| difference(&model(other, &told), &seen).is_some();
    assert!(!noticed(&params));
    for (what, other) in [
        (
            "bias",
            SettleParams {
                biased: false,
                ..params.clone()
            },
        ),
        (
            "reset",
            SettleParams {
                ceiling: None,
                ..params.clone()
            },
        ),
        (
            "ceiling",
            SettleParams {
                ceiling: Some(69),
                ..params.clone()
            },
        ),
        (
            "floor",
            SettleParams {
                floor: -49,
                ..params.clone()
            },
        ),
        (
            "leak",
            SettleParams {
                leak_shifts: vec![1, 4],
                ..params.clone()
            },
        ),
    ] {
        assert!(noticed(&other), "{what}");
    }
}
