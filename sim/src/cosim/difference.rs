//! Where a design first differs from the golden model, and how that is told.

use crate::stimulus::Subject;
use std::fmt;

/// Where a design first differs from the golden model.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mismatch {
    /// What ran the design.
    pub simulator: &'static str,
    /// The image or train.
    pub subject: Subject,
    /// Seed of its spikes.
    pub seed: u64,
    /// What differs.
    pub difference: Difference,
    /// The waveform that shows it, if one could be made.
    pub waveform: Option<String>,
}

/// A difference.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Difference {
    /// A layer emitted what is no event of it.
    Event {
        /// The layer.
        layer: String,
        /// The word.
        word: u32,
    },
    /// A layer ended another number of steps.
    Steps {
        /// The layer.
        layer: String,
        /// The golden model's.
        expected: usize,
        /// The design's.
        actual: usize,
    },
    /// A neuron fired another number of times in a step (the golden model's is 0 or 1).
    Spikes {
        /// The step, from 0.
        step: usize,
        /// The layer.
        layer: String,
        /// The neuron.
        neuron: u32,
        /// The golden model's.
        expected: usize,
        /// The design's.
        actual: usize,
    },
    /// A sweep wrote another number of words; the sweep behind the last step clears.
    Words {
        /// The step, from 0.
        step: usize,
        /// The layer.
        layer: String,
        /// The layer's words.
        expected: usize,
        /// The sweep's.
        actual: usize,
    },
    /// A membrane as a sweep left it.
    Membrane {
        /// The step, from 0.
        step: usize,
        /// The layer.
        layer: String,
        /// The neuron.
        neuron: u32,
        /// The golden model's.
        expected: i32,
        /// The design's.
        actual: i32,
    },
    /// A number that is not zero where there must be nothing: a membrane after a clear, or in a lane without a neuron.
    NotZero {
        /// The step, from 0; none of a clear.
        step: Option<usize>,
        /// The layer.
        layer: String,
        /// The word of the sweep.
        word: usize,
        /// The lane.
        lane: usize,
        /// The design's.
        actual: i32,
    },
    /// An output membrane, as it is read out.
    Potential {
        /// The class.
        class: usize,
        /// The golden model's.
        expected: i32,
        /// The design's.
        actual: i32,
    },
    /// Another number of potentials.
    Classes {
        /// The golden model's.
        expected: usize,
        /// The design's.
        actual: usize,
    },
    /// A counter of the design.
    Counter {
        /// The counter.
        name: &'static str,
        /// The layer.
        layer: String,
        /// The golden model's.
        expected: u64,
        /// The design's.
        actual: u64,
    },
    /// A counter that is bounded by others.
    Bounds {
        /// The counter.
        name: &'static str,
        /// The layer.
        layer: String,
        /// The least that it can be.
        least: u64,
        /// The most that it can be.
        most: u64,
        /// The design's.
        actual: u64,
    },
}

impl fmt::Display for Difference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Event { layer, word } => {
                write!(f, "layer `{layer}` emitted {word:#x}, which is no event of it")
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
