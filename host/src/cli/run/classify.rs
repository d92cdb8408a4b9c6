//! Classifies images on a board and compares every answer with the golden model.

use crate::cli::context::Context;
use crate::cli::diagnostic::{CliError, Result};
use crate::cli::inference::{float, sampled, stimuli};
use crate::protocol::{Identity, Image, InferenceResult, MemoryImage, ModelImage, Spike};
use crate::{ConnectOptions, Device, Timeouts, Transport};
use serde::Serialize;
use std::time::Instant;
use synfire_golden_model::dataset::encode::{Thresholds, test_seed};
use synfire_golden_model::dataset::{Dataset, Samples};
use synfire_golden_model::integer::{Engine, Margins};
use synfire_golden_model::spikes::SpikeRaster;
use synfire_hw::build::Build;
use synfire_hw::process::Cancel;
use synfire_hw::synth::checks::{self, Check, Form, Through};
use synfire_hw::synth::netlist::netlist;
use synfire_hw::synth::report::Report;
use synfire_hw::tool::Tool;
use synfire_sim::cosim::Stimulus;

/// Factor on the link library's timeouts, which are chosen for real boards.
const TIMEOUT_SCALE: u32 = 4;
/// Factor on the timeouts if a netlist or a bitstream is simulated, which is much slower.
const NETLIST_TIMEOUT_SCALE: u32 = 80;

/// Result of classifying images on a board. All answers were equal to the golden model's. If the run ended early, it is of
/// the images before.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Summary {
    pub(crate) images: usize,
    /// Number of images that were to be classified.
    pub(crate) of: usize,
    pub(crate) correct: usize,
    pub(crate) accuracy: f64,
    pub(crate) potentials: usize,
    /// Whether the board encoded the images; otherwise the host sent spikes.
    pub(crate) encoded_on_board: bool,
    /// Mean steps per inference.
    pub(crate) steps: f64,
    /// Bytes for loading the model, the encoder table and the margins; 0 if the board held them already.
    pub(crate) loading_bytes: u64,
    pub(crate) active_cycles: f64,
    pub(crate) link_bytes: f64,
    pub(crate) line_microseconds: f64,
    pub(crate) retransmissions: u64,
    pub(crate) resyncs: u64,
    pub(crate) seconds: f64,
}

/// What a run on a board has achieved, and the error that ended it early.
#[derive(Debug)]
pub(crate) struct Outcome {
    pub(crate) summary: Summary,
    pub(crate) error: Option<CliError>,
}

/// Saves how many inferences and potentials of a build's netlist or bitstream were compared through the board's pins, for
/// `synfire synth`, `report` and `flash`.
pub(crate) fn keep_check(build: &Build, form: Form, summary: &Summary) -> Result<()> {
    let sha256 = match form {
        Form::Emitted | Form::Elaborated => return Ok(()),
        // This is the netlist that was simulated; it exists already.
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

/// What to classify, and on which line.
#[derive(Clone, Debug)]
pub(crate) struct Job {
    /// Number of test images.
    pub(crate) images: usize,
    /// Seed of the images' input spikes.
    pub(crate) seed: u64,
    /// Baud rate of the line.
    pub(crate) baud: u32,
    /// Whether to send spikes even if the board has an encoder.
    pub(crate) spikes: bool,
    /// Margins of early exit; `None` for no early exit.
    pub(crate) exit: Option<Margins>,
    /// Form of the design behind the port; [`Form::Emitted`] for a physical board.
    pub(crate) form: Form,
}

/// Classifies a job's images on the board behind `transport`, and compares every potential with the golden model's.
pub(crate) fn classify<T: Transport>(
    build: &Build,
    transport: T,
    data: &Dataset,
    job: &Job,
    context: &Context,
) -> Result<Summary> {
    let Outcome { summary, error } = classify_some(build, transport, data, job, context)?;
    error.map_or(Ok(summary), Err)
}

/// Classifies a job's images as [`classify`] does, and keeps what was done before an error.
///
/// # Errors
/// Those before the first image, such as a board that cannot be reached.
pub(crate) fn classify_some<T: Transport>(
    build: &Build,
    transport: T,
    data: &Dataset,
    job: &Job,
    context: &Context,
) -> Result<Outcome> {
    let &Job {
        images, seed, baud, ..
    } = job;
    let model = build.model()?;
    let data = &*sampled(data, images)?;
    let options = ConnectOptions {
        expect_design: build.short_design_hash(),
        expect_identity: Identity::decode(&build.identity()?.payload()),
        load: model_image(build)?,
        // A virtual board may be slower than a real one. On a line without faults, longer timeouts cost nothing.
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
    let stimuli = stimuli(&model, data, seed);
    let bar = context.bar(stimuli.len() as u64, "board");
    let start = Instant::now();
    let (mut done, mut correct, mut active_cycles, mut potentials, mut steps) = (0_u64, 0, 0, 0, 0);
    let mut engine = Engine::new(&model)?;
    let mut compare = |stimulus: &Stimulus, result: InferenceResult| {
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
        done += 1;
        correct += usize::from(result.class() == data.label(stimulus.image));
        bar.inc(1);
        Ok(())
    };
    let error = if let Some(steps) = encoded {
        let images = stimuli.iter().map(|stimulus| Image {
            pixels: data.image(stimulus.image).to_vec(),
            seed: test_seed(seed, stimulus.image),
            steps,
        });
        stimuli
            .iter()
            .zip(device.infer_images(images))
            .try_for_each(|(stimulus, result)| compare(stimulus, result?))
            .err()
    } else {
        let trains = stimuli.iter().map(|stimulus| spikes(&stimulus.raster));
        stimuli
            .iter()
            .zip(device.infer_many(trains))
            .try_for_each(|(stimulus, result)| compare(stimulus, result?))
            .err()
    };
    bar.finish_and_clear();
    let seconds = start.elapsed().as_secs_f64();
    let statistics = device.statistics();
    let inferences = float(done.max(1));
    let link_bytes = float(
        statistics.total.bytes_out + statistics.total.bytes_in - connected.bytes_out - connected.bytes_in,
    ) / inferences;
    let summary = Summary {
        images: usize::try_from(done).unwrap_or(usize::MAX),
        of: stimuli.len(),
        correct,
        accuracy: float(correct as u64) / inferences,
        potentials,
        encoded_on_board: encoded.is_some(),
        steps: float(steps) / inferences,
        loading_bytes,
        active_cycles: float(active_cycles) / inferences,
        link_bytes,
        // Ten bits per byte. The two directions have separate wires, so this is an upper bound.
        line_microseconds: link_bytes * 10.0 * 1e6 / f64::from(baud),
        retransmissions: statistics.retransmissions,
        resyncs: statistics.resyncs,
        seconds,
    };
    Ok(Outcome { summary, error })
}

/// Returns a build's model in the form in which the link library loads it.
fn model_image(build: &Build) -> Result<Option<ModelImage>> {
    let memories = build.parameter_loads()?.into_iter().map(|load| MemoryImage {
        memory: load.memory,
        word_bytes: load.word_bytes,
        bytes: load.bytes,
    });
    let memories = memories.collect();
    Ok(build.short_model_hash().map(|hash| ModelImage { hash, memories }))
}

/// Returns a raster in the form in which the link library takes it.
fn spikes(raster: &SpikeRaster) -> Vec<Vec<Spike>> {
    let spike = |spike: &synfire_golden_model::spikes::Spike| Spike {
        address: spike.address,
        value: spike.value,
    };
    raster
        .iter()
        .map(|step| step.iter().map(spike).collect())
        .collect()
}
