//! The quantizer on every kind of layer: shared scales, identities, pooling, signed input, calibration, requantization.

mod common;

use common::random_raster;
use ndarray::{Array2, array};
use proptest::prelude::*;
use rand::{RngExt, SeedableRng};
use rand_xoshiro::Xoshiro256PlusPlus;
use synfire_golden_model::Result;
use synfire_golden_model::float::FloatModel;
use synfire_golden_model::integer::{Engine, InputSigns, Neuron, QuantizedModel, QuantizedShortcut};
use synfire_golden_model::network::{NetworkDescription, Normalization};
use synfire_golden_model::quantize::{
    Calibration, GuardBits, Leak, QuantizeConfig, QuantizeReport, QuantizeWarning, ScaleSearch, quantize,
    quantize_calibrated, quantize_with, requantize,
};
use synfire_golden_model::spikes::SpikeRaster;

/// Networks that between them have everything: strides, padding, kernels larger than their map, both kinds of shortcut,
/// from the input too, sources that are not the layer before, pooling with rows left over.
const NETWORKS: [&str; 6] = [
    "4C3p1-P2-5C3s2p1-6-3@1x7x6",
    "3C5p2s2-4C3p2-4@2x5x5",
    "6C3p1-R6-P2-R8s2-3@2x6x6",
    "4C1-I4-I4s2-5-4@3x5x5",
    "3C3p1=0-5C3p1s2+0s2-4C3p1s2<1+2-2@3x4x4",
    "P2-P3-4@2x7x7",
];

fn network(text: &str, signed: bool) -> NetworkDescription {
    let mut network = NetworkDescription::from_compact(text, None).expect("fits");
    network.steps = 12;
    if signed {
        network.normalization = Some(Normalization {
            mean: vec![0.5; network.input.channels],
            deviation: vec![0.5; network.input.channels],
        });
    }
    network
}

/// A model of such weights that its neurons fire now and then.
fn random_model(rng: &mut Xoshiro256PlusPlus, network: NetworkDescription) -> FloatModel {
    let tensors = network.graph().expect("valid").tensors;
    let weights = tensors.iter().map(|tensor| {
        let size = 3.0 / (tensor.inputs as f32).sqrt();
        Array2::from_shape_simple_fn((tensor.outputs, tensor.inputs), || {
            rng.random_range(-size..1.3 * size)
        })
    });
    FloatModel {
        weights: weights.collect(),
        description: network,
        provenance: Default::default(),
    }
}

fn model(text: &str, weights: Vec<Array2<f32>>) -> FloatModel {
    FloatModel {
        weights,
        description: network(text, false),
        provenance: Default::default(),
    }
}

fn plain(weight_bits: u8) -> QuantizeConfig {
    QuantizeConfig {
        weight_bits,
        scale: ScaleSearch::Max,
        leak: Leak::Shifts(Vec::new()),
        guard_bits: GuardBits::Fixed(1),
        ..QuantizeConfig::default()
    }
}

fn thresholds(model: &QuantizedModel, layer: usize) -> &[i32] {
    match &model.layers[layer].neuron {
        Neuron::Lif { thresholds } => thresholds,
        Neuron::Output => &[],
    }
}

fn rasters(
    rng: &mut Xoshiro256PlusPlus,
    model: &QuantizedModel,
    count: usize,
    signed: bool,
) -> Vec<SpikeRaster> {
    (0..count)
        .map(|_| random_raster(rng, model, model.description.steps, signed))
        .collect()
}

#[test]
fn both_paths_of_a_junction_share_their_channels_scales() {
    let own = array![[0.75, -0.25], [0.125, 0.25]];
    let second = array![[0.5, 1.5], [-0.375, 0.125]];
    let model = model("2C1+0-1@2x2x2", vec![own, second, Array2::from_elem((1, 8), 1.0)]);
    let (quantized, report) = quantize(&model, &plain(3)).expect("quantizes");
    let layer = &quantized.layers[0];
    // Channel 0: the largest of both is 1.5, of channel 1 0.375; 3 is the largest integer.
    assert_eq!(report.layers[0].channel_scales, [0.5, 0.125]);
    assert_eq!(layer.weights, array![[2, -1], [1, 2]]);
    assert_eq!(
        layer.shortcut,
        Some(QuantizedShortcut::Weights(array![[1, 3], [-3, 1]]))
    );
    assert_eq!(thresholds(&quantized, 0), [2 * 2, 2 * 8]);
    // Per channel 2 + 4 and 3 + 1 up, 1 and 3 down; twice that with one guard bit.
    let bounds = &report.layers[0].bounds;
    assert_eq!((bounds.positive_sum, bounds.negative_sum), (12, 6));
    // The output layer has one.
    assert_eq!(report.layers[1].channel_scales, [1.0 / 3.0]);
}

