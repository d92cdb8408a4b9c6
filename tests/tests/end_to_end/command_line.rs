//! What the command line says: help, and errors with their exit status.

use ndarray::Array2;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use synfire_golden_model::float::FloatModel;
use synfire_golden_model::network::NetworkDescription;
use synfire_tests::Program;
use tempfile::TempDir;

const PROGRAM: &str = env!("CARGO_BIN_EXE_synfire-under-test");

fn program(folder: &TempDir) -> Program {
    Program::new(PROGRAM, folder.path())
}

fn folder() -> TempDir {
    tempfile::tempdir().expect("a temporary folder")
}

/// Trains the digits for one epoch: enough of a model to have files of every kind.
fn models(program: &Program) {
    let _ = program.succeed(&["train", "digits", "--epochs", "1", "-o", "float.safetensors"]);
    let _ = program.succeed(&["quantize", "float.safetensors", "-o", "quantized.safetensors"]);
}

#[test]
fn help_of_every_verb() {
    let folder = folder();
    let program = program(&folder);
    let mut text = program.succeed(&["--help"]);
    for verb in [
        "demo",
        "data",
        "train",
        "eval",
        "trace",
        "gradcheck",
        "quantize",
        "sweep",
        "plan",
        "hdl",
        "cosim",
        "synth",
        "flash",
        "report",
        "board",
        "run",
        "bench",
        "tools",
    ] {
        text.push_str(&format!("\n──── synfire {verb} --help\n"));
        text.push_str(&program.succeed(&[verb, "--help"]));
    }
    for verb in ["list", "show", "draw", "download"] {
        text.push_str(&format!("\n──── synfire data {verb} --help\n"));
        text.push_str(&program.succeed(&["data", verb, "--help"]));
    }
    for verb in ["diff", "show"] {
        text.push_str(&format!("\n──── synfire trace {verb} --help\n"));
        text.push_str(&program.succeed(&["trace", verb, "--help"]));
    }
    for what in ["train", "infer", "sparsity"] {
        text.push_str(&format!("\n──── synfire bench {what} --help\n"));
        text.push_str(&program.succeed(&["bench", what, "--help"]));
    }
    // Of the value of an environment variable, the help would be this machine's.
    let text = text.replace(
        &format!("[env: SYNFIRE_VENV={}]", synfire_tests::venv().display()),
        "[env: SYNFIRE_VENV=]",
    );
    insta::assert_snapshot!("help", text);
}

#[test]
fn usage_errors_exit_with_two() {
    let folder = folder();
    let output = program(&folder).run(&["quantize"]);
    assert_eq!(output.status.code(), Some(2));
    assert!(String::from_utf8_lossy(&output.stderr).contains("--output"));
}

#[test]
fn names_that_do_not_exist_list_those_that_do() {
    let folder = folder();
    let program = program(&folder);
    let (code, message) = program.fail(&["train", "digit", "-o", "x"]);
    assert_eq!(code, "synfire::model");
    assert!(message.contains("digits, lenet, lenet-nmnist"), "{message}");
    let (_, message) = program.fail(&["train", "digits", "--data", "mnits", "-o", "x"]);
    assert!(message.contains("digits, mnist, fashion-mnist"), "{message}");
    models(&program);
    let (code, message) = program.fail(&[
        "hdl",
        "quantized.safetensors",
        "--board",
        "icebraker",
        "-o",
        "build",
    ]);
    assert_eq!(code, "synfire::hardware");
    assert!(
        message.contains("`icebraker`") && message.contains("icebreaker"),
        "{message}"
    );
    assert!(
        !folder.path().join("build").exists(),
        "nothing is written on failure"
    );
}

#[test]
fn models_of_the_wrong_kind_name_the_remedy() {
    let folder = folder();
    let program = program(&folder);
    models(&program);
    let (_, message) = program.fail(&["plan", "float.safetensors", "--board", "icebreaker"]);
    assert!(message.contains("run `synfire quantize`"), "{message}");
    let (code, message) = program.fail(&["quantize", "quantized.safetensors", "-o", "x"]);
    assert_eq!(code, "synfire::model_kind");
    assert_eq!(
        message,
        "quantized.safetensors is a quantized model, but a float model is needed"
    );
    let (_, message) = program.fail(&["quantize", "float.safetensors", "-o", "x", "--bits", "9"]);
    assert!(message.contains('9') && message.contains('8'), "{message}");
}

