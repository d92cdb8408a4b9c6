//! Network files: TOML files that describe a network and its training, and the presets, which are embedded ones.
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
//! dropout = 0.2          # optional; only "conv" and "fc"
//! threshold = 1.0        # optional; default 1, for "pool" 0.75
//! from = "input"         # optional; by default the layer before
//!
//! [layer.shortcut]       # optional, only "conv": a second path into the membranes
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
//! Instead of `[[layer]]` tables, `layers = "4C3p1-P2-10"` describes all layers in the compact form of
//! [`NetworkDescription::from_compact`].

mod error;
mod leak;
mod presets;
mod text;

use crate::file::{MAX_TEXT_BYTES, read_text};
use crate::network::{NetworkDescription, Shape};
use crate::train::TrainConfig;
use crate::{Error, Result};
pub use error::ConfigError;
use presets::{COMPACT_TRAIN, PRESETS};
use std::path::Path;
use text::Text;

/// Contents of a network file: a network and, optionally, its training.
#[derive(Clone, Debug, PartialEq)]
pub struct Config {
    /// The network; already validated.
    pub network: NetworkDescription,
    /// Training parameters, already validated; `None` if the file only describes a network.
    pub train: Option<TrainConfig>,
}

impl Config {
    /// Parses the text of a network file; error messages name it `origin`.
    ///
    /// # Errors
    /// If the text is not TOML, has unknown, missing or ill-typed keys, or describes an invalid network or training.
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
    /// Fails like [`Self::from_toml_str`], or if the file cannot be read.
    pub fn load(path: &Path) -> Result<Self> {
        let text = read_text(path, MAX_TEXT_BYTES)?;
        Self::from_toml_str(&text, &path.display().to_string())
    }

    /// Returns the preset `name`.
    ///
    /// # Errors
    /// If there is no such preset; the error lists all presets.
    pub fn preset(name: &str) -> Result<Self> {
        match PRESETS.iter().find(|(known, _)| *known == name) {
            Some((_, text)) => Self::from_toml_str(text, name),
            None => Err(Error::Config(ConfigError::UnknownPreset {
                name: name.into(),
                known: preset_names().collect::<Vec<_>>().join(", "),
            })),
        }
    }

    /// Reads `name` as the path of a network file, as a compact text, or as the name of a preset.
    ///
    /// Anything that ends in `.toml` or contains a path separator is a path. A compact text begins with the number of a
    /// layer, so it never hides a preset. The compact text must include its input shape.
    ///
    /// # Errors
    /// Fails like [`Self::load`], [`NetworkDescription::from_compact`] and [`Self::preset`].
    pub fn named(name: &str) -> Result<Self> {
        Self::named_for(name, None)
    }

    /// Reads `name` like [`Self::named`]; a compact text may omit its input shape, which is then `input`.
    ///
    /// # Errors
    /// Fails like [`Self::named`].
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

    /// Returns the training parameters.
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
    /// Parses the network of a network file's text; a `[train]` table is checked and dropped.
    ///
    /// # Errors
    /// Fails like [`Config::from_toml_str`].
    pub fn from_toml_str(text: &str) -> Result<Self> {
        Config::from_toml_str(text, "text").map(|config| config.network)
    }

    /// Reads the network of a network file.
    ///
    /// # Errors
    /// Fails like [`Config::load`].
    pub fn load(path: &Path) -> Result<Self> {
        Config::load(path).map(|config| config.network)
    }

    /// Returns the network of a preset.
    ///
    /// # Errors
    /// Fails like [`Config::preset`].
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
