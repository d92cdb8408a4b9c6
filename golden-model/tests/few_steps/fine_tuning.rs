//! Runs of fine-tuning by the second rule, on the built-in digits.

use crate::runs::{CONVOLUTIONAL, config, finish, one_batch, text, timeless, trainer};
use std::sync::LazyLock;
use synfire_golden_model::dataset::{Split, digits};
use synfire_golden_model::evaluation::integer::evaluate_dataset;
use synfire_golden_model::float::FloatModel;
use synfire_golden_model::integer::{InputSigns, QuantizedModel};
use synfire_golden_model::quantize::{QuantizeConfig, quantize, requantize};
use synfire_golden_model::train::{Checkpoint, FineTuning, Schedule, TrainConfig, Trainer};

const EPOCHS: usize = 3;

static DATA: LazyLock<Split> = LazyLock::new(|| digits::load().expect("embedded"));

/// Float network after a short training.
static FLOAT: LazyLock<FloatModel> = LazyLock::new(|| {
    let config = config(&text(CONVOLUTIONAL, 4, 64, "steps = [1, 2, 4]\n"));
    let mut trainer = trainer(&config, &DATA.train);
    finish(&mut trainer, 4);
    trainer.model()
});

/// Training parameters of the runs.
fn parameters() -> TrainConfig {
    let config = config(&text(CONVOLUTIONAL, EPOCHS, 64, ""));
    TrainConfig {
        learning_rate: 0.01,
        schedule: Schedule::Cosine,
        warmup: 0.0,
        ..config.require_train().expect("parameters").clone()
    }
}

/// A quantized network and its scales.
fn post_training(weight_bits: u8) -> (QuantizedModel, Vec<Vec<f64>>) {
    let config = QuantizeConfig {
        weight_bits,
        ..QuantizeConfig::default()
    };
    let (model, report) = quantize(&FLOAT, &config).expect("a small network");
    let scales = report.layers.into_iter().map(|layer| layer.channel_scales);
    (model, scales.collect())
}

/// Test images that an integer network classifies correctly.
fn correct(model: &QuantizedModel) -> usize {
    let seed = 1;
    let evaluation = evaluate_dataset(model, &DATA.test, DATA.test.len(), seed, &|_| ());
    evaluation.expect("proven").correct
}

fn begin(start: &FineTuning) -> Trainer<'static> {
    Trainer::fine_tune(start, parameters(), &DATA.train, Some(&DATA.test)).expect("a network for the rule")
}

fn with_threads<T: Send>(threads: usize, work: impl FnOnce() -> T + Send) -> T {
    let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build();
    pool.expect("a pool").install(work)
}

#[test]
fn fine_tuning_recovers_what_two_bits_cost() {
    let (quantized, scales) = post_training(2);
    let start = FineTuning::new(&FLOAT, &quantized, &scales).expect("narrow");
    let mut trainer = begin(&start);
    let first = trainer.integer_weights().expect("it fine-tunes");
    let (same, _) = requantize(&trainer.model(), &scales, &quantized, InputSigns::Unsigned).expect("fits");
    assert_eq!(first.len(), 6);
    assert_eq!(
        same.layers, quantized.layers,
        "it starts at the quantized network"
    );
    finish(&mut trainer, EPOCHS);
    let (tuned, _) = requantize(&trainer.model(), &scales, &quantized, InputSigns::Unsigned).expect("fits");
    let (before, after) = (correct(&quantized), correct(&tuned));
    println!("{before} of {} right before, {after} after", DATA.test.len());
    assert!(after >= before + 20, "{before} right before, {after} after");
    let biases = |model: &QuantizedModel| -> Vec<Vec<i32>> {
        model.layers.iter().map(|layer| layer.biases.clone()).collect()
    };
    assert_ne!(biases(&tuned), biases(&quantized), "biases learn, too");
    // The evaluation of the trainer equals that of the integer engine.
    assert_eq!(
        trainer.evaluation().expect("it has been evaluated").correct,
        after
    );
}

#[test]
fn a_resumed_run_ends_like_one_that_was_not_held_with_any_number_of_threads() {
    let (quantized, scales) = post_training(4);
    let start = FineTuning::new(&FLOAT, &quantized, &scales).expect("narrow");
    let mut whole = begin(&start);
    with_threads(1, || finish(&mut whole, EPOCHS));
    let mut held = begin(&start);
    finish(&mut held, 1);
    one_batch(&mut held);
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("run.checkpoint.safetensors");
    held.checkpoint().save(&path).expect("written");
    let checkpoint = Checkpoint::load(&path).expect("written");
    let resumed =
        Trainer::resume_fine_tuning(checkpoint, &start, parameters(), &DATA.train, Some(&DATA.test));
    let mut resumed = resumed.expect("the same run");
    with_threads(3, || finish(&mut resumed, EPOCHS));
    assert_eq!(timeless(resumed.history()), timeless(whole.history()));
    assert!(resumed.model() == whole.model());
    assert_eq!(resumed.integer_weights(), whole.integer_weights());
}

#[test]
fn the_papers_rule_refuses_it() {
    let (quantized, scales) = post_training(4);
    let start = FineTuning::new(&FLOAT, &quantized, &scales).expect("narrow");
    let preset = synfire_golden_model::Config::preset("digits")
        .expect("a preset")
        .train;
    let error = Trainer::fine_tune(&start, preset.expect("parameters"), &DATA.train, None);
    assert_eq!(
        error.expect_err("another rule").to_string(),
        "network `small` has graded input (coding `direct`), for which fine-tuning by the rule of the paper has no gradient; \
         fine-tune it with `rule = \"few-steps\"`, or quantize it without fine-tuning"
    );
}
