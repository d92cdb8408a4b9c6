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
//!
//! A folder may come from somebody else. [`Build::open`] checks what the host relies on; [`Build::check_generated`] checks in
//! addition that the files are those that this generator makes of the model, before anything is simulated or synthesized.

mod claim;
mod design;
pub mod files;
mod manifest;

pub use design::{Design, design};
pub use manifest::Manifest;

use crate::accelerator::{ParameterLoad, core_params};
use crate::board::Board;
use crate::error::{Error, Result};
use crate::folder;
use crate::plan::Plan;
use crate::seal;
use files::MAX_FILE_BYTES;
use manifest::{FORMAT, MANIFEST, VERSION};
use std::path::{Path, PathBuf};
use synfire_golden_model::file::{OutputLock, hex, read_bytes, read_text, sha256, write_atomically};
use synfire_golden_model::integer::QuantizedModel;

/// File name of the quantized model.
const MODEL: &str = "model.safetensors";

/// Build folder that has been written or opened.
#[derive(Clone, Debug)]
pub struct Build {
    /// Path of the folder.
    pub folder: PathBuf,
    /// Manifest of the folder.
    pub manifest: Manifest,
}

impl Build {
    /// Generates the design of a model for a board and writes it into a folder, the manifest last. The folder must be new,
    /// empty or an earlier build, whose files and outputs of synthesis are removed; other files stay.
    ///
    /// # Errors
    /// The errors of [`design()`]; [`Error::OutputFolder`] if the folder holds other things than a build, or a file of
    /// somebody else would be replaced; [`Error::Locked`], and [`Error::Io`].
    pub fn write(folder: &Path, model: &QuantizedModel, board: &Board, plan: &Plan) -> Result<Self> {
        let design = design(model, board, plan)?;
        // Before anything is made there; again below, when no other run writes into it.
        claim::earlier_files(folder)?;
        let _lock = folder::lock(folder)?;
        let earlier = claim::earlier_files(folder)?;
        let build = Self::written(folder, model, board, plan, &design);
        check_entries(folder, files::is_used)?;
        let model_name = MODEL.to_owned();
        let names = || design.files.keys().chain([&model_name]);
        claim::check_free(folder, &earlier, names())?;
        claim::mark_unfinished(folder, names().cloned().chain(earlier.iter().cloned()))?;
        // A folder without a manifest is not a build, so a folder that is half-written cannot pass for one. The bitstream of
        // an older design must not pass for the bitstream of this one.
        files::remove(folder, &[MANIFEST])?;
        files::remove_outputs(folder)?;
        let gone: Vec<&str> = earlier.iter().map(String::as_str).collect();
        files::remove(folder, &gone)?;
        model.save(folder.join(MODEL))?;
        for (name, text) in &design.files {
            write_atomically(&folder.join(name), text)?;
        }
        let build = build.with_model_file()?;
        let text = serde_json::to_string_pretty(&build.manifest).map_err(|error| Error::BuildFolder {
            path: folder.into(),
            reason: format!("its manifest cannot be written as JSON ({error})"),
        })?;
        write_atomically(&folder.join(MANIFEST), &text)?;
        files::remove(folder, &[claim::UNFINISHED])?;
        Ok(build)
    }

