//! The safetensors container of model files. Sizes are checked before anything is read; writing is reproducible and
//! atomic.
//!
//! A file consists of the header's length N (u64, little-endian), N bytes of JSON, and the tensors' bytes. Metadata and
//! tensors are sorted by name, so that equal models give equal files. The header is padded with blanks to a multiple of
//! 8 bytes. A file appears under its name only when it is complete.
//!
//! The metadata value `sha256` is the checksum of the file, so that no flipped bit leads to other weights; see [`seal`].

use super::{FileError, hex, open_regular, replace};
use crate::network::NetworkDescription;
use crate::{Error, Result};
use safetensors::tensor::TensorView;
use safetensors::{Dtype, SafeTensorError, SafeTensors};
use serde_json::{Map, Value, json};
use sha2::{Digest as _, Sha256};
use std::collections::{BTreeMap, HashMap};
use std::io::{Read as _, Write as _};
use std::ops::RangeInclusive;
use std::path::{Path, PathBuf};
use tempfile::NamedTempFile;

/// Limit on the header's length in bytes: enough for thousands of layers.
const MAX_HEADER_BYTES: u64 = 16 << 20;

/// Size in bytes of the header's length field.
const PREFIX_BYTES: u64 = 8;

/// Limit on the bytes before the tensors.
pub(crate) const MAX_HEAD_BYTES: u64 = PREFIX_BYTES + MAX_HEADER_BYTES;

/// A tensor to write.
pub(crate) struct Tensor {
    /// Type of the numbers.
    pub(crate) dtype: Dtype,
    /// Shape of the tensor.
    pub(crate) shape: Vec<usize>,
    /// Numbers in row-major order, little-endian.
    pub(crate) bytes: Vec<u8>,
}

impl Tensor {
    /// Creates a tensor from floats in row-major order.
    pub(crate) fn of_floats<'a>(shape: Vec<usize>, numbers: impl IntoIterator<Item = &'a f32>) -> Self {
        Self {
            dtype: Dtype::F32,
            shape,
            bytes: numbers
                .into_iter()
                .flat_map(|number| number.to_le_bytes())
                .collect(),
        }
    }
}

/// Bytes of a model file whose length has been checked against its header.
pub(crate) struct Container {
    path: PathBuf,
    bytes: Vec<u8>,
}

impl Container {
    /// Reads a file of at most `limit` bytes.
    ///
    /// # Errors
    /// If the file cannot be read, is larger than `limit`, is not a safetensors file, or is shorter or longer than its
    /// header says.
    pub(crate) fn read(path: &Path, limit: u64) -> Result<Self> {
        let not_safetensors = |source| {
            Error::File(FileError::NotSafetensors {
                path: path.to_owned(),
                source,
            })
        };
        let (file, length) = open_regular(path)?;
        if length > limit {
            return Err(Error::File(FileError::TooLarge {
                path: path.to_owned(),
                found: length,
                limit,
            }));
        }
        if length <= PREFIX_BYTES {
            return Err(not_safetensors(SafeTensorError::HeaderTooSmall));
        }
        let mut bytes = Vec::new();
        file.take(length).read_to_end(&mut bytes).map_err(|source| {
            Error::File(FileError::Read {
                path: path.to_owned(),
                source,
            })
        })?;
        let Some((prefix, rest)) = bytes.split_first_chunk() else {
            return Err(not_safetensors(SafeTensorError::HeaderTooSmall));
        };
        let header_length = u64::from_le_bytes(*prefix);
        if header_length > MAX_HEADER_BYTES || rest.first() != Some(&b'{') {
            return Err(not_safetensors(SafeTensorError::InvalidHeaderLength));
        }
        let truncated = |wanted| {
            Error::File(FileError::Length {
                path: path.to_owned(),
                found: length,
                wanted,
            })
        };
        let header = usize::try_from(header_length)
            .ok()
            .and_then(|length| rest.get(..length));
        let Some(header) = header else {
            return Err(truncated(PREFIX_BYTES + header_length));
        };
        match SafeTensors::read_metadata(&bytes) {
            Ok((_, header)) => {
                check_seal(path, &bytes, header.metadata().as_ref())?;
                Ok(Self {
                    path: path.to_owned(),
                    bytes,
                })
            }
            Err(SafeTensorError::MetadataIncompleteBuffer) => {
                Err(truncated(PREFIX_BYTES + header_length + tensor_bytes(header)))
            }
            Err(source) => Err(not_safetensors(source)),
        }
    }

