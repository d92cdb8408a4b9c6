//! Test rasters and integer inference over a data set.

use serde::Serialize;
use synfire_golden_model::dataset::Dataset;
use synfire_golden_model::encode::test_raster;
use synfire_golden_model::model::FloatModel;
use synfire_golden_model::quantize::{Calibration, QuantizeConfig, QuantizeReport, quantize_with};
use synfire_golden_model::quantized::QuantizedModel;
use synfire_hw::traffic::{self, LayerTraffic};
use synfire_sim::cosim::Stimulus;

/// Seed of the spikes by which models are judged, unless the user gives another.
pub(crate) const DEFAULT_SEED: u64 = 1;

/// A number of images: none would prove nothing.
pub(crate) fn at_least_one(text: &str) -> std::result::Result<usize, String> {
    match text.parse() {
        Ok(0) => Err("at least one".into()),
        Ok(number) => Ok(number),
        Err(_) => Err("not a number".into()),
    }
}

/// What evaluating a model came to.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Evaluated {
    pub(crate) images: usize,
    pub(crate) correct: usize,
    pub(crate) accuracy: f64,
    pub(crate) input_spikes: f64,
    pub(crate) layers: Vec<EvaluatedLayer>,
    pub(crate) synaptic_operations: f64,
}

/// A layer's share, per inference.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct EvaluatedLayer {
    pub(crate) name: String,
    pub(crate) spikes: f64,
    pub(crate) synaptic_operations: f64,
}

/// What each layer has to do in a time step, on the first `images` test images: what a plan wants to know.
pub(crate) fn measure_loads(
    model: &QuantizedModel,
    data: &Dataset,
    images: usize,
) -> synfire_hw::Result<Vec<LayerTraffic>> {
    let stimuli = stimuli(model, data, images, DEFAULT_SEED);
    traffic::measure(model, stimuli.iter().map(|stimulus| &stimulus.raster))
}

/// The first `images` test images as stimuli.
pub(crate) fn stimuli(model: &QuantizedModel, data: &Dataset, images: usize, seed: u64) -> Vec<Stimulus> {
    (0..images.min(data.len()))
        .map(|image| Stimulus {
            image,
            seed,
            raster: test_raster(&model.description, data, image, seed),
        })
        .collect()
}

/// Quantizes a model, its weights rounded by the spikes of the first `images` training images.
pub(crate) fn quantize_by(
    model: &FloatModel,
    config: &QuantizeConfig,
    train: &Dataset,
    images: usize,
) -> synfire_golden_model::Result<(QuantizedModel, QuantizeReport)> {
    let spikes = |image| Ok(test_raster(&model.description, train, image, DEFAULT_SEED));
    quantize_with(model, config, &Calibration::new(images.min(train.len()), &spikes))
}

#[expect(
    clippy::cast_precision_loss,
    reason = "counts of a data set are far below 2^52"
)]
pub(crate) const fn float(count: u64) -> f64 {
    count as f64
}
