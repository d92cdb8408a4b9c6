//! Quantization of networks with biases, graded input, reset by subtraction and an output without leak.

use super::{NETWORKS, network, random_model, thresholds};
use ndarray::array;
use rand::{RngExt, SeedableRng};
use rand_xoshiro::Xoshiro256PlusPlus;
use synfire_golden_model::dataset::encode::test_raster;
use synfire_golden_model::dataset::{Dataset, Event, Images, Recordings, Samples};
use synfire_golden_model::evaluation::{float, integer};
use synfire_golden_model::float::FloatModel;
use synfire_golden_model::integer::{InputSigns, QuantizedShortcut};
use synfire_golden_model::network::{InputCoding, NetworkDescription, Readout, Reset};
use synfire_golden_model::quantize::{
    GuardBits, Leak, QuantizeConfig, ScaleSearch, quantize, quantize_calibrated, requantize,
};

/// Draws a model of a network with biases.
fn biased_model(rng: &mut Xoshiro256PlusPlus, network: NetworkDescription) -> FloatModel {
    let mut model = random_model(rng, network);
    let nodes = model.description.graph().expect("valid").nodes;
    let biases = nodes.iter().map(|node| {
        let channels = if node.tensor.is_some() {
            node.output.channels
        } else {
            0
        };
        (0..channels).map(|_| rng.random_range(-0.3..0.5)).collect()
    });
    model.biases = biases.collect();
    model
}

/// Random samples for a network: images, or recordings if its coding counts events.
fn samples(rng: &mut Xoshiro256PlusPlus, network: &NetworkDescription, count: usize) -> Dataset {
    let shape = network.input;
    let samples = if network.coding == InputCoding::Counts {
        let mut recordings = Recordings::new(1000);
        for _ in 0..count {
            let events: Vec<Event> = (0..20 * shape.size())
                .filter_map(|_| {
                    let place =
                        [shape.channels, shape.height, shape.width].map(|size| rng.random_range(0..size));
                    Event::at(shape, rng.random_range(0..1000), place)
                })
                .collect();
            recordings.push(events);
        }
        Samples::Recordings(recordings)
    } else {
        Samples::Images(Images {
            full_scale: 255,
            pixels: (0..count * shape.size()).map(|_| rng.random()).collect(),
        })
    };
    let labels = (0..count).map(|index| u8::try_from(index % network.classes()).expect("few"));
    Dataset::of_samples("random", shape, network.classes(), samples, labels.collect()).expect("a data set")
}

#[test]
fn scales_fold_into_thresholds_biases_and_ceilings() {
    let mut description = network("2-2@1x1x3", false);
    description.coding = InputCoding::Direct;
    description.reset = Reset::Subtract;
    description.readout = Readout::Sum;
    let model = FloatModel {
        description,
        weights: vec![
            array![[7.0, -3.0, 1.0], [0.875, 0.25, -0.5]],
            array![[1.0, -7.0], [2.0, 3.0]],
        ],
        biases: vec![vec![-1.5, 0.3], vec![0.25, -2.0]],
        provenance: Default::default(),
    };
    let config = QuantizeConfig {
        scale: ScaleSearch::Max,
        leak: Leak::Shifts(vec![4]),
        guard_bits: GuardBits::Fixed(1),
        ..QuantizeConfig::default()
    };
    let (quantized, report) = quantize(&model, &config).expect("quantizes");
    let [hidden, out] = &quantized.layers[..] else {
        panic!("two layers");
    };
    // A value of 1 stands for 1/256: the LSBs are 1/256 and 1/2048.
    assert_eq!(hidden.weights, array![[7, -3, 1], [7, 2, -4]]);
    assert_eq!(report.layers[0].channel_scales, [1.0 / 256.0, 1.0 / 2048.0]);
    assert_eq!(thresholds(&quantized, 0), [512, 4096]);
    // −1.5 · 256 · 2 and 0.3 · 2048 · 2 = 1228.8.
    assert_eq!(hidden.biases, [-768, 1229]);
    assert_eq!(
        (hidden.leak_shifts.as_slice(), out.leak_shifts.as_slice()),
        (&[4][..], &[][..])
    );
    // Membranes rise by 255 · 9 · 2 + 1229 a step: to the ceiling, which is at least 4 · 4096, and further within V.
    assert_eq!(report.layers[0].bounds.positive_sum, 255 * 9 * 2 + 1229);
    let half = 1 << (hidden.membrane_bits - 1);
    assert_eq!(hidden.ceiling, Some(half - 1 - (255 * 9 * 2 + 1229)));
    assert!(hidden.ceiling >= Some(4 * 4096) && half / 2 < 4 * 4096 + 255 * 9 * 2 + 1229);
    assert_eq!(
        (report.layers[0].ceiling, report.layers[0].biases),
        (hidden.ceiling, Some([-768, 1229]))
    );
    // The output layer has one scale, 1: a bias of 0.25 is half an LSB, and rounds away from zero.
    assert_eq!((out.biases.as_slice(), out.ceiling), (&[1, -4][..], None));
}