#[test]
fn an_identity_adds_as_much_as_one_is_worth() {
    let own = array![[0.75, -0.25], [0.3, 0.2]];
    let mut model = model("2C1=0-1@2x2x2", vec![own, Array2::from_elem((1, 8), 1.0)]);
    let increments = |model: &FloatModel| {
        let (quantized, _) = quantize(model, &plain(3)).expect("quantizes");
        match &quantized.layers[0].shortcut {
            Some(QuantizedShortcut::Identity(increments)) => (increments.clone(), thresholds(&quantized, 0).to_vec()),
            other => panic!("{other:?}"),
        }
    };
    // Scales 0.25 and 0.1: one is 4 and 10 weight LSB, with a guard bit 8 and 20 (19: 0.3 as f32 is a little more).
    assert_eq!(increments(&model), (vec![8, 19], vec![8, 19]));
    model.description.layers[0].threshold = Some(2.0);
    assert_eq!(increments(&model), (vec![8, 19], vec![16, 39]));
}

#[test]
fn pooling_counts() {
    let description = network("P2-P3-4@2x7x7", false);
    let model = random_model(&mut Xoshiro256PlusPlus::seed_from_u64(1), description);
    let (quantized, report) = quantize(&model, &QuantizeConfig::default()).expect("quantizes");
    // 3 spikes of 4 do not fire; 6.75 of 9 are 6 whole ones.
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
        "quantizer: weight bits for layer `pool1`, which pools and has no weights; leave it out"
    );
    assert_eq!(
        quantize(&model, &with("conv3"))
            .expect_err("no layer")
            .to_string(),
        "quantizer: weight bits for layer `conv3`, but the layers are conv1, pool1, conv2, fc1, out"
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
        error.starts_with("layer `conv2`: membranes of 32 bits, but sums can reach -"),
        "{error}"
    );
    assert!(
        error.ends_with("quantize the float model with fewer guard bits or fewer weight bits"),
        "{error}"
    );
}

#[test]
fn silent_channels_lose_the_weights_of_both_paths_and_their_one() {
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
        "layer `conv1`: no input can fire 1 channel (1)"
    );

    // Over an identity alone a membrane rises without end, unless the leak takes more than one gives.
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
        "layer `conv1`: no input can fire 1 channel (1)"
    );
    match &quantized.layers[0].shortcut {
        Some(QuantizedShortcut::Identity(increments)) => assert!(increments[0] > 0 && increments[1] == 0, "{ones:?}"),
        other => panic!("{other:?}"),
    }
}

/// Root mean square of the error of the drive of the first layer, in parts of that of the drive, over all windows.
fn drive_error(
    model: &FloatModel,
    quantized: &QuantizedModel,
    report: &QuantizeReport,
    rasters: &[SpikeRaster],
) -> f64 {
    let input = model.description.input;
    let shape = model.description.shapes()[0];
    let (kernel, padding) = (3, 1);
    let scales = &report.layers[0].channel_scales;
    let second = match &quantized.layers[0].shortcut {
        Some(QuantizedShortcut::Weights(weights)) => weights,
        other => panic!("{other:?}"),
    };
    let (mut error, mut total) = (0.0, 0.0);
    for raster in rasters {
        let mut counts = vec![0.0; input.size()];
        for spike in raster.iter().flatten() {
            counts[spike.address as usize] += f64::from(spike.sign());
        }
        for channel in 0..shape.channels {
            for (y, x) in (0..shape.height).flat_map(|y| (0..shape.width).map(move |x| (y, x))) {
                let (mut wanted, mut found) = (0.0, 0.0);
                let mut add = |weight: f32, integer: i8, count: f64| {
                    wanted += f64::from(weight) * count;
                    found += scales[channel] * f64::from(integer) * count;
                };
                for c in 0..input.channels {
                    let at = |y: usize, x: usize| counts[(c * input.height + y) * input.width + x];
                    for (ky, kx) in (0..kernel).flat_map(|ky| (0..kernel).map(move |kx| (ky, kx))) {
                        let (sy, sx) = (y + ky, x + kx);
                        let inside = (padding..input.height + padding).contains(&sy)
                            && (padding..input.width + padding).contains(&sx);
                        if inside {
                            let column = [channel, (c * kernel + ky) * kernel + kx];
                            let count = at(sy - padding, sx - padding);
                            add(
                                model.weights[0][column],
                                quantized.layers[0].weights[column],
                                count,
                            );
                        }
                    }
                    add(model.weights[1][[channel, c]], second[[channel, c]], at(y, x));
                }
                error += (wanted - found).powi(2);
                total += wanted.powi(2);
            }
        }
    }
    (error / total).sqrt()
}

