//! `synfire cosim`.

use super::context::Context;
use super::data::DataArgs;
use super::diagnostic::Result;
use super::early_exit::EarlyExitArgs;
use super::form::CoreFormArgs;
use super::inference::{DEFAULT_SEED, at_least_one, stimuli};
use super::table::{count, table};
use clap::ValueEnum;
use std::collections::BTreeMap;
use std::path::PathBuf;
use synfire_golden_model::integer::Margins;
use synfire_hw::build::Build;
use synfire_hw::synth::checks::{self, Check, Form, Through};
use synfire_hw::synth::containment::contained;
use synfire_hw::synth::netlist::netlist;
use synfire_hw::synth::process::Cancel;
use synfire_hw::synth::speed::keep_measured;
use synfire_hw::tool::Tool;
use synfire_sim::cosim::{self, Stimulus, Summary};

const EXAMPLE: &str = "Examples:
  synfire cosim build
  synfire cosim build --netlist                       # what Yosys made of it, as nextpnr gets it
  synfire cosim build --early-exit certain
  synfire cosim build --simulator native --images 1";

/// Arguments of `synfire cosim`.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLE)]
pub(crate) struct Args {
    /// Build folder, from `synfire hdl`.
    build: PathBuf,
    /// Test images to compare.
    #[arg(long, default_value_t = 20, value_parser = at_least_one)]
    images: usize,
    /// What runs the design.
    #[arg(long, value_enum, default_value_t = Simulator::Verilator)]
    simulator: Simulator,
    #[command(flatten)]
    form: CoreFormArgs,
    /// Seed of the images' spikes.
    #[arg(long, default_value_t = DEFAULT_SEED)]
    seed: u64,
    #[command(flatten)]
    early_exit: EarlyExitArgs,
    #[command(flatten)]
    data: DataArgs,
}

/// What runs the design.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Simulator {
    /// The emitted Verilog in Verilator.
    Verilator,
    /// rust-hdl's own simulation.
    Native,
    /// One after the other.
    Both,
}

impl Args {
    pub(crate) fn run(self, context: &Context) -> Result<()> {
        let build = Build::open(&self.build)?;
        let model = build.model()?;
        let data = self.data.load(&model.description)?;
        let stimuli = stimuli(&model, &data.test, self.images, self.seed);
        let exit = self.early_exit.margins(&model)?;
        let mut summaries = BTreeMap::new();
        if self.simulator != Simulator::Native {
            summaries.insert(
                "verilator",
                verilator(&build, self.form.form(), &stimuli, exit.as_ref(), context)?,
            );
        }
        if self.simulator != Simulator::Verilator {
            summaries.insert("native", native(&build, &stimuli, exit.as_ref(), context)?);
        }
        context.print(&summaries, || {
            let texts: Vec<String> = summaries
                .iter()
                .map(|(simulator, summary)| describe(simulator, summary))
                .collect();
            texts.join("\n")
        })
    }
}

/// Co-simulates a form of a design in Verilator, showing progress. Keeps the clocks of whole inferences for `synfire synth` and
/// `synfire report`, and for them and `synfire flash` what was compared of which netlist.
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
    if form == Form::Netlist {
        keep_check(build, &summary)?;
    }
    if exit.is_none() {
        keep_measured(build, summary.images, summary.cycles)?;
    }
    Ok(summary)
}

/// Keeps what was compared of a build's netlist.
fn keep_check(build: &Build, summary: &Summary) -> Result<()> {
    // Of what was simulated; it is there already.
    let netlist = netlist(build, &Tool::Yosys.find()?, &Cancel::default())?;
    contained(build)?;
    let check = Check {
        form: Form::Netlist,
        sha256: netlist.sha256,
        through: Through::Ports,
        inferences: summary.images,
        spikes: summary.spikes,
        potentials: summary.potentials,
    };
    Ok(checks::keep(build, check)?)
}

/// Co-simulates natively, showing progress.
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

/// A summary as text.
pub(crate) fn describe(simulator: &str, summary: &Summary) -> String {
    let mut rows = table(["layer", "ideal clocks", "busy clocks", "ratio", "waiting"]);
    for layer in &summary.layers {
        rows.add_row([
            layer.name.clone(),
            count(layer.ideal_cycles),
            count(layer.busy_cycles),
            format!("{:.3}", layer.busy_cycles / layer.ideal_cycles),
            count(layer.stalled_cycles),
        ]);
    }
    let equal = format!(
        "{simulator}: {} images equal the golden model: {} steps, {} spikes, {} potentials\n{} clocks per inference",
        summary.images,
        summary.steps,
        summary.spikes,
        summary.potentials,
        count(summary.cycles),
    );
    if summary.layers.is_empty() {
        return equal;
    }
    format!(
        "{equal}, {:.3} × the slowest layer's ideal\n{rows}",
        summary.cycles / summary.slowest_ideal()
    )
}
