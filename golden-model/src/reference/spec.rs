//! The specification of a reference case: its network as JSON.

use crate::network::{
    InputCoding, LayerDescription, LayerKind, NetworkDescription, Normalization, Readout, Reset, Shape,
    Shortcut,
};
use serde::Deserialize;

/// Contents of the array `spec`.
#[derive(Debug, Deserialize)]
pub(super) struct Spec {
    input: Shape,
    #[serde(rename = "T")]
    steps: usize,
    /// Number of images.
    pub(super) batch: usize,
    leak: f32,
    rate: f32,
    #[serde(default)]
    signed: bool,
    #[serde(default)]
    coding: InputCoding,
    #[serde(default)]
    reset: Reset,
    #[serde(default)]
    readout: Readout,
    layers: Vec<SpecLayer>,
}

#[derive(Debug, Deserialize)]
struct SpecLayer {
    name: String,
    from: String,
    #[serde(rename = "th")]
    threshold: Option<f32>,
    #[serde(rename = "drop", default)]
    dropout: f32,
    shortcut: Option<SpecShortcut>,
    #[serde(flatten)]
    kind: SpecKind,
}

#[derive(Debug, Deserialize)]
#[serde(tag = "op", rename_all = "lowercase")]
enum SpecKind {
    Conv {
        out: usize,
        k: usize,
        #[serde(rename = "s", default = "one")]
        stride: usize,
        #[serde(rename = "p", default)]
        padding: usize,
    },
    Pool {
        k: usize,
    },
    Fc {
        out: usize,
    },
    Out {
        out: usize,
    },
}

#[derive(Debug, Deserialize)]
#[serde(try_from = "ShortcutKeys")]
struct SpecShortcut(Shortcut);

#[derive(Debug, Deserialize)]
struct ShortcutKeys {
    from: String,
    #[serde(rename = "s", default = "one")]
    stride: usize,
    #[serde(default)]
    identity: bool,
    k: Option<usize>,
}

const fn one() -> usize {
    1
}

/// The kernel of a shortcut is not 1×1.
#[derive(Debug, thiserror::Error)]
#[error("the shortcut from `{from}` has k = {kernel}, but must have k = 1")]
struct ShortcutKernel {
    from: String,
    kernel: usize,
}

impl TryFrom<ShortcutKeys> for SpecShortcut {
    type Error = ShortcutKernel;

    fn try_from(keys: ShortcutKeys) -> Result<Self, ShortcutKernel> {
        let ShortcutKeys {
            from,
            stride,
            identity,
            k,
        } = keys;
        match k {
            Some(kernel) if kernel != 1 => Err(ShortcutKernel { from, kernel }),
            _ => Ok(Self(Shortcut {
                from,
                stride,
                identity,
            })),
        }
    }
}

impl Spec {
    /// Builds the description of the network with the given name; it is not validated.
    pub(super) fn describe(self, name: String) -> NetworkDescription {
        // The values do not matter: the spikes are given, and a normalization only allows negative ones.
        let normalization = self.signed.then(|| Normalization {
            mean: vec![0.0; self.input.channels],
            deviation: vec![1.0; self.input.channels],
        });
        NetworkDescription {
            name,
            input: self.input,
            steps: self.steps,
            rate: self.rate,
            leak: self.leak,
            normalization,
            layers: self.layers.into_iter().map(SpecLayer::describe).collect(),
            coding: self.coding,
            reset: self.reset,
            readout: self.readout,
        }
    }
}

impl SpecLayer {
    fn describe(self) -> LayerDescription {
        let kind = match self.kind {
            SpecKind::Conv {
                out,
                k: kernel,
                stride,
                padding,
            } => LayerKind::Conv {
                out,
                kernel,
                stride,
                padding,
            },
            SpecKind::Pool { k: kernel } => LayerKind::Pool { kernel },
            SpecKind::Fc { out } => LayerKind::Fc { out },
            SpecKind::Out { out } => LayerKind::Out { out },
        };
        LayerDescription {
            name: self.name,
            from: Some(self.from),
            threshold: self.threshold,
            leak: None,
            dropout: self.dropout,
            shortcut: self.shortcut.map(|SpecShortcut(shortcut)| shortcut),
            kind,
        }
    }
}
