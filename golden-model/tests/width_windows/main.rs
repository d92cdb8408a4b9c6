//! Proof of membrane widths for windows, junctions, pooling and signed input. A plain membrane is driven at every position
//! of random layers with the extreme orders of events: the proven bounds are never exceeded, and they are reached.

mod case;
mod generators;
mod membrane;

use case::Case;
use generators::{case, convolution, paths, plain, pooling, signs};
use membrane::Membrane;
use ndarray::Array2;
use proptest::prelude::*;
use rand::{RngExt, SeedableRng};
use rand_xoshiro::Xoshiro256PlusPlus;
use synfire_golden_model::integer::{InputSigns, Neuron, QuantizedLayer, proof};
use synfire_golden_model::network::{LayerDescription, LayerKind};

/// Drives every neuron of a layer to its extreme start, one unit at a time, then applies an extreme step.
fn check_that_bounds_are_reached(case: &Case) -> Result<(), TestCaseError> {
    let bounds = case.bounds();
    let (mut lowest, mut highest) = (0, 0);
    let (mut positive, mut negative) = (0, 0);
    for (channel, y, x) in case.neurons() {
        let increments = case.increments(channel, y, x);
        let (up, down) = (case.extreme(&increments, true), case.extreme(&increments, false));
        let sum = |amounts: &[i64]| amounts.iter().copied().filter(|amount| *amount > 0).sum::<i64>();
        positive = positive.max(sum(&up));
        negative = negative.max(sum(&down.iter().map(|amount| -amount).collect::<Vec<_>>()));

        let mut rising = Membrane::new(case, channel);
        for _ in 0..rising.threshold {
            rising.step([1]);
        }
        rising.step(up);
        highest = highest.max(rising.highest);
        let mut sinking = Membrane::new(case, channel);
        if !down.is_empty() {
            for _ in case.layer().floor..0 {
                sinking.step([-1]);
            }
        }
        sinking.step(down);
        lowest = lowest.min(sinking.lowest);
    }
    prop_assert_eq!((bounds.positive_sum, bounds.negative_sum), (positive, negative));
    prop_assert_eq!((bounds.lowest, bounds.highest), (lowest, highest));
    Ok(())
}

fn check_that_bounds_hold(case: &Case, rng: &mut Xoshiro256PlusPlus) -> Result<(), TestCaseError> {
    let bounds = case.bounds();
    for (channel, y, x) in case.neurons() {
        let increments = case.increments(channel, y, x);
        let mut membrane = Membrane::new(case, channel);
        for _ in 0..12 {
            let step = match rng.random_range(0..3) {
                0 => case.extreme(&increments, true),
                1 => case.extreme(&increments, false),
                _ => case.random(&increments, rng),
            };
            membrane.step(step);
            let start = membrane.now;
            prop_assert!(
                bounds.lowest_start <= start && start <= bounds.highest_start,
                "{start}: {bounds:?}"
            );
        }
        prop_assert!(
            bounds.lowest <= membrane.lowest,
            "{}: {bounds:?}",
            membrane.lowest
        );
        prop_assert!(
            membrane.highest <= bounds.highest,
            "{}: {bounds:?}",
            membrane.highest
        );
    }
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    #[test]
    fn no_order_of_events_leaves_the_bounds_of_a_convolution(
        seed in any::<u64>(),
        path in paths(),
        input in signs(),
    ) {
        let mut rng = Xoshiro256PlusPlus::seed_from_u64(seed);
        let case = convolution(&mut rng, path, input, false);
        check_that_bounds_hold(&case, &mut rng)?;
    }

    #[test]
    fn the_worst_window_of_a_convolution_reaches_the_bounds(
        seed in any::<u64>(),
        path in paths(),
        input in signs(),
    ) {
        let mut rng = Xoshiro256PlusPlus::seed_from_u64(seed);
        let case = convolution(&mut rng, path, input, true);
        if !case.shares_a_signed_source() {
            check_that_bounds_are_reached(&case)?;
        }
    }

    #[test]
    fn pooling_counters_reach_their_bounds_and_do_not_leave_them(seed in any::<u64>(), input in signs()) {
        let mut rng = Xoshiro256PlusPlus::seed_from_u64(seed);
        let case = pooling(&mut rng, input);
        check_that_bounds_hold(&case, &mut rng)?;
        check_that_bounds_are_reached(&case)?;
    }

    #[test]
    fn one_bit_less_than_a_window_takes_is_refused(seed in any::<u64>(), path in paths(), input in signs()) {
        let mut case = convolution(&mut Xoshiro256PlusPlus::seed_from_u64(seed), path, input, false);
        let bits = u8::try_from(case.bounds().membrane_bits()).expect("at most 32");
        let tested = case.tested();
        case.model.layers[tested].membrane_bits = bits;
        // If the sums do not need this width, another number of the layer is out of range and is refused.
        case.model.layers[tested].membrane_bits -= 1;
        prop_assert!(proof::verify(&case.model, case.input).is_err());
    }
}

#[test]
fn the_refusal_names_the_layer_of_the_window() {
    let conv = LayerDescription {
        from: Some("input".to_owned()),
        ..LayerDescription::new(
            "edge",
            LayerKind::Conv {
                out: 1,
                kernel: 3,
                stride: 1,
                padding: 1,
            },
        )
    };
    // A map of one row covers only the middle row of the kernel: 100 + 20 + 7, without the other weights of 100.
    let weights = [100, 100, 100, 100, 20, 7, 100, 100, 100];
    let weights = Array2::from_shape_vec((1, 9), weights.to_vec()).expect("nine");
    let neuron = Neuron::Lif { thresholds: vec![0] };
    let layer = QuantizedLayer {
        weight_bits: 8,
        membrane_bits: 8,
        ..plain("edge", weights, 0, neuron)
    };
    let mut case = case([1, 1, 3].into(), conv, layer, InputSigns::Unsigned);
    let bounds = &proof::verify(&case.model, InputSigns::Unsigned).expect("127 fits 8 bits")[0];
    assert_eq!((bounds.positive_sum, bounds.highest), (127, 127));
    case.model.layers[0].weights[[0, 5]] = 8;
    assert_eq!(
        proof::verify(&case.model, InputSigns::Unsigned)
            .expect_err("128")
            .to_string(),
        "layer `edge`: membranes have 8 bits, but sums can reach 0 to 128, which needs 9 bits; \
         quantize the float model with fewer guard bits or fewer weight bits"
    );
}
