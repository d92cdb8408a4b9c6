//! Signs of input spikes.

use crate::network::NetworkDescription;
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
    /// Signs of the input spikes that a network's samples give: signed if the network normalizes its input.
    #[must_use]
    pub const fn of(description: &NetworkDescription) -> Self {
        match description.normalization {
            Some(_) => Self::Signed,
            None => Self::Unsigned,
        }
    }
}
