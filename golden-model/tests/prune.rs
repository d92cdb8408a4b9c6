//! Pruning: the smaller network has the same potentials, bit for bit.

mod common;

use common::random_raster;
use ndarray::{Array2, array};
use rand::{RngExt, SeedableRng};
use rand_xoshiro::Xoshiro256PlusPlus;
use synfire_golden_model::float::FloatModel;
use synfire_golden_model::integer::{Engine, Neuron, QuantizedModel, QuantizedShortcut};
use synfire_golden_model::network::{NetworkDescription, Normalization, Reset, Source};
use synfire_golden_model::quantize::prune::{
    FiredChannels, Kept, KeptReason, PruneReport, first_difference, prune,
};
use synfire_golden_model::quantize::{Calibration, GuardBits, Leak, QuantizeConfig, quantize};
use synfire_golden_model::spikes::{Spike, SpikeRaster};

/// Every kind of layer, with and without biases, of both resets: strides, padding, pooling with rows left over, junctions with weights and with identities, also
/// from the input, and sources other than the layer before.
const NETWORKS: [&str; 7] = [
    "5C3p1-P2-6C3s2p1-8-3@1x7x6",
    "6C3p1-R6-P2-R8s2-3@2x6x6",
    "4C1-I4-I4s2-6-4@3x5x5",
    "3C3p1=0-5C3p1s2+0s2-4C3p1s2<1+2-2@3x4x4",
    "P2-5C2-P2-4@2x9x9",
    "9-7-5@1x3x3",
    "4C3p1-P2-5C3p1+1s2-P2-6-3@2x8x8",
];

fn network(text: &str, signed: bool) -> NetworkDescription {
    let mut network = NetworkDescription::from_compact(text, None).expect("fits");
    network.steps = 10;
    network.normalization = signed.then(|| Normalization {
        mean: vec![0.5; network.input.channels],
        deviation: vec![0.5; network.input.channels],
    });
    network
}

/// Draws a quantized network whose neurons fire now and then.
fn random_model(rng: &mut Xoshiro256PlusPlus, description: NetworkDescription) -> QuantizedModel {
    let tensors = description.graph().expect("valid").tensors;
    let weights = tensors.iter().map(|tensor| {
        let size = 3.0 / (tensor.inputs as f32).sqrt();
        Array2::from_shape_simple_fn((tensor.outputs, tensor.inputs), || {
            rng.random_range(-size..1.3 * size)
        })
    });
    let model = FloatModel {
        biases: Vec::new(),
        weights: weights.collect(),
        description,
        provenance: Default::default(),
    };
    let shifts = [vec![], vec![3], vec![7, 9]];
    let config = QuantizeConfig {
        leak: Leak::Shifts(shifts[rng.random_range(0..3)].clone()),
        guard_bits: GuardBits::Fixed(rng.random_range(0..3)),
        ..QuantizeConfig::default()
    };
    let (mut quantized, _) = quantize(&model, &config).expect("quantizes");
    for layer in &mut quantized.layers {
        layer.membrane_bits = 32;
    }
    extend(rng, &mut quantized);
    quantized
}

/// Gives half of the networks biases, and half a reset by subtraction.
fn extend(rng: &mut Xoshiro256PlusPlus, model: &mut QuantizedModel) {
    let (biased, subtracts) = (rng.random_bool(0.5), rng.random_bool(0.5));
    for layer in &mut model.layers {
        if biased && layer.inputs() > 0 {
            let unit = 1 << layer.guard_bits;
            layer.biases = (0..layer.outputs())
                .map(|_| rng.random_range(-2..=1) * unit)
                .collect();
        }
        if subtracts && let Neuron::Lif { thresholds } = &layer.neuron {
            model.description.reset = Reset::Subtract;
            layer.ceiling = thresholds.iter().max().map(|highest| 2 * highest + 1);
        }
    }
}

