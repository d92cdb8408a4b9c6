//! Integers, thresholds and widths of every kind of layer.

use super::common::random_raster;
use super::{NETWORKS, model, network, plain, random_model, rasters, thresholds};
use ndarray::{Array2, array};
use proptest::prelude::*;
use rand::SeedableRng;
use rand_xoshiro::Xoshiro256PlusPlus;
use synfire_golden_model::float::FloatModel;
use synfire_golden_model::integer::{Engine, InputSigns, QuantizedShortcut};
use synfire_golden_model::quantize::{
    GuardBits, Leak, QuantizeConfig, QuantizeWarning, quantize, quantize_calibrated,
};

#[test]
fn both_paths_of_a_junction_share_their_channels_scales() {
    let own = array![[0.75, -0.25], [0.125, 0.25]];
    let second = array![[0.5, 1.5], [-0.375, 0.125]];
    let model = model("2C1+0-1@2x2x2", vec![own, second, Array2::from_elem((1, 8), 1.0)]);
    let (quantized, report) = quantize(&model, &plain(3)).expect("quantizes");
    let layer = &quantized.layers[0];
    // The largest weight of both paths is 1.5 in channel 0 and 0.375 in channel 1; the largest integer is 3.
    assert_eq!(report.layers[0].channel_scales, [0.5, 0.125]);
    assert_eq!(layer.weights, array![[2, -1], [1, 2]]);
    assert_eq!(
        layer.shortcut,
        Some(QuantizedShortcut::Weights(array![[1, 3], [-3, 1]]))
    );
    assert_eq!(thresholds(&quantized, 0), [2 * 2, 2 * 8]);
    // Per channel 2 + 4 and 3 + 1 upwards, 1 and 3 downwards; twice that with one guard bit.
    let bounds = &report.layers[0].bounds;
    assert_eq!((bounds.positive_sum, bounds.negative_sum), (12, 6));
    // The output layer has one scale.
    assert_eq!(report.layers[1].channel_scales, [1.0 / 3.0]);
}

#[test]
fn an_identity_adds_as_much_as_one_is_worth() {
    let own = array![[0.75, -0.25], [0.3, 0.2]];
    let mut model = model("2C1=0-1@2x2x2", vec![own, Array2::from_elem((1, 8), 1.0)]);
    let increments = |model: &FloatModel| {
        let (quantized, _) = quantize(model, &plain(3)).expect("quantizes");
        match &quantized.layers[0].shortcut {
            Some(QuantizedShortcut::Identity(increments)) => {
                (increments.clone(), thresholds(&quantized, 0).to_vec())
            }
            other => panic!("{other:?}"),
        }
    };
    // With scales 0.25 and 0.1, a spike is worth 4 and 10 weight LSB, with a guard bit 8 and 20 (19, because 0.3 as f32
    // is slightly larger).
    assert_eq!(increments(&model), (vec![8, 19], vec![8, 19]));
    model.description.layers[0].threshold = Some(2.0);
    assert_eq!(increments(&model), (vec![8, 19], vec![16, 39]));
}

#[test]
fn pooling_counts() {
    let description = network("P2-P3-4@2x7x7", false);
    let model = random_model(&mut Xoshiro256PlusPlus::seed_from_u64(1), description);
    let (quantized, report) = quantize(&model, &QuantizeConfig::default()).expect("quantizes");
    // 3 spikes of 4 do not fire a neuron; 6.75 of 9 is rounded down to 6.
    for (layer, threshold, window) in [(0, 3, 4), (1, 6, 9)] {
        let found = &quantized.layers[layer];
        assert_eq!(thresholds(&quantized, layer), [threshold; 2]);
        assert_eq!(
            (
                found.guard_bits,
                found.leak_shifts.len(),
                found.shortcut.is_none()
            ),
            (0, 0, true)
        );
        assert_eq!(found.weights.dim(), (2, 0));
        let bounds = &report.layers[layer].bounds;
        let highest = i64::from(threshold + window);
        assert_eq!((bounds.lowest, bounds.highest), (0, highest));
        assert_eq!(u32::from(found.membrane_bits), bounds.membrane_bits());
        assert_eq!(report.layers[layer].channel_scales, [1.0 / f64::from(window); 2]);
    }
}

