//! The verb `synfire run`.

mod classify;

pub(crate) use classify::{Job, Summary, classify, keep_check};

use super::context::Context;
use super::data::DataArgs;
use super::diagnostic::Result;
use super::early_exit::EarlyExitArgs;
use super::form::BoardFormArgs;
use super::inference::{DEFAULT_SEED, at_least_one};
use super::table::{count, percent};
use crate::SerialTransport;
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
    /// Number of test images to classify.
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

impl Args {
    pub(crate) fn run(self, context: &Context) -> Result<()> {
        let build = Build::open(&self.build)?;
        let _lock = match self.port {
            Some(_) => None,
            None => {
                build.check_generated()?;
                Some(build.lock()?)
            }
        };
        let model = build.model()?;
        let data = self.data.load(&model.description)?;
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
        let summary = classify(&build, transport, &data.test, &job, context)?;
        if virtual_board.is_some() {
            keep_check(&build, form, &summary)?;
        }
        context.print(&summary, || {
            format!(
                "{} of {} images correct ({}); all {} potentials equal to the golden model\nper inference: {:.1} steps, {} \
                 active cycles, {:.0} µs at {} MHz\nlink: {} bytes per inference ({}), {:.0} µs at {} baud; {} bytes \
                 loaded before; {} retransmissions, {} resynchronizations\ntotal time: {:.2} s",
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
                summary.seconds
            )
        })
    }
}
