//! What the program does with the paths, pipes and threads that a user gives it: nothing that is read is replaced, only
//! regular files are written, and two runs do not write one file.

use std::ffi::{OsStr, OsString};
use std::fs;
use std::io::Read as _;
use std::os::unix::ffi::OsStringExt as _;
use std::os::unix::fs::FileTypeExt as _;
use std::path::Path;
use std::process::{Command, Output, Stdio};
use std::time::{Duration, Instant};
use synfire_tests::Program;
use tempfile::TempDir;

const PROGRAM: &str = env!("CARGO_BIN_EXE_synfire-under-test");

fn folder() -> TempDir {
    tempfile::tempdir().expect("a temporary folder")
}

fn program(folder: &TempDir) -> Program {
    Program::new(PROGRAM, folder.path())
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

/// Trains the digits for one epoch on few images.
fn train(program: &Program, more: &[&str]) -> String {
    let arguments = [
        "train",
        "digits",
        "--epochs",
        "1",
        "--limit",
        "100",
        "-o",
        "float.safetensors",
    ];
    program.succeed(&[&arguments, more].concat())
}

/// A program that panics exits with 101, and one that a signal kills with none.
fn assert_no_panic(output: &Output) {
    let stderr = text(&output.stderr);
    assert!(
        output.status.code().is_some_and(|code| code != 101),
        "{}: {stderr}",
        output.status
    );
    assert!(!stderr.contains("panicked"), "{stderr}");
}

#[test]
fn inputs_are_not_replaced() {
    let folder = folder();
    let program = program(&folder);
    train(&program, &[]);
    let path = folder.path().join("float.safetensors");
    let before = fs::read(&path).expect("a model");
    for arguments in [
        &["quantize", "float.safetensors", "-o", "float.safetensors"][..],
        &["quantize", "float.safetensors", "-o", "./float.safetensors"],
        &["eval", "float.safetensors", "--readout", "float.safetensors"],
        &[
            "sweep",
            "float.safetensors",
            "-o",
            "x.jsonl",
            "--picture",
            "float.safetensors",
        ],
    ] {
        let (code, message) = program.fail(arguments);
        assert_eq!(code, "synfire::output");
        assert!(
            message.contains("is also MODEL of this run, which it would replace"),
            "{message}"
        );
    }
    assert_eq!(fs::read(&path).expect("a model"), before);
}

/// As root, a device would become a file, for the whole machine.
#[test]
fn devices_are_not_replaced() {
    let folder = folder();
    let program = program(&folder);
    for arguments in [
        &["data", "draw", "digits", "-o", "/dev/null"][..],
        &["train", "digits", "-o", "/dev/null"],
        &["train", "digits", "-o", "x.safetensors", "--metrics", "/dev/null"],
    ] {
        let (_, message) = program.fail(arguments);
        assert!(
            message.ends_with("failed: it is a device; give the name of a regular file or of a new one"),
            "{message}"
        );
    }
    let null = fs::metadata("/dev/null").expect("the device");
    assert!(null.file_type().is_char_device());
}

#[test]
fn text_goes_to_standard_output() {
    let folder = folder();
    let program = program(&folder);
    for dash in ["-", "/dev/stdout"] {
        let output = program.run(&["data", "draw", "digits", "--images", "1", "-o", dash]);
        let (svg, said) = (text(&output.stdout), text(&output.stderr));
        assert!(output.status.success(), "{said}");
        assert!(
            svg.starts_with("<svg") && svg.trim_end().ends_with("</svg>"),
            "{svg}"
        );
        assert!(said.contains("samples in"), "{said}");
    }
    let metrics = train(&program, &["--metrics", "-"]);
    let lines: Vec<serde_json::Value> = metrics
        .lines()
        .map(|line| serde_json::from_str(line).unwrap_or_else(|error| panic!("{error}: {line}")))
        .collect();
    assert_eq!((lines.len(), lines[0]["epoch"].as_u64()), (1, Some(1)));
    // Another file would lie beside it in standard output.
    assert!(!folder.path().join("-").exists());
}

#[test]
fn closed_pipes_are_no_panic() {
    let folder = folder();
    let program = program(&folder);
    // Text and JSON, results and errors, and a run that goes on for a while.
    for arguments in [
        &["data", "list"][..],
        &["data", "list", "--json"],
        &["eval", "missing.safetensors"],
        &["eval", "missing.safetensors", "--json"],
        &[
            "train",
            "digits",
            "--epochs",
            "2",
            "--limit",
            "100",
            "--restart",
            "-o",
            "x.safetensors",
        ],
        &[
            "train",
            "digits",
            "--epochs",
            "1",
            "--limit",
            "100",
            "--restart",
            "--metrics",
            "-",
            "-o",
            "x.safetensors",
        ],
    ] {
        for closed in ["stdout", "stderr", "both"] {
            let mut child = program
                .command(arguments)
                .stdout(Stdio::piped())
                .stderr(Stdio::piped())
                .spawn()
                .expect("the program starts");
            if closed != "stderr" {
                drop(child.stdout.take());
            }
            if closed != "stdout" {
                drop(child.stderr.take());
            }
            let output = child.wait_with_output().expect("the program ends");
            assert_no_panic(&output);
            let fails = arguments[0] == "eval";
            assert_eq!(
                output.status.success(),
                !fails,
                "{arguments:?} with closed {closed}: {}",
                text(&output.stderr)
            );
        }
    }
    assert!(folder.path().join("x.safetensors").exists());
}

#[test]
fn thousands_of_threads_are_refused() {
    let folder = folder();
    for number in ["20000", "1000000000"] {
        let started = Instant::now();
        let output = program(&folder).run(&["train", "digits", "-o", "x", "--threads", number]);
        assert_eq!(output.status.code(), Some(2));
        let message = text(&output.stderr);
        assert!(
            message.contains(number) && message.contains("give a number from 1 to"),
            "{message}"
        );
        let program = program(&folder).with("RAYON_NUM_THREADS", number);
        let (_, message) = program.fail(&["eval", "x.safetensors"]);
        assert!(
            message.starts_with(&format!("RAYON_NUM_THREADS is {number}, but at most")),
            "{message}"
        );
        assert!(started.elapsed() < Duration::from_secs(60));
    }
}

#[test]
fn two_runs_do_not_write_one_file() {
    let folder = folder();
    let program = program(&folder);
    let long = [
        "train",
        "digits",
        "--epochs",
        "100000",
        "-o",
        "x.safetensors",
        "--metrics",
        "x.jsonl",
    ];
    let first = program.start(&long);
    let started = Instant::now();
    while !fs::read_to_string(folder.path().join("x.jsonl")).is_ok_and(|lines| lines.contains("epoch")) {
        assert!(started.elapsed() < Duration::from_secs(100), "no epoch ended");
        std::thread::sleep(Duration::from_millis(50));
    }
    let process = format!("another run (process {}) writes", first.0.id());
    for (second, busy) in [
        (&["train", "digits", "-o", "x.safetensors"][..], "x.safetensors"),
        (
            &["train", "digits", "-o", "y.safetensors", "--metrics", "x.jsonl"],
            "x.jsonl",
        ),
        (
            &[
                "train",
                "digits",
                "-o",
                "z.safetensors",
                "--checkpoint",
                "x.checkpoint.safetensors",
            ],
            "x.checkpoint.safetensors",
        ),
        (
            &["quantize", "y.safetensors", "-o", "x.safetensors"],
            "x.safetensors",
        ),
    ] {
        let (code, message) = program.fail(second);
        assert_eq!(code, "synfire::busy");
        assert_eq!(
            message,
            format!("{process} {busy}; wait until it ends, or give another name")
        );
    }
    // Even a run that is killed gives the file back.
    drop(first);
    train(&program, &["--restart"]);
    let _ = program.succeed(&[
        "train",
        "digits",
        "--epochs",
        "1",
        "--limit",
        "100",
        "--restart",
        "-o",
        "x.safetensors",
    ]);
    let left: Vec<OsString> = fs::read_dir(folder.path())
        .expect("the folder")
        .map(|entry| entry.expect("an entry").file_name())
        .filter(|name| name.to_string_lossy().starts_with(".synfire-lock-x.safe"))
        .collect();
    assert!(left.is_empty(), "{left:?}");
}

#[test]
fn names_need_not_be_utf8() {
    let folder = folder();
    let program = program(&folder);
    let name = |end: &str| {
        let mut name = b"caf\xE9".to_vec();
        name.extend(end.as_bytes());
        OsString::from_vec(name)
    };
    let (network, data, model) = (name(".toml"), name(".npz"), name(".safetensors"));
    let preset = synfire_tests::repository().join("golden-model/configs/digits.toml");
    fs::copy(preset, folder.path().join(&network)).expect("copies");
    write_digits(&folder.path().join(&data));
    let run = |arguments: &[&OsStr]| {
        let output = program.command(arguments).output().expect("the program starts");
        assert!(output.status.success(), "{arguments:?}: {}", text(&output.stderr));
        text(&output.stdout)
    };
    let word = OsStr::new;
    let _ = run(&[
        word("train"),
        &network,
        word("--data"),
        &data,
        word("-o"),
        &model,
        word("--epochs"),
        word("1"),
        word("--json"),
    ]);
    assert!(folder.path().join(&model).exists());
    let told = run(&[word("eval"), &model, word("--data"), &data]);
    assert!(told.contains("accuracy"), "{told}");
    let _ = run(&[word("data"), word("show"), &data, word("--json")]);
}

/// Writes a small set of 8×8 images as an npz file.
fn write_digits(path: &Path) {
    let folder = folder();
    let python = "
import sys, zipfile, io, struct
def npy(kind, shape, data):
    text = repr({'descr': kind, 'fortran_order': False, 'shape': shape}).encode()
    text += b' ' * (63 - (len(text) + 10) % 64) + b'\\n'
    return b'\\x93NUMPY\\x01\\x00' + struct.pack('<H', len(text)) + text + data
with zipfile.ZipFile('set.npz', 'w') as file:
    for part, count in (('train', 40), ('test', 20)):
        # Every class occurs.
        pixels = bytes((i * 7 + j * 3) % 17 for i in range(count) for j in range(64))
        file.writestr(part + '_images.npy', npy('|u1', (count, 1, 8, 8), pixels))
        file.writestr(part + '_labels.npy', npy('|u1', (count,), bytes(i % 10 for i in range(count))))
    file.writestr('full_scale.npy', npy('|u1', (), b'\\x10'))
";
    let made = Command::new("python3")
        .args(["-c", python])
        .current_dir(folder.path())
        .status()
        .expect("Python runs");
    assert!(made.success());
    fs::copy(folder.path().join("set.npz"), path).expect("copies");
}

/// A device has no end, and a FIFO without a writer no beginning.
#[test]
fn only_regular_files_are_read() {
    let folder = folder();
    let program = program(&folder);
    let made = Command::new("mkfifo").arg(folder.path().join("fifo")).status();
    assert!(made.expect("mkfifo runs").success());
    for name in [
        "net.toml",
        "board.toml",
        "own.npz",
        "model.safetensors",
        "results.jsonl",
    ] {
        std::os::unix::fs::symlink("/dev/zero", folder.path().join(format!("zero-{name}"))).expect("links");
        std::os::unix::fs::symlink("fifo", folder.path().join(format!("fifo-{name}"))).expect("links");
    }
    train(&program, &[]);
    let _ = program.succeed(&["quantize", "float.safetensors", "-o", "quantized.safetensors"]);
    for (kind, what) in [("zero", "a device"), ("fifo", "a FIFO")] {
        let [net, board, data, model, results] = [
            "net.toml",
            "board.toml",
            "own.npz",
            "model.safetensors",
            "results.jsonl",
        ]
        .map(|name| format!("{kind}-{name}"));
        for arguments in [
            &["train", &net, "-o", "x"][..],
            &["train", "digits", "--data", &data, "-o", "x"],
            &["data", "show", &data],
            &["eval", &model],
            &["quantize", &model, "-o", "x"],
            &["plan", &model, "--board", "icebreaker"],
            &["plan", "quantized.safetensors", "--board", &board],
            &["sweep", "float.safetensors", "-o", &results],
            &["trace", "show", &data],
            &["gradcheck", &data],
        ] {
            let (_, message) = program.fail(arguments);
            assert!(
                message.contains(&format!("is {what}; give")),
                "{arguments:?}: {message}"
            );
        }
    }
    let mut file = fs::File::open(folder.path().join("float.safetensors")).expect("a model");
    assert!(file.read(&mut [0]).is_ok_and(|read| read == 1));
}
