//! Evaluates float and quantized models.

use super::super::diagnostic::Result;
use super::super::inference::{Evaluated, EvaluatedLayer, float};
use indicatif::ProgressBar;
use synfire_golden_model::dataset::Dataset;
use synfire_golden_model::evaluation::float::evaluate_with;
use synfire_golden_model::evaluation::{LayerSparsity, Sparsity, integer};
use synfire_golden_model::float::FloatModel;
use synfire_golden_model::integer::{Margins, QuantizedModel};
use synfire_golden_model::network::NetworkDescription;

/// Result of evaluating a model, with its cost.
#[derive(Clone, Debug)]
pub(super) struct Outcome {
    pub(super) evaluated: Evaluated,
    pub(super) sparsity: Sparsity,
    /// Number of correct answers if the output is read after each step.
    pub(super) correct_by_step: Vec<usize>,
    /// Number of images for each true class and predicted class.
    pub(super) confusion: Vec<Vec<usize>>,
    /// Mean steps per image; known only for quantized models.
    pub(super) mean_steps: Option<f64>,
}

/// Evaluates a float model on all test images.
pub(crate) fn evaluate_float(model: &FloatModel, data: &Dataset, seed: u64) -> Result<Evaluated> {
    Ok(float_outcome(model, data, seed, &ProgressBar::hidden())?.evaluated)
}

/// Evaluates a float model on all test images and returns every result. `bar` shows the progress.
pub(super) fn float_outcome(
    model: &FloatModel,
    data: &Dataset,
    seed: u64,
    bar: &ProgressBar,
) -> Result<Outcome> {
    let result = evaluate_with(model, data, seed, &|done| bar.set_position(done as u64))?;
    let sparsity = result.sparsity(&model.description);
    Ok(Outcome {
        evaluated: evaluated(&sparsity, result.images, result.correct),
        sparsity,
        correct_by_step: result.correct_by_step,
        confusion: result.confusion,
        mean_steps: None,
    })
}

/// Evaluates a quantized model on the first `images` images.
pub(crate) fn evaluate_integer(
    model: &QuantizedModel,
    data: &Dataset,
    images: usize,
    seed: u64,
) -> Result<Evaluated> {
    Ok(integer_outcome(model, data, images, seed, None, &ProgressBar::hidden())?.evaluated)
}

/// Evaluates a quantized model on the first `images` images, with early exit by the margins `exit`, and returns every
/// result. `bar` shows the progress.
pub(super) fn integer_outcome(
    model: &QuantizedModel,
    data: &Dataset,
    images: usize,
    seed: u64,
    exit: Option<&Margins>,
    bar: &ProgressBar,
) -> Result<Outcome> {
    let images = images.min(data.len());
    let progress = |done: usize| bar.set_position(done as u64);
    let result = integer::evaluate_dataset_until(model, data, images, seed, exit, &progress)?;
    let sparsity = integer_sparsity(&model.description, images, &result);
    let mean_steps = Some(result.mean_steps());
    let confusion = result.confusion.rows().into_iter();
    Ok(Outcome {
        evaluated: evaluated(&sparsity, images, result.correct),
        sparsity,
        correct_by_step: result.correct_by_step,
        confusion: confusion.map(|row| row.to_vec()).collect(),
        mean_steps,
    })
}

/// Returns spikes and synaptic operations per inference of an evaluation of `images` images.
pub(crate) fn integer_sparsity(
    network: &NetworkDescription,
    images: usize,
    result: &integer::Evaluation,
) -> Sparsity {
    let per_image = |&total: &u64| float(total) / float(images.max(1) as u64);
    let spikes = std::iter::once(&result.input_spikes).chain(&result.spikes);
    let spikes: Vec<f64> = spikes.map(per_image).collect();
    let operations: Vec<f64> = result.synaptic_operations.iter().map(per_image).collect();
    Sparsity::new(network, &spikes, &operations)
}

fn evaluated(sparsity: &Sparsity, images: usize, correct: usize) -> Evaluated {
    let layer = |layer: &LayerSparsity| EvaluatedLayer {
        name: layer.layer.clone(),
        spikes: layer.spikes,
        synaptic_operations: layer.synaptic_operations,
    };
    Evaluated {
        images,
        correct,
        accuracy: float(correct as u64) / float(images.max(1) as u64),
        input_spikes: sparsity.input_spikes,
        layers: sparsity.layers.iter().map(layer).collect(),
        synaptic_operations: sparsity.synaptic_operations,
    }
}
