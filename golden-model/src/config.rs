//! Network files: a network and how it is trained, in TOML, and the presets that come with the crate.
//!
//! ```toml
//! name = "tiny"
//! input = [1, 2, 3]      # C, H, W
//! steps = 16             # T
//! rate = 0.5             # spikes per step of a full-scale input
//! leak = 0.99            # optional
//!
//! [[layer]]
//! name = "hidden"
//! op = "fc"
//! out = 8
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

use crate::network::{LayerDescription, NetworkDescription, Normalization, Shape, default_leak};
use crate::train::TrainConfig;
use crate::{Error, Result};
use serde::Deserialize;
use std::path::Path;

/// The presets: name and text of the network file.
const PRESETS: [(&str, &str); 2] = [
    ("digits", include_str!("../../configs/digits.toml")),
    ("mnist-mlp", include_str!("../../configs/mnist-mlp.toml")),
];

/// What a network file holds.
#[derive(Clone, Debug, PartialEq)]
pub struct Config {
    /// The network, valid.
    pub network: NetworkDescription,
    /// How it is trained, valid; absent in files that only describe a network.
    pub train: Option<TrainConfig>,
}

/// The keys of a network file. [`NetworkDescription`] itself has no `[train]`, and flattening it in here
/// would cost the line numbers of error messages.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Text {
    name: String,
    input: Shape,
    steps: usize,
    rate: f32,
    #[serde(default = "default_leak")]
    leak: f32,
    normalization: Option<Normalization>,
    #[serde(rename = "layer", default)]
    layers: Vec<LayerDescription>,
    train: Option<TrainConfig>,
}

impl Config {
    /// Reads the text of a network file; `origin` names it in errors.
    ///
    /// # Errors
    /// If it is not TOML, has unknown, missing or ill-typed keys, or describes something invalid.
    pub fn from_toml_str(text: &str, origin: &str) -> Result<Self> {
        let Text {
            name,
            input,
            steps,
            rate,
            leak,
            normalization,
            layers,
            train,
        } = toml::from_str(text).map_err(|source| Error::NetworkSyntax {
            origin: origin.into(),
            source: Box::new(source),
        })?;
        let network = NetworkDescription {
            name,
            input,
            steps,
            rate,
            leak,
            normalization,
            layers,
        };
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
        let text = std::fs::read_to_string(path).map_err(|source| Error::Read {
            path: path.into(),
            source,
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
            None => Err(Error::UnknownPreset {
                name: name.into(),
                known: preset_names().collect::<Vec<_>>().join(", "),
            }),
        }
    }

    /// The network file at that path, or else the preset of that name.
    ///
    /// A path is anything that ends in `.toml` or holds a separator, so a preset is never shadowed by a file.
    ///
    /// # Errors
    /// As [`Self::load`] and [`Self::preset`].
    pub fn named(name_or_path: &str) -> Result<Self> {
        let path = Path::new(name_or_path);
        if path.extension().is_some_and(|extension| extension == "toml") || path.components().count() > 1 {
            Self::load(path)
        } else {
            Self::preset(name_or_path)
        }
    }

    /// The training parameters.
    ///
    /// # Errors
    /// If the file had no `[train]` table.
    pub fn require_train(&self) -> Result<&TrainConfig> {
        self.train.as_ref().ok_or_else(|| Error::NoTrainTable {
            origin: self.network.name.clone(),
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
