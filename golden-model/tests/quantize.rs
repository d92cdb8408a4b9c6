//! The quantizer through its public interface: options, scales, thresholds, number formats, warnings, errors.

mod common;

use common::random_raster;
use ndarray::{Array2, array};
use proptest::prelude::*;
use rand::{RngExt, SeedableRng};
use rand_xoshiro::Xoshiro256PlusPlus;
use synfire_golden_model::float::FloatModel;
use synfire_golden_model::integer::{Engine, InputSigns, Neuron, QuantizedModel};
use synfire_golden_model::network::{
    InputCoding, LayerDescription, LayerKind, NetworkDescription, Readout, Reset, Shape,
};
use synfire_golden_model::quantize::{
    GuardBits, Leak, QuantizeConfig, QuantizeReport, QuantizeWarning, ScaleSearch, quantize,
    quantize_calibrated,
};
use synfire_golden_model::spikes::{Spike, SpikeRaster};

fn float_model(weights: Vec<Array2<f32>>, leak: f32) -> FloatModel {
    let last = weights.len() - 1;
    let described = |(index, weights): (usize, &Array2<f32>)| {
        let out = weights.nrows();
        let name = if index == last {
            "out".to_owned()
        } else {
            format!("fc{}", index + 1)
        };
        let kind = if index == last {
            LayerKind::Out { out }
        } else {
            LayerKind::Fc { out }
        };
        LayerDescription::new(name, kind)
    };
    FloatModel {
        description: NetworkDescription {
            name: "test".to_owned(),
            input: Shape {
                channels: 1,
                height: 1,
                width: weights[0].ncols(),
            },
            steps: 12,
            rate: 0.5,
            leak,
            normalization: None,
            layers: weights.iter().enumerate().map(described).collect(),
            coding: InputCoding::Poisson,
            reset: Reset::Zero,
            readout: Readout::Leak,
        },
        weights,
        provenance: [("seed".to_owned(), "1".to_owned())].into(),
        biases: Vec::new(),
    }
}

fn random_float_model(rng: &mut Xoshiro256PlusPlus, leak: f32) -> FloatModel {
    let mut inputs = rng.random_range(1..30);
    let weights = (0..rng.random_range(1..=3)).map(|_| {
        let outputs = rng.random_range(1..20);
        let size = rng.random_range(0.01..1.0_f32);
        let layer = Array2::from_shape_simple_fn((outputs, inputs), || rng.random_range(-size..size));
        inputs = outputs;
        layer
    });
    float_model(weights.collect(), leak)
}

fn thresholds(model: &QuantizedModel, layer: usize) -> &[i32] {
    match &model.layers[layer].neuron {
        Neuron::Lif { thresholds } => thresholds,
        Neuron::Output => &[],
    }
}

fn with(change: impl FnOnce(&mut QuantizeConfig)) -> QuantizeConfig {
    let mut config = QuantizeConfig {
        scale: ScaleSearch::Max,
        ..QuantizeConfig::default()
    };
    change(&mut config);
    config
}

fn run(model: &FloatModel, config: &QuantizeConfig) -> (QuantizedModel, QuantizeReport) {
    quantize(model, config).expect("quantizes")
}

#[test]
fn scales_fold_into_the_thresholds_of_their_channels_and_stay_common_in_the_output_layer() {
    let model = float_model(
        vec![
            array![[0.75, -0.25], [0.375, 0.125]],
            array![[1.5, -0.5], [0.5, 0.25]],
        ],
        1.0,
    );
    let (quantized, report) = run(&model, &with(|config| config.weight_bits = 3));
    // Channel 0: scale 0.75 / 3 = 0.25, threshold 4; channel 1: scale 0.125, threshold 8.
    assert_eq!(quantized.layers[0].weights, array![[3, -1], [3, 1]]);
    assert_eq!(thresholds(&quantized, 0), [4, 8]);
    assert_eq!(report.layers[0].scales, [0.125, 0.25]);
    assert_eq!(report.layers[0].rms_error, 0.0);
    // Output: one scale, 0.5; 0.25 is half an LSB and rounds away from zero.
    assert_eq!(quantized.layers[1].weights, array![[3, -1], [1, 1]]);
    assert_eq!(report.layers[1].scales, [0.5, 0.5]);
    assert!((report.layers[1].rms_error - 0.125).abs() < 1e-12);
    assert_eq!(
        report.warnings,
        [QuantizeWarning::StepsLimited {
            layer: "out".to_owned(),
            steps: 12
        }]
    );
    assert_eq!(quantized.provenance["seed"], "1");
}

