//! How well a model classifies, and what that costs in spikes.

use crate::Result;
use crate::dataset::Dataset;
use crate::encode::InputEncoder;
use crate::model::FloatModel;
use crate::network::NetworkDescription;
use crate::train::{Engine, LayerActivity, Loss, Parameters, State};
use rayon::prelude::*;
use serde::{Deserialize, Serialize};

/// Images one task evaluates.
const PIECE: usize = 64;

/// The result of classifying a data set.
#[derive(Clone, Debug, PartialEq)]
pub struct Evaluation {
    /// Number of images.
    pub images: usize,
    /// Number of images classified right.
    pub correct: usize,
    /// `correct / images`.
    pub accuracy: f64,
    /// Mean loss per image: Σ over classes of (y − onehot)².
    pub loss: f64,
    /// Activity of the input and of every layer that fires.
    pub activity: Vec<LayerActivity>,
    /// Mean number of synaptic operations per image: every spike counts once for every synapse it drives.
    pub synaptic_operations: f64,
    /// `confusion[actual][answered]`, in images.
    pub confusion: Vec<Vec<usize>>,
    /// The answer to every image, in order.
    pub answers: Vec<usize>,
}

/// Classifies every image of `dataset`, encoded exactly as [`crate::encode::test_raster`] does with `seed`.
///
/// # Errors
/// If the model is invalid or the data do not fit it.
pub fn evaluate(model: &FloatModel, dataset: &Dataset, seed: u64) -> Result<Evaluation> {
    let weights = Parameters::of_model(model)?;
    dataset.check_fits(&model.description)?;
    Ok(evaluate_parameters(&model.description, &weights, dataset, seed))
}

/// [`evaluate`] of weights and data that are known to fit.
pub(crate) fn evaluate_parameters(
    description: &NetworkDescription,
    weights: &Parameters,
    dataset: &Dataset,
    seed: u64,
) -> Evaluation {
    let engine = Engine::new(description);
    let indices: Vec<usize> = (0..dataset.len()).collect();
    let new_state = || (engine.state(), InputEncoder::new(description, dataset));
    let pieces: Vec<(Tally, Vec<usize>)> = indices
        .par_chunks(PIECE)
        .map_init(new_state, |(state, encoder), indices| {
            let mut tally = Tally::new(description);
            let classify = |&index: &usize| {
                encoder.restart_test(index, seed);
                engine.forward_encoded(weights, encoder, state);
                tally.count(state, Loss::SumOfSquares, dataset.label(index));
                state.answer()
            };
            let answers = indices.iter().map(classify).collect();
            (tally, answers)
        })
        .collect();

    let mut total = Tally::new(description);
    let mut answers = Vec::with_capacity(dataset.len());
    for (tally, piece) in &pieces {
        total.add(tally);
        answers.extend_from_slice(piece);
    }
    let mut confusion = vec![vec![0; description.classes()]; description.classes()];
    for (index, &answer) in answers.iter().enumerate() {
        confusion[dataset.label(index)][answer] += 1;
    }
    Evaluation {
        images: total.images,
        correct: total.correct,
        accuracy: total.accuracy(),
        loss: total.loss(),
        activity: total.activity(description),
        synaptic_operations: total.synaptic_operations(),
        confusion,
        answers,
    }
}

/// Sums over images.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Tally {
    images: usize,
    correct: usize,
    loss: f64,
    /// Spikes of the input and of every layer that fires.
    spikes: Vec<u64>,
    /// Synaptic operations into every layer.
    operations: Vec<u64>,
}

impl Tally {
    pub(crate) fn new(description: &NetworkDescription) -> Self {
        Self {
            images: 0,
            correct: 0,
            loss: 0.0,
            spikes: vec![0; description.layers.len()],
            operations: vec![0; description.layers.len()],
        }
    }

    /// Whether this is of as many layers as `other`.
    pub(crate) const fn is_alike(&self, other: &Self) -> bool {
        self.spikes.len() == other.spikes.len() && self.operations.len() == other.operations.len()
    }

    pub(crate) fn clear(&mut self) {
        self.images = 0;
        self.correct = 0;
        self.loss = 0.0;
        self.spikes.fill(0);
        self.operations.fill(0);
    }

    /// Counts the image that has just passed.
    pub(crate) fn count(&mut self, state: &State, loss: Loss, label: usize) {
        self.images += 1;
        self.correct += usize::from(state.answer() == label);
        self.loss += state.loss(loss, label);
        self.spikes[0] += state.input.total() as u64;
        for (layer, sum) in self.spikes[1..].iter_mut().enumerate() {
            *sum += state.spike_count(layer);
        }
        for (layer, sum) in self.operations.iter_mut().enumerate() {
            *sum += state.operations(layer);
        }
    }

    pub(crate) fn add(&mut self, other: &Self) {
        self.images += other.images;
        self.correct += other.correct;
        self.loss += other.loss;
        for (sum, spikes) in self.spikes.iter_mut().zip(&other.spikes) {
            *sum += spikes;
        }
        for (sum, operations) in self.operations.iter_mut().zip(&other.operations) {
            *sum += operations;
        }
    }

    pub(crate) const fn images(&self) -> usize {
        self.images
    }

    /// Σ of the loss over all images.
    pub(crate) const fn loss_sum(&self) -> f64 {
        self.loss
    }

    /// Mean loss per image.
    pub(crate) fn loss(&self) -> f64 {
        self.loss / self.images.max(1) as f64
    }

    pub(crate) fn accuracy(&self) -> f64 {
        self.correct as f64 / self.images.max(1) as f64
    }

    fn per_image(&self, sum: u64) -> f64 {
        sum as f64 / self.images.max(1) as f64
    }

    pub(crate) fn activity(&self, description: &NetworkDescription) -> Vec<LayerActivity> {
        let names =
            std::iter::once("input").chain(description.layers.iter().map(|layer| layer.name.as_str()));
        let sizes = std::iter::once(description.input.size())
            .chain(description.shapes().into_iter().map(|shape| shape.size()));
        let activity = |((name, neurons), &sum): ((&str, usize), &u64)| LayerActivity {
            layer: name.into(),
            spikes: self.per_image(sum),
            rate: self.per_image(sum) / (neurons * description.steps) as f64,
            idle: None,
        };
        names.zip(sizes).zip(&self.spikes).map(activity).collect()
    }

    /// Mean number of synaptic operations per image, over all layers.
    fn synaptic_operations(&self) -> f64 {
        self.per_image(self.operations.iter().sum())
    }
}

#[cfg(test)]
mod tests;
