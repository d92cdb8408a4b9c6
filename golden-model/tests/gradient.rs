//! Comparison of the trainer's gradients with closed forms, and with their definition, computed without using sparsity.

#![expect(clippy::unwrap_used, reason = "the helpers of tests may panic as tests may")]

mod plain;

use ndarray::Array2;
use plain::Plain;
use proptest::prelude::*;
use rand::{RngExt, SeedableRng};
use rand_xoshiro::Xoshiro256PlusPlus;
use std::collections::BTreeMap;
use synfire_golden_model::float::{DropoutMasks, FloatModel, gradient};
use synfire_golden_model::network::{LayerDescription, LayerKind, NetworkDescription, Node};
use synfire_golden_model::spikes::{Spike, SpikeRaster};

fn network(text: &str, steps: usize, leak: f32) -> NetworkDescription {
    let mut network = NetworkDescription::from_compact(text, None).unwrap();
    network.steps = steps;
    network.leak = leak;
    network
}

fn model(description: NetworkDescription, weights: Vec<Array2<f32>>) -> FloatModel {
    FloatModel {
        description,
        weights,
        provenance: BTreeMap::new(),
        biases: Vec::new(),
    }
}

/// Creates a raster from rows of -1, 0 and 1, one row per step.
fn raster(steps: &[Vec<i8>]) -> SpikeRaster {
    let mut raster = SpikeRaster::new(steps[0].len());
    for step in steps {
        let spikes = (0u32..).zip(step).filter(|&(_, &sign)| sign != 0);
        raster.push_step(spikes.map(|(address, &sign)| Spike::signed(address, sign < 0)));
    }
    raster
}

fn assert_close(actual: &Array2<f32>, expected: &[f32]) {
    assert_eq!(actual.len(), expected.len());
    for (index, (actual, expected)) in actual.iter().zip(expected).enumerate() {
        assert!(
            (actual - expected).abs() <= 1e-5 * expected.abs().max(1e-2),
            "entry {index}: {actual}, expected {expected}"
        );
    }
}

/// Runs one image through a 1-channel 2×2 convolution without padding, 3×3 to 2×2, and an output neuron; no leak.
///
/// The input spikes in every step at the upper left and in the middle; kernel weights are a, b, c, d by rows.
fn convolution(kernel: [f32; 4], out: [f32; 4]) -> (Vec<f32>, Vec<usize>, Vec<Array2<f32>>) {
    let (steps, image) = (4, [1, 0, 0, 0, 1, 0, 0, 0, 0]);
    let weights = vec![
        Array2::from_shape_vec((1, 4), kernel.to_vec()).unwrap(),
        Array2::from_shape_vec((1, 4), out.to_vec()).unwrap(),
    ];
    let model = model(network("1C2-1@1x3x3", steps, 1.0), weights);
    let images = [raster(&vec![image.to_vec(); steps])];
    let result = gradient(&model, &images, &[0], &[]).unwrap();
    let counts = (0..4).map(|neuron| {
        let fired = result.spikes[0][0].iter().flatten();
        fired.filter(|spike| spike.address == neuron).count()
    });
    (result.outputs[0].clone(), counts.collect(), result.weights)
}

/// Neurons at (0,0), (0,1), (1,0), (1,1) get a + d, c, b, a per step.
#[test]
fn a_kernels_gradient_sums_over_its_positions() {
    let [a, b, c, d] = [0.375, 0.0625, 0.75, 0.25];
    let out = [0.5, -0.25, 1.0, 0.125];
    // a + d = 0.625: 0.625, 1.25! 0.625, 1.25!. c: 0.75, 1.5! 0.75, 1.5!. b never. a: 0.375, 0.75, 1.125!, 0.375.
    let (outputs, counts, gradients) = convolution([a, b, c, d], out);
    assert_eq!(counts, [2, 2, 0, 1]);
    let y = (2.0 * out[0] + 2.0 * out[1] + out[3]) / 4.0;
    assert!((outputs[0] - y).abs() < 1e-6);
    let delta = 2.0 * (y - 1.0) / 4.0;
    // Without leak the slope is 1. An input counts if the neuron spikes in the same step or later: 4 steps for the
    // first two neurons, 3 for the last.
    let [first, second, last] = [4.0 * out[0], 4.0 * out[1], 3.0 * out[3]].map(|sum| sum * delta);
    assert_close(&gradients[0], &[first + last, 0.0, second, first]);
    assert_close(&gradients[1], &[2.0 * delta, 2.0 * delta, 0.0, delta]);
}

