//! The images on which a run scales its initial weights: the first ones of its first epoch.

use super::Presenter;
use crate::dataset::encode::InputEncoder;
use crate::dataset::{Augmentation, Dataset};
use crate::float::{Engine, Events, Parameters, State};
use crate::network::NetworkDescription;

/// Largest number of images. Drives are summed over steps and positions, too, so more images change little, and every layer
/// costs two forward passes of the layers before it.
pub(in crate::train) const IMAGES: usize = 32;

/// First images of a run, presented as its first epoch presents them, without dropout.
#[derive(Debug)]
pub(in crate::train) struct FirstImages<'a> {
    pub(in crate::train) description: &'a NetworkDescription,
    pub(in crate::train) engine: &'a Engine,
    pub(in crate::train) dataset: &'a Dataset,
    /// Indices of the images.
    pub(in crate::train) images: &'a [usize],
    pub(in crate::train) augmentation: Augmentation,
    pub(in crate::train) seed: u64,
}

/// Layers before the one that is scaled, and their state.
#[derive(Debug)]
pub(in crate::train) struct Front<'a> {
    engine: Engine,
    state: State,
    encoder: InputEncoder<'a>,
    index: usize,
}

impl<'a> Presenter for FirstImages<'a> {
    type Worker = Front<'a>;

    fn images(&self) -> usize {
        self.images.len()
    }

    fn worker(&self, index: usize) -> Front<'a> {
        let engine = self.engine.front(index);
        Front {
            state: engine.state(),
            engine,
            encoder: InputEncoder::new(self.description, self.dataset),
            index,
        }
    }

    fn present(
        &self,
        front: &mut Front<'a>,
        weights: &Parameters,
        image: usize,
        step: &mut dyn FnMut(&[Vec<Events<'_>>]),
    ) {
        let Front {
            engine,
            state,
            encoder,
            index,
        } = front;
        encoder.restart_training(self.images[image], &self.augmentation, self.seed, 0);
        engine.forward(weights, state, |raster| encoder.step(raster));
        for t in 0..engine.steps() {
            step(&self.engine.received(state, *index, t));
        }
    }
}
