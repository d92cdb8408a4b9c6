//! Manifest of a build folder, and the check of one that was read.

use super::MODEL;
use crate::board::Board;
use crate::emit::{constraints, lint};
use crate::plan::Plan;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use synfire_golden_model::file::hex;
use synfire_golden_model::integer::QuantizedModel;

/// File name of the manifest.
pub(super) const MANIFEST: &str = "manifest.json";
/// Format name in the manifest.
pub(super) const FORMAT: &str = "synfire-build";
/// Version of the build folder's layout and contents.
pub(super) const VERSION: u32 = 3;
/// Most bytes of a manifest.
pub(super) const MAX_BYTES: u64 = 4 << 20;
/// Digits of a SHA-256 in hex.
const HASH_DIGITS: usize = 64;

/// Manifest of a build folder.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Manifest {
    /// Format of the file: always `synfire-build`.
    pub format: String,
    /// Version of the build folder's layout and contents.
    pub version: u32,
    /// Program and version that made the folder.
    pub generator: String,
    /// Name of the network.
    pub network: String,
    /// Number of inputs.
    pub inputs: usize,
    /// Number of classes.
    pub classes: usize,
    /// Time steps of an inference.
    pub steps: usize,
    /// Board that the design is for.
    pub board: Board,
    /// Plan of the design.
    pub plan: Plan,
    /// SHA-256 of the design, in hex; IDENTIFY answers with its first half.
    pub design_hash: String,
    /// SHA-256 of the model, in hex; IDENTIFY answers with its first half.
    pub model_hash: String,
    /// SHA-256 of every file of the design, in hex, by file name.
    pub files: BTreeMap<String, String>,
}

/// Checks what a manifest says by itself; a user may have edited it.
pub(super) fn check(manifest: &Manifest) -> Result<(), String> {
    manifest.board.check()?;
    for (name, hash) in [
        ("design_hash", &manifest.design_hash),
        ("model_hash", &manifest.model_hash),
    ]
    .into_iter()
    .chain(manifest.files.iter().map(|(name, hash)| (name.as_str(), hash)))
    {
        if !is_hash(hash) {
            return Err(format!(
                "{name} = {hash:?} is not a SHA-256 in {HASH_DIGITS} lower-case hex digits"
            ));
        }
    }
    if let Some(name) = manifest.files.keys().find(|name| !is_file_name(name)) {
        return Err(format!(
            "it lists {name:?}; files of a build lie in the folder itself, and have names of letters, digits, -, _ and ."
        ));
    }
    let (constraints, _) = constraints::constraints(&manifest.board);
    let wanted = [
        "accelerator.v",
        "board.v",
        "cosim.v",
        lint::LINT,
        MODEL,
        constraints,
    ];
    match wanted
        .into_iter()
        .find(|name| !manifest.files.contains_key(*name))
    {
        Some(name) => Err(format!("{name} is missing from its list of files")),
        None => Ok(()),
    }
}

/// Checks that the model in the folder is the one that the manifest describes, and the plan a plan of it.
pub(super) fn check_model(manifest: &Manifest, model: &QuantizedModel) -> Result<(), String> {
    let found = hex(&model.hash());
    if found != manifest.model_hash {
        return Err(format!(
            "{MODEL} holds model {found}, but {MANIFEST} names model {}",
            manifest.model_hash
        ));
    }
    let description = &model.description;
    let of_model = (
        description.name.as_str(),
        description.input.size(),
        description.classes(),
        description.steps,
    );
    let of_manifest = (
        manifest.network.as_str(),
        manifest.inputs,
        manifest.classes,
        manifest.steps,
    );
    if of_model != of_manifest {
        return Err(format!(
            "{MANIFEST} describes network, inputs, classes and steps as {of_manifest:?}, but those of {MODEL} are \
             {of_model:?}"
        ));
    }
    let check = manifest.plan.check(model, &manifest.board);
    check.map_err(|reason| format!("{MANIFEST}: {reason}"))
}

/// Whether a text can be the name of a file of a build: it leads out of no folder, and is not hidden.
pub(super) fn is_file_name(name: &str) -> bool {
    let plain = |c: char| c.is_ascii_alphanumeric() || "-_.".contains(c);
    !name.starts_with('.') && (1..=100).contains(&name.len()) && name.chars().all(plain)
}

fn is_hash(text: &str) -> bool {
    text.len() == HASH_DIGITS && text.bytes().all(|c| matches!(c, b'0'..=b'9' | b'a'..=b'f'))
}
