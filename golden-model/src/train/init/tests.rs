use super::*;
use crate::float::{Engine, Events, FloatModel, Parameters, State, gradient};
use crate::network::{Graph, LayerKind, NetworkDescription, Shape, Source};
use crate::random::Random;
use crate::spikes::{Spike, SpikeRaster};
use ndarray::ArrayView1;

/// Tolerance of mean and deviation in thresholds: f32 weights, and f32 sums of drives.
const TOLERANCE: f64 = 1e-4;

/// Images given as spikes.
struct Rasters<'a>(&'a Engine, &'a [SpikeRaster]);

impl Presenter for Rasters<'_> {
    type Worker = (Engine, State, usize);

    fn images(&self) -> usize {
        self.1.len()
    }

    fn worker(&self, index: usize) -> Self::Worker {
        let front = self.0.front(index);
        let state = front.state();
        (front, state, index)
    }

    fn present(
        &self,
        (front, state, index): &mut Self::Worker,
        weights: &Parameters,
        image: usize,
        step: &mut dyn FnMut(&[Vec<Events<'_>>]),
    ) {
        front.forward_raster(weights, &self.1[image], state);
        for t in 0..front.steps() {
            step(&self.0.received(state, *index, t));
        }
    }
}

fn rasters(network: &NetworkDescription, signed: bool, images: usize) -> Vec<SpikeRaster> {
    let mut random = Random::new(7);
    let raster = |_| {
        let mut raster = SpikeRaster::new(network.input.size());
        // Inputs differ in their rates, as pixels do.
        let rates: Vec<f32> = (0..network.input.size()).map(|_| random.uniform()).collect();
        for _ in 0..network.steps {
            let fires: Vec<Spike> = (0..)
                .zip(&rates)
                .filter_map(|(address, rate)| (random.uniform() < *rate).then_some(address))
                .map(|address| Spike::signed(address, signed && address % 3 == 0))
                .collect();
            raster.push_step(fires);
        }
        raster
    };
    (0..images).map(raster).collect()
}

/// What each source sends in one step: numbers in C, H, W order.
fn numbers(raster: &SpikeRaster, t: usize) -> Vec<f64> {
    let mut numbers = vec![0.0; raster.width()];
    for spike in raster.step(t) {
        numbers[spike.address as usize] = f64::from(spike.value);
    }
    numbers
}

/// Drive of one neuron over one path, computed densely from the definition.
fn sum(
    weights: ArrayView1<'_, f32>,
    [kernel, stride, padding]: [usize; 3],
    source: Shape,
    [y, x]: [usize; 2],
    sent: &[f64],
) -> f64 {
    let mut total = 0.0;
    for (column, &weight) in weights.iter().enumerate() {
        let (channel, place) = (column / (kernel * kernel), column % (kernel * kernel));
        let row = (y * stride + place / kernel).checked_sub(padding);
        let column = (x * stride + place % kernel).checked_sub(padding);
        let inside = row
            .zip(column)
            .filter(|&(row, column)| row < source.height && column < source.width);
        if let Some((row, column)) = inside {
            total += f64::from(weight) * sent[(channel * source.height + row) * source.width + column];
        }
    }
    total
}

/// Drives of every channel of a layer, over all images, steps and positions, in units of the threshold.
fn drives(model: &FloatModel, images: &[SpikeRaster], index: usize) -> Vec<Vec<f64>> {
    let description = &model.description;
    let Graph { nodes, .. } = description.graph().unwrap();
    let (node, layer) = (&nodes[index], &description.layers[index]);
    let spikes = gradient(model, images, &vec![0; images.len()], &[])
        .unwrap()
        .spikes;
    let mut drives = vec![Vec::new(); node.output.channels];
    for (input, layers) in images.iter().zip(&spikes) {
        for t in 0..description.steps {
            let sent = |source: Source| match source {
                Source::Input => numbers(input, t),
                Source::Layer(source) => numbers(&layers[source], t),
            };
            let first = sent(node.source);
            let second = node.junction.as_ref().map(|junction| sent(junction.source));
            for (channel, drives) in drives.iter_mut().enumerate() {
                for place in 0..node.output.height * node.output.width {
                    let at = [place / node.output.width, place % node.output.width];
                    let weights = model.weights[node.tensor.unwrap()].row(channel);
                    let mut drive = match layer.kind {
                        LayerKind::Conv {
                            kernel,
                            stride,
                            padding,
                            ..
                        } => sum(weights, [kernel, stride, padding], node.input, at, &first),
                        _ => weights.iter().zip(&first).map(|(&w, s)| f64::from(w) * s).sum(),
                    };
                    if let (Some(junction), Some(second)) = (&node.junction, &second) {
                        drive += match junction.tensor {
                            Some(tensor) => {
                                let weights = model.weights[tensor].row(channel);
                                sum(weights, [1, junction.stride, 0], junction.input, at, second)
                            }
                            None => {
                                let shape = junction.input;
                                let [y, x] = at.map(|place| place * junction.stride);
                                second[(channel * shape.height + y) * shape.width + x]
                            }
                        };
                    }
                    drives.push(drive / f64::from(layer.threshold()));
                }
            }
        }
    }
    drives
}

fn mean_and_deviation(numbers: &[f64]) -> (f64, f64) {
    let count = numbers.len() as f64;
    let mean = numbers.iter().sum::<f64>() / count;
    let square = numbers.iter().map(|number| (number - mean).powi(2)).sum::<f64>() / count;
    (mean, square.sqrt())
}

fn network(text: &str, steps: usize) -> NetworkDescription {
    let mut network = NetworkDescription::from_compact(text, None).unwrap();
    network.steps = steps;
    network
}

/// Scales the initial weights of a network on images; returns the model and what could not be scaled.
fn scaled(network: &NetworkDescription, images: &[SpikeRaster]) -> (FloatModel, Vec<Unscaled>) {
    let engine = Engine::new(network);
    let mut weights = Parameters::initial(network, 3);
    let unscaled = standardize(network, &engine, &mut weights, &Rasters(&engine, images));
    let model = FloatModel {
        description: network.clone(),
        weights: weights.to_matrices(network),
        biases: Vec::new(),
        provenance: std::collections::BTreeMap::new(),
    };
    (model, unscaled)
}

/// Every kind of layer: strides, pooling, both kinds of junctions, other thresholds than 1, two sources of the input.
const KINDS: [&str; 2] = [
    "6C3p1-P2t0.1-R7-I7-12t0.5-5@2x8x8",
    "5C5s2p2t1.5-4C3p1+0s2-R6s2t0.8-9-4@3x9x7",
];

#[test]
fn every_channel_starts_with_mean_0_and_deviation_1() {
    for text in KINDS {
        for signed in [false, true] {
            let network = network(text, 12);
            let images = rasters(&network, signed, 11);
            let (model, unscaled) = scaled(&network, &images);
            assert_eq!(unscaled, [], "{text}");
            for (index, layer) in network.layers.iter().enumerate() {
                if matches!(layer.kind, LayerKind::Pool { .. }) {
                    continue;
                }
                for (channel, drives) in drives(&model, &images, index).iter().enumerate() {
                    let (mean, deviation) = mean_and_deviation(drives);
                    // Outputs start near 0, but need not reach a threshold.
                    let is_output = matches!(layer.kind, LayerKind::Out { .. });
                    assert!(
                        mean.abs() < TOLERANCE && (is_output || (deviation - 1.0).abs() < TOLERANCE),
                        "{text}, signed {signed}, {}, channel {channel}: {mean}, {deviation}",
                        layer.name
                    );
                }
            }
        }
    }
}

#[test]
fn any_number_of_threads_gives_the_same_weights() {
    let network = network(KINDS[0], 8);
    let images = rasters(&network, false, 19);
    let with = |threads| {
        let pool = rayon::ThreadPoolBuilder::new()
            .num_threads(threads)
            .build()
            .unwrap();
        pool.install(|| scaled(&network, &images).0)
    };
    let (one, three) = (with(1), with(3));
    for (one, three) in one.weights.iter().zip(&three.weights) {
        let bits = |weights: &ndarray::Array2<f32>| weights.mapv(f32::to_bits);
        assert_eq!(bits(one), bits(three));
    }
}

#[test]
fn a_layer_that_receives_nothing_keeps_its_weights_and_is_named() {
    let network = network("4C3p1-P2-6-3@1x4x4", 5);
    let mut silent = SpikeRaster::new(16);
    (0..5).for_each(|_| silent.push_step([]));
    let (model, unscaled) = scaled(&network, &[silent]);
    let initial = FloatModel::initial(network, 3).unwrap();
    assert_eq!(model.weights, initial.weights);
    let names: Vec<&str> = unscaled.iter().map(|unscaled| unscaled.layer.as_str()).collect();
    assert_eq!(names, ["conv1", "fc1", "out"]);
    assert_eq!(unscaled[0].channels, [0, 1, 2, 3]);
    assert_eq!(
        unscaled[0].to_string(),
        "layer `conv1`: the start of 4 channels was not scaled, because the drive of the first images does not vary; use \
         more steps, raise the input rate, or lower the threshold of pooling (`P2t0.1`)"
    );
}

/// Graded inputs: each input has its own factor, the same in all steps.
struct Graded<'a>(&'a Engine, &'a [Vec<f32>]);

impl Presenter for Graded<'_> {
    type Worker = usize;

    fn images(&self) -> usize {
        self.1.len()
    }

    fn worker(&self, index: usize) -> usize {
        index
    }

    fn present(
        &self,
        index: &mut usize,
        _: &Parameters,
        image: usize,
        step: &mut dyn FnMut(&[Vec<Events<'_>>]),
    ) {
        // Only the first layer receives the images.
        let received = if *index == 0 { &self.1[image][..] } else { &[] };
        let addresses: Vec<u32> = (0..).take(received.len()).collect();
        let events = addresses.iter().zip(received).map(|(address, &factor)| Events {
            addresses: std::slice::from_ref(address),
            factor,
        });
        let events = [events.collect()];
        (0..self.0.steps()).for_each(|_| step(&events));
    }
}

#[test]
fn graded_inputs_scale_a_layer_as_spikes_do() {
    let network = network("7-2@1x1x9", 3);
    let engine = Engine::new(&network);
    let mut random = Random::new(5);
    let images: Vec<Vec<f32>> = (0..30)
        .map(|_| (0..9).map(|_| 3.0 * random.uniform() - 1.0).collect())
        .collect();
    let mut weights = Parameters::initial(&network, 3);
    let unscaled = standardize(&network, &engine, &mut weights, &Graded(&engine, &images));
    let names: Vec<&str> = unscaled.iter().map(|unscaled| unscaled.layer.as_str()).collect();
    assert_eq!(names, ["out"]);
    let weights = &weights.to_matrices(&network)[0];
    for weights in weights.rows() {
        let drive = |image: &Vec<f32>| {
            let terms = weights.iter().zip(image);
            terms.map(|(&w, &x)| f64::from(w) * f64::from(x)).sum()
        };
        let (mean, deviation) = mean_and_deviation(&images.iter().map(drive).collect::<Vec<f64>>());
        assert!(
            mean.abs() < TOLERANCE && (deviation - 1.0).abs() < TOLERANCE,
            "{mean}, {deviation}"
        );
    }
}
