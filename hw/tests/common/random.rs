//! Random networks with layers of every kind, and random spikes, for the tests of the circuits and of the integer contract.

use ndarray::{Array2, Array3};
use rand::RngExt;
use rand::seq::IndexedRandom;
use rand_xoshiro::Xoshiro256PlusPlus;
use synfire_golden_model::integer::proof::verify;
use synfire_golden_model::integer::{InputSigns, Neuron, QuantizedLayer, QuantizedModel, QuantizedShortcut};
use synfire_golden_model::network::{
    InputCoding, LayerDescription, LayerKind, NetworkDescription, Node, Normalization, Readout, Reset, Shape,
    Shortcut,
};
use synfire_golden_model::spikes::{Spike, SpikeRaster};

/// Time steps of the networks that are drawn.
pub(crate) const STEPS: usize = 12;

/// Draws a network with any choice of coding, reset, readout and biases. Most membranes are as narrow as the proof allows, so
/// all widths occur.
pub(crate) fn model(rng: &mut Xoshiro256PlusPlus) -> QuantizedModel {
    model_of(rng, true)
}

/// Draws a network; one that is not of the `whole` contract is of version 2, which spikes alone enter.
pub(crate) fn model_of(rng: &mut Xoshiro256PlusPlus, whole: bool) -> QuantizedModel {
    loop {
        let mut description = describe(rng);
        if whole {
            choose(rng, &mut description);
        }
        description.validate().expect("a valid network");
        let nodes = description.graph().expect("it is valid").nodes;
        let layers = description.layers.iter().zip(&nodes);
        let mut layers: Vec<QuantizedLayer> = layers.map(|(layer, node)| numbers(rng, layer, node)).collect();
        if whole {
            extend(rng, &description, &mut layers);
        }
        let mut model = QuantizedModel {
            description,
            layers,
            provenance: [].into(),
        };
        // Some need more than 32 bits.
        let Ok(proven) = verify(&model, InputSigns::of(&model.description)) else {
            continue;
        };
        for (layer, bounds) in model.layers.iter_mut().zip(proven) {
            if rng.random_bool(0.8) {
                layer.membrane_bits = narrowest(layer, bounds.lowest, bounds.highest);
            }
        }
        return model;
    }
}

/// Width that holds the sums of the proof, and all numbers that are compared with a membrane.
fn narrowest(layer: &QuantizedLayer, lowest: i64, highest: i64) -> u8 {
    let mut numbers = vec![lowest, highest, layer.floor.into()];
    if let Neuron::Lif { thresholds } = &layer.neuron {
        numbers.extend(thresholds.iter().map(|&threshold| i64::from(threshold)));
    }
    numbers.extend(layer.biases.iter().copied().chain(layer.ceiling).map(i64::from));
    if let Some(QuantizedShortcut::Identity(identities)) = &layer.shortcut {
        numbers.extend(identities.iter().map(|&identity| i64::from(identity)));
    }
    let bits = |number: i64| 65 - if number < 0 { !number } else { number }.leading_zeros();
    let bits = numbers.into_iter().map(bits).max().unwrap_or(2);
    u8::try_from(bits).expect("at most 32").max(2)
}

/// Chooses coding, reset and readout.
fn choose(rng: &mut Xoshiro256PlusPlus, description: &mut NetworkDescription) {
    description.coding = *InputCoding::ALL.choose(rng).expect("some");
    description.reset = *Reset::ALL.choose(rng).expect("some");
    description.readout = *Readout::ALL.choose(rng).expect("some");
    if description.coding == InputCoding::Counts {
        description.normalization = None;
    }
}

/// Draws biases and ceilings, and removes the leak of an output layer that is read as a sum.
fn extend(rng: &mut Xoshiro256PlusPlus, description: &NetworkDescription, layers: &mut [QuantizedLayer]) {
    for (layer, described) in layers.iter_mut().zip(&description.layers) {
        let pools = matches!(described.kind, LayerKind::Pool { .. });
        let fires = matches!(layer.neuron, Neuron::Lif { .. });
        let unit = if pools {
            3
        } else {
            ((1 << (layer.weight_bits - 1)) - 1) << layer.guard_bits
        };
        if !pools && rng.random_bool(0.6) {
            layer.biases = (0..layer.outputs())
                .map(|_| rng.random_range(-unit..=unit))
                .collect();
        }
        if fires && description.reset == Reset::Subtract {
            layer.ceiling = Some(rng.random_range(0..=4 * unit));
        }
        if !fires && description.readout == Readout::Sum {
            layer.leak_shifts.clear();
        }
    }
}

