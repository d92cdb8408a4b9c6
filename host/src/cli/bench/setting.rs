//! What is measured, and how often.

use super::super::diagnostic::Result;
use super::super::inference::at_least_one;
use super::super::models::load_float;
use std::path::PathBuf;
use synfire_golden_model::Config;
use synfire_golden_model::float::FloatModel;

/// Flags that all measurements share.
#[derive(Clone, Debug, clap::Args)]
pub(super) struct Setting {
    /// Network: a preset, the path of a network file (.toml), or a compact text as 20C5p2-P2-200-10@1x28x28.
    #[arg(long, value_name = "NETWORK", default_value = "lenet")]
    net: String,
    /// Time steps of an inference; by default the network's.
    #[arg(long)]
    pub(super) steps: Option<usize>,
    /// Float model of the same layers whose weights are taken; by default those that training starts from.
    #[arg(long, value_name = "FILE")]
    pub(super) model: Option<PathBuf>,
    /// Repeats after the one that warms up.
    #[arg(long, default_value_t = 5, value_parser = at_least_one)]
    pub(super) repeats: usize,
}

impl Setting {
    /// The network with the time steps wanted.
    pub(super) fn config(&self) -> Result<Config> {
        let mut config = Config::named(&self.net)?;
        if let Some(steps) = self.steps {
            config.network.steps = steps;
        }
        config.network.validate()?;
        Ok(config)
    }

    /// The model whose weights are taken.
    pub(super) fn model(&self) -> Result<Option<FloatModel>> {
        self.model.as_deref().map(load_float).transpose()
    }

    /// Where the weights are from.
    pub(super) fn weights(&self) -> String {
        let path = self.model.as_ref().map(|path| path.display().to_string());
        path.unwrap_or_else(|| "initial".into())
    }
}
