//! The verb `synfire run`.

mod classify;
mod watched;

pub(crate) use classify::{Job, Summary, classify, keep_check};

use super::context::{Context, error_object};
use super::data::{DataArgs, Recorded};
use super::diagnostic::{CliError, Result};
use super::early_exit::EarlyExitArgs;
use super::form::BoardFormArgs;
use super::inference::{DEFAULT_SEED, at_least_one};
use super::interrupt::StopRequest;
use super::paths::Name;
use super::table::{count, percent};
use crate::SerialTransport;
use classify::{Outcome, classify_some};
use serde::Serialize;
use std::cell::RefCell;
use std::path::PathBuf;
use synfire_hw::build::Build;
use synfire_sim::virtual_board::VirtualBoard;
use watched::Watched;

const EXAMPLE: &str = "Examples:
  synfire run build --port /dev/ttyUSB1
  synfire run build --port /dev/pts/3 --images 100    # the port that `synfire board` printed
  synfire run build --virtual                         # a virtual board for this run only
  synfire run build --virtual --bitstream             # a virtual board with the bitstream (iCE40)
  synfire run build --virtual --early-exit certain    # stop once the answer is certain";

/// Arguments of `synfire run`.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLE)]
pub(crate) struct Args {
    /// Build folder whose bitstream is on the board.
    build: PathBuf,
    /// Serial port of the board.
    #[arg(
        long,
        env = "SYNFIRE_PORT",
        required_unless_present = "virtual",
        conflicts_with = "BoardFormArgs"
    )]
    port: Option<Name>,
    /// Start a virtual board for this run, instead of using a port.
    #[arg(long, conflicts_with_all = ["port", "baud"])]
    r#virtual: bool,
    #[command(flatten)]
    form: BoardFormArgs,
    /// Baud rate of the port; default: that of the build's board.
    #[arg(long, value_parser = clap::value_parser!(u32).range(1..))]
    baud: Option<u32>,
    /// Number of test images to classify, with every class in proportion.
    #[arg(long, default_value_t = 20, value_parser = at_least_one)]
    images: usize,
    /// Seed of the images' input spikes.
    #[arg(long, default_value_t = DEFAULT_SEED)]
    seed: u64,
    /// Encode images on the host and send spikes, even if the board has an encoder.
    #[arg(long)]
    spikes: bool,
    #[command(flatten)]
    early_exit: EarlyExitArgs,
    #[command(flatten)]
    data: DataArgs,
}

/// Result of `synfire run`.
#[derive(Debug, Serialize)]
struct Report {
    /// Name of the data set whose test images were classified.
    dataset: String,
    #[serde(flatten)]
    summary: Summary,
}

impl Args {
    pub(crate) fn run(self, context: &Context) -> Result<()> {
        let stop = StopRequest::listen(
            "stopping; press Ctrl-C again to stop immediately, without a summary of what was done",
        )?;
        let build = Build::open(&self.build)?;
        let _lock = match self.port {
            Some(_) => None,
            None => {
                build.check_generated()?;
                Some(build.lock()?)
            }
        };
        let model = build.model()?;
        let record = Recorded::build(&model, &self.build);
        let test = self.data.load_for(context, &record)?.split.test;
        let baud = self.baud.unwrap_or(build.manifest.board.uart.baud);
        let form = self.form.form();
        // The virtual board lives until the end of the run.
        let board = match self.port {
            Some(_) => None,
            None => Some(RefCell::new(VirtualBoard::start(&build, form)?)),
        };
        let started = board.as_ref().map(|board| board.borrow().port().to_owned());
        let port = self.port.map(|port| port.path().to_owned()).or(started);
        let inner = SerialTransport::open(port.unwrap_or_default(), baud)?;
        if let Some(slow) = inner.slow_adapter() {
            context.warn(&slow.to_string());
        }
        let job = Job {
            images: self.images,
            seed: self.seed,
            baud,
            spikes: self.spikes,
            exit: self.early_exit.margins(&model)?,
            form,
        };
        let watched = Watched {
            inner,
            stop: &stop,
            board: board.as_ref(),
        };
        let of = job.images.min(test.len());
        let outcome = classify_some(&build, watched, &test, &job, context);
        // Why the work ended, where the link knows only that it did.
        let explained = |error: CliError, done: usize| -> CliError {
            if stop.is_requested() {
                return CliError::RunStopped { done, of };
            }
            let ended = board.as_ref().and_then(|board| board.borrow_mut().check().err());
            ended.map_or(error, CliError::from)
        };
        let Outcome { summary, error } = outcome.map_err(|error| explained(error, 0))?;
        let report = Report {
            dataset: test.name().into(),
            summary,
        };
        if let Some(error) = error {
            let error = explained(error, report.summary.images);
            return unfinished(context, &build, baud, &report, error);
        }
        if board.is_some() {
            keep_check(&build, form, &report.summary)?;
        }
        context.print(&report, || text(&build, baud, &report))
    }
}

/// What `--json` prints of a run that ended early.
#[derive(Debug, Serialize)]
struct Unfinished<'a> {
    #[serde(flatten)]
    report: &'a Report,
    error: serde_json::Value,
}

/// Prints what was done before an error. Returns the error, or that it was printed already.
fn unfinished(context: &Context, build: &Build, baud: u32, report: &Report, error: CliError) -> Result<()> {
    let Summary { images, of, .. } = report.summary;
    if context.is_json() {
        let reported = match error {
            CliError::RunStopped { .. } => CliError::ReportedStop,
            _ => CliError::Reported,
        };
        let error = error_object(&error);
        context.print(&Unfinished { report, error }, String::new)?;
        return Err(reported);
    }
    let ended = format!("the run ended after {images} of {of} images");
    context.print(report, || match images {
        0 => ended,
        _ => format!("{}\n{ended}", text(build, baud, report)),
    })?;
    Err(error)
}

/// Formats a summary of at least one image.
fn text(build: &Build, baud: u32, report: &Report) -> String {
    let summary = &report.summary;
    let clock = build.manifest.board.clock_mhz();
    format!(
        "{} of {} images correct ({}); all {} potentials equal to the golden model\nper inference: {:.1} steps, {} active \
         cycles, {:.0} µs at {clock} MHz\nlink: {} bytes per inference ({}), {:.0} µs at {baud} baud; {} bytes loaded \
         before; {} retransmissions, {} resynchronizations\ntotal time: {:.2} s\ndata set: {}",
        summary.correct,
        summary.images,
        percent(summary.accuracy),
        summary.potentials,
        summary.steps,
        count(summary.active_cycles),
        summary.active_cycles / clock,
        count(summary.link_bytes),
        if summary.encoded_on_board {
            "images, encoded on the board"
        } else {
            "spikes"
        },
        summary.line_microseconds,
        summary.loading_bytes,
        summary.retransmissions,
        summary.resyncs,
        summary.seconds,
        report.dataset
    )
}

#[cfg(test)]
mod tests;
