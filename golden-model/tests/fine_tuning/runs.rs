//! Complete runs of fine-tuning on the digits.

use std::ops::ControlFlow;
use std::sync::LazyLock;
use synfire_golden_model::Config;
use synfire_golden_model::dataset::encode::test_raster;
use synfire_golden_model::dataset::{Split, digits};
use synfire_golden_model::evaluation::integer::evaluate;
use synfire_golden_model::float::FloatModel;
use synfire_golden_model::integer::{InputSigns, QuantizedModel};
use synfire_golden_model::quantize::{QuantizeConfig, QuantizeReport, quantize_calibrated, requantize};
use synfire_golden_model::train::{Checkpoint, EpochReport, FineTuning, Schedule, TrainConfig, Trainer};

const SEED: u64 = 1;

static DATA: LazyLock<Split> = LazyLock::new(|| digits::load().expect("embedded"));

/// Float network after a short training.
static FLOAT: LazyLock<FloatModel> = LazyLock::new(|| {
    let (network, train) = preset();
    let train = TrainConfig { epochs: 12, ..train };
    let mut trainer = Trainer::new(network, train, &DATA.train, None).expect("valid");
    for _ in 0..12 {
        trainer.epoch(&mut |_| ()).expect("no divergence");
    }
    trainer.model()
});

fn preset() -> (synfire_golden_model::network::NetworkDescription, TrainConfig) {
    let Config { network, train } = Config::preset("digits").expect("a preset");
    (network, train.expect("presets can be trained"))
}

/// Training parameters of the runs.
fn config() -> TrainConfig {
    TrainConfig {
        learning_rate: 0.001,
        schedule: Schedule::Cosine,
        epochs: 4,
        ..preset().1
    }
}

/// Quantizes the float network, calibrated with 64 images.
fn post_training(weight_bits: u8) -> (QuantizedModel, QuantizeReport) {
    let rasters: Vec<_> = (0..64)
        .map(|image| test_raster(&FLOAT.description, &DATA.train, image, SEED))
        .collect();
    let config = QuantizeConfig {
        weight_bits,
        ..QuantizeConfig::default()
    };
    quantize_calibrated(&FLOAT, &config, &rasters).expect("a small network")
}

fn scales(report: &QuantizeReport) -> Vec<Vec<f64>> {
    report
        .layers
        .iter()
        .map(|layer| layer.channel_scales.clone())
        .collect()
}

fn start(weight_bits: u8) -> FineTuning {
    let (quantized, report) = post_training(weight_bits);
    FineTuning::new(&FLOAT, &quantized, &scales(&report)).expect("narrow")
}

/// Counts the test images that the integer network classifies correctly.
fn correct(model: &QuantizedModel) -> usize {
    let sample = |index| {
        let raster = test_raster(&model.description, &DATA.test, index, SEED);
        Ok((raster, DATA.test.label(index)))
    };
    evaluate(model, DATA.test.len(), sample).expect("proven").correct
}

/// Trains to the end.
fn finish(trainer: &mut Trainer<'_>) {
    while trainer.epochs_done() < config().epochs {
        trainer.epoch(&mut |_| ()).expect("no divergence");
    }
}

#[test]
fn fine_tuning_recovers_what_two_bits_cost() {
    let (quantized, report) = post_training(2);
    let scales = scales(&report);
    let start = FineTuning::new(&FLOAT, &quantized, &scales).expect("narrow");
    let mut trainer = Trainer::fine_tune(&start, config(), &DATA.train, Some(&DATA.test)).expect("valid");
    let first = trainer.integer_weights().expect("it fine-tunes");
    assert_eq!(first.len(), 2);
    for (first, layer) in first.iter().zip(&quantized.layers) {
        assert_eq!(first, layer.weights, "it starts at the quantized network");
    }
    finish(&mut trainer);
    let (tuned, _) = requantize(&trainer.model(), &scales, &quantized, InputSigns::Unsigned).expect("fits");
    for (integers, layer) in trainer
        .integer_weights()
        .expect("it fine-tunes")
        .iter()
        .zip(&tuned.layers)
    {
        assert_eq!(integers, layer.weights, "{}", layer.name);
    }
    let (before, after) = (correct(&quantized), correct(&tuned));
    println!("{before} of {} right before, {after} after", DATA.test.len());
    assert!(after >= before + 5, "{before} right before, {after} after");
    // The evaluation of the trainer equals that of the integer engine, image by image.
    let evaluation = trainer.evaluation().expect("it has been evaluated");
    assert_eq!(evaluation.correct, after);
    assert_eq!(tuned.provenance["finetune.epochs"], "4");
    assert_eq!(
        tuned.provenance["epochs"], "12",
        "those of the float network stay"
    );
}

