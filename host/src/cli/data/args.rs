//! Which samples a verb works on.

use crate::cli::diagnostic::{CliError, Result};
use clap::Args;
use std::path::PathBuf;
use synfire_golden_model::dataset::{self, Split};
use synfire_golden_model::network::{NetworkDescription, NetworkError, Shape};
use synfire_golden_model::{Config, Error};

/// Data set flags, shared by the verbs.
#[derive(Clone, Debug, Args)]
pub(crate) struct DataArgs {
    /// Data set: a name of `synfire data list` or a file NAME.npz; by default the one of the network's input shape.
    #[arg(long)]
    pub(crate) data: Option<String>,
    /// Folder of the data set's files, or of folders named after the data sets.
    #[arg(long, env = "SYNFIRE_DATA")]
    pub(crate) data_dir: Option<PathBuf>,
}

impl DataArgs {
    /// The network of that name: a preset, a file, or a compact text, which takes its input's shape from the data set
    /// if it does not say it.
    pub(crate) fn network(&self, name: &str) -> Result<Config> {
        match (Config::named(name), &self.data) {
            (Err(Error::Network(NetworkError::CompactInput { .. })), Some(data)) => {
                Ok(Config::named_for(name, Some(self.shape(data)?))?)
            }
            (config, _) => Ok(config?),
        }
    }

    /// Shape of a data set's samples; only a file of one's own has to be read for it.
    fn shape(&self, data: &str) -> Result<Shape> {
        match dataset::KNOWN.iter().find(|known| known.name == data) {
            Some(known) => Ok(known.shape.into()),
            None => Ok(dataset::load(data, self.data_dir.as_deref())?.test.shape()),
        }
    }

    /// Loads the data set, and checks that the network takes it.
    pub(crate) fn load(&self, network: &NetworkDescription) -> Result<Split> {
        let name = match &self.data {
            Some(name) => name.as_str(),
            None => default_dataset(network)?,
        };
        let split = dataset::load(name, self.data_dir.as_deref())?;
        split.test.check_fits(network)?;
        Ok(split)
    }
}

/// The data set that networks of this input shape are usually meant for.
fn default_dataset(network: &NetworkDescription) -> Result<&'static str> {
    match <[usize; 3]>::from(network.input) {
        [1, 8, 8] => Ok("digits"),
        [1, 28, 28] => Ok("mnist"),
        [3, 32, 32] => Ok("cifar10"),
        [2, 34, 34] => Ok("n-mnist"),
        _ => Err(CliError::NoDataset {
            shape: network.input.to_string(),
            known: dataset::names(),
        }),
    }
}
