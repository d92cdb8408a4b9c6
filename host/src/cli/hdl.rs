//! The verb `synfire hdl`.

use super::context::Context;
use super::diagnostic::Result;
use super::paths::InputFile;
use super::plan::{Measured, TargetArgs, Traffic, layers};
use serde::Serialize;
use std::path::PathBuf;
use synfire_golden_model::integer::QuantizedModel;
use synfire_hw::build::{Build, Manifest};

const EXAMPLE: &str = "Examples:
  synfire hdl digits-4bit.safetensors --board ulx3s-85f -o build
  synfire hdl digits-4bit.safetensors --board ulx3s-85f --clock 62.5 -o build";

/// Arguments of `synfire hdl`.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLE)]
pub(crate) struct Args {
    /// Quantized model that `synfire quantize` wrote.
    model: InputFile,
    #[command(flatten)]
    target: TargetArgs,
    /// Build folder to write.
    #[arg(short, long)]
    output: PathBuf,
}

/// Result of `synfire hdl`.
#[derive(Debug, Serialize)]
struct Summary<'a> {
    /// Name of the data set on which the spikes into each layer were measured; absent with `--rates`.
    #[serde(skip_serializing_if = "Option::is_none")]
    dataset: Option<&'a str>,
    #[serde(flatten)]
    manifest: &'a Manifest,
}

impl Args {
    pub(crate) fn run(self, context: &Context) -> Result<()> {
        let model = QuantizedModel::load(&self.model)?;
        let board = self.target.board()?;
        let Traffic {
            layers: traffic,
            measured,
        } = self.target.traffic(context, &model, &self.model)?;
        let plan = self.target.plan(&model, &board, &traffic)?;
        let build = Build::write(&self.output, &model, &board, &plan)?;
        let summary = Summary {
            dataset: measured.as_ref().map(|measured| measured.dataset.as_str()),
            manifest: &build.manifest,
        };
        context.print(&summary, || {
            let files: Vec<&str> = build.manifest.files.keys().map(String::as_str).collect();
            format!(
                "{}\n{}design {}\nbuild folder {}: {}",
                layers(&plan, &board, model.description.steps),
                Measured::describe(measured.as_ref()),
                build.manifest.design_hash,
                self.output.display(),
                files.join(", ")
            )
        })
    }
}
