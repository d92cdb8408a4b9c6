//! Memory that training needs.

use super::Trainer;
use super::few_steps::FewStepsRun;
use super::trainer::Integers;
use crate::events::ImageMemory;
use crate::float::{Batch, Image};
use serde::Serialize;

/// Memory of a trainer in bytes, without the data sets.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Memory {
    /// Memory of the image that needed most among those last processed at a time; before the first batch, of an image
    /// without spikes.
    pub image: ImageMemory,
    /// Number of images processed at a time; under [`Rule::FewSteps`](super::Rule::FewSteps) all of a batch.
    pub images: usize,
    /// Memory of the gradients, one for each piece of a batch; under [`Rule::FewSteps`](super::Rule::FewSteps) with the
    /// normalization of the batch. Under [`Rule::Paper`](super::Rule::Paper), a piece processes one image at a time.
    pub gradients: usize,
    /// Memory of the weights, their integers in fine-tuning, the weights of the best epoch, and the optimizer's state;
    /// weights include biases and numbers of normalization.
    pub weights: usize,
}

impl Memory {
    /// Total memory in use, assuming that each image needs as much as the one that needed most.
    #[must_use]
    pub const fn used(&self) -> usize {
        self.images * self.image.used + self.gradients + self.weights
    }

    /// Upper bound of the total memory for any activity of the network.
    #[must_use]
    pub const fn most(&self) -> usize {
        self.images * self.image.most + self.gradients + self.weights
    }
}

