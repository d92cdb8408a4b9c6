//! Early exit: the rule `Certain` never changes the answer for any further spikes, and margins stop as defined.

mod common;

use common::{random_model, random_raster, tiny};
use ndarray::Array2;
use proptest::prelude::*;
use rand::SeedableRng;
use rand_xoshiro::Xoshiro256PlusPlus;
use synfire_golden_model::evaluation::integer::evaluate_dataset_until;
use synfire_golden_model::integer::{EarlyExit, Engine, Inference, InputSigns, Margins, QuantizedModel};
use synfire_golden_model::network::{InputCoding, LayerDescription, LayerKind};
use synfire_golden_model::spikes::{Spike, SpikeRaster};
use synfire_golden_model::{dataset, integer};

const STEPS: usize = 12;

/// Builds a network of a single output layer with the given weights, and the leak, floor and guard bits of the last
/// layer of a random model.
fn output_layer(rng: &mut Xoshiro256PlusPlus, weights: Array2<i8>, tight_floors: bool) -> QuantizedModel {
    let mut model = random_model(rng, tight_floors);
    let mut layer = model.layers.pop().expect("an output layer");
    let (classes, inputs) = weights.dim();
    layer.weights = weights;
    layer.weight_bits = 8;
    layer.guard_bits = layer.guard_bits.min(6);
    model.description.input = [1, 1, inputs].into();
    model.description.layers = vec![LayerDescription::new(
        &layer.name,
        LayerKind::Out { out: classes },
    )];
    model.description.steps = STEPS;
    model.layers = vec![layer];
    model
}

/// Returns the events of a step that reduce the lead of class `leader` over class `other` most; `largest` is the largest
/// value of an event.
fn worst_step(weights: &Array2<i8>, leader: usize, other: usize, signed: bool, largest: i16) -> Vec<Spike> {
    (0..)
        .zip(weights.columns())
        .filter(|(_, of)| of[other] > of[leader] || signed && of[other] < of[leader])
        .map(|(address, of)| Spike {
            address,
            value: if of[other] < of[leader] { -largest } else { largest },
        })
        .collect()
}

fn weights() -> impl Strategy<Value = Array2<i8>> {
    (2..5_usize, 1..12_usize).prop_flat_map(|shape| {
        let numbers = proptest::collection::vec(-127..=127_i8, shape.0 * shape.1);
        numbers.prop_map(move |numbers| Array2::from_shape_vec(shape, numbers).expect("as many"))
    })
}

/// Returns a raster of `before` steps that favour the leader, followed by steps that favour the other class.
fn duel(
    weights: &Array2<i8>,
    [leader, other]: [usize; 2],
    before: usize,
    signed: bool,
    largest: i16,
) -> SpikeRaster {
    let mut raster = SpikeRaster::new(weights.ncols());
    for step in 0..STEPS {
        let (leader, other) = if step < before {
            (other, leader)
        } else {
            (leader, other)
        };
        raster.push_step(worst_step(weights, leader, other, signed, largest));
    }
    raster
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 96, ..ProptestConfig::default() })]

    #[test]
    fn what_is_certain_no_spikes_can_change(
        weights in weights(), seed: u64, before in 1..STEPS, signed: bool, tight_floors: bool, graded: bool,
        biases in proptest::option::of(proptest::collection::vec(-3000..3000_i32, 4)),
    ) {
        let mut model = output_layer(&mut Xoshiro256PlusPlus::seed_from_u64(seed), weights.clone(), tight_floors);
        if graded {
            model.description.coding = InputCoding::Direct;
        }
        let largest = model.description.coding.largest_value();
        model.layers[0].biases = biases.map_or_else(Vec::new, |biases| biases[..weights.nrows()].to_vec());
        let input = if signed { InputSigns::Signed } else { InputSigns::Unsigned };
        let margins = EarlyExit::Certain.margins(&model, STEPS, input).expect("32 bits hold it");
        let mut engine = Engine::new(&model).expect("valid");
        for leader in 0..weights.nrows() {
            for other in (0..weights.nrows()).filter(|&other| other != leader) {
                let raster = duel(&weights, [leader, other], before, signed, largest);
                let trace = engine.trace(&raster, false).expect("runs");
                let stopped = engine.infer_until(&raster, Some(&margins)).expect("runs");
                let at = trace.potentials_by_step.row(stopped.steps - 1).to_vec();
                prop_assert_eq!(&stopped.potentials, &at);
                prop_assert_eq!(stopped.class, trace.inference.class, "after {} steps", stopped.steps);
                // A class that leads by enough at any step has won.
                for (step, potentials) in trace.potentials_by_step.rows().into_iter().enumerate() {
                    let potentials = potentials.to_vec();
                    if margins.stops(step, &potentials) {
                        prop_assert_eq!(Inference::class_of(&potentials), trace.inference.class, "at {}", step);
                    }
                }
            }
        }
    }

    #[test]
    fn an_inference_stops_at_the_first_step_whose_lead_suffices(seed: u64, margin in 0..5000_u32, from_step in 0..8_usize) {
        let mut rng = Xoshiro256PlusPlus::seed_from_u64(seed);
        let model = random_model(&mut rng, false);
        let raster = random_raster(&mut rng, &model, 16, false);
        let exit = EarlyExit::Margin { margin, from_step };
        let margins = exit.margins_of(&model).expect("valid");
        let mut engine = Engine::new(&model).expect("valid");
        let trace = engine.trace(&raster, false).expect("runs");
        let rows: Vec<Vec<i32>> = trace.potentials_by_step.rows().into_iter().map(|row| row.to_vec()).collect();
        let suffices = |step: &usize| step + 1 >= from_step && integer::lead(&rows[*step]) >= margin;
        let steps = (0..16).find(suffices).map_or(16, |step| step + 1);
        let stopped = engine.infer_until(&raster, Some(&margins)).expect("runs");
        prop_assert_eq!(stopped.steps, steps);
        prop_assert_eq!(&stopped.potentials, &rows[steps - 1]);
        let spikes = |raster: &SpikeRaster| raster.iter().take(steps).map(<[Spike]>::len).sum::<usize>() as u64;
        prop_assert_eq!(stopped.input_spikes, spikes(&raster));
        let fired: Vec<u64> = trace.layers.iter().map(spikes).chain([0]).collect();
        prop_assert_eq!(&stopped.spikes, &fired);
        let again = engine.trace_until(&raster, Some(&margins), true).expect("runs");
        prop_assert_eq!(again.potentials_by_step.nrows(), steps);
        prop_assert_eq!(again.inference, stopped);
    }
}

