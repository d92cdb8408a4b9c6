//! Files of quantized networks: a written file is read back unchanged, and every defect is refused with an error that
//! names it.

#[path = "../common/mod.rs"]
mod common;
mod contradictions;
mod damage;
mod hash;
mod round_trip;
#[path = "../common/seal.rs"]
mod seal;

use common::tiny;
use seal::seal;
use std::fs;
use std::path::PathBuf;
use synfire_golden_model::integer::QuantizedModel;
use tempfile::TempDir;

fn folder() -> TempDir {
    tempfile::tempdir().expect("a temporary folder")
}

fn save(model: &QuantizedModel, folder: &TempDir) -> PathBuf {
    let path = folder.path().join("model.safetensors");
    model.save(&path).expect("saves");
    path
}

/// Returns the error of loading these bytes, without the name of the temporary folder.
fn refused(bytes: &[u8]) -> String {
    let folder = folder();
    let path = folder.path().join("model.safetensors");
    fs::write(&path, bytes).expect("writes");
    let error = QuantizedModel::load(&path).expect_err("a damaged file");
    error
        .to_string()
        .replace(&format!("{}/", folder.path().display()), "")
}

/// Parts of a file: the parsed header and the bytes of the tensors.
struct Parts {
    header: serde_json::Value,
    tensors: Vec<u8>,
}

impl Parts {
    fn of(model: &QuantizedModel) -> Self {
        let bytes = fs::read(save(model, &folder())).expect("reads");
        let length = u64::from_le_bytes(bytes[..8].try_into().expect("8 bytes"));
        let (header, tensors) = bytes[8..].split_at(usize::try_from(length).expect("small"));
        Self {
            header: serde_json::from_slice(header).expect("JSON"),
            tensors: tensors.to_vec(),
        }
    }

    fn bytes(&self) -> Vec<u8> {
        let header = self.header.to_string().into_bytes();
        let mut bytes = (header.len() as u64).to_le_bytes().to_vec();
        bytes.extend(header);
        bytes.extend(&self.tensors);
        seal(&mut bytes);
        bytes
    }
}

/// Returns the error of a network's file after a change of its header.
fn refused_header_of(model: &QuantizedModel, change: impl FnOnce(&mut serde_json::Value)) -> String {
    let mut parts = Parts::of(model);
    change(&mut parts.header);
    refused(&parts.bytes())
}

/// Returns the error of the tiny network's file after a change of its header.
fn refused_header(change: impl FnOnce(&mut serde_json::Value)) -> String {
    refused_header_of(&tiny(), change)
}

/// Replaces `from` by `to` in a metadata text.
fn replace(header: &mut serde_json::Value, key: &str, from: &str, to: &str) {
    let text = header["__metadata__"][key].as_str().expect("a text");
    assert!(text.contains(from), "{text}");
    header["__metadata__"][key] = text.replacen(from, to, 1).into();
}

/// Returns the error of the tiny network's file after a replacement in a metadata text.
fn refused_metadata(key: &str, from: &str, to: &str) -> String {
    refused_header(|header| replace(header, key, from, to))
}
