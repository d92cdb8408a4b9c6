//! Sums over images.

use super::{Effort, LayerActivity};
use crate::float::{Image, Loss, State};
use crate::network::NetworkDescription;
use serde::{Deserialize, Serialize};

/// Sums of spikes, operations and losses over images.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Tally {
    images: usize,
    /// Number of steps of all images, where presentations grow; 0 where every image has those of the network.
    #[serde(default)]
    steps: u64,
    correct: usize,
    loss: f64,
    /// Number of spikes of the input, followed by every layer that fires.
    spikes: Vec<u64>,
    /// Number of synaptic operations into each layer.
    operations: Vec<u64>,
}

impl Tally {
    pub(crate) fn new(description: &NetworkDescription) -> Self {
        Self {
            images: 0,
            steps: 0,
            correct: 0,
            loss: 0.0,
            spikes: vec![0; description.layers.len()],
            operations: vec![0; description.layers.len()],
        }
    }

    /// Whether both tallies have the same number of layers.
    pub(crate) const fn is_alike(&self, other: &Self) -> bool {
        self.spikes.len() == other.spikes.len() && self.operations.len() == other.operations.len()
    }

    pub(crate) fn clear(&mut self) {
        self.images = 0;
        self.steps = 0;
        self.correct = 0;
        self.loss = 0.0;
        self.spikes.fill(0);
        self.operations.fill(0);
    }

    /// Counts the image that was just processed.
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

    /// Counts an image of a batch that was just processed for `steps` steps.
    pub(crate) fn count_batch_image(&mut self, image: &Image, steps: usize) {
        self.images += 1;
        self.steps += steps as u64;
        self.correct += usize::from(image.answer(steps) == image.label);
        self.loss += image.loss;
        self.spikes[0] += image.input_events;
        for (layer, sum) in self.spikes[1..].iter_mut().enumerate() {
            *sum += image.spikes(layer);
        }
        for (layer, sum) in self.operations.iter_mut().enumerate() {
            *sum += image.operations(layer);
        }
    }

    pub(crate) fn add(&mut self, other: &Self) {
        self.images += other.images;
        self.steps += other.steps;
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

    pub(crate) const fn correct(&self) -> usize {
        self.correct
    }

    /// Sum of the loss over all images.
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
        let steps = if self.steps == 0 {
            description.steps as f64
        } else {
            self.per_image(self.steps)
        };
        let activity = |((name, neurons), &sum): ((&str, usize), &u64)| LayerActivity {
            layer: name.into(),
            spikes: self.per_image(sum),
            rate: self.per_image(sum) / (neurons as f64 * steps),
            idle: None,
        };
        names.zip(sizes).zip(&self.spikes).map(activity).collect()
    }

    /// Mean number of synaptic operations per image into each layer.
    pub(crate) fn operations(&self) -> Vec<f64> {
        self.operations.iter().map(|&sum| self.per_image(sum)).collect()
    }

    /// Mean number of synaptic operations per image, over all layers.
    pub(crate) fn synaptic_operations(&self) -> f64 {
        self.per_image(self.operations.iter().sum())
    }

    /// Work that all images caused; `passes` is the number of backward visits per synaptic operation into each layer.
    pub(crate) fn effort(&self, passes: &[u64]) -> Effort {
        let (input, layers) = self
            .spikes
            .split_first()
            .map_or((0, &[][..]), |(input, layers)| (*input, layers));
        let backward = self.operations.iter().zip(passes);
        Effort {
            images: self.images as u64,
            input_spikes: input,
            layer_spikes: layers.iter().sum(),
            forward_operations: self.operations.iter().sum(),
            backward_operations: backward.map(|(operations, passes)| operations * passes).sum(),
        }
    }
}
