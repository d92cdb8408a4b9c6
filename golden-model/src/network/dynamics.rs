//! Choices in which networks of few steps differ from those of the paper: what enters, how a neuron restarts, and how
//! the output is read.

use super::NetworkDescription;
use serde::{Deserialize, Serialize};

/// Largest magnitude of a graded input.
pub const LARGEST_VALUE: i16 = 255;

/// How samples enter the network.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
#[non_exhaustive]
pub enum InputCoding {
    /// Spikes: images as Poisson trains, recordings as bins in which an input spikes at most once.
    #[default]
    Poisson,
    /// Graded values, the same in every step, of images: the whole number 256·x·rate within ±255 stands for x·rate.
    Direct,
    /// Graded values of recordings: the number of events of an input in the step's bin, at most 255.
    Counts,
}

impl InputCoding {
    /// All codings.
    pub const ALL: [Self; 3] = [Self::Poisson, Self::Direct, Self::Counts];

    /// Name of the coding in network files.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Poisson => "poisson",
            Self::Direct => "direct",
            Self::Counts => "counts",
        }
    }

    /// Whether inputs are graded values instead of spikes.
    #[must_use]
    pub const fn is_graded(self) -> bool {
        !matches!(self, Self::Poisson)
    }

    /// Largest magnitude of the value of an input event.
    #[must_use]
    pub const fn largest_value(self) -> i16 {
        if self.is_graded() { LARGEST_VALUE } else { 1 }
    }

    /// Real number for which the integer value 1 of an input stands.
    #[must_use]
    pub const fn unit(self) -> f32 {
        match self {
            Self::Direct => 1.0 / 256.0,
            Self::Poisson | Self::Counts => 1.0,
        }
    }
}

/// Membrane of a neuron that fired.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
#[non_exhaustive]
pub enum Reset {
    /// The membrane is 0.
    #[default]
    Zero,
    /// The threshold is subtracted from the membrane.
    Subtract,
}

impl Reset {
    /// Both resets.
    pub const ALL: [Self; 2] = [Self::Zero, Self::Subtract];

    /// Name of the reset in network files.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Zero => "zero",
            Self::Subtract => "subtract",
        }
    }
}

/// Membranes of the output layer.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
#[non_exhaustive]
pub enum Readout {
    /// They leak as the membranes of other layers do.
    #[default]
    Leak,
    /// They do not leak: a potential is the sum over all steps.
    Sum,
}

impl Readout {
    /// Both ways of reading.
    pub const ALL: [Self; 2] = [Self::Leak, Self::Sum];

    /// Name of the readout in network files.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Leak => "leak",
            Self::Sum => "sum",
        }
    }
}

impl NetworkDescription {
    /// Names the first choice in which the network differs from those of the paper: graded input, reset by subtraction,
    /// or an output without leak. `None` if it differs in none of them.
    #[must_use]
    pub const fn first_extension(&self) -> Option<&'static str> {
        match (self.coding, self.reset, self.readout) {
            (InputCoding::Direct, ..) => Some("graded input (coding `direct`)"),
            (InputCoding::Counts, ..) => Some("graded input (coding `counts`)"),
            (InputCoding::Poisson, Reset::Subtract, _) => Some("reset by subtraction (reset `subtract`)"),
            (InputCoding::Poisson, Reset::Zero, Readout::Sum) => {
                Some("an output without leak (readout `sum`)")
            }
            (InputCoding::Poisson, Reset::Zero, Readout::Leak) => None,
        }
    }
}

/// Whether a value is its type's default, which files leave out.
pub(super) fn is_default<T: Default + PartialEq>(value: &T) -> bool {
    *value == T::default()
}
