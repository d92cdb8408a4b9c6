//! What an inference returns: the answer, its cost, and, on demand, everything that happened on the way.

use crate::spikes::SpikeRaster;
use ndarray::Array2;

/// Result of one inference.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Inference {
    /// Steps taken: all, or those up to an early exit.
    pub steps: usize,
    /// Membrane of every class after the last step taken, in units of 2^−G weight LSB of the output layer.
    pub potentials: Vec<i32>,
    /// Class of the largest potential; the lowest number on a tie.
    pub class: usize,
    /// Spikes that the input delivered in these steps.
    pub input_spikes: u64,
    /// Spikes that each layer emitted; the output layer, last, emits none.
    pub spikes: Vec<u64>,
    /// Synaptic operations of each layer: one per weight added to or subtracted from a membrane.
    pub synaptic_operations: Vec<u64>,
}

impl Inference {
    /// Class of the largest of `potentials`, the lowest number on a tie; 0 where there are none.
    ///
    /// ```
    /// use synfire_golden_model::integer::Inference;
    /// assert_eq!(Inference::class_of(&[-5, 7, 3, 7]), 1);
    /// ```
    #[must_use]
    pub fn class_of(potentials: &[i32]) -> usize {
        let mut best = 0;
        for (class, potential) in potentials.iter().enumerate() {
            if *potential > potentials[best] {
                best = class;
            }
        }
        best
    }
}

/// Everything that happened in one inference.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Trace {
    /// Spikes of each hidden layer, per step, in ascending order of neurons.
    pub layers: Vec<SpikeRaster>,
    /// Membrane of every class after each step: `[steps, classes]`.
    pub potentials_by_step: Array2<i32>,
    /// Membranes of each layer after each step, `[steps, neurons]`, where asked for.
    pub membranes: Option<Vec<Array2<i32>>>,
    /// The result.
    pub inference: Inference,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_lowest_class_wins_a_tie() {
        assert_eq!(Inference::class_of(&[3, 3, 3]), 0);
        assert_eq!(Inference::class_of(&[-9, -2, -2]), 1);
        assert_eq!(Inference::class_of(&[1, 2, 3]), 2);
    }
}
