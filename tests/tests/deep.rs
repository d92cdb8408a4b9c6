//! VGG9 and ResNet11 at the paper's full size on a CIFAR-10 image: from model to co-simulation, spikes in every layer.
//!
//! The weights are those that training starts from, which a threshold of 0.3 lets every layer fire with; the trained
//! networks differ from them in nothing that the hardware could tell. No built-in board holds them, so the board is one
//! with as many tables and memories as it takes.

use synfire_golden_model::config::Config;
use synfire_golden_model::model::FloatModel;
use synfire_tests::{Program, data_folder};

const PROGRAM: &str = env!("CARGO_BIN_EXE_synfire-under-test");

/// A time step takes hundreds of thousands of clocks.
const STEPS: usize = 4;

/// A device as large as it takes.
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

fn equals_the_golden_model(preset: &str) {
    let Some(data) = data_folder(preset) else {
        return;
    };
    let folder = tempfile::tempdir().expect("a temporary folder");
    let program = Program::new(PROGRAM, folder.path()).with("SYNFIRE_DATA", data);
    std::fs::write(folder.path().join("board.toml"), BOARD).expect("writes");
    let mut network = Config::preset(preset).expect("a preset").network;
    network.steps = STEPS;
    let hidden = network.layers.len() - 1;
    for layer in &mut network.layers[..hidden] {
        layer.threshold = Some(0.3);
    }
    let model = FloatModel::initial(network, 1).expect("a model");
    model
        .save(folder.path().join("float.safetensors"))
        .expect("saves");

    let run = |command: &str| program.json(&command.split(' ').collect::<Vec<_>>());
    let _ = run("quantize float.safetensors -o quantized.safetensors --bits 4 --data cifar10 --calibrate 1");
    let _ = run(
        "hdl quantized.safetensors --board board.toml --features none --most-lanes 64 --data cifar10 --images 1 -o build",
    );
    let summary = &run("cosim build --images 1 --data cifar10")["verilator"];
    println!("{preset}: {summary}");
    assert_eq!(summary["steps"], STEPS);
    let layers = summary["layers"].as_array().expect("layers");
    assert_eq!(layers.len(), hidden + 1);
    let statistics = run("eval quantized.safetensors --data cifar10 --limit 1 --stats");
    let rates = statistics["layers"].as_array().expect("layers");
    for layer in &rates[..hidden] {
        let spikes = layer["spikes"].as_f64().expect("spikes");
        assert!(spikes > 0.0, "{layer} is silent");
    }
    for layer in layers {
        let cycles = |kind: &str| layer[kind].as_f64().expect("clocks");
        assert!(cycles("busy_cycles") <= 1.1 * cycles("ideal_cycles"), "{layer}");
    }
}

#[test]
#[ignore = "takes minutes; `make deep` runs it"]
fn vgg9() {
    equals_the_golden_model("vgg9");
}

#[test]
#[ignore = "takes minutes; `make deep` runs it"]
fn resnet11() {
    equals_the_golden_model("resnet11");
}
