//! Trains a preset, or loads a float model, and reports what quantization costs on the test images.
//!
//! ```text
//! cargo run --release -p synfire-golden-model --example quantize -- digits
//! cargo run --release -p synfire-golden-model --example quantize -- mnist.safetensors mnist DATA
//! cargo run --release -p synfire-golden-model --example quantize -- mnist-mlp mnist DATA mnist.safetensors
//! ```
//!
//! The last argument, if given, is the file to which a freshly trained float model goes. Float and integer models see the
//! very same input spikes. `lost` is the accuracy that quantization costs, in points; `other` counts images answered
//! differently. Calibration takes the first 512 training images.

use std::path::Path;
use std::process::ExitCode;
use std::time::Instant;
use synfire_golden_model::dataset::{self, Split};
use synfire_golden_model::encode::test_raster;
use synfire_golden_model::evaluation;
use synfire_golden_model::integer;
use synfire_golden_model::model::FloatModel;
use synfire_golden_model::quantize::{QuantizeConfig, quantize_calibrated};
use synfire_golden_model::train::Trainer;
use synfire_golden_model::{Config, Result};

/// Seed of the spikes of test images.
const TEST_SEED: u64 = 1;

/// Seed of the spikes of calibration images.
const CALIBRATION_SEED: u64 = 2;

/// Images of the training set that calibrate.
const CALIBRATION_IMAGES: usize = 512;

fn float_model(source: &str, data: &Split) -> Result<FloatModel> {
    if source.ends_with(".safetensors") {
        return FloatModel::load(source);
    }
    let config = Config::named(source)?;
    let train = config.require_train()?.clone();
    let epochs = train.epochs;
    let mut trainer = Trainer::new(config.network, train, &data.train, None)?;
    for _ in 0..epochs {
        let report = trainer.epoch(&mut |_| ())?;
        eprintln!(
            "epoch {} of {epochs}: loss {:.5}, {:.1} s",
            report.epoch, report.loss, report.seconds
        );
    }
    Ok(trainer.model())
}

fn run(source: &str, name: &str, folder: Option<&Path>, save: Option<&str>) -> Result<()> {
    let data = dataset::load(name, folder)?;
    let model = float_model(source, &data)?;
    if let Some(path) = save {
        model.save(path)?;
    }
    let description = &model.description;
    let float = evaluation::evaluate(&model, &data.test, TEST_SEED)?;
    println!(
        "float: {} of {} right, {:.2} %",
        float.correct,
        float.images,
        100.0 * float.accuracy
    );

    let images = CALIBRATION_IMAGES.min(data.train.len());
    let calibration: Vec<_> = (0..images)
        .map(|index| test_raster(description, &data.train, index, CALIBRATION_SEED))
        .collect();
    println!(
        "bits  calibrated    right   lost  other  images/s  layers: guard bits, membrane bits, rms error"
    );
    for weight_bits in [8, 6, 5, 4, 3, 2] {
        for rasters in [&[][..], &calibration] {
            let config = QuantizeConfig {
                weight_bits,
                ..QuantizeConfig::default()
            };
            let (quantized, report) = quantize_calibrated(&model, &config, rasters)?;
            let start = Instant::now();
            let result = integer::evaluate(&quantized, data.test.len(), |index| {
                let label = usize::from(data.test.labels()[index]);
                Ok((test_raster(description, &data.test, index, TEST_SEED), label))
            })?;
            let rate = result.predictions.len() as f64 / start.elapsed().as_secs_f64();
            let other = result
                .predictions
                .iter()
                .zip(&float.answers)
                .filter(|(a, b)| a != b)
                .count();
            let layers: Vec<_> = report
                .layers
                .iter()
                .map(|layer| {
                    let error = layer.drive_error.unwrap_or(layer.relative_rms_error);
                    format!(
                        "{} G{} V{} {:.1} %",
                        layer.layer,
                        layer.guard_bits,
                        layer.membrane_bits,
                        100.0 * error
                    )
                })
                .collect();
            println!(
                "{weight_bits:4}  {:10}  {:7} {:6.2} {other:6} {rate:9.0}  {}",
                if rasters.is_empty() { "no" } else { "yes" },
                result.correct,
                100.0 * (float.accuracy - result.accuracy()),
                layers.join(", "),
            );
            for warning in &report.warnings {
                println!("      {warning}");
            }
        }
    }
    Ok(())
}

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let argument = |index: usize| arguments.get(index).map(String::as_str);
    let Some(source) = argument(0) else {
        eprintln!("usage: quantize PRESET|MODEL.safetensors [DATASET [DATA_FOLDER [SAVE.safetensors]]]");
        return ExitCode::FAILURE;
    };
    let name = argument(1).unwrap_or("digits");
    match run(source, name, argument(2).map(Path::new), argument(3)) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}
