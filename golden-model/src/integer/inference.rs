//! Results of an inference: the answer, its cost, and optionally all spikes and membranes.

use crate::spikes::SpikeRaster;
use ndarray::Array2;

/// Result of one inference.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Inference {
    /// Number of steps taken: all, or the steps up to an early exit.
    pub steps: usize,
    /// Membrane of every class after the last step taken, in units of 2^−G weight LSB of the output layer.
    pub potentials: Vec<i32>,
    /// Class with the largest potential; the lowest class on a tie.
    pub class: usize,
    /// Number of input spikes in these steps.
    pub input_spikes: u64,
    /// Number of spikes of each layer; 0 for the output layer, which is last.
    pub spikes: Vec<u64>,
    /// Number of synaptic operations of each layer: one per weight added to or subtracted from a membrane.
    pub synaptic_operations: Vec<u64>,
}

impl Inference {
    /// Class with the largest of `potentials`; the lowest class on a tie, and 0 if `potentials` is empty.
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

/// Trace of one inference: all spikes, and optionally all membranes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Trace {
    /// Spikes of each hidden layer; within a step, neurons are in ascending order.
    pub layers: Vec<SpikeRaster>,
    /// Membrane of every class after each step: `[steps, classes]`.
    pub potentials_by_step: Array2<i32>,
    /// Membranes of each layer after each step, `[steps, neurons]`; `None` unless requested.
    pub membranes: Option<Vec<Array2<i32>>>,
    /// Result of the inference.
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
