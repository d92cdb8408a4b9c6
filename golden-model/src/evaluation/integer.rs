//! Evaluation of integer networks.

use crate::dataset::Dataset;
use crate::dataset::encode::InputEncoder;
use crate::evaluation::EvaluationError;
use crate::events::ImageMemory;
use crate::integer::{Engine, Inference, Margins, QuantizedModel};
use crate::spikes::SpikeRaster;
use crate::{Error, Result};
use ndarray::Array2;
use rayon::prelude::*;
use std::sync::atomic::{AtomicUsize, Ordering};

/// Result of classifying many images. All counts are exact and do not depend on the number of threads.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Evaluation {
    /// Predicted class of each image.
    pub predictions: Vec<usize>,
    /// Number of images classified correctly.
    pub correct: usize,
    /// Confusion matrix in images: `confusion[[label, predicted class]]`.
    pub confusion: Array2<usize>,
    /// `correct_by_step[t]` is the number of images classified correctly if the potentials are read after step t,
    /// counted from 0. The answer of an early exit holds for all later steps.
    pub correct_by_step: Vec<usize>,
    /// `synaptic_operations_by_step[t]` is the number of synaptic operations of all layers and images up to the end of
    /// step t, counted from 0.
    pub synaptic_operations_by_step: Vec<u64>,
    /// Number of steps taken over all images; early exits reduce it.
    pub steps: u64,
    /// Number of input spikes over all images.
    pub input_spikes: u64,
    /// Number of spikes of each layer over all images.
    pub spikes: Vec<u64>,
    /// Number of synaptic operations of each layer over all images.
    pub synaptic_operations: Vec<u64>,
    /// Memory of the image that needed most, in bytes, including its spikes.
    pub memory: ImageMemory,
}

impl Evaluation {
    /// Share of images classified correctly, in 0..=1; 0 if there are no images.
    #[must_use]
    #[expect(clippy::cast_precision_loss, reason = "nobody evaluates 2^52 images")]
    pub fn accuracy(&self) -> f64 {
        self.correct as f64 / self.predictions.len().max(1) as f64
    }

    /// Mean number of steps taken per image; 0 if there are no images.
    #[must_use]
    #[expect(clippy::cast_precision_loss, reason = "nobody evaluates 2^52 images")]
    pub fn mean_steps(&self) -> f64 {
        self.steps as f64 / self.predictions.len().max(1) as f64
    }
}

/// Classifies images 0 to `count` − 1; `sample` returns the spikes and the label of an image.
///
/// `sample` is called once per image, from any thread and in any order.
///
/// # Errors
/// If the network is inconsistent, `sample` fails, a raster does not fit, or a label is not a class. If several images
/// fail, the first of them is reported.
pub fn evaluate(
    model: &QuantizedModel,
    count: usize,
    sample: impl Fn(usize) -> Result<(SpikeRaster, usize)> + Sync,
) -> Result<Evaluation> {
    let engine = Engine::new(model)?;
    let classify = |engine: &mut Engine, index| {
        let (raster, label) = sample(index)?;
        Answer::to(engine, index, &raster, None, label)
    };
    let answers: Vec<Result<Answer>> = (0..count)
        .into_par_iter()
        .map_init(|| engine.clone(), classify)
        .collect();
    sum(model, answers)
}

/// Classifies the first `count` samples of `dataset`, encoded exactly like [`crate::dataset::encode::test_raster`] with
/// `seed`, and calls `progress` after every sample, from any thread, with the number of samples done.
///
/// # Errors
/// If the network is inconsistent, or the data do not fit the network.
pub fn evaluate_dataset(
    model: &QuantizedModel,
    dataset: &Dataset,
    count: usize,
    seed: u64,
    progress: &(dyn Fn(usize) + Sync),
) -> Result<Evaluation> {
    evaluate_dataset_until(model, dataset, count, seed, None, progress)
}