    /// Build of a design, without the hash of the model's file.
    fn written(folder: &Path, model: &QuantizedModel, board: &Board, plan: &Plan, design: &Design) -> Self {
        let hashes = design.files.iter();
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
            files: hashes
                .map(|(name, text)| (name.clone(), sha256(text.as_bytes())))
                .collect(),
        };
        Self {
            folder: folder.into(),
            manifest,
        }
    }

    fn with_model_file(mut self) -> Result<Self> {
        let content = read_bytes(&self.folder.join(MODEL), MAX_FILE_BYTES)?;
        self.manifest.files.insert(MODEL.into(), sha256(&content));
        Ok(self)
    }

    /// Opens a build folder, and checks that every file is present and has the hash that the manifest names, and that the
    /// manifest describes the model in the folder.
    ///
    /// # Errors
    /// [`Error::BuildFolder`] with the first fault.
    pub fn open(folder: &Path) -> Result<Self> {
        let wrong = |reason: String| Error::BuildFolder {
            path: folder.into(),
            reason,
        };
        check_entries(folder, files::is_used)?;
        let text = read_text(&folder.join(MANIFEST), manifest::MAX_BYTES)
            .map_err(|error| wrong(format!("{MANIFEST} cannot be read ({error})")))?;
        let manifest: Manifest =
            serde_json::from_str(&text).map_err(|error| wrong(format!("{MANIFEST} is damaged ({error})")))?;
        if manifest.format != FORMAT || manifest.version != VERSION {
            return Err(wrong(format!(
                "{MANIFEST} has format {} version {}, but this synfire reads {FORMAT} version {VERSION}",
                manifest.format, manifest.version
            )));
        }
        manifest::check(&manifest).map_err(|reason| wrong(format!("{MANIFEST}: {reason}")))?;
        check_entries(folder, |name| manifest.files.contains_key(name))?;
        for (name, expected) in &manifest.files {
            let content = read_bytes(&folder.join(name), MAX_FILE_BYTES)
                .map_err(|error| wrong(format!("{name} cannot be read ({error})")))?;
            let found = sha256(&content);
            if found != *expected {
                return Err(wrong(format!(
                    "{name} has changed: its SHA-256 is {found}, not {expected}"
                )));
            }
        }
        let build = Self {
            folder: folder.into(),
            manifest,
        };
        let model = QuantizedModel::load(folder.join(MODEL)).map_err(|error| wrong(error.to_string()))?;
        manifest::check_model(&build.manifest, &model).map_err(wrong)?;
        Ok(build)
    }

    /// Checks that the files of the folder are, byte for byte, those that this generator makes of the folder's model, board
    /// and plan. Whoever made the folder could otherwise have written Verilog that does something else when it is simulated.
    ///
    /// Generating takes seconds for a large network, so a sealed record of a check that passed stands for the next one.
    ///
    /// # Errors
    /// [`Error::NotGenerated`] names the first file that differs; the errors of [`design()`].
    pub fn check_generated(&self) -> Result<()> {
        let path = self.folder.join(files::GENERATED);
        // It names the hashes of all files, which were compared when the folder was opened.
        let checked = serde_json::to_string(&self.manifest)
            .map(|text| sha256(text.as_bytes()))
            .ok();
        if checked.is_some() && seal::read(&path) == checked {
            return Ok(());
        }
        let Manifest { board, plan, .. } = &self.manifest;
        let model = self.model()?;
        let mut expected = Self::written(&self.folder, &model, board, plan, &design(&model, board, plan)?);
        let of_model = self.manifest.files.get(MODEL).cloned().unwrap_or_default();
        expected.manifest.files.insert(MODEL.into(), of_model);
        let (ours, theirs) = (&expected.manifest.files, &self.manifest.files);
        let names = || ours.keys().chain(theirs.keys());
        let differs = names().find(|&name| ours.get(name) != theirs.get(name));
        let is_named_right = expected.manifest.design_hash == self.manifest.design_hash;
        let file = match differs {
            Some(name) => name,
            None if is_named_right => return seal::write(&path, &checked),
            None => MANIFEST,
        };
        Err(Error::NotGenerated {
            path: self.folder.clone(),
            file: file.into(),
            by: self.manifest.generator.clone(),
            this: generator(),
        })
    }

    /// Reserves the folder for one run, so that no other run writes into it meanwhile.
    ///
    /// # Errors
    /// [`Error::Locked`] if another run has reserved it; [`Error::Io`].
    pub fn lock(&self) -> Result<OutputLock> {
        folder::lock(&self.folder)
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

/// Checks that no link, device or FIFO has the name of a file that synfire or a tool writes or reads.
fn check_entries(folder: &Path, is_used: impl Fn(&str) -> bool) -> Result<()> {
    folder::check_entries(folder, is_used).map_err(|reason| Error::BuildFolder {
        path: folder.into(),
        reason,
    })
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
