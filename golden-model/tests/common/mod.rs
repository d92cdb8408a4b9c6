//! Random networks and rasters for tests, from a seeded generator.

#![allow(dead_code, reason = "each test binary uses a part")]

use ndarray::{Array2, array};
use rand::RngExt;
use rand_xoshiro::Xoshiro256PlusPlus;
use synfire_golden_model::integer::{Neuron, QuantizedLayer, QuantizedModel, QuantizedShortcut};
use synfire_golden_model::network::{
    InputCoding, LayerDescription, LayerKind, NetworkDescription, Normalization, Readout, Reset, Shape,
    Shortcut,
};
use synfire_golden_model::spikes::{Spike, SpikeRaster};

/// Network with two inputs, two hidden neurons and two classes, small enough to compute by hand.
pub(crate) fn tiny() -> QuantizedModel {
    let layer = |name: &str, kind| LayerDescription::new(name, kind);
    QuantizedModel {
        description: NetworkDescription {
            name: "tiny".to_owned(),
            input: Shape {
                channels: 1,
                height: 1,
                width: 2,
            },
            steps: 3,
            rate: 0.5,
            leak: 0.75,
            normalization: None,
            layers: vec![
                layer("hidden", LayerKind::Fc { out: 2 }),
                layer("out", LayerKind::Out { out: 2 }),
            ],
            coding: InputCoding::Poisson,
            reset: Reset::Zero,
            readout: Readout::Leak,
        },
        layers: vec![
            QuantizedLayer {
                name: "hidden".to_owned(),
                weights: array![[3, -2], [1, 2]],
                shortcut: None,
                weight_bits: 3,
                guard_bits: 2,
                membrane_bits: 8,
                leak_shifts: vec![2],
                floor: -10,
                ceiling: None,
                biases: Vec::new(),
                neuron: Neuron::Lif {
                    thresholds: vec![12, 11],
                },
            },
            QuantizedLayer {
                name: "out".to_owned(),
                weights: array![[1, -3], [2, 2]],
                shortcut: None,
                weight_bits: 3,
                guard_bits: 1,
                membrane_bits: 8,
                leak_shifts: vec![1, 3],
                floor: -100,
                ceiling: None,
                biases: Vec::new(),
                neuron: Neuron::Output,
            },
        ],
        provenance: Default::default(),
    }
}

/// The tiny network with graded input, biases, reset by subtraction and an output without leak: the second example of
/// `docs/numerics.md`.
pub(crate) fn tiny_extended() -> QuantizedModel {
    let mut model = tiny();
    model.description.coding = InputCoding::Direct;
    model.description.reset = Reset::Subtract;
    model.description.readout = Readout::Sum;
    let [hidden, out] = &mut model.layers[..] else {
        unreachable!("two layers");
    };
    (hidden.guard_bits, hidden.membrane_bits, hidden.ceiling) = (1, 14, Some(9));
    hidden.neuron = Neuron::Lif {
        thresholds: vec![12, 7],
    };
    hidden.biases = vec![-4, 6];
    (out.guard_bits, out.leak_shifts, out.biases) = (0, vec![], vec![-1, 2]);
    model
}

/// Network with every kind of layer: signed input, pooling, junctions of both kinds, fully connected.
pub(crate) fn every_kind() -> QuantizedModel {
    let conv = |kernel, stride, padding| LayerKind::Conv {
        out: 2,
        kernel,
        stride,
        padding,
    };
    let mut described = vec![
        LayerDescription::new("conv1", conv(3, 1, 1)),
        LayerDescription::new("pool1", LayerKind::Pool { kernel: 2 }),
        LayerDescription::new("conv2", conv(3, 2, 1)),
        LayerDescription::new("conv3", conv(1, 1, 0)),
        LayerDescription::new("fc1", LayerKind::Fc { out: 3 }),
        LayerDescription::new("out", LayerKind::Out { out: 2 }),
    ];
    described[2].from = Some("conv1".to_owned());
    described[2].shortcut = Some(Shortcut {
        from: "pool1".to_owned(),
        stride: 1,
        identity: false,
    });
    described[3].shortcut = Some(Shortcut {
        from: "conv2".to_owned(),
        stride: 1,
        identity: true,
    });
    let weights = |rows: usize, columns: usize| {
        Array2::from_shape_fn((rows, columns), |(row, column)| {
            i8::try_from((row * 5 + column * 3) % 7).expect("below 7") - 3
        })
    };
    let layer = |name: &str, rows, columns, neuron| QuantizedLayer {
        name: name.to_owned(),
        weights: weights(rows, columns),
        shortcut: None,
        weight_bits: 4,
        guard_bits: 1,
        membrane_bits: 16,
        leak_shifts: vec![3],
        floor: -200,
        ceiling: None,
        biases: Vec::new(),
        neuron,
    };
    let lif = |thresholds: &[i32]| Neuron::Lif {
        thresholds: thresholds.to_vec(),
    };
    let mut layers = vec![
        layer("conv1", 2, 9, lif(&[7, 9])),
        layer("pool1", 2, 0, lif(&[3, 3])),
        layer("conv2", 2, 18, lif(&[5, 6])),
        layer("conv3", 2, 2, lif(&[6, 5])),
        layer("fc1", 3, 8, lif(&[0, 1, 2])),
        layer("out", 2, 3, Neuron::Output),
    ];
    layers[1].weight_bits = 2;
    layers[1].guard_bits = 0;
    layers[1].leak_shifts = vec![];
    layers[1].floor = 0;
    layers[2].shortcut = Some(QuantizedShortcut::Weights(weights(2, 2)));
    layers[3].shortcut = Some(QuantizedShortcut::Identity(vec![6, 7]));
    QuantizedModel {
        description: NetworkDescription {
            name: "kinds".to_owned(),
            input: Shape {
                channels: 1,
                height: 4,
                width: 4,
            },
            steps: 4,
            rate: 1.0,
            leak: 0.875,
            normalization: Some(Normalization {
                mean: vec![0.5],
                deviation: vec![0.5],
            }),
            layers: described,
            coding: InputCoding::Poisson,
            reset: Reset::Zero,
            readout: Readout::Leak,
        },
        layers,
        provenance: Default::default(),
    }
}

