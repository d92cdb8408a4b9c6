//! `synfire synth`.

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

/// Stress trains by which what Yosys makes of a design is compared with the golden model.
pub(super) const TRAINS: usize = 8;

const EXAMPLE: &str = "Examples:
  synfire synth build
  synfire synth build --tries 4       # up to four placements, until one meets the clock";

/// Arguments of `synfire synth`.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLE)]
pub(crate) struct Args {
    /// Build folder, from `synfire hdl`.
    build: PathBuf,
    /// Seed of nextpnr's placement.
    #[arg(long, default_value_t = Placements::default().seed)]
    seed: u32,
    /// Most placements to try until one meets the clock, with seeds that follow the first.
    #[arg(long, default_value_t = Placements::default().tries, value_parser = clap::value_parser!(u32).range(1..))]
    tries: u32,
    /// Place and route without comparing what Yosys makes of the design with the golden model.
    #[arg(long)]
    no_check: bool,
}

impl Args {
    pub(crate) fn run(self, context: &Context) -> Result<()> {
        let build = Build::open(&self.build)?;
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
        let checks = checks::of_report(&build, &report)?;
        let summary = Summary {
            report: &report,
            checked: !checks.is_empty(),
            checks: &checks,
            speed,
        };
        context.print(&summary, || describe(&report, &checks, speed, &self.build))
    }
}

/// Compares with the golden model how Yosys reads the design, then what it makes of it, before that is placed and routed.
fn check(build: &Build, context: &Context) -> Result<()> {
    let trains = stress::trains(&build.model()?, TRAINS, DEFAULT_SEED)?;
    for form in [Form::Elaborated, Form::Netlist] {
        let summary = verilator_trains(build, form, &trains, context)?;
        warn_of_silence([&summary].into_iter(), context);
        keep_check(build, form, [&summary].into_iter())?;
    }
    Ok(())
}

/// A report and what it means for an inference.
#[derive(Debug, Serialize)]
struct Summary<'a> {
    #[serde(flatten)]
    report: &'a Report,
    /// Whether netlist or bitstream were compared with the golden model.
    checked: bool,
    checks: &'a [Check],
    speed: Speed,
}

/// A report as text, of a build in `folder`.
fn describe(report: &Report, checks: &[Check], speed: Speed, folder: &Path) -> String {
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
        "{}: {:.1} MHz reached, {:.1} MHz wanted\n{rows}\n{}\nslowest path: {path}\n{} inferences/s: {} clocks each, {}\n\
         {}synthesis {:.0} s (yosys {}), place and route {:.0} s (nextpnr {})",
        report.board,
        report.fmax_mhz,
        report.clock_mhz,
        checks::describe(checks),
        count(speed.inferences_per_second),
        count(speed.cycles),
        if speed.measured {
            "as co-simulation measured"
        } else {
            "as the plan expects; `synfire cosim` measures them"
        },
        bitstream,
        report.synthesis_seconds,
        report.yosys,
        report.place_and_route_seconds,
        report.nextpnr
    )
}
