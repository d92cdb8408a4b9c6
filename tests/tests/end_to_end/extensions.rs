//! Networks with biases, graded input, reset by subtraction and an output without leak, through the command line: every
//! verb computes with them, up to a virtual board. Only the rule of the paper refuses them, by name.

use std::fs;
use synfire_golden_model::dataset;
use synfire_golden_model::dataset::encode::test_raster;
use synfire_golden_model::evaluation::{float, integer};
use synfire_golden_model::float::FloatModel;
use synfire_golden_model::integer::{Engine, QuantizedModel};
use synfire_golden_model::network::{InputCoding, NetworkDescription, Readout, Reset};
use synfire_tests::{Program, npz};
use tempfile::TempDir;

const STEPS: usize = 4;

/// A float model for the digits, with random weights, and all that networks of the paper do not have.
fn model() -> FloatModel {
    let mut description = NetworkDescription::preset("digits").expect("a preset");
    description.steps = STEPS;
    description.coding = InputCoding::Direct;
    description.reset = Reset::Subtract;
    description.readout = Readout::Sum;
    let mut model = FloatModel::initial(description, 3).expect("valid");
    let shapes = model.description.shapes();
    let bias = |index: usize| f32::from(u8::try_from(index % 7).expect("small")) / 8.0 - 0.375;
    model.biases = shapes
        .iter()
        .map(|shape| (0..shape.channels).map(bias).collect())
        .collect();
    model
}

/// A folder with that model, and the program in it.
fn folder() -> (TempDir, Program) {
    let folder = tempfile::tempdir().expect("a temporary folder");
    model()
        .save(folder.path().join("float.safetensors"))
        .expect("saves");
    let program = Program::new(env!("CARGO_BIN_EXE_synfire-under-test"), folder.path());
    (folder, program)
}

fn quantized(program: &Program) -> serde_json::Value {
    program.json(&[
        "quantize",
        "float.safetensors",
        "-o",
        "integer.safetensors",
        "--data",
        "digits",
    ])
}

#[test]
fn eval_and_quantize_compute_what_the_library_computes() {
    let (folder, program) = folder();
    let data = dataset::load("digits", None).expect("embedded").test;
    let evaluated = program.json(&[
        "eval",
        "float.safetensors",
        "--data",
        "digits",
        "--readout",
        "readout.svg",
    ]);
    let expected = float::evaluate(&model(), &data, 1).expect("evaluates");
    assert_eq!(evaluated["correct"], expected.correct);
    // Nothing is drawn, so that no seed matters.
    let other = program.json(&["eval", "float.safetensors", "--data", "digits", "--seed", "2"]);
    assert_eq!(other["layers"], evaluated["layers"]);
    assert!(folder.path().join("readout.svg").exists());

    let report = quantized(&program);
    for (layer, limited) in [(0, true), (1, false)] {
        let layer = &report["layers"][layer];
        assert_eq!(layer["ceiling"].is_number(), limited, "{layer}");
        assert!(layer["biases"].is_array(), "{layer}");
        assert!(
            layer["drive_error"].as_f64().is_some_and(|error| error < 0.2),
            "{layer}"
        );
    }
    assert_eq!(report["layers"][1]["leak_shifts"], serde_json::json!([]));
    let text = program.succeed(&[
        "quantize",
        "float.safetensors",
        "-o",
        "again.safetensors",
        "--data",
        "digits",
        "--bits",
        "8",
    ]);
    assert!(text.contains("ceiling") && text.contains("bias"), "{text}");

    let integer = QuantizedModel::load(folder.path().join("integer.safetensors")).expect("loads");
    let expected = integer::evaluate_dataset(&integer, &data, data.len(), 1, &|_| ()).expect("evaluates");
    let evaluated = program.json(&["eval", "integer.safetensors", "--data", "digits", "--stats"]);
    assert_eq!(evaluated["correct"], expected.correct);
    assert_eq!(
        evaluated["stats"]["accuracy_by_step"].as_array().map(Vec::len),
        Some(STEPS)
    );
}

