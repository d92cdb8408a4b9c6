//! The user's own data sets: every verb uses the one on which a model was trained, takes its samples in any order, and says
//! what is wrong with them.

mod npz;
mod recordings;

use npz::{write_digits, write_transposed};
use serde_json::Value;
use std::fs;
use synfire_golden_model::dataset;
use synfire_golden_model::float::FloatModel;
use synfire_golden_model::integer::QuantizedModel;
use synfire_tests::Program;
use tempfile::TempDir;

const PROGRAM: &str = env!("CARGO_BIN_EXE_synfire-under-test");

fn folder() -> TempDir {
    tempfile::tempdir().expect("a temporary folder")
}

/// The warnings of a run, which must succeed.
fn warnings(program: &Program, arguments: &[&str]) -> Vec<String> {
    let output = program.run(arguments);
    let text = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(output.status.success(), "{arguments:?}: {text}");
    let warnings = text.lines().filter_map(|line| line.strip_prefix("warning: "));
    warnings.map(str::to_owned).collect()
}

/// Those warnings that are about data sets.
fn data_warnings(program: &Program, arguments: &[&str]) -> Vec<String> {
    let mut warnings = warnings(program, arguments);
    warnings.retain(|text| text.contains("data set"));
    warnings
}

fn number(value: &Value) -> f64 {
    value.as_f64().unwrap_or_else(|| panic!("a number, not {value}"))
}

#[test]
fn a_model_is_used_with_the_data_set_on_which_it_was_trained() {
    let folder = folder();
    let program = Program::new(PROGRAM, folder.path());
    write_transposed(&folder.path().join("own.npz"));
    let train = [
        "train",
        "digits",
        "--data",
        "own.npz",
        "--epochs",
        "15",
        "-o",
        "own.safetensors",
    ];
    let trained = program.json(&train);
    assert_eq!(trained["dataset"], "own");

    let quantize = ["quantize", "own.safetensors", "-o", "own4.safetensors"];
    let quantized = program.json(&quantize);
    assert_eq!(quantized["dataset"], "own");
    let text = program.succeed(&quantize);
    assert!(
        text.contains("calibrated on 256 training samples of data set `own`"),
        "{text}"
    );
    assert_eq!(data_warnings(&program, &quantize), [""; 0]);
    // On the built-in digits, half of the answers would be wrong.
    for model in ["own.safetensors", "own4.safetensors"] {
        let evaluated = program.json(&["eval", model]);
        assert_eq!(evaluated["dataset"], "own");
        assert!(number(&evaluated["accuracy"]) > 0.85, "{model}: {evaluated}");
    }
    let tuned = program.json(&[
        "quantize",
        "own.safetensors",
        "-o",
        "own2.safetensors",
        "--bits",
        "2",
        "--finetune",
        "3",
    ]);
    assert_eq!(tuned["dataset"], "own");
    assert!(number(&tuned["finetune"]["finetuned_accuracy"]) > 0.75, "{tuned}");
    let sweep = [
        "sweep",
        "own.safetensors",
        "-o",
        "own.jsonl",
        "--bits",
        "4",
        "--limit",
        "60",
    ];
    assert_eq!(program.json(&sweep)["data"], "own");
    let plan = [
        "plan",
        "own4.safetensors",
        "--board",
        "ulx3s-85f",
        "--lanes",
        "4,2",
    ];
    assert_eq!(program.json(&plan)["dataset"], "own");
    assert!(
        program
            .succeed(&plan)
            .contains("measured on 200 test samples of data set `own`")
    );
    let hdl = [
        "hdl",
        "own4.safetensors",
        "--board",
        "ulx3s-85f",
        "--lanes",
        "4,2",
        "-o",
        "build",
    ];
    assert_eq!(program.json(&hdl)["dataset"], "own");
    // The model of a build folder names it, too.
    let cosim = [
        "cosim",
        "build",
        "--simulator",
        "native",
        "--stress",
        "none",
        "--images",
        "1",
    ];
    let compared = program.json(&cosim);
    assert_eq!(
        (&compared["dataset"], &compared["native"]["images"]),
        (&"own".into(), &1.into())
    );
    let bench = [
        "bench",
        "infer",
        "--net",
        "digits",
        "--model",
        "own.safetensors",
        "--images",
        "20",
        "--repeats",
        "1",
    ];
    assert_eq!(program.json(&bench)["dataset"], "own");

    // An output never replaces it, though no argument names it.
    let before = fs::read(folder.path().join("own.npz")).expect("the set");
    let (code, message) = program.fail(&["quantize", "own.safetensors", "-o", "own.npz"]);
    assert_eq!(code, "synfire::output");
    assert!(message.contains("own.npz is also the data set"), "{message}");
    assert_eq!(fs::read(folder.path().join("own.npz")).expect("the set"), before);
}

