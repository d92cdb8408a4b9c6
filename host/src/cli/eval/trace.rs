//! Writes every spike of an evaluation to a file.

use super::super::context::Context;
use super::super::diagnostic::{CliError, Result};
use super::super::models::AnyModel;
use super::super::paths::{OutputFile, lossy};
use super::super::table::memory;
use serde::Serialize;
use std::path::{Path, PathBuf};
use synfire_golden_model::dataset::Dataset;
use synfire_golden_model::dataset::encode::test_raster;
use synfire_golden_model::file::io;
use synfire_golden_model::file::trace::{Metadata, TraceWriter};
use synfire_golden_model::integer::{Engine, QuantizedModel};

/// Number of images that are traced by default.
pub(super) const DEFAULT_IMAGES: usize = 10;

/// Size before compression above which the user is warned.
const LARGE_BYTES: u64 = 4 << 30;

/// Flags that choose what to trace.
#[derive(Debug, clap::Args)]
pub(super) struct TraceArgs {
    /// Write every spike of every layer to this file (.npz). Needs a quantized model; traces 10 images unless --limit is
    /// given.
    #[arg(long = "trace", value_name = "FILE")]
    pub(super) file: Option<OutputFile>,
    /// Also write every membrane at the end of every step.
    #[arg(long = "trace-membranes", requires = "file")]
    membranes: bool,
}

/// Description of the trace that was written.
#[derive(Debug, Serialize)]
pub(super) struct Traced {
    #[serde(serialize_with = "lossy")]
    file: PathBuf,
    images: usize,
    membranes: bool,
    bytes: u64,
}

impl TraceArgs {
    /// Refuses to trace a float model.
    pub(super) fn check(&self, model: &AnyModel, path: &Path) -> Result<()> {
        match (model, &self.file) {
            (AnyModel::Float(_), Some(_)) => Err(CliError::ModelKind {
                path: path.into(),
                found: "float",
                wanted: "quantized",
                remedy: "traces hold integers: run `synfire quantize` on the model, or omit --trace",
            }),
            _ => Ok(()),
        }
    }

    /// Traces all samples of `data` if the flag is given.
    pub(super) fn write(
        &self,
        model: &AnyModel,
        data: &Dataset,
        seed: u64,
        context: &Context,
    ) -> Result<Option<Traced>> {
        match (model, &self.file) {
            (AnyModel::Quantized(model), Some(file)) => {
                self.trace(model, data, seed, file, context).map(Some)
            }
            _ => Ok(None),
        }
    }

    fn trace(
        &self,
        model: &QuantizedModel,
        data: &Dataset,
        seed: u64,
        file: &Path,
        context: &Context,
    ) -> Result<Traced> {
        let images = data.len();
        let metadata = Metadata::of_golden_model(model, data.name(), images, seed, self.membranes);
        let large = metadata.bytes();
        let mut writer = TraceWriter::create(file, metadata)?;
        if large > LARGE_BYTES {
            context.warn(&format!(
                "the trace has {} before compression; use a smaller --limit to make it smaller",
                memory(large)
            ));
        }
        let mut engine = Engine::new(model)?;
        let bar = context.bar(images as u64, "tracing");
        for image in 0..images {
            let raster = test_raster(&model.description, data, image, seed);
            let trace = engine.trace(&raster, self.membranes)?;
            writer.push(data.label(image), &raster, &trace)?;
            bar.inc(1);
        }
        writer.finish()?;
        bar.finish_and_clear();
        let bytes = std::fs::metadata(file).map_err(io("reading", file))?.len();
        Ok(Traced {
            file: file.into(),
            images,
            membranes: self.membranes,
            bytes,
        })
    }
}

impl std::fmt::Display for Traced {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(
            f,
            "trace of {} images, every spike{}: {} ({})",
            self.images,
            if self.membranes { " and membrane" } else { "" },
            self.file.display(),
            memory(self.bytes)
        )
    }
}
