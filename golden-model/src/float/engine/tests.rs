mod extensions;

use super::*;
use crate::float::{FloatModel, Loss};
use crate::integer::{self, Neuron, QuantizedModel, QuantizedShortcut};
use crate::network::{InputCoding, Readout, Reset, Shape};
use crate::quantize::{QuantizeConfig, quantize};
use crate::reference::Case;
use crate::spikes::Spike;
use ndarray::Array2;
use proptest::prelude::*;
use std::collections::BTreeMap;

fn network(
    inputs: usize,
    hidden: Option<usize>,
    classes: usize,
    steps: usize,
    leak: f32,
) -> NetworkDescription {
    let layer = |name: &str, kind| LayerDescription::new(name, kind);
    let hidden = hidden.map(|out| layer("hidden", LayerKind::Fc { out }));
    NetworkDescription {
        name: "test".into(),
        input: Shape {
            channels: inputs,
            height: 1,
            width: 1,
        },
        steps,
        rate: 1.0,
        leak,
        normalization: None,
        layers: hidden
            .into_iter()
            .chain([layer("out", LayerKind::Out { out: classes })])
            .collect(),
        coding: InputCoding::Poisson,
        reset: Reset::Zero,
        readout: Readout::Leak,
    }
}

/// Creates a raster from rows of -1, 0 and 1, one row per step.
fn raster(steps: &[&[i8]]) -> SpikeRaster {
    let mut raster = SpikeRaster::new(steps[0].len());
    for step in steps {
        let spikes = (0u32..).zip(*step).filter(|&(_, &sign)| sign != 0);
        raster.push_step(spikes.map(|(address, &sign)| Spike::signed(address, sign < 0)));
    }
    raster
}

/// Runs one image forward and backward; returns the state and the gradients per layer.
fn run(
    description: &NetworkDescription,
    weights: &[Vec<f32>],
    input: &SpikeRaster,
    label: usize,
) -> (State, Vec<Vec<f32>>) {
    description.validate().unwrap();
    let engine = Engine::new(description);
    let tensors = description.valid_graph().tensors;
    let matrices = tensors.iter().zip(weights).map(|(tensor, weights)| {
        Array2::from_shape_vec((tensor.inputs, tensor.outputs), weights.clone())
            .unwrap()
            .reversed_axes()
    });
    let model = FloatModel {
        description: description.clone(),
        weights: matrices.collect(),
        provenance: BTreeMap::new(),
        biases: Vec::new(),
    };
    let weights = Parameters::of_model(&model).unwrap();
    let (mut state, mut gradient) = (engine.state(), Parameters::zeros(description));
    engine.forward_raster(&weights, input, &mut state);
    engine.backward(&weights, Loss::SumOfSquares, label, &mut state, &mut gradient);
    let gradient = gradient.to_matrices(description);
    (
        state,
        gradient
            .iter()
            .map(|matrix| matrix.t().iter().copied().collect())
            .collect(),
    )
}

fn assert_close(actual: &[f32], expected: &[f32]) {
    assert_eq!(actual.len(), expected.len());
    for (index, (a, e)) in actual.iter().zip(expected).enumerate() {
        assert!(
            (a - e).abs() <= 1e-5 * e.abs().max(1e-2),
            "entry {index}: {a}, expected {e}\n{actual:?}\n{expected:?}"
        );
    }
}

/// y = Σ_t leak^(T−t+1) W s(t) / T; ∂loss/∂W = 2 (y − onehot)/T · Σ_t s(t), the leak not differentiated.
#[test]
fn output_layer_alone_matches_its_closed_form() {
    let (steps, leak) = (3, 0.5);
    let description = network(2, None, 2, steps, leak);
    let input = raster(&[&[1, 0], &[1, -1], &[0, -1]]);
    let weights = vec![0.5, -1.0, 2.0, 0.25];
    let (state, gradient) = run(&description, &[weights], &input, 1);

    let drive = |class: usize, t: usize| match t {
        0 => [0.5, -1.0][class],
        1 => [0.5 - 2.0, -1.0 - 0.25][class],
        _ => [-2.0, -0.25][class],
    };
    let y = |class: usize| {
        (0..steps)
            .map(|t| drive(class, t) * [0.125, 0.25, 0.5][t])
            .sum::<f32>()
            / 3.0
    };
    assert_close(&state.output, &[y(0), y(1)]);
    let delta = [2.0 * y(0) / 3.0, 2.0 * (y(1) - 1.0) / 3.0];
    assert_close(
        &gradient[0],
        &[2.0 * delta[0], 2.0 * delta[1], -2.0 * delta[0], -2.0 * delta[1]],
    );
    let loss = f64::from(y(0)).powi(2) + (f64::from(y(1)) - 1.0).powi(2);
    assert!((state.loss(Loss::SumOfSquares, 1) - loss).abs() < 1e-6);
}

