//! Files of quantized networks. `docs/numerics.md` describes the layout, byte by byte.
//!
//! A quantized network is a safetensors file. Its metadata hold the description, the numbers of every layer, and the
//! provenance. Its tensors hold, per layer, the integer weights, the thresholds if the layer fires, the biases if it has
//! any, and the weights or increments of a shortcut. The loader checks sizes, types, shapes and ranges, and repeats the proof of the membrane
//! widths.

mod layer;

use super::container;
use super::container::{Container, Contents, MAX_HEAD_BYTES, json};
use crate::file::FileError;
use crate::integer::proof::verify;
use crate::integer::{InputSigns, IntegerError, QuantizedModel};
use crate::network::MAX_NETWORK_WEIGHTS;
use crate::{Error, Result};
use layer::LayerHeader;
use std::collections::BTreeMap;
use std::path::Path;

/// Value of the metadata key `format`.
pub const FORMAT: &str = "synfire-quantized";

/// Newest version of the layout that is read. A network is written in the oldest version that can hold it, but at least
/// version 2. Version 1 had only fully-connected layers, written as in version 2.
pub const VERSION: u32 = 3;
/// Version of plain networks ([`QuantizedModel::is_plain`]).
const PLAIN: u32 = 2;

/// Limit on the file size in bytes: the most weights of a network, as much again for thresholds, and the longest
/// header.
const MAX_FILE_BYTES: u64 = 2 * MAX_NETWORK_WEIGHTS as u64 + MAX_HEAD_BYTES;

/// Value of `format` in the file of a float model.
const FLOAT_FORMAT: &str = crate::file::float_model::FORMAT;

impl QuantizedModel {
    /// Writes the network to a file, atomically. Equal networks give equal files.
    ///
    /// # Errors
    /// If the network is inconsistent or its widths cannot be proven, or the file cannot be written.
    pub fn save(&self, path: impl AsRef<Path>) -> Result<()> {
        let path = path.as_ref();
        self.description.validate()?;
        verify(self, InputSigns::of(&self.description))?;
        let headers: Vec<_> = self.layers.iter().map(LayerHeader::of).collect();
        let metadata = [
            ("format", FORMAT.to_owned()),
            (
                "version",
                if self.is_plain() { PLAIN } else { VERSION }.to_string(),
            ),
            ("network", json(path, "network", &self.description)?),
            ("layers", json(path, "layers", &headers)?),
            ("provenance", json(path, "provenance", &self.provenance)?),
        ];
        let graph = self.description.graph()?;
        let mut tensors = BTreeMap::new();
        for (layer, node) in self.layers.iter().zip(&graph.nodes) {
            tensors.extend(layer::tensors(layer, node, &graph));
        }
        container::write(
            path,
            metadata.map(|(key, value)| (key.to_owned(), value)).into(),
            &tensors,
        )
    }

    /// Reads a network from a file.
    ///
    /// # Errors
    /// If the file is not a quantized network, is damaged, has a newer version or is inconsistent, or the widths of its
    /// membranes cannot be proven. Every error names the file.
    pub fn load(path: impl AsRef<Path>) -> Result<Self> {
        let path = path.as_ref();
        let container = Container::read(path, MAX_FILE_BYTES)?;
        let mut contents = container.contents()?;
        let version = check_format(path, &contents)?;
        let in_file = |source| {
            Error::File(FileError::Contents {
                path: path.to_owned(),
                source: Box::new(source),
            })
        };

        let description = contents.network()?;
        let headers: Vec<LayerHeader> = contents.json("layers")?;
        let provenance = contents.json("provenance")?;
        if headers.len() != description.layers.len() {
            let (found, wanted) = (headers.len(), description.layers.len());
            return Err(in_file(Error::Integer(IntegerError::LayerCount {
                found,
                wanted,
            })));
        }
        let graph = description.graph().map_err(in_file)?;
        let mut layers = Vec::with_capacity(headers.len());
        for (header, (described, node)) in headers
            .into_iter()
            .zip(description.layers.iter().zip(&graph.nodes))
        {
            layers.push(header.read(&described.name, node, &graph, &mut contents)?);
        }
        contents.finish()?;
        let model = Self {
            description,
            layers,
            provenance,
        };
        if version <= PLAIN && !model.is_plain() {
            return Err(Error::File(FileError::NewerContents {
                path: path.to_owned(),
                version,
                wanted: VERSION,
            }));
        }
        verify(&model, InputSigns::of(&model.description)).map_err(in_file)?;
        Ok(model)
    }
}

/// Checks the format; returns the version.
fn check_format(path: &Path, contents: &Contents<'_>) -> Result<u32> {
    if contents.text("format")? == FLOAT_FORMAT {
        return Err(Error::File(FileError::FloatModel {
            path: path.to_owned(),
        }));
    }
    contents.check_format(FORMAT, 1..=VERSION)
}
