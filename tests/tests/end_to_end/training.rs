//! Training that is interrupted and resumed, through the command line.

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use serde_json::Value;
use std::fs;
use std::path::Path;
use std::time::{Duration, Instant};
use synfire_golden_model::float::FloatModel;
use synfire_golden_model::train::Trainer;
use synfire_golden_model::{Config, dataset};
use synfire_tests::Program;

const PROGRAM: &str = env!("CARGO_BIN_EXE_synfire-under-test");

/// Longest wait for the program to get somewhere.
const PATIENCE: Duration = Duration::from_secs(60);

fn lines(metrics: &Path) -> Vec<Value> {
    let text = fs::read_to_string(metrics).unwrap_or_default();
    // The last line may still be in the making.
    let whole = text.rfind('\n').map_or("", |end| &text[..end]);
    let parse = |line: &str| serde_json::from_str(line).unwrap_or_else(|error| panic!("{error} in {line}"));
    whole.lines().map(parse).collect()
}

/// Figures without those that differ from run to run.
fn lasting(mut figures: Vec<Value>) -> Vec<Value> {
    for figures in &mut figures {
        let object = figures.as_object_mut().expect("an object");
        for key in ["seconds", "test_seconds", "images_per_second"] {
            assert!(object.remove(key).is_some_and(|value| value.is_number()), "{key}");
        }
    }
    figures
}

/// Starts a run, and stops it as Ctrl-C does when three epochs are done.
fn interrupt(program: &Program, arguments: &[&str], metrics: &Path) {
    let mut background = program.start(arguments);
    let start = Instant::now();
    while lines(metrics).len() < 3 {
        assert!(start.elapsed() < PATIENCE, "no three epochs in {PATIENCE:?}");
        std::thread::sleep(Duration::from_millis(2));
    }
    let pid = i32::try_from(background.0.id()).expect("a process id");
    kill(Pid::from_raw(pid), Signal::SIGINT).expect("the program runs");
    let status = background.0.wait().expect("it ends");
    assert_eq!(status.code(), Some(130));
}

#[test]
fn an_interrupted_run_goes_on_to_the_same_model() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let program = Program::new(PROGRAM, folder.path());
    let at = |name: &str| folder.path().join(name);
    let train = |output: &'static str, metrics: &'static str, more: &[&'static str]| {
        let all = [
            "train",
            "digits",
            "--dropout",
            "0.1",
            "-o",
            output,
            "--metrics",
            metrics,
        ];
        [&all, more].concat()
    };

    // More epochs than anyone waits for: the interruption ends it.
    interrupt(
        &program,
        &train("held.safetensors", "held.jsonl", &["--epochs", "90000", "--json"]),
        &at("held.jsonl"),
    );
    let held = lines(&at("held.jsonl"));
    assert!(!at("held.safetensors").exists(), "the run has not ended");

    // A new run must not replace it, and another one is not this one.
    let (code, message) = program.fail(&train("held.safetensors", "held.jsonl", &[]));
    assert_eq!(code, "synfire::unfinished");
    assert!(
        message.contains(&format!("with {} of 90000 epochs done", held.len())),
        "{message}"
    );
    let (code, message) = program.fail(&train(
        "held.safetensors",
        "held.jsonl",
        &["--resume", "--seed", "5"],
    ));
    assert_eq!(code, "synfire::model");
    assert!(
        message.starts_with("this run has train.seed 5, but the checkpoint has 1;"),
        "{message}"
    );

    let epochs: &'static str = (held.len() + 2).to_string().leak();
    let resumed = program.json(&train(
        "held.safetensors",
        "held.jsonl",
        &["--resume", "--epochs", epochs],
    ));
    let whole = program.json(&train(
        "whole.safetensors",
        "whole.jsonl",
        &["--epochs", epochs, "--threads", "1"],
    ));
    assert_eq!(resumed["test_accuracy"], whole["test_accuracy"]);
    let bytes = |name| fs::read(at(name)).expect("a model");
    assert!(
        bytes("held.safetensors") == bytes("whole.safetensors"),
        "the models differ"
    );
    let (held, whole) = (
        lasting(lines(&at("held.jsonl"))),
        lasting(lines(&at("whole.jsonl"))),
    );
    assert_eq!(held.len(), whole.len());
    assert_eq!(held, whole);
}

