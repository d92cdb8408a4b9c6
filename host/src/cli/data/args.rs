//! Flags that choose a data set, shared by the verbs.

use super::recorded::Recorded;
use crate::cli::context::Context;
use crate::cli::diagnostic::{CliError, Result};
use crate::cli::paths::{DataFolder, Name};
use clap::Args;
use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use synfire_golden_model::dataset::{self, DataError, Origin, Samples, Split};
use synfire_golden_model::network::{NetworkDescription, NetworkError, Shape};
use synfire_golden_model::{Config, Error};

/// Flags that choose a data set.
#[derive(Clone, Debug, Default, Args)]
pub(crate) struct DataArgs {
    /// Data set: a name that `synfire data list` prints, or a file NAME.npz; default: the one on which the model was
    /// trained, or for a new network the one for its input shape.
    #[arg(long)]
    pub(crate) data: Option<Name>,
    /// Folder that holds the data set's files, or folders named after the data sets.
    #[arg(long, env = "SYNFIRE_DATA")]
    pub(crate) data_dir: Option<DataFolder>,
    /// Let the time of every recording of an event camera start at its own first event. A model that was trained so is
    /// always used so.
    #[arg(long)]
    pub(crate) from_first_event: bool,
}

/// A data set, and the record of it for a model.
#[derive(Debug)]
pub(crate) struct Loaded {
    pub(crate) split: Split,
    pub(crate) origin: Origin,
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

    /// Loads the data set for a new network, and checks that it fits. Without `--data`, the network's input shape decides.
    pub(crate) fn load(&self, context: &Context, network: &NetworkDescription) -> Result<Loaded> {
        let name = match &self.data {
            Some(name) => name.as_ref(),
            None => OsStr::new(default_dataset(network)?),
        };
        self.read(context, network, name, None, self.from_first_event)
    }

    /// Loads the data set for a model, and checks that it fits. Without `--data`, it is the one on which the model was
    /// trained; if the model does not name one, the input shape decides, and a warning says so.
    ///
    /// Warns if the data set has the name of that one, but other contents.
    pub(crate) fn load_for(&self, context: &Context, model: &Recorded<'_>) -> Result<Loaded> {
        let record = model.origin();
        let network = model.network;
        let from_first_event =
            self.from_first_event || record.as_ref().is_some_and(|record| record.from_first_event);
        let read = |name: &OsStr| self.read(context, network, name, model.folder, from_first_event);
        let loaded = match (&self.data, &record) {
            (Some(name), _) => read(name.as_ref())?,
            (None, Some(record)) => read(OsStr::new(&record.data)).map_err(|error| match error {
                CliError::Model(source) => CliError::TrainedOn {
                    dataset: record.data.clone(),
                    source,
                },
                other => other,
            })?,
            (None, None) => {
                let name = default_dataset(network)?;
                context.warn(&format!(
                    "the model does not name the data set on which it was trained; `{name}` is used, the default for inputs \
                     of shape {}; give another one with --data",
                    network.input
                ));
                read(OsStr::new(name))?
            }
        };
        for difference in record
            .iter()
            .flat_map(|record| record.differences(&loaded.origin))
        {
            context.warn(&difference);
        }
        Ok(loaded)
    }

    /// Reads a data set, and warns of what is suspicious about it.
    fn read(
        &self,
        context: &Context,
        network: &NetworkDescription,
        name: &OsStr,
        model_folder: Option<&Path>,
        from_first_event: bool,
    ) -> Result<Loaded> {
        let found = self.find(Path::new(name), model_folder);
        if let Some(file) = &found {
            context.paths().reads("the data set", file)?;
        }
        let source = found.as_ref().map_or(name, |file| file.as_os_str());
        let mut split = dataset::load(source, self.data_dir.as_deref())?;
        let is_recordings = matches!(split.train.samples(), Samples::Recordings(_));
        if self.from_first_event && !is_recordings {
            return Err(Error::from(DataError::Kind {
                name: split.train.name().into(),
                what: "--from-first-event",
                found: split.train.samples().kind(),
                wanted: "recordings",
            })
            .into());
        }
        let from_first_event = from_first_event && is_recordings;
        let origin = Origin::new(name.to_string_lossy(), &split, from_first_event);
        if from_first_event {
            split = split.from_first_event();
        }
        // Before the network is compared: the warning may be the reason why it does not fit.
        warn_of(&split, context);
        split.test.check_fits(network)?;
        Ok(Loaded { split, origin })
    }

    /// Finds the npz file with this path: from the current folder, from the folder of the model, or in the data folder;
    /// `None` if there is no such file, or the name is that of a known data set.
    fn find(&self, path: &Path, model_folder: Option<&Path>) -> Option<PathBuf> {
        if path.extension().is_none_or(|extension| extension != "npz") {
            return None;
        }
        let folders = [Some(Path::new("")), model_folder, self.data_dir.as_deref()];
        let files = folders.into_iter().flatten().map(|folder| folder.join(path));
        files.into_iter().find(|file| file.exists())
    }
}

/// Warns of what is suspicious about a data set.
pub(super) fn warn_of(split: &Split, context: &Context) {
    for warning in split.inspect() {
        context.warn(&warning.to_string());
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
