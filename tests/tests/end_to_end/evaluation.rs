//! `synfire eval`: costs, early read-out and confusion, of float and quantized models.

use serde_json::Value;
use std::fs;
use synfire_tests::{Program, data_folder};
use tempfile::TempDir;

fn program(folder: &TempDir) -> Program {
    Program::new(env!("CARGO_BIN_EXE_synfire-under-test"), folder.path())
}

fn folder() -> TempDir {
    tempfile::tempdir().expect("a temporary folder")
}

fn number(value: &Value) -> f64 {
    value.as_f64().unwrap_or_else(|| panic!("a number, not {value}"))
}

fn sum(values: &Value, field: &str) -> f64 {
    let values = values.as_array().expect("a list");
    values.iter().map(|value| number(&value[field])).sum()
}

#[test]
fn statistics_of_both_kinds_of_models_add_up() {
    let folder = folder();
    let program = program(&folder);
    let _ = program.succeed(&["train", "digits", "--epochs", "3", "-o", "float.safetensors"]);
    let _ = program.succeed(&["quantize", "float.safetensors", "-o", "integer.safetensors"]);
    for model in ["float.safetensors", "integer.safetensors"] {
        let plain = program.json(&["eval", model]);
        assert!(
            plain["stats"].is_null() && plain["confusion"].is_null(),
            "{plain}"
        );
        let report = program.json(&[
            "eval",
            model,
            "--stats",
            "--confusion",
            "--readout",
            "readout.svg",
        ]);
        for field in ["images", "correct", "accuracy", "layers", "synaptic_operations"] {
            assert_eq!(report[field], plain[field], "{field} of {model}");
        }
        let stats = &report["stats"];
        let operations = number(&report["synaptic_operations"]);
        assert!((sum(&report["layers"], "synaptic_operations") / operations - 1.0).abs() < 1e-9);
        assert_eq!(stats["multiply_accumulates"], 64 * 64 + 64 * 10);
        assert_eq!(
            (&stats["additions"], &stats["neuron_updates"]),
            (&0.into(), &(16 * 74).into())
        );
        assert_eq!(sum(&stats["layers"], "multiply_accumulates"), 4736.0);
        assert!((number(&stats["ratio"]) / (operations / 4736.0) - 1.0).abs() < 1e-9);
        assert!((number(&stats["energy_nj"]) / (operations * 0.9e-3) - 1.0).abs() < 1e-9);

        let accuracies = stats["accuracy_by_step"].as_array().expect("a list");
        assert_eq!(accuracies.len(), 16);
        assert_eq!(accuracies.last(), Some(&report["accuracy"]));
        let needed = number(&stats["steps_needed"]);
        assert!((1.0..=16.0).contains(&needed), "{needed}");
        let confusion = report["confusion"].as_array().expect("a list");
        assert_eq!(confusion.len(), 10);
        let right: f64 = (0..10).map(|class| number(&confusion[class][class])).sum();
        assert_eq!(right, number(&report["correct"]));

        let picture = fs::read_to_string(folder.path().join("readout.svg")).expect("a picture");
        assert_eq!(picture.matches("<circle").count(), 2 * 16);
        fs::remove_file(folder.path().join("readout.svg")).expect("removing it");
        let text = program.succeed(&["eval", model, "--stats", "--confusion"]);
        for part in ["4 096", "pJ per addition", "class, predicted:"] {
            assert!(text.contains(part), "{part} in {text}");
        }
    }
}

#[test]
fn recordings_of_an_event_camera_are_evaluated() {
    let Some(data) = data_folder("recordings_of_an_event_camera_are_evaluated") else {
        return;
    };
    let folder = folder();
    let program = program(&folder).with("SYNFIRE_DATA", data);
    fs::write(
        folder.path().join("small.toml"),
        "name = 'small'\ninput = [2, 34, 34]\nsteps = 10\nrate = 1.0\nlayers = '4C5s2-P2-10'\n\
         [train]\noptimizer = 'adam'\nlearning_rate = 0.001\nepochs = 1\nbatch = 50",
    )
    .expect("writing");
    let _ = program.succeed(&["train", "small.toml", "--limit", "100", "-o", "small.safetensors"]);
    let report = program.json(&["eval", "small.safetensors", "--stats"]);
    assert_eq!(
        report["stats"]["accuracy_by_step"].as_array().map(Vec::len),
        Some(10)
    );
    assert!(number(&report["input_spikes"]) > 100.0, "{report}");
    assert_eq!(report["stats"]["layers"].as_array().map(Vec::len), Some(3));
}