/// Evaluates like [`evaluate_dataset`], but ends each inference as soon as the margins allow an early exit.
///
/// # Errors
/// Fails like [`evaluate_dataset`].
pub fn evaluate_dataset_until(
    model: &QuantizedModel,
    dataset: &Dataset,
    count: usize,
    seed: u64,
    exit: Option<&Margins>,
    progress: &(dyn Fn(usize) + Sync),
) -> Result<Evaluation> {
    dataset.check_fits(&model.description)?;
    let engine = Engine::new(model)?;
    let done = AtomicUsize::new(0);
    let new_worker = || {
        let raster = SpikeRaster::new(model.description.input.size());
        let encoder = InputEncoder::new(&model.description, dataset);
        (engine.clone(), encoder, raster)
    };
    let answers: Vec<Result<Answer>> = (0..count.min(dataset.len()))
        .into_par_iter()
        .map_init(new_worker, |(engine, encoder, raster), index| {
            raster.clear(model.description.input.size());
            encoder.restart_test(index, seed);
            for _ in 0..model.description.steps {
                encoder.step(raster);
            }
            let answer = Answer::to(engine, index, raster, exit, dataset.label(index));
            progress(done.fetch_add(1, Ordering::Relaxed) + 1);
            answer
        })
        .collect();
    sum(model, answers)
}

/// Result for one image.
struct Answer {
    label: usize,
    inference: Inference,
    /// For each step, whether its answer was correct.
    found: Vec<bool>,
    /// Number of synaptic operations up to the end of each step.
    operations: Vec<u64>,
    memory: ImageMemory,
}

impl Answer {
    fn to(
        engine: &mut Engine,
        index: usize,
        raster: &SpikeRaster,
        exit: Option<&Margins>,
        label: usize,
    ) -> Result<Self> {
        let mut found = Vec::with_capacity(raster.steps());
        let inference = engine.infer_by_step(raster, exit, |answer| found.push(answer == label))?;
        found.resize(raster.steps(), inference.class == label);
        let mut operations = engine.operations_by_step().to_vec();
        operations.resize(raster.steps(), operations.last().copied().unwrap_or(0));
        let classes = inference.potentials.len();
        if label < classes {
            Ok(Self {
                label,
                inference,
                found,
                operations,
                memory: engine.memory(raster),
            })
        } else {
            Err(Error::Evaluation(EvaluationError::Label {
                index,
                label,
                classes,
            }))
        }
    }
}

/// Sums the results; if several images failed, the first of them is reported.
fn sum(model: &QuantizedModel, answers: Vec<Result<Answer>>) -> Result<Evaluation> {
    let count = answers.len();
    let classes = model.layers.last().map_or(0, |layer| layer.outputs());
    let mut evaluation = Evaluation {
        predictions: Vec::with_capacity(count),
        correct: 0,
        confusion: Array2::zeros((classes, classes)),
        correct_by_step: Vec::new(),
        synaptic_operations_by_step: Vec::new(),
        steps: 0,
        input_spikes: 0,
        spikes: vec![0; model.layers.len()],
        synaptic_operations: vec![0; model.layers.len()],
        memory: ImageMemory::default(),
    };
    for answer in answers {
        let Answer {
            label,
            inference,
            found,
            operations,
            memory,
        } = answer?;
        evaluation.memory = evaluation.memory.max(memory);
        let steps = evaluation.correct_by_step.len().max(found.len());
        evaluation.correct_by_step.resize(steps, 0);
        for (correct, found) in evaluation.correct_by_step.iter_mut().zip(found) {
            *correct += usize::from(found);
        }
        evaluation.synaptic_operations_by_step.resize(steps, 0);
        add(&mut evaluation.synaptic_operations_by_step, &operations);
        evaluation.predictions.push(inference.class);
        evaluation.correct += usize::from(inference.class == label);
        evaluation.confusion[[label, inference.class]] += 1;
        evaluation.steps += inference.steps as u64;
        evaluation.input_spikes += inference.input_spikes;
        add(&mut evaluation.spikes, &inference.spikes);
        add(
            &mut evaluation.synaptic_operations,
            &inference.synaptic_operations,
        );
    }
    Ok(evaluation)
}

fn add(totals: &mut [u64], counts: &[u64]) {
    for (total, count) in totals.iter_mut().zip(counts) {
        *total += count;
    }
}