#[test]
fn normalized_input_is_signed_unless_told_otherwise() {
    let mut rng = Xoshiro256PlusPlus::seed_from_u64(2);
    for text in ["4C3p1-2@2x4x4", "P2-2@2x4x4"] {
        let unsigned = random_model(&mut rng, network(text, false));
        let mut signed = unsigned.clone();
        signed.description = network(text, true);
        let sums = |model: &FloatModel, input| {
            let config = QuantizeConfig {
                input,
                ..QuantizeConfig::default()
            };
            let (quantized, report) = quantize(model, &config).expect("quantizes");
            let bounds = &report.layers[0].bounds;
            (quantized, [bounds.positive_sum, bounds.negative_sum])
        };
        let (quantized, [up, down]) = sums(&signed, None);
        assert_eq!(up, down);
        let raster = random_raster(&mut rng, &quantized, 12, true);
        Engine::new(&quantized)
            .expect("proven")
            .infer(&raster)
            .expect("covered");
        assert_eq!(sums(&unsigned, Some(InputSigns::Signed)).1, [up, down]);
        let [up, down] = sums(&unsigned, None).1;
        assert_ne!(up, down);
        assert_eq!(sums(&signed, Some(InputSigns::Unsigned)).1, [up, down]);
    }
}

#[test]
fn bits_can_differ_per_layer_and_pooling_has_none() {
    let model = random_model(
        &mut Xoshiro256PlusPlus::seed_from_u64(3),
        network(NETWORKS[0], false),
    );
    let with = |layer: &str| QuantizeConfig {
        weight_bits: 2,
        layer_weight_bits: [(layer.to_owned(), 8)].into(),
        ..QuantizeConfig::default()
    };
    let (quantized, _) = quantize(&model, &with("conv2")).expect("quantizes");
    for layer in quantized.layers.iter().filter(|layer| layer.inputs() > 0) {
        let largest = layer
            .weights
            .iter()
            .map(|weight| weight.abs())
            .max()
            .expect("weights");
        let bits = if layer.name == "conv2" { 8 } else { 2 };
        assert_eq!(layer.weight_bits, bits);
        assert_eq!(largest > 1, bits == 8, "{}: {largest}", layer.name);
    }
    assert_eq!(
        quantize(&model, &with("pool1"))
            .expect_err("no weights")
            .to_string(),
        "quantizer: weight bits are given for layer `pool1`, but pooling layers have no weights; leave this layer out"
    );
    assert_eq!(
        quantize(&model, &with("conv3"))
            .expect_err("no layer")
            .to_string(),
        "quantizer: weight bits are given for layer `conv3`, which does not exist; choose one of conv1, pool1, conv2, fc1, out"
    );
}

#[test]
fn what_32_bits_do_not_hold_is_refused_by_name() {
    let mut model = random_model(
        &mut Xoshiro256PlusPlus::seed_from_u64(4),
        network("2C3p1-2C3p1-2@1x4x4", false),
    );
    model.description.leak = 1.0;
    model.description.layers[1].threshold = Some(1e9);
    let error = quantize(&model, &QuantizeConfig::default())
        .expect_err("30 bits and more")
        .to_string();
    assert!(
        error.starts_with("layer `conv2`: membranes have 32 bits, but sums can reach -"),
        "{error}"
    );
    assert!(
        error.ends_with("quantize the float model with fewer guard bits or fewer weight bits"),
        "{error}"
    );
}

