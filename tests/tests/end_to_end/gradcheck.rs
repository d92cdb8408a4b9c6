//! `synfire gradcheck`: sound cases pass, a case with one number changed fails and says where.

use std::fs;
use std::path::{Path, PathBuf};
use synfire_tests::{Program, npz};
use tempfile::TempDir;

fn program(folder: &TempDir) -> Program {
    Program::new(env!("CARGO_BIN_EXE_synfire-under-test"), folder.path())
}

fn folder() -> TempDir {
    tempfile::tempdir().expect("a temporary folder")
}

fn vector(name: &str) -> PathBuf {
    synfire_tests::repository()
        .join("golden-model/tests/vectors")
        .join(name)
}

/// Copies a case with a change of the bytes of one array's numbers.
fn fault(case: &str, array: &str, change: impl FnOnce(&mut [u8]), copy: &Path) {
    npz::changed(&vector(case), array, change, copy);
}

/// Text and JSON of checking a file that must fail with exit status 1.
fn failure(folder: &TempDir, cases: &[&str]) -> (String, serde_json::Value) {
    let arguments = [&["gradcheck"], cases].concat();
    let run = |arguments: &[&str]| {
        let output = program(folder).run(arguments);
        assert_eq!(output.status.code(), Some(1), "{arguments:?} must fail");
        output
    };
    let text = run(&arguments);
    let error = String::from_utf8_lossy(&text.stderr).into_owned();
    assert!(
        error.contains(&format!("1 of {} cases fail", cases.len())),
        "{error}"
    );
    let json = run(&[&arguments[..], &["--json"]].concat());
    let object = serde_json::from_slice(&json.stdout).expect("one JSON object");
    (String::from_utf8_lossy(&text.stdout).into_owned(), object)
}

#[test]
fn sound_cases_pass() {
    let folder = folder();
    let cases = ["fc.npz", "lenet_small.npz", "vgg_small.npz", "resnet_small.npz"]
        .map(|name| vector(name).to_str().expect("a path in UTF-8").to_owned());
    let arguments: Vec<&str> = std::iter::once("gradcheck")
        .chain(cases.iter().map(String::as_str))
        .collect();
    let text = program(&folder).succeed(&arguments);
    assert_eq!(text.matches("agrees").count(), 4, "{text}");
    let object = program(&folder).json(&arguments);
    assert_eq!(object["passes"], true);
    let rows = object["cases"].as_array().expect("a list");
    assert_eq!(rows.len(), 4);
    for row in rows {
        assert_eq!(
            (&row["passes"], &row["mismatch"]),
            (&true.into(), &serde_json::Value::Null)
        );
        assert!(row["worst"]["error"].as_f64().expect("a number") < 1e-4, "{row}");
    }
    assert_eq!(rows[3]["network"], "8C3p1-P2-R12-R16s2-I16s2-24-10@3x12x12");
}

#[test]
fn a_changed_spike_is_named() {
    let folder = folder();
    // Step 7 of 25, image 1 of 3, neuron 4 of 20.
    let place = (7 * 3 + 1) * 20 + 4;
    let mut fired = false;
    let flip = |spikes: &mut [u8]| {
        fired = spikes[place] == 1;
        spikes[place] ^= 1;
    };
    fault("fc.npz", "spikes/f0", flip, &folder.path().join("changed.npz"));
    let (text, object) = failure(
        &folder,
        &["changed.npz", vector("lenet_small.npz").to_str().expect("UTF-8")],
    );
    let wanted = if fired {
        "should not have fired"
    } else {
        "should have fired"
    };
    let line = format!("changed.npz: first wrong spike: image 1, step 7, layer f0, neuron 4 {wanted}");
    assert!(text.contains(&line), "{text}");
    assert_eq!(
        (text.matches("FAILS").count(), text.matches("agrees").count()),
        (1, 1),
        "{text}"
    );
    assert_eq!(object["passes"], false);
    let mismatch = &object["cases"][0]["mismatch"];
    assert_eq!(
        (&mismatch["image"], &mismatch["step"], &mismatch["layer"]),
        (&1.into(), &7.into(), &"f0".into())
    );
}

#[test]
fn a_changed_weight_or_gradient_fails_and_the_tensor_is_named() {
    let folder = folder();
    let copy = folder.path().join("changed.npz");
    fault(
        "resnet_small.npz",
        "weight/c22.shortcut",
        |weights| weights[3] ^= 0x80,
        &copy,
    );
    let (text, object) = failure(&folder, &["changed.npz"]);
    assert!(text.contains("layer c22, neuron"), "{text}");
    assert_eq!(object["cases"][0]["passes"], false);

    // The exponent of the last gradient: a spike's worth of nothing else changes.
    let change = |numbers: &mut [u8]| *numbers.last_mut().expect("numbers") ^= 0x40;
    fault("resnet_small.npz", "grad/c32.shortcut", change, &copy);
    let (text, object) = failure(&folder, &["changed.npz"]);
    assert!(!text.contains("first wrong spike"), "{text}");
    assert_eq!(object["cases"][0]["worst"]["tensor"], "c32.shortcut");
    assert!(text.contains("c32.shortcut"), "{text}");
}

#[test]
fn files_that_are_no_cases_are_refused() {
    let folder = folder();
    fs::write(folder.path().join("text.npz"), "no archive").expect("writing");
    let (code, message) = program(&folder).fail(&["gradcheck", "text.npz"]);
    assert_eq!(code, "synfire::model");
    assert!(
        message.starts_with("text.npz is not a valid npz file"),
        "{message}"
    );
    let (_, message) = program(&folder).fail(&["gradcheck", "nowhere.npz"]);
    assert!(message.starts_with("cannot read nowhere.npz"), "{message}");
}
