//! Layers in network files: one table per layer, whose keys depend on the operation.
//!
//! | op | keys | optional |
//! |---|---|---|
//! | `conv` | `out`, `kernel` | `stride` = 1, `padding` = 0, `dropout`, `threshold`, `leak`, `shortcut` |
//! | `pool` | | `kernel` = 2, `threshold` |
//! | `fc` | `out` | `dropout`, `threshold`, `leak` |
//! | `out` | `out` | `threshold`, `leak` |
//!
//! All operations have `name` and `op`, and may have `from`. The table is flat, instead of a tagged enum inside another
//! one, so that an unknown key is reported on its own line together with all known keys.

use super::{LayerDescription, LayerKind, Shortcut, one};
use serde::Deserialize;

const POOL_KERNEL: usize = 2;

/// Keys of a layer.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct LayerText {
    name: String,
    op: Op,
    from: Option<String>,
    out: Option<usize>,
    kernel: Option<usize>,
    stride: Option<usize>,
    padding: Option<usize>,
    threshold: Option<f32>,
    leak: Option<f32>,
    #[serde(default)]
    dropout: f32,
    shortcut: Option<Shortcut>,
}

#[derive(Clone, Copy, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Op {
    Conv,
    Pool,
    Fc,
    Out,
}

impl Op {
    const fn name(self) -> &'static str {
        match self {
            Self::Conv => "conv",
            Self::Pool => "pool",
            Self::Fc => "fc",
            Self::Out => "out",
        }
    }
}

/// A key is missing, or the operation does not support it.
#[derive(Debug, thiserror::Error)]
pub(super) enum KeyError {
    #[error("layer `{layer}` has op = \"{op}\" but no `{key}`; add it")]
    Missing {
        layer: String,
        op: &'static str,
        key: &'static str,
    },
    #[error("layer `{layer}` has op = \"{op}\", which takes no `{key}`; leave it out")]
    Unknown {
        layer: String,
        op: &'static str,
        key: &'static str,
    },
}

impl TryFrom<LayerText> for LayerDescription {
    type Error = KeyError;

    fn try_from(text: LayerText) -> Result<Self, KeyError> {
        let op = text.op.name();
        let wanted = |key, value: Option<usize>| {
            value.ok_or_else(|| KeyError::Missing {
                layer: text.name.clone(),
                op,
                key,
            })
        };
        let refused = |key, value: Option<usize>| match value {
            None => Ok(()),
            Some(_) => Err(KeyError::Unknown {
                layer: text.name.clone(),
                op,
                key,
            }),
        };
        if !matches!(text.op, Op::Conv) {
            refused("stride", text.stride)?;
            refused("padding", text.padding)?;
        }
        let kind = match text.op {
            Op::Conv => LayerKind::Conv {
                out: wanted("out", text.out)?,
                kernel: wanted("kernel", text.kernel)?,
                stride: text.stride.unwrap_or(one()),
                padding: text.padding.unwrap_or(0),
            },
            Op::Pool => {
                refused("out", text.out)?;
                let kernel = text.kernel.unwrap_or(POOL_KERNEL);
                LayerKind::Pool { kernel }
            }
            Op::Fc | Op::Out => {
                refused("kernel", text.kernel)?;
                let out = wanted("out", text.out)?;
                match text.op {
                    Op::Out => LayerKind::Out { out },
                    _ => LayerKind::Fc { out },
                }
            }
        };
        Ok(Self {
            name: text.name,
            from: text.from,
            threshold: text.threshold,
            leak: text.leak,
            dropout: text.dropout,
            shortcut: text.shortcut,
            kind,
        })
    }
}
