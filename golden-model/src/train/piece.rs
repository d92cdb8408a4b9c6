//! Division of a batch into pieces, so that all cores work on it and its gradient is still the same sum.
//!
//! Every piece sums the gradient of its images in its own memory, and the pieces are added in order. The division
//! depends only on the batch, never on the machine, so sums are rounded the same way on every machine. Each piece needs
//! memory for a gradient, which is as large as all weights together.

use super::fired::Fired;
use crate::dataset::Dataset;
use crate::dataset::encode::InputEncoder;
use crate::evaluation::Tally;
use crate::float::{Engine, Parameters, State};
use crate::network::NetworkDescription;

/// Number of images per piece of a batch of `batch` images.
///
/// Small batches are divided into eight pieces, for eight cores. Larger batches are divided into pieces of eight
/// images, for which adding the gradients costs almost nothing. Very large batches are divided into 64 pieces, which
/// limits memory.
pub(super) const fn images(batch: usize) -> usize {
    match batch {
        0..32 => batch.div_ceil(8),
        32..512 => 8,
        _ => batch.div_ceil(64),
    }
}

/// Memory of one task: a part of a batch, with its gradient and statistics.
#[derive(Debug)]
pub(super) struct Piece<'data> {
    pub(super) state: State,
    pub(super) encoder: InputEncoder<'data>,
    pub(super) gradient: Parameters,
    pub(super) tally: Tally,
    pub(super) fired: Fired,
}

impl<'data> Piece<'data> {
    pub(super) fn new(engine: &Engine, description: &NetworkDescription, train: &'data Dataset) -> Self {
        Self {
            state: engine.state(),
            encoder: InputEncoder::new(description, train),
            gradient: Parameters::zeros(description),
            tally: Tally::new(description),
            fired: Fired::new(description),
        }
    }

    /// Clears the results of the previous batch.
    pub(super) fn clear(&mut self) {
        self.gradient.layers.iter_mut().for_each(|layer| layer.fill(0.0));
        self.tally.clear();
        self.fired.clear();
    }
}

#[cfg(test)]
mod tests {
    use super::images;

    #[test]
    fn batches_are_cut_for_the_cores_and_within_memory() {
        for (batch, wanted) in [
            (1, 1),
            (7, 1),
            (16, 2),
            (31, 4),
            (32, 8),
            (64, 8),
            (511, 8),
            (1024, 16),
        ] {
            assert_eq!(images(batch), wanted, "batch of {batch}");
        }
        for batch in 1..5000_usize {
            assert!(batch.div_ceil(images(batch)) <= 64, "batch of {batch}");
        }
    }
}
