//! `synfire eval --trace` and `synfire trace`: what is written is what happened, and what differs is named.

use std::fs;
use std::path::Path;
use synfire_golden_model::dataset;
use synfire_golden_model::dataset::encode::test_raster;
use synfire_golden_model::integer::{Engine, QuantizedModel};
use synfire_tests::{Program, npz};
use tempfile::TempDir;

fn folder() -> TempDir {
    tempfile::tempdir().expect("a temporary folder")
}

/// The program in a folder that has a float model and quantized ones of 4 and of 8 bits.
fn program(folder: &TempDir) -> Program {
    let program = Program::new(env!("CARGO_BIN_EXE_synfire-under-test"), folder.path());
    let _ = program.succeed(&["train", "digits", "--epochs", "2", "-o", "float.safetensors"]);
    for bits in ["4", "8"] {
        let model = format!("{bits}bit.safetensors");
        let _ = program.succeed(&["quantize", "float.safetensors", "-o", &model, "--bits", bits]);
    }
    program
}

/// Copies a trace with one byte of one array's numbers changed.
fn fault(folder: &TempDir, trace: &str, array: &str, at: usize, copy: &str) {
    let [trace, copy] = [trace, copy].map(|name| folder.path().join(name));
    npz::changed(&trace, array, |numbers| numbers[at] ^= 1, &copy);
}

fn numbers<T: npyz::Deserialize>(path: &Path, name: &str) -> (Vec<u64>, Vec<T>) {
    let bytes = npz::array(path, name);
    let array = npyz::NpyFile::new(&bytes[..]).expect("sound");
    (array.shape().to_vec(), array.into_vec().expect("of this type"))
}

#[test]
fn a_trace_holds_what_the_golden_model_did() {
    let folder = folder();
    let program = program(&folder);
    let trace = [
        "eval",
        "4bit.safetensors",
        "--trace",
        "a.npz",
        "--trace-membranes",
        "--limit",
        "3",
        "--seed",
        "9",
    ];
    let report = program.json(&trace);
    assert_eq!(
        (&report["images"], &report["trace"]["images"]),
        (&3.into(), &3.into())
    );
    let path = folder.path().join("a.npz");
    let first = fs::read(&path).expect("a trace");
    assert_eq!(report["trace"]["bytes"], first.len());
    let text = program.succeed(&trace);
    assert!(
        text.contains("trace of 3 images, every spike and membrane: a.npz ("),
        "{text}"
    );
    assert_eq!(
        fs::read(&path).expect("a trace"),
        first,
        "equal traces, equal files"
    );

    let model = QuantizedModel::load(folder.path().join("4bit.safetensors")).expect("a model");
    let data = dataset::load("digits", None).expect("embedded").test;
    let data = data.sample(3, 9).expect("enough images");
    let (shape, spikes) = numbers::<u8>(&path, "spikes/hidden");
    assert_eq!(shape, [3, 16, 64, 1, 1]);
    let (shape, membranes) = numbers::<i32>(&path, "membranes/hidden");
    assert_eq!(shape, [3, 16, 64, 1, 1]);
    let (shape, potentials) = numbers::<i32>(&path, "potentials");
    assert_eq!(shape, [3, 16, 10]);
    let (_, input) = numbers::<i8>(&path, "spikes/input");
    let mut engine = Engine::new(&model).expect("valid");
    for image in 0..3 {
        let raster = test_raster(&model.description, &data, image, 9);
        let trace = engine.trace(&raster, true).expect("runs");
        let hidden = &trace.membranes.as_ref().expect("asked for")[0];
        let one = |size: usize| image * 16 * size..(image + 1) * 16 * size;
        assert!(hidden.iter().eq(&membranes[one(64)]), "image {image}");
        assert!(
            trace.potentials_by_step.iter().eq(&potentials[one(10)]),
            "image {image}"
        );
        for (raster, found) in [(&trace.layers[0], &spikes[one(64)])] {
            for step in 0..16 {
                let fired = (0..64_u32).filter(|&neuron| found[step * 64 + neuron as usize] == 1);
                let wanted = raster.step(step).iter().map(|spike| spike.address);
                assert!(fired.eq(wanted), "image {image}, step {step}");
            }
        }
        let sum: usize = input[one(64)].iter().filter(|&&sign| sign == 1).count();
        assert_eq!(sum, raster.total());
    }
    let shown = program.json(&["trace", "show", "a.npz"]);
    assert_eq!(
        (&shown["correct"], &shown["seed"]),
        (&report["correct"], &9.into())
    );
    let fired = u64::try_from(spikes.iter().filter(|&&spike| spike == 1).count()).expect("small");
    assert_eq!(shown["activity"][1]["spikes"], fired);
    let text = program.succeed(&["trace", "show", "a.npz"]);
    for part in [
        "digits on digits: images 0 to 2 of a sample of the test set",
        "hidden",
        "with membranes",
    ] {
        assert!(text.contains(part), "{part} in {text}");
    }
}

