//! `synfire run`.

use super::context::Context;
use super::data::DataArgs;
use super::diagnostic::{CliError, Result};
use super::early_exit::EarlyExitArgs;
use super::form::BoardFormArgs;
use super::inference::{DEFAULT_SEED, at_least_one, float, stimuli};
use super::table::{count, percent};
use crate::protocol::{Image, InferenceResult, MemoryImage, ModelImage, Spike};
use crate::{ConnectOptions, Device, SerialTransport, Timeouts, Transport};
use serde::Serialize;
use std::path::PathBuf;
use std::time::Instant;
use synfire_golden_model::dataset::{Dataset, Samples};
use synfire_golden_model::encode::{Thresholds, test_seed};
use synfire_golden_model::integer::{Engine, Margins};
use synfire_golden_model::spikes::SpikeRaster;
use synfire_hw::build::Build;
use synfire_hw::process::Cancel;
use synfire_hw::synth::checks::{self, Check, Form, Through};
use synfire_hw::synth::netlist::netlist;
use synfire_hw::synth::report::Report;
use synfire_hw::tool::Tool;
use synfire_sim::cosim::Stimulus;
use synfire_sim::virtual_board::VirtualBoard;

const EXAMPLE: &str = "Examples:
  synfire run build --port /dev/ttyUSB1
  synfire run build --port /dev/pts/3 --images 100    # a virtual board, from `synfire board build`
  synfire run build --virtual                         # the same, started for this run
  synfire run build --virtual --bitstream             # the bitstream itself, unpacked again (iCE40)
  synfire run build --virtual --early-exit certain    # stop once the answer is";

