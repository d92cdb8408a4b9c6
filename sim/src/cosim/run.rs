//! Co-simulation of many inferences, in Verilator or in rust-hdl's own simulation.

use super::{Cosim, Summary};
use crate::error::{Error, Result};
use crate::native::NativeCore;
use crate::observation::Core as _;
use crate::stimulus::{Run, Stimulus};
use crate::stress::{Train, tight};
use crate::verilated::VerilatedCore;
use std::path::Path;
use synfire_golden_model::integer::{Margins, QuantizedModel};
use synfire_hw::build::Build;
use synfire_hw::plan::Plan;
use synfire_hw::synth::checks::Form;

/// Co-simulates a form of a build in Verilator. `progress` is called with the number of images compared so far. If `exit`
/// gives margins, inferences exit early by them.
///
/// After a mismatch the image runs again with a waveform, which the error names.
///
/// # Errors
/// [`Error::Mismatch`], [`Error::Hung`], and those of building and running the simulator.
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

/// Co-simulates stress trains in Verilator, on a build or on its variant under stress ([`crate::stress::stressed`]).
///
/// # Errors
/// The errors of [`verilator`].
pub fn verilator_trains(
    build: &Build,
    form: Form,
    trains: &[Train],
    progress: &mut dyn FnMut(usize),
) -> Result<Summary> {
    let runs: Vec<Run<'_>> = trains.iter().map(Run::from).collect();
    verilated(build, form, &runs, None, progress)
}

/// Name of the simulator of a form, as mismatches give it.
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

/// Runs an inference again with a waveform, and adds the waveform's name to the error.
fn with_waveform(error: Error, build: &Build, form: Form, exit: Option<&Margins>, run: &Run<'_>) -> Error {
    let file = build.folder.join(format!("{}.vcd", run.subject.file_name()));
    let record = |file: &Path| -> Result<()> {
        let mut core = VerilatedCore::start_traced(build, form, exit, file)?;
        // The difference is already known, and a design that hangs still leaves a waveform.
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

/// Co-simulates the circuits of a model in rust-hdl's own simulation. `progress` is called with the number of images
/// compared so far. If `exit` gives margins, inferences exit early by them.
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

/// Co-simulates stress trains in rust-hdl's own simulation, on circuits under stress.
///
/// # Errors
/// The errors of [`native`].
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