#[test]
fn the_first_difference_is_named_and_equal_traces_are_equal() {
    let folder = folder();
    let program = program(&folder);
    for (model, trace) in [("4bit", "a.npz"), ("4bit", "b.npz"), ("8bit", "c.npz")] {
        let model = format!("{model}.safetensors");
        let arguments = ["eval", &model, "--trace", trace, "--trace-membranes"];
        // Ten images unless told otherwise.
        assert_eq!(program.json(&arguments)["images"], 10);
    }
    let text = program.succeed(&["trace", "diff", "a.npz", "b.npz"]);
    // Inputs, hidden spikes and membranes, potentials; a label and an answer.
    assert_eq!(text, "equal: 10 images, 32 340 numbers, including membranes\n");

    // Image 7, step 5, neuron 33 of the hidden layer.
    fault(
        &folder,
        "a.npz",
        "spikes/hidden",
        (7 * 16 + 5) * 64 + 33,
        "fault.npz",
    );
    let (code, message) = failure(&program, &["trace", "diff", "a.npz", "fault.npz"]);
    assert_eq!(code, "synfire::trace_difference");
    let (place, values) = message.split_once(": spike ").expect("a spike");
    assert_eq!(
        place,
        "first difference: image 7, step 5, layer hidden, neuron (33, 0, 0)"
    );
    assert!(
        ["1 in a.npz, but 0 in fault.npz", "0 in a.npz, but 1 in fault.npz"].contains(&values),
        "{values}"
    );
    let output = program.run(&["trace", "diff", "a.npz", "fault.npz", "--json"]);
    assert_eq!(output.status.code(), Some(1));
    let object: serde_json::Value = serde_json::from_slice(&output.stdout).expect("one JSON object");
    assert_eq!(object["equal"], false);
    assert_eq!(object["difference"]["neuron"], serde_json::json!([33, 0, 0]));

    // An input of channel 0, row 3, column 1, one step earlier.
    fault(
        &folder,
        "fault.npz",
        "spikes/input",
        (7 * 16 + 4) * 64 + 25,
        "two.npz",
    );
    let (_, message) = failure(&program, &["trace", "diff", "a.npz", "two.npz"]);
    assert!(
        message.starts_with("first difference: image 7, step 4, layer input, neuron (0, 3, 1): spike "),
        "{message}"
    );

    let (_, message) = failure(&program, &["trace", "diff", "a.npz", "c.npz"]);
    assert!(
        message.starts_with("the traces have different origins: model is "),
        "{message}"
    );
    assert!(
        message.ends_with(" in c.npz; use --numbers-only to compare the numbers anyway"),
        "{message}"
    );
    let (_, message) = failure(&program, &["trace", "diff", "a.npz", "c.npz", "--numbers-only"]);
    assert!(
        message.starts_with("first difference: image 0, step 0, layer hidden, "),
        "{message}"
    );
    for (trace, limit) in [("d.npz", "2"), ("e.npz", "10")] {
        let _ = program.succeed(&["eval", "4bit.safetensors", "--trace", trace, "--limit", limit]);
    }
    let (_, message) = failure(&program, &["trace", "diff", "a.npz", "d.npz"]);
    assert_eq!(
        message,
        "the traces have different origins: number of images is 10 in a.npz, but 2 in d.npz"
    );
    // Without membranes, what both have is compared, and what is not is said.
    let output = program.run(&["trace", "diff", "a.npz", "e.npz"]);
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    assert_eq!(
        String::from_utf8_lossy(&output.stdout),
        "equal: 10 images, 22 100 numbers, without membranes\n"
    );
    assert_eq!(
        String::from_utf8_lossy(&output.stderr),
        "warning: only a.npz has membranes; they are not compared\n"
    );
}

/// Code and message of an error that is printed as text; `fail` wants the one of `--json`.
fn failure(program: &Program, arguments: &[&str]) -> (String, String) {
    let output = program.run(arguments);
    assert_eq!(output.status.code(), Some(1), "{arguments:?}");
    let text = String::from_utf8_lossy(&output.stderr).into_owned();
    // miette breaks lines and draws a border along them.
    let mut words = text
        .split_whitespace()
        .filter(|word| !["×", "│", "x", "|"].contains(word));
    let code = words.next().unwrap_or_default().to_owned();
    (code, words.collect::<Vec<_>>().join(" "))
}

#[test]
fn what_cannot_be_traced_or_compared_is_refused() {
    let folder = folder();
    let program = program(&folder);
    let (code, message) = program.fail(&["eval", "float.safetensors", "--trace", "a.npz"]);
    assert_eq!(code, "synfire::model_kind");
    assert_eq!(
        message,
        "float.safetensors is a float model, but a quantized model is needed"
    );
    let output = program.run(&["eval", "4bit.safetensors", "--trace-membranes"]);
    assert_eq!(output.status.code(), Some(2), "membranes of no trace");
    let below_a_file = "4bit.safetensors/a.npz";
    let (_, message) = program.fail(&["eval", "4bit.safetensors", "--trace", below_a_file]);
    assert!(
        message.starts_with("writing 4bit.safetensors/a.npz failed: Not a directory"),
        "{message}"
    );
    assert!(!folder.path().join("a.npz").exists());

    let case = synfire_tests::repository().join("golden-model/tests/vectors/fc.npz");
    let case = case.to_str().expect("a path in UTF-8");
    let (code, message) = program.fail(&["trace", "show", case]);
    assert_eq!(code, "synfire::model");
    assert!(message.contains("array `metadata` is missing"), "{message}");
    let (_, message) = program.fail(&["trace", "show", "4bit.safetensors"]);
    assert!(
        message.starts_with("4bit.safetensors is not a valid trace: "),
        "{message}"
    );
}
