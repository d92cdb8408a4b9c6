//! Co-simulation: a design against the golden model, spike for spike, membrane for membrane, clock for clock.

mod activity;
mod comparison;
mod difference;
mod expectation;
mod summary;

pub use activity::{Activity, Silent};
pub use comparison::compare;
pub use difference::{Difference, Mismatch, Subject};
pub use expectation::Expectation;
pub use summary::{LayerSummary, Summary};

use crate::error::{Error, Result};
use crate::native::NativeCore;
use crate::observation::Observation;
pub use crate::stimulus::{Run, Stimulus};
use crate::stress::{Train, tight};
use crate::verilated::VerilatedCore;
use std::path::Path;
use synfire_golden_model::integer::{Margins, QuantizedModel};
use synfire_hw::build::Build;
use synfire_hw::geometry::Geometry;
use synfire_hw::plan::Plan;
use synfire_hw::synth::checks::Form;

/// A design that runs inferences, in some simulator.
pub trait Core {
    /// Runs one inference, and leaves the core cleared.
    ///
    /// # Errors
    /// [`Error::Hung`], and what keeps the simulator from running.
    fn infer(&mut self, run: &Run<'_>) -> Result<Observation>;
}

/// Compares inferences of a design with the golden model's.
#[derive(Debug)]
pub struct Cosim<'a> {
    model: &'a QuantizedModel,
    geometry: Geometry,
    plan: &'a Plan,
    simulator: &'static str,
    exit: Option<&'a Margins>,
    summary: Summary,
}

impl<'a> Cosim<'a> {
    /// Of a model under a plan; `simulator` is named in mismatches. Inferences exit where the margins say so, if any are
    /// given; then no layer's clocks are told, since they depend on how far it was ahead.
    ///
    /// # Errors
    /// If the model's description does not resolve.
    pub fn new(
        model: &'a QuantizedModel,
        plan: &'a Plan,
        simulator: &'static str,
        exit: Option<&'a Margins>,
    ) -> Result<Self> {
        let timed = if exit.is_some() { &[][..] } else { &model.layers };
        let layers = timed.iter().map(|layer| LayerSummary {
            name: layer.name.clone(),
            ..LayerSummary::default()
        });
        let geometry = Geometry::of(model)?;
        Ok(Self {
            model,
            plan,
            simulator,
            exit,
            summary: Summary {
                layers: layers.collect(),
                activity: Activity::new(&geometry, plan),
                ..Summary::default()
            },
            geometry,
        })
    }

    /// Has `core` run one inference, within the clocks that it may take, and compares it.
    ///
    /// # Errors
    /// [`Error::Mismatch`] with the first difference; those of `core`.
    pub fn infer(&mut self, run: Run<'_>, core: &mut impl Core) -> Result<()> {
        let expected = self.expect(&run)?;
        let run = Run {
            limit: expected.limit(run.pace),
            ..run
        };
        let seen = core.infer(&run)?;
        if let Some(difference) = compare(self.model, &self.geometry, self.plan, &expected, &seen) {
            return Err(Error::Mismatch(Box::new(Mismatch {
                simulator: self.simulator,
                subject: run.subject,
                seed: run.seed,
                difference,
                waveform: None,
            })));
        }
        self.count(&expected, &seen);
        Ok(())
    }

    /// What the golden model says of an inference.
    fn expect(&self, run: &Run<'_>) -> Result<Expectation> {
        Expectation::of(self.model, &self.geometry, self.plan, run.raster, self.exit)
    }

    fn count(&mut self, expected: &Expectation, seen: &Observation) {
        let summary = &mut self.summary;
        summary.images += 1;
        summary.steps += seen.steps;
        let steps = seen.spikes.iter().flatten();
        summary.spikes += steps.map(|step| step.len() as u64).sum::<u64>();
        let neurons = self
            .geometry
            .layers
            .iter()
            .map(|layer| layer.neurons.size() as u64);
        let sweeps = seen.sweeps.iter().map(|sweeps| sweeps.len() as u64);
        summary.membranes += neurons
            .zip(sweeps)
            .map(|(neurons, sweeps)| neurons * sweeps)
            .sum::<u64>();
        summary.potentials += seen.potentials.len() as u64;
        summary.cycles += float(seen.cycles);
        summary.activity.add(&expected.trace.layers);
        for ((layer, counters), &ideal) in summary
            .layers
            .iter_mut()
            .zip(&seen.counters)
            .zip(&expected.ideal_cycles)
        {
            layer.ideal_cycles += float(ideal);
            layer.busy_cycles += float(counters.busy_cycles);
            layer.stalled_cycles += float(counters.stalled_cycles);
        }
    }

    /// What it came to.
    #[must_use]
    pub fn finish(mut self) -> Summary {
        let images = float(self.summary.images.max(1) as u64);
        self.summary.cycles /= images;
        for layer in &mut self.summary.layers {
            layer.ideal_cycles /= images;
            layer.busy_cycles /= images;
            layer.stalled_cycles /= images;
        }
        self.summary
    }
}

#[expect(
    clippy::cast_precision_loss,
    reason = "clocks of a simulation are far below 2^52"
)]
const fn float(count: u64) -> f64 {
    count as f64
}