#[test]
fn silent_channels_lose_the_weights_of_both_paths_and_their_increment() {
    let own = array![[-0.5, 0.25], [-0.5, -0.25]];
    let second = array![[0.5, 0.5], [-0.5, -0.25]];
    let out = Array2::from_elem((1, 8), 1.0);
    let weighted = model("2C1+0-1@2x2x2", vec![own.clone(), second, out.clone()]);
    let (quantized, report) = quantize(&weighted, &plain(3)).expect("quantizes");
    let [first, second] = [
        quantized.layers[0].weights.row(1),
        quantized.layers[0].weights.row(0),
    ];
    assert!(first.iter().all(|&q| q == 0) && second.iter().any(|&q| q != 0));
    match &quantized.layers[0].shortcut {
        Some(QuantizedShortcut::Weights(weights)) => assert_eq!(weights.row(1), array![0, 0]),
        other => panic!("{other:?}"),
    }
    assert_eq!(
        report.warnings[0],
        QuantizeWarning::Leak {
            wanted: f64::from(0.99_f32),
            found: 1.0
        }
    );
    assert_eq!(
        report.warnings[1].to_string(),
        "layer `conv1`: no input can fire 1 channel (1); train the network longer, or make the layer smaller"
    );

    // Spikes over the identity alone raise a membrane without limit, unless the leak subtracts more than a spike adds.
    let mut identity = model("2C1=0-1@2x2x2", vec![own, out]);
    let alive = quantize(&identity, &plain(3)).expect("quantizes").1;
    assert!(
        !alive
            .warnings
            .iter()
            .any(|warning| matches!(warning, QuantizeWarning::NeverFires { .. }))
    );
    identity.description.layers[0].threshold = Some(2.2);
    let config = QuantizeConfig {
        leak: Leak::Shifts(vec![1]),
        ..plain(3)
    };
    let (quantized, report) = quantize(&identity, &config).expect("quantizes");
    assert_eq!(
        report.warnings[1].to_string(),
        "layer `conv1`: no input can fire 1 channel (1); train the network longer, or make the layer smaller"
    );
    match &quantized.layers[0].shortcut {
        Some(QuantizedShortcut::Identity(increments)) => {
            assert!(increments[0] > 0 && increments[1] == 0, "{increments:?}")
        }
        other => panic!("{other:?}"),
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(96))]

    /// Debug assertions in the engine check every partial sum against V.
    #[test]
    fn whatever_is_quantized_runs_within_its_width(
        seed in any::<u64>(),
        text in prop::sample::select(&NETWORKS[..]),
        weight_bits in 2_u8..=8,
        guard_bits in prop::option::of(0_u8..=10),
        leak in prop_oneof![Just(1.0_f32), Just(0.99), Just(0.9), Just(0.3)],
        signed in any::<bool>(),
        calibrated in any::<bool>(),
    ) {
        let mut rng = Xoshiro256PlusPlus::seed_from_u64(seed);
        let mut description = network(text, signed);
        description.leak = leak;
        let model = random_model(&mut rng, description);
        let config = QuantizeConfig {
            weight_bits,
            guard_bits: guard_bits.map_or(GuardBits::Auto, GuardBits::Fixed),
            ..QuantizeConfig::default()
        };
        let (mut quantized, mut report) = quantize(&model, &config).expect("quantizes");
        if calibrated {
            let rasters = rasters(&mut rng, &quantized, 4, signed);
            (quantized, report) = quantize_calibrated(&model, &config, &rasters).expect("quantizes");
        }
        let raster = random_raster(&mut rng, &quantized, model.description.steps, signed);
        let trace = Engine::new(&quantized).expect("proven").trace(&raster, true).expect("covered");
        for (membranes, layer) in trace.membranes.expect("asked for").iter().zip(&report.layers) {
            let bounds = &layer.bounds;
            for (step, membranes) in (1..).zip(membranes.rows()) {
                // What the last step leaves is no start where the proof ends.
                if bounds.steps == Some(step) {
                    continue;
                }
                for &membrane in membranes {
                    let membrane = i64::from(membrane);
                    prop_assert!(
                        bounds.lowest_start <= membrane && membrane <= bounds.highest_start,
                        "{membrane} after step {step}: {bounds:?}"
                    );
                }
            }
        }
    }
}
