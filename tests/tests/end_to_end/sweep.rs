//! `synfire sweep`: its points are what `quantize` and `eval` come to, and a sweep goes on where it was cut off.

use serde_json::Value;
use std::fs;
use synfire_tests::Program;
use tempfile::TempDir;

fn program(folder: &TempDir) -> Program {
    Program::new(env!("CARGO_BIN_EXE_synfire-under-test"), folder.path())
}

/// A folder with a network that has seen the digits for some epochs.
fn trained() -> TempDir {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let _ = program(&folder).succeed(&["train", "digits", "--epochs", "5", "-o", "float.safetensors"]);
    folder
}

fn sweep<'a>(more: &[&'a str]) -> Vec<&'a str> {
    let always = [
        "sweep",
        "float.safetensors",
        "-o",
        "results.jsonl",
        "--calibrate",
        "40",
        "--scale",
        "mse",
    ];
    [&always[..], more].concat()
}

fn points(report: &Value) -> &[Value] {
    report["points"].as_array().expect("a list")
}

fn number(value: &Value) -> f64 {
    value.as_f64().unwrap_or_else(|| panic!("a number, not {value}"))
}

fn lines(folder: &TempDir) -> String {
    fs::read_to_string(folder.path().join("results.jsonl")).expect("results")
}

#[test]
fn points_are_what_quantize_and_eval_come_to() {
    let folder = trained();
    let program = program(&folder);
    let report = program.json(&sweep(&[
        "--bits",
        "2,4",
        "--steps",
        "4,16",
        "--leak",
        "auto,none",
        "--picture",
        "sweep.svg",
    ]));
    assert_eq!((&report["images"], &report["computed"]), (&360.into(), &8.into()));
    assert_eq!(points(&report).len(), 8);
    assert_eq!(lines(&folder).lines().count(), 2 + 8);

    for (bits, leak) in [(2_u8, "auto"), (4, "none")] {
        let width = bits.to_string();
        let mut quantize = vec!["quantize", "float.safetensors", "-o", "integer.safetensors"];
        quantize.extend(["--bits", &width, "--calibrate", "40", "--scale", "mse"]);
        if leak != "auto" {
            quantize.extend(["--leak", leak]);
        }
        let _ = program.json(&quantize);
        let evaluated = program.json(&["eval", "integer.safetensors", "--stats"]);
        for steps in [4_u32, 16] {
            let is_it = |point: &&Value| {
                point["weight_bits"] == bits && point["leak"] == leak && point["steps"] == steps
            };
            let point = points(&report).iter().find(is_it).expect("that point");
            let accuracy = &evaluated["stats"]["accuracy_by_step"][steps as usize - 1];
            assert_eq!(&point["accuracy"], accuracy, "{point}");
            if steps == 16 {
                let wanted = number(&evaluated["synaptic_operations"]);
                assert!((number(&point["synaptic_operations"]) / wanted - 1.0).abs() < 1e-9);
            }
            let weights = number(&point["weight_bits"]) * f64::from(64 * 64 + 64 * 10);
            assert_eq!(number(&point["weights_bits"]), weights);
            assert!(number(&point["model_bits"]) > weights);
        }
    }
    let float = program.json(&["eval", "float.safetensors", "--stats"]);
    for (reading, steps) in report["float"].as_array().expect("a list").iter().zip([4, 16]) {
        assert_eq!(reading["accuracy"], float["stats"]["accuracy_by_step"][steps - 1]);
    }

    // Of equal size and accuracy none beats the other; no point beats one of the front.
    let pairs: Vec<(f64, f64, bool)> = points(&report)
        .iter()
        .map(|point| {
            let [cost, gain] = ["model_bits", "accuracy"].map(|field| number(&point[field]));
            (cost, gain, point["front"]["model_bits"] == true)
        })
        .collect();
    for &(cost, gain, stands) in &pairs {
        let beaten = pairs
            .iter()
            .any(|other| other.0 <= cost && other.1 >= gain && (other.0 < cost || other.1 > gain));
        assert_eq!(stands, !beaten, "{pairs:?}");
    }
    let picture = fs::read_to_string(folder.path().join("sweep.svg")).expect("a picture");
    // A point in each panel, and one of either width in the legend.
    assert_eq!(picture.matches("<circle").count(), 2 * 8 + 2);
}

