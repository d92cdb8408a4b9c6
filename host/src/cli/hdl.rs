//! The verb `synfire hdl`.

use super::context::Context;
use super::diagnostic::Result;
use super::paths::InputFile;
use super::plan::{TargetArgs, layers};
use std::path::PathBuf;
use synfire_golden_model::integer::QuantizedModel;
use synfire_hw::build::Build;

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

impl Args {
    pub(crate) fn run(self, context: &Context) -> Result<()> {
        let model = QuantizedModel::load(&self.model)?;
        let board = self.target.board()?;
        let traffic = self.target.traffic(&model)?;
        let plan = self.target.plan(&model, &board, &traffic)?;
        let build = Build::write(&self.output, &model, &board, &plan)?;
        context.print(&build.manifest, || {
            let files: Vec<&str> = build.manifest.files.keys().map(String::as_str).collect();
            format!(
                "{}\ndesign {}\nbuild folder {}: {}",
                layers(&plan, &board, model.description.steps),
                build.manifest.design_hash,
                self.output.display(),
                files.join(", ")
            )
        })
    }
}