fn describe(rng: &mut Xoshiro256PlusPlus) -> NetworkDescription {
    let input = Shape {
        channels: rng.random_range(1..=3),
        height: rng.random_range(1..=8),
        width: rng.random_range(1..=8),
    };
    let signed = rng.random_bool(0.5);
    let mut description = NetworkDescription {
        name: "random".to_owned(),
        input,
        steps: STEPS,
        rate: 0.75,
        leak: 0.99,
        normalization: signed.then(|| Normalization {
            mean: vec![0.4; input.channels],
            deviation: vec![0.3; input.channels],
        }),
        layers: Vec::new(),
        coding: InputCoding::Poisson,
        reset: Reset::Zero,
        readout: Readout::Leak,
    };
    for index in 0..rng.random_range(0..=7) {
        let layer = LayerDescription::new(format!("layer{index}"), LayerKind::Fc { out: 1 });
        add(rng, &mut description, layer);
    }
    let kind = LayerKind::Out {
        out: rng.random_range(1..=5),
    };
    description.layers.push(LayerDescription::new("out", kind));
    while let Some(dead) = dead_layer(&description) {
        description.layers.remove(dead);
    }
    description
}

/// Layer whose spikes no layer receives.
fn dead_layer(description: &NetworkDescription) -> Option<usize> {
    let layers = &description.layers;
    let takes = |layer: &LayerDescription, name: &str| {
        layer.from.as_deref() == Some(name)
            || layer
                .shortcut
                .as_ref()
                .is_some_and(|shortcut| shortcut.from == name)
    };
    (0..layers.len() - 1).find(|&index| {
        let name = layers[index].name.as_str();
        layers[index + 1].from.is_some() && !layers.iter().any(|layer| takes(layer, name))
    })
}

/// Adds a hidden layer of a random kind, with a random source and perhaps a shortcut.
fn add(rng: &mut Xoshiro256PlusPlus, description: &mut NetworkDescription, mut layer: LayerDescription) {
    let mut sources = vec![("input".to_owned(), description.input)];
    let names = description.layers.iter().map(|layer| layer.name.clone());
    sources.extend(names.zip(description.shapes()));
    if rng.random_bool(0.4) {
        layer.from = sources.choose(rng).map(|(name, _)| name.clone());
    }
    let source = match &layer.from {
        Some(from) => sources.iter().find(|(name, _)| name == from),
        None => sources.last(),
    };
    let shape = source.expect("there is the input").1;
    let side = shape.height.min(shape.width);
    layer.kind = match rng.random_range(0..10) {
        0..6 => {
            let kernel = rng.random_range(1..=4);
            // Junctions want shapes that meet: "same" padding, and channels of another layer.
            let same = rng.random_bool(0.5);
            let channels = sources.choose(rng).map_or(1, |(_, shape)| shape.channels);
            LayerKind::Conv {
                out: if rng.random_bool(0.5) {
                    channels.min(6)
                } else {
                    rng.random_range(1..=5)
                },
                kernel: if same { 3 } else { kernel },
                stride: rng.random_range(1..=3),
                padding: if same { 1 } else { rng.random_range(0..kernel) },
            }
        }
        6..8 => LayerKind::Pool {
            kernel: rng.random_range(1..=side.min(3)),
        },
        _ => LayerKind::Fc {
            out: rng.random_range(1..=8),
        },
    };
    description.layers.push(layer);
    let Ok(graph) = description.graph() else {
        // A window that does not fit.
        description.layers.pop();
        return;
    };
    let index = description.layers.len() - 1;
    let mut shortcuts = shortcuts(&sources, graph.nodes[index].output);
    let layer = &mut description.layers[index];
    let before = &sources[index].0;
    if layer.from.is_some() && shortcuts.iter().any(|shortcut| shortcut.from == *before) {
        // Else nothing takes the spikes of the layer before.
        shortcuts.retain(|shortcut| shortcut.from == *before);
    }
    if matches!(layer.kind, LayerKind::Conv { .. }) && rng.random_bool(0.7) {
        layer.shortcut = shortcuts.choose(rng).cloned();
    }
}