#[test]
fn convolutions_are_planned_and_a_board_that_is_too_small_is_named() {
    let folder = folder();
    let description = NetworkDescription::preset("lenet").expect("a preset");
    let tensors = description.graph().expect("a valid network").tensors;
    let model = FloatModel {
        weights: tensors
            .iter()
            .map(|tensor| Array2::zeros((tensor.outputs, tensor.inputs)))
            .collect(),
        description,
        provenance: [].into(),
        biases: Vec::new(),
    };
    model
        .save(folder.path().join("lenet.safetensors"))
        .expect("saving");
    let program = program(&folder);
    let quantize = [
        "quantize",
        "lenet.safetensors",
        "-o",
        "quantized.safetensors",
        "--calibrate",
        "0",
    ];
    let _ = program.succeed(&quantize);
    let rates = "50,900,190,170,40,3";
    for verb in ["plan", "hdl"] {
        let output = if verb == "hdl" { &["-o", "build"][..] } else { &[] };
        let arguments = |model, board| [&[verb, model, "--board", board, "--rates", rates], output].concat();
        let (_, message) = program.fail(&arguments("lenet.safetensors", "icebreaker"));
        assert!(message.contains("is a float model"), "{message}");
        let (_, message) = program.fail(&arguments("quantized.safetensors", "icebreaker"));
        assert!(
            message.starts_with("network `lenet` does not fit icebreaker: it needs at least "),
            "{message}"
        );
        for part in [
            " of them for layer `",
            "it fits ",
            "ulx3s-85f",
            "fewer weight bits or channels",
        ] {
            assert!(message.contains(part), "{part} in {message}");
        }
        let unknown = [
            &arguments("quantized.safetensors", "icebreaker")[..],
            &["--features", "encoder,lode"],
        ];
        let output = program.run(&unknown.concat());
        assert_eq!(output.status.code(), Some(2));
        let message = String::from_utf8_lossy(&output.stderr);
        assert!(message.contains("`lode` is no feature"), "{message}");
    }
    assert!(
        !folder.path().join("build").exists(),
        "nothing is written on failure"
    );
    let plan = [
        "plan",
        "quantized.safetensors",
        "--board",
        "ulx3s-85f",
        "--rates",
        rates,
    ];
    let text = program.succeed(&plan);
    for layer in ["conv1", "pool1", "conv2", "pool2", "fc1", "out"] {
        assert!(text.contains(layer), "{text}");
    }
}

#[test]
fn a_compact_network_takes_its_input_from_the_data() {
    let folder = folder();
    let program = program(&folder);
    let train = [
        "train",
        "4C3p1-P2-10",
        "--epochs",
        "1",
        "--steps",
        "4",
        "-o",
        "compact.safetensors",
    ];
    let (code, message) = program.fail(&train);
    assert_eq!(code, "synfire::model");
    assert!(message.contains("has no input shape"), "{message}");
    let _ = program.succeed(&[&train[..], &["--data", "digits"]].concat());
    let model = FloatModel::load(folder.path().join("compact.safetensors")).expect("a model");
    assert_eq!(model.description.compact(), "4C3p1-P2-10@1x8x8");
    assert_eq!(model.description.steps, 4);
    let (_, message) = program.fail(&["train", "4C3q1-10", "--data", "digits", "-o", "x"]);
    assert_eq!(
        message,
        "network `4C3q1-10`, character 4, in `4C3q1`: found `q`, expected `-`, `@` or the end"
    );
}

#[test]
fn damaged_files_are_refused() {
    let folder = folder();
    let program = program(&folder);
    models(&program);
    truncate(&folder.path().join("float.safetensors"), 0.5);
    let (_, message) = program.fail(&["eval", "float.safetensors"]);
    assert!(message.contains("float.safetensors"), "{message}");

    let _ = program.succeed(&[
        "hdl",
        "quantized.safetensors",
        "--board",
        "icebreaker",
        "-o",
        "build",
    ]);
    let verilog = folder.path().join("build/accelerator.v");
    let text = fs::read_to_string(&verilog).expect("Verilog");
    fs::write(&verilog, text + "// changed\n").expect("writing");
    let (_, message) = program.fail(&["cosim", "build"]);
    assert!(message.contains("accelerator.v has changed"), "{message}");
    let (_, message) = program.fail(&["cosim", "nowhere"]);
    assert!(
        message.contains("nowhere") && message.contains("synfire hdl"),
        "{message}"
    );
}