/// Damages a random channel of a random hidden layer: it never fires, or nothing listens to it.
fn damage(rng: &mut Xoshiro256PlusPlus, model: &mut QuantizedModel) {
    let nodes = model.description.graph().expect("valid").nodes;
    let layer = rng.random_range(0..model.layers.len() - 1);
    let channel = rng.random_range(0..model.layers[layer].outputs());
    if rng.random_bool(0.5) {
        let damaged = &mut model.layers[layer];
        // Pooling has no weights to lose.
        damaged.weights.row_mut(channel).mapv_inplace(|q| -q.abs());
        match &mut damaged.shortcut {
            Some(QuantizedShortcut::Weights(weights)) => weights.row_mut(channel).fill(0),
            Some(QuantizedShortcut::Identity(increments)) if rng.random_bool(0.5) => increments[channel] = 0,
            _ => {}
        }
        return;
    }
    for (consumer, node) in model.layers.iter_mut().zip(&nodes) {
        if node.source == Source::Layer(layer) {
            let each = consumer.weights.ncols() / node.input.channels;
            for column in channel * each..(channel + 1) * each {
                consumer.weights.column_mut(column).fill(0);
            }
        }
        let second = node.junction.as_ref().map(|path| path.source);
        if let (Some(Source::Layer(source)), Some(QuantizedShortcut::Weights(weights))) =
            (second, &mut consumer.shortcut)
            && source == layer
        {
            weights.column_mut(channel).fill(0);
        }
    }
}

fn potentials(model: &QuantizedModel, raster: &SpikeRaster) -> Array2<i32> {
    let mut engine = Engine::new(model).expect("proven");
    engine.trace(raster, false).expect("fits").potentials_by_step
}

/// Numbers of channels that were removed for each reason: never fires, no effect, data.
fn removed(report: &PruneReport) -> [usize; 3] {
    report.layers.iter().fold([0; 3], |[never, none, data], layer| {
        let gone = layer.channels[0] - layer.channels[1];
        assert_eq!(
            gone,
            layer.never_fires.len() + layer.no_effect.len() + layer.silent_on_data.len()
        );
        [
            never + layer.never_fires.len(),
            none + layer.no_effect.len(),
            data + layer.silent_on_data.len(),
        ]
    })
}

#[test]
fn pruned_networks_of_every_kind_have_the_same_potentials() {
    let mut rng = Xoshiro256PlusPlus::seed_from_u64(1);
    let (mut all, mut kept, mut spikes) = ([0; 3], 0, 0);
    for round in 0..12 {
        for text in NETWORKS {
            for signed in [false, true] {
                let mut model = random_model(&mut rng, network(text, signed));
                (0..round).for_each(|_| damage(&mut rng, &mut model));
                let (pruned, report) = prune(&model, None).expect("prunes");
                pruned.validate().expect("a whole network");
                for (before, after) in model.layers.iter().zip(&pruned.layers) {
                    assert!(after.outputs() > 0 && after.membrane_bits <= before.membrane_bits);
                }
                for (total, number) in all.iter_mut().zip(removed(&report)) {
                    *total += number;
                }
                kept += report.layers.iter().map(|layer| layer.kept.len()).sum::<usize>();
                for _ in 0..4 {
                    let raster = random_raster(&mut rng, &model, 10, signed);
                    let (wanted, found) = (potentials(&model, &raster), potentials(&pruned, &raster));
                    assert_eq!(
                        found, wanted,
                        "{text}, signed {signed}, round {round}: {report:?}"
                    );
                    let inference = Engine::new(&pruned)
                        .expect("proven")
                        .infer(&raster)
                        .expect("fits");
                    spikes += inference.spikes.iter().sum::<u64>();
                }
                // Nothing is left for another time.
                let (again, second) = prune(&pruned, None).expect("prunes");
                assert_eq!(removed(&second), [0; 3], "{text}: {second:?}");
                assert_eq!(again.layers, pruned.layers);
            }
        }
    }
    assert!(all[0] > 100 && all[1] > 100 && kept > 50, "{all:?}, {kept}");
    assert!(spikes > 10_000, "{spikes}");
}