#[test]
fn a_trace_has_the_values_and_every_membrane() {
    let (folder, program) = folder();
    let _ = quantized(&program);
    let _ = program.json(&[
        "eval",
        "integer.safetensors",
        "--data",
        "digits",
        "--limit",
        "2",
        "--trace",
        "a.npz",
        "--trace-membranes",
    ]);
    let path = folder.path().join("a.npz");
    let bytes = npz::array(&path, "spikes/input");
    let values: Vec<i16> = npyz::NpyFile::new(&bytes[..])
        .expect("sound")
        .into_vec()
        .expect("of this type");
    assert!(values.iter().any(|&value| value > 100), "{values:?}");
    let metadata = npz::array(&path, "metadata");
    let metadata: Vec<u8> = npyz::NpyFile::new(&metadata[..])
        .expect("sound")
        .into_vec()
        .expect("bytes");
    let metadata: serde_json::Value = serde_json::from_slice(&metadata).expect("JSON");
    assert_eq!(
        (&metadata["version"], &metadata["graded"]),
        (&2.into(), &true.into())
    );

    let integer = QuantizedModel::load(folder.path().join("integer.safetensors")).expect("loads");
    let data = dataset::load("digits", None).expect("embedded").test;
    let data = data.sample(2, 9).expect("enough images");
    let mut engine = Engine::new(&integer).expect("valid");
    let (mut inputs, mut membranes) = (Vec::new(), Vec::new());
    for image in 0..2 {
        let raster = test_raster(&integer.description, &data, image, 1);
        for step in raster.iter() {
            let mut values = vec![0; raster.width()];
            step.iter()
                .for_each(|event| values[event.address as usize] = event.value);
            inputs.extend(values);
        }
        let trace = engine.trace(&raster, true).expect("runs");
        membranes.extend(trace.membranes.expect("asked for")[0].iter().copied());
    }
    assert_eq!(values, inputs);
    let bytes = npz::array(&path, "membranes/hidden");
    let found: Vec<i32> = npyz::NpyFile::new(&bytes[..])
        .expect("sound")
        .into_vec()
        .expect("of this type");
    assert_eq!(found, membranes);
    let text = program.succeed(&["trace", "show", "a.npz"]);
    assert!(text.contains("input"), "{text}");
    let _ = program.succeed(&["trace", "diff", "a.npz", "a.npz"]);
}

#[test]
fn a_sweep_has_the_points_of_quantize_and_eval() {
    let (_folder, program) = folder();
    let report = program.json(&[
        "sweep",
        "float.safetensors",
        "-o",
        "results.jsonl",
        "--data",
        "digits",
        "--bits",
        "4",
        "--steps",
        "2,4",
    ]);
    let _ = quantized(&program);
    let evaluated = program.json(&["eval", "integer.safetensors", "--data", "digits", "--stats"]);
    for (point, step) in [(0, 1), (1, 3)] {
        let wanted = &evaluated["stats"]["accuracy_by_step"][step];
        assert_eq!(&report["points"][point]["accuracy"], wanted, "{report}");
    }
}

/// In both simulators, and through the link of a virtual board, with values from the encoder and from the host.
#[test]
fn hardware_and_boards_compute_what_the_golden_model_computes() {
    let (_folder, program) = folder();
    let _ = quantized(&program);
    let run = |arguments: &str| program.json(&arguments.split(' ').collect::<Vec<_>>());
    let planned = run("plan integer.safetensors --board ulx3s-85f --data digits");
    let stages = [0, 1].map(|layer| planned["plan"]["layers"][layer]["settle_stages"].as_u64());
    assert_eq!(stages, [Some(1), Some(0)], "{planned}");
    let _ = run("hdl integer.safetensors --board ulx3s-85f --most-lanes 8 --data digits -o build");
    let compared = run("cosim build --simulator both --images 4 --stress 3");
    for simulator in ["verilator", "native"] {
        assert_eq!(compared[simulator]["images"], 4, "{compared}");
    }
    for more in ["--early-exit certain", "--spikes"] {
        let answered = run(&format!("run build --virtual --images 4 {more}"));
        assert_eq!(answered["images"], 4, "{answered}");
    }
    let _ = run(
        "hdl integer.safetensors --board icebreaker --features none --most-lanes 2 --data digits -o small",
    );
    let compared = run("cosim small --images 2 --stress 2");
    assert_eq!(compared["verilator"]["images"], 2, "{compared}");
}

