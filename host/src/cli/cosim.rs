//! The verb `synfire cosim`.

use super::context::Context;
use super::data::{DataArgs, Recorded};
use super::diagnostic::Result;
use super::early_exit::EarlyExitArgs;
use super::form::CoreFormArgs;
use super::inference::{DEFAULT_SEED, at_least_one, sampled, stimuli};
use super::table::{count, table};
use clap::ValueEnum;
use serde::Serialize;
use std::collections::BTreeMap;
use std::path::PathBuf;
use std::str::FromStr;
use synfire_golden_model::integer::Margins;
use synfire_hw::build::Build;
use synfire_hw::process::Cancel;
use synfire_hw::synth::checks::{self, Check, Form, Through};
use synfire_hw::synth::containment::contained;
use synfire_hw::synth::netlist::netlist;
use synfire_hw::synth::speed::keep_measured;
use synfire_hw::tool::Tool;
use synfire_hw::work::Work;
use synfire_sim::cosim::{self, Activity, Stimulus, Summary};
use synfire_sim::stress::{self, Train};

const EXAMPLE: &str = "Examples:
  synfire cosim build
  synfire cosim build --netlist                 # the netlist that Yosys made
  synfire cosim build --early-exit certain
  synfire cosim build --simulator native --images 1
  synfire cosim build --stress 40 --images 1";

/// Arguments of `synfire cosim`.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLE)]
pub(crate) struct Args {
    /// Build folder that `synfire hdl` wrote.
    build: PathBuf,
    /// Number of test images to compare, with every class in proportion.
    #[arg(long, default_value_t = 20, value_parser = at_least_one)]
    images: usize,
    /// Simulator that runs the design.
    #[arg(long, value_enum, default_value_t = Simulator::Verilator)]
    simulator: Simulator,
    #[command(flatten)]
    form: CoreFormArgs,
    /// Number of stress trains to compare before the images, or `none`. They run on the design, and on a variant with
    /// the smallest FIFOs, gaps between events, and stalled streams.
    #[arg(long, value_name = "N|none", default_value = "8")]
    stress: Stress,
    /// Seed of the images' input spikes and of the stress trains.
    #[arg(long, default_value_t = DEFAULT_SEED)]
    seed: u64,
    #[command(flatten)]
    early_exit: EarlyExitArgs,
    #[command(flatten)]
    data: DataArgs,
}

/// Result of `synfire cosim`.
#[derive(Debug, Serialize)]
struct Report {
    /// Name of the data set whose test images were compared.
    dataset: String,
    /// The summary of each simulation.
    #[serde(flatten)]
    summaries: BTreeMap<&'static str, Summary>,
}

/// Number of stress trains; 0 for `none`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Stress(usize);

impl FromStr for Stress {
    type Err = String;

    fn from_str(text: &str) -> std::result::Result<Self, String> {
        if text == "none" {
            return Ok(Self(0));
        }
        at_least_one(text)
            .map(Self)
            .map_err(|reason| format!("{reason}, or `none`"))
    }
}

/// Simulator that runs the design.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Simulator {
    /// Simulate the Verilog with Verilator.
    Verilator,
    /// Simulate the circuits with rust-hdl.
    Native,
    /// Run both simulators, one after the other.
    Both,
}

impl Args {
    pub(crate) fn run(self, context: &Context) -> Result<()> {
        let build = Build::open(&self.build)?;
        let _lock = build.lock()?;
        // The native simulation reads nothing but model and plan.
        if self.simulator != Simulator::Native {
            build.check_generated()?;
        }
        let model = build.model()?;
        let record = Recorded::build(&model, &self.build);
        let test = self.data.load_for(context, &record)?.split.test;
        let stimuli = stimuli(&model, &*sampled(&test, self.images)?, self.seed);
        let exit = self.early_exit.margins(&model)?;
        let trains = stress::trains(&model, self.stress.0, self.seed)?;
        let mut summaries = BTreeMap::new();
        if self.simulator != Simulator::Native {
            let form = self.form.form();
            if !trains.is_empty() {
                let name = "verilator, stress trains";
                summaries.insert(name, verilator_trains(&build, form, &trains, context)?);
                // The stressed variant is never synthesized.
                if form == Form::Emitted {
                    let name = "verilator, design under stress";
                    summaries.insert(name, verilator_variant(&build, &trains, context)?);
                }
            }
            let images = verilator(&build, form, &stimuli, exit.as_ref(), context)?;
            summaries.insert("verilator", images);
            keep_check(&build, form, summaries.values())?;
        }
        if self.simulator != Simulator::Verilator {
            if !trains.is_empty() {
                summaries.insert(
                    "native, circuits under stress",
                    native_stress(&build, &trains, context)?,
                );
            }
            summaries.insert("native", native(&build, &stimuli, exit.as_ref(), context)?);
        }
        warn_of_silence(summaries.values(), context);
        let report = Report {
            dataset: test.name().into(),
            summaries,
        };
        context.print(&report, || {
            let texts = report.summaries.iter();
            let texts: Vec<String> = texts
                .map(|(simulator, summary)| describe(simulator, summary))
                .collect();
            format!("{}\ndata set: {}", texts.join("\n"), report.dataset)
        })
    }
}