#[test]
fn channels_that_data_never_fire_go_and_the_data_show_no_difference() {
    let mut rng = Xoshiro256PlusPlus::seed_from_u64(2);
    let mut all = [0; 3];
    for text in NETWORKS {
        for signed in [false, true] {
            let model = random_model(&mut rng, network(text, signed));
            // Few spikes, so that some channels stay silent that could fire.
            let rasters: Vec<SpikeRaster> = (0..3)
                .map(|_| {
                    let mut raster = SpikeRaster::new(model.description.input.size());
                    for step in random_raster(&mut rng, &model, 10, signed).iter() {
                        raster.push_step(step.iter().copied().filter(|spike| spike.address % 5 == 0));
                    }
                    raster
                })
                .collect();
            let spikes = |image: usize| Ok(rasters[image].clone());
            let inferences = Calibration::new(rasters.len(), &spikes);
            let fired = FiredChannels::observe(&model, &inferences, &|_| ()).expect("fits");
            let (pruned, report) = prune(&model, Some(&fired)).expect("prunes");
            assert_eq!(report.inferences, Some(3));
            assert_eq!(
                pruned.provenance["quantize.prune"],
                format!(
                    "{} channels for all inputs, {} silent in 3 inferences",
                    report.proven(),
                    report.by_data()
                )
            );
            for (total, number) in all.iter_mut().zip(removed(&report)) {
                *total += number;
            }
            let difference = first_difference(&model, &pruned, &inferences, &|_| ()).expect("fits");
            assert_eq!(difference, None, "{text}, signed {signed}");
            for raster in &rasters {
                assert_eq!(potentials(&model, raster), potentials(&pruned, raster));
            }
        }
    }
    assert!(all[2] > 30, "{all:?}");
}

#[test]
fn a_channel_that_fires_on_other_data_is_told() {
    let mut rng = Xoshiro256PlusPlus::seed_from_u64(3);
    let model = random_model(&mut rng, network("9-7-5@1x3x3", false));
    let silent = {
        let mut raster = SpikeRaster::new(9);
        (0..10).for_each(|_| raster.push_step([]));
        raster
    };
    let other = random_raster(&mut rng, &model, 10, false);
    let silence = |_| Ok(silent.clone());
    let fired = FiredChannels::observe(&model, &Calibration::new(1, &silence), &|_| ()).expect("fits");
    let (pruned, _) = prune(&model, Some(&fired)).expect("prunes");
    let both = |image| Ok(if image == 0 { silent.clone() } else { other.clone() });
    let inferences = Calibration::new(2, &both);
    let difference = first_difference(&model, &pruned, &inferences, &|_| ())
        .expect("fits")
        .expect("the other image fires what was removed");
    assert_eq!(difference.inference, 1);
    let at = [difference.step, difference.class];
    assert_eq!(potentials(&model, &other)[at], difference.wanted);
    assert_eq!(potentials(&pruned, &other)[at], difference.found);
    assert_ne!(difference.wanted, difference.found);

    let mut foreign = fired;
    foreign.channels[0].pop();
    assert_eq!(
        prune(&model, Some(&foreign))
            .expect_err("another network")
            .to_string(),
        "quantizer: the channels that fired are of layers with [8, 7, 5] channels, but the network has [9, 7, 5]; observe the \
         network that is pruned"
    );
}

