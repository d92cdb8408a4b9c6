//! `synfire flash` with a shell script as programmer, and `synfire report` of a build.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use synfire_golden_model::file::sha256;
use synfire_hw::build::Build;
use synfire_hw::synth::report::{Bitstream, REPORT, Report, Utilization};
use synfire_tests::Program;

const PROGRAM: &str = env!("CARGO_BIN_EXE_synfire-under-test");

/// Makes a build folder `build` for the iCEBreaker.
fn folder() -> (tempfile::TempDir, Program) {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let program = Program::new(PROGRAM, folder.path());
    let _ = program.succeed(&["train", "digits", "--epochs", "1", "-o", "float.safetensors"]);
    let _ = program.succeed(&["quantize", "float.safetensors", "-o", "quantized.safetensors"]);
    let _ = program.succeed(&[
        "hdl",
        "quantized.safetensors",
        "--board",
        "icebreaker",
        "--most-lanes",
        "2",
        "--rates",
        "20,2",
        "-o",
        "build",
    ]);
    (folder, program)
}

fn synthesized(folder: &Path) {
    let folder = folder.join("build");
    let build = Build::open(&folder).expect("a build");
    fs::write(folder.join("bitstream.bin"), "bits").expect("writes");
    let report = Report {
        netlist: "3c".repeat(32),
        board: "icebreaker".into(),
        design_hash: build.manifest.design_hash,
        utilization: vec![Utilization {
            resource: "LUT4".into(),
            used: 2100,
            available: 5280,
        }],
        fmax_mhz: 26.5,
        clock_mhz: 18.0,
        critical_path: None,
        bitstream: Some(Bitstream {
            file: "bitstream.bin".into(),
            sha256: sha256(b"bits"),
        }),
        seed: 1,
        yosys: "0.70".into(),
        nextpnr: "0.11".into(),
        synthesis_seconds: 1.0,
        place_and_route_seconds: 1.0,
    };
    report.write(&folder.join(REPORT)).expect("writes");
}

/// Makes a folder with a program `iceprog` that runs a script.
fn programmer(folder: &Path, script: &str) -> PathBuf {
    let folder = folder.join("programs");
    fs::create_dir_all(&folder).expect("makes a folder");
    let path = folder.join("iceprog");
    fs::write(&path, format!("#!/bin/sh\n{script}\n")).expect("writes");
    fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).expect("makes it executable");
    folder
}

