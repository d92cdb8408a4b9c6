//! Random layers under test.

use super::case::{Case, Path, SOURCES};
use ndarray::Array2;
use proptest::prelude::*;
use rand::RngExt;
use rand_xoshiro::Xoshiro256PlusPlus;
use synfire_golden_model::integer::{InputSigns, Neuron, QuantizedLayer, QuantizedModel, QuantizedShortcut};
use synfire_golden_model::network::{
    InputCoding, LayerDescription, LayerKind, NetworkDescription, Readout, Reset, Shape, Shortcut,
};

/// Draws a convolution. If it is `steered`, two input channels of its first path have all weights 1 and −1 and do not
/// feed the second path, and there are no guard bits and no leak. So its membranes can reach every value.
pub(crate) fn convolution(
    rng: &mut Xoshiro256PlusPlus,
    path: Path,
    input: InputSigns,
    steered: bool,
) -> Case {
    let in_channels = rng.random_range(3..6);
    let out = match path {
        Path::Identity => in_channels,
        Path::Plain | Path::Shortcut => rng.random_range(1..4),
    };
    // Draws until both paths of a junction have the same shape.
    let (shape, kernel, stride, padding, shortcut_stride) = loop {
        let (height, width) = (rng.random_range(1..7_usize), rng.random_range(1..7_usize));
        let (kernel, stride): (usize, usize) = (rng.random_range(1..6), rng.random_range(1..4));
        let padding = rng.random_range(0..kernel);
        if height.min(width) + 2 * padding < kernel {
            continue;
        }
        let windows = |length: usize| (length + 2 * padding - kernel) / stride + 1;
        let sampled =
            |by: &usize| [height.div_ceil(*by), width.div_ceil(*by)] == [windows(height), windows(width)];
        match (path, (1..=3).find(sampled)) {
            (Path::Plain, _) => break ([in_channels, height, width], kernel, stride, padding, 1),
            (_, Some(by)) => break ([in_channels, height, width], kernel, stride, padding, by),
            (_, None) => {}
        }
    };
    let steering = |channel: usize| {
        steered
            .then(|| in_channels - channel)
            .filter(|&from_last| from_last <= 2)
    };
    let largest: i8 = if steered { 20 } else { 127 };
    let mut weights = Array2::from_shape_simple_fn((out, in_channels * kernel * kernel), || {
        rng.random_range(-largest..=largest)
    });
    let mut second =
        Array2::from_shape_simple_fn((out, in_channels), || rng.random_range(-largest..=largest));
    let mut increments: Vec<i32> = (0..out).map(|_| rng.random_range(0..200)).collect();
    for ((_, column), weight) in weights.indexed_iter_mut() {
        match steering(column / (kernel * kernel)) {
            Some(1) => *weight = 1,
            Some(_) => *weight = -1,
            None => {}
        }
    }
    for ((_, channel), weight) in second.indexed_iter_mut() {
        if steering(channel).is_some() {
            *weight = 0;
        }
    }
    for (channel, one) in increments.iter_mut().enumerate().take(in_channels) {
        if steering(channel).is_some() {
            *one = 0;
        }
    }
    let shortcut = Shortcut {
        from: SOURCES[rng.random_range(0..2)].to_owned(),
        stride: shortcut_stride,
        identity: matches!(path, Path::Identity),
    };
    let (shortcut, quantized) = match path {
        Path::Plain => (None, None),
        Path::Shortcut => (Some(shortcut), Some(QuantizedShortcut::Weights(second))),
        Path::Identity => (Some(shortcut), Some(QuantizedShortcut::Identity(increments))),
    };
    let kind = LayerKind::Conv {
        out,
        kernel,
        stride,
        padding,
    };
    let described = LayerDescription {
        from: Some(SOURCES[rng.random_range(0..2)].to_owned()),
        shortcut,
        ..LayerDescription::new("tested", kind)
    };
    let layer = QuantizedLayer {
        name: "tested".to_owned(),
        weights,
        shortcut: quantized,
        weight_bits: 8,
        guard_bits: if steered { 0 } else { rng.random_range(0..=6) },
        membrane_bits: 32,
        leak_shifts: leak(rng, steered),
        floor: -rng.random_range(0..=if steered { 60 } else { 20_000 }),
        ceiling: None,
        biases: Vec::new(),
        neuron: Neuron::Lif {
            thresholds: (0..out)
                .map(|_| rng.random_range(0..=if steered { 60 } else { 20_000 }))
                .collect(),
        },
    };
    case(shape.into(), described, layer, input)
}