#[test]
fn the_papers_fine_tuning_refuses_by_name_and_writes_nothing() {
    let (folder, program) = folder();
    let _ = quantized(&program);
    let entries = || fs::read_dir(folder.path()).expect("lists").count();
    let before = entries();
    let (_, message) = program.fail(&[
        "quantize",
        "float.safetensors",
        "-o",
        "tuned.safetensors",
        "--data",
        "digits",
        "--finetune",
        "1",
    ]);
    for part in [
        "graded input (coding `direct`)",
        "fine-tuning by the rule of the paper has no gradient",
        "fine-tune it with `rule = \"few-steps\"`",
    ] {
        assert!(flat(&message).contains(part), "{part} in {message}");
    }
    assert_eq!(entries(), before, "nothing is written");
}

#[test]
fn fine_tuning_by_the_second_rule_learns_in_integers() {
    let (folder, program) = folder();
    fs::write(
        folder.path().join("few.toml"),
        "name = \"digits\"\ninput = [1, 8, 8]\nsteps = 4\nrate = 1.0\nleak = [1]\ncoding = \"direct\"\n\
         readout = \"sum\"\nlayers = \"64-10\"\n\n[train]\nrule = \"few-steps\"\noptimizer = \"sgd\"\n\
         loss = \"cross-entropy\"\nlearning_rate = 0.1\nmomentum = 0.9\nepochs = 8\nbatch = 64\n",
    )
    .expect("writes");
    let report = program.json(&[
        "quantize",
        "float.safetensors",
        "-o",
        "tuned.safetensors",
        "--data",
        "digits",
        "--finetune",
        "2",
        "--finetune-like",
        "few.toml",
        "--finetune-lr",
        "0.05",
    ]);
    let accuracy = |of: &str| report["finetune"][of].as_f64().expect("a number");
    let (before, after) = (accuracy("quantized_accuracy"), accuracy("finetuned_accuracy"));
    assert!(before < 0.4 && after > 0.8, "{before} before, {after} after");
    let evaluated = program.json(&["eval", "tuned.safetensors"]);
    assert_eq!(evaluated["accuracy"].as_f64(), Some(after), "{evaluated}");
}

#[test]
fn the_papers_trainer_refuses_by_name() {
    let (folder, program) = folder();
    let preset = fs::read_to_string(synfire_tests::repository().join("golden-model/configs/digits.toml"));
    let text = preset
        .expect("a preset")
        .replace("\nrate = ", "\nreadout = \"sum\"\nrate = ");
    fs::write(folder.path().join("net.toml"), text).expect("writes");
    let (_, message) = program.fail(&[
        "bench",
        "train",
        "--net",
        "net.toml",
        "--images",
        "20",
        "--repeats",
        "1",
    ]);
    assert_eq!(
        message,
        "network `digits` has an output without leak (readout `sum`), for which the training rule of the paper has no \
         gradient; train it with `rule = \"few-steps\"`"
    );
}

/// The text without line breaks and the frame around them.
fn flat(message: &str) -> String {
    let words = message.split(|letter: char| letter.is_whitespace() || letter == '│');
    words
        .filter(|word| !word.is_empty())
        .collect::<Vec<_>>()
        .join(" ")
}