#[test]
fn data_sets_are_listed_shown_and_drawn() {
    let folder = folder();
    let program = program(&folder);
    let list = program.json(&["data", "list"]);
    let entry = |name: &str| {
        let entries = list["datasets"].as_array().expect("a list");
        entries
            .iter()
            .find(|entry| entry["name"] == name)
            .expect("a known name")
    };
    assert_eq!(entry("digits")["built_in"], true);
    assert_eq!(entry("svhn")["found_in"], serde_json::Value::Null);
    assert_eq!(entry("cifar10")["shape"], serde_json::json!([3, 32, 32]));

    let shown = program.json(&["data", "show", "digits"]);
    assert_eq!(shown["train"]["samples"], 1437);
    assert_eq!(shown["test"]["samples"], 360);
    let mean = shown["train"]["images"]["mean"][0].as_f64().expect("a number");
    assert!((mean - 0.305).abs() < 0.005, "{mean}");
    let text = program.succeed(&["data", "show", "digits"]);
    assert!(text.contains("training set: mean = [0.30"), "{text}");

    let drawn = program.json(&["data", "draw", "digits", "--images", "3", "-o", "digits.svg"]);
    assert_eq!(drawn["samples"], 30);
    let picture = fs::read_to_string(folder.path().join("digits.svg")).expect("a picture");
    assert_eq!(picture.matches("<image ").count(), 30);
}

#[test]
fn downloads_that_cannot_be_are_refused() {
    let folder = folder();
    let program = program(&folder);
    let (code, message) = program.fail(&["data", "download", "n-mnist", "--data-dir", "."]);
    assert_eq!(code, "synfire::download");
    assert_eq!(message, "data set `n-mnist` cannot be downloaded automatically");
    // Nobody listens at a port that was given back.
    let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("a free port");
    let mirror = format!("http://{}", listener.local_addr().expect("its address"));
    drop(listener);
    let (_, message) = program.fail(&[
        "data",
        "download",
        "mnist",
        "--data-dir",
        ".",
        "--mirror",
        &mirror,
    ]);
    let wanted = format!("cannot reach {mirror}/train-images-idx3-ubyte.gz: ");
    assert!(message.starts_with(&wanted), "{message}");
    assert!(!folder.path().join("mnist/train-images-idx3-ubyte.gz").exists());
}

#[test]
fn truncated_data_set_is_refused() {
    let folder = folder();
    // An idx file of 10 images that holds 3.
    let mut images = vec![0, 0, 8, 3, 0, 0, 0, 10, 0, 0, 0, 28, 0, 0, 0, 28];
    images.extend(vec![7; 3 * 784]);
    let labels = [vec![0, 0, 8, 1, 0, 0, 0, 10], vec![1; 10]].concat();
    for set in ["train", "t10k"] {
        fs::write(folder.path().join(format!("{set}-images-idx3-ubyte")), &images).expect("writing");
        fs::write(folder.path().join(format!("{set}-labels-idx1-ubyte")), &labels).expect("writing");
    }
    let (_, message) = program(&folder).fail(&["train", "mnist-mlp", "--data-dir", ".", "-o", "x"]);
    assert!(message.contains("train-images-idx3-ubyte"), "{message}");
    assert!(message.contains("7840") || message.contains("7856"), "{message}");
}

#[test]
fn missing_tool_is_named_with_its_remedy() {
    let folder = folder();
    let program = program(&folder).with("SYNFIRE_YOSYS", "/nonexistent/yosys");
    models(&program);
    let _ = program.succeed(&[
        "hdl",
        "quantized.safetensors",
        "--board",
        "icebreaker",
        "-o",
        "build",
    ]);
    let (code, message) = program.fail(&["synth", "build"]);
    assert_eq!(code, "synfire::hardware");
    assert!(
        message.contains("yosys") && message.contains("0.50") && message.contains("synfire tools --install"),
        "{message}"
    );
}

#[test]
fn old_tool_is_named_with_both_versions() {
    let folder = folder();
    let old = folder.path().join("old-yosys");
    fs::write(&old, "#!/bin/sh\necho 'Yosys 0.9 (git sha1 1979e0b)'\n").expect("writing");
    fs::set_permissions(&old, fs::Permissions::from_mode(0o755)).expect("making it executable");
    let program = program(&folder).with("SYNFIRE_YOSYS", &old);
    let output = program.run(&["tools", "--json"]);
    assert_eq!(
        output.status.code(),
        Some(1),
        "a tool that is too old fails the verb"
    );
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(
        text.contains("has version 0.9, but synfire needs 0.50 or newer"),
        "{text}"
    );
}

#[test]
fn missing_port_lists_the_ports_found() {
    let folder = folder();
    let program = program(&folder);
    models(&program);
    let _ = program.succeed(&[
        "hdl",
        "quantized.safetensors",
        "--board",
        "icebreaker",
        "-o",
        "build",
    ]);
    let (code, message) = program.fail(&["run", "build", "--port", "/dev/no-such-port"]);
    assert_eq!(code, "synfire::link");
    assert!(
        message.starts_with("serial port /dev/no-such-port does not exist; "),
        "{message}"
    );
}

