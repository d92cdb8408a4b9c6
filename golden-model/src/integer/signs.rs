//! Signs of input spikes.

use crate::network::NetworkDescription;
use serde::Serialize;

/// Signs of the spikes that enter a network.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum InputSigns {
    /// Spikes of +1 only: images of pixels from zero up, recordings.
    #[default]
    Unsigned,
    /// Spikes of +1 and −1: images normalized around zero.
    Signed,
}

impl InputSigns {
    /// Those of a network's samples: signed where it normalizes them.
    #[must_use]
    pub const fn of(description: &NetworkDescription) -> Self {
        match description.normalization {
            Some(_) => Self::Signed,
            None => Self::Unsigned,
        }
    }
}
