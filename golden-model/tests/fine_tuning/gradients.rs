//! Comparison of the gradients of fine-tuning with those of the float trainer.

use super::{CASES, case};
use ndarray::Array2;
use std::collections::BTreeMap;
use synfire_golden_model::float::{FloatModel, Gradient, gradient};
use synfire_golden_model::integer::{Neuron, QuantizedLayer, QuantizedModel, QuantizedShortcut, leak};
use synfire_golden_model::network::LayerKind;
use synfire_golden_model::train::FineTuning;

/// Float network whose weights are integers times scales, and its quantized form, in which floors never bind.
struct Twins {
    float: FloatModel,
    quantized: QuantizedModel,
    scales: Vec<Vec<f64>>,
}

const WEIGHT_BITS: u8 = 8;

/// Builds the twins of a case's network; `scale` computes the scale of a channel from its number and largest weight.
fn twins(name: &str, guard_bits: u8, leak_shifts: &[u8], scale: fn(usize, f64) -> f64) -> Twins {
    let case = case(name);
    let mut description = case.model.description.clone();
    #[expect(clippy::cast_possible_truncation, reason = "exact for two shifts")]
    let factor = leak::factor(leak_shifts) as f32;
    description.leak = factor;
    let graph = description.graph().expect("valid");
    let mut weights = case.model.weights.clone();
    let (mut layers, mut scales) = (Vec::new(), Vec::new());
    for (layer, node) in description.layers.iter().zip(&graph.nodes) {
        let channels = node.output.channels;
        let second = node.junction.as_ref().and_then(|junction| junction.tensor);
        let tensors: Vec<usize> = node.tensor.into_iter().chain(second).collect();
        let largest = |channel: usize| {
            let rows = tensors.iter().flat_map(|&tensor| weights[tensor].row(channel));
            rows.fold(0.0_f64, |most, &weight| most.max(f64::from(weight).abs()))
        };
        let is_output = matches!(layer.kind, LayerKind::Out { .. });
        let common = (0..channels).map(largest).fold(0.0, f64::max);
        let of_layer: Vec<f64> = (0..channels)
            .map(|channel| {
                if is_output {
                    scale(0, common)
                } else {
                    scale(channel, largest(channel))
                }
            })
            .collect();
        let mut integers: Vec<Array2<i8>> = tensors
            .iter()
            .map(|&tensor| snap(&mut weights[tensor], &of_layer))
            .collect();
        let shortcut = match &node.junction {
            Some(junction) if junction.tensor.is_none() => Some(QuantizedShortcut::Identity(
                of_layer
                    .iter()
                    .map(|scale| floor(f64::from(guard_bits).exp2() / scale))
                    .collect(),
            )),
            Some(_) => integers.pop().map(QuantizedShortcut::Weights),
            None => None,
        };
        let pools = matches!(layer.kind, LayerKind::Pool { .. });
        let threshold =
            |scale: &f64| floor(f64::from(layer.threshold()) * f64::from(guard_bits).exp2() / scale);
        layers.push(QuantizedLayer {
            name: layer.name.clone(),
            weights: integers.pop().unwrap_or_else(|| Array2::zeros((channels, 0))),
            shortcut,
            weight_bits: WEIGHT_BITS,
            guard_bits: if pools { 0 } else { guard_bits },
            membrane_bits: 24,
            leak_shifts: if pools { Vec::new() } else { leak_shifts.to_vec() },
            floor: -(1 << 23),
            ceiling: None,
            biases: Vec::new(),
            neuron: match layer.kind {
                LayerKind::Out { .. } => Neuron::Output,
                LayerKind::Pool { .. } => Neuron::Lif {
                    thresholds: vec![3; channels],
                },
                _ => Neuron::Lif {
                    thresholds: of_layer.iter().map(threshold).collect(),
                },
            },
        });
        scales.push(if pools { Vec::new() } else { of_layer });
    }
    let quantized = QuantizedModel {
        description: description.clone(),
        layers,
        provenance: BTreeMap::new(),
    };
    let float = FloatModel {
        description,
        weights,
        provenance: BTreeMap::new(),
        biases: Vec::new(),
    };
    Twins {
        float,
        quantized,
        scales,
    }
}

