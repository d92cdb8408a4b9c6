//! Work that the images of the current epoch have caused.

use super::Trainer;
use crate::evaluation::{Effort, backward_passes};

impl Trainer<'_> {
    /// Work of the current epoch so far; zero at its start.
    #[must_use]
    pub fn effort(&self) -> Effort {
        self.running.tally.effort(&backward_passes(&self.description))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dataset::digits;
    use crate::{Config, Result};
    use std::ops::ControlFlow;

    #[test]
    fn effort_grows_batch_by_batch() -> Result<()> {
        let data = digits::load()?;
        let Config { network, train } = Config::preset("digits")?;
        let train = train.expect("presets can be trained");
        let mut trainer = Trainer::new(network, train, &data.train, None)?;
        assert_eq!(trainer.effort(), Effort::default());
        let mut efforts = Vec::new();
        for _ in 0..2 {
            trainer.advance(&mut |_| ControlFlow::Break(()))?;
            efforts.push(trainer.effort());
        }
        let second = efforts[1] - efforts[0];
        assert_eq!((efforts[1].images, second.images), (64, 32));
        for effort in [efforts[0], second] {
            assert_eq!(
                effort.forward_operations,
                64 * effort.input_spikes + 10 * effort.layer_spikes
            );
            assert_eq!(effort.backward_operations, 64 * effort.input_spikes);
            assert!(effort.layer_spikes > 0);
        }
        Ok(())
    }
}
