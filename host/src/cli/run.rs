//! `synfire run`.

use super::context::Context;
use super::data::DataArgs;
use super::diagnostic::{CliError, Result};
use super::inference::{DEFAULT_SEED, at_least_one, float, stimuli};
use super::table::{count, percent};
use crate::{ConnectOptions, Device, SerialTransport, Timeouts, Transport};
use serde::Serialize;
use std::path::PathBuf;
use std::time::Instant;
use synfire_golden_model::dataset::Dataset;
use synfire_golden_model::integer;
use synfire_hw::build::Build;
use synfire_sim::virtual_board::VirtualBoard;

const EXAMPLE: &str = "Examples:
  synfire run build --port /dev/ttyUSB1
  synfire run build --port /dev/pts/3 --images 100    # a virtual board, from `synfire board build`
  synfire run build --virtual                         # the same, started for this run";

/// Factor on the link library's timeouts, which are made for real boards.
const TIMEOUT_SCALE: u32 = 4;

/// Arguments of `synfire run`.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLE)]
pub(crate) struct Args {
    /// Build folder whose bitstream is on the board.
    build: PathBuf,
    /// Serial port of the board.
    #[arg(long, env = "SYNFIRE_PORT", required_unless_present = "virtual")]
    port: Option<String>,
    /// Start a virtual board for this run instead of using a port.
    #[arg(long, conflicts_with_all = ["port", "baud"])]
    r#virtual: bool,
    /// Bits a second; by default those of the build's board.
    #[arg(long, value_parser = clap::value_parser!(u32).range(1..))]
    baud: Option<u32>,
    /// Test images to classify.
    #[arg(long, default_value_t = 20, value_parser = at_least_one)]
    images: usize,
    /// Seed of the images' spikes.
    #[arg(long, default_value_t = DEFAULT_SEED)]
    seed: u64,
    #[command(flatten)]
    data: DataArgs,
}

/// What classifying on a board came to; all answers were the golden model's.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Summary {
    pub(crate) images: usize,
    pub(crate) correct: usize,
    pub(crate) accuracy: f64,
    pub(crate) potentials: usize,
    pub(crate) active_cycles: f64,
    pub(crate) link_bytes: f64,
    pub(crate) line_microseconds: f64,
    pub(crate) retransmissions: u64,
    pub(crate) resyncs: u64,
    pub(crate) seconds: f64,
}

impl Args {
    pub(crate) fn run(self, context: &Context) -> Result<()> {
        let build = Build::open(&self.build)?;
        let model = build.model()?;
        let data = self.data.load(&model.description)?;
        let baud = self.baud.unwrap_or(build.manifest.board.uart.baud);
        let mut virtual_board = None;
        let port = match self.port {
            Some(port) => port,
            // Held until the end of the run.
            None => virtual_board
                .insert(VirtualBoard::start(&build)?)
                .port()
                .display()
                .to_string(),
        };
        let transport = SerialTransport::open(port, baud)?;
        let job = Job {
            images: self.images,
            seed: self.seed,
            baud,
        };
        let summary = classify(&build, transport, &data.test, &job, context)?;
        context.print(&summary, || {
            format!(
                "{} of {} images right ({}); all {} potentials equal the golden model's\n{} active clocks, {:.0} \
                 µs at {} MHz per inference\n{} bytes per inference on the line, {:.0} µs at {} baud; {} \
                 retransmissions, {} resynchronizations\n{:.2} s in all",
                summary.correct,
                summary.images,
                percent(summary.accuracy),
                summary.potentials,
                count(summary.active_cycles),
                summary.active_cycles / build.manifest.board.clock_mhz(),
                build.manifest.board.clock_mhz(),
                count(summary.link_bytes),
                summary.line_microseconds,
                baud,
                summary.retransmissions,
                summary.resyncs,
                summary.seconds
            )
        })
    }
}

/// What to classify, and over what.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Job {
    /// Test images, from the first on.
    pub(crate) images: usize,
    /// Seed of their spikes.
    pub(crate) seed: u64,
    /// Bits a second of the line.
    pub(crate) baud: u32,
}

/// Classifies a job's images on the board behind `transport`, comparing every potential with the
/// golden model's.
pub(crate) fn classify<T: Transport>(
    build: &Build,
    transport: T,
    data: &Dataset,
    job: &Job,
    context: &Context,
) -> Result<Summary> {
    let Job { images, seed, baud } = *job;
    let model = build.model()?;
    let options = ConnectOptions {
        expect_design: build.short_design_hash(),
        expect_model: build.short_model_hash(),
        // A virtual board may be slower than a real one; on a sound line the wait costs nothing.
        timeouts: Timeouts::default().scaled(TIMEOUT_SCALE),
        ..ConnectOptions::default()
    };
    let mut device = Device::connect(transport, options)?;
    let connected = device.statistics().total;
    let stimuli = stimuli(&model, data, images, seed);
    let bar = context.bar(stimuli.len() as u64, "board");
    let start = Instant::now();
    let mut correct = 0;
    let mut active_cycles = 0;
    let mut potentials = 0;
    let trains: Vec<Vec<Vec<u32>>> = stimuli
        .iter()
        .map(|stimulus| {
            stimulus
                .raster
                .iter()
                .map(|step| step.iter().map(|spike| spike.address).collect())
                .collect()
        })
        .collect();
    let results = device.infer_many(&trains);
    for (stimulus, result) in stimuli.iter().zip(results) {
        let result = result?;
        let wanted = integer::infer(&model, &stimulus.raster)?;
        if result.potentials != wanted.potentials {
            return Err(CliError::Answer {
                image: stimulus.image,
                seed,
                found: result.potentials,
                wanted: wanted.potentials,
            });
        }
        potentials += result.potentials.len();
        active_cycles += u64::from(result.cycles);
        correct += usize::from(result.class() == data.label(stimulus.image));
        bar.inc(1);
    }
    bar.finish_and_clear();
    let seconds = start.elapsed().as_secs_f64();
    let statistics = device.statistics();
    let inferences = float(stimuli.len().max(1) as u64);
    let link_bytes = float(
        statistics.total.bytes_out + statistics.total.bytes_in - connected.bytes_out - connected.bytes_in,
    ) / inferences;
    Ok(Summary {
        images: stimuli.len(),
        correct,
        accuracy: float(correct as u64) / inferences,
        potentials,
        active_cycles: float(active_cycles) / inferences,
        link_bytes,
        // Ten bits a byte; both directions share no wire, so this is an upper bound.
        line_microseconds: link_bytes * 10.0 * 1e6 / f64::from(baud),
        retransmissions: statistics.retransmissions,
        resyncs: statistics.resyncs,
        seconds,
    })
}
