//! `synfire flash`.

use super::context::Context;
use super::diagnostic::Result;
use serde::Serialize;
use std::path::PathBuf;
use synfire_hw::build::Build;
use synfire_hw::flash::{CommandLine, Memory};
use synfire_hw::synth::checks::{self, Check};
use synfire_hw::synth::report::Report;

const EXAMPLE: &str = "Examples:
  synfire flash build
  synfire flash build --volatile      # until it loses power, where the board can
  synfire flash build --dry-run       # what would be run";

/// Arguments of `synfire flash`.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLE)]
pub(crate) struct Args {
    /// Build folder with a bitstream, from `synfire synth`.
    build: PathBuf,
    /// Load the FPGA only, not the flash that it starts from.
    #[arg(long)]
    volatile: bool,
    /// Print the command line instead of running it.
    #[arg(long)]
    dry_run: bool,
}

/// What was run, or would be.
#[derive(Debug, Serialize)]
struct Summary<'a> {
    board: &'a str,
    program: String,
    arguments: &'a [String],
    done: bool,
    /// Whether netlist or bitstream were compared with the golden model.
    checked: bool,
    checks: &'a [Check],
}

impl Args {
    pub(crate) fn run(self, context: &Context) -> Result<()> {
        let build = Build::open(&self.build)?;
        let memory = if self.volatile {
            Memory::Volatile
        } else {
            Memory::Flash
        };
        let command = CommandLine::of(&build, memory)?;
        let checks = match Report::of(&build)? {
            Some(report) => checks::of_report(&build, &report)?,
            None => Vec::new(),
        };
        if checks.is_empty() {
            context.warn(&format!("what is flashed is {}", checks::describe(&checks)));
        }
        if !self.dry_run {
            let spinner = context.spinner(&build.manifest.board.name);
            spinner.set_message(command.program.display().to_string());
            command.run(&self.build.join("flash.log"))?;
            spinner.finish_and_clear();
        }
        let summary = Summary {
            board: &build.manifest.board.name,
            program: command.program.display().to_string(),
            arguments: &command.arguments,
            done: !self.dry_run,
            checked: !checks.is_empty(),
            checks: &checks,
        };
        context.print(&summary, || {
            if self.dry_run {
                return command.to_string();
            }
            format!(
                "{} runs design {}\n{}",
                build.manifest.board.title,
                build.manifest.design_hash,
                checks::describe(&checks)
            )
        })
    }
}