pub(crate) fn pooling(rng: &mut Xoshiro256PlusPlus, input: InputSigns) -> Case {
    let kernel = rng.random_range(1..4);
    let channels = rng.random_range(1..4);
    let shape = [
        channels,
        kernel + rng.random_range(0..4),
        kernel + rng.random_range(0..4),
    ];
    let described = LayerDescription {
        from: Some("input".to_owned()),
        ..LayerDescription::new("tested", LayerKind::Pool { kernel })
    };
    let layer = QuantizedLayer {
        name: "tested".to_owned(),
        weights: Array2::zeros((channels, 0)),
        shortcut: None,
        weight_bits: 2,
        guard_bits: 0,
        membrane_bits: 32,
        leak_shifts: Vec::new(),
        floor: -rng.random_range(0..=30),
        ceiling: None,
        biases: Vec::new(),
        neuron: Neuron::Lif {
            thresholds: vec![rng.random_range(0..9); channels],
        },
    };
    case(shape.into(), described, layer, input)
}

pub(crate) fn leak(rng: &mut Xoshiro256PlusPlus, steered: bool) -> Vec<u8> {
    if steered {
        return Vec::new();
    }
    let mut shifts: Vec<u8> = (0..rng.random_range(0..=3))
        .map(|_| rng.random_range(1..10))
        .collect();
    shifts.sort_unstable();
    shifts.dedup();
    shifts
}

/// Places a layer in a network: after the neurons that it receives spikes from, if any, and before an output layer.
pub(crate) fn case(
    shape: Shape,
    described: LayerDescription,
    layer: QuantizedLayer,
    input: InputSigns,
) -> Case {
    let second = described.shortcut.as_ref().map(|shortcut| shortcut.from.as_str());
    let hears_pass = [described.from.as_deref(), second].contains(&Some("pass"));
    let mut description = NetworkDescription {
        name: "case".to_owned(),
        input: shape,
        steps: 20,
        rate: 1.0,
        leak: 1.0,
        normalization: None,
        layers: Vec::new(),
        coding: InputCoding::Poisson,
        reset: Reset::Zero,
        readout: Readout::Leak,
    };
    let mut layers = Vec::new();
    if hears_pass {
        description.layers.push(LayerDescription {
            from: Some("input".to_owned()),
            ..LayerDescription::new("pass", LayerKind::Pool { kernel: 1 })
        });
        let lif = Neuron::Lif {
            thresholds: vec![0; shape.channels],
        };
        layers.push(plain("pass", Array2::zeros((shape.channels, 0)), -2, lif));
    }
    description.layers.push(described);
    layers.push(layer);
    let shape = description.layers.len() - 1;
    description
        .layers
        .push(LayerDescription::new("out", LayerKind::Out { out: 1 }));
    let heard = description.shapes()[shape].size();
    layers.push(plain("out", Array2::zeros((1, heard)), 0, Neuron::Output));
    let model = QuantizedModel {
        description,
        layers,
        provenance: Default::default(),
    };
    Case { model, input }
}

pub(crate) fn plain(name: &str, weights: Array2<i8>, floor: i32, neuron: Neuron) -> QuantizedLayer {
    QuantizedLayer {
        name: name.to_owned(),
        weights,
        shortcut: None,
        weight_bits: 2,
        guard_bits: 0,
        membrane_bits: 3,
        leak_shifts: Vec::new(),
        floor,
        ceiling: None,
        biases: Vec::new(),
        neuron,
    }
}

pub(crate) fn paths() -> impl Strategy<Value = Path> {
    prop_oneof![Just(Path::Plain), Just(Path::Shortcut), Just(Path::Identity)]
}

pub(crate) fn signs() -> impl Strategy<Value = InputSigns> {
    prop_oneof![Just(InputSigns::Unsigned), Just(InputSigns::Signed)]
}