/// Doubling the threshold and the weights gives the same network.
#[test]
fn thresholds_are_those_of_the_layers() {
    let plain = float_model(vec![array![[0.5, -0.25], [0.75, 1.0]], array![[1.0, -1.0]]], 0.99);
    let mut doubled = plain.clone();
    doubled.weights[0] *= 2.0;
    doubled.description.layers[0].threshold = Some(2.0);
    let config = QuantizeConfig::default();
    let (wanted, _) = run(&plain, &config);
    let (found, _) = run(&doubled, &config);
    assert_eq!(found.layers, wanted.layers);
    doubled.description.layers[0].threshold = None;
    assert_ne!(run(&doubled, &config).0.layers, wanted.layers);
}

#[test]
fn weight_bits_can_differ_per_layer() {
    let model = random_float_model(&mut Xoshiro256PlusPlus::seed_from_u64(3), 0.99);
    let config = with(|config| {
        config.weight_bits = 2;
        config.layer_weight_bits.insert("out".to_owned(), 8);
    });
    let (quantized, _) = run(&model, &config);
    for layer in &quantized.layers {
        let (bits, largest) = if layer.name == "out" { (8, 127) } else { (2, 1) };
        assert_eq!(layer.weight_bits, bits);
        assert_eq!(
            layer.weights.iter().map(|weight| weight.abs()).max(),
            Some(largest)
        );
    }
}

#[test]
fn a_layer_keeps_a_leak_of_its_own() {
    let mut model = random_float_model(&mut Xoshiro256PlusPlus::seed_from_u64(4), 0.99);
    model.description.layers[0].leak = Some(0.75);
    let last = model.description.layers.len() - 1;
    for (asked, others) in [(Leak::Auto, &[7, 9][..]), (Leak::Shifts(vec![3, 5]), &[3, 5])] {
        let (quantized, _) = run(&model, &with(|config| config.leak = asked));
        assert_eq!(quantized.layers[0].leak_shifts, [2]);
        assert_eq!(quantized.layers[last].leak_shifts, others);
    }
}

#[test]
fn leak_and_guard_bits_can_be_set() {
    let model = random_float_model(&mut Xoshiro256PlusPlus::seed_from_u64(4), 0.99);
    let (quantized, _) = run(&model, &with(|_| ()));
    assert!(quantized.layers.iter().all(|layer| layer.leak_shifts == [7, 9]));
    let (quantized, report) = run(
        &model,
        &with(|config| {
            config.leak = Leak::Shifts(vec![3, 5]);
            config.guard_bits = GuardBits::Fixed(11);
        }),
    );
    for layer in &quantized.layers {
        assert_eq!(
            (layer.leak_shifts.as_slice(), layer.guard_bits),
            (&[3, 5][..], 11)
        );
    }
    let wanted = f64::from(0.99_f32);
    assert_eq!(
        report.warnings[0],
        QuantizeWarning::Leak {
            wanted,
            found: 1.0 - 0.125 - 0.03125
        }
    );
}

