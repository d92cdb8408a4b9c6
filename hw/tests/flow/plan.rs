//! Plan: the search finds the same as trying every plan, and its errors name what runs out.

use crate::network::{one_spike_per_step, random_model};
use rand::{RngExt, SeedableRng};
use rand_xoshiro::Xoshiro256PlusPlus;
use std::collections::BTreeSet;
use synfire_golden_model::integer::QuantizedModel;
use synfire_golden_model::network::LayerKind;
use synfire_hw::Error;
use synfire_hw::board::Board;
use synfire_hw::circuit::word_memory::Style;
use synfire_hw::geometry::Geometry;
use synfire_hw::plan::{Array, MOST_LANES, Plan, Shortage, budget};
use synfire_hw::traffic::{LayerTraffic, from_rates};

/// A board with the given resources.
fn board(name: &str, luts: usize, block_rams: usize) -> Board {
    let mut board = Board::find(name).expect("a built-in board");
    board.device.luts = luts;
    board.device.block_rams = block_rams;
    board
}

/// All plans of a model, whether or not they fit.
fn every_plan(model: &QuantizedModel, board: &Board, traffic: &[LayerTraffic]) -> Vec<Plan> {
    let geometry = Geometry::of(model).expect("a valid description");
    let mut choices = vec![Vec::new()];
    for layer in &geometry.layers {
        choices = choices
            .into_iter()
            .flat_map(|lanes: Vec<Array>| {
                let forms = (1..=layer.neurons.channels.min(64)).flat_map(|lanes| {
                    let groups = layer.neurons.channels.div_ceil(lanes);
                    let positions = layer.useful_positions(groups).into_iter();
                    positions.flat_map(move |positions| {
                        let forms = [1, 2, 4].map(|merged| [(merged, 1), (merged, positions)]);
                        let forms = forms.into_iter().flatten().collect::<BTreeSet<_>>().into_iter();
                        forms.map(move |(merged, swept)| Array {
                            lanes,
                            positions,
                            merged,
                            swept,
                        })
                    })
                });
                let arrays = forms;
                arrays
                    .map(move |more| [&lanes[..], &[more]].concat())
                    .collect::<Vec<_>>()
            })
            .collect();
    }
    choices
        .iter()
        .filter_map(|arrays| Plan::with_arrays(model, board, traffic, arrays).ok())
        .collect()
}

fn fits(plan: &Plan, board: &Board) -> bool {
    plan.cost.fits(budget(board))
}

#[test]
fn the_search_finds_the_fastest_plan_that_fits() {
    let mut rng = Xoshiro256PlusPlus::seed_from_u64(1);
    let (mut found, mut merging, mut refused) = (0, 0, 0);
    for round in 0..60 {
        let layers = rng.random_range(1..=3);
        let mut sizes = vec![rng.random_range(1..600)];
        sizes.extend((0..layers).map(|_| rng.random_range(1..=7)));
        let model = random_model(&mut rng, &sizes);
        let name = ["ice40-hx8k", "icebreaker", "ulx3s-85f"][rng.random_range(0..3)];
        let board = board(name, rng.random_range(3000..16_000), rng.random_range(2..24));
        let spikes_in: Vec<f64> = (0..layers).map(|_| rng.random_range(0.0..20.0)).collect();
        let traffic = from_rates(&model, &spikes_in).expect("a valid model");
        let plans = every_plan(&model, &board, &traffic);
        let fitting = plans
            .iter()
            .filter(|plan| fits(plan, &board))
            .map(|plan| plan.expected_cycles(1));
        match (fitting.reduce(f64::min), Plan::search(&model, &board, &traffic)) {
            (Some(fastest), Ok(plan)) => {
                assert!(fits(&plan, &board), "round {round}: {plan:?}");
                // Of one spike at a time none is faster; several at once can only help.
                let cycles = plan.expected_cycles(1);
                let merges = plan.layers.iter().any(|layer| layer.merged > 1);
                assert!(
                    cycles == fastest || (merges && cycles < fastest),
                    "round {round}: {plan:?}"
                );
                merging += usize::from(merges);
                found += 1;
            }
            (None, Err(Error::DoesNotFit { .. })) => refused += 1,
            (fastest, result) => panic!("round {round}: {fastest:?} is the fastest, but {result:?}"),
        }
    }
    assert!(
        found >= 15 && merging >= 3 && refused >= 5,
        "{found} found, {merging} with several spikes at once, {refused} refused"
    );
}