    /// Parses the contents.
    ///
    /// # Errors
    /// If the bytes are not a safetensors file, which [`Container::read`] has ruled out.
    pub(crate) fn contents(&self) -> Result<Contents<'_>> {
        let not_safetensors = |source| {
            Error::File(FileError::NotSafetensors {
                path: self.path.clone(),
                source,
            })
        };
        let (_, header) = SafeTensors::read_metadata(&self.bytes).map_err(not_safetensors)?;
        let metadata = header
            .metadata()
            .clone()
            .unwrap_or_default()
            .into_iter()
            .collect();
        let tensors = SafeTensors::deserialize(&self.bytes).map_err(not_safetensors)?;
        Ok(Contents {
            path: &self.path,
            metadata,
            tensors: tensors.tensors().into_iter().collect(),
        })
    }
}

/// Metadata and tensors of a model file.
pub(crate) struct Contents<'a> {
    path: &'a Path,
    metadata: BTreeMap<String, String>,
    tensors: BTreeMap<String, TensorView<'a>>,
}

impl Contents<'_> {
    /// Checks that the metadata name this format and one of these versions.
    pub(crate) fn check_format(&self, format: &'static str, versions: RangeInclusive<u32>) -> Result<u32> {
        let path = || self.path.to_owned();
        let found = self.text("format")?;
        if found != format {
            return Err(Error::File(FileError::Format {
                path: path(),
                found: found.to_owned(),
                wanted: format,
                remedy: remedy(found, format),
            }));
        }
        let found = self.text("version")?;
        let version = found.parse().ok();
        version
            .filter(|version| versions.contains(version))
            .ok_or_else(|| {
                Error::File(FileError::Version {
                    path: path(),
                    found: found.to_owned(),
                    wanted: *versions.end(),
                })
            })
    }

    /// Adds the path of the file to an error in its contents.
    pub(crate) fn wrong(&self, source: Error) -> Error {
        Error::File(FileError::Contents {
            path: self.path.to_owned(),
            source: Box::new(source),
        })
    }

    /// Returns the metadata value of `key`.
    pub(crate) fn text(&self, key: &'static str) -> Result<&str> {
        let missing = || {
            Error::File(FileError::MetadataMissing {
                path: self.path.to_owned(),
                key,
            })
        };
        self.metadata.get(key).map(String::as_str).ok_or_else(missing)
    }

    /// Parses the metadata value of `key`, which is JSON.
    pub(crate) fn json<T: serde::de::DeserializeOwned>(&self, key: &'static str) -> Result<T> {
        serde_json::from_str(self.text(key)?).map_err(|source| {
            Error::File(FileError::Metadata {
                path: self.path.to_owned(),
                key,
                source,
            })
        })
    }

    /// Parses and validates the network.
    pub(crate) fn network(&self) -> Result<NetworkDescription> {
        let network: NetworkDescription = self.json("network")?;
        network.validate().map_err(|source| self.wrong(source))?;
        Ok(network)
    }

    /// Whether there is a tensor of this name that was not taken yet.
    pub(crate) fn has(&self, name: &str) -> bool {
        self.tensors.contains_key(name)
    }

    /// Takes a tensor of floats, which must have the given shape.
    pub(crate) fn take_floats(&mut self, name: &str, shape: &[usize]) -> Result<Vec<f32>> {
        let (numbers, _) = self.take(name, Dtype::F32, shape)?.as_chunks();
        Ok(numbers.iter().map(|number| f32::from_le_bytes(*number)).collect())
    }

    /// Takes the bytes of a tensor, which must have the given type and shape.
    pub(crate) fn take(&mut self, name: &str, dtype: Dtype, shape: &[usize]) -> Result<&[u8]> {
        let path = || self.path.to_owned();
        let Some(tensor) = self.tensors.remove(name) else {
            return Err(Error::File(FileError::TensorMissing {
                path: path(),
                tensor: name.to_owned(),
            }));
        };
        if tensor.dtype() != dtype || tensor.shape() != shape {
            return Err(Error::File(FileError::Tensor {
                path: path(),
                tensor: name.to_owned(),
                found: format!("{} {:?}", tensor.dtype(), tensor.shape()),
                wanted: format!("{dtype} {shape:?}"),
            }));
        }
        Ok(tensor.data())
    }

    /// Refuses the file if a tensor was not taken.
    pub(crate) fn finish(self) -> Result<()> {
        match self.tensors.into_keys().next() {
            Some(tensor) => Err(Error::File(FileError::TensorUnknown {
                path: self.path.to_owned(),
                tensor,
            })),
            None => Ok(()),
        }
    }
}

/// Remedy for a file of format `found` where `wanted` is needed, for messages.
fn remedy(found: &str, wanted: &str) -> &'static str {
    match (found, wanted) {
        ("synfire-quantized", "synfire-model") => "give the float model that it was quantized from",
        ("synfire-checkpoint", _) => "give the model that `synfire train` writes when the run ends",
        (_, "synfire-checkpoint") => "give the checkpoint of a run that has not ended",
        _ => "give a model file that synfire wrote",
    }
}