#[test]
fn calibration_rounds_both_paths_by_what_their_windows_count() {
    let mut rng = Xoshiro256PlusPlus::seed_from_u64(5);
    for signed in [false, true] {
        let model = random_model(&mut rng, network("5C3p1+0-3@3x5x5", signed));
        let config = QuantizeConfig {
            weight_bits: 3,
            scale: ScaleSearch::Max,
            ..QuantizeConfig::default()
        };
        let (plain, plain_report) = quantize(&model, &config).expect("quantizes");
        let rasters = rasters(&mut rng, &plain, 20, signed);
        let (rounded, report) = quantize_calibrated(&model, &config, &rasters).expect("quantizes");
        let before = drive_error(&model, &plain, &plain_report, &rasters);
        let after = drive_error(&model, &rounded, &report, &rasters);
        assert!(after < 0.9 * before, "{after} {before}");
        // The report's figure is over the moments, damped by 1 %; a window of few images is seen whole.
        let reported = report.layers[0].drive_error.expect("calibrated");
        assert!(
            (0.95 * after..1.3 * after).contains(&reported),
            "{reported} {after}"
        );
        assert_eq!(plain_report.layers[0].drive_error, None);
    }
}

#[test]
fn the_best_scale_is_no_worse_than_any_other() {
    let mut rng = Xoshiro256PlusPlus::seed_from_u64(6);
    let model = random_model(&mut rng, network(NETWORKS[2], true));
    let (first, _) = quantize(&model, &QuantizeConfig::default()).expect("quantizes");
    let rasters = rasters(&mut rng, &first, 12, true);
    let errors = |scale| {
        let config = QuantizeConfig {
            scale,
            weight_bits: 3,
            ..QuantizeConfig::default()
        };
        let layers = quantize_calibrated(&model, &config, &rasters)
            .expect("quantizes")
            .1
            .layers;
        // The first alone gets the same spikes whatever the search.
        layers[0].drive_error.expect("calibrated")
    };
    let best = errors(ScaleSearch::Best);
    for other in [
        ScaleSearch::Max,
        ScaleSearch::MeanSquare,
        ScaleSearch::Percentile(95.0),
    ] {
        assert!(best <= errors(other), "{other:?}");
    }
    let weights_alone = |scale| {
        let config = QuantizeConfig {
            scale,
            ..QuantizeConfig::default()
        };
        quantize(&model, &config).expect("quantizes").0.layers
    };
    assert_eq!(
        weights_alone(ScaleSearch::Best),
        weights_alone(ScaleSearch::MeanSquare)
    );
}

#[test]
fn calibration_does_not_depend_on_threads_and_says_what_stays_silent() {
    let mut rng = Xoshiro256PlusPlus::seed_from_u64(7);
    let mut model = random_model(&mut rng, network(NETWORKS[2], false));
    // The first convolution's last channel can fire, but the spikes at hand will not do.
    model.weights[0].row_mut(5).fill(0.002);
    model.weights[0].row_mut(4).fill(9.0);
    let (first, _) = quantize(&model, &QuantizeConfig::default()).expect("quantizes");
    let rasters: Vec<SpikeRaster> = (0..3)
        .map(|_| random_raster(&mut rng, &first, 12, false))
        .collect();
    let run = |threads| {
        let pool = rayon::ThreadPoolBuilder::new()
            .num_threads(threads)
            .build()
            .expect("threads");
        let spikes = |image: usize| -> Result<SpikeRaster> { Ok(rasters[image].clone()) };
        let calibration = Calibration::new(rasters.len(), &spikes);
        pool.install(|| quantize_with(&model, &QuantizeConfig::default(), &calibration))
            .expect("quantizes")
    };
    let (one, two) = (run(1), run(2));
    assert_eq!(one, two);
    let of_first = |warning: &&QuantizeWarning| warning.to_string().contains("`conv1`");
    let warned: Vec<String> = one
        .1
        .warnings
        .iter()
        .filter(of_first)
        .map(ToString::to_string)
        .collect();
    assert!(
        warned.contains(&"layer `conv1`: calibration never fires 1 channel (5)".to_owned()),
        "{warned:?}"
    );
    assert!(
        warned.contains(&"layer `conv1`: calibration fires almost always 1 channel (4)".to_owned()),
        "{warned:?}"
    );
}

