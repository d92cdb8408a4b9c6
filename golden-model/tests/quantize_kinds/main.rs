//! The quantizer on every kind of layer: shared scales, identities, pooling, signed input, calibration, requantization.

mod calibration;
#[path = "../common/mod.rs"]
mod common;
mod extensions;
mod layers;
mod requantization;

use common::random_raster;
use ndarray::Array2;
use rand::RngExt;
use rand_xoshiro::Xoshiro256PlusPlus;
use synfire_golden_model::float::FloatModel;
use synfire_golden_model::integer::{Neuron, QuantizedModel};
use synfire_golden_model::network::{NetworkDescription, Normalization};
use synfire_golden_model::quantize::{GuardBits, Leak, QuantizeConfig, ScaleSearch};
use synfire_golden_model::spikes::SpikeRaster;

/// Networks that together cover strides, padding, kernels larger than their map, both kinds of shortcut, also from the
/// input, sources other than the layer before, and pooling with rows left over.
const NETWORKS: [&str; 6] = [
    "4C3p1-P2-5C3s2p1-6-3@1x7x6",
    "3C5p2s2-4C3p2-4@2x5x5",
    "6C3p1-R6-P2-R8s2-3@2x6x6",
    "4C1-I4-I4s2-5-4@3x5x5",
    "3C3p1=0-5C3p1s2+0s2-4C3p1s2<1+2-2@3x4x4",
    "P2-P3-4@2x7x7",
];

fn network(text: &str, signed: bool) -> NetworkDescription {
    let mut network = NetworkDescription::from_compact(text, None).expect("fits");
    network.steps = 12;
    if signed {
        network.normalization = Some(Normalization {
            mean: vec![0.5; network.input.channels],
            deviation: vec![0.5; network.input.channels],
        });
    }
    network
}

/// Draws a model whose weights make its neurons fire now and then.
fn random_model(rng: &mut Xoshiro256PlusPlus, network: NetworkDescription) -> FloatModel {
    let tensors = network.graph().expect("valid").tensors;
    let weights = tensors.iter().map(|tensor| {
        let size = 3.0 / (tensor.inputs as f32).sqrt();
        Array2::from_shape_simple_fn((tensor.outputs, tensor.inputs), || {
            rng.random_range(-size..1.3 * size)
        })
    });
    FloatModel {
        weights: weights.collect(),
        description: network,
        provenance: Default::default(),
        biases: Vec::new(),
    }
}

fn model(text: &str, weights: Vec<Array2<f32>>) -> FloatModel {
    FloatModel {
        weights,
        description: network(text, false),
        provenance: Default::default(),
        biases: Vec::new(),
    }
}

fn plain(weight_bits: u8) -> QuantizeConfig {
    QuantizeConfig {
        weight_bits,
        scale: ScaleSearch::Max,
        leak: Leak::Shifts(Vec::new()),
        guard_bits: GuardBits::Fixed(1),
        ..QuantizeConfig::default()
    }
}

fn thresholds(model: &QuantizedModel, layer: usize) -> &[i32] {
    match &model.layers[layer].neuron {
        Neuron::Lif { thresholds } => thresholds,
        Neuron::Output => &[],
    }
}

fn rasters(
    rng: &mut Xoshiro256PlusPlus,
    model: &QuantizedModel,
    count: usize,
    signed: bool,
) -> Vec<SpikeRaster> {
    (0..count)
        .map(|_| random_raster(rng, model, model.description.steps, signed))
        .collect()
}
