//! Memory that one image needs.

use serde::Serialize;

/// Memory in bytes for the forward and backward pass of one image.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct ImageMemory {
    /// Bytes that the image needed.
    pub used: usize,
    /// Upper bound for any image: the bytes needed if every input and neuron fired in every step.
    pub most: usize,
}

impl ImageMemory {
    /// Field-wise maximum of both.
    #[must_use]
    pub fn max(self, other: Self) -> Self {
        Self {
            used: self.used.max(other.used),
            most: self.most.max(other.most),
        }
    }
}