/// Co-simulates a form of a build in Verilator; `progress` hears of every image compared. Inferences exit where the
/// margins say so, if any are given.
///
/// On a mismatch the image runs again with a waveform, which the error names.
///
/// # Errors
/// [`Error::Mismatch`], [`Error::Hung`], and what keeps the simulator from running.
pub fn verilator(
    build: &Build,
    form: Form,
    stimuli: &[Stimulus],
    exit: Option<&Margins>,
    progress: &mut dyn FnMut(usize),
) -> Result<Summary> {
    let runs: Vec<Run<'_>> = stimuli.iter().map(Run::from).collect();
    verilated(build, form, &runs, exit, progress)
}

/// The same with stress trains: of a build, or of its variant under stress
/// ([`crate::stress::stressed`]).
///
/// # Errors
/// As [`verilator`].
pub fn verilator_trains(
    build: &Build,
    form: Form,
    trains: &[Train],
    progress: &mut dyn FnMut(usize),
) -> Result<Summary> {
    let runs: Vec<Run<'_>> = trains.iter().map(Run::from).collect();
    verilated(build, form, &runs, None, progress)
}

/// What runs a form of a design, as mismatches name it.
const fn simulator(form: Form) -> &'static str {
    match form {
        Form::Emitted => "verilator",
        Form::Elaborated => "verilator (as Yosys elaborates it)",
        Form::Netlist => "verilator (netlist)",
        Form::Bitstream => "verilator (bitstream)",
    }
}

fn verilated(
    build: &Build,
    form: Form,
    runs: &[Run<'_>],
    exit: Option<&Margins>,
    progress: &mut dyn FnMut(usize),
) -> Result<Summary> {
    let model = build.model()?;
    let mut cosim = Cosim::new(&model, &build.manifest.plan, simulator(form), exit)?;
    let mut core = VerilatedCore::start(build, form, exit)?;
    for (done, run) in runs.iter().enumerate() {
        if let Err(error) = cosim.infer(*run, &mut core) {
            let limit = cosim.expect(run)?.limit(run.pace);
            return Err(with_waveform(error, build, form, exit, &Run { limit, ..*run }));
        }
        progress(done + 1);
    }
    core.finish()?;
    Ok(cosim.finish())
}

/// Runs an image again with a waveform, and puts its name into the error.
fn with_waveform(error: Error, build: &Build, form: Form, exit: Option<&Margins>, run: &Run<'_>) -> Error {
    let file = build.folder.join(format!("{}.vcd", run.subject.file_name()));
    let record = |file: &Path| -> Result<()> {
        let mut core = VerilatedCore::start_traced(build, form, exit, file)?;
        // What differs is known already; a hung design still leaves a waveform.
        let _ = core.infer(run);
        core.finish()
    };
    let recorded = match file.parent().and_then(|folder| folder.canonicalize().ok()) {
        Some(folder) => {
            let file = folder.join(file.file_name().unwrap_or_default());
            record(&file).map(|()| file.display().to_string())
        }
        None => record(&file).map(|()| file.display().to_string()),
    };
    let recorded = recorded.unwrap_or_else(|error| format!("none ({error})"));
    match error {
        Error::Mismatch(mut mismatch) => {
            mismatch.waveform = Some(recorded);
            Error::Mismatch(mismatch)
        }
        Error::Hung {
            subject,
            limit,
            cycle,
            ..
        } => Error::Hung {
            subject,
            limit,
            cycle,
            waveform: recorded,
        },
        other => other,
    }
}

/// Co-simulates the circuits of a model in rust-hdl's own simulation; `progress` hears of every image.
///
/// # Errors
/// [`Error::Mismatch`], [`Error::Hung`].
pub fn native(
    model: &QuantizedModel,
    plan: &Plan,
    stimuli: &[Stimulus],
    exit: Option<&Margins>,
    progress: &mut dyn FnMut(usize),
) -> Result<Summary> {
    let runs: Vec<Run<'_>> = stimuli.iter().map(Run::from).collect();
    simulated(
        NativeCore::new(model, plan, exit)?,
        model,
        plan,
        &runs,
        exit,
        progress,
    )
}

/// The same with stress trains, on circuits under stress.
///
/// # Errors
/// As [`native`].
pub fn native_trains(
    model: &QuantizedModel,
    plan: &Plan,
    trains: &[Train],
    progress: &mut dyn FnMut(usize),
) -> Result<Summary> {
    let runs: Vec<Run<'_>> = trains.iter().map(Run::from).collect();
    let plan = tight(plan);
    simulated(
        NativeCore::throttled(model, &plan)?,
        model,
        &plan,
        &runs,
        None,
        progress,
    )
}

fn simulated(
    mut core: NativeCore,
    model: &QuantizedModel,
    plan: &Plan,
    runs: &[Run<'_>],
    exit: Option<&Margins>,
    progress: &mut dyn FnMut(usize),
) -> Result<Summary> {
    let mut cosim = Cosim::new(model, plan, "native simulation", exit)?;
    for (done, run) in runs.iter().enumerate() {
        cosim.infer(*run, &mut core)?;
        progress(done + 1);
    }
    Ok(cosim.finish())
}