/// One neuron, spikes in steps 3 and 5 of 6: each input before or at a spike counts with that spike's δ, and the
/// inputs of step 6, after the last spike, do not count.
#[test]
fn inputs_between_two_spikes_share_the_later_ones_gradient() {
    let description = network(2, Some(1), 1, 6, 1.0);
    let input = raster(&[&[1, 0], &[0, 1], &[1, 0], &[1, 1], &[1, 0], &[1, 1]]);
    // Source 0 adds 0.5, source 1 adds 0.25; membranes 0.5, 0.75, 1.25!, 0.75, 1.25!, 0.75.
    let (state, gradient) = run(&description, &[vec![0.5, 0.25], vec![0.8]], &input, 0);
    let raster = state.raster(&Engine::new(&description), 0);
    let fired: Vec<usize> = raster.iter().map(<[Spike]>::len).collect();
    assert_eq!(fired, [0, 0, 1, 0, 1, 0]);
    let output_delta = 2.0 * (2.0 * 0.8 / 6.0 - 1.0) / 6.0;
    // Without leak the slope is 1, so δ is the same at both spikes: 0.8 times the output's.
    assert_close(
        &gradient[0],
        &[4.0 * 0.8 * output_delta, 2.0 * 0.8 * output_delta],
    );
    assert_close(&gradient[1], &[2.0 * output_delta]);
}

/// Repeats the test above with leak: the slope of both spikes is 1 + ln(leak)·trace/count.
#[test]
fn the_leak_enters_by_the_slope() {
    let leak = 0.9f32;
    let description = network(1, Some(1), 1, 4, leak);
    let input = raster(&[&[1], &[1], &[0], &[1]]);
    // Membranes 1.5!, 1.5!, 0, 1.5! with a weight of 1.5.
    let (_, gradient) = run(&description, &[vec![1.5], vec![0.3]], &input, 0);
    let trace = leak.powi(3) + leak.powi(2) + 1.0;
    let slope = 1.0 + leak.ln() * trace / 3.0;
    let y = 0.3 * (leak.powi(4) + leak.powi(3) + leak) / 4.0;
    let output_delta = 2.0 * (y - 1.0) / 4.0;
    assert_close(&gradient[0], &[3.0 * slope * 0.3 * output_delta]);
    assert_close(&gradient[1], &[3.0 * output_delta]);
}

#[test]
fn a_silent_neuron_has_no_gradient() {
    let description = network(1, Some(2), 1, 2, 0.99);
    let (_, gradient) = run(
        &description,
        &[vec![2.0, 0.1], vec![0.5, 0.5]],
        &raster(&[&[1], &[1]]),
        0,
    );
    assert!(gradient[0][0] != 0.0);
    assert_close(&gradient[0][1..], &[0.0]);
    assert_close(&gradient[1][1..], &[0.0]);
}

/// A network with every kind of connection, strides and dropout, forward and backward.
#[test]
fn every_kind_of_vector_gives_the_same_bits() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/vectors/resnet_small.npz");
    let mut case = Case::load(path.as_ref()).unwrap();
    case.model.description.layers[0].dropout = 0.5;
    let weights = Parameters::of_model(&case.model).unwrap();
    let run = |dispatch| {
        let engine = Engine::new(&case.model.description).with_dispatch(dispatch);
        let (mut state, mut gradient) = (engine.state(), Parameters::zeros(&case.model.description));
        engine.draw_masks(5, &mut state);
        engine.forward_raster(&weights, &case.images[0], &mut state);
        engine.backward(
            &weights,
            Loss::CrossEntropy,
            case.labels[0],
            &mut state,
            &mut gradient,
        );
        let spikes = state.spike_count(0);
        assert!(
            spikes > 100
                && gradient
                    .layers
                    .iter()
                    .all(|layer| layer.iter().any(|&g| g != 0.0))
        );
        let bits = |numbers: &[f32]| numbers.iter().map(|number| number.to_bits()).collect::<Vec<_>>();
        let gradients: Vec<_> = gradient.layers.iter().map(|layer| bits(layer)).collect();
        (bits(&state.readout), gradients)
    };
    let expected = run(Dispatch::scalar());
    for dispatch in Dispatch::all() {
        assert!(run(dispatch) == expected, "{dispatch:?}");
    }
}

#[test]
fn the_first_of_equal_outputs_is_the_answer() {
    let engine = Engine::new(&network(1, None, 3, 1, 1.0));
    let mut state = engine.state();
    state.readout = vec![0.5, 0.75, 0.75];
    assert_eq!(state.answer(), 1);
}