/// The output is differentiable in its weights as long as no spike changes. The loss is a parabola, so central
/// differences are exact except for rounding.
#[test]
fn the_output_layers_gradient_is_the_slope_of_the_loss() {
    let kernel = [0.375, 0.0625, 0.75, 0.25];
    let out = [0.5, -0.25, 1.0, 0.125];
    let (_, _, gradients) = convolution(kernel, out);
    let loss = |neuron: usize, step: f32| {
        let mut out = out;
        out[neuron] += step;
        let (outputs, _, _) = convolution(kernel, out);
        (f64::from(outputs[0]) - 1.0).powi(2)
    };
    let step = 0.125;
    for neuron in 0..4 {
        let slope = (loss(neuron, step) - loss(neuron, -step)) / (2.0 * f64::from(step));
        let found = f64::from(gradients[1][[0, neuron]]);
        assert!(
            (slope - found).abs() < 1e-6,
            "neuron {neuron}: {found}, slope {slope}"
        );
    }
}

/// Two spikes in steps 2 and 4 of 5 of a pooling neuron in the middle; only the convolution leaks.
#[test]
fn a_pooling_neuron_passes_the_gradient_of_its_spikes_in_parts_of_its_window() {
    let leak = 0.5_f32;
    let kernel = Array2::from_shape_vec((1, 1), vec![1.5]).unwrap();
    let weight = 0.75;
    let out = Array2::from_shape_vec((1, 1), vec![weight]).unwrap();
    let model = model(network("1C1-P2-1@1x2x2", 5, leak), vec![kernel, out]);
    // Three of four neurons fire in steps 1 and 3, two in steps 2 and 4: the average sums to 0.75, 1.25!, 0.75, 1.25!.
    let rows = [
        [1, 1, 1, 0],
        [0, 1, 1, 0],
        [1, 1, 1, 0],
        [0, 0, 1, 1],
        [0, 0, 0, 0],
    ];
    let images = [raster(&rows.map(|row| row.to_vec()))];
    let result = gradient(&model, &images, &[0], &[]).unwrap();
    let fired: Vec<usize> = result.spikes[0][1].iter().map(<[Spike]>::len).collect();
    assert_eq!(fired, [0, 1, 0, 1, 0]);
    let y = weight * (leak.powi(4) + leak.powi(2)) / 5.0;
    let delta = 2.0 * (y - 1.0) / 5.0;
    // Every input up to step 4 counts a quarter of the pooling neuron's δ, times its own neuron's slope.
    let slope = |steps: &[usize]| {
        let trace: f32 = steps
            .iter()
            .map(|&step| leak.powi(5 - i32::try_from(step).unwrap()))
            .sum();
        1.0 + leak.ln() * trace / steps.len() as f32
    };
    let neurons = [vec![1, 3], vec![1, 2, 3], vec![1, 2, 3, 4], vec![4]];
    let sum: f32 = neurons
        .iter()
        .map(|steps| steps.len() as f32 * slope(steps))
        .sum();
    assert_close(&result.weights[0], &[sum * 0.25 * weight * delta]);
    assert_close(&result.weights[1], &[2.0 * delta]);
}

/// Networks with all kinds of layers, with strides and paddings that do not divide their maps, small enough for the
/// definition.
const NETWORKS: [&str; 10] = [
    "5-4-3@1x2x3",
    "3C3p1-P2-2C2-4-3@2x6x6",
    "2C3s2p1d0.5-4d0.75-3@1x5x6",
    "4C5s3p2-P2t0.5-3@2x9x8",
    "2C2-3C3s2p2t1.5-3@2x5x4",
    "R3s2-3@2x5x5",
    "2C1-I2d0.5-R4s2-5-3@3x4x4",
    "2C3p1-3C3s2p1-2C3p1<1-3C3s2p1=2-3@2x5x6",
    "2C3p1-2C3p1+1<0-3C1s3p0-6t2-3@1x7x7",
    "P3-2C3p1d0.5-P2-3@2x6x6",
];