/// Tools that place as told: the frequency in MHz is 40 and ten times the seed.
fn placing_tools(folder: &Path) -> [(&'static str, PathBuf); 3] {
    let nextpnr = "#!/bin/sh\nif [ \"$1\" = --version ]; then echo 'nextpnr-ecp5 -- (Version nextpnr-0.9)'; exit; fi\n\
                   while [ $# -gt 0 ]; do if [ \"$1\" = --seed ]; then seed=$2; fi; shift; done\n\
                   echo $seed >> seeds.txt\n\
                   echo '{\"utilization\": {}, \"fmax\": {\"clock\": {\"achieved\": '$(echo 50 70 60 80 | cut -d \" \" -f $seed)'}}}' > nextpnr.json\n";
    let yosys = "#!/bin/sh\necho 'Yosys 0.70'\nfor made in netlist.json core.json netlist.v core.v; do echo '{}' > $made; done\n";
    let ecppack = "#!/bin/sh\nif [ \"$1\" = --version ]; then echo 'Project Trellis ecppack Version 1.4'; exit; fi\n\
                   touch bitstream.bit\n";
    [
        ("SYNFIRE_YOSYS", yosys),
        ("SYNFIRE_NEXTPNR_ECP5", nextpnr),
        ("SYNFIRE_ECPPACK", ecppack),
    ]
    .map(|(variable, text)| {
        let path = folder.join(variable);
        fs::write(&path, text).expect("writing");
        fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).expect("making it executable");
        (variable, path)
    })
}

#[test]
fn placements_are_tried_until_one_meets_the_clock() {
    let folder = folder();
    let mut program = program(&folder);
    for (variable, path) in placing_tools(folder.path()) {
        program = program.with(variable, path);
    }
    models(&program);
    let hdl = "hdl quantized.safetensors --board ulx3s-85f --clock 75 --most-lanes 2 -o build";
    let _ = program.succeed(&hdl.split(' ').collect::<Vec<_>>());
    let seeds = || {
        let seeds = folder.path().join("build/seeds.txt");
        let text = fs::read_to_string(&seeds).expect("the seeds");
        fs::remove_file(seeds).expect("removing");
        text
    };
    for (flags, expected) in [("--tries 3", "1\n2\n3\n"), ("--seed 3 --tries 2", "3\n4\n")] {
        let arguments: Vec<&str> = ["synth", "build", "--no-check"]
            .into_iter()
            .chain(flags.split(' '))
            .collect();
        if flags == "--tries 3" {
            let (_, message) = program.fail(&arguments);
            assert!(
                message.contains("reaches 70.00 MHz, but needs 75.00 MHz"),
                "{message}"
            );
            assert!(message.contains("synfire synth --tries"), "{message}");
            assert!(
                !folder.path().join("build/bitstream.bit").exists(),
                "a bitstream that is too slow"
            );
            let row = program.succeed(&["report", "build", "--json"]);
            assert!(
                row.contains("\"fmax_mhz\":70") && row.contains("\"clock_met\":false"),
                "{row}"
            );
            let report = fs::read_to_string(folder.path().join("build/report.json")).expect("a report");
            for part in ["\"seed\": 2,", "\"fmax_mhz\": 70.0,", "\"bitstream\": null,"] {
                assert!(report.contains(part), "{part} in {report}");
            }
            assert!(program.succeed(&["report", "build"]).contains("70.0 (too slow)"));
            let (_, message) = program.fail(&["flash", "build", "--dry-run"]);
            assert!(message.contains("no bitstream that met its clock"), "{message}");
        } else {
            let report = program.succeed(&[&arguments[..], &["--json"]].concat());
            assert!(
                report.contains("\"seed\":4") && report.contains("\"fmax_mhz\":80"),
                "{report}"
            );
            assert!(report.contains("\"checked\":false"), "{report}");
            assert!(program.succeed(&["report", "build"]).contains("not checked"));
            let line = program.json(&["flash", "build", "--dry-run"]);
            assert_eq!(line["checked"], false, "{line}");
        }
        assert_eq!(seeds(), expected);
    }
    let (_, message) = program.fail(&["synth", "build", "--no-check"]);
    assert!(message.contains("reaches 50.00 MHz"), "{message}");
    assert_eq!(seeds(), "1\n", "one placement, where no more are asked for");
}

fn truncate(path: &Path, share: f64) {
    let bytes = fs::read(path).expect("reading");
    #[expect(
        clippy::cast_precision_loss,
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss
    )]
    let kept = (bytes.len() as f64 * share) as usize;
    fs::write(path, &bytes[..kept]).expect("writing");
}
