//! Signs and values of input events.

use crate::integer::IntegerError;
use crate::network::{InputCoding, NetworkDescription, Source};
use crate::spikes::Spike;
use crate::{Error, Result};
use serde::Serialize;

/// Signs of a network's input spikes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum InputSigns {
    /// Only spikes of +1: recordings, and images that are not normalized.
    #[default]
    Unsigned,
    /// Spikes of +1 and −1: normalized images.
    Signed,
}

impl InputSigns {
    /// Signs of the input events that a network's samples give: signed if the network normalizes its input.
    #[must_use]
    pub const fn of(description: &NetworkDescription) -> Self {
        match description.normalization {
            Some(_) => Self::Signed,
            None => Self::Unsigned,
        }
    }
}

/// Values that the input events of a network can have.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct InputValues {
    pub(crate) coding: InputCoding,
    pub(crate) signs: InputSigns,
}

impl InputValues {
    /// Largest magnitude of an event of a source. Only the input has events of another value than 1.
    pub(crate) fn largest_of(self, source: Source) -> i64 {
        match source {
            Source::Input => self.coding.largest_value().into(),
            Source::Layer(_) => 1,
        }
    }

    /// Whether events of a source can be negative.
    pub(crate) fn are_signed(self, source: Source) -> bool {
        source == Source::Input && self.signs == InputSigns::Signed
    }

    /// Checks the value of an input event in step `step`.
    ///
    /// # Errors
    /// If the value is 0, larger than the coding allows, or negative although inputs are unsigned.
    pub(crate) fn check(self, step: usize, event: Spike) -> Result<()> {
        let largest = self.coding.largest_value();
        if event.value == 0 || event.value.unsigned_abs() > largest.unsigned_abs() {
            return Err(Error::Integer(IntegerError::EventValue {
                step,
                source_address: event.address,
                value: event.value,
                coding: self.coding.name(),
                largest,
            }));
        }
        if event.is_negative() && self.signs == InputSigns::Unsigned {
            return Err(Error::Integer(IntegerError::NegativeSpike {
                step,
                source_address: event.address,
            }));
        }
        Ok(())
    }
}