/// A network of integers, all with wide membranes and no leak.
fn integers(text: &str, weights: Vec<Array2<i8>>, thresholds: &[&[i32]]) -> QuantizedModel {
    let description = NetworkDescription::from_compact(text, None).expect("fits");
    let model = FloatModel {
        biases: Vec::new(),
        weights: weights
            .iter()
            .map(|weights| weights.mapv(|q| f32::from(q) + 0.25))
            .collect(),
        description,
        provenance: Default::default(),
    };
    let config = QuantizeConfig {
        leak: Leak::Shifts(Vec::new()),
        guard_bits: GuardBits::Fixed(0),
        ..QuantizeConfig::default()
    };
    let (mut quantized, _) = quantize(&model, &config).expect("quantizes");
    let nodes = quantized.description.graph().expect("valid").nodes;
    for (index, (layer, node)) in quantized.layers.iter_mut().zip(&nodes).enumerate() {
        layer.membrane_bits = 32;
        if let Some(tensor) = node.tensor {
            layer.weights = weights[tensor].clone();
        }
        if let (Some(QuantizedShortcut::Weights(second)), Some(junction)) =
            (&mut layer.shortcut, &node.junction)
            && let Some(tensor) = junction.tensor
        {
            *second = weights[tensor].clone();
        }
        if let Neuron::Lif { thresholds: found } = &mut layer.neuron {
            *found = thresholds[index].to_vec();
        }
    }
    quantized
}

fn channels(report: &PruneReport) -> Vec<[usize; 2]> {
    report.layers.iter().map(|layer| layer.channels).collect()
}

#[test]
fn a_planted_channel_that_never_fires_goes_with_its_pooling_and_its_columns() {
    // Channel 1 has no positive weight; its threshold of 0 is not exceeded by 0.
    let conv = array![[2_i8], [-3], [1]];
    let out = Array2::from_shape_fn((2, 12), |(row, column)| {
        i8::try_from(row + column).expect("small") - 5
    });
    let model = integers(
        "3C1-P2-2@1x4x4",
        vec![conv, out.clone()],
        &[&[1, 0, 0], &[3, 3, 3]],
    );
    let (pruned, report) = prune(&model, None).expect("prunes");
    assert_eq!(channels(&report), [[3, 2], [3, 2], [2, 2]]);
    for layer in &report.layers[..2] {
        assert_eq!((&layer.never_fires[..], layer.no_effect.len()), (&[1][..], 0));
    }
    assert!(
        report.layers.iter().all(|layer| layer.kept.is_empty()),
        "{report:?}"
    );
    assert_eq!(report.layers[2].weights, [24, 16]);
    assert_eq!(pruned.layers[0].weights, array![[2], [1]]);
    let columns: Vec<usize> = (0..4).chain(8..12).collect();
    assert_eq!(pruned.layers[2].weights, out.select(ndarray::Axis(1), &columns));
    assert_eq!(pruned.description.compact(), "2C1-P2-2@1x4x4");
    assert_eq!(pruned.provenance["quantize.prune"], "2 channels for all inputs");
    let width = |layer: usize| report.layers[layer].membrane_bits;
    assert_eq!([width(0), width(1), width(2)], [[32, 5], [32, 4], [32, 13]]);
}

#[test]
fn what_nothing_listens_to_goes_and_then_what_only_that_listened_to() {
    // The second neuron of the second layer has no outgoing weight; the first neuron of the first only reaches that one.
    let first = array![[1_i8, 1], [1, -1], [2, 1]];
    let second = array![[0_i8, 1, 1], [3, 1, 0]];
    let out = array![[1_i8, 0], [2, 0]];
    let model = integers("3-2-2@1x1x2", vec![first, second, out], &[&[0, 0, 0], &[0, 0]]);
    let (pruned, report) = prune(&model, None).expect("prunes");
    assert_eq!(channels(&report), [[3, 2], [2, 1], [2, 2]]);
    assert_eq!(
        (&report.layers[0].no_effect[..], &report.layers[1].no_effect[..]),
        (&[0][..], &[1][..])
    );
    assert_eq!(pruned.layers[1].weights, array![[1, 1]]);
    let mut raster = SpikeRaster::new(2);
    raster.push_step([Spike::positive(0)]);
    assert_eq!(potentials(&model, &raster), potentials(&pruned, &raster));
}

