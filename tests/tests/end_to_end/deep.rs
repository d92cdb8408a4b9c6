//! VGG9 and ResNet11 on a CIFAR-10 image, from model to co-simulation, with spikes in every layer: at the paper's full size
//! for a few time steps, and with a quarter of the channels for as many steps as in the paper.
//!
//! The weights are those from which training starts, with a threshold of 0.3, so that every layer fires. For the hardware
//! trained networks are no different. No built-in board holds these networks, so the board has as many LUTs and memories as
//! they need.

use synfire_golden_model::config::Config;
use synfire_golden_model::float::FloatModel;
use synfire_golden_model::network::{LayerKind, NetworkDescription};
use synfire_tests::{Program, data_folder};

const PROGRAM: &str = env!("CARGO_BIN_EXE_synfire-under-test");

/// Board with a device that is large enough.
const BOARD: &str = r#"
name = "unbounded"
title = "A device that is never too small"

[device]
family = "ecp5"
part = "85k"
package = "CABGA381"
luts = 100_000_000
block_rams = 1_000_000
distributed_ram = true

[clock]
pin = "G2"
hz = 25_000_000
core_hz = 25_000_000

[uart]
rx = "M1"
tx = "L4"
baud = 1_000_000

[link]
slot_bytes = 1024
"#;

/// Preset in which every layer fires, with `1 / divisor` of its channels and neurons, for `steps` steps.
fn network(preset: &str, divisor: usize, steps: usize) -> NetworkDescription {
    let mut network = Config::preset(preset).expect("a preset").network;
    network.steps = steps;
    let hidden = network.layers.len() - 1;
    for layer in &mut network.layers[..hidden] {
        layer.threshold = Some(0.3);
        if let LayerKind::Conv { out, .. } | LayerKind::Fc { out } = &mut layer.kind {
            *out /= divisor;
        }
    }
    network
}

/// Co-simulates a network and returns the cycles per inference, as a multiple of the slowest layer's ideal cycles.
fn equals_the_golden_model(network: NetworkDescription) -> Option<f64> {
    let name = network.name.clone();
    let data = data_folder(&name)?;
    let (steps, layers) = (network.steps, network.layers.len());
    let folder = tempfile::tempdir().expect("a temporary folder");
    let program = Program::new(PROGRAM, folder.path()).with("SYNFIRE_DATA", data);
    std::fs::write(folder.path().join("board.toml"), BOARD).expect("writes");
    let model = FloatModel::initial(network, 1).expect("a model");
    model
        .save(folder.path().join("float.safetensors"))
        .expect("saves");

    let run = |command: &str| program.json(&command.split(' ').collect::<Vec<_>>());
    let _ = run("quantize float.safetensors -o quantized.safetensors --bits 4 --data cifar10 --calibrate 1");
    let _ = run(
        "hdl quantized.safetensors --board board.toml --features none --data cifar10 --images 1 -o build",
    );
    let summary = &run("cosim build --images 1 --data cifar10")["verilator"];
    println!("{name}: {summary}");
    assert_eq!(summary["steps"], steps);
    let statistics = run("eval quantized.safetensors --data cifar10 --limit 1 --stats");
    let rates = statistics["layers"].as_array().expect("layers");
    assert_eq!(rates.len(), layers);
    for layer in &rates[..layers - 1] {
        let spikes = layer["spikes"].as_f64().expect("spikes");
        assert!(spikes > 0.0, "{layer} is silent");
    }
    let measured = summary["layers"].as_array().expect("layers");
    assert_eq!(measured.len(), layers);
    let mut slowest: f64 = 0.0;
    for layer in measured {
        let cycles = |kind: &str| layer[kind].as_f64().expect("cycles");
        assert!(cycles("busy_cycles") <= 1.001 * cycles("ideal_cycles"), "{layer}");
        slowest = slowest.max(cycles("ideal_cycles"));
    }
    let ratio = summary["cycles"].as_f64().expect("cycles") / slowest;
    println!("{name}: {ratio:.3} x the slowest layer's ideal");
    Some(ratio)
}

/// With few steps, the way of the first step through all layers is a large part of an inference.
const FEW_STEPS: usize = 4;

#[test]
#[ignore = "takes minutes; `make deep` runs it"]
fn vgg9_at_full_size_equals_the_golden_model() {
    let _ = equals_the_golden_model(network("vgg9", 1, FEW_STEPS));
}

#[test]
#[ignore = "takes minutes; `make deep` runs it"]
fn resnet11_at_full_size_equals_the_golden_model() {
    let _ = equals_the_golden_model(network("resnet11", 1, FEW_STEPS));
}

#[test]
#[ignore = "takes minutes; `make deep` runs it"]
fn layers_of_vgg9_overlap() {
    if let Some(ratio) = equals_the_golden_model(network("vgg9", 4, 100)) {
        assert!(ratio <= 1.15, "{ratio}");
    }
}

#[test]
#[ignore = "takes minutes; `make deep` runs it"]
fn layers_of_resnet11_overlap() {
    if let Some(ratio) = equals_the_golden_model(network("resnet11", 4, 100)) {
        assert!(ratio <= 1.15, "{ratio}");
    }
}
