//! The verb `synfire synth`.

use super::context::Context;
use super::cosim::{keep_check, verilator_trains, warn_of_silence};
use super::diagnostic::Result;
use super::inference::{DEFAULT_SEED, float};
use super::table::{count, table};
use serde::Serialize;
use std::path::{Path, PathBuf};
use synfire_hw::build::Build;
use synfire_hw::process::Cancel;
use synfire_hw::synth::checks::{self, Check, Form};
use synfire_hw::synth::{Placements, report::Report, speed::Speed, synthesize};
use synfire_sim::stress;

/// Number of stress trains for comparing Yosys's netlist with the golden model.
pub(super) const TRAINS: usize = 8;

const EXAMPLE: &str = "Examples:
  synfire synth build
  synfire synth build --tries 4       # try up to four placements until one meets the clock";

/// Arguments of `synfire synth`.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLE)]
pub(crate) struct Args {
    /// Build folder that `synfire hdl` wrote.
    build: PathBuf,
    /// Seed of nextpnr's placement.
    #[arg(long, default_value_t = Placements::default().seed)]
    seed: u32,
    /// Largest number of placements to try until one meets the clock; each uses the next seed.
    #[arg(long, default_value_t = Placements::default().tries, value_parser = clap::value_parser!(u32).range(1..))]
    tries: u32,
    /// Do not compare Yosys's netlist with the golden model before placing and routing it.
    #[arg(long)]
    no_check: bool,
}

impl Args {
    pub(crate) fn run(self, context: &Context) -> Result<()> {
        let build = Build::open(&self.build)?;
        let _lock = build.lock()?;
        build.check_generated()?;
        if !self.no_check {
            check(&build, context)?;
        }
        let spinner = context.spinner(&build.manifest.board.name);
        let placements = Placements {
            seed: self.seed,
            tries: self.tries,
        };
        let report = synthesize(&build, placements, &Cancel::default(), &mut |stage| {
            spinner.set_message(stage.title())
        })?;
        spinner.finish_and_clear();
        let speed = Speed::of(&build)?;
        let checks = checks::of_report(&build, &report);
        let summary = Summary {
            report: &report,
            checked: !checks.is_empty(),
            checks: &checks,
            speed: &speed,
        };
        context.print(&summary, || describe(&report, &checks, &speed, &self.build))
    }
}

/// Compares the design as Yosys elaborates it, and then Yosys's netlist, with the golden model.
fn check(build: &Build, context: &Context) -> Result<()> {
    let trains = stress::trains(&build.model()?, TRAINS, DEFAULT_SEED)?;
    for form in [Form::Elaborated, Form::Netlist] {
        let summary = verilator_trains(build, form, &trains, context)?;
        warn_of_silence([&summary].into_iter(), context);
        keep_check(build, form, [&summary].into_iter())?;
    }
    Ok(())
}

/// A synthesis report, and the speed of an inference.
#[derive(Debug, Serialize)]
struct Summary<'a> {
    #[serde(flatten)]
    report: &'a Report,
    /// Whether the netlist or the bitstream was compared with the golden model.
    checked: bool,
    checks: &'a [Check],
    speed: &'a Speed,
}

/// Describes the report of a build in `folder` as text.
fn describe(report: &Report, checks: &[Check], speed: &Speed, folder: &Path) -> String {
    let mut rows = table(["resource", "used", "available", "share"]);
    for row in &report.utilization {
        rows.add_row([
            row.resource.clone(),
            row.used.to_string(),
            row.available.to_string(),
            format!(
                "{:.0} %",
                100.0 * float(row.used as u64) / float(row.available.max(1) as u64)
            ),
        ]);
    }
    let path = report
        .critical_path
        .as_ref()
        .map_or_else(|| "not reported".into(), ToString::to_string);
    let bitstream = report
        .bitstream
        .as_ref()
        .map(|bitstream| format!("bitstream: {}\n", folder.join(&bitstream.file).display()))
        .unwrap_or_default();
    format!(
        "{}: {:.1} MHz reached, {:.1} MHz wanted\n{rows}\n{}\nslowest path: {path}\n{} inferences/s, {} cycles per \
         inference ({})\n{}synthesis {:.0} s (yosys {}), place and route {:.0} s (nextpnr {})",
        report.board,
        report.fmax_mhz,
        report.clock_mhz,
        checks::describe(checks),
        count(speed.inferences_per_second),
        count(speed.cycles),
        if speed.measured {
            "measured by co-simulation"
        } else {
            "estimated by the plan; `synfire cosim` measures them"
        },
        bitstream,
        report.synthesis_seconds,
        report.yosys,
        report.place_and_route_seconds,
        report.nextpnr
    )
}
