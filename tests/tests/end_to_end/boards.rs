//! A bitstream for every board: the verbs take a small network from training to the programmer's command line.

use serde_json::Value;
use std::path::Path;
use std::sync::OnceLock;
use synfire_hw::board::Board;
use synfire_tests::Program;
use tempfile::TempDir;

const PROGRAM: &str = env!("CARGO_BIN_EXE_synfire-under-test");

/// Boards of the default tests, one of each family; the demo makes the bitstreams of two more.
const REPRESENTATIVES: [&str; 3] = ["icebreaker", "colorlight-i5", "tang-nano-9k"];

/// Small network, 64-16-10.
const NETWORK: &str = r#"
name = "digits-16"
input = [1, 8, 8]
steps = 16
rate = 1.0
leak = 0.990234375

[[layer]]
name = "hidden"
op = "fc"
out = 16

[[layer]]
name = "out"
op = "out"
out = 10

[train]
optimizer = "adamw"
learning_rate = 0.004
epochs = 20
batch = 32
"#;

/// Folder with the quantized network, which is made once.
fn folder() -> &'static Path {
    static FOLDER: OnceLock<TempDir> = OnceLock::new();
    let folder = FOLDER.get_or_init(|| {
        let folder = tempfile::tempdir().expect("a temporary folder");
        std::fs::write(folder.path().join("network.toml"), NETWORK).expect("writes");
        let program = Program::new(PROGRAM, folder.path());
        let _ = program.succeed(&[
            "train",
            "network.toml",
            "--data",
            "digits",
            "-o",
            "float.safetensors",
        ]);
        let _ = program.succeed(&[
            "quantize",
            "float.safetensors",
            "-o",
            "quantized.safetensors",
            "--bits",
            "4",
        ]);
        folder
    });
    folder.path()
}

/// Makes the bitstream of a board, and checks its report.
///
/// # Panics
/// If a step fails, the clock is not met, or the report is inconsistent.
fn bitstream(name: &str) -> Value {
    let program = Program::new(PROGRAM, folder());
    let board = Board::find(name).expect("a built-in board");
    let _ = program.succeed(&[
        "hdl",
        "quantized.safetensors",
        "--board",
        name,
        "--most-lanes",
        "4",
        "-o",
        name,
    ]);
    // Netlists of each family are compared in `netlist.rs`, and the demo's through these verbs.
    let report = program.json(&["synth", name, "--no-check"]);
    assert_eq!(report["checked"], false, "{report}");
    let number = |field: &str| {
        report[field]
            .as_f64()
            .unwrap_or_else(|| panic!("{field} in {report}"))
    };
    assert_eq!(number("clock_mhz"), board.clock_mhz());
    assert!(number("fmax_mhz") >= number("clock_mhz"), "{report}");
    let used = |resource: &str| {
        let rows = report["utilization"].as_array().expect("resources");
        let row = rows.iter().find(|row| row["resource"] == resource);
        row.map(|row| (row["used"].as_u64(), row["available"].as_u64()))
            .unwrap_or_else(|| panic!("{resource} in {report}"))
    };
    // What the board file says of the device is what the tools know of it.
    for (resource, there) in [
        ("LUT4", board.device.luts),
        ("block RAM", board.device.block_rams),
    ] {
        let (used, available) = used(resource);
        assert_eq!(available, Some(there as u64), "{resource} of {name}");
        assert!(
            used > Some(0) && used <= available,
            "{resource} of {name}: {used:?}"
        );
    }
    if board.device.sprams > 0 {
        assert_eq!(used("SPRAM").1, Some(board.device.sprams as u64));
    }
    let path = &report["critical_path"];
    assert!(path["levels"].as_u64() > Some(0), "{path}");
    for end in ["from", "to"] {
        let place = path[end].as_str().expect("a place");
        assert!(!place.is_empty() && !place.contains("LUT"), "{path}");
    }
    assert!(
        report["speed"]["inferences_per_second"].as_f64() > Some(100.0),
        "{report}"
    );
    let bitstream = folder()
        .join(name)
        .join(report["bitstream"]["file"].as_str().expect("a bitstream"));
    assert!(bitstream.metadata().expect("a bitstream").len() > 10_000);
    let line = program.json(&["flash", name, "--dry-run"]);
    let arguments = line["arguments"].as_array().expect("arguments");
    assert!(
        arguments
            .iter()
            .any(|argument| argument.as_str() == bitstream.to_str()),
        "{line}"
    );
    report
}

#[test]
fn icebreaker() {
    bitstream(REPRESENTATIVES[0]);
}

#[test]
fn colorlight_i5() {
    bitstream(REPRESENTATIVES[1]);
}

#[test]
fn tang_nano_9k() {
    bitstream(REPRESENTATIVES[2]);
}

#[test]
#[ignore = "takes minutes; `make boards` runs it"]
fn all_others() {
    let names: Vec<&str> = Board::names()
        .into_iter()
        .filter(|name| !REPRESENTATIVES.contains(name))
        .collect();
    assert_eq!(names.len() + REPRESENTATIVES.len(), Board::names().len());
    for name in &names {
        let report = bitstream(name);
        println!(
            "{name}: {:.1} MHz reached, {} wanted",
            report["fmax_mhz"].as_f64().unwrap_or_default(),
            report["clock_mhz"]
        );
    }
    let program = Program::new(PROGRAM, folder());
    println!("{}", program.succeed(&[&["report"], &names[..]].concat()));
}