/// Factor on the link library's timeouts, which are made for real boards.
const TIMEOUT_SCALE: u32 = 4;
/// The same where a netlist or a bitstream is simulated, which is slower by far.
const NETLIST_TIMEOUT_SCALE: u32 = 80;

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
    /// Start a virtual board for this run instead of using a port.
    #[arg(long, conflicts_with_all = ["port", "baud"])]
    r#virtual: bool,
    #[command(flatten)]
    form: BoardFormArgs,
    /// Bits a second; by default those of the build's board.
    #[arg(long, value_parser = clap::value_parser!(u32).range(1..))]
    baud: Option<u32>,
    /// Test images to classify.
    #[arg(long, default_value_t = 20, value_parser = at_least_one)]
    images: usize,
    /// Seed of the images' spikes.
    #[arg(long, default_value_t = DEFAULT_SEED)]
    seed: u64,
    /// Send spikes, also where the board encodes images.
    #[arg(long)]
    spikes: bool,
    #[command(flatten)]
    early_exit: EarlyExitArgs,
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
    /// Whether the board encoded images, or the host sent spikes.
    pub(crate) encoded_on_board: bool,
    /// Steps taken, per inference.
    pub(crate) steps: f64,
    /// Bytes it took to load the model, the encoder's table and the margins; none where all was there.
    pub(crate) loading_bytes: u64,
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
        let form = self.form.form();
        let mut virtual_board = None;
        let port = match self.port {
            Some(port) => port,
            // Held until the end of the run.
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
                "{} of {} images right ({}); all {} potentials equal the golden model's\n{:.1} steps, {} active \
                 clocks, {:.0} µs at {} MHz per inference\n{} bytes per inference on the line ({}), {:.0} µs at {} \
                 baud; {} bytes loaded before; {} retransmissions, {} resynchronizations\n{:.2} s in all",
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

/// Keeps, for `synfire synth`, `report` and `flash`, what was compared of a build's netlist or bitstream through its pins.
pub(crate) fn keep_check(build: &Build, form: Form, summary: &Summary) -> Result<()> {
    let sha256 = match form {
        Form::Emitted | Form::Elaborated => return Ok(()),
        // Of what was simulated; it is there already.
        Form::Netlist => {
            netlist(
                build,
                &Tool::Yosys.find_for(build.manifest.board.device.family)?,
                &Cancel::default(),
            )?
            .sha256
        }
        Form::Bitstream => {
            let bitstream = Report::of(build)?.and_then(|report| report.bitstream);
            bitstream.map(|bitstream| bitstream.sha256).unwrap_or_default()
        }
    };
    let check = Check {
        form,
        sha256,
        through: Through::Pins,
        inferences: summary.images,
        spikes: 0,
        potentials: summary.potentials as u64,
    };
    Ok(checks::keep(build, check)?)
}

/// What to classify, and over what.
#[derive(Clone, Debug)]
pub(crate) struct Job {
    /// Test images, from the first on.
    pub(crate) images: usize,
    /// Seed of their spikes.
    pub(crate) seed: u64,
    /// Bits a second of the line.
    pub(crate) baud: u32,
    /// Spikes are sent, also where the board encodes images.
    pub(crate) spikes: bool,
    /// Where inferences may exit early.
    pub(crate) exit: Option<Margins>,
    /// What is behind the port: the form of a virtual board, or a physical one's, which is as fast.
    pub(crate) form: Form,
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
    let &Job {
        images, seed, baud, ..
    } = job;
    let model = build.model()?;
    let options = ConnectOptions {
        expect_design: build.short_design_hash(),
        load: model_image(build)?,
        // A virtual board may be slower than a real one; on a sound line the wait costs nothing.
        timeouts: Timeouts::default().scaled(match job.form {
            Form::Emitted | Form::Elaborated => TIMEOUT_SCALE,
            Form::Netlist | Form::Bitstream => NETLIST_TIMEOUT_SCALE,
        }),
        ..ConnectOptions::default()
    };
    let mut device = Device::connect(transport, options)?;
    let before = device.statistics().connecting;
    if let Some(margins) = &job.exit {
        device.set_early_exit(Some(margins.by_step()))?;
    }
    let encoded = match data.samples() {
        Samples::Images(pictures) if device.identity().encoder && !job.spikes => {
            let description = &model.description;
            let table = Thresholds::new(
                description.input.channels,
                pictures.full_scale,
                description.rate,
                description.normalization.as_ref(),
            );
            device.set_encoder_table(&table.words())?;
            u16::try_from(description.steps).ok()
        }
        _ => None,
    };
    device.prepare()?;
    let connected = device.statistics().total;
    let loading_bytes = connected.bytes_out - before.bytes_out;
    let stimuli = stimuli(&model, data, images, seed);
    let bar = context.bar(stimuli.len() as u64, "board");
    let start = Instant::now();
    let (mut correct, mut active_cycles, mut potentials, mut steps) = (0, 0, 0, 0);
    let mut engine = Engine::new(&model)?;
    let mut judge = |stimulus: &Stimulus, result: InferenceResult| {
        let wanted = engine.infer_until(&stimulus.raster, job.exit.as_ref())?;
        if result.potentials != wanted.potentials || result.steps as usize != wanted.steps {
            return Err(CliError::Answer {
                image: stimulus.image,
                seed,
                found: result.potentials,
                found_steps: result.steps as usize,
                wanted: wanted.potentials,
                wanted_steps: wanted.steps,
            });
        }
        potentials += result.potentials.len();
        active_cycles += u64::from(result.cycles);
        steps += u64::from(result.steps);
        correct += usize::from(result.class() == data.label(stimulus.image));
        bar.inc(1);
        Ok(())
    };
    if let Some(steps) = encoded {
        let images = stimuli.iter().map(|stimulus| Image {
            pixels: data.image(stimulus.image).to_vec(),
            seed: test_seed(seed, stimulus.image),
            steps,
        });
        for (stimulus, result) in stimuli.iter().zip(device.infer_images(images)) {
            judge(stimulus, result?)?;
        }
    } else {
        let trains = stimuli.iter().map(|stimulus| spikes(&stimulus.raster));
        for (stimulus, result) in stimuli.iter().zip(device.infer_many(trains)) {
            judge(stimulus, result?)?;
        }
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
        encoded_on_board: encoded.is_some(),
        steps: float(steps) / inferences,
        loading_bytes,
        active_cycles: float(active_cycles) / inferences,
        link_bytes,
        // Ten bits a byte; both directions share no wire, so this is an upper bound.
        line_microseconds: link_bytes * 10.0 * 1e6 / f64::from(baud),
        retransmissions: statistics.retransmissions,
        resyncs: statistics.resyncs,
        seconds,
    })
}

/// A build's model as it is loaded into a board of its design.
fn model_image(build: &Build) -> Result<Option<ModelImage>> {
    let memories = build.parameter_loads()?.into_iter().map(|load| MemoryImage {
        memory: load.memory,
        word_bytes: load.word_bytes,
        bytes: load.bytes,
    });
    let memories = memories.collect();
    Ok(build.short_model_hash().map(|hash| ModelImage { hash, memories }))
}

/// A raster as the link library takes it.
fn spikes(raster: &SpikeRaster) -> Vec<Vec<Spike>> {
    let spike = |spike: &synfire_golden_model::spikes::Spike| Spike {
        address: spike.address,
        negative: spike.negative,
    };
    raster
        .iter()
        .map(|step| step.iter().map(spike).collect())
        .collect()
}
