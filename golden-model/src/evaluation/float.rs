//! Evaluation of float networks.

use super::{LayerActivity, Tally};
use crate::Result;
use crate::dataset::Dataset;
use crate::dataset::encode::InputEncoder;
use crate::events::ImageMemory;
use crate::float::{Engine, FloatModel, Loss, Parameters, State};
use crate::network::NetworkDescription;
use rayon::prelude::*;
use std::ops::ControlFlow;
use std::sync::atomic::{AtomicUsize, Ordering};

/// Number of images that one task evaluates.
const PIECE: usize = 64;

/// The result of classifying a data set.
#[derive(Clone, Debug, PartialEq)]
pub struct Evaluation {
    /// Number of images.
    pub images: usize,
    /// Number of images classified correctly.
    pub correct: usize,
    /// `correct / images`.
    pub accuracy: f64,
    /// Mean loss per image: Σ over classes of (y − onehot)².
    pub loss: f64,
    /// Activity of the input, followed by every layer that fires.
    pub activity: Vec<LayerActivity>,
    /// Mean number of synaptic operations per image into each layer, including its shortcut. A spike counts once for
    /// every synapse that it drives.
    pub operations: Vec<f64>,
    /// Mean number of synaptic operations per image, over all layers.
    pub synaptic_operations: f64,
    /// Confusion matrix in images: `confusion[actual][answered]`.
    pub confusion: Vec<Vec<usize>>,
    /// Answered class of every image, in order.
    pub answers: Vec<usize>,
    /// `correct_by_step[t]` is the number of images classified correctly if the output is read after step t, counted
    /// from
    /// 0. It equals the result of an evaluation with t + 1 steps. For recordings, whose events are divided among all
    /// steps,
    /// it covers only their beginning.
    pub correct_by_step: Vec<usize>,
    /// Memory of the image that needed most, in bytes.
    pub memory: ImageMemory,
}

/// Classifies every image of `dataset`, encoded exactly like [`crate::dataset::encode::test_raster`] with `seed`.
///
/// # Errors
/// If the model is invalid or the data do not fit it.
pub fn evaluate(model: &FloatModel, dataset: &Dataset, seed: u64) -> Result<Evaluation> {
    evaluate_with(model, dataset, seed, &|_| ())
}

/// Evaluates like [`evaluate`], and calls `progress` after every image, from any thread, with the number of images
/// done.
///
/// # Errors
/// Fails like [`evaluate`].
pub fn evaluate_with(
    model: &FloatModel,
    dataset: &Dataset,
    seed: u64,
    progress: &(dyn Fn(usize) + Sync),
) -> Result<Evaluation> {
    let weights = Parameters::of_model(model)?;
    dataset.check_fits(&model.description)?;
    let progress = |done| {
        progress(done);
        ControlFlow::Continue(())
    };
    let engine = Engine::new(&model.description);
    let evaluation = evaluate_parameters(&model.description, &engine, &weights, dataset, seed, &progress);
    Ok(evaluation.expect("nobody stops it"))
}

/// Evaluates like [`evaluate_with`], for an engine, weights and data that are known to fit; `None` if `progress` asks
/// to stop.
pub(crate) fn evaluate_parameters(
    description: &NetworkDescription,
    engine: &Engine,
    weights: &Parameters,
    dataset: &Dataset,
    seed: u64,
    progress: &(dyn Fn(usize) -> ControlFlow<()> + Sync),
) -> Option<Evaluation> {
    let indices: Vec<usize> = (0..dataset.len()).collect();
    let done = AtomicUsize::new(0);
    let new_state = || (engine.state(), InputEncoder::new(description, dataset));
    let pieces: Option<Vec<Piece>> = indices
        .par_chunks(PIECE)
        .map_init(new_state, |(state, encoder), indices| {
            let mut piece = Piece::new(description);
            for &index in indices {
                encoder.restart_test(index, seed);
                engine.forward(weights, state, |raster| encoder.step(raster));
                piece.count(state, dataset.label(index));
                if progress(done.fetch_add(1, Ordering::Relaxed) + 1).is_break() {
                    return None;
                }
            }
            Some(piece)
        })
        .collect();

    let mut total = Piece::new(description);
    pieces?.iter().for_each(|piece| total.add(piece));
    let Piece {
        tally,
        answers,
        correct_by_step,
        memory,
    } = total;
    let mut confusion = vec![vec![0; description.classes()]; description.classes()];
    for (index, &answer) in answers.iter().enumerate() {
        confusion[dataset.label(index)][answer] += 1;
    }
    Some(Evaluation {
        images: tally.images(),
        correct: tally.correct(),
        accuracy: tally.accuracy(),
        loss: tally.loss(),
        activity: tally.activity(description),
        operations: tally.operations(),
        synaptic_operations: tally.synaptic_operations(),
        confusion,
        answers,
        correct_by_step,
        memory,
    })
}

/// Results for some of the images.
#[derive(Debug)]
struct Piece {
    tally: Tally,
    answers: Vec<usize>,
    correct_by_step: Vec<usize>,
    memory: ImageMemory,
}

impl Piece {
    fn new(description: &NetworkDescription) -> Self {
        Self {
            tally: Tally::new(description),
            answers: Vec::new(),
            correct_by_step: vec![0; description.steps],
            memory: ImageMemory::default(),
        }
    }

    /// Counts the image that was just processed.
    fn count(&mut self, state: &State, label: usize) {
        self.tally.count(state, Loss::SumOfSquares, label);
        self.answers.push(state.answer());
        for (correct, answer) in self.correct_by_step.iter_mut().zip(state.answers()) {
            *correct += usize::from(answer == label);
        }
        self.memory = self.memory.max(state.memory());
    }

    /// Appends the results of the images that follow.
    fn add(&mut self, other: &Self) {
        self.tally.add(&other.tally);
        self.answers.extend_from_slice(&other.answers);
        for (sum, correct) in self.correct_by_step.iter_mut().zip(&other.correct_by_step) {
            *sum += correct;
        }
        self.memory = self.memory.max(other.memory);
    }
}

#[cfg(test)]
mod tests;
