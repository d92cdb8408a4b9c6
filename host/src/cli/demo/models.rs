//! The demo's models: loading data, training, quantization, and the accuracy that each model must reach.

use super::super::context::Context;
use super::super::data::Loaded;
use super::super::diagnostic::{CliError, Result};
use super::super::eval::{evaluate_float, evaluate_integer};
use super::super::figures::curve;
use super::super::inference::{DEFAULT_SEED, Evaluated, quantize_by};
use super::super::quantize;
use super::super::table::percent;
use super::super::train::{EvaluationSet, train_network};
use super::Args;
use super::results::StageTimes;
use synfire_golden_model::Config;
use synfire_golden_model::float::FloatModel;
use synfire_golden_model::integer::QuantizedModel;
use synfire_golden_model::quantize::QuantizeConfig;

/// Test accuracy that training must reach.
const FLOAT_ACCURACY: f64 = 0.95;
/// Largest loss of accuracy that quantization may cause.
const QUANTIZATION_LOSS: f64 = 0.01;

/// Float model, quantized model, and their results on the test set.
pub(super) type Models = (FloatModel, QuantizedModel, Evaluated, Evaluated);

impl Args {
    /// Loads the data set.
    pub(super) fn load_data(&self, config: &Config, context: &Context) -> Result<Loaded> {
        let loaded = self.data.load(context, &config.network)?;
        let data = &loaded.split;
        context.say(&format!(
            "1  data set {}: {} training and {} test images of {}",
            data.train.name(),
            data.train.len(),
            data.test.len(),
            config.network.input
        ));
        Ok(loaded)
    }

    /// Trains, evaluates and quantizes the network, and writes the models and the training curve.
    pub(super) fn make_model(
        &self,
        config: &Config,
        Loaded { split: data, origin }: &Loaded,
        context: &Context,
        times: &mut StageTimes,
    ) -> Result<Models> {
        let mut train = config.require_train()?.clone();
        if let Some(seed) = self.seed {
            train.seed = seed;
        }
        let mut trained = times.measure("train", || train_network(&config.network, &train, data, context))?;
        origin.record(&mut trained.model.provenance);
        let float_result = times.measure("evaluate float", || {
            evaluate_float(&trained.model, &data.test, DEFAULT_SEED)
        })?;
        context.say(&format!(
            "2  trained {}: {} epochs, seed {}, test accuracy {}",
            config.network.name,
            trained.epochs.len(),
            train.seed,
            percent(float_result.accuracy)
        ));
        curve::draw(
            &self.output.join("training.svg"),
            &config.network.name,
            &train,
            EvaluationSet::Test.name(),
            &trained.epochs,
        )?;
        trained.model.save(self.output.join("model.safetensors"))?;
        if float_result.accuracy < FLOAT_ACCURACY {
            return Err(CliError::Goal {
                what: "test accuracy after training",
                found: percent(float_result.accuracy),
                wanted: format!("at least {}", percent(FLOAT_ACCURACY)),
            });
        }
        let quantize_config = QuantizeConfig {
            weight_bits: self.bits,
            ..QuantizeConfig::default()
        };
        let (quantized, report) = times.measure("quantize", || {
            let images = quantize::CALIBRATION_IMAGES;
            Ok(quantize_by(
                &trained.model,
                &quantize_config,
                &data.train,
                images,
            )?)
        })?;
        quantized.save(self.output.join("quantized.safetensors"))?;
        for warning in &report.warnings {
            context.warn(&warning.to_string());
        }
        let integer_result = times.measure("evaluate integer", || {
            evaluate_integer(&quantized, &data.test, data.test.len(), DEFAULT_SEED)
        })?;
        context.say(&format!(
            "3  quantized to {} bits: test accuracy {} of the integer model\n{}",
            self.bits,
            percent(integer_result.accuracy),
            quantize::layers(&report)
        ));
        if integer_result.accuracy < float_result.accuracy - QUANTIZATION_LOSS {
            return Err(CliError::Goal {
                what: "test accuracy of the integer model",
                found: percent(integer_result.accuracy),
                wanted: format!("at least {}", percent(float_result.accuracy - QUANTIZATION_LOSS)),
            });
        }
        Ok((trained.model, quantized, float_result, integer_result))
    }
}
