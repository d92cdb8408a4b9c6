//! `synfire synth`.

use super::context::Context;
use super::diagnostic::Result;
use super::inference::float;
use super::table::{count, table};
use serde::Serialize;
use std::path::{Path, PathBuf};
use synfire_hw::build::Build;
use synfire_hw::synth::{Placements, process::Cancel, report::Report, speed::Speed, synthesize};

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
}

impl Args {
    pub(crate) fn run(self, context: &Context) -> Result<()> {
        let build = Build::open(&self.build)?;
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
        let summary = Summary {
            report: &report,
            speed,
        };
        context.print(&summary, || describe(&report, speed, &self.build))
    }
}

/// A report and what it means for an inference.
#[derive(Debug, Serialize)]
struct Summary<'a> {
    #[serde(flatten)]
    report: &'a Report,
    speed: Speed,
}

/// A report as text, of a build in `folder`.
fn describe(report: &Report, speed: Speed, folder: &Path) -> String {
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
        "{}: {:.1} MHz reached, {:.1} MHz wanted\n{rows}\nslowest path: {path}\n{} inferences/s: {} clocks each, {}\n\
         {}synthesis {:.0} s (yosys {}), place and route {:.0} s (nextpnr {})",
        report.board,
        report.fmax_mhz,
        report.clock_mhz,
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
