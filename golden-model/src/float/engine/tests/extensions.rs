//! Networks with biases, graded input, reset by subtraction and an output without leak, against plain loops in double
//! precision. All numbers are such that single precision is exact.

use super::*;
use crate::float::testing::{Choices, NETWORKS, model, raster};
use crate::network::Node;

/// Weights of the synapses into the neuron of a layer: source, number of the source's neuron, weight.
fn synapses(model: &FloatModel, index: usize, node: &Node, neuron: usize) -> Vec<(Source, usize, f64)> {
    let weight = |tensor: Option<usize>, row: usize, column: usize| {
        f64::from(model.weights[tensor.unwrap()][[row, column]])
    };
    let (height, width) = (node.output.height, node.output.width);
    let (channel, y, x) = (neuron / (height * width), neuron / width % height, neuron % width);
    let number = |shape: Shape, c: usize, y: usize, x: usize| (c * shape.height + y) * shape.width + x;
    let input = node.input;
    let mut found = Vec::new();
    match model.description.layers[index].kind {
        LayerKind::Fc { .. } | LayerKind::Out { .. } => {
            for from in 0..input.size() {
                found.push((node.source, from, weight(node.tensor, channel, from)));
            }
        }
        LayerKind::Pool { kernel } => {
            for (i, j) in (0..kernel).flat_map(|i| (0..kernel).map(move |j| (i, j))) {
                let from = number(input, channel, y * kernel + i, x * kernel + j);
                found.push((node.source, from, 1.0 / (kernel * kernel) as f64));
            }
        }
        LayerKind::Conv {
            kernel,
            stride,
            padding,
            ..
        } => {
            for (i, j) in (0..kernel).flat_map(|i| (0..kernel).map(move |j| (i, j))) {
                let inside = |at: usize, length: usize| at.checked_sub(padding).filter(|&at| at < length);
                let (row, column) = (
                    inside(y * stride + i, input.height),
                    inside(x * stride + j, input.width),
                );
                let (Some(row), Some(column)) = (row, column) else {
                    continue;
                };
                for c in 0..input.channels {
                    let place = (c * kernel + i) * kernel + j;
                    found.push((
                        node.source,
                        number(input, c, row, column),
                        weight(node.tensor, channel, place),
                    ));
                }
            }
        }
    }
    if let Some(junction) = &node.junction {
        let (row, column) = (y * junction.stride, x * junction.stride);
        match junction.tensor {
            None => found.push((junction.source, number(junction.input, channel, row, column), 1.0)),
            Some(_) => found.extend((0..junction.input.channels).map(|c| {
                let from = number(junction.input, c, row, column);
                (junction.source, from, weight(junction.tensor, channel, c))
            })),
        }
    }
    found
}

/// Spikes `[layer][step][neuron]` of the layers that fire, and the outputs y.
fn plain(model: &FloatModel, input: &SpikeRaster) -> (Vec<Vec<Vec<bool>>>, Vec<f64>) {
    let description = &model.description;
    let nodes = description.graph().unwrap().nodes;
    let sizes: Vec<usize> = nodes.iter().map(|node| node.output.size()).collect();
    let mut membranes: Vec<Vec<f64>> = sizes.iter().map(|&size| vec![0.0; size]).collect();
    let mut spikes: Vec<Vec<Vec<bool>>> = vec![Vec::new(); nodes.len()];
    for events in input.iter() {
        let mut values = vec![0.0; input.width()];
        for event in events {
            values[event.address as usize] = f64::from(event.value) * f64::from(description.coding.unit());
        }
        for (index, (node, layer)) in nodes.iter().zip(&description.layers).enumerate() {
            let sent = |source: Source, from: usize| match source {
                Source::Input => values[from],
                Source::Layer(source) => f64::from(u8::from(spikes[source].last().unwrap()[from])),
            };
            let (is_output, is_pool) = (
                matches!(layer.kind, LayerKind::Out { .. }),
                matches!(layer.kind, LayerKind::Pool { .. }),
            );
            let mut fired = vec![false; sizes[index]];
            for neuron in 0..sizes[index] {
                let mut v = membranes[index][neuron];
                for (source, from, weight) in synapses(model, index, node, neuron) {
                    v += weight * sent(source, from);
                }
                let channel = neuron / (node.output.height * node.output.width);
                v += f64::from(model.biases_of(index).get(channel).copied().unwrap_or(0.0));
                let threshold = f64::from(layer.threshold());
                if !is_output && v > threshold {
                    fired[neuron] = true;
                    v = match description.reset {
                        Reset::Zero => 0.0,
                        Reset::Subtract => v - threshold,
                    };
                }
                let leaks = !(is_pool || is_output && description.readout == Readout::Sum);
                membranes[index][neuron] = if leaks { v * f64::from(description.leak) } else { v };
            }
            spikes[index].push(fired);
        }
    }
    spikes.pop();
    let last = nodes.len() - 1;
    let scale = f64::from(description.layers[last].threshold()) * description.steps as f64;
    (spikes, membranes[last].iter().map(|v| v / scale).collect())
}