/// All second paths whose output has a given shape.
fn shortcuts(sources: &[(String, Shape)], output: Shape) -> Vec<Shortcut> {
    let mut shortcuts = Vec::new();
    for (from, shape) in sources {
        for stride in 1..=3 {
            let sampled = [shape.height.div_ceil(stride), shape.width.div_ceil(stride)];
            if sampled != [output.height, output.width] {
                continue;
            }
            for identity in [false, true] {
                if !identity || shape.channels == output.channels {
                    shortcuts.push(Shortcut {
                        from: from.clone(),
                        stride,
                        identity,
                    });
                }
            }
        }
    }
    shortcuts
}

fn numbers(rng: &mut Xoshiro256PlusPlus, layer: &LayerDescription, node: &Node) -> QuantizedLayer {
    let rows = node.output.channels;
    let pool = matches!(layer.kind, LayerKind::Pool { .. });
    let (columns, window) = match layer.kind {
        LayerKind::Conv { kernel, .. } => (node.input.channels * kernel * kernel, 0),
        LayerKind::Pool { kernel } => (0, kernel * kernel),
        LayerKind::Fc { .. } | LayerKind::Out { .. } => (node.input.size(), 0),
    };
    let weight_bits: u8 = if pool { 2 } else { rng.random_range(2..=8) };
    let guard_bits: u8 = match rng.random_range(0..4) {
        _ if pool => 0,
        0 => 0,
        1 => rng.random_range(0..=12),
        _ => rng.random_range(0..=4),
    };
    let largest = i8::try_from((1_i32 << (weight_bits - 1)) - 1).expect("at most 8 bits");
    let unit = if pool { 1 } else { i32::from(largest) << guard_bits };
    let mut leak_shifts: Vec<u8> = (0..rng.random_range(0..=3))
        .map(|_| rng.random_range(1..=12))
        .collect();
    leak_shifts.sort_unstable();
    leak_shifts.dedup();
    if pool {
        leak_shifts.clear();
    }
    let highest = if pool {
        i32::try_from(window).expect("small")
    } else {
        2 * unit
    };
    let weights = |rng: &mut Xoshiro256PlusPlus, columns| {
        Array2::from_shape_simple_fn((rows, columns), || rng.random_range(-largest..=largest))
    };
    let own = weights(rng, columns);
    let shortcut = node.junction.as_ref().map(|junction| match junction.tensor {
        Some(_) => QuantizedShortcut::Weights(weights(rng, junction.input.channels)),
        None => QuantizedShortcut::Identity((0..rows).map(|_| rng.random_range(0..=2 * unit)).collect()),
    });
    let floor = -rng.random_range(0..=3 * unit);
    let neuron = match layer.kind {
        LayerKind::Out { .. } => Neuron::Output,
        _ => Neuron::Lif {
            thresholds: (0..rows).map(|_| rng.random_range(0..=highest)).collect(),
        },
    };
    QuantizedLayer {
        name: layer.name.clone(),
        weights: own,
        shortcut,
        weight_bits,
        guard_bits,
        membrane_bits: 32,
        leak_shifts,
        floor,
        ceiling: None,
        biases: Vec::new(),
        neuron,
    }
}

/// Draws `STEPS` steps of events, as a raster and as the value of every input.
pub(crate) fn raster(
    rng: &mut Xoshiro256PlusPlus,
    model: &QuantizedModel,
) -> (SpikeRaster, Vec<Array3<i64>>) {
    let shape: [usize; 3] = model.description.input.into();
    let signed = model.description.normalization.is_some();
    let rate = rng.random_range(0.1..0.9);
    let mut raster = SpikeRaster::new(shape.iter().product());
    let mut dense = Vec::new();
    for _ in 0..STEPS {
        let largest = i64::from(model.description.coding.largest_value());
        let values = Array3::from_shape_simple_fn(shape, || {
            let sign = match rng.random_bool(rate) {
                false => return 0,
                true if signed && rng.random_bool(0.4) => -1,
                true => 1,
            };
            match largest {
                1 => sign,
                _ if rng.random_bool(0.2) => sign * largest,
                _ => sign * rng.random_range(1..=largest),
            }
        });
        let events = (0..).zip(&values).filter(|(_, value)| **value != 0);
        raster.push_step(events.map(|(address, &value)| Spike {
            address,
            value: i16::try_from(value).expect("at most 255"),
        }));
        dense.push(values);
    }
    (raster, dense)
}