#[test]
fn the_programmer_on_the_path_gets_the_bitstream_and_its_failure_is_told() {
    let (folder, program) = folder();
    let (code, message) = program.fail(&["flash", "build"]);
    assert_eq!(code, "synfire::hardware");
    assert_eq!(
        message,
        "build folder build holds no bitstream that met its clock: run `synfire synth` first"
    );
    synthesized(folder.path());
    let bitstream = folder.path().join("build").join("bitstream.bin");

    // Nothing is run, and nothing need be there.
    let nowhere = folder.path().join("nowhere");
    let without = Program::new(PROGRAM, folder.path()).with("PATH", &nowhere);
    assert_eq!(
        without.succeed(&["flash", "build", "--dry-run"]),
        format!("iceprog {}\n", bitstream.display())
    );
    let (_, message) = without.fail(&["flash", "build"]);
    assert_eq!(
        message,
        "iceprog not found: install it (package fpga-icestorm of Debian and Ubuntu, icestorm of others), or set \
         SYNFIRE_PROGRAMMER to its path"
    );
    for (arguments, line) in [
        (&["--volatile"][..], "iceprog -S"),
        (&["--serial", "FT4XYZ"], "iceprog -d s:0x0403:0x6010:FT4XYZ"),
        (
            &["--volatile", "--serial", "A1", "--", "-I", "B"],
            "iceprog -I B -d s:0x0403:0x6010:A1 -S",
        ),
    ] {
        // What is behind `--` stays last.
        let arguments = [&["flash", "build", "--dry-run"], arguments].concat();
        assert_eq!(
            without.succeed(&arguments),
            format!("{line} {}\n", bitstream.display())
        );
    }

    // The shell's own programs are not wanted.
    let path = programmer(folder.path(), r#"echo "$# $*" > got; echo "cdone: high""#);
    let with = Program::new(PROGRAM, folder.path()).with("PATH", &path);
    let summary = with.json(&["flash", "build"]);
    assert_eq!(summary["done"], true);
    assert_eq!(
        fs::read_to_string(folder.path().join("got")).expect("what it got"),
        format!("1 {}\n", bitstream.display())
    );
    assert_eq!(
        fs::read_to_string(folder.path().join("build/flash.log")).expect("a log"),
        "cdone: high\n"
    );
    let _ = with.succeed(&["flash", "build", "--serial", "A1", "--", "-v"]);
    assert_eq!(
        fs::read_to_string(folder.path().join("got")).expect("what it got"),
        format!("4 -v -d s:0x0403:0x6010:A1 {}\n", bitstream.display())
    );

    let path = programmer(folder.path(), r#"echo "cdone: low""#);
    let with = Program::new(PROGRAM, folder.path()).with("PATH", &path);
    let text = with.succeed(&["flash", "build"]);
    assert!(
        text.contains("iceprog reports that the FPGA did not start (cdone: low)"),
        "{text}"
    );

    let path = programmer(
        folder.path(),
        "echo \"Can't find iCE FTDI USB device\" >&2; exit 2",
    );
    let with = Program::new(PROGRAM, folder.path()).with("PATH", &path);
    let (_, message) = with.fail(&["flash", "build"]);
    assert!(
        message.starts_with("iceprog failed (exit status: 2); the end of its log")
            && message.ends_with("Can't find iCE FTDI USB device"),
        "{message}"
    );
}

#[test]
fn a_board_that_would_fail_on_a_bench_is_refused_before_anything_is_written() {
    let (folder, program) = folder();
    let text = include_str!("../../../hw/boards/icebreaker.toml");
    let hdl = |from: &str, to: &str, more: &[&str]| {
        assert!(text.contains(from), "{from} in {text}");
        fs::write(folder.path().join("mine.toml"), text.replacen(from, to, 1)).expect("writes");
        let arguments = [
            "hdl",
            "quantized.safetensors",
            "--board",
            "mine.toml",
            "--rates",
            "20,2",
            "-o",
            "mine",
        ];
        let (code, message) = program.fail(&[&arguments[..], more].concat());
        assert_eq!(code, "synfire::hardware");
        assert!(!folder.path().join("mine").exists());
        message
    };
    for (from, to, more, reason) in [
        (
            "rx = \"6\"",
            "rx = \"9\"",
            &[][..],
            "[uart] rx and [uart] tx are the same pin, 9",
        ),
        ("rx = \"6\"", "rx = \"\"", &[], "[uart] rx is empty"),
        (
            "part = \"up5k\"",
            "part = \"up6k\"",
            &[],
            "part = \"up6k\" is unknown",
        ),
        (
            "tx",
            "tx",
            &["--baud", "200"],
            "baud = 200 takes 90000 cycles per bit at the core's 18000000 Hz, but the UART counts at most",
        ),
        (
            "tx",
            "tx",
            &["--baud", "5000000"],
            "baud = 5000000 needs a core clock of at least 4 times the rate",
        ),
    ] {
        let message = hdl(from, to, more);
        assert!(message.contains(reason), "{message}");
    }
    let manifest = program.json(&[
        "hdl",
        "quantized.safetensors",
        "--board",
        "icebreaker",
        "--rates",
        "20,2",
        "--baud",
        "115200",
        "-o",
        "slow",
    ]);
    assert_eq!(manifest["board"]["uart"]["baud"], 115_200);
}

#[test]
fn a_report_tells_what_is_known_of_each_build() {
    let (folder, program) = folder();
    let rows = program.json(&["report", "build"]);
    let row = &rows[0];
    assert_eq!(
        (row["network"].as_str(), row["board"].as_str()),
        (Some("digits"), Some("icebreaker"))
    );
    assert_eq!(
        (&row["fmax_mhz"], &row["measured"]),
        (&serde_json::Value::Null, &false.into())
    );
    let (cycles, speed) = (row["cycles"].as_f64(), row["inferences_per_second"].as_f64());
    let (cycles, speed) = (cycles.expect("cycles"), speed.expect("a speed"));
    assert!((cycles * speed / 18e6 - 1.0).abs() < 1e-9, "{row}");
    assert!(row["float_accuracy"].as_f64() > Some(0.1), "{row}");
    synthesized(folder.path());
    let text = program.succeed(&["report", "build", "build", "--markdown"]);
    let lines: Vec<&str> = text.lines().collect();
    assert!(lines[0].starts_with("| network | board | lanes |"), "{text}");
    assert_eq!(lines[2], lines[3]);
    assert!(lines[2].contains("| 26.5 | 2100 of 5280 |"), "{text}");
    let (_, message) = program.fail(&["report", "build", "elsewhere"]);
    assert!(message.starts_with("build folder elsewhere: "), "{message}");
}
