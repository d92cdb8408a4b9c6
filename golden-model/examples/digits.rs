//! Trains a small network on handwritten digits, quantizes it to 4 bits, and classifies in integer arithmetic.
//!
//! ```text
//! cargo run --release -p synfire-golden-model --example digits
//! ```

use synfire_golden_model::dataset::{digits, encode::test_raster};
use synfire_golden_model::evaluation::integer::evaluate_dataset;
use synfire_golden_model::integer::Engine;
use synfire_golden_model::quantize::{Calibration, QuantizeConfig, quantize_with};
use synfire_golden_model::train::Trainer;
use synfire_golden_model::{Config, Result};

/// Seed of the input spikes.
const SEED: u64 = 1;

/// Trains, quantizes and classifies; returns the share of test images that the integer network classifies correctly.
pub(crate) fn run() -> Result<f64> {
    // A network of 64-64-10 with its training parameters. Twenty epochs are enough to see it learn.
    let data = digits::load()?;
    let config = Config::preset("digits")?;
    let mut train = config.require_train()?.clone();
    train.epochs = 20;
    let mut trainer = Trainer::new(config.network, train, &data.train, None)?;
    while trainer.epochs_done() < 20 {
        let report = trainer.epoch(&mut |_| ())?;
        println!(
            "epoch {:2}: loss {:.3}, {:.1} % right",
            report.epoch,
            report.loss,
            100.0 * report.train_accuracy
        );
    }

    // The spikes of 256 training images decide how weights are rounded.
    let float = trainer.model();
    let spikes = |image| Ok(test_raster(&float.description, &data.train, image, SEED));
    let (model, _) = quantize_with(
        &float,
        &QuantizeConfig::default(),
        &Calibration::new(256, &spikes),
    )?;

    // One image, step by step through the integer golden model; then all of them.
    let raster = test_raster(&model.description, &data.test, 0, SEED);
    let inference = Engine::new(&model)?.infer(&raster)?;
    println!(
        "image 0, a {}: class {}, potentials {:?}",
        data.test.label(0),
        inference.class,
        inference.potentials
    );
    let result = evaluate_dataset(&model, &data.test, data.test.len(), SEED, &|_| ())?;
    println!(
        "{} of {} test images right in 4 bits",
        result.correct,
        data.test.len()
    );
    Ok(result.accuracy())
}

/// Runs the example.
pub(crate) fn main() -> Result<()> {
    run().map(drop)
}