#[test]
fn an_interrupted_fine_tuning_goes_on_to_the_same_integers() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let program = Program::new(PROGRAM, folder.path());
    let at = |name: &str| folder.path().join(name);
    let _ = program.succeed(&["train", "digits", "-o", "float.safetensors", "--epochs", "8"]);
    let quantize = |output: &'static str, metrics: &'static str, more: &[&'static str]| {
        let all = [
            "quantize",
            "float.safetensors",
            "-o",
            output,
            "--calibrate",
            "32",
            "--finetune",
            "60",
            "--finetune-lr",
            "0.001",
            "--metrics",
            metrics,
        ];
        [&all, more].concat()
    };
    let held = quantize("held.safetensors", "held.jsonl", &["--bits", "2"]);
    interrupt(&program, &[&held[..], &["--json"]].concat(), &at("held.jsonl"));
    assert!(!at("held.safetensors").exists(), "the run has not ended");

    let (code, _) = program.fail(&held);
    assert_eq!(code, "synfire::unfinished");
    let other = quantize("held.safetensors", "held.jsonl", &["--bits", "3", "--resume"]);
    let (code, message) = program.fail(&other);
    assert_eq!(code, "synfire::model");
    assert!(
        message.starts_with("this run has quantization.layers.hidden.bits 3, but the checkpoint has 2;"),
        "{message}"
    );

    let resumed = program.json(&[&held[..], &["--resume"]].concat());
    let whole = quantize(
        "whole.safetensors",
        "whole.jsonl",
        &["--bits", "2", "--threads", "1"],
    );
    let whole = program.json(&whole);
    let accuracy = |report: &Value, of: &str| report["finetune"][of].as_f64().expect("a number");
    for of in ["float_accuracy", "quantized_accuracy", "finetuned_accuracy"] {
        assert_eq!(accuracy(&resumed, of), accuracy(&whole, of), "{of}");
    }
    assert!(accuracy(&whole, "finetuned_accuracy") > accuracy(&whole, "quantized_accuracy"));
    let bytes = |name| fs::read(at(name)).expect("a model");
    assert!(
        bytes("held.safetensors") == bytes("whole.safetensors"),
        "the models differ"
    );
    let (held, whole) = (lines(&at("held.jsonl")), lines(&at("whole.jsonl")));
    assert_eq!((held.len(), whole.len()), (60, 60));
    assert_eq!(lasting(held), lasting(whole));
}

#[test]
fn a_run_that_diverges_names_its_last_good_checkpoint() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let program = Program::new(PROGRAM, folder.path());
    let network = "name = 'line'\ninput = [1, 8, 8]\nsteps = 8\nrate = 1.0\n\
                   [[layer]]\nname = 'out'\nop = 'out'\nout = 10\n\
                   [train]\noptimizer = 'sgd'\nlearning_rate = 0.001\nmomentum = 0.0\nepochs = 3\nbatch = 479\n";
    fs::write(folder.path().join("line.toml"), network).expect("writing");
    let train = [
        "train",
        "./line.toml",
        "--data",
        "digits",
        "-o",
        "line.safetensors",
    ];

    // Slowly enough for an epoch or two.
    let hot = ["--epochs", "1000", "--lr", "0.0006"];
    let (code, message) = program.fail(&[&train[..], &hot].concat());
    assert_eq!(code, "synfire::diverged");
    assert!(message.starts_with("training diverged in epoch "), "{message}");
    assert!(message.contains("lower the learning rate (0.0006); the last good checkpoint is line.checkpoint.safetensors, from epoch "), "{message}");

    // In the first batches there is none yet. Every step multiplies the weights.
    let (_, message) = program.fail(&[&train[..], &["--restart", "--lr", "100", "--batch", "1"]].concat());
    assert!(message.ends_with("there is no checkpoint yet"), "{message}");
}

#[test]
fn there_must_be_something_to_resume() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let program = Program::new(PROGRAM, folder.path());
    let (code, message) = program.fail(&["train", "digits", "-o", "x.safetensors", "--resume"]);
    assert_eq!(code, "synfire::no_checkpoint");
    assert_eq!(
        message,
        "there is no checkpoint x.checkpoint.safetensors to resume from"
    );
    fs::write(
        folder.path().join("x.checkpoint.safetensors"),
        b"garbage that is no checkpoint",
    )
    .expect("writing");
    let (_, message) = program.fail(&["train", "digits", "-o", "x.safetensors", "--resume"]);
    assert!(message.starts_with("x.checkpoint.safetensors"), "{message}");
}