/// Result of a run without the measured times.
type Outcome = (FloatModel, (usize, FloatModel), Vec<EpochReport>);

fn outcome(trainer: &Trainer<'_>) -> Outcome {
    let history = trainer.history().iter().cloned().map(|report| EpochReport {
        seconds: 0.0,
        test_seconds: 0.0,
        images_per_second: 0.0,
        ..report
    });
    (
        trainer.model(),
        trainer.best().expect("an epoch is done"),
        history.collect(),
    )
}

fn with_threads<T: Send>(threads: usize, work: impl FnOnce() -> T + Send) -> T {
    let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build();
    pool.expect("threads").install(work)
}

/// Returns a checkpoint from the middle of the second epoch.
fn held(start: &FineTuning) -> Checkpoint {
    let mut trainer = Trainer::fine_tune(start, config(), &DATA.train, Some(&DATA.test)).expect("valid");
    trainer.epoch(&mut |_| ()).expect("no divergence");
    let mut left = 7;
    let report = trainer.advance(&mut |_| {
        left -= 1;
        if left == 0 {
            ControlFlow::Break(())
        } else {
            ControlFlow::Continue(())
        }
    });
    assert!(report.expect("no divergence").is_none());
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("run.checkpoint.safetensors");
    let checkpoint = trainer.checkpoint();
    checkpoint.save(&path).expect("written");
    let loaded = Checkpoint::load(&path).expect("written");
    assert_eq!(loaded, checkpoint);
    loaded
}

#[test]
fn a_resumed_run_ends_like_one_that_was_not_held_with_any_number_of_threads() {
    let start = start(3);
    let mut whole = Trainer::fine_tune(&start, config(), &DATA.train, Some(&DATA.test)).expect("valid");
    with_threads(1, || finish(&mut whole));
    let checkpoint = held(&start);
    let resumed = Trainer::resume_fine_tuning(checkpoint, &start, config(), &DATA.train, Some(&DATA.test));
    let mut resumed = resumed.expect("the same run");
    with_threads(3, || finish(&mut resumed));
    assert_eq!(outcome(&resumed), outcome(&whole));
    assert_eq!(resumed.integer_weights(), whole.integer_weights());
}

#[test]
fn a_checkpoint_of_another_quantization_is_refused() {
    let checkpoint = held(&start(3));
    let refused = |start: &FineTuning| {
        let trainer =
            Trainer::resume_fine_tuning(checkpoint.clone(), start, config(), &DATA.train, Some(&DATA.test));
        trainer.expect_err("another run").to_string()
    };
    assert_eq!(
        refused(&start(4)),
        "this run has quantization.layers.hidden.bits 4, but the checkpoint has 3; resume with the value of the \
         checkpoint, or start a new run"
    );
    let (quantized, report) = post_training(3);
    let mut float = FLOAT.clone();
    float.weights[0][[0, 20]] += 0.01;
    let other = FineTuning::new(&float, &quantized, &scales(&report)).expect("narrow");
    let text = refused(&other);
    assert!(text.starts_with("this run has quantization.start "), "{text}");

    let (network, config) = (preset().0, config());
    let float = Trainer::resume(checkpoint.clone(), network, config, &DATA.train, Some(&DATA.test));
    let text = float.expect_err("no training run").to_string();
    assert!(
        text.starts_with("this run has quantization none, but the checkpoint has {"),
        "{text}"
    );
}
