//! `synfire bench`: what it prints adds up; times are whatever they are.

use serde_json::Value;
use synfire_tests::Program;
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

fn close(found: &Value, wanted: f64) {
    let found = number(found);
    assert!(
        (found - wanted).abs() <= 1e-9 * wanted.abs(),
        "{found}, {wanted} wanted"
    );
}

/// Median, least and most are in order, and above 0.
fn assert_spread(spread: &Value) {
    let [min, median, max] = ["min", "median", "max"].map(|field| number(&spread[field]));
    assert!(0.0 < min && min <= median && median <= max, "{spread}");
}

#[test]
fn training_counts_what_it_does() {
    let folder = folder();
    let arguments = [
        "bench",
        "train",
        "--net",
        "digits",
        "--batch",
        "24",
        "--images",
        "100",
        "--repeats",
        "2",
        "--steps",
        "6",
        "--threads",
        "1",
    ];
    let report = program(&folder).json(&arguments);
    assert_eq!(
        (
            &report["what"],
            &report["network"],
            &report["dataset"],
            &report["weights"]
        ),
        (
            &"train".into(),
            &"digits".into(),
            &"digits".into(),
            &"initial".into()
        )
    );
    // Whole batches: five of 24.
    let wanted = [
        ("steps", 6),
        ("batch", 24),
        ("threads", 1),
        ("repeats", 2),
        ("images", 120),
    ];
    for (field, wanted) in wanted {
        assert_eq!(report[field], wanted, "{field}");
    }
    assert_spread(&report["images_per_second"]);
    let per_image = &report["per_image"];
    let (input, hidden) = (
        number(&per_image["input_spikes"]),
        number(&per_image["layer_spikes"]),
    );
    assert!(input > 0.0 && hidden > 0.0);
    close(&per_image["input_rate"], input / (64.0 * 6.0));
    close(&per_image["forward_operations"], 64.0 * input + 10.0 * hidden);
    close(&per_image["backward_operations"], 64.0 * input);
    let operations = 2.0 * 64.0 * input + 10.0 * hidden;
    close(
        &report["operations_per_second"],
        operations * number(&report["images_per_second"]["median"]),
    );

    let full = &report["full_run"];
    let images = 1437.0;
    assert_eq!(
        (number(&full["images"]), number(&full["epochs"])),
        (images, 100.0)
    );
    close(
        &full["seconds"],
        images * 100.0 / number(&report["images_per_second"]["median"]),
    );
    assert_eq!(full["most_threads"], report["memory"]["images"]);

    let memory = &report["memory"];
    let field = |name: &str| number(&memory[name]);
    assert!(field("per_image") < field("per_image_most"));
    let held = |per_image| field("images") * per_image + field("gradients") + field("weights");
    close(&memory["total"], held(field("per_image")));
    close(&memory["total_most"], held(field("per_image_most")));
    // AdamW: two numbers beside every weight.
    assert_eq!(field("gradients") / field("images"), field("weights") / 3.0);
}

#[test]
fn inference_takes_a_models_weights() {
    let folder = folder();
    let program = program(&folder);
    let _ = program.succeed(&["train", "digits", "--epochs", "1", "-o", "model.safetensors"]);
    let arguments = [
        "bench",
        "infer",
        "--net",
        "digits",
        "--images",
        "50",
        "--repeats",
        "1",
    ];
    let initial = program.json(&arguments);
    let given = [&arguments[..], &["--model", "model.safetensors"]].concat();
    let trained = program.json(&given);
    for report in [&initial, &trained] {
        assert_eq!(
            (&report["what"], &report["images"]),
            (&"infer".into(), &50.into())
        );
        assert_spread(&report["images_per_second"]);
        let per_image = &report["per_image"];
        let spikes = ["input_spikes", "layer_spikes"].map(|field| number(&per_image[field]));
        close(
            &per_image["forward_operations"],
            64.0 * spikes[0] + 10.0 * spikes[1],
        );
        assert_eq!(per_image["backward_operations"], 0.0);
        assert!(number(&report["memory"]["per_image"]) > 0.0);
    }
    assert_eq!(trained["weights"], "model.safetensors");
    assert_eq!(
        initial["per_image"]["input_spikes"], trained["per_image"]["input_spikes"],
        "the same images"
    );
    assert_ne!(
        initial["per_image"]["layer_spikes"],
        trained["per_image"]["layer_spikes"]
    );
    let text = program.succeed(&given);
    assert!(text.starts_with("inference of digits on digits: "), "{text}");

    let (_, message) = program.fail(&[
        "bench",
        "infer",
        "--net",
        "12-10@1x8x8",
        "--model",
        "model.safetensors",
    ]);
    assert!(
        message.contains("layer `fc1`: the weights have shape [64, 64]"),
        "{message}"
    );
}