#[test]
fn every_choice_in_every_layer_kind_is_computed() {
    let mut fired = BTreeMap::<String, usize>::new();
    for (number, choices) in (0..).zip(Choices::all()) {
        for compact in NETWORKS {
            let model = model(compact, choices, 0.5, number);
            let engine = Engine::new(&model.description);
            let weights = Parameters::of_model(&model).unwrap();
            let mut state = engine.state();
            // The second image finds the state of the first.
            for image in 0..2 {
                let input = raster(&model.description, 0.5, number + 100 * image);
                engine.forward_raster(&weights, &input, &mut state);
                let (spikes, outputs) = plain(&model, &input);
                for (layer, spikes) in spikes.iter().enumerate() {
                    let found = state.raster(&engine, layer);
                    for (step, expected) in spikes.iter().enumerate() {
                        let expected: Vec<u32> = (0..)
                            .zip(expected)
                            .filter_map(|(address, &fired)| fired.then_some(address))
                            .collect();
                        let found: Vec<u32> = found.step(step).iter().map(|spike| spike.address).collect();
                        assert_eq!(
                            found, expected,
                            "{compact}, {choices:?}, layer {layer}, step {step}"
                        );
                        *fired
                            .entry(format!("{:?} {:?}", choices.coding, choices.reset))
                            .or_default() += found.len();
                    }
                }
                let found: Vec<f64> = state.output.iter().map(|&y| f64::from(y)).collect();
                assert_eq!(found, outputs, "{compact}, {choices:?}");
            }
        }
    }
    assert_eq!(fired.len(), 6);
    assert!(fired.values().all(|&count| count > 500), "{fired:?}");
}

#[test]
fn kinds_of_vectors_agree_on_graded_input() {
    let choices = Choices {
        coding: InputCoding::Direct,
        reset: Reset::Subtract,
        readout: Readout::Sum,
        biased: true,
        signed: true,
    };
    for compact in NETWORKS {
        let mut model = model(compact, choices, 0.9, 3);
        // Sums that are rounded.
        for weights in &mut model.weights {
            weights.map_inplace(|weight| *weight *= 0.987_654_3);
        }
        let input = raster(&model.description, 0.7, 4);
        let weights = Parameters::of_model(&model).unwrap();
        let outputs = Dispatch::all().into_iter().map(|dispatch| {
            let engine = Engine::new(&model.description).with_dispatch(dispatch);
            let mut state = engine.state();
            engine.forward_raster(&weights, &input, &mut state);
            state.output.iter().map(|y| y.to_bits()).collect::<Vec<_>>()
        });
        let outputs: Vec<Vec<u32>> = outputs.collect();
        assert!(outputs.iter().all(|output| *output == outputs[0]), "{compact}");
        assert!(outputs[0].iter().any(|&bits| bits != 0));
    }
}

/// The forward pass of fine-tuning is that of the integer engine, also for what the paper's networks do not have.
#[test]
fn integers_in_float_vectors_are_those_of_the_integer_engine() {
    let mut fired = 0;
    let mut limited = 0;
    for (number, choices) in (0..).zip(Choices::all()) {
        for compact in NETWORKS {
            let model = model(compact, choices, 0.75, number);
            let config = QuantizeConfig {
                weight_bits: 4,
                ..QuantizeConfig::default()
            };
            let (mut quantized, report) = quantize(&model, &config).unwrap();
            // Limits that act.
            for layer in &mut quantized.layers {
                if let Neuron::Lif { thresholds } = &layer.neuron {
                    let most = thresholds.iter().max().unwrap();
                    layer.floor = layer.floor.max(-most / 2);
                    layer.ceiling = layer.ceiling.map(|ceiling| ceiling.min(2 * most / 3));
                }
                assert!(layer.membrane_bits <= MAX_MEMBRANE_BITS, "{compact}");
            }
            let scales: Vec<Vec<f64>> = report
                .layers
                .into_iter()
                .map(|layer| layer.channel_scales)
                .collect();
            let engine = Engine::integers(&quantized, &scales);
            let weights: Vec<Array2<f32>> = integer_weights(&quantized);
            let weights = Parameters::of_matrices(&quantized.description, &weights);
            let mut state = engine.state();
            let mut expected = integer::Engine::new(&quantized).unwrap();
            let input = raster(&model.description, 0.5, number);
            engine.forward_raster(&weights, &input, &mut state);
            let trace = expected.trace(&input, true).unwrap();
            let what = format!("{compact}, {choices:?}");
            for (layer, expected) in trace.layers.iter().enumerate() {
                assert_eq!(state.raster(&engine, layer), *expected, "{what}, layer {layer}");
                fired += expected.total();
            }
            let potentials = trace.potentials_by_step.iter().map(|&m| f64::from(m));
            let found = state.readout.iter().map(|&m| f64::from(m));
            assert_eq!(
                found.collect::<Vec<_>>(),
                potentials.collect::<Vec<_>>(),
                "{what}"
            );
            for (layer, membranes) in quantized.layers.iter().zip(trace.membranes.unwrap()) {
                limited += membranes.iter().filter(|&&m| Some(m) == layer.ceiling).count();
            }
        }
    }
    assert!(
        fired > 5000 && limited > 100,
        "{fired} spikes, {limited} at the ceiling"
    );
}

/// Weights q·2^G of every tensor.
fn integer_weights(quantized: &QuantizedModel) -> Vec<Array2<f32>> {
    let graph = quantized.description.graph().unwrap();
    let tensors = graph.tensors.iter().enumerate().map(|(index, tensor)| {
        let layer = &quantized.layers[tensor.layer];
        let weights = match &layer.shortcut {
            Some(QuantizedShortcut::Weights(weights)) if graph.nodes[tensor.layer].tensor != Some(index) => {
                weights
            }
            _ => &layer.weights,
        };
        weights.mapv(|q| f32::from(q) * f32::from(layer.guard_bits).exp2())
    });
    tensors.collect()
}
