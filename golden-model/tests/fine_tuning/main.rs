//! Fine-tuning of quantized networks: the forward pass equals the integer engine, the backward pass equals the float
//! trainer in other units.

mod exactness;
mod gradients;
mod runs;

use std::path::Path;
use synfire_golden_model::integer::QuantizedModel;
use synfire_golden_model::quantize::{GuardBits, QuantizeConfig, quantize};
use synfire_golden_model::reference::Case;

/// Reference networks with, in this order: fully-connected layers; convolutions and pooling; signed input and dropout;
/// shortcuts.
const CASES: [&str; 4] = ["fc", "lenet_small", "vgg_small", "resnet_small"];

fn case(name: &str) -> Case {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/vectors");
    Case::load(&folder.join(format!("{name}.npz"))).expect("a reference case")
}

/// Quantizes the network of a case; returns it with the scales per layer and channel.
fn quantized(case: &Case, weight_bits: u8, guard_bits: GuardBits) -> (QuantizedModel, Vec<Vec<f64>>) {
    let config = QuantizeConfig {
        weight_bits,
        guard_bits,
        ..QuantizeConfig::default()
    };
    let (quantized, report) = quantize(&case.model, &config).expect("a small network");
    let scales = report.layers.into_iter().map(|layer| layer.channel_scales);
    (quantized, scales.collect())
}