#[test]
fn a_model_that_does_not_fit_says_what_runs_out() {
    let model = random_model(&mut Xoshiro256PlusPlus::seed_from_u64(2), &[700, 20, 10]);
    let traffic = from_rates(&model, &[30.0, 5.0]).expect("a valid model");
    for (luts, block_rams, resource) in [(1000, 1000, "LUTs"), (100_000, 3, "block RAMs")] {
        let board = board("ice40-hx8k", luts, block_rams);
        let error = Plan::search(&model, &board, &traffic).expect_err("too small a board");
        let Error::DoesNotFit {
            network, shortage, ..
        } = &error
        else {
            panic!("{error}")
        };
        let Shortage {
            needed, available, ..
        } = shortage.as_ref();
        assert_eq!((network.as_str(), shortage.resource), ("random", resource));
        let (used, most): (fn(&Plan) -> usize, usize) = match resource {
            "block RAMs" => (|plan| plan.cost.block_rams, budget(&board).block_rams),
            _ => (|plan| plan.cost.luts, budget(&board).luts),
        };
        assert_eq!(*available, most);
        assert!(needed > available, "{error}");
        let least = every_plan(&model, &board, &traffic).iter().map(used).min();
        assert_eq!(Some(*needed), least, "needs at least");
    }
}

#[test]
fn weights_go_to_spram_where_block_ram_runs_out() {
    let model = random_model(&mut Xoshiro256PlusPlus::seed_from_u64(6), &[700, 20, 10]);
    let traffic = from_rates(&model, &[30.0, 5.0]).expect("a valid model");
    let mut board = board("icebreaker", 100_000, 26);
    let plan = Plan::search(&model, &board, &traffic).expect("weights in SPRAM");
    assert!((1..=4).contains(&plan.cost.sprams), "{:?}", plan.cost);
    assert_eq!(plan.layers[0].weight_style, Style::Spram);
    board.device.sprams = 0;
    let error = Plan::search(&model, &board, &traffic).expect_err("no SPRAM");
    let Error::DoesNotFit {
        shortage, remedies, ..
    } = &error
    else {
        panic!("{error}")
    };
    assert_eq!(
        (shortage.resource, shortage.layer.as_str()),
        ("block RAMs", "layer0")
    );
    // The boards that are named are those that hold it.
    for name in Board::names() {
        let other = Board::find(name).expect("a built-in board");
        let holds = Plan::search(&model, &other, &traffic).is_ok();
        let is_named = remedies.split([' ', ',', ';']).any(|word| word == name);
        assert_eq!(is_named, holds, "{name}: {remedies}");
    }
    assert!(remedies.contains("ulx3s-85f"), "{remedies}");
}

#[test]
fn the_limit_of_a_plan_is_what_the_next_faster_lacks() {
    let model = random_model(&mut Xoshiro256PlusPlus::seed_from_u64(7), &[100, 20, 10]);
    let traffic = from_rates(&model, &[30.0, 5.0]).expect("a valid model");
    let mut board = board("ice40-hx8k", 7000, 1000);
    let plan = Plan::search(&model, &board, &traffic).expect("a plan");
    let faster = plan
        .faster(&model, &board, &traffic, MOST_LANES)
        .expect("sizes")
        .expect("more lanes are faster");
    assert!(faster.cycles < plan.expected_cycles(1), "{faster:?}");
    assert_eq!(faster.shortage.resource, "LUTs");
    assert!(faster.shortage.needed > faster.shortage.available, "{faster:?}");
    // With what it lacks it is the plan.
    while budget(&board).luts < faster.shortage.needed {
        board.device.luts += 1;
    }
    let plan = Plan::search(&model, &board, &traffic).expect("a plan");
    assert_eq!(plan.expected_cycles(1), faster.cycles);
    board.device.luts = 1_000_000;
    let plan = Plan::search(&model, &board, &traffic).expect("a plan");
    assert_eq!(
        plan.faster(&model, &board, &traffic, MOST_LANES).expect("sizes"),
        None
    );
}

#[test]
fn the_limit_of_few_lanes_is_theirs() {
    let model = random_model(&mut Xoshiro256PlusPlus::seed_from_u64(7), &[100, 20, 10]);
    let traffic = from_rates(&model, &[30.0, 5.0]).expect("a valid model");
    let board = Board::find("ulx3s-85f").expect("a built-in board");
    let plan = Plan::search_within(&model, &board, &traffic, 4).expect("a plan");
    // More lanes would be faster and fit: nothing is short.
    assert!(plan.faster(&model, &board, &traffic, 4).expect("sizes").is_none());
}

