//! The start of a run: its initial weights, and whether the network is alive with them.

use super::{DROPOUT, Integers, Trainer};
use crate::dataset::Samples;
use crate::evaluation::{LayerActivity, Tally};
use crate::network::{LayerKind, Source};
use crate::random::mix;
use crate::train::fired::Fired;
use crate::train::init::{FirstImages, IMAGES, standardize};
use crate::train::piece::{self, Piece};
use crate::train::report::{Circumstances, warnings};
use crate::train::{Init, Unscaled, Warning};
use rayon::prelude::*;
use serde::Serialize;

/// Activity of a network in the first batch of its first epoch, before any step of the optimizer.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct FirstBatch {
    /// Number of images.
    pub images: usize,
    /// Activity of the input, followed by every layer that fires.
    pub activity: Vec<LayerActivity>,
    /// Warnings about layers whose activity prevents learning.
    pub warnings: Vec<Warning>,
}

impl Trainer<'_> {
    /// Scales the initial weights if the parameters ask for it.
    pub(super) fn initialize(&mut self) {
        if self.config.init != Init::Data {
            return;
        }
        let mut images = self.order(0);
        if let Some(run) = &mut self.few_steps {
            images.truncate(self.config.batch);
            let (description, config) = (&self.description, &self.config);
            let at = (0, description.steps);
            run.present(description, config, self.train, &self.weights, &images, at);
            run.standardize(&mut self.weights);
            return;
        }
        images.truncate(IMAGES);
        let presenter = FirstImages {
            description: &self.description,
            engine: &self.engine,
            dataset: self.train,
            images: &images,
            augmentation: self.config.augmentation(),
            seed: self.config.seed,
        };
        self.unscaled = standardize(&self.description, &self.engine, &mut self.weights, &presenter);
    }

    /// Channels whose weights [`Init::Data`] left as they were drawn, because their drive on the first images does not
    /// vary. Empty in resumed runs.
    #[must_use]
    pub fn unscaled(&self) -> &[Unscaled] {
        &self.unscaled
    }

    /// Presents the first batch of the first epoch with the current weights, exactly as training would, dropout and
    /// augmentation included, but computes no gradient and changes nothing.
    pub fn first_batch(&mut self) -> FirstBatch {
        let mut images = self.order(0);
        images.truncate(self.config.batch);
        if let Some(run) = &mut self.few_steps {
            let (description, config) = (&self.description, &self.config);
            let at = (0, description.steps);
            run.present(description, config, self.train, &self.weights, &images, at);
            let (tally, fired) = run.activity(images.len(), description.steps);
            let (tally, fired) = (tally.clone(), fired.clone());
            return self.first_activity(images.len(), &tally, &fired);
        }
        let Self {
            engine,
            train,
            config,
            weights,
            integers,
            pieces,
            ..
        } = self;
        let weights = Integers::or_masters(integers.as_ref(), weights);
        let images_per_piece = piece::images(config.batch);
        let used = images.len().div_ceil(images_per_piece);
        let augmentation = config.augmentation();
        pieces[..used]
            .par_iter_mut()
            .zip(images.par_chunks(images_per_piece))
            .for_each(|(piece, images)| {
                piece.clear();
                let Piece {
                    state,
                    encoder,
                    tally,
                    fired,
                    ..
                } = piece;
                for &index in images {
                    encoder.restart_training(index, &augmentation, config.seed, 0);
                    engine.draw_masks(mix(&[config.seed, DROPOUT, 0, index as u64]), state);
                    engine.forward(weights, state, |raster| encoder.step(raster));
                    tally.count(state, config.loss, train.label(index));
                    fired.note_spikes(state);
                }
            });
        let (mut tally, mut fired) = (Tally::new(&self.description), Fired::new(&self.description));
        for piece in &self.pieces[..used] {
            tally.add(&piece.tally);
            fired.add(&piece.fired);
        }
        self.first_activity(images.len(), &tally, &fired)
    }

    /// Activity of the first batch from its sums.
    fn first_activity(&self, images: usize, tally: &Tally, fired: &Fired) -> FirstBatch {
        let mut activity = tally.activity(&self.description);
        for (layer, idle) in activity.iter_mut().skip(1).zip(fired.idle()) {
            layer.idle = Some(idle);
        }
        FirstBatch {
            images,
            warnings: warnings(&activity, None, &self.circumstances()),
            activity,
        }
    }

    /// What the remedies of warnings depend on.
    pub(super) fn circumstances(&self) -> Circumstances {
        let nodes = self.description.valid_graph().nodes;
        let mut behind_pooling: Vec<bool> = Vec::with_capacity(nodes.len());
        for (layer, node) in self.description.layers.iter().zip(&nodes) {
            let pools = matches!(layer.kind, LayerKind::Pool { .. }) && layer.threshold() > EASY_POOLING;
            let second = node.junction.as_ref().map(|junction| junction.source);
            let is_behind = |source: Source| match source {
                Source::Input => false,
                Source::Layer(source) => behind_pooling[source],
            };
            behind_pooling.push(pools || [Some(node.source), second].into_iter().flatten().any(is_behind));
        }
        Circumstances {
            recordings: matches!(self.train.samples(), Samples::Recordings(_)),
            scalable: self.config.init == Init::Random && self.integers.is_none(),
            behind_pooling,
        }
    }
}

/// Threshold of pooling at which a single spike of a window of two or three rows fires, so that lowering it is no remedy.
const EASY_POOLING: f32 = 0.1;

#[cfg(test)]
mod tests;