#[test]
fn the_smallest_threshold_reaches_the_resolution_of_the_leak() {
    let model = float_model(vec![array![[0.7, 0.2], [0.07, 0.05]], array![[0.6, -0.2]]], 0.99);
    let (quantized, _) = run(&model, &with(|_| ()));
    // Scales 0.1 and 0.01: 10 · 2^4 = 160 is the first above 2^7.
    assert_eq!(quantized.layers[0].guard_bits, 4);
    assert_eq!(
        thresholds(&quantized, 0),
        [160, 1599],
        "0.07 as f32 is a little more"
    );
    // Output at scale 0.6 / 7: 11.7 · 2^4.
    assert_eq!(quantized.layers[1].guard_bits, 4);
}

#[test]
fn odd_neurons_are_reported_and_do_not_widen_the_layer() {
    let model = float_model(
        vec![
            array![
                [0.0, 0.0, 0.0],
                [-0.5, -0.2, 0.0],
                [50.0, 9.0, 0.0],
                [0.4, 0.2, -0.3],
                [1e-9, 0.0, 0.0]
            ],
            Array2::from_elem((1, 5), 0.2),
        ],
        0.99,
    );
    let (quantized, report) = run(&model, &with(|config| config.guard_bits = GuardBits::Fixed(0)));
    let texts: Vec<_> = report.warnings.iter().map(ToString::to_string).collect();
    assert_eq!(
        texts,
        [
            "layer `fc1`: all weights are zero in 1 channel (0); use more weight bits",
            "layer `fc1`: no input can fire 2 channels (1, 4); train the network longer, or make the layer smaller",
            "layer `fc1`: a single spike over the smallest weight fires 1 channel (2); use more weight bits",
        ]
    );
    // Channels that cannot fire lose their weights. The widest of the others is the one of 50: 7 bits and a sign bit.
    let weights = &quantized.layers[0].weights;
    assert_eq!(
        *weights,
        array![[0, 0, 0], [0, 0, 0], [7, 1, 0], [7, 4, -5], [0, 0, 0]]
    );
    assert_eq!(thresholds(&quantized, 0), [0, 0, 0, 17, 0]);
    assert_eq!(quantized.layers[0].membrane_bits, 7);
    let json = serde_json::to_value(&report).expect("serializes");
    assert_eq!(json["warnings"][1]["warning"], "never-fires");
    assert_eq!(json["warnings"][1]["channels"], serde_json::json!([1, 4]));
}

#[test]
fn signed_input_takes_width_where_unsigned_does_not() {
    let weights = Array2::from_shape_fn(
        (2, 100),
        |(row, column)| if (row + column) % 2 == 0 { 0.3 } else { -0.3 },
    );
    let model = float_model(vec![weights, array![[0.5, 0.5]]], 0.99);
    let (unsigned, report) = run(&model, &with(|_| ()));
    let (signed, signed_report) = run(&model, &with(|config| config.input = Some(InputSigns::Signed)));
    assert_eq!(
        2 * report.layers[0].bounds.positive_sum,
        signed_report.layers[0].bounds.positive_sum
    );
    assert_eq!(
        unsigned.layers[0].membrane_bits + 1,
        signed.layers[0].membrane_bits
    );
    assert_eq!(unsigned.layers[1], signed.layers[1]);
    let raster = random_raster(&mut Xoshiro256PlusPlus::seed_from_u64(5), &signed, 12, true);
    assert!(Engine::new(&unsigned).expect("proven").infer(&raster).is_err());
    assert!(Engine::new(&signed).expect("proven").infer(&raster).is_ok());
}

