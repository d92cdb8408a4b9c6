//! The verb `synfire flash`.

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
  synfire flash build --volatile      # only until the board loses power, if it supports that
  synfire flash build --dry-run       # print the command line
  synfire flash build --serial FT4XYZ # one of several boards
  synfire flash build -- --freq 1000000 --verify";

/// Arguments of `synfire flash`.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLE)]
pub(crate) struct Args {
    /// Build folder with a bitstream that `synfire synth` made.
    build: PathBuf,
    /// Configure only the FPGA and do not write the flash memory from which it starts.
    #[arg(long)]
    volatile: bool,
    /// Serial number of the board's programmer, to choose one of several.
    #[arg(long)]
    serial: Option<String>,
    /// Print the command line instead of running it.
    #[arg(long)]
    dry_run: bool,
    /// Arguments for the programmer, after `--`.
    #[arg(last = true, value_name = "ARGUMENT")]
    arguments: Vec<String>,
}

/// The command that was run, or would be run.
#[derive(Debug, Serialize)]
struct Summary<'a> {
    board: &'a str,
    program: String,
    arguments: &'a [String],
    done: bool,
    /// Whether the netlist or the bitstream was compared with the golden model.
    checked: bool,
    checks: &'a [Check],
    /// Warning about how the programmer ended.
    #[serde(skip_serializing_if = "Option::is_none")]
    note: Option<&'static str>,
}

/// Returns a warning about how the programmer ended, if necessary.
const fn note(end: End) -> Option<&'static str> {
    match end {
        End::Done => None,
        End::NotStarted => Some(
            "iceprog reports that the FPGA did not start (cdone: low): check the jumpers, and whether they select the flash \
             memory or --volatile (docs/boards.md)",
        ),
        End::Restarted => Some(
            "dfu-util exited with status 74 after writing everything, because the board restarted immediately",
        ),
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
            Some(report) => checks::of_report(&build, &report),
            None => Vec::new(),
        };
        if checks.is_empty() {
            context.warn(&format!("the flashed design is {}", checks::describe(&checks)));
        }
        if let Some(serial) = &self.serial {
            command = command.with_serial(serial)?;
        }
        command = command.with_arguments(self.arguments);
        let mut end = End::Done;
        if !self.dry_run {
            let spinner = context.spinner(&build.manifest.board.name);
            // No other run may replace the bitstream meanwhile.
            let _lock = build.lock()?;
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
                "{} now holds design {}\n{}",
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