#[expect(clippy::needless_range_loop, reason = "indices as in the formulas")]
/// Computes the gradients by definition, step by step and neuron by neuron, without using sparsity.
fn plain_gradients(
    description: &NetworkDescription,
    weights: &[Vec<f32>],
    input: &[Vec<f64>],
    label: usize,
) -> (Vec<Vec<Vec<f64>>>, Vec<Vec<f64>>) {
    let (leak, steps) = (f64::from(description.leak), description.steps);
    let sizes: Vec<usize> = description.shapes().into_iter().map(Shape::size).collect();
    let last = sizes.len() - 1;
    let weight = |layer: usize, source: usize, neuron: usize| {
        f64::from(weights[layer][source * sizes[layer] + neuron])
    };

    // spikes[0] holds the input spikes, spikes[l + 1] the spikes of layer l.
    let mut spikes: Vec<Vec<Vec<f64>>> = vec![input.to_vec()];
    spikes.extend(sizes.iter().map(|&size| vec![vec![0.0; size]; steps]));
    let mut v: Vec<Vec<f64>> = sizes.iter().map(|&size| vec![0.0; size]).collect();
    for t in 0..steps {
        for layer in 0..=last {
            for neuron in 0..sizes[layer] {
                let drive: f64 = spikes[layer][t]
                    .iter()
                    .enumerate()
                    .map(|(source, s)| weight(layer, source, neuron) * s)
                    .sum();
                let v = &mut v[layer][neuron];
                *v += drive;
                if layer != last && *v > 1.0 {
                    *v = 0.0;
                    spikes[layer + 1][t][neuron] = 1.0;
                }
                *v *= leak;
            }
        }
    }

    let mut delta: Vec<Vec<Vec<f64>>> = sizes
        .iter()
        .map(|&size| vec![vec![0.0; size]; steps + 1])
        .collect();
    for layer in (0..sizes.len()).rev() {
        for neuron in 0..sizes[layer] {
            let fired: Vec<f64> = (0..steps).map(|t| spikes[layer + 1][t][neuron]).collect();
            let trace: f64 = fired
                .iter()
                .enumerate()
                .map(|(t, s)| s * leak.powf((steps - 1 - t) as f64))
                .sum();
            let slope =
                f64::from(u8::from(trace > 1e-3)) + leak.ln() * trace / fired.iter().sum::<f64>().max(1.0);
            for t in (0..steps).rev() {
                delta[layer][t][neuron] = if layer == last {
                    let wanted = f64::from(u8::from(neuron == label));
                    2.0 * (v[last][neuron] / steps as f64 - wanted) / steps as f64
                } else if fired[t] > 0.0 {
                    let targets = (0..sizes[layer + 1])
                        .map(|to| weight(layer + 1, neuron, to) * delta[layer + 1][t][to]);
                    slope * targets.sum::<f64>()
                } else {
                    delta[layer][t + 1][neuron]
                };
            }
        }
    }
    let gradients = (0..sizes.len()).map(|layer| {
        let entry = |source: usize, neuron: usize| {
            (0..steps)
                .map(|t| spikes[layer][t][source] * delta[layer][t][neuron])
                .sum()
        };
        let sources = spikes[layer][0].len();
        (0..sources)
            .flat_map(|source| (0..sizes[layer]).map(move |neuron| (source, neuron)))
            .map(|(s, n)| entry(s, n))
            .collect()
    });
    let gradients = gradients.collect();
    (spikes, gradients)
}

proptest! {
    /// Weights on a grid of 1/8 and no leak keep membranes exact, so that spikes must be equal.
    #[test]
    fn event_driven_passes_match_the_plain_definition(
        first in proptest::collection::vec(-6i8..=8, 5 * 7),
        second in proptest::collection::vec(-6i8..=8, 7 * 6),
        third in proptest::collection::vec(-8i8..=8, 6 * 3),
        signs in proptest::collection::vec(proptest::collection::vec(-1i8..=1, 5), 9),
        label in 0usize..3,
        leak in prop_oneof![Just(1.0f32), Just(0.5f32)],
    ) {
        let mut description = network(5, Some(7), 3, 9, leak);
        let second_hidden = LayerDescription::new("hidden2", LayerKind::Fc { out: 6 });
        description.layers.insert(1, second_hidden);
        let weights: Vec<Vec<f32>> =
            [first, second, third].iter().map(|layer| layer.iter().map(|&w| f32::from(w) / 8.0).collect()).collect();
        let rows: Vec<&[i8]> = signs.iter().map(Vec::as_slice).collect();
        let (state, gradient) = run(&description, &weights, &raster(&rows), label);

        let dense: Vec<Vec<f64>> = signs.iter().map(|row| row.iter().map(|&sign| f64::from(sign)).collect()).collect();
        let (spikes, expected) = plain_gradients(&description, &weights, &dense, label);
        let engine = Engine::new(&description);
        for (layer, expected) in spikes[1..spikes.len() - 1].iter().enumerate() {
            let raster = state.raster(&engine, layer);
            for (t, expected) in expected.iter().enumerate() {
                let actual: Vec<usize> = raster.step(t).iter().map(|spike| spike.address as usize).collect();
                let expected: Vec<usize> = (0..expected.len()).filter(|&neuron| expected[neuron] > 0.0).collect();
                prop_assert_eq!(actual, expected, "step {}", t);
            }
        }
        for (actual, expected) in gradient.iter().zip(&expected) {
            prop_assert_eq!(actual.len(), expected.len());
            let largest = expected.iter().fold(1e-6, |largest: f64, e| largest.max(e.abs()));
            for (actual, expected) in actual.iter().zip(expected) {
                prop_assert!((f64::from(*actual) - expected).abs() <= 1e-4 * largest, "{} {}", actual, expected);
            }
        }
    }
}