#[test]
fn requantizing_the_same_weights_gives_the_same_network() {
    let mut rng = Xoshiro256PlusPlus::seed_from_u64(8);
    for text in NETWORKS {
        for signed in [false, true] {
            let mut model = random_model(&mut rng, network(text, signed));
            if !text.starts_with('P') {
                // A channel that nothing fires stays without weights, although the float model has some.
                model.weights[0].row_mut(0).fill(-0.3);
            }
            let (wanted, report) = quantize(&model, &QuantizeConfig::default()).expect("quantizes");
            let scales: Vec<_> = report
                .layers
                .iter()
                .map(|layer| layer.channel_scales.clone())
                .collect();
            let (found, again) =
                requantize(&model, &scales, &wanted, InputSigns::of(&model.description)).expect("fits");
            for (found, wanted) in found.layers.iter().zip(&wanted.layers) {
                assert_eq!(found, wanted, "{text}");
            }
            for (found, wanted) in again.layers.iter().zip(&report.layers) {
                assert_eq!(found, wanted, "{text}");
            }
        }
    }
}

#[test]
fn requantizing_other_weights_proves_other_widths() {
    let mut rng = Xoshiro256PlusPlus::seed_from_u64(9);
    let mut model = random_model(&mut rng, network("3C3p1=0-3-2@3x4x4", false));
    let (format, report) = quantize(&model, &QuantizeConfig::default()).expect("quantizes");
    let scales: Vec<_> = report
        .layers
        .iter()
        .map(|layer| layer.channel_scales.clone())
        .collect();
    for weights in &mut model.weights {
        *weights *= -2.0;
    }
    let (found, report) = requantize(&model, &scales, &format, InputSigns::Unsigned).expect("fits");
    for (index, (found, format)) in found.layers.iter().zip(&format.layers).enumerate() {
        assert_eq!(found.neuron, format.neuron);
        assert_eq!(found.shortcut, format.shortcut);
        assert_eq!((found.guard_bits, found.floor), (format.guard_bits, format.floor));
        assert_ne!(found.weights, format.weights);
        let bounds = &report.layers[index].bounds;
        let lowest = bounds.lowest.min(found.floor.into());
        assert!(lowest >= -(1_i64 << (found.membrane_bits - 1)));
        assert!(bounds.highest < 1_i64 << (found.membrane_bits - 1));
    }
    let raster = random_raster(&mut rng, &found, 12, false);
    Engine::new(&found)
        .expect("proven")
        .infer(&raster)
        .expect("covered");
}

#[test]
fn scales_and_formats_that_do_not_fit_are_refused() {
    let mut rng = Xoshiro256PlusPlus::seed_from_u64(10);
    let model = random_model(&mut rng, network("2C3p1-P2-2@1x4x4", false));
    let (format, report) = quantize(&model, &QuantizeConfig::default()).expect("quantizes");
    let scales: Vec<_> = report
        .layers
        .iter()
        .map(|layer| layer.channel_scales.clone())
        .collect();
    let refused = |model: &FloatModel, scales: &[Vec<f64>]| {
        requantize(model, scales, &format, InputSigns::Unsigned)
            .expect_err("does not fit")
            .to_string()
    };
    let mut short = scales.clone();
    short[0].pop();
    assert_eq!(
        refused(&model, &short),
        "quantizer: 1 scales for layer `conv1`, wanted 2; take `channel_scales` of the report that came with the format"
    );
    assert!(refused(&model, &scales[..2]).starts_with("quantizer: 0 scales for layer `out`, wanted 2"));
    let mut wrong = scales.clone();
    wrong[0][1] = f64::NAN;
    assert_eq!(
        refused(&model, &wrong),
        "quantizer: scale NaN of channel 1 of layer `conv1`, wanted a finite number above 0"
    );
    let mut other = model.clone();
    other.description.name = "other".to_owned();
    assert_eq!(
        refused(&other, &scales),
        "quantizer: the number format is of network `2C3p1-P2-2`, which differs from network `other`; quantize the float \
         model itself first"
    );
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
            for &membrane in membranes {
                let membrane = i64::from(membrane);
                prop_assert!(bounds.lowest_start <= membrane && membrane <= bounds.highest_start);
            }
        }
    }
}
