//! The event-driven engine: a result computed by hand, order of events, reuse, errors, threads.

mod common;

use common::{random_model, random_raster, tiny, tiny_extended};
use ndarray::array;
use proptest::prelude::*;
use rand::SeedableRng;
use rand::seq::SliceRandom;
use rand_xoshiro::Xoshiro256PlusPlus;
use synfire_golden_model::evaluation::integer::evaluate;
use synfire_golden_model::integer::{self, Engine};
use synfire_golden_model::network::InputCoding;
use synfire_golden_model::spikes::{Spike, SpikeRaster};

#[test]
fn a_network_small_enough_to_follow_by_hand() {
    let mut raster = SpikeRaster::new(2);
    raster.push_step([Spike::positive(0), Spike::positive(1)]);
    raster.push_step([Spike::positive(0)]);
    raster.push_step([Spike::signed(0, true)]);

    let trace = Engine::new(&tiny())
        .expect("valid")
        .trace(&raster, true)
        .expect("runs");
    // Step 0: m = (3−2, 1+2) << 2 = (4, 12); 12 > 11 fires. (4 − 1, 0).
    // Step 1: m = (3 + 12, 0 + 4); 15 > 12 fires. (0, 4 − 1).
    // Step 2: m = (−12, 3 − 4); leak −12 + 3 = −9, −1 + 1 = 0; the floor −10 does not bind.
    let membranes = trace.membranes.expect("asked for");
    assert_eq!(membranes[0], array![[3, 0], [0, 3], [-9, 0]]);
    assert_eq!(trace.layers.len(), 1);
    assert_eq!(trace.layers[0].steps(), 3);
    assert_eq!(trace.layers[0].step(0), [Spike::positive(1)]);
    assert_eq!(trace.layers[0].step(1), [Spike::positive(0)]);
    assert!(trace.layers[0].step(2).is_empty());
    // Output, G = 1. Step 0: (−6, 4) → −6 + 3 + 1 = −2; 4 − 2 − 0 = 2.
    // Step 1: (−2 + 2, 2 + 4) → 0; 6 − 3 − 0 = 3. Step 2: 3 − 1 − 0 = 2.
    assert_eq!(trace.potentials_by_step, array![[-2, 2], [0, 3], [0, 2]]);
    assert_eq!(membranes[1], trace.potentials_by_step);
    assert_eq!(trace.inference.potentials, [0, 2]);
    assert_eq!(trace.inference.class, 1);
    assert_eq!(trace.inference.input_spikes, 4);
    assert_eq!(trace.inference.spikes, [2, 0]);
    assert_eq!(trace.inference.synaptic_operations, [8, 4]);
}

/// The example of `docs/numerics.md` with values, biases, subtraction and an output without leak.
#[test]
fn values_biases_and_subtraction_that_are_followed_by_hand() {
    let model = tiny_extended();
    let mut raster = SpikeRaster::new(2);
    for _ in 0..3 {
        raster.push_step([(0, 3), (1, -2)].map(|(address, value)| Spike { address, value }));
    }

    let trace = Engine::new(&model)
        .expect("valid")
        .trace(&raster, true)
        .expect("runs");
    let membranes = trace.membranes.expect("asked for");
    assert_eq!(membranes[0], array![[8, 3], [9, 6], [9, 3]]);
    assert_eq!(trace.layers[0].step(0), [Spike::positive(0)]);
    assert_eq!(trace.layers[0].step(1), [Spike::positive(0)]);
    assert_eq!(trace.layers[0].step(2), [Spike::positive(0), Spike::positive(1)]);
    assert_eq!(trace.potentials_by_step, array![[0, 4], [0, 8], [-3, 14]]);
    assert_eq!(trace.inference.class, 1);
    assert_eq!(trace.inference.synaptic_operations, [12, 8]);
}

#[test]
fn a_value_that_the_coding_does_not_have_is_refused() {
    let refusal = |coding, value| {
        let mut model = tiny();
        model.description.coding = coding;
        model.layers[0].membrane_bits = 16;
        let mut raster = SpikeRaster::new(2);
        raster.push_step([]);
        raster.push_step([Spike { address: 1, value }]);
        integer::infer(&model, &raster)
            .err()
            .map(|error| error.to_string())
    };
    assert_eq!(refusal(InputCoding::Direct, -255), None);
    let of = |value: i16, coding: &str, largest: i16| {
        Some(format!(
            "source 1 has the value {value} in step 1, but with coding `{coding}` a value has a magnitude of 1 to {largest}; \
             encode the sample for this network"
        ))
    };
    assert_eq!(refusal(InputCoding::Counts, 256), of(256, "counts", 255));
    assert_eq!(refusal(InputCoding::Poisson, 2), of(2, "poisson", 1));
    assert_eq!(refusal(InputCoding::Direct, 0), of(0, "direct", 255));
}