#[test]
fn what_only_a_silent_channel_could_fire_never_fires() {
    let first = array![[-1_i8, -1], [1, 1]];
    // Neuron 0 has only the silent one as an excitation.
    let second = array![[3_i8, -1], [0, 1]];
    let out = array![[1_i8, 1]];
    let model = integers("2-2-1@1x1x2", vec![first, second, out], &[&[0, 0], &[0, 0]]);
    let (_, report) = prune(&model, None).expect("prunes");
    assert_eq!(channels(&report), [[2, 1], [2, 1], [1, 1]]);
    assert_eq!(report.layers[1].never_fires, [0]);
}

#[test]
fn an_identity_lets_channels_go_together_or_not_at_all() {
    let silent_first = |second: Array2<i8>, thresholds: &[i32]| {
        let first = array![[-1_i8], [1], [1]];
        let out = Array2::from_elem((2, 12), 1_i8);
        let model = integers(
            "3C1-3C1=1-2@1x2x2",
            vec![first, second, out],
            &[&[0, 0, 0], thresholds],
        );
        prune(&model, None).expect("prunes").1
    };
    // Channel 0 of the junction fires without channel 0 of its source.
    let report = silent_first(array![[0_i8, 1, 1], [0, 1, 1], [0, 1, 1]], &[0, 0, 0]);
    assert_eq!(channels(&report), [[3, 3], [3, 3], [2, 2]]);
    let kept = |channel, reason| Kept {
        channels: vec![channel],
        reason,
    };
    let tied = KeptReason::Tied { to: "conv2".into() };
    assert_eq!(report.layers[0].kept, [kept(0, tied)]);
    assert_eq!(report.layers[1].kept, []);
    // It does not: both go.
    let report = silent_first(array![[1_i8, -1, 0], [0, 1, 1], [0, 1, 1]], &[0, 0, 0]);
    assert_eq!(channels(&report), [[3, 2], [3, 2], [2, 2]]);
    assert_eq!(
        (
            &report.layers[0].never_fires[..],
            &report.layers[1].never_fires[..]
        ),
        (&[0][..], &[0][..])
    );
}

#[test]
fn channels_of_the_input_stay_and_so_does_the_last_channel() {
    // The pooling of channel 1 has no effect, but the input keeps its channels.
    let out = array![[1_i8, 0], [2, 0]];
    let model = integers("P2-2@2x2x2", vec![out], &[&[3, 3]]);
    let (_, report) = prune(&model, None).expect("prunes");
    assert_eq!(channels(&report), [[2, 2], [2, 2]]);
    let tied = KeptReason::Tied { to: "input".into() };
    assert_eq!(report.layers[0].kept[0].reason, tied);

    let silent = integers(
        "2-2@1x1x2",
        vec![array![[-1_i8, -1], [-1, -1]], array![[1_i8, 1], [2, 0]]],
        &[&[0, 0]],
    );
    let (_, report) = prune(&silent, None).expect("prunes");
    assert_eq!(channels(&report), [[2, 1], [2, 2]]);
    assert_eq!(report.layers[0].kept[0].reason, KeptReason::Last);
    assert_eq!(report.layers[0].kept[0].channels, [1]);
}

#[test]
fn a_pruned_network_is_a_file_like_any_other() {
    let mut rng = Xoshiro256PlusPlus::seed_from_u64(4);
    let mut model = random_model(&mut rng, network(NETWORKS[1], true));
    (0..6).for_each(|_| damage(&mut rng, &mut model));
    let (pruned, report) = prune(&model, None).expect("prunes");
    assert!(report.proven() > 0);
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("pruned.safetensors");
    pruned.save(&path).expect("saves");
    assert_eq!(QuantizedModel::load(&path).expect("loads"), pruned);
    assert_ne!(pruned.hash(), model.hash());
}
