//! The keys of a network file.

use super::leak::LeakText;
use crate::network::{
    Compact, InputCoding, LayerDescription, NetworkDescription, Normalization, Readout, Reset, Shape,
};
use crate::train::TrainConfig;
use serde::Deserialize;
use serde::de::Error;

/// All keys of a network file.
///
/// [`NetworkDescription`] has neither `[train]` nor `layers`. Flattening it into this type would lose the line numbers
/// of error messages.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Text {
    name: String,
    input: Shape,
    steps: usize,
    rate: f32,
    #[serde(default)]
    leak: LeakText,
    normalization: Option<Normalization>,
    #[serde(default)]
    coding: InputCoding,
    #[serde(default)]
    reset: Reset,
    #[serde(default)]
    readout: Readout,
    layers: Option<Layers>,
    #[serde(rename = "layer", default)]
    layer_tables: Vec<LayerDescription>,
    train: Option<TrainConfig>,
}

/// All layers, given in compact form.
#[derive(Deserialize)]
#[serde(try_from = "String")]
struct Layers(Vec<LayerDescription>);

impl TryFrom<String> for Layers {
    type Error = LayersError;

    fn try_from(text: String) -> Result<Self, LayersError> {
        let Compact { input, layers } = Compact::parse(&text)?;
        match input {
            None => Ok(Self(layers)),
            Some(_) => Err(LayersError::Input { text }),
        }
    }
}

/// Reasons to refuse the compact form of the layers.
#[derive(Debug, thiserror::Error)]
enum LayersError {
    #[error(transparent)]
    Text(#[from] crate::network::NetworkError),
    #[error("`{text}` includes an input shape; remove it and give the shape with the key `input`")]
    Input { text: String },
}

impl Text {
    /// Parses the keys of a network file's text.
    pub(super) fn parse(text: &str) -> Result<(NetworkDescription, Option<TrainConfig>), toml::de::Error> {
        let Self {
            name,
            input,
            steps,
            rate,
            leak: LeakText(leak),
            normalization,
            coding,
            reset,
            readout,
            layers,
            layer_tables,
            train,
        } = toml::from_str(text)?;
        let layers = match layers {
            None => layer_tables,
            Some(Layers(layers)) if layer_tables.is_empty() => layers,
            Some(_) => {
                return Err(toml::de::Error::custom(
                    "both `layers` and [[layer]] tables; describe the layers by one of them",
                ));
            }
        };
        let network = NetworkDescription {
            name,
            input,
            steps,
            rate,
            leak,
            normalization,
            coding,
            reset,
            readout,
            layers,
        };
        Ok((network, train))
    }
}