#[test]
fn wrong_options_are_named() {
    let model = random_float_model(&mut Xoshiro256PlusPlus::seed_from_u64(6), 0.99);
    let refused = |change: fn(&mut QuantizeConfig)| {
        quantize(&model, &with(change))
            .expect_err("a wrong option")
            .to_string()
    };
    assert_eq!(
        refused(|c| c.weight_bits = 9),
        "quantizer: weight_bits is 9, but must be 2 to 8"
    );
    assert_eq!(
        refused(|c| c.weight_bits = 1),
        "quantizer: weight_bits is 1, but must be 2 to 8"
    );
    assert_eq!(
        refused(|c| c.guard_bits = GuardBits::Fixed(13)),
        "quantizer: guard_bits is 13, but must be 0 to 12"
    );
    assert_eq!(
        refused(|c| c.leak = Leak::Shifts(vec![1, 2, 3, 4])),
        "quantizer: number of leak shifts is 4, but must be 0 to 3"
    );
    assert_eq!(
        refused(|c| c.leak = Leak::Shifts(vec![0])),
        "quantizer: leak shift is 0, but must be 1 to 16"
    );
    assert_eq!(
        refused(|c| c.leak = Leak::Shifts(vec![7, 7])),
        "quantizer: leak shifts [7, 7] are not distinct and ascending; write each shift once, smallest first"
    );
    assert_eq!(
        refused(|c| c.scale = ScaleSearch::Percentile(0.0)),
        "quantizer: percentile is 0, but must be above 0 and at most 100"
    );
    assert_eq!(
        refused(|c| c.scale = ScaleSearch::Percentile(1e300)),
        "quantizer: percentile is 1e300, but must be above 0 and at most 100"
    );
    assert!(
        refused(|c| c.scale = ScaleSearch::Percentile(f64::NAN)).starts_with("quantizer: percentile is NaN")
    );
    let model = float_model(vec![array![[1.0]], array![[1.0]]], 0.99);
    let config = with(|config| {
        config.layer_weight_bits.insert("fc2".to_owned(), 4);
    });
    assert_eq!(
        quantize(&model, &config).expect_err("no such layer").to_string(),
        "quantizer: weight bits are given for layer `fc2`, which does not exist; choose one of fc1, out"
    );
}

#[test]
fn a_float_model_that_is_not_valid_is_refused() {
    let mut model = float_model(vec![array![[1.0, 2.0]], array![[1.0]]], 0.99);
    model.weights[0][[0, 1]] = f32::NAN;
    let error = quantize(&model, &QuantizeConfig::default()).expect_err("not a number");
    assert_eq!(
        error.to_string(),
        model.validate().expect_err("not a number").to_string()
    );
}

#[test]
fn calibration_brings_the_drive_nearer_to_that_of_the_float_model() {
    let mut rng = Xoshiro256PlusPlus::seed_from_u64(8);
    let uniform = |rng: &mut Xoshiro256PlusPlus, shape| {
        Array2::from_shape_simple_fn(shape, || rng.random_range(-0.3..0.3_f32))
    };
    let model = float_model(
        vec![uniform(&mut rng, (12, 40)), uniform(&mut rng, (4, 12))],
        0.99,
    );
    let config = with(|config| config.weight_bits = 3);
    let (plain, plain_report) = run(&model, &config);
    let rasters: Vec<_> = (0..20)
        .map(|_| random_raster(&mut rng, &plain, 12, false))
        .collect();
    let (rounded, report) = quantize_calibrated(&model, &config, &rasters).expect("quantizes");

    assert_eq!(plain_report.layers[0].drive_error, None);
    let drive = |quantized: &QuantizedModel| {
        let scale = |row: usize| {
            f64::from(
                model.weights[0]
                    .row(row)
                    .iter()
                    .fold(0.0_f32, |m, w| m.max(w.abs())),
            ) / 3.0
        };
        let (mut error, mut total) = (0.0, 0.0);
        for raster in &rasters {
            for row in 0..12 {
                let (mut wanted, mut found) = (0.0, 0.0);
                for spike in raster.iter().flatten() {
                    let source = spike.address as usize;
                    wanted += f64::from(model.weights[0][[row, source]]);
                    found += scale(row) * f64::from(quantized.layers[0].weights[[row, source]]);
                }
                error += (wanted - found).powi(2);
                total += wanted.powi(2);
            }
        }
        (error / total).sqrt()
    };
    assert!(
        2.0 * drive(&rounded) < drive(&plain),
        "{} {}",
        drive(&rounded),
        drive(&plain)
    );
    // The report computes the error from the moments, damped by 1 %.
    let reported = report.layers[0].drive_error.expect("calibrated");
    assert!(
        drive(&rounded) < reported && reported < 2.0 * drive(&plain),
        "{reported}"
    );
    assert!(report.layers[1].drive_error.is_some());
    assert!(report.layers[0].rms_error > plain_report.layers[0].rms_error);
    assert_eq!(rounded.provenance["quantize.calibration"], "20 inferences");
}

