//! The verb `synfire run`.

mod classify;

pub(crate) use classify::{Job, Summary, classify, keep_check};

use super::context::Context;
use super::data::{DataArgs, Recorded};
use super::diagnostic::Result;
use super::early_exit::EarlyExitArgs;
use super::form::BoardFormArgs;
use super::inference::{DEFAULT_SEED, at_least_one};
use super::table::{count, percent};
use crate::SerialTransport;
use serde::Serialize;
use std::path::PathBuf;
use synfire_hw::build::Build;
use synfire_sim::virtual_board::VirtualBoard;

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
    port: Option<String>,
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
        let build = Build::open(&self.build)?;
        let model = build.model()?;
        let record = Recorded::build(&model, &self.build);
        let test = self.data.load_for(context, &record)?.split.test;
        let baud = self.baud.unwrap_or(build.manifest.board.uart.baud);
        let form = self.form.form();
        let mut virtual_board = None;
        let port = match self.port {
            Some(port) => port,
            // The virtual board lives until the end of the run.
            None => virtual_board
                .insert(VirtualBoard::start(&build, form)?)
                .port()
                .display()
                .to_string(),
        };
        let transport = SerialTransport::open(port, baud)?;
        if let Some(slow) = transport.slow_adapter() {
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
        let summary = classify(&build, transport, &test, &job, context)?;
        if virtual_board.is_some() {
            keep_check(&build, form, &summary)?;
        }
        let report = Report {
            dataset: test.name().into(),
            summary,
        };
        context.print(&report, || {
            let summary = &report.summary;
            format!(
                "{} of {} images correct ({}); all {} potentials equal to the golden model\nper inference: {:.1} steps, {} \
                 active cycles, {:.0} µs at {} MHz\nlink: {} bytes per inference ({}), {:.0} µs at {} baud; {} bytes \
                 loaded before; {} retransmissions, {} resynchronizations\ntotal time: {:.2} s\ndata set: {}",
                summary.correct,
                summary.images,
                percent(summary.accuracy),
                summary.potentials,
                summary.steps,
                count(summary.active_cycles),
                summary.active_cycles / build.manifest.board.clock_mhz(),
                build.manifest.board.clock_mhz(),
                count(summary.link_bytes),
                if summary.encoded_on_board {
                    "images, encoded on the board"
                } else {
                    "spikes"
                },
                summary.line_microseconds,
                baud,
                summary.loading_bytes,
                summary.retransmissions,
                summary.resyncs,
                summary.seconds,
                report.dataset
            )
        })
    }
}
