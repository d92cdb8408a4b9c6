//! Files of quantized networks. `docs/formats.md` has the layout.
//!
//! A safetensors file whose metadata hold the description, the numbers of every layer, and where it comes from; per
//! layer a tensor of integer weights and, where it fires, one of thresholds. Loading trusts nothing: sizes, types,
//! shapes and ranges are checked, and the proof of the membranes' widths is made again.

use crate::container::{self, Container, Contents, Tensor};
use crate::network::{LayerKind, NetworkDescription};
use crate::quantize::proof::{InputSpikes, verify};
use crate::quantized::{Neuron, QuantizedLayer, QuantizedModel};
use crate::{Error, Result};
use ndarray::Array2;
use safetensors::Dtype;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::path::Path;

/// Value of the metadata key `format`.
pub const FORMAT: &str = "synfire-quantized";

/// Version of the layout that is written, and the newest that is read.
pub const VERSION: u32 = 1;

/// Largest file that is read: four layers of the most weights allowed.
const MAX_FILE_BYTES: u64 = 1 << 30;

/// Value of `format` in a float model's file.
const FLOAT_FORMAT: &str = "synfire-model";

/// One layer in the metadata key `layers`.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct LayerHeader {
    name: String,
    kind: Kind,
    weight_bits: u8,
    guard_bits: u8,
    membrane_bits: u8,
    leak_shifts: Vec<u8>,
    floor: i32,
}

/// What a layer does at the end of a step.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Kind {
    Lif,
    Output,
}

impl QuantizedModel {
    /// Writes a file, in whole or not at all. Equal networks make equal files.
    ///
    /// # Errors
    /// If the network is inconsistent or its widths cannot be proven, or the file cannot be written.
    pub fn save(&self, path: impl AsRef<Path>) -> Result<()> {
        let path = path.as_ref();
        self.description.validate()?;
        verify(self, InputSpikes::of(&self.description))?;
        let json = |key, value: serde_json::Result<String>| {
            value.map_err(|source| Error::ModelMetadata {
                path: path.to_owned(),
                key,
                source,
            })
        };
        let headers: Vec<_> = self.layers.iter().map(header).collect();
        let metadata = [
            ("format", FORMAT.to_owned()),
            ("version", VERSION.to_string()),
            (
                "network",
                json("network", serde_json::to_string(&self.description))?,
            ),
            ("layers", json("layers", serde_json::to_string(&headers))?),
            (
                "provenance",
                json("provenance", serde_json::to_string(&self.provenance))?,
            ),
        ];
        let mut tensors = BTreeMap::new();
        for layer in &self.layers {
            let bytes = layer
                .weights
                .iter()
                .map(|weight| weight.cast_unsigned())
                .collect();
            let shape = vec![layer.outputs(), layer.inputs()];
            tensors.insert(
                weight_name(&layer.name),
                Tensor {
                    dtype: Dtype::I8,
                    shape,
                    bytes,
                },
            );
            if let Neuron::Lif { thresholds } = &layer.neuron {
                let bytes = thresholds
                    .iter()
                    .flat_map(|threshold| threshold.to_le_bytes())
                    .collect();
                let shape = vec![layer.outputs()];
                tensors.insert(
                    threshold_name(&layer.name),
                    Tensor {
                        dtype: Dtype::I32,
                        shape,
                        bytes,
                    },
                );
            }
        }
        container::write(
            path,
            metadata.map(|(key, value)| (key.to_owned(), value)).into(),
            &tensors,
        )
    }

    /// Reads a file.
    ///
    /// # Errors
    /// If the file is not that of a quantized network, is damaged, of a newer version, inconsistent in any way, or the
    /// widths of its membranes cannot be proven. Every error names the file.
    pub fn load(path: impl AsRef<Path>) -> Result<Self> {
        let path = path.as_ref();
        let container = Container::read(path, MAX_FILE_BYTES)?;
        let mut contents = container.contents()?;
        check_format(path, &contents)?;
        let in_file = |source| Error::InModelFile {
            path: path.to_owned(),
            source: Box::new(source),
        };

        let description: NetworkDescription = contents.json("network")?;
        description.validate().map_err(in_file)?;
        let headers: Vec<LayerHeader> = contents.json("layers")?;
        let provenance = contents.json("provenance")?;
        if headers.len() != description.layers.len() {
            let (found, wanted) = (headers.len(), description.layers.len());
            return Err(in_file(Error::QuantizedLayerCount { found, wanted }));
        }
        description
            .require_fully_connected("the integer model")
            .map_err(in_file)?;
        let mut inputs = description.input.size();
        let mut layers = Vec::with_capacity(headers.len());
        for (header, described) in headers.into_iter().zip(&description.layers) {
            let (LayerKind::Fc { out } | LayerKind::Out { out }) = described.kind else {
                continue;
            };
            layers.push(read_layer(header, &described.name, [out, inputs], &mut contents)?);
            inputs = out;
        }
        contents.finish()?;
        let model = Self {
            description,
            layers,
            provenance,
        };
        verify(&model, InputSpikes::of(&model.description)).map_err(in_file)?;
        Ok(model)
    }
}

fn check_format(path: &Path, contents: &Contents<'_>) -> Result<()> {
    match contents.text("format")? {
        FORMAT => {}
        FLOAT_FORMAT => {
            return Err(Error::FloatModelFile {
                path: path.to_owned(),
            });
        }
        found => {
            let (found, wanted) = (found.to_owned(), FORMAT);
            return Err(Error::ModelFileFormat {
                path: path.to_owned(),
                found,
                wanted,
            });
        }
    }
    let found = contents.text("version")?;
    if found.parse() == Ok(VERSION) {
        Ok(())
    } else {
        Err(Error::ModelFileVersion {
            path: path.to_owned(),
            found: found.to_owned(),
            wanted: VERSION,
        })
    }
}

fn read_layer(
    header: LayerHeader,
    described: &str,
    shape: [usize; 2],
    contents: &mut Contents<'_>,
) -> Result<QuantizedLayer> {
    let weights: Vec<i8> = contents
        .take(&weight_name(described), Dtype::I8, &shape)?
        .iter()
        .map(|byte| byte.cast_signed())
        .collect();
    let weights = Array2::from_shape_vec(shape, weights).expect("the tensor has this shape");
    let neuron = match header.kind {
        Kind::Output => Neuron::Output,
        Kind::Lif => {
            let bytes = contents.take(&threshold_name(described), Dtype::I32, &shape[..1])?;
            let (numbers, _) = bytes.as_chunks();
            Neuron::Lif {
                thresholds: numbers.iter().map(|number| i32::from_le_bytes(*number)).collect(),
            }
        }
    };
    Ok(QuantizedLayer {
        name: header.name,
        weights,
        shortcut: None,
        weight_bits: header.weight_bits,
        guard_bits: header.guard_bits,
        membrane_bits: header.membrane_bits,
        leak_shifts: header.leak_shifts,
        floor: header.floor,
        neuron,
    })
}

fn header(layer: &QuantizedLayer) -> LayerHeader {
    LayerHeader {
        name: layer.name.clone(),
        kind: match layer.neuron {
            Neuron::Lif { .. } => Kind::Lif,
            Neuron::Output => Kind::Output,
        },
        weight_bits: layer.weight_bits,
        guard_bits: layer.guard_bits,
        membrane_bits: layer.membrane_bits,
        leak_shifts: layer.leak_shifts.clone(),
        floor: layer.floor,
    }
}

fn weight_name(layer: &str) -> String {
    format!("weight/{layer}")
}

fn threshold_name(layer: &str) -> String {
    format!("threshold/{layer}")
}