#[test]
fn the_data_set_of_a_model_is_found_or_asked_for() {
    let folder = folder();
    let program = Program::new(PROGRAM, folder.path());
    let at = |name: &str| folder.path().join(name);
    write_transposed(&at("own.npz"));
    let _ = program.succeed(&[
        "train",
        "digits",
        "--data",
        "own.npz",
        "--epochs",
        "2",
        "-o",
        "own.safetensors",
    ]);
    let wanted = program.json(&["eval", "own.safetensors"])["correct"].clone();

    // From another folder: beside the model.
    for name in ["elsewhere", "sets"] {
        fs::create_dir(at(name)).expect("a new folder");
    }
    let there = Program::new(PROGRAM, &at("elsewhere"));
    assert_eq!(there.json(&["eval", "../own.safetensors"])["correct"], wanted);

    // In the data folder, or nowhere.
    fs::rename(at("own.npz"), at("sets/own.npz")).expect("moving");
    let (code, message) = there.fail(&["eval", "../own.safetensors"]);
    assert_eq!(code, "synfire::data");
    assert!(
        message.starts_with("the model was trained on data set `own.npz`, which cannot be used: "),
        "{message}"
    );
    let output = there.run(&["eval", "../own.safetensors"]);
    let text = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(text.contains("--data-dir") && text.contains("--data,"), "{text}");
    let found = there.json(&["eval", "../own.safetensors", "--data-dir", "../sets"]);
    assert_eq!(found["correct"], wanted);
    let given = there.json(&["eval", "../own.safetensors", "--data", "../sets/own.npz"]);
    assert_eq!(given["correct"], wanted);

    // Other contents under the same name.
    write_digits(&at("own.npz"), <[u8]>::to_vec, |_, _| ());
    let model = FloatModel::load(at("own.safetensors")).expect("a model");
    let found = data_warnings(&program, &["eval", "own.safetensors"]);
    assert_eq!(found.len(), 2, "{found:?}");
    let contents = dataset::load(at("own.npz"), None).expect("a set");
    for (text, part, hash) in [
        (&found[0], "train", contents.train.sha256()),
        (&found[1], "test", contents.test.sha256()),
    ] {
        let recorded = &model.provenance[&format!("data_{part}_sha256")];
        assert!(
            text.contains(&hash[..12]) && text.contains(&recorded[..12]),
            "{text}"
        );
    }
    // Another name is another set, on purpose.
    assert_eq!(
        data_warnings(&program, &["eval", "own.safetensors", "--data", "digits"]),
        [""; 0]
    );

    // A model that names no set.
    let mut model = model;
    model.provenance.clear();
    model.save(at("bare.safetensors")).expect("saving");
    let found = data_warnings(&program, &["eval", "bare.safetensors"]);
    assert_eq!(
        found,
        [
            "the model does not name the data set on which it was trained; `digits` is used, the default for inputs of \
             shape [1, 8, 8]; give another one with --data"
        ]
    );
    // What the user gives is remembered.
    let _ = program.succeed(&[
        "quantize",
        "bare.safetensors",
        "-o",
        "4.safetensors",
        "--data",
        "own.npz",
    ]);
    assert_eq!(program.json(&["eval", "4.safetensors"])["dataset"], "own");
}

#[test]
fn samples_do_not_depend_on_the_order_of_the_set() {
    let folder = folder();
    let program = Program::new(PROGRAM, folder.path());
    let at = |name: &str| folder.path().join(name);
    write_digits(&at("plain.npz"), <[u8]>::to_vec, |_, _| ());
    write_digits(&at("sorted.npz"), <[u8]>::to_vec, |data, indices| {
        indices.sort_by_key(|&index| data.label(index));
    });
    let _ = program.succeed(&[
        "train",
        "digits",
        "--data",
        "plain.npz",
        "--epochs",
        "10",
        "-o",
        "a.safetensors",
    ]);
    let models = ["plain", "sorted"].map(|name| {
        let (file, output) = (format!("{name}.npz"), format!("{name}.safetensors"));
        let quantize = [
            "quantize",
            "a.safetensors",
            "--bits",
            "3",
            "--data",
            &file,
            "-o",
            &output,
        ];
        let _ = program.succeed(&quantize);
        let model = QuantizedModel::load(at(&output)).expect("a model");
        let evaluated = ["a.safetensors", "plain.safetensors"].map(|model| {
            let report = program.json(&["eval", model, "--limit", "100", "--confusion", "--data", &file]);
            for row in report["confusion"].as_array().expect("a list") {
                let images: f64 = row.as_array().expect("a list").iter().map(number).sum();
                assert!((9.0..=11.0).contains(&images), "{report}");
            }
            (report["correct"].clone(), report["synaptic_operations"].clone())
        });
        let plan = [
            "plan",
            "plain.safetensors",
            "--board",
            "ulx3s-85f",
            "--lanes",
            "4,2",
            "--data",
            &file,
        ];
        let cycles = program.json(&plan)["expected_cycles"].clone();
        (model.layers, evaluated, cycles)
    });
    assert!(models[0] == models[1], "the order of the samples matters");
}
