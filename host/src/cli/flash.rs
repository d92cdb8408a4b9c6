//! `synfire flash`.

use super::context::Context;
use super::diagnostic::Result;
use serde::Serialize;
use std::path::PathBuf;
use synfire_hw::build::Build;
use synfire_hw::flash::{CommandLine, End, Memory};
use synfire_hw::synth::checks::{self, Check};
use synfire_hw::synth::report::Report;

const EXAMPLE: &str = "Examples:
  synfire flash build
  synfire flash build --volatile      # until it loses power, where the board can
  synfire flash build --dry-run       # what would be run
  synfire flash build --serial FT4XYZ # the one of several boards
  synfire flash build -- --freq 1000000 --verify";

/// Arguments of `synfire flash`.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLE)]
pub(crate) struct Args {
    /// Build folder with a bitstream, from `synfire synth`.
    build: PathBuf,
    /// Load the FPGA only, not the flash that it starts from.
    #[arg(long)]
    volatile: bool,
    /// Serial number of the board's programmer, where several are plugged in.
    #[arg(long)]
    serial: Option<String>,
    /// Print the command line instead of running it.
    #[arg(long)]
    dry_run: bool,
    /// Arguments for the programmer, behind `--`.
    #[arg(last = true, value_name = "ARGUMENT")]
    arguments: Vec<String>,
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
    /// What is to be known of how it ended.
    #[serde(skip_serializing_if = "Option::is_none")]
    note: Option<&'static str>,
}

/// What a programmer's end means.
const fn note(end: End) -> Option<&'static str> {
    match end {
        End::Done => None,
        End::NotStarted => Some(
            "but iceprog saw the FPGA not start (cdone: low): check the jumpers, and whether the board is set for its flash \
             or for --volatile (docs/boards.md)",
        ),
        End::Restarted => {
            Some("dfu-util exited with 74 after all was written, since the board restarted at once")
        }
    }
}

impl Args {
    pub(crate) fn run(self, context: &Context) -> Result<()> {
        let build = Build::open(&self.build)?;
        let memory = if self.volatile {
            Memory::Volatile
        } else {
            Memory::Flash
        };
        let mut command = CommandLine::of(&build, memory)?;
        let checks = match Report::of(&build)? {
            Some(report) => checks::of_report(&build, &report)?,
            None => Vec::new(),
        };
        if checks.is_empty() {
            context.warn(&format!("what is flashed is {}", checks::describe(&checks)));
        }
        if let Some(serial) = &self.serial {
            command = command.with_serial(serial)?;
        }
        command = command.with_arguments(self.arguments);
        let mut end = End::Done;
        if !self.dry_run {
            let spinner = context.spinner(&build.manifest.board.name);
            spinner.set_message(command.program.display().to_string());
            end = command.run(&self.build.join("flash.log"))?;
            spinner.finish_and_clear();
        }
        let summary = Summary {
            board: &build.manifest.board.name,
            program: command.program.display().to_string(),
            arguments: &command.arguments,
            done: !self.dry_run,
            checked: !checks.is_empty(),
            checks: &checks,
            note: note(end),
        };
        context.print(&summary, || {
            if self.dry_run {
                return command.to_string();
            }
            let runs = format!(
                "{} runs design {}\n{}",
                build.manifest.board.title,
                build.manifest.design_hash,
                checks::describe(&checks)
            );
            match summary.note {
                Some(note) => format!("{runs}\n{note}"),
                None => runs,
            }
        })
    }
}