#[test]
fn without_leak_one_less_than_certain_can_be_lost() {
    let mut rng = Xoshiro256PlusPlus::seed_from_u64(1);
    let weights = Array2::from_shape_vec((2, 3), vec![5, -2, 1, 1, 4, 1]).expect("six");
    let mut model = output_layer(&mut rng, weights.clone(), false);
    model.layers[0].leak_shifts.clear();
    model.layers[0].guard_bits = 0;
    let margins = EarlyExit::Certain.margins_of(&model).expect("valid");
    // In one step, class 1 gains at most 6 on class 0, by input 1. In the other direction the most is 4.
    let expected: Vec<u32> = (0..12)
        .rev()
        .map(|left| if left == 0 { 0 } else { 1 + 6 * left })
        .collect();
    assert_eq!(margins.by_step(), expected);
    // Class 1 leads class 0 by 24 with 4 steps left, and ends in a tie, which class 0 wins.
    let raster = {
        let mut raster = SpikeRaster::new(3);
        (0..4).for_each(|_| raster.push_step([Spike::positive(1)]));
        (0..6).for_each(|_| raster.push_step([Spike::positive(0)]));
        (0..2).for_each(|_| raster.push_step([]));
        raster
    };
    let inference = Engine::new(&model)
        .expect("valid")
        .infer_until(&raster, Some(&margins))
        .expect("runs");
    assert_eq!(
        (inference.steps, inference.class),
        (12, 0),
        "{:?}",
        inference.potentials
    );
}

#[test]
fn biases_and_values_count_in_what_can_be_lost() {
    let mut rng = Xoshiro256PlusPlus::seed_from_u64(1);
    let weights = Array2::from_shape_vec((2, 3), vec![5, -2, 1, 1, 4, 1]).expect("six");
    let mut model = output_layer(&mut rng, weights, false);
    model.layers[0].leak_shifts.clear();
    model.layers[0].guard_bits = 0;
    model.layers[0].biases = vec![7, -3];
    let lead = |model: &QuantizedModel| EarlyExit::Certain.margins_of(model).expect("valid").by_step()[10];
    // Class 0 gains 10 by its bias and 4 by input 0 on class 1, which gains 6 by input 1 and loses these 10.
    assert_eq!(lead(&model), 1 + 14);
    model.description.coding = InputCoding::Counts;
    assert_eq!(lead(&model), 1 + 6 * 255 - 10);
    model.layers[0].biases = vec![7, 7];
    assert_eq!(lead(&model), 1 + 6 * 255);
}

#[test]
fn an_inference_that_no_margin_stops_is_the_whole_one() {
    let mut rng = Xoshiro256PlusPlus::seed_from_u64(3);
    let raster = random_raster(&mut rng, &tiny(), 3, false);
    let mut engine = Engine::new(&tiny()).expect("valid");
    let never = EarlyExit::Margin {
        margin: Margins::NEVER,
        from_step: 0,
    };
    let never = never.margins_of(&tiny()).expect("valid");
    let whole = engine.infer(&raster).expect("runs");
    assert_eq!(whole.steps, 3);
    assert_eq!(engine.infer_until(&raster, Some(&never)).expect("runs"), whole);
    assert_eq!(engine.infer_until(&raster, None).expect("runs"), whole);
}

#[test]
fn an_evaluation_counts_the_steps_taken_and_holds_the_answer() {
    let data = dataset::load("digits", None).expect("embedded").test;
    let mut rng = Xoshiro256PlusPlus::seed_from_u64(9);
    let weights = Array2::from_shape_fn((10, 64), |(class, input)| {
        i8::try_from((class * 37 + input * 11) % 15).expect("small") - 7
    });
    let mut model = output_layer(&mut rng, weights, false);
    model.description.input = data.shape();
    let evaluate =
        |exit: Option<&Margins>| evaluate_dataset_until(&model, &data, 20, 1, exit, &|_| ()).expect("runs");
    let whole = evaluate(None);
    assert_eq!((whole.steps, whole.mean_steps()), (20 * 12, 12.0));
    let certain = evaluate(Some(&EarlyExit::Certain.margins_of(&model).expect("valid")));
    assert_eq!(certain.predictions, whole.predictions);
    assert!(certain.steps <= whole.steps);
    let exit = EarlyExit::Margin {
        margin: 0,
        from_step: 5,
    };
    let early = evaluate(Some(&exit.margins_of(&model).expect("valid")));
    assert_eq!(early.steps, 20 * 5);
    assert_eq!(early.correct, whole.correct_by_step[4]);
    assert_eq!(early.correct_by_step[4..], vec![early.correct; 8]);
    assert_eq!(
        early.synaptic_operations_by_step[11],
        whole.synaptic_operations_by_step[4]
    );
}