#[test]
fn pooling_and_identities_of_graded_input_count_in_its_unit() {
    let mut description = network("P2t0.6-I2-3@2x4x4", false);
    description.coding = InputCoding::Direct;
    let pooled = random_model(&mut Xoshiro256PlusPlus::seed_from_u64(1), description);
    let (quantized, report) = quantize(&pooled, &QuantizeConfig::default()).expect("quantizes");
    // ⌊0.6 · 4 · 256⌋ of values up to 255.
    assert_eq!(thresholds(&quantized, 0), [614, 614]);
    assert_eq!(report.layers[0].bounds.positive_sum, 4 * 255);

    let mut description = network("I2-3@2x4x4", false);
    description.coding = InputCoding::Direct;
    let joined = random_model(&mut Xoshiro256PlusPlus::seed_from_u64(2), description);
    let config = QuantizeConfig {
        guard_bits: GuardBits::Fixed(8),
        ..QuantizeConfig::default()
    };
    let (quantized, report) = quantize(&joined, &config).expect("quantizes");
    let Some(QuantizedShortcut::Identity(one)) = &quantized.layers[1].shortcut else {
        panic!("an identity");
    };
    let scales = &report.layers[1].channel_scales;
    #[expect(clippy::cast_possible_truncation, reason = "small")]
    let expected: Vec<i32> = scales.iter().map(|scale| (1.0 / scale).floor() as i32).collect();
    // 1 / 256 / scale · 2^8.
    assert_eq!(*one, expected);
    assert!(one.iter().all(|&one| one > 0), "{one:?}");
}

/// With 8 bits, a quantized network answers like its float network, whatever both use.
#[test]
fn quantized_networks_follow_their_float_networks() {
    let mut rng = Xoshiro256PlusPlus::seed_from_u64(7);
    let mut agreement = [0, 0];
    for coding in InputCoding::ALL {
        for reset in Reset::ALL {
            for (text, signed) in NETWORKS.iter().zip([false, true].into_iter().cycle()) {
                let mut description = network(text, signed && coding != InputCoding::Counts);
                description.coding = coding;
                description.reset = reset;
                description.readout = Readout::Sum;
                description.rate = 1.0;
                description.leak = 0.75;
                let model = biased_model(&mut rng, description);
                let data = samples(&mut rng, &model.description, 60);
                let config = QuantizeConfig {
                    weight_bits: 8,
                    guard_bits: GuardBits::Fixed(6),
                    ..QuantizeConfig::default()
                };
                let (quantized, _) = quantize(&model, &config).expect("quantizes");
                let wanted = float::evaluate(&model, &data, 1).expect("evaluates");
                let found = integer::evaluate_dataset(&quantized, &data, 60, 1, &|_| ()).expect("evaluates");
                let equal = wanted
                    .answers
                    .iter()
                    .zip(&found.predictions)
                    .filter(|(a, b)| a == b);
                let equal = equal.count();
                agreement[0] += equal;
                agreement[1] += 60;
                assert!(equal >= 48, "{text}, {coding:?}, {reset:?}: {equal} of 60");
                // The junction of this network has both graded input and spikes, which share one scale.
                let mixed = coding == InputCoding::Direct && text.contains("+0");
                let tolerance = if mixed { 0.25 } else { 0.06 };
                for (layer, (activity, &spikes)) in wanted.activity[1..].iter().zip(&found.spikes).enumerate()
                {
                    #[expect(clippy::cast_precision_loss, reason = "few spikes")]
                    let (wanted, found) = (activity.spikes, spikes as f64 / 60.0);
                    let off = (found - wanted).abs();
                    assert!(
                        off <= tolerance * wanted + 0.5,
                        "{text}, {coding:?}, {reset:?}, layer {layer}: {found} spikes, {wanted}"
                    );
                }
            }
        }
    }
    assert!(agreement[0] * 100 >= agreement[1] * 95, "{agreement:?}");
}

