//! Network files: a network and how it is trained, in TOML, and the presets that come with the crate.
//!
//! ```toml
//! name = "tiny"
//! input = [1, 8, 8]      # C, H, W
//! steps = 16             # T
//! rate = 0.5             # spikes per step of a full-scale input
//! leak = 0.99            # optional; or the hardware's shifts: [7, 9] is 1 - 2^-7 - 2^-9
//!
//! [normalization]        # optional: signed inputs (x - mean) / deviation, numbers per channel
//! mean = [0.5]
//! deviation = [0.5]
//!
//! [[layer]]
//! name = "conv1"
//! op = "conv"            # or "pool", "fc" and, as the last one, "out"
//! out = 4                # channels; of "fc" and "out", neurons
//! kernel = 3
//! stride = 1             # optional
//! padding = 1            # optional
//! dropout = 0.2          # optional; "conv" and "fc" alone
//! threshold = 1.0        # optional; of "pool" 0.75
//! from = "input"         # optional; by default the layer before
//!
//! [layer.shortcut]       # optional, "conv" alone: a second path into the membranes
//! from = "input"
//! stride = 1             # optional
//! identity = false       # optional; true: a spike adds one to its own channel
//!
//! [[layer]]
//! name = "out"
//! op = "out"
//! out = 2
//!
//! [train]                # optional; see `TrainConfig`
//! optimizer = "adam"
//! learning_rate = 0.002
//! epochs = 10
//! batch = 32
//! ```
//!
//! Instead of the `[[layer]]` tables, `layers = "4C3p1-P2-10"` says all layers in the compact form of
//! [`NetworkDescription::from_compact`].

mod error;
mod leak;
mod presets;
mod text;

use crate::file::FileError;
use crate::network::{NetworkDescription, Shape};
use crate::train::TrainConfig;
use crate::{Error, Result};
pub use error::ConfigError;
use presets::{COMPACT_TRAIN, PRESETS};
use std::path::Path;
use text::Text;

/// What a network file holds.
#[derive(Clone, Debug, PartialEq)]
pub struct Config {
    /// The network, valid.
    pub network: NetworkDescription,
    /// How it is trained, valid; absent in files that only describe a network.
    pub train: Option<TrainConfig>,
}

impl Config {
    /// Reads the text of a network file; `origin` names it in errors.
    ///
    /// # Errors
    /// If it is not TOML, has unknown, missing or ill-typed keys, or describes something invalid.
    pub fn from_toml_str(text: &str, origin: &str) -> Result<Self> {
        let (network, train) = Text::parse(text).map_err(|source| {
            Error::Config(ConfigError::Syntax {
                origin: origin.into(),
                source: Box::new(source),
            })
        })?;
        network.validate()?;
        if let Some(train) = &train {
            train.validate(&network.name)?;
        }
        Ok(Self { network, train })
    }

    /// Reads a network file.
    ///
    /// # Errors
    /// As [`Self::from_toml_str`], and if the file cannot be read.
    pub fn load(path: &Path) -> Result<Self> {
        let text = std::fs::read_to_string(path).map_err(|source| {
            Error::File(FileError::Read {
                path: path.into(),
                source,
            })
        })?;
        Self::from_toml_str(&text, &path.display().to_string())
    }

    /// The preset of that name.
    ///
    /// # Errors
    /// If there is none; the error lists those there are.
    pub fn preset(name: &str) -> Result<Self> {
        match PRESETS.iter().find(|(known, _)| *known == name) {
            Some((_, text)) => Self::from_toml_str(text, name),
            None => Err(Error::Config(ConfigError::UnknownPreset {
                name: name.into(),
                known: preset_names().collect::<Vec<_>>().join(", "),
            })),
        }
    }

    /// The network file at that path, the network of that compact text, or else the preset of that name.
    ///
    /// A path is anything that ends in `.toml` or holds a separator, and a compact text begins with a layer's number,
    /// so a preset is never shadowed. The compact text must say its input shape.
    ///
    /// # Errors
    /// As [`Self::load`], [`NetworkDescription::from_compact`] and [`Self::preset`].
    pub fn named(name: &str) -> Result<Self> {
        Self::named_for(name, None)
    }

    /// The same with the shape of the data that the network is for, which a compact text need not say.
    ///
    /// # Errors
    /// As [`Self::named`].
    pub fn named_for(name: &str, input: Option<Shape>) -> Result<Self> {
        let path = Path::new(name);
        if path.extension().is_some_and(|extension| extension == "toml") || path.components().count() > 1 {
            Self::load(path)
        } else if NetworkDescription::is_compact(name) {
            let train = toml::from_str(COMPACT_TRAIN).map_err(|source| {
                Error::Config(ConfigError::Syntax {
                    origin: name.into(),
                    source: Box::new(source),
                })
            })?;
            Ok(Self {
                network: NetworkDescription::from_compact(name, input)?,
                train: Some(train),
            })
        } else {
            Self::preset(name)
        }
    }

    /// The training parameters.
    ///
    /// # Errors
    /// If the file had no `[train]` table.
    pub fn require_train(&self) -> Result<&TrainConfig> {
        self.train.as_ref().ok_or_else(|| {
            Error::Config(ConfigError::NoTrainTable {
                origin: self.network.name.clone(),
            })
        })
    }
}

impl NetworkDescription {
    /// The network of a network file's text; a `[train]` table is checked and dropped.
    ///
    /// # Errors
    /// As [`Config::from_toml_str`].
    pub fn from_toml_str(text: &str) -> Result<Self> {
        Config::from_toml_str(text, "text").map(|config| config.network)
    }

    /// The network of a network file.
    ///
    /// # Errors
    /// As [`Config::load`].
    pub fn load(path: &Path) -> Result<Self> {
        Config::load(path).map(|config| config.network)
    }

    /// The network of a preset.
    ///
    /// # Errors
    /// As [`Config::preset`].
    pub fn preset(name: &str) -> Result<Self> {
        Config::preset(name).map(|config| config.network)
    }
}

/// Names of all presets.
pub fn preset_names() -> impl Iterator<Item = &'static str> {
    PRESETS.iter().map(|(name, _)| *name)
}

#[cfg(test)]
mod tests;
