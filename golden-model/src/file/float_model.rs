//! Files of float models. `docs/formats.md` describes the layout.
//!
//! A float model is a safetensors file with one f32 tensor per weight tensor of the network, and one per layer that has
//! biases. Its metadata hold the network and its provenance as JSON. The loader checks sizes, types, shapes and values.

use super::container;
use super::container::{Container, MAX_HEAD_BYTES, Tensor, json};
use crate::file::FileError;
use crate::float::FloatModel;
use crate::network::{MAX_NETWORK_WEIGHTS, NetworkDescription};
use crate::{Error, Result};
use ndarray::Array2;
use std::collections::BTreeMap;
use std::path::Path;

/// Value of the metadata key `format`.
pub const FORMAT: &str = "synfire-model";

/// Newest version of the layout that is read. A model is written in the oldest version that can hold it.
pub const VERSION: u32 = 2;
/// Version without biases, and of networks of Poisson input, reset to zero and leaking output only.
const PLAIN: u32 = 1;

/// Limit on the file size in bytes: the most weights of a network, and the longest header.
const MAX_FILE_BYTES: u64 = MAX_NETWORK_WEIGHTS as u64 * size_of::<f32>() as u64 + MAX_HEAD_BYTES;

impl FloatModel {
    /// Writes the model to a file, atomically. Equal models give equal files.
    ///
    /// # Errors
    /// If the model is invalid or the file cannot be written.
    pub fn save(&self, path: impl AsRef<Path>) -> Result<()> {
        let path = path.as_ref();
        self.validate()?;
        let metadata = [
            ("format", FORMAT.to_owned()),
            ("version", self.version().to_string()),
            ("network", json(path, "network", &self.description)?),
            ("provenance", json(path, "provenance", &self.provenance)?),
        ];
        let tensors = self.description.graph()?.tensors;
        let weights = tensors.iter().zip(&self.weights).map(|(tensor, weights)| {
            let contents = Tensor::of_floats(tensor.dimensions(), weights);
            (weight_name(&tensor.name), contents)
        });
        let biases = self.description.layers.iter().zip(&self.biases);
        let biases = biases
            .filter(|(_, biases)| !biases.is_empty())
            .map(|(layer, biases)| {
                (
                    bias_name(&layer.name),
                    Tensor::of_floats(vec![biases.len()], biases),
                )
            });
        let tensors = weights.chain(biases);
        container::write(
            path,
            metadata.map(|(key, value)| (key.to_owned(), value)).into(),
            &tensors.collect(),
        )
    }

    /// Oldest version of the layout that holds the model.
    fn version(&self) -> u32 {
        let NetworkDescription {
            coding,
            reset,
            readout,
            ..
        } = &self.description;
        let plain = (*coding, *reset, *readout) == Default::default() && !self.has_biases();
        if plain { PLAIN } else { VERSION }
    }

    /// Reads a model from a file.
    ///
    /// # Errors
    /// If the file is not a float model, is damaged or has a newer version, or its network and weights do not fit
    /// together. Every error names the file.
    pub fn load(path: impl AsRef<Path>) -> Result<Self> {
        let path = path.as_ref();
        let container = Container::read(path, MAX_FILE_BYTES)?;
        let mut contents = container.contents()?;
        let version = contents.check_format(FORMAT, PLAIN..=VERSION)?;
        let in_file = |source| {
            Error::File(FileError::Contents {
                path: path.to_owned(),
                source: Box::new(source),
            })
        };

        let description = contents.network()?;
        let provenance: BTreeMap<String, String> = contents.json("provenance")?;
        let tensors = description.graph().map_err(in_file)?.tensors;
        let mut weights = Vec::with_capacity(tensors.len());
        for tensor in tensors {
            let numbers = contents.take_floats(&weight_name(&tensor.name), &tensor.dimensions())?;
            let shape = [tensor.outputs, tensor.inputs];
            weights.push(Array2::from_shape_vec(shape, numbers).expect("the tensor has this shape"));
        }
        let mut biases = Vec::with_capacity(description.layers.len());
        for (layer, shape) in description.layers.iter().zip(description.shapes()) {
            let name = bias_name(&layer.name);
            biases.push(if contents.has(&name) {
                contents.take_floats(&name, &[shape.channels])?
            } else {
                Vec::new()
            });
        }
        contents.finish()?;
        if biases.iter().all(Vec::is_empty) {
            biases.clear();
        }
        let model = Self {
            description,
            weights,
            biases,
            provenance,
        };
        model.validate().map_err(in_file)?;
        if version < model.version() {
            return Err(Error::File(FileError::NewerContents {
                path: path.to_owned(),
                version,
                wanted: VERSION,
            }));
        }
        Ok(model)
    }
}

fn bias_name(layer: &str) -> String {
    format!("bias/{layer}")
}

fn weight_name(tensor: &str) -> String {
    format!("weight/{tensor}")
}