#[test]
fn limits_threads_and_curve() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let program = Program::new(PROGRAM, folder.path());
    let output = program.run(&[
        "train",
        "digits",
        "-o",
        "x.safetensors",
        "--limit",
        "200",
        "--epochs",
        "2",
        "--threads",
        "1",
        "--curve",
        "x.svg",
    ]);
    assert!(output.status.success());
    let text = String::from_utf8_lossy(&output.stderr).into_owned();
    let epochs: Vec<&str> = text.lines().filter(|line| line.starts_with("epoch ")).collect();
    assert_eq!(epochs.len(), 2, "{text}");
    assert!(
        epochs[1].starts_with("epoch 2/2: loss ") && epochs[1].contains("spike rates: input 0."),
        "{text}"
    );
    let picture = fs::read_to_string(folder.path().join("x.svg")).expect("a picture");
    assert!(picture.contains("test accuracy") && picture.contains("hidden"));
    let (_, message) = program.fail(&["train", "digits", "-o", "x.safetensors", "--limit", "1500"]);
    assert!(message.contains("1500"), "{message}");
}

#[test]
fn validation_reports_on_held_out_training_images_and_never_on_test_images() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let program = Program::new(PROGRAM, folder.path());
    let at = |name: &str| folder.path().join(name);
    let train = |output: &'static str, more: &[&'static str]| {
        let all = ["train", "digits", "--epochs", "2", "-o", output];
        [&all, more].concat()
    };
    let validation = ["--validation", "360", "--metrics", "v.jsonl", "--curve", "v.svg"];
    let report = program.json(&train("v.safetensors", &validation));
    assert_eq!(report["validation_images"], 360);
    assert!(report["test_accuracy"].is_null(), "{report}");
    let accuracy = report["validation_accuracy"].as_f64().expect("an accuracy");
    // Accuracies are those of 360 images, of which the digits have as many for tests.
    assert!((accuracy * 360.0).fract().min(1.0 - (accuracy * 360.0).fract()) < 1e-6);
    for epoch in lines(&at("v.jsonl")) {
        assert!(
            epoch["validation_accuracy"].is_f64() && epoch["test_accuracy"].is_null(),
            "{epoch}"
        );
    }
    let picture = fs::read_to_string(at("v.svg")).expect("a picture");
    assert!(picture.contains("validation accuracy") && !picture.contains("test accuracy"));

    // The model is that of the same images trained on and evaluated by other means.
    let data = dataset::load("digits", None).expect("embedded");
    let split = data.train.split(360, 1).expect("enough images");
    let model = FloatModel::load(at("v.safetensors")).expect("a model");
    let provenance = |key: &str| model.provenance.get(key).cloned();
    assert_eq!(provenance("test_accuracy"), None);
    assert_eq!(provenance("validation_accuracy"), Some(format!("{accuracy:.4}")));
    let mut config = Config::preset("digits")
        .expect("a preset")
        .train
        .expect("parameters");
    config.epochs = 2;
    let mut trainer =
        Trainer::new(model.description.clone(), config, &split.train, Some(&split.test)).expect("valid");
    for _ in 0..2 {
        let _ = trainer.epoch(&mut |_| ()).expect("trains");
    }
    assert_eq!(trainer.model().weights, model.weights, "trained on other images");
    assert_eq!(trainer.evaluation().map(|found| found.accuracy), Some(accuracy));

    // Text and, without the flag, the test images.
    let text = program.succeed(&train("v.safetensors", &["--validation", "360"]));
    assert!(
        text.contains("validation accuracy ") && text.contains(" on 360 held-out training images"),
        "{text}"
    );
    let plain = program.json(&train("t.safetensors", &[]));
    assert!(plain["validation_accuracy"].is_null() && plain["test_accuracy"].is_f64());

    // A run that was held out from cannot be resumed with other images, though there may be as many.
    for (other, wanted) in [
        (&[][..], "data.held_out.labels "),
        (
            &["--validation", "100"],
            "data.held_out.images 100, but the checkpoint has 360",
        ),
    ] {
        let arguments = [other, &["--resume"]].concat();
        let (code, message) = program.fail(&train("v.safetensors", &arguments));
        assert_eq!(code, "synfire::model");
        assert!(message.contains(wanted), "{wanted} in {message}");
    }
    let (_, message) = program.fail(&train("x.safetensors", &["--validation", "1437"]));
    assert!(message.contains("1437"), "{message}");
}

