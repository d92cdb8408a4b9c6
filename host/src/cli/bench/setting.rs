//! Flags that all measurements share: network, weights, number of repeats.

use super::super::data::network;
use super::super::diagnostic::Result;
use super::super::inference::at_least_one;
use super::super::models::load_float;
use super::super::paths::{InputFile, Name};
use synfire_golden_model::Config;
use synfire_golden_model::float::FloatModel;

/// Flags that all measurements share.
#[derive(Clone, Debug, clap::Args)]
pub(super) struct Setting {
    /// Network: a preset, the path of a network file (.toml), or a compact text such as 20C5p2-P2-200-10@1x28x28.
    #[arg(long, value_name = "NETWORK", default_value = "lenet")]
    net: Name,
    /// Time steps of an inference; default: the network's.
    #[arg(long)]
    pub(super) steps: Option<usize>,
    /// Model with the same layers, whose weights are used; default: the initial weights of training.
    #[arg(long, value_name = "FILE")]
    pub(super) model: Option<InputFile>,
    /// Number of repeats after a first one for warm-up.
    #[arg(long, default_value_t = 5, value_parser = at_least_one)]
    pub(super) repeats: usize,
}

impl Setting {
    /// Returns the network with the number of time steps that the flags give.
    pub(super) fn config(&self) -> Result<Config> {
        let mut config = network(&self.net, None)?;
        if let Some(steps) = self.steps {
            config.network.steps = steps;
        }
        config.network.validate()?;
        Ok(config)
    }

    /// Loads the model whose weights are used, if one is given.
    pub(super) fn model(&self) -> Result<Option<FloatModel>> {
        self.model.as_deref().map(load_float).transpose()
    }

    /// Returns the origin of the weights: `initial`, or the file of a model.
    pub(super) fn weights(&self) -> String {
        let path = self.model.as_ref().map(|path| path.display().to_string());
        path.unwrap_or_else(|| "initial".into())
    }
}
