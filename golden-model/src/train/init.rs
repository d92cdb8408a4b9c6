//! Initial weights of a training run.

mod batch;
mod moments;
mod standardize;

pub(super) use batch::{FirstImages, IMAGES};
pub(super) use standardize::{Presenter, standardize};

use serde::{Deserialize, Serialize};

/// Choice of the initial weights.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
#[non_exhaustive]
pub enum Init {
    /// Independent draws from a normal distribution of mean 0, whose deviation follows from the fan-in.
    #[default]
    Random,
    /// The same draws, scaled on some training samples, layer by layer from the input on: the drive of every channel that
    /// fires then has mean 0 and deviation 1 threshold, and that of an output mean 0. After D. Mishkin and J. Matas, "All you need is a good init"
    /// (arXiv 1511.06422).
    Data,
}

impl Init {
    /// All choices.
    pub const ALL: [Self; 2] = [Self::Random, Self::Data];

    /// Name of the choice in network files and on the command line.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Random => "random",
            Self::Data => "data",
        }
    }

    /// Whether the weights are drawn without regard to data.
    #[expect(clippy::trivially_copy_pass_by_ref, reason = "serde wants a reference")]
    pub(super) const fn is_random(&self) -> bool {
        matches!(self, Self::Random)
    }
}

/// Channels whose weights [`Init::Data`] left as they were drawn.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Unscaled {
    /// Name of the layer.
    pub layer: String,
    /// Numbers of the channels; in a fully-connected layer, of the neurons.
    pub channels: Vec<usize>,
}

impl std::fmt::Display for Unscaled {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self { layer, channels } = self;
        let many = if channels.len() == 1 {
            "channel"
        } else {
            "channels"
        };
        write!(
            f,
            "layer `{layer}`: the start of {} {many} was not scaled, because the drive of the first images does not vary; use \
             more steps, raise the input rate, or lower the threshold of pooling (`P2t0.1`)",
            channels.len()
        )
    }
}

#[cfg(test)]
mod tests;