#[test]
fn operations_grow_with_the_rate_of_spikes() {
    let folder = folder();
    let arguments = [
        "bench",
        "sparsity",
        "--net",
        "4C3p1-P2-12-10@2x8x8",
        "--steps",
        "20",
        "--rates",
        "5,20",
        "--time",
        "1",
        "--repeats",
        "1",
    ];
    let report = program(&folder).json(&arguments);
    let rows = report["rows"].as_array().expect("a list");
    let works: Vec<&str> = rows.iter().filter_map(|row| row["work"].as_str()).collect();
    let network = report["network"].as_str().expect("a name");
    assert_eq!(works, ["conv1", "conv1", "fc1", "fc1", network, network]);
    for (row, rate) in rows.iter().zip([0.05, 0.2].into_iter().cycle()) {
        let found = number(&row["input_rate"]);
        assert!((found / rate - 1.0).abs() < 0.2, "{found}");
        for direction in ["forward", "backward"] {
            let timing = &row[direction];
            assert_spread(&timing["milliseconds"]);
            let seconds = number(&timing["milliseconds"]["median"]) / 1e3;
            let speed = number(&timing["operations"]) / seconds;
            assert!((speed / number(&timing["operations_per_second"]) - 1.0).abs() < 1e-9);
            close(
                &timing["share_of_peak"],
                speed / number(&report["peak"][direction]),
            );
        }
    }
    for layer in rows.chunks(2).take(2) {
        let operations = |row: &Value| number(&row["forward"]["operations"]);
        let rate = |row: &Value| number(&row["input_rate"]);
        let (operations, rates) = (
            operations(&layer[1]) / operations(&layer[0]),
            rate(&layer[1]) / rate(&layer[0]),
        );
        assert!(
            (operations / rates - 1.0).abs() < 0.05,
            "{operations} for {rates}"
        );
    }
    let output = program(&folder).run(&["bench", "sparsity", "--rates", "0"]);
    assert_eq!(output.status.code(), Some(2));
}

#[test]
fn operations_of_few_steps_grow_with_the_rate_of_neurons() {
    let folder = folder();
    let given = [
        "bench",
        "sparsity",
        "--net",
        "conv4",
        "--time",
        "1",
        "--repeats",
        "1",
    ];
    let report = program(&folder).json(&[&given[..], &["--rates", "5,20"]].concat());
    let rows = report["rows"].as_array().expect("a list");
    assert_eq!(rows.len(), 2, "the network alone");
    for (row, rate) in rows.iter().zip([0.05, 0.2]) {
        let found = number(&row["input_rate"]);
        assert!((found / rate - 1.0).abs() < 0.1, "{found} for {rate}");
        assert!(number(&row["forward"]["milliseconds"]["median"]) > 0.0);
    }
    // Neurons next to the threshold get errors whether or not they fire, so that the backward pass grows less.
    for (direction, least) in [("forward", 1.5), ("backward", 1.1)] {
        let operations = |row: &Value| number(&row[direction]["operations"]);
        assert!(
            operations(&rows[1]) > least * operations(&rows[0]),
            "{direction}: {rows:?}"
        );
    }
    let (_, message) = program(&folder).fail(&[&given[..], &["--model", "model.safetensors"]].concat());
    let words: Vec<&str> = message.split_whitespace().filter(|word| *word != "│").collect();
    let message = words.join(" ");
    assert!(message.contains("so a model has no effect"), "{message}");
}