#[test]
fn a_raster_of_another_width_is_refused() {
    let error = integer::infer(&tiny(), &SpikeRaster::new(3)).expect_err("width 3");
    assert_eq!(
        error.to_string(),
        "the spikes have 3 sources, but the network has 2 inputs; encode an image of the network's input shape"
    );
}

#[test]
fn a_source_that_fires_twice_in_a_step_is_refused() {
    let mut raster = SpikeRaster::new(2);
    raster.push_step([Spike::positive(1)]);
    raster.push_step([Spike::positive(1), Spike::positive(0), Spike::signed(1, true)]);
    let error = integer::infer(&tiny(), &raster).expect_err("source 1 fires twice");
    assert_eq!(
        error.to_string(),
        "source 1 fires twice in step 1; give at most one spike per source and step"
    );
}

#[test]
fn no_steps_leave_every_potential_at_zero() {
    let inference = integer::infer(&tiny(), &SpikeRaster::new(2)).expect("runs");
    assert_eq!(inference.potentials, [0, 0]);
    assert_eq!(inference.class, 0);
}

#[test]
fn evaluation_does_not_depend_on_the_number_of_threads() {
    let mut rng = Xoshiro256PlusPlus::seed_from_u64(11);
    let model = random_model(&mut rng, true);
    let classes = model.layers.last().expect("a layer").outputs();
    let rasters: Vec<_> = (0..40)
        .map(|_| random_raster(&mut rng, &model, 12, true))
        .collect();
    let run = |threads| {
        let pool = rayon::ThreadPoolBuilder::new()
            .num_threads(threads)
            .build()
            .expect("a pool");
        pool.install(|| {
            evaluate(&model, rasters.len(), |index| {
                Ok((rasters[index].clone(), index % classes))
            })
        })
        .expect("evaluates")
    };
    let one = run(1);
    assert_eq!(one.predictions.len(), rasters.len());
    assert_eq!(one.confusion.sum(), rasters.len());
    assert_eq!(one.confusion.diag().sum(), one.correct);
    assert_eq!(one.correct_by_step.last(), Some(&one.correct));
    assert_eq!(one, run(5));
}

#[test]
fn reading_out_early_is_running_for_fewer_steps() {
    let mut rng = Xoshiro256PlusPlus::seed_from_u64(8);
    let model = random_model(&mut rng, false);
    let rasters: Vec<_> = (0..20)
        .map(|_| random_raster(&mut rng, &model, 10, false))
        .collect();
    let classes = model.layers.last().expect("an output layer").outputs();
    let evaluate = |steps| {
        evaluate(&model, rasters.len(), |index| {
            let mut raster = SpikeRaster::new(rasters[index].width());
            for step in rasters[index].iter().take(steps) {
                raster.push_step(step.iter().copied());
            }
            Ok((raster, index % classes))
        })
        .expect("evaluates")
    };
    let whole = evaluate(10);
    assert_eq!(whole.correct_by_step.len(), 10);
    assert!(whole.synaptic_operations_by_step[9] > whole.synaptic_operations_by_step[0]);
    for steps in 1..=10 {
        let part = evaluate(steps);
        assert_eq!(part.correct, whole.correct_by_step[steps - 1], "{steps} steps");
        assert_eq!(part.correct_by_step, whole.correct_by_step[..steps]);
        let operations: u64 = part.synaptic_operations.iter().sum();
        assert_eq!(operations, whole.synaptic_operations_by_step[steps - 1]);
        assert_eq!(
            part.synaptic_operations_by_step,
            whole.synaptic_operations_by_step[..steps]
        );
    }
}

#[test]
fn the_first_bad_label_is_named() {
    let error = evaluate(&tiny(), 8, |index| {
        Ok((SpikeRaster::new(2), if index < 5 { 1 } else { index }))
    });
    assert_eq!(
        error.expect_err("label 5").to_string(),
        "image 5: the label is 5, but the network has 2 classes; use the data set of the training"
    );
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn order_of_events_within_a_step_changes_nothing(seed in any::<u64>()) {
        let mut rng = Xoshiro256PlusPlus::seed_from_u64(seed);
        let model = random_model(&mut rng, true);
        let raster = random_raster(&mut rng, &model, 10, true);
        let mut shuffled = SpikeRaster::new(raster.width());
        for step in raster.iter() {
            let mut spikes = step.to_vec();
            spikes.shuffle(&mut rng);
            shuffled.push_step(spikes);
        }
        let mut engine = Engine::new(&model).expect("valid");
        let expected = engine.trace(&raster, true).expect("runs");
        // The engine is reused: no state of the first image may remain.
        prop_assert_eq!(engine.trace(&shuffled, true).expect("runs"), expected);
    }
}