impl Trainer<'_> {
    /// Number of pieces of a batch, on each of which one thread works.
    #[must_use]
    pub fn pieces(&self) -> usize {
        let pieces = |run: &FewStepsRun<'_>| run.batch.gradients.len();
        self.few_steps.as_ref().map_or(self.pieces.len(), pieces)
    }

    /// Memory that the trainer needs.
    #[must_use]
    pub fn memory(&self) -> Memory {
        let batch = self.few_steps.as_ref().map(|run| &run.batch);
        let images = || {
            let of_batch = batch.into_iter().flat_map(|batch| &batch.images);
            let pieces = self.pieces.iter().map(|piece| piece.state.memory());
            pieces.chain(of_batch.map(Image::memory))
        };
        let gradients = self.pieces.iter().map(|piece| piece.gradient.bytes());
        let optimizer = &self.stepper.memory;
        let weights = [&self.weights, &optimizer.first]
            .into_iter()
            .chain(&optimizer.second)
            .chain(self.best.as_ref().map(|best| &best.weights))
            .chain(self.integers.as_ref().map(Integers::weights));
        Memory {
            image: images().fold(ImageMemory::default(), ImageMemory::max),
            images: images().count(),
            gradients: gradients.sum::<usize>() + batch.map_or(0, Batch::shared_bytes),
            weights: weights.map(|weights| weights.bytes()).sum(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dataset::digits;
    use crate::float::{Engine, FewSteps, Slope};
    use crate::network::NetworkDescription;
    use crate::{Config, Result};

    /// Almost all of the memory are spike lists, which are reserved but not used, so this test needs little memory.
    #[test]
    fn an_image_of_the_deep_networks_never_needs_200_mb() -> Result<()> {
        for preset in ["vgg9", "resnet9", "resnet11"] {
            let network = NetworkDescription::preset(preset)?;
            let neurons: usize = network.shapes().iter().map(|shape| shape.size()).sum();
            let most = Engine::new(&network).state().memory().most;
            let lists = 4 * neurons * network.steps;
            assert!((lists..200_000_000).contains(&most), "{preset}: {most}");
        }
        Ok(())
    }

    #[test]
    fn memory_is_bounded_before_it_is_used() -> Result<()> {
        let data = digits::load()?;
        let Config { network, train } = Config::preset("digits")?;
        let mut config = train.expect("presets can be trained");
        config.batch = 16;
        let mut trainer = Trainer::new(network, config, &data.train, None)?;
        let before = trainer.memory();
        // 64-64-10, padded to whole vectors; AdamW keeps two numbers per weight.
        let weights = 4 * (64 * 64 + 64 * 16);
        assert_eq!((before.images, before.gradients), (8, 8 * weights));
        assert_eq!(trainer.pieces(), 8);
        assert_eq!(before.weights, 3 * weights);
        // The spike lists: 64 inputs of either sign and 64 neurons, in each of 16 steps.
        let lists = 4 * 3 * 64 * 16;
        assert!(before.image.most > before.image.used + lists, "{before:?}");

        trainer.epoch(&mut |_| ())?;
        let after = trainer.memory();
        assert_eq!(after.image.most, before.image.most);
        assert!(after.image.used > before.image.used, "{after:?}");
        assert!(after.image.used < after.image.most, "{after:?}");
        assert_eq!(after.weights, 4 * weights, "and those of the best epoch");
        assert_eq!(
            after.most() - after.used(),
            8 * (after.image.most - after.image.used)
        );
        Ok(())
    }

    #[test]
    fn the_second_rule_holds_a_whole_batch() -> Result<()> {
        let data = digits::load()?;
        let text = "name = 'small'\ninput = [1, 8, 8]\nsteps = 4\nrate = 1.0\ncoding = 'direct'\nreadout = 'sum'\n\
                    layers = '64-10'\n[train]\nrule = 'few-steps'\nloss = 'cross-entropy'\noptimizer = 'adamw'\n\
                    learning_rate = 0.01\nepochs = 1\nbatch = 16\nsteps = [2, 4]";
        let Config { network, train } = Config::from_toml_str(text, "text")?;
        let train = train.expect("the text has parameters");
        let mut trainer = Trainer::new(network, train, &data.train, None)?;
        let before = trainer.memory();
        // 64-64-10, filled up to whole vectors; scale, shift and running mean and variance of 64 channels, and 16 biases.
        let weights = 4 * (64 * 64 + 64 * 16 + 4 * 64 + 16);
        // Seven numbers of each channel for the normalization; two for every hidden neuron and step, to sort them.
        let shared = 8 * (weights + 4 * 2 * 64 * 4) + 4 * 7 * (64 + 16);
        assert_eq!((before.images, before.gradients), (16, shared));
        assert_eq!(trainer.pieces(), 8);
        assert_eq!(before.weights, 3 * weights, "AdamW keeps two numbers per weight");
        // Drive and errors of 64 neurons and 16 outputs in 4 steps are always there. Lists have room for addresses and
        // values of 64 inputs, and for spikes and active neurons of 64 neurons, in 4 steps.
        assert!(before.image.used > 4 * 2 * (64 + 16) * 4, "{before:?}");
        assert_eq!(
            before.image.most - before.image.used,
            4 * (2 * 64 + 2 * 64) * 4 + 4 * 4 * 16
        );

        trainer.epoch(&mut |_| ())?;
        let after = trainer.memory();
        assert_eq!(after.image.most, before.image.most);
        assert!(after.image.used > before.image.used, "{after:?}");
        assert!(after.image.used < after.image.most, "{after:?}");
        assert_eq!(after.gradients, before.gradients);
        assert_eq!(after.weights, 4 * weights, "and those of the best epoch");
        Ok(())
    }

    /// As above, the lists are reserved but not used.
    #[test]
    fn a_batch_of_vgg9_in_four_steps_needs_less_than_2_gb() -> Result<()> {
        let mut network = NetworkDescription::preset("vgg9")?;
        network.steps = 4;
        let few_steps = FewSteps::new(&network, Slope::Triangle, 0.0);
        let batch = few_steps.batch(1, 1, &few_steps.zeros(&network));
        let most = batch.images[0].memory().most;
        let neurons: usize = network.shapes().iter().map(|shape| shape.size()).sum();
        // z, errors, spikes and active neurons.
        assert!(
            (4 * 4 * neurons * 4..2_000_000_000 / 64).contains(&most),
            "{most}"
        );
        Ok(())
    }
}
