//! Memory that training needs.

use super::Trainer;
use super::trainer::Integers;
use crate::events::ImageMemory;
use serde::Serialize;

/// Memory of a trainer in bytes, without the data sets.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Memory {
    /// Memory of the image that needed most among those last processed at a time; before the first batch, of an image
    /// without spikes.
    pub image: ImageMemory,
    /// Number of images processed at a time.
    pub images: usize,
    /// Memory of the gradients, one for each image processed at a time.
    pub gradients: usize,
    /// Memory of the weights, their integers in fine-tuning, the weights of the best epoch, and the optimizer's state.
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
    /// Memory that the trainer needs.
    #[must_use]
    pub fn memory(&self) -> Memory {
        let images = self.pieces.iter().map(|piece| piece.state.memory());
        let gradients = self.pieces.iter().map(|piece| piece.gradient.bytes());
        let optimizer = &self.stepper.memory;
        let weights = [&self.weights, &optimizer.first]
            .into_iter()
            .chain(&optimizer.second)
            .chain(self.best.as_ref().map(|best| &best.weights))
            .chain(self.integers.as_ref().map(Integers::weights));
        Memory {
            image: images.fold(ImageMemory::default(), ImageMemory::max),
            images: self.pieces.len(),
            gradients: gradients.sum(),
            weights: weights.map(|weights| weights.bytes()).sum(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dataset::digits;
    use crate::float::Engine;
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
}