#[test]
fn a_sweep_goes_on_where_it_was_cut_off() {
    let folder = trained();
    let program = program(&folder);
    let arguments = sweep(&["--bits", "3,8", "--steps", "8,16", "--limit", "50"]);
    let report = program.json(&arguments);
    assert_eq!(report["computed"], 4);
    let whole = lines(&folder);

    // Everything is known; then a line and a half are lost.
    let again = program.json(&arguments);
    assert_eq!(
        (&again["computed"], &again["points"]),
        (&0.into(), &report["points"])
    );
    assert_eq!(lines(&folder), whole);
    let kept: usize = whole.split_inclusive('\n').take(4).map(str::len).sum();
    fs::write(folder.path().join("results.jsonl"), &whole[..kept + 40]).expect("writing");
    let resumed = program.json(&arguments);
    assert_eq!(
        (&resumed["computed"], &resumed["points"]),
        (&2.into(), &report["points"])
    );
    assert_eq!(lines(&folder), whole);

    // More of the same run is added; other images are another run.
    let more = program.json(&sweep(&["--bits", "3,5", "--steps", "8", "--limit", "50"]));
    assert_eq!((&more["computed"], points(&more).len()), (&1.into(), 2));
    let other = program.json(&sweep(&["--bits", "3", "--steps", "8", "--limit", "51"]));
    assert_eq!((&other["computed"], points(&other).len()), (&1.into(), 1));
    let text = program.succeed(&arguments);
    assert!(text.contains("0 of 4 points computed in this run"), "{text}");
    assert!(
        text.starts_with("digits on digits, 50 test images, seed 1\n"),
        "{text}"
    );
}

#[test]
fn what_cannot_be_swept_is_refused() {
    let folder = trained();
    let program = program(&folder);
    let (code, message) = program.fail(&sweep(&["--steps", "8,17"]));
    assert_eq!(code, "synfire::sweep");
    assert_eq!(
        message,
        "network `digits` has 16 time steps; its output cannot be read after 17"
    );
    let (_, message) = program.fail(&sweep(&["--bits", "4,9"]));
    assert_eq!(message, "quantizer: weight_bits is 9, but must be 2 to 8");
    let (_, message) = program.fail(&sweep(&["--guard-bits", "13"]));
    assert_eq!(message, "quantizer: guard_bits is 13, but must be 0 to 12");
    let (_, message) = program.fail(&sweep(&["--leak", "9:7"]));
    assert!(
        message.contains("leak shifts [9, 7] are not distinct and ascending"),
        "{message}"
    );
    for (flag, list) in [
        ("--bits", ""),
        ("--steps", "8,"),
        ("--leak", "7;9"),
        ("--guard-bits", "few"),
    ] {
        let output = program.run(&sweep(&[flag, list]));
        assert_eq!(output.status.code(), Some(2), "{flag} {list}");
    }
    assert!(!folder.path().join("results.jsonl").exists());

    let _ = program.succeed(&["quantize", "float.safetensors", "-o", "integer.safetensors"]);
    let (code, _) = program.fail(&["sweep", "integer.safetensors", "-o", "results.jsonl"]);
    assert_eq!(code, "synfire::model_kind");
    fs::write(folder.path().join("results.jsonl"), "notes\n").expect("writing");
    let (_, message) = program.fail(&sweep(&["--limit", "5"]));
    assert!(
        message.starts_with("results.jsonl, line 1, is not a result of `synfire sweep`: "),
        "{message}"
    );
    assert_eq!(lines(&folder), "notes\n");
}