/// Serializes a metadata value as JSON.
///
/// # Errors
/// If the value cannot be expressed in JSON.
pub(crate) fn json(path: &Path, key: &'static str, value: &impl serde::Serialize) -> Result<String> {
    serde_json::to_string(value).map_err(|source| {
        Error::File(FileError::Metadata {
            path: path.to_owned(),
            key,
            source,
        })
    })
}

/// Writes a model file atomically.
///
/// # Errors
/// If the file cannot be written.
pub(crate) fn write(
    path: &Path,
    metadata: BTreeMap<String, String>,
    tensors: &BTreeMap<String, Tensor>,
) -> Result<()> {
    let mut header = Map::new();
    let checksum = (CHECKSUM.to_owned(), NO_CHECKSUM.to_owned());
    header.insert(
        "__metadata__".to_owned(),
        metadata
            .into_iter()
            .chain([checksum])
            .map(|(k, v)| (k, Value::String(v)))
            .collect(),
    );
    let mut end = 0;
    for (name, tensor) in tensors {
        let start = end;
        end += tensor.bytes.len();
        let entry = json!({
            "data_offsets": [start, end],
            "dtype": tensor.dtype.to_string(),
            "shape": tensor.shape,
        });
        header.insert(name.clone(), entry);
    }
    let mut header = Value::Object(header).to_string().into_bytes();
    header.resize(header.len().next_multiple_of(8), b' ');

    let mut bytes = (header.len() as u64).to_le_bytes().to_vec();
    bytes.append(&mut header);
    tensors
        .values()
        .for_each(|tensor| bytes.extend_from_slice(&tensor.bytes));
    seal(&mut bytes);
    let write = |file: &mut NamedTempFile| {
        file.write_all(&bytes)?;
        file.as_file().sync_all()
    };
    replace(path, write).map_err(|source| {
        Error::File(FileError::Write {
            path: path.to_owned(),
            source,
        })
    })
}

/// Key of the checksum in the metadata.
const CHECKSUM: &str = "sha256";

/// Value that stands in the place of the checksum while it is computed.
const NO_CHECKSUM: &str = "0000000000000000000000000000000000000000000000000000000000000000";

/// Keys that files without a checksum have, which earlier versions of this program wrote.
const KEYS_BEFORE_CHECKSUMS: [&str; 10] = [
    "format",
    "version",
    "network",
    "layers",
    "provenance",
    "train",
    "data",
    "position",
    "history",
    "quantization",
];

/// Replaces the checksum in a file's bytes by the right one: the SHA-256 of all bytes, with 64 zeros in its own place. A
/// file without a checksum stays unchanged.
pub(crate) fn seal(bytes: &mut [u8]) {
    if let Some(place) = checksum_place(bytes) {
        let checksum = checksum(bytes, place);
        bytes[place..][..checksum.len()].copy_from_slice(checksum.as_bytes());
    }
}

/// Computes the checksum that belongs at `place`.
fn checksum(bytes: &[u8], place: usize) -> String {
    let (before, rest) = bytes.split_at(place);
    let hash = Sha256::new()
        .chain_update(before)
        .chain_update(NO_CHECKSUM)
        .chain_update(&rest[NO_CHECKSUM.len()..]);
    hex(&hash.finalize())
}

/// Position of the checksum in a file's bytes. Quotes within other values are escaped, so there is only one such place.
fn checksum_place(bytes: &[u8]) -> Option<usize> {
    let key = format!("\"{CHECKSUM}\":\"");
    let at = bytes
        .windows(key.len())
        .position(|window| window == key.as_bytes())?;
    let place = at + key.len();
    (bytes.len() >= place + NO_CHECKSUM.len()).then_some(place)
}

/// Checks the checksum of a file. A file without one must have the keys of files that had none.
fn check_seal(path: &Path, bytes: &[u8], metadata: Option<&HashMap<String, String>>) -> Result<()> {
    let is_sound = match metadata.and_then(|metadata| metadata.get(CHECKSUM)) {
        Some(found) => checksum_place(bytes).is_some_and(|place| checksum(bytes, place) == *found),
        None => metadata.is_none_or(|metadata| {
            let mut keys = metadata.keys();
            keys.all(|key| KEYS_BEFORE_CHECKSUMS.contains(&key.as_str()))
        }),
    };
    if is_sound {
        Ok(())
    } else {
        Err(Error::File(FileError::Checksum { path: path.into() }))
    }
}

/// End offset of the last tensor in a header.
fn tensor_bytes(header: &[u8]) -> u64 {
    let Ok(Value::Object(entries)) = serde_json::from_slice(header) else {
        return 0;
    };
    entries
        .values()
        .filter_map(|entry| entry["data_offsets"][1].as_u64())
        .max()
        .unwrap_or(0)
}
