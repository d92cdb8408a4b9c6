//! Trains a network of 64-64-10 on handwritten digits, quantizes it to 4 bits, and classifies with integers alone:
//! `cargo run --release -p synfire-golden-model --example digits`

use synfire_golden_model::dataset::{digits, encode::test_raster};
use synfire_golden_model::evaluation::integer::evaluate_dataset;
use synfire_golden_model::integer::Engine;
use synfire_golden_model::quantize::{Calibration, QuantizeConfig, quantize_with};
use synfire_golden_model::train::Trainer;
use synfire_golden_model::{Config, Result};

/// Seed of the spikes that images are encoded as.
const SEED: u64 = 1;

pub(crate) fn main() -> Result<()> {
    let data = digits::load()?;
    let config = Config::preset("digits")?;
    let train = config.require_train()?.clone();
    let mut trainer = Trainer::new(config.network, train, &data.train, None)?;
    for _ in 0..20 {
        let report = trainer.epoch(&mut |_| ())?;
        println!("epoch {:2}: loss {:.3}", report.epoch, report.loss);
    }

    // The spikes of 256 training images decide how weights round.
    let float = trainer.model();
    let sample = data.train.sample(256, SEED)?;
    let spikes = |image| Ok(test_raster(&float.description, &sample, image, SEED));
    let calibration = Calibration::new(sample.len(), &spikes);
    let (model, _) = quantize_with(&float, &QuantizeConfig::default(), &calibration)?;

    // One image through the integer golden model, then all of them.
    let raster = test_raster(&model.description, &data.test, 0, SEED);
    let inference = Engine::new(&model)?.infer(&raster)?;
    println!("a {} is classified as {}", data.test.label(0), inference.class);
    println!("potentials: {:?}", inference.potentials);
    let result = evaluate_dataset(&model, &data.test, data.test.len(), SEED, &|_| ())?;
    println!("{} of {} test images right", result.correct, data.test.len());
    assert!(result.accuracy() > 0.95);
    Ok(())
}