#[test]
fn a_fifo_holds_the_events_of_a_step_with_a_margin() {
    let model = random_model(&mut Xoshiro256PlusPlus::seed_from_u64(8), &[20, 4000, 10]);
    let board = Board::find("ulx3s-85f").expect("a built-in board");
    let depths = |spikes: f64, lanes: usize| {
        let traffic = from_rates(&model, &[5.0, spikes]).expect("a valid model");
        let plan = Plan::with_lanes(&model, &board, &traffic, &[lanes, 10]).expect("lanes fit");
        (plan.layers[0].queue_depth, plan.layers[1].fifo_depths.clone())
    };
    // 1500 single spikes, and one and a half as much; a queue of 32 for many groups.
    assert_eq!(depths(1500.0, 1), (32, vec![4096]));
    // Nearly every one of 63 words of 64 neurons has a spike: as much as one block RAM holds.
    assert_eq!(depths(1500.0, 64), (32, vec![512]));
    // In words of four, 1500 of 4000 neurons are about 847 words.
    assert_eq!(depths(1500.0, 4), (32, vec![2048]));
}

#[test]
fn lanes_that_cannot_be_built_are_refused() {
    let model = random_model(&mut Xoshiro256PlusPlus::seed_from_u64(3), &[10, 8, 6]);
    let board = Board::find("ice40-hx8k").expect("a built-in board");
    for lanes in [&[4][..], &[4, 4, 4], &[0, 4], &[4, 65], &[]] {
        let error =
            Plan::with_lanes(&model, &board, &one_spike_per_step(&model), lanes).expect_err("bad lanes");
        assert_eq!(
            error.to_string(),
            format!("lanes {lanes:?}: the network has 2 layers; give a number from 1 to 64 for each")
        );
    }
}

#[test]
fn lanes_beyond_the_neurons_are_none_too_many() {
    let model = random_model(&mut Xoshiro256PlusPlus::seed_from_u64(3), &[10, 8, 6]);
    let board = Board::find("ice40-hx8k").expect("a built-in board");
    let traffic = from_rates(&model, &[2.5, 1.0]).expect("a valid model");
    let plan = Plan::with_lanes(&model, &board, &traffic, &[64, 4]).expect("good lanes");
    let shapes: Vec<(usize, usize)> = plan
        .layers
        .iter()
        .map(|layer| (layer.lanes, layer.groups))
        .collect();
    assert_eq!(shapes, [(8, 1), (4, 2)]);
    // 2.5 spikes of a word each and one word to sweep; a spike of two words and two to sweep.
    let ideal: Vec<f64> = plan.layers.iter().map(|layer| layer.ideal_cycles).collect();
    assert_eq!(ideal, [3.5, 4.0]);
    assert_eq!(plan.expected_cycles(10), 40.0);
}

#[test]
fn layers_beyond_the_generator_are_refused() {
    let board = Board::find("ulx3s-85f").expect("a built-in board");
    let fc = LayerKind::Fc { out: 1 };
    let conv = |out: usize, kernel: usize| LayerKind::Conv {
        out,
        kernel,
        stride: 1,
        padding: 0,
    };
    for (input, kind, what) in [
        ([1, 1, 1], LayerKind::Fc { out: (1 << 14) + 1 }, "channels"),
        ([1, 1, (1 << 11) + 1], LayerKind::Fc { out: 1 << 13 }, "weights"),
        ([1, 1, (1 << 23) + 1], fc, "bits of a source's event"),
        ([2, (1 << 10) + 1, 1], conv(1, 1), "rows"),
        ([2, 1, (1 << 10) + 1], conv(1, 1), "columns"),
        ([1, 1 << 10, 1 << 10], conv(8, 1), "neurons"),
        (
            [1, 15, 15],
            conv(1 << 13, 8),
            "weights that a source meets in a row",
        ),
    ] {
        let mut model = random_model(&mut Xoshiro256PlusPlus::seed_from_u64(4), &[3, 2, 2]);
        let traffic = one_spike_per_step(&model);
        model.description.input = input.into();
        model.description.layers[0].kind = kind;
        for result in [
            Plan::search(&model, &board, &traffic),
            Plan::with_lanes(&model, &board, &traffic, &[1, 1]),
        ] {
            match result {
                Err(Error::TooLarge {
                    layer, what: found, ..
                }) => assert_eq!((layer.as_str(), found), ("layer0", what), "{input:?}"),
                other => panic!("{what} of {input:?}: {other:?}"),
            }
        }
    }
}

#[test]
fn more_layers_than_load_has_numbers_for_are_refused() {
    let board = Board::find("ulx3s-85f").expect("a built-in board");
    let found = |layers: usize| {
        let model = random_model(&mut Xoshiro256PlusPlus::seed_from_u64(5), &vec![1; layers + 1]);
        Plan::with_lanes(&model, &board, &one_spike_per_step(&model), &vec![1; layers])
    };
    assert_eq!(found(63).expect("as many as there are numbers").layers.len(), 63);
    match found(64) {
        Err(Error::TooLarge {
            layer, what, limit, ..
        }) => assert_eq!((layer.as_str(), what, limit), ("layer63", "layers", 63)),
        other => panic!("{other:?}"),
    }
}