#[test]
fn a_run_with_validation_resumes_on_the_same_images() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let program = Program::new(PROGRAM, folder.path());
    let at = |name: &str| folder.path().join(name);
    let train = |output: &'static str, metrics: &'static str, more: &[&'static str]| {
        let all = [
            "train",
            "digits",
            "--validation",
            "200",
            "--limit",
            "300",
            "-o",
            output,
            "--metrics",
            metrics,
        ];
        [&all, more].concat()
    };
    let long = ["--epochs", "90000", "--json"];
    interrupt(
        &program,
        &train("held.safetensors", "held.jsonl", &long),
        &at("held.jsonl"),
    );
    let epochs: &'static str = (lines(&at("held.jsonl")).len() + 2).to_string().leak();
    let resume = ["--resume", "--epochs", epochs];
    let resumed = program.json(&train("held.safetensors", "held.jsonl", &resume));
    let whole = program.json(&train("whole.safetensors", "whole.jsonl", &["--epochs", epochs]));
    assert_eq!(resumed["validation_accuracy"], whole["validation_accuracy"]);
    let bytes = |name| fs::read(at(name)).expect("a model");
    assert!(
        bytes("held.safetensors") == bytes("whole.safetensors"),
        "the models differ"
    );
}

#[test]
fn a_dry_run_shows_the_start_and_writes_nothing() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let program = Program::new(PROGRAM, folder.path());
    let start = |more: &[&str]| {
        let network = [
            "train",
            "4C3p1-P2-6C3p1-P2-12-10",
            "--data",
            "digits",
            "--dry-run",
        ];
        program.json(&[&network, more].concat())
    };
    let short = start(&["--steps", "6", "--seed", "3"]);
    assert_eq!((&short["steps"], &short["seed"]), (&6.into(), &3.into()));
    assert_eq!((&short["images"], &short["init"]), (&64.into(), &"random".into()));
    let names: Vec<&str> = short["layers"]
        .as_array()
        .expect("a list")
        .iter()
        .map(|layer| layer["layer"].as_str().expect("a name"))
        .collect();
    assert_eq!(names, ["input", "conv1", "pool1", "conv2", "pool2", "fc1"]);
    let ever_fired =
        |start: &Value, layer: usize| start["layers"][layer]["ever_fired"].as_f64().expect("a share");
    assert!(short["layers"][0]["ever_fired"].is_null());
    assert!(ever_fired(&short, 1) > 0.5, "{short}");
    // Two poolings that want four spikes for one: the rest of the network is dead, and scaling wakes it.
    assert!(ever_fired(&short, 5) < 0.5, "{short}");
    let scaled = start(&["--steps", "6", "--seed", "3", "--init", "data"]);
    assert_eq!(scaled["init"], "data");
    assert_eq!(scaled["unscaled"], serde_json::json!([]));
    assert!(ever_fired(&scaled, 5) > 0.9, "{scaled}");
    let again = start(&["--steps", "6", "--seed", "3", "--init", "data", "--threads", "1"]);
    assert_eq!(again, scaled, "whatever the number of threads");

    let output = program.run(&["train", "digits", "--dry-run", "--steps", "2", "--rate", "0.01"]);
    assert!(output.status.success());
    let text = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(text.contains("layer `hidden` "), "{text}");
    assert!(
        fs::read_dir(folder.path()).expect("a folder").next().is_none(),
        "a dry run writes nothing"
    );
    let output = program.run(&["train", "digits", "--dry-run", "-o", "x.safetensors"]);
    assert_eq!(output.status.code(), Some(2), "either --dry-run or --output");
    let output = program.run(&["train", "digits"]);
    assert_eq!(output.status.code(), Some(2), "--output is missing");
}
