//! Difference between a design and the golden model, and its description.

use crate::stimulus::Subject;
use std::fmt;

/// First difference between a design and the golden model.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mismatch {
    /// Name of the simulator that ran the design.
    pub simulator: &'static str,
    /// Image or train of the inference.
    pub subject: Subject,
    /// Seed of the spikes.
    pub seed: u64,
    /// The difference.
    pub difference: Difference,
    /// Path of the waveform that shows the difference, if one was recorded.
    pub waveform: Option<String>,
}

/// Difference between a design and the golden model.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Difference {
    /// A layer emitted a word that is not an event of it.
    Event {
        /// Name of the layer.
        layer: String,
        /// Word that was emitted.
        word: u32,
    },
    /// A layer ended a different number of steps.
    Steps {
        /// Name of the layer.
        layer: String,
        /// Number in the golden model.
        expected: usize,
        /// Number in the design.
        actual: usize,
    },
    /// A neuron fired a different number of times in a step.
    Spikes {
        /// Step, starting with 0.
        step: usize,
        /// Name of the layer.
        layer: String,
        /// Number of the neuron in the layer.
        neuron: u32,
        /// Number in the golden model.
        expected: usize,
        /// Number in the design.
        actual: usize,
    },
    /// A sweep wrote a different number of words; the sweep after the last step is the one that clears.
    Words {
        /// Step, starting with 0.
        step: usize,
        /// Name of the layer.
        layer: String,
        /// Words of the layer.
        expected: usize,
        /// Words that the sweep wrote.
        actual: usize,
    },
    /// A sweep left a different membrane.
    Membrane {
        /// Step, starting with 0.
        step: usize,
        /// Name of the layer.
        layer: String,
        /// Number of the neuron in the layer.
        neuron: u32,
        /// Value in the golden model.
        expected: i32,
        /// Value in the design.
        actual: i32,
    },
    /// A number is not zero that must be: a membrane after a clear, or in a lane without a neuron.
    NotZero {
        /// Step, starting with 0; none for a clear.
        step: Option<usize>,
        /// Name of the layer.
        layer: String,
        /// Number of the word in the sweep.
        word: usize,
        /// Number of the lane.
        lane: usize,
        /// Value in the design.
        actual: i32,
    },
    /// A different potential was read out.
    Potential {
        /// Number of the class.
        class: usize,
        /// Value in the golden model.
        expected: i32,
        /// Value in the design.
        actual: i32,
    },
    /// A different number of potentials was read out.
    Classes {
        /// Number in the golden model.
        expected: usize,
        /// Number in the design.
        actual: usize,
    },
    /// A counter has a different value.
    Counter {
        /// Name of the counter.
        name: &'static str,
        /// Name of the layer.
        layer: String,
        /// Value in the golden model.
        expected: u64,
        /// Value in the design.
        actual: u64,
    },
    /// A counter is outside the bounds that other counters set.
    Bounds {
        /// Name of the counter.
        name: &'static str,
        /// Name of the layer.
        layer: String,
        /// Lower bound.
        least: u64,
        /// Upper bound.
        most: u64,
        /// Value in the design.
        actual: u64,
    },
}

impl fmt::Display for Difference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Event { layer, word } => {
                write!(
                    f,
                    "layer `{layer}` emitted {word:#x}, which is not an event of it"
                )
            }
            Self::Steps {
                layer,
                expected,
                actual,
            } => write!(f, "layer `{layer}`: {expected} steps expected, {actual} seen"),
            Self::Spikes {
                step,
                layer,
                neuron,
                expected,
                actual,
            } => write!(
                f,
                "step {step}, layer `{layer}`, neuron {neuron}: {expected} spikes expected, {actual} seen"
            ),
            Self::Words {
                step,
                layer,
                expected,
                actual,
            } => write!(
                f,
                "step {step}, layer `{layer}`: a sweep of {expected} words expected, {actual} seen"
            ),
            Self::Membrane {
                step,
                layer,
                neuron,
                expected,
                actual,
            } => write!(
                f,
                "step {step}, layer `{layer}`, neuron {neuron}: a membrane of {expected} expected, {actual} seen"
            ),
            Self::NotZero {
                step,
                layer,
                word,
                lane,
                actual,
            } => {
                match step {
                    Some(step) => write!(f, "step {step}, ")?,
                    None => write!(f, "at the clear, ")?,
                }
                write!(
                    f,
                    "layer `{layer}`, word {word}, lane {lane}: 0 expected, {actual} seen"
                )
            }
            Self::Potential {
                class,
                expected,
                actual,
            } => write!(
                f,
                "output potential of class {class}: {expected} expected, {actual} seen"
            ),
            Self::Classes { expected, actual } => {
                write!(f, "{expected} output potentials expected, {actual} seen")
            }
            Self::Counter {
                name,
                layer,
                expected,
                actual,
            } => write!(
                f,
                "layer `{layer}`, counter {name}: {expected} expected, {actual} seen"
            ),
            Self::Bounds {
                name,
                layer,
                least,
                most,
                actual,
            } => write!(
                f,
                "layer `{layer}`, counter {name}: {least} to {most} expected, {actual} seen"
            ),
        }
    }
}

impl fmt::Display for Mismatch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let waveform = self.waveform.as_deref().unwrap_or("none");
        write!(
            f,
            "the design differs from the golden model in {} on {} (seed {}): {}; waveform: {waveform}",
            self.simulator, self.subject, self.seed, self.difference
        )
    }
}