/// Draws one to three layers with weights of 2 to 8 bits, 0 to 12 guard bits and leaks of no to three shifts; every
/// membrane is 32 bits wide, which suffices for networks this small with any input.
pub(crate) fn random_model(rng: &mut Xoshiro256PlusPlus, tight_floors: bool) -> QuantizedModel {
    let depth = rng.random_range(1..=3);
    let input = Shape {
        channels: rng.random_range(1..=2),
        height: rng.random_range(1..=4),
        width: rng.random_range(1..=5),
    };
    let mut inputs = input.size();
    let mut layers = Vec::new();
    let mut described = Vec::new();
    for index in 0..depth {
        let last = index + 1 == depth;
        let outputs = rng.random_range(1..=24);
        let layer = random_layer(
            rng,
            format!("layer{index}"),
            [outputs, inputs],
            last,
            tight_floors,
        );
        let kind = if last {
            LayerKind::Out { out: outputs }
        } else {
            LayerKind::Fc { out: outputs }
        };
        described.push(LayerDescription::new(&layer.name, kind));
        layers.push(layer);
        inputs = outputs;
    }
    QuantizedModel {
        description: NetworkDescription {
            name: "random".to_owned(),
            input,
            steps: 16,
            rate: 1.0,
            leak: 0.99,
            normalization: None,
            layers: described,
            coding: InputCoding::Poisson,
            reset: Reset::Zero,
            readout: Readout::Leak,
        },
        layers,
        provenance: Default::default(),
    }
}

fn random_layer(
    rng: &mut Xoshiro256PlusPlus,
    name: String,
    shape: [usize; 2],
    last: bool,
    tight_floors: bool,
) -> QuantizedLayer {
    let weight_bits: u8 = rng.random_range(2..=8);
    let guard_bits: u8 = rng.random_range(0..=12);
    let largest = i8::try_from((1_i32 << (weight_bits - 1)) - 1).expect("at most 8 bits");
    let unit = i32::from(largest) << guard_bits;
    let mut leak_shifts: Vec<u8> = (0..rng.random_range(0..=3))
        .map(|_| rng.random_range(1..=12))
        .collect();
    leak_shifts.sort_unstable();
    leak_shifts.dedup();
    let neuron = if last {
        Neuron::Output
    } else {
        Neuron::Lif {
            thresholds: (0..shape[0]).map(|_| rng.random_range(0..=3 * unit)).collect(),
        }
    };
    QuantizedLayer {
        name,
        weights: Array2::from_shape_simple_fn(shape, || rng.random_range(-largest..=largest)),
        shortcut: None,
        weight_bits,
        guard_bits,
        membrane_bits: 32,
        leak_shifts,
        floor: if tight_floors {
            -rng.random_range(0..=4 * unit)
        } else {
            -(1 << 30)
        },
        neuron,
        ceiling: None,
        biases: Vec::new(),
    }
}

/// Draws `steps` steps of spikes for `model`; some of them are negative if `signed`.
pub(crate) fn random_raster(
    rng: &mut Xoshiro256PlusPlus,
    model: &QuantizedModel,
    steps: usize,
    signed: bool,
) -> SpikeRaster {
    let width = model.description.input.size();
    let mut raster = SpikeRaster::new(width);
    for _ in 0..steps {
        let mut spikes = Vec::new();
        for address in 0..u32::try_from(width).expect("small") {
            if rng.random_bool(0.4) {
                spikes.push(Spike::signed(address, signed && rng.random_bool(0.3)));
            }
        }
        raster.push_step(spikes);
    }
    raster
}
