//! Flags that choose a data set, shared by the verbs.

use crate::cli::context::print_error;
use crate::cli::diagnostic::{CliError, Result};
use crate::cli::paths::{DataFolder, Name};
use clap::Args;
use std::ffi::OsStr;
use synfire_golden_model::dataset::{self, Split};
use synfire_golden_model::network::{NetworkDescription, NetworkError, Shape};
use synfire_golden_model::{Config, Error};

/// Flags that choose a data set.
#[derive(Clone, Debug, Args)]
pub(crate) struct DataArgs {
    /// Data set: a name that `synfire data list` prints, or a file NAME.npz; the default depends on the network's input
    /// shape.
    #[arg(long)]
    pub(crate) data: Option<Name>,
    /// Folder that holds the data set's files, or folders named after the data sets.
    #[arg(long, env = "SYNFIRE_DATA")]
    pub(crate) data_dir: Option<DataFolder>,
}

impl DataArgs {
    /// Returns a network by name: a preset, a file, or a compact text. A compact text without an input shape takes the
    /// shape of the data set's samples.
    pub(crate) fn network(&self, name: &Name) -> Result<Config> {
        match (network(name, None), &self.data) {
            (Err(Error::Network(NetworkError::CompactInput { .. })), Some(data)) => {
                Ok(network(name, Some(self.shape(data)?))?)
            }
            (config, _) => Ok(config?),
        }
    }

    /// Returns the shape of a data set's samples. Reads the data set only if it is not known by name.
    fn shape(&self, data: &Name) -> Result<Shape> {
        match dataset::KNOWN
            .iter()
            .find(|known| Some(known.name) == data.text())
        {
            Some(known) => Ok(known.shape.into()),
            None => Ok(dataset::load(data, self.data_dir.as_deref())?.test.shape()),
        }
    }

    /// Loads the data set and checks that it fits the network.
    pub(crate) fn load(&self, network: &NetworkDescription) -> Result<Split> {
        let name = match &self.data {
            Some(name) => name.as_ref(),
            None => OsStr::new(default_dataset(network)?),
        };
        let split = dataset::load(name, self.data_dir.as_deref())?;
        for warning in &split.warnings {
            print_error(&format!("warning: {warning}"));
        }
        split.test.check_fits(network)?;
        Ok(split)
    }
}

/// Reads a network by name: a preset, a file or a compact text. A name that is not UTF-8 can only be that of a file.
pub(crate) fn network(name: &Name, input: Option<Shape>) -> synfire_golden_model::Result<Config> {
    match name.text() {
        Some(text) => Config::named_for(text, input),
        None => Config::load(name.path()),
    }
}

/// Returns the default data set for networks of this input shape.
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
