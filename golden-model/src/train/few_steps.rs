//! The second rule in the training loop: batches of images, layer by layer.

use super::TrainConfig;
use super::fired::Fired;
use super::piece;
use crate::dataset::Dataset;
use crate::dataset::encode::InputEncoder;
use crate::evaluation::Tally;
use crate::float::{Batch, FewSteps, FloatModel, Parameters};
use crate::network::{InputCoding, NetworkDescription, NetworkError};
use crate::{Error, Result};
use rayon::prelude::*;
use std::collections::BTreeMap;

/// State of a run under the second rule.
#[derive(Debug)]
pub(super) struct FewStepsRun<'data> {
    pub(super) network: FewSteps,
    pub(super) batch: Batch,
    /// One encoder per piece.
    encoders: Vec<InputEncoder<'data>>,
    pub(super) tally: Tally,
    pub(super) fired: Fired,
}

/// Position of a batch in a run.
#[derive(Clone, Copy, Debug)]
pub(super) struct Position {
    pub(super) epoch: usize,
    pub(super) batch: usize,
    pub(super) batches: usize,
}

impl<'data> FewStepsRun<'data> {
    /// Prepares a run.
    ///
    /// # Errors
    /// If the network has what the rule cannot train.
    pub(super) fn new(
        description: &NetworkDescription,
        config: &TrainConfig,
        train: &'data Dataset,
    ) -> Result<Self> {
        check(description, config)?;
        let network = FewSteps::new(description, config.slope, config.sparsity);
        Ok(Self::of(network, description, config, train))
    }

    /// Prepares a run of this network.
    pub(super) fn of(
        network: FewSteps,
        description: &NetworkDescription,
        config: &TrainConfig,
        train: &'data Dataset,
    ) -> Self {
        let (images, piece) = (config.batch.min(train.len()), piece::images(config.batch));
        let batch = network.batch(images, piece, &network.zeros(description));
        Self {
            encoders: (0..batch.gradients.len())
                .map(|_| InputEncoder::new(description, train))
                .collect(),
            batch,
            network,
            tally: Tally::new(description),
            fired: Fired::new(description),
        }
    }

    /// Runs a batch forward and backward; returns the number of pieces, whose gradients are in the batch.
    pub(super) fn sum_gradients(
        &mut self,
        description: &NetworkDescription,
        config: &TrainConfig,
        train: &Dataset,
        parameters: &mut Parameters,
        indices: &[usize],
        at: Position,
    ) -> usize {
        let steps = config.steps_at(description.steps, at.epoch, at.batch, at.batches);
        self.present(description, config, train, parameters, indices, (at.epoch, steps));
        self.network.follow(&self.batch, parameters);
        self.network
            .backward(parameters, &mut self.batch, indices.len(), steps);
        self.activity(indices.len(), steps);
        indices.len().div_ceil(self.batch.piece)
    }

    /// Takes the biases of a model that has the weights of `parameters`, in place of what normalization does to the given
    /// training images.
    pub(super) fn adopt(
        &mut self,
        description: &NetworkDescription,
        config: &TrainConfig,
        train: &Dataset,
        parameters: &mut Parameters,
        biases: &[Vec<f32>],
        indices: &[usize],
    ) {
        let steps = description.steps;
        self.load(description, config, train, indices, (0, steps));
        self.network
            .adopt(parameters, biases, &mut self.batch, (indices.len(), steps));
    }

    /// Presents training images to the network, without a backward pass.
    pub(super) fn present(
        &mut self,
        description: &NetworkDescription,
        config: &TrainConfig,
        train: &Dataset,
        parameters: &Parameters,
        indices: &[usize],
        at: (usize, usize),
    ) {
        self.load(description, config, train, indices, at);
        self.network
            .forward(parameters, &mut self.batch, indices.len(), at.1);
    }

    /// Encodes training images into the batch.
    fn load(
        &mut self,
        description: &NetworkDescription,
        config: &TrainConfig,
        train: &Dataset,
        indices: &[usize],
        (epoch, steps): (usize, usize),
    ) {
        let augmentation = config.augmentation();
        let Self {
            batch,
            encoders,
            network,
            ..
        } = self;
        let (coding, width) = (description.coding, description.input.size());
        let given = if coding == InputCoding::Direct { 1 } else { steps };
        batch
            .images
            .par_chunks_mut(batch.piece)
            .zip(indices.par_chunks(batch.piece))
            .zip(encoders)
            .for_each(|((images, indices), encoder)| {
                // A shorter presentation of a recording has longer bins.
                encoder.set_steps(steps);
                let mut values = vec![0; width];
                for (image, &index) in images.iter_mut().zip(indices) {
                    encoder.restart_training(index, &augmentation, config.seed, epoch as u64);
                    image.restart(train.label(index));
                    for _ in 0..given {
                        encoder.values(&mut values);
                        image.push(&values, network.unit());
                    }
                }
            });
    }

    /// Scales the weights of every channel so that its drive has deviation 1 over the batch that was just presented. The
    /// normalization takes out the mean, and its running statistics start at those of the scaled drive.
    pub(super) fn standardize(&self, parameters: &mut Parameters) {
        self.network.standardize(&self.batch, parameters);
    }

    /// Activity of the first `count` images of the batch that was just presented for `steps` steps.
    pub(super) fn activity(&mut self, count: usize, steps: usize) -> (&Tally, &Fired) {
        self.tally.clear();
        self.fired.clear();
        for image in &self.batch.images[..count] {
            self.tally.count_batch_image(image, steps);
            self.fired.note_image(image);
        }
        (&self.tally, &self.fired)
    }

    /// Weights and biases of a network of integers, as the engine takes them.
    pub(super) fn integers(&self, parameters: &Parameters) -> Parameters {
        Parameters {
            layers: parameters.layers.clone(),
            biases: self.network.biases_of(parameters),
        }
    }

    /// Network with the normalization folded into weights and biases.
    pub(super) fn model(
        &self,
        description: &NetworkDescription,
        parameters: &Parameters,
        provenance: BTreeMap<String, String>,
    ) -> FloatModel {
        self.network.fold(description, parameters, provenance)
    }
}

/// Checks that the rule can train the network with these parameters.
fn check(description: &NetworkDescription, config: &TrainConfig) -> Result<()> {
    FewSteps::check(description)?;
    if config.steps.last().is_some_and(|&last| last > description.steps) {
        return Err(Error::Network(NetworkError::Value {
            network: description.name.clone(),
            field: "train.steps".into(),
            found: format!("{:?}", config.steps),
            wanted: format!("at most the network's {} steps", description.steps),
        }));
    }
    Ok(())
}