/// Co-simulates a form of a design with Verilator and shows progress. Saves the cycles of whole inferences for
/// `synfire synth` and `synfire report`; the native simulation counts the same number.
pub(crate) fn verilator(
    build: &Build,
    form: Form,
    stimuli: &[Stimulus],
    exit: Option<&Margins>,
    context: &Context,
) -> Result<Summary> {
    let bar = context.bar(stimuli.len() as u64, "verilator");
    let summary = cosim::verilator(build, form, stimuli, exit, &mut |done| {
        bar.set_position(done as u64)
    })?;
    bar.finish_and_clear();
    if exit.is_none() {
        let work: Vec<Work> = summary.layers.iter().map(|layer| layer.work).collect();
        keep_measured(build, summary.images, summary.cycles, &work)?;
    }
    Ok(summary)
}

/// Co-simulates stress trains with Verilator, on a form of the design.
pub(crate) fn verilator_trains(
    build: &Build,
    form: Form,
    trains: &[Train],
    context: &Context,
) -> Result<Summary> {
    let bar = context.bar(trains.len() as u64, "stress");
    let summary = cosim::verilator_trains(build, form, trains, &mut |done| bar.set_position(done as u64))?;
    bar.finish_and_clear();
    Ok(summary)
}

/// Co-simulates stress trains with Verilator on the stressed variant of the design, at paces that fill its FIFOs.
pub(crate) fn verilator_variant(build: &Build, trains: &[Train], context: &Context) -> Result<Summary> {
    let paced: Vec<Train> = trains.iter().map(Train::paced).collect();
    verilator_trains(&stress::stressed(build)?, Form::Emitted, &paced, context)
}

/// Saves how many inferences, spikes and potentials of a build's netlist were compared, for `synfire synth`, `report` and
/// `flash`. Saves nothing for other forms.
pub(crate) fn keep_check<'a>(
    build: &Build,
    form: Form,
    summaries: impl Iterator<Item = &'a Summary>,
) -> Result<()> {
    if form != Form::Netlist {
        return Ok(());
    }
    // This is the netlist that was simulated; it exists already.
    let netlist = netlist(
        build,
        &Tool::Yosys.find_for(build.manifest.board.device.family)?,
        &Cancel::default(),
    )?;
    contained(build)?;
    let mut check = Check {
        form,
        sha256: netlist.sha256,
        through: Through::Ports,
        inferences: 0,
        spikes: 0,
        potentials: 0,
    };
    for summary in summaries {
        check.inferences += summary.images;
        check.spikes += summary.spikes;
        check.potentials += summary.potentials;
    }
    Ok(checks::keep(build, check)?)
}

/// Co-simulates stress trains with rust-hdl on stressed circuits.
fn native_stress(build: &Build, trains: &[Train], context: &Context) -> Result<Summary> {
    let bar = context.bar(trains.len() as u64, "native stress");
    let model = build.model()?;
    let paced: Vec<Train> = trains.iter().map(Train::paced).collect();
    let plan = &build.manifest.plan;
    let summary = cosim::native_trains(&model, plan, &paced, &mut |done| {
        bar.set_position(done as u64);
    })?;
    bar.finish_and_clear();
    Ok(summary)
}

/// Warns about layers, channels and lanes that never fired in all comparisons.
pub(crate) fn warn_of_silence<'a>(summaries: impl Iterator<Item = &'a Summary>, context: &Context) {
    let mut activity = Activity::default();
    for summary in summaries {
        activity.merge(&summary.activity);
    }
    for silent in activity.silent() {
        context.warn(&silent.to_string());
    }
}

/// Co-simulates a design with rust-hdl and shows progress.
pub(crate) fn native(
    build: &Build,
    stimuli: &[Stimulus],
    exit: Option<&Margins>,
    context: &Context,
) -> Result<Summary> {
    let bar = context.bar(stimuli.len() as u64, "native simulation");
    let model = build.model()?;
    let plan = &build.manifest.plan;
    let summary = cosim::native(&model, plan, stimuli, exit, &mut |done| {
        bar.set_position(done as u64)
    })?;
    bar.finish_and_clear();
    Ok(summary)
}

/// Describes a summary as text.
pub(crate) fn describe(simulator: &str, summary: &Summary) -> String {
    let mut rows = table([
        "layer",
        "ideal cycles",
        "busy cycles",
        "ratio",
        "stalled",
        "operations/cycle",
        "lanes at work",
    ]);
    for layer in &summary.layers {
        rows.add_row([
            layer.name.clone(),
            count(layer.ideal_cycles),
            count(layer.busy_cycles),
            format!("{:.3}", layer.busy_cycles / layer.ideal_cycles),
            count(layer.stalled_cycles),
            format!("{:.1}", layer.work.operations_per_cycle()),
            format!("{:.0} %", 100.0 * layer.work.lanes_at_work()),
        ]);
    }
    let what = if simulator.contains("stress") {
        "trains"
    } else {
        "images"
    };
    let equal = format!(
        "{simulator}: {} {what} equal to the golden model: {} steps, {} spikes, {} membranes, {} potentials",
        summary.images, summary.steps, summary.spikes, summary.membranes, summary.potentials,
    );
    // After an early exit, the progress of the layers depends on timing, and their cycles are not compared.
    if summary.layers.is_empty() {
        return format!("{equal}\n{} cycles per inference", count(summary.cycles));
    }
    let equal = format!("{equal}, busy cycles of every layer");
    if what == "trains" {
        return equal;
    }
    format!(
        "{equal}\n{} cycles per inference, {:.3} times the ideal cycles of the slowest layer\n{rows}",
        count(summary.cycles),
        summary.cycles / summary.slowest_ideal()
    )
}
