//! Memory that one image takes.

use serde::Serialize;

/// Memory in bytes of one image on its way through a network, forward and backward.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct ImageMemory {
    /// What an image needed.
    pub used: usize,
    /// What an image would need whose every input and neuron fires in every step: no image needs more.
    pub most: usize,
}

impl ImageMemory {
    /// The larger of each.
    #[must_use]
    pub fn max(self, other: Self) -> Self {
        Self {
            used: self.used.max(other.used),
            most: self.most.max(other.most),
        }
    }
}
