//! `synfire quantize --prune`: a smaller network with the same potentials, from the float model to the design.

use serde_json::Value;
use std::path::Path;
use synfire_golden_model::integer::QuantizedModel;
use synfire_tests::{Program, npz};
use tempfile::TempDir;

fn program(folder: &TempDir) -> Program {
    Program::new(env!("CARGO_BIN_EXE_synfire-under-test"), folder.path())
}

fn folder() -> TempDir {
    tempfile::tempdir().expect("a temporary folder")
}

/// The file of an array of bytes (NumPy's format, version 1).
fn array(shape: &str, numbers: &[u8]) -> Vec<u8> {
    let mut header = format!("{{'descr': '|u1', 'fortran_order': False, 'shape': ({shape}), }}");
    while (10 + header.len() + 1) % 64 != 0 {
        header.push(' ');
    }
    header.push('\n');
    let length = u16::try_from(header.len()).expect("short").to_le_bytes();
    [&b"\x93NUMPY\x01\x00"[..], &length, header.as_bytes(), numbers].concat()
}

/// Writes a data set of 8x8 pixels: training images without a bright pixel, and test images with some.
fn dark_training(path: &Path) {
    let labels: Vec<u8> = (0..10).collect();
    let bright: Vec<u8> = (0..640_usize)
        .map(|index| if index % 7 < 3 { 255 } else { 0 })
        .collect();
    let arrays = [
        ("train_images", array("10, 8, 8", &[0; 640])),
        ("test_images", array("10, 8, 8", &bright)),
        ("train_labels", array("10,", &labels)),
        ("test_labels", array("10,", &labels)),
    ];
    npz::write(path, arrays.map(|(name, bytes)| (name.to_owned(), bytes)));
}

/// Channels of a layer before and after pruning.
fn channels(report: &Value, layer: usize) -> [u64; 2] {
    let channels = &report["prune"]["layers"][layer]["channels"];
    [0, 1].map(|at| {
        channels[at]
            .as_u64()
            .unwrap_or_else(|| panic!("a number in {report}"))
    })
}

#[test]
fn a_pruned_network_of_digits_answers_as_before_and_its_design_equals_it() {
    let folder = folder();
    let program = program(&folder);
    let _ = program.succeed(&["train", "digits", "-o", "float.safetensors"]);
    let _ = program.succeed(&["quantize", "float.safetensors", "-o", "whole.safetensors"]);
    let prune = [
        "quantize",
        "float.safetensors",
        "-o",
        "small.safetensors",
        "--prune",
    ];
    let report = program.json(&prune);
    let [before, after] = channels(&report, 0);
    assert_eq!(before, 64);
    assert!(after < 60, "{report}");
    assert_eq!(report["prune"]["inferences"], 1437);
    assert_eq!(report["prune"]["compared"]["training_samples"], 1437);
    assert_eq!(report["prune"]["compared"]["test_samples"], 360);
    let small = QuantizedModel::load(folder.path().join("small.safetensors")).expect("a model");
    assert_eq!(small.layers[0].outputs() as u64, after);
    let text = program.succeed(&prune);
    assert!(
        text.contains(
            "all potentials of 1437 training and 360 test samples are equal after every step (seed 1)"
        ),
        "{text}"
    );

    // Only what holds for every input.
    let proof = program.json(&[
        "quantize",
        "float.safetensors",
        "-o",
        "proof.safetensors",
        "--prune=proof",
    ]);
    assert!(channels(&proof, 0)[1] >= after, "{proof}");
    assert!(proof["prune"]["inferences"].is_null() && proof["prune"]["compared"].is_null());

    let evaluated = |model: &str| {
        let mut report = program.json(&["eval", model, "--confusion"]);
        (report["accuracy"].take(), report["confusion"].take())
    };
    let whole = evaluated("whole.safetensors");
    assert_eq!(evaluated("small.safetensors"), whole);
    assert_eq!(evaluated("proof.safetensors"), whole);

    let _ = program.succeed(&["hdl", "small.safetensors", "--board", "ulx3s-85f", "-o", "build"]);
    let cosim = [
        "cosim",
        "build",
        "--simulator",
        "native",
        "--images",
        "6",
        "--stress",
        "2",
    ];
    let _ = program.succeed(&cosim);
}

#[test]
fn fine_tuning_comes_before_pruning() {
    let folder = folder();
    let program = program(&folder);
    let _ = program.succeed(&["train", "digits", "--epochs", "20", "-o", "float.safetensors"]);
    let quantize = |output: &'static str, more: &[&'static str]| {
        let all = [
            "quantize",
            "float.safetensors",
            "--bits",
            "2",
            "--finetune",
            "2",
            "--limit",
            "500",
            "-o",
            output,
        ];
        program.json(&[&all, more].concat())
    };
    let whole = quantize("whole.safetensors", &[]);
    let small = quantize("small.safetensors", &["--prune"]);
    assert_eq!(
        small["finetune"]["finetuned_accuracy"],
        whole["finetune"]["finetuned_accuracy"]
    );
    assert_eq!(
        small["layers"], whole["layers"],
        "the report of the layers is that before pruning"
    );
    assert!(channels(&small, 0)[1] < 64, "{small}");
    // All training samples, although fine-tuning took fewer.
    assert_eq!(small["prune"]["inferences"], 1437);
    assert!(whole["prune"].is_null());
    let accuracy = |model: &str| program.json(&["eval", model])["accuracy"].clone();
    assert_eq!(accuracy("small.safetensors"), accuracy("whole.safetensors"));
}

#[test]
fn a_test_sample_that_fires_what_training_never_fires_is_named_and_nothing_is_written() {
    let folder = folder();
    let program = program(&folder);
    dark_training(&folder.path().join("dark.npz"));
    let _ = program.succeed(&["train", "digits", "--epochs", "5", "-o", "float.safetensors"]);
    let quantize = [
        "quantize",
        "float.safetensors",
        "--data",
        "dark.npz",
        "--calibrate",
        "0",
    ];
    let small = ["-o", "small.safetensors"];
    let (code, message) = program.fail(&[&quantize[..], &small, &["--prune"]].concat());
    assert_eq!(code, "synfire::prune");
    assert!(
        message.starts_with(
            "test sample 0: without the channels that never fire in training, the potential of class"
        ) && message.ends_with("; nothing was written"),
        "{message}"
    );
    assert!(!folder.path().join("small.safetensors").exists());
    let report = program.json(&[&quantize[..], &small, &["--prune=proof"]].concat());
    assert_eq!(
        report["prune"]["layers"][0]["silent_on_data"],
        serde_json::json!([])
    );
    assert!(folder.path().join("small.safetensors").exists());
}