/// Rounds weights to the grid of their scales; returns their integers.
fn snap(weights: &mut Array2<f32>, scales: &[f64]) -> Array2<i8> {
    #[expect(
        clippy::cast_possible_truncation,
        reason = "the largest weight is at most 127 steps"
    )]
    let integers = Array2::from_shape_fn(weights.dim(), |place| {
        (f64::from(weights[place]) / scales[place.0]).round() as i8
    });
    #[expect(clippy::cast_possible_truncation, reason = "the nearest f32")]
    let snapped = Array2::from_shape_fn(weights.dim(), |place| {
        (f64::from(integers[place]) * scales[place.0]) as f32
    });
    *weights = snapped;
    integers
}

fn floor(number: f64) -> i32 {
    #[expect(clippy::cast_possible_truncation, reason = "below 2^23 in these networks")]
    let integer = number.floor() as i32;
    integer
}

/// Scale that is a power of two and depends on the channel number modulo 3.
fn power_of_two(channel: usize, largest: f64) -> f64 {
    let power = (largest / 127.0).max(1e-3).log2().ceil();
    (power + f64::from(u8::try_from(channel % 3).expect("small"))).exp2()
}

/// Finest scale for the largest weight.
fn finest(_: usize, largest: f64) -> f64 {
    (largest / 127.0).max(1e-3)
}

fn both(name: &str, twins: &Twins) -> (Gradient, Gradient) {
    let case = case(name);
    let start = FineTuning::new(&twins.float, &twins.quantized, &twins.scales).expect("fits");
    (
        gradient(&twins.float, &case.images, &case.labels, &[]).expect("fits"),
        start.gradient(&case.images, &case.labels).expect("fits"),
    )
}

/// Scales that are powers of two only shift exponents, so all bits must be equal.
#[test]
fn without_leak_and_with_scales_of_powers_of_two_gradients_are_the_float_trainers() {
    for name in CASES {
        let twins = twins(name, 2, &[], power_of_two);
        let (float, integer) = both(name, &twins);
        assert!(
            float
                .weights
                .iter()
                .all(|weights| weights.iter().any(|&g| g != 0.0)),
            "{name}"
        );
        assert!(float.spikes == integer.spikes, "{name}: spikes differ");
        assert_eq!(
            (float.loss, float.outputs),
            (integer.loss, integer.outputs),
            "{name}"
        );
        assert_eq!(float.weights.len(), integer.weights.len());
        for (tensor, (float, integer)) in float.weights.iter().zip(&integer.weights).enumerate() {
            assert_eq!(float, integer, "{name}, tensor {tensor}");
        }
    }
}

/// With any scale and the leak of the presets, gradients agree as closely as thresholds and leaks are rounded alike.
#[test]
fn fine_quantization_has_nearly_the_float_trainers_gradients() {
    let twins = twins("fc", 10, &[7, 9], finest);
    let (float, integer) = both("fc", &twins);
    assert_eq!(float.spikes, integer.spikes);
    for (float, integer) in float.weights.iter().zip(&integer.weights) {
        let largest = float.iter().fold(0.0_f32, |most, g| most.max(g.abs()));
        for (float, integer) in float.iter().zip(integer) {
            assert!(
                (float - integer).abs() < 1e-3 * largest,
                "{float}, {integer} of {largest}"
            );
        }
    }
}

/// Masters that differ from their integers change nothing.
#[test]
fn forward_runs_by_the_integers_and_not_by_the_masters() {
    let mut twins = twins("lenet_small", 2, &[], power_of_two);
    let (_, on_grid) = both("lenet_small", &twins);
    let graph = twins.float.description.graph().expect("valid");
    for (tensor, weights) in graph.tensors.iter().zip(&mut twins.float.weights) {
        for ((channel, column), weight) in weights.indexed_iter_mut() {
            let part = if column % 2 == 0 { 0.4 } else { -3.0 };
            #[expect(clippy::cast_possible_truncation, reason = "any number will do")]
            let change = (part * twins.scales[tensor.layer][channel]) as f32;
            *weight += change;
        }
    }
    let case = case("lenet_small");
    let start = FineTuning::new(&twins.float, &twins.quantized, &twins.scales).expect("fits");
    let off_grid = start.gradient(&case.images, &case.labels).expect("fits");
    assert!(on_grid == off_grid, "the masters have a say");
    assert_ne!(
        gradient(&twins.float, &case.images, &case.labels, &[])
            .expect("fits")
            .spikes,
        off_grid.spikes
    );
}
