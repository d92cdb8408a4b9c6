//! Helpers for evaluation: test rasters, traffic of the layers, quantization with calibration.

use super::diagnostic::Result;
use serde::Serialize;
use std::borrow::Cow;
pub(crate) use synfire_golden_model::counts::float;
use synfire_golden_model::dataset::Dataset;
use synfire_golden_model::dataset::encode::test_raster;
use synfire_golden_model::float::FloatModel;
use synfire_golden_model::integer::QuantizedModel;
use synfire_golden_model::quantize::{Calibration, QuantizeConfig, QuantizeReport, quantize_with};
use synfire_hw::traffic::{self, LayerTraffic};
use synfire_sim::cosim::Stimulus;

/// Default seed of the input spikes on which models are evaluated.
pub(crate) const DEFAULT_SEED: u64 = 1;

/// Parses a number of at least 1.
pub(crate) fn at_least_one(text: &str) -> std::result::Result<usize, String> {
    match text.parse() {
        Ok(number) if number > 0 => Ok(number),
        _ => Err("give a whole number of at least 1".into()),
    }
}

/// Result of evaluating a model.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Evaluated {
    pub(crate) images: usize,
    pub(crate) correct: usize,
    pub(crate) accuracy: f64,
    pub(crate) input_spikes: f64,
    pub(crate) layers: Vec<EvaluatedLayer>,
    pub(crate) synaptic_operations: f64,
}

/// Spikes and synaptic operations of a layer per inference.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct EvaluatedLayer {
    pub(crate) name: String,
    pub(crate) spikes: f64,
    pub(crate) synaptic_operations: f64,
}

/// Seed that chooses the samples of a limited evaluation, of calibration and of simulation. It is fixed, so that all verbs
/// take the same ones. Any number would do; with this one the digits keep the number format that earlier versions chose.
const SAMPLE_SEED: u64 = 9;

/// Chooses `images` samples of a data set, with every class in proportion, or all if there are no more.
pub(crate) fn sampled(data: &Dataset, images: usize) -> synfire_golden_model::Result<Cow<'_, Dataset>> {
    data.sample(images, SAMPLE_SEED)
}

/// Measures the traffic of each layer on `images` test images. A plan needs it.
pub(crate) fn measure_traffic(
    model: &QuantizedModel,
    data: &Dataset,
    images: usize,
) -> Result<Vec<LayerTraffic>> {
    let stimuli = stimuli(model, &*sampled(data, images)?, DEFAULT_SEED);
    Ok(traffic::measure(
        model,
        stimuli.iter().map(|stimulus| &stimulus.raster),
    )?)
}

/// Returns all samples of a data set as stimuli.
pub(crate) fn stimuli(model: &QuantizedModel, data: &Dataset, seed: u64) -> Vec<Stimulus> {
    (0..data.len())
        .map(|image| Stimulus {
            image,
            seed,
            raster: test_raster(&model.description, data, image, seed),
        })
        .collect()
}

/// Quantizes a model with calibration on `images` training images.
pub(crate) fn quantize_by(
    model: &FloatModel,
    config: &QuantizeConfig,
    train: &Dataset,
    images: usize,
) -> synfire_golden_model::Result<(QuantizedModel, QuantizeReport)> {
    let sample = sampled(train, images)?;
    let spikes = |image| Ok(test_raster(&model.description, &sample, image, DEFAULT_SEED));
    quantize_with(model, config, &Calibration::new(sample.len(), &spikes))
}
