//! Which samples a verb works on.

use crate::cli::diagnostic::{CliError, Result};
use clap::Args;
use std::path::PathBuf;
use synfire_golden_model::dataset::{self, Split};
use synfire_golden_model::network::NetworkDescription;

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