/// A bias is part of the drive: the reported error is that of Σ w·c + T·b.
#[test]
fn the_drive_error_counts_the_bias() {
    let mut rng = Xoshiro256PlusPlus::seed_from_u64(9);
    for (coding, leak) in [(InputCoding::Poisson, vec![]), (InputCoding::Direct, vec![3])] {
        let mut description = network("4-3@1x2x4", false);
        description.coding = coding;
        // So low that no channel is silent; a silent one has no weights in the end.
        description.layers[0].threshold = Some(0.05);
        let model = biased_model(&mut rng, description);
        let data = samples(&mut rng, &model.description, 40);
        let rasters: Vec<_> = (0..40)
            .map(|index| test_raster(&model.description, &data, index, 1))
            .collect();
        let config = QuantizeConfig {
            weight_bits: 3,
            leak: Leak::Shifts(leak),
            ..QuantizeConfig::default()
        };
        let (quantized, report) = quantize_calibrated(&model, &config, &rasters).expect("quantizes");
        let layer = &quantized.layers[0];
        let lsb = |channel: usize| report.layers[0].channel_scales[channel];
        let steps = 12.0;
        let (mut error, mut total) = (0.0, 0.0);
        for raster in &rasters {
            let mut counts = [0.0; 8];
            for event in raster.iter().flatten() {
                counts[event.address as usize] += f64::from(event.value);
            }
            for channel in 0..4 {
                let unit = f64::from(coding.unit());
                let mut wanted = steps * f64::from(model.biases[0][channel]);
                let bias = f64::from(layer.biases[channel]) / f64::from(layer.guard_bits).exp2();
                let mut found = steps * lsb(channel) * bias;
                for (source, count) in counts.iter().enumerate() {
                    wanted += f64::from(model.weights[0][[channel, source]]) * unit * count;
                    found += lsb(channel) * f64::from(layer.weights[[channel, source]]) * count;
                }
                error += (wanted - found).powi(2);
                total += wanted.powi(2);
            }
        }
        let expected: f64 = f64::sqrt(error / total);
        let reported = report.layers[0].drive_error.expect("calibrated");
        assert!(
            (0.95 * expected..1.3 * expected + 1e-3).contains(&reported),
            "{coding:?}: {reported}, {expected}"
        );
    }
}

#[test]
fn channels_that_cannot_fire_lose_their_bias_and_others_keep_it() {
    let model = FloatModel {
        description: network("3-2@1x1x2", false),
        weights: vec![
            array![[0.5, -0.5], [0.5, 0.25], [-0.5, -0.25]],
            array![[1.0, -1.0, 0.5], [0.5, 1.0, -1.0]],
        ],
        biases: vec![vec![-0.75, 0.125, 1.5], vec![]],
        provenance: Default::default(),
    };
    let config = QuantizeConfig {
        leak: Leak::Shifts(vec![1]),
        guard_bits: GuardBits::Fixed(2),
        scale: ScaleSearch::Max,
        ..QuantizeConfig::default()
    };
    let (quantized, _) = quantize(&model, &config).expect("quantizes");
    let layer = &quantized.layers[0];
    // The first gains at most 0.5 − 0.75 a step. The third has no positive weight, but its bias fires it.
    assert_eq!((layer.biases[0], thresholds(&quantized, 0)[0]), (0, 0));
    assert!(layer.weights.row(0).iter().all(|&q| q == 0));
    assert!(layer.biases[1] > 0 && layer.biases[2] > 0, "{:?}", layer.biases);
    assert_eq!(quantized.layers[1].biases, [] as [i32; 0]);
}

#[test]
fn pooling_that_would_subtract_nothing_is_refused() {
    let mut description = network("2C3p1-P2t0.1-3@1x4x4", false);
    description.reset = Reset::Subtract;
    let model = random_model(&mut Xoshiro256PlusPlus::seed_from_u64(1), description);
    assert_eq!(
        quantize(&model, &QuantizeConfig::default())
            .expect_err("refused")
            .to_string(),
        "quantizer: the pooling layer `pool1` resets by subtraction, but its threshold 0.1 is below 0.25, the share of one \
         spike, of which integers subtract nothing; raise the threshold, or use reset = \"zero\""
    );
}

#[test]
fn requantization_keeps_the_format_and_rounds_biases_again() {
    let mut rng = Xoshiro256PlusPlus::seed_from_u64(4);
    for text in NETWORKS {
        let mut description = network(text, false);
        description.coding = InputCoding::Direct;
        description.reset = Reset::Subtract;
        description.readout = Readout::Sum;
        let mut model = biased_model(&mut rng, description);
        let (quantized, report) = quantize(&model, &QuantizeConfig::default()).expect("quantizes");
        let scales: Vec<Vec<f64>> = report
            .layers
            .iter()
            .map(|layer| layer.channel_scales.clone())
            .collect();
        let again = |model: &FloatModel| {
            requantize(model, &scales, &quantized, InputSigns::Unsigned)
                .expect("the same network")
                .0
        };
        let found = again(&model);
        for (found, wanted) in found.layers.iter().zip(&quantized.layers) {
            assert_eq!(
                (&found.weights, &found.biases),
                (&wanted.weights, &wanted.biases),
                "{text}"
            );
            assert_eq!(
                (found.ceiling, found.floor, &found.neuron),
                (wanted.ceiling, wanted.floor, &wanted.neuron)
            );
        }
        let last = model.biases.len() - 1;
        model.biases[last][1] += 3.0;
        let found = again(&model);
        assert!(
            found.layers[last].biases[1] > quantized.layers[last].biases[1],
            "{text}"
        );
        assert_eq!(
            found.layers[last].biases[0], quantized.layers[last].biases[0],
            "{text}"
        );
    }
}
