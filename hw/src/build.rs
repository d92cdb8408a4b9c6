//! Build folder: all files of a board's design, and the manifest that describes them.
//!
//! | file | contents |
//! |---|---|
//! | `manifest.json` | network, board, plan, hashes, files with their SHA-256 |
//! | `model.safetensors` | the quantized model |
//! | `accelerator.v` | the generated accelerator |
//! | `board.v` | the board's top module |
//! | `cosim.v` | the co-simulation's top module |
//! | `diagram.svg` | block diagram of the design |
//! | `lint.vlt` | rules of Verilator's `-Wall` that are waived, with reasons |
//! | `board.pcf` / `board.lpf` / `board.cst` | pins and clock |
//! | `layer*_*.hex` | memory images that the Verilog reads |
//!
//! [`files`] lists the files that tools add to the folder.

mod design;
pub mod files;

pub use design::{Design, design};

use crate::accelerator::{ParameterLoad, core_params};
use crate::board::Board;
use crate::circuit::engine::MAX_LANES;
use crate::emit::{constraints, lint};
use crate::error::{Error, Result};
use crate::plan::Plan;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use synfire_golden_model::file::{hex, io, sha256, write_atomically};
use synfire_golden_model::integer::QuantizedModel;

/// Format name in the manifest.
const FORMAT: &str = "synfire-build";
/// Version of the build folder's layout and contents.
const VERSION: u32 = 3;
/// File name of the manifest.
const MANIFEST: &str = "manifest.json";
/// File name of the quantized model.
const MODEL: &str = "model.safetensors";

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

/// Build folder that has been written or opened.
#[derive(Clone, Debug)]
pub struct Build {
    /// Path of the folder.
    pub folder: PathBuf,
    /// Manifest of the folder.
    pub manifest: Manifest,
}

impl Build {
    /// Generates the design of a model for a board and writes it into a folder, the manifest last. Outputs of an earlier
    /// synthesis in the folder are removed.
    ///
    /// # Errors
    /// The errors of [`design()`], and [`Error::Io`].
    pub fn write(folder: &Path, model: &QuantizedModel, board: &Board, plan: &Plan) -> Result<Self> {
        let design = design(model, board, plan)?;
        std::fs::create_dir_all(folder).map_err(io("creating folder", folder))?;
        // A folder without a manifest is not a build, so a folder that is half-written cannot pass for one. The bitstream of
        // an older design must not pass for the bitstream of this one.
        if folder.join(MANIFEST).exists() {
            std::fs::remove_file(folder.join(MANIFEST)).map_err(io("removing", folder.join(MANIFEST)))?;
        }
        files::remove_outputs(folder)?;
        model.save(folder.join(MODEL))?;
        for (name, text) in &design.files {
            write_atomically(&folder.join(name), text)?;
        }
        let model_file = std::fs::read(folder.join(MODEL)).map_err(io("reading", folder.join(MODEL)))?;
        let mut files: BTreeMap<String, String> = design
            .files
            .iter()
            .map(|(name, text)| (name.clone(), sha256(text.as_bytes())))
            .collect();
        files.insert(MODEL.into(), sha256(&model_file));
        let manifest = Manifest {
            format: FORMAT.into(),
            version: VERSION,
            generator: generator(),
            network: model.description.name.clone(),
            inputs: model.description.input.size(),
            classes: model.layers.last().map_or(0, |layer| layer.outputs()),
            steps: model.description.steps,
            board: board.clone(),
            plan: plan.clone(),
            design_hash: hex(&design.design_hash),
            model_hash: hex(&model.hash()),
            files,
        };
        let text = serde_json::to_string_pretty(&manifest).map_err(|error| Error::BuildFolder {
            path: folder.into(),
            reason: format!("its manifest cannot be written as JSON ({error})"),
        })?;
        write_atomically(&folder.join(MANIFEST), &text)?;
        Ok(Self {
            folder: folder.into(),
            manifest,
        })
    }