#[test]
fn calibration_that_does_not_fit_is_refused() {
    let mut rng = Xoshiro256PlusPlus::seed_from_u64(9);
    let model = float_model(vec![Array2::from_elem((2, 30), 0.1), array![[0.5, 0.5]]], 0.99);
    let (quantized, _) = run(&model, &with(|_| ()));
    let signed = random_raster(&mut rng, &quantized, 12, true);
    let refused = |rasters: &[SpikeRaster]| {
        quantize_calibrated(&model, &with(|_| ()), rasters)
            .expect_err("does not fit")
            .to_string()
    };
    assert!(refused(&[signed]).contains("quantize the float model for signed input"));
    assert!(
        refused(&[SpikeRaster::new(29)])
            .starts_with("the spikes have 29 sources, but the network has 30 inputs")
    );
    let mut twice = SpikeRaster::new(30);
    twice.push_step([Spike::positive(3), Spike::positive(3)]);
    assert!(refused(&[twice]).starts_with("source 3 fires twice in step 0"));
}

#[test]
fn layers_whose_inputs_stay_silent_in_calibration_are_reported() {
    let model = float_model(vec![Array2::from_elem((2, 3), 0.1), array![[0.5, 0.2]]], 0.99);
    let mut silence = SpikeRaster::new(3);
    silence.push_step([]);
    let (quantized, report) = quantize_calibrated(&model, &with(|_| ()), &[silence]).expect("quantizes");
    assert_eq!(quantized.layers, run(&model, &with(|_| ())).0.layers);
    let warned: Vec<_> = report.warnings.iter().map(ToString::to_string).collect();
    assert_eq!(
        warned,
        [
            "layer `fc1`: calibration has no effect, because the inputs of the layer never fire or are too many",
            "layer `out`: calibration has no effect, because the inputs of the layer never fire or are too many",
            "layer `fc1`: calibration never fires 2 channels (0, 1); calibrate with more images, or make the layer smaller",
        ]
    );
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(96))]

    /// Debug assertions in the engine check every partial sum against V.
    #[test]
    fn whatever_is_quantized_runs_within_its_width(
        seed in any::<u64>(),
        weight_bits in 2_u8..=8,
        guard_bits in prop::option::of(0_u8..=10),
        leak in prop_oneof![Just(1.0_f32), Just(0.99), Just(0.9), Just(0.3)],
        signed in any::<bool>(),
    ) {
        let mut rng = Xoshiro256PlusPlus::seed_from_u64(seed);
        let model = random_float_model(&mut rng, leak);
        let config = QuantizeConfig {
            weight_bits,
            guard_bits: guard_bits.map_or(GuardBits::Auto, GuardBits::Fixed),
            input: Some(if signed { InputSigns::Signed } else { InputSigns::Unsigned }),
            ..QuantizeConfig::default()
        };
        let (quantized, report) = quantize(&model, &config).expect("quantizes");
        let raster = random_raster(&mut rng, &quantized, model.description.steps, signed);
        let trace = Engine::new(&quantized).expect("proven").trace(&raster, true).expect("covered");
        for (membranes, layer) in trace.membranes.expect("asked for").iter().zip(&report.layers) {
            for &membrane in membranes {
                let bounds = &layer.bounds;
                let membrane = i64::from(membrane);
                prop_assert!(bounds.lowest_start <= membrane && membrane <= bounds.highest_start);
            }
        }
        // The floor of the output layer never binds.
        let output = &report.layers[report.layers.len() - 1];
        prop_assert!(i64::from(output.floor) <= output.bounds.lowest_start || output.bounds.steps.is_some());
    }
}