proptest! {
    #![proptest_config(ProptestConfig::with_cases(96))]

    /// Weights on a grid of 1/8, and leaks and dropout factors that are powers of two, keep membranes exact, so spikes
    /// must be equal. (Averages over 3×3 are not exact, but a count of spikes is never near 6.75.)
    #[test]
    fn event_driven_gradients_match_the_plain_definition(
        text in prop::sample::select(&NETWORKS),
        seed: u64,
        leak in prop_oneof![Just(1.0_f32), Just(0.5)],
        own in prop::option::of(prop_oneof![Just(1.0_f32), Just(0.25)]),
    ) {
        let mut rng = Xoshiro256PlusPlus::seed_from_u64(seed);
        let (steps, batch) = (7, 2);
        let mut description = network(text, steps, leak);
        if let (Some(own), LayerKind::Conv { .. } | LayerKind::Fc { .. }) = (own, description.layers[0].kind) {
            description.layers[0].leak = Some(own);
        }
        let graph = description.graph().unwrap();
        let weights = graph.tensors.iter().map(|tensor| {
            let most = 8 + 24 / i32::try_from(tensor.inputs).unwrap().min(12);
            Array2::from_shape_simple_fn((tensor.outputs, tensor.inputs), || {
                f32::from(i16::try_from(rng.random_range(-most / 2..=most)).unwrap()) / 8.0
            })
        });
        let model = model(description.clone(), weights.collect());
        let mut draws = |rate: f64| -> Vec<Vec<i8>> {
            let size = description.input.size();
            let mut spike = || i8::from(rng.random_bool(rate)) * if rng.random_bool(0.25) { -1 } else { 1 };
            (0..steps).map(|_| (0..size).map(|_| spike()).collect()).collect()
        };
        let inputs: Vec<Vec<Vec<i8>>> = (0..batch).map(|_| draws(0.4)).collect();
        let labels: Vec<usize> = (0..batch).map(|_| rng.random_range(0..3)).collect();
        let masks: Vec<DropoutMasks> = (0..batch)
            .map(|_| {
                let mask = |(layer, node): (&LayerDescription, &Node)| {
                    (layer.dropout > 0.0)
                        .then(|| (0..node.output.size()).map(|_| rng.random_bool(0.5)).collect())
                };
                description.layers.iter().zip(&graph.nodes).map(mask).collect()
            })
            .collect();

        let images: Vec<SpikeRaster> = inputs.iter().map(|input| raster(input)).collect();
        let found = gradient(&model, &images, &labels, &masks).unwrap();
        let plain = Plain::new(&model);
        let mut wanted = plain.zeros();
        let mut loss = 0.0;
        for image in 0..batch {
            let spikes = plain.forward(&inputs[image], &masks[image]);
            for (layer, expected) in spikes.iter().enumerate() {
                let actual = &found.spikes[image][layer];
                prop_assert_eq!((actual.steps(), actual.width()), (steps, expected[0].len()));
                for (step, expected) in expected.iter().enumerate() {
                    let actual: Vec<usize> = actual.step(step).iter().map(|spike| spike.address as usize).collect();
                    let expected: Vec<usize> = (0..expected.len()).filter(|&neuron| expected[neuron]).collect();
                    prop_assert_eq!(actual, expected, "{} image {} layer {} step {}", text, image, layer, step);
                }
            }
            loss += plain.backward(&inputs[image], &masks[image], &spikes, labels[image], &mut wanted);
        }
        prop_assert!((found.loss - loss).abs() <= 1e-5 * loss, "{}: loss {} and {}", text, found.loss, loss);
        prop_assert_eq!(found.weights.len(), wanted.len());
        for ((tensor, found), wanted) in graph.tensors.iter().zip(&found.weights).zip(&wanted) {
            prop_assert_eq!(found.dim(), wanted.dim());
            let largest = wanted.iter().fold(1e-6, |largest: f64, value| largest.max(value.abs()));
            for (found, wanted) in found.iter().zip(wanted) {
                let error = (f64::from(*found) - wanted).abs();
                prop_assert!(error <= 1e-4 * largest, "{} {}: {} and {}", text, tensor.name, found, wanted);
            }
        }
    }
}