    /// Opens a build folder, and checks that every file is present and has the hash that the manifest names.
    ///
    /// # Errors
    /// [`Error::BuildFolder`] with the first fault.
    pub fn open(folder: &Path) -> Result<Self> {
        let wrong = |reason: String| Error::BuildFolder {
            path: folder.into(),
            reason,
        };
        let text = std::fs::read_to_string(folder.join(MANIFEST))
            .map_err(|error| wrong(format!("{MANIFEST} cannot be read ({error})")))?;
        let manifest: Manifest =
            serde_json::from_str(&text).map_err(|error| wrong(format!("{MANIFEST} is damaged ({error})")))?;
        if manifest.format != FORMAT || manifest.version != VERSION {
            return Err(wrong(format!(
                "{MANIFEST} has format {} version {}, but this synfire reads {FORMAT} version {VERSION}",
                manifest.format, manifest.version
            )));
        }
        check_manifest(&manifest).map_err(|reason| wrong(format!("{MANIFEST}: {reason}")))?;
        for (name, expected) in &manifest.files {
            let content = std::fs::read(folder.join(name))
                .map_err(|error| wrong(format!("{name} cannot be read ({error})")))?;
            let found = sha256(&content);
            if found != *expected {
                return Err(wrong(format!(
                    "{name} has changed: its SHA-256 is {found}, not {expected}"
                )));
            }
        }
        Ok(Self {
            folder: folder.into(),
            manifest,
        })
    }

    /// Reads the quantized model of the build.
    ///
    /// # Errors
    /// The errors of loading a quantized model file; [`Error::BuildFolder`] if model and plan have different numbers of layers.
    pub fn model(&self) -> Result<QuantizedModel> {
        let model = QuantizedModel::load(self.folder.join(MODEL))?;
        let (layers, planned) = (model.layers.len(), self.manifest.plan.layers.len());
        if layers == planned {
            return Ok(model);
        }
        Err(Error::BuildFolder {
            path: self.folder.clone(),
            reason: format!("{MODEL} has {layers} layers, but the plan in {MANIFEST} has {planned}"),
        })
    }

    /// Contents of all reloadable memories, for loading this model into a board with this design.
    ///
    /// # Errors
    /// The errors of [`Build::model`].
    pub fn parameter_loads(&self) -> Result<Vec<ParameterLoad>> {
        Ok(core_params(&self.model()?, &self.manifest.plan)?
            .parameter_loads()
            .collect())
    }

    /// First half of the design's hash, with which IDENTIFY answers.
    #[must_use]
    pub fn short_design_hash(&self) -> Option<[u8; 16]> {
        short_hash(&self.manifest.design_hash)
    }

    /// First half of the model's hash, with which IDENTIFY answers.
    #[must_use]
    pub fn short_model_hash(&self) -> Option<[u8; 16]> {
        short_hash(&self.manifest.model_hash)
    }
}

/// Checks the parts of a manifest that the simulators and the host rely on; a user may have edited it.
fn check_manifest(manifest: &Manifest) -> Result<(), String> {
    manifest.board.check()?;
    let plan = &manifest.plan;
    if plan.layers.is_empty() || manifest.inputs == 0 || manifest.classes == 0 || manifest.steps == 0 {
        return Err("layers, inputs, classes and steps must not be 0".into());
    }
    for layer in &plan.layers {
        if !(1..=MAX_LANES).contains(&layer.lanes) || layer.groups == 0 {
            return Err(format!(
                "layer `{}` has {} lanes in {} groups; give 1 to {MAX_LANES} lanes and at least 1 group",
                layer.name, layer.lanes, layer.groups
            ));
        }
        let depths = layer
            .fifo_depths
            .iter()
            .chain(Some(&layer.queue_depth).filter(|&&depth| depth > 0));
        if let Some(depth) = depths
            .into_iter()
            .find(|depth| !depth.is_power_of_two() || !(8..=32768).contains(*depth))
        {
            return Err(format!(
                "layer `{}` has a FIFO of {depth}; its depth must be a power of two from 8 to 32768",
                layer.name
            ));
        }
    }
    let (constraints, _) = constraints::constraints(&manifest.board);
    for name in [
        "accelerator.v",
        "board.v",
        "cosim.v",
        lint::LINT,
        MODEL,
        constraints,
    ] {
        if !manifest.files.contains_key(name) {
            return Err(format!("{name} is missing from its list of files"));
        }
    }
    Ok(())
}

/// First 16 bytes of a hash that is given in hex.
fn short_hash(hex: &str) -> Option<[u8; 16]> {
    let mut bytes = [0; 16];
    for (index, byte) in bytes.iter_mut().enumerate() {
        *byte = u8::from_str_radix(hex.get(2 * index..2 * index + 2)?, 16).ok()?;
    }
    Some(bytes)
}

/// Name and version of this program, as written into files.
#[must_use]
pub fn generator() -> String {
    concat!(env!("CARGO_PKG_NAME"), " ", env!("CARGO_PKG_VERSION")).to_owned()
}
