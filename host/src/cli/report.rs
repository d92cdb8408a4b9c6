//! The verb `synfire report`.

use super::context::Context;
use super::diagnostic::Result;
use super::inference::float;
use super::table::{count, table};
use serde::Serialize;
use std::path::{Path, PathBuf};
use synfire_hw::build::Build;
use synfire_hw::energy::{Energy, Running};
use synfire_hw::plan::{Array, Cost, LayerPlan};
use synfire_hw::synth::checks::{self, Check, Form};
use synfire_hw::synth::flow::{BLOCK_RAM, DSP, FF, LOGIC_CELL, LUT, SPRAM};
use synfire_hw::synth::report::{Report, Utilization};
use synfire_hw::synth::speed::Speed;
use synfire_hw::work::Work;

const EXAMPLE: &str = "Examples:
  synfire report out/demo/ice40-hx8k out/demo/ulx3s-85f
  synfire report builds/* --estimates     # compare the plans' estimates with the resources used
  synfire report builds/* --energy        # estimated energy of an inference, to compare plans
  synfire report builds/* --markdown > table.md";

/// Arguments of `synfire report`.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLE)]
pub(crate) struct Args {
    /// Build folders that `synfire hdl` wrote; resources are known once `synfire synth` has run.
    #[arg(required = true)]
    folders: Vec<PathBuf>,
    /// Compare the resources that each plan estimated with those that its design uses.
    #[arg(long)]
    estimates: bool,
    /// Estimate the energy of an inference from what co-simulation counted.
    #[arg(long, conflicts_with = "estimates")]
    energy: bool,
    /// Print the table as Markdown.
    #[arg(long, conflicts_with = "json")]
    markdown: bool,
}

/// Results of a build folder.
#[derive(Debug, Serialize)]
struct Row {
    folder: PathBuf,
    network: String,
    board: String,
    lanes: Vec<Array>,
    /// Accuracy on the test set of the float model that was quantized.
    float_accuracy: Option<f64>,
    /// Cycles per inference.
    cycles: f64,
    /// Whether co-simulation measured the cycles; otherwise the plan estimated them.
    measured: bool,
    clock_mhz: f64,
    inferences_per_second: f64,
    /// Synaptic operations per second; `None` before co-simulation.
    operations_per_second: Option<f64>,
    /// Estimated energy of an inference in µJ; `None` before co-simulation.
    energy: Option<Energy>,
    /// Highest frequency after routing; `None` before synthesis.
    fmax_mhz: Option<f64>,
    /// Whether the design meets its clock, so that there is a bitstream; `None` before synthesis.
    clock_met: Option<bool>,
    /// Resources that the plan estimated.
    planned: Cost,
    utilization: Vec<Utilization>,
    critical_path: Option<String>,
    /// Comparisons of the netlist and the bitstream with the golden model.
    checks: Vec<Check>,
}

/// Titles of the columns.
const COLUMNS: [&str; 15] = [
    "network",
    "board",
    "lanes",
    "accuracy (float)",
    "cycles",
    "MHz",
    "inferences/s",
    "operations/s",
    "MHz reached",
    "LUT4",
    "FF",
    "block RAM",
    "SPRAM",
    "DSP",
    "checked",
];

impl Args {
    pub(crate) fn run(self, context: &Context) -> Result<()> {
        let rows = self
            .folders
            .iter()
            .map(|folder| row(folder))
            .collect::<Result<Vec<Row>>>()?;
        context.print(&rows, || {
            let (titles, cells, legend) = if self.energy {
                let cells: Vec<Vec<String>> = rows.iter().map(Row::energies).collect();
                (&ENERGIES[..], cells, ENERGIES_LEGEND)
            } else if self.estimates {
                let cells: Vec<Vec<String>> = rows.iter().map(Row::estimates).collect();
                (&ESTIMATES[..], cells, ESTIMATES_LEGEND)
            } else {
                let cells: Vec<Vec<String>> = rows.iter().map(|row| row.cells().to_vec()).collect();
                (&COLUMNS[..], cells, LEGEND)
            };
            match (self.markdown, self.estimates || self.energy) {
                (true, _) => markdown(titles, &cells, legend),
                (false, true) => text(titles, &cells, legend),
                (false, false) => text(titles, &cells, legend) + &critical_paths(&rows),
            }
        })
    }
}

fn row(folder: &Path) -> Result<Row> {
    let build = Build::open(folder)?;
    let speed = Speed::of(&build)?;
    let report = Report::of(&build)?;
    let model = build.model()?;
    let manifest = &build.manifest;
    let fmax_mhz = report.as_ref().map(|report| report.fmax_mhz);
    let checks = match &report {
        Some(report) => checks::of_report(&build, report),
        None => Vec::new(),
    };
    let clock_met = report.as_ref().map(|report| report.bitstream.is_some());
    let mut work = Work::default();
    speed.work.iter().for_each(|&layer| work += layer);
    let images = float(speed.images.max(1) as u64);
    let operations_per_second =
        (!speed.work.is_empty()).then(|| float(work.operations) / images * speed.inferences_per_second);
    let luts = |report: &Report| {
        let row = report.utilization.iter().find(|row| row.resource == LUT);
        row.map(|row| row.used)
    };
    let energy = (!speed.work.is_empty()).then(|| {
        Energy::of(&Running {
            family: manifest.board.device.family,
            clock_hz: f64::from(manifest.board.core_hz()),
            cycles: speed.cycles,
            luts: report.as_ref().and_then(luts).unwrap_or(manifest.plan.cost.luts),
            work,
            inferences: speed.images,
        })
    });
    let (utilization, critical_path) = report.map_or_else(Default::default, |report| {
        let path = report.critical_path.map(|path| path.to_string());
        (report.utilization, path)
    });
    Ok(Row {
        folder: folder.into(),
        network: manifest.network.clone(),
        board: manifest.board.name.clone(),
        lanes: manifest.plan.layers.iter().map(LayerPlan::array).collect(),
        float_accuracy: model
            .provenance
            .get("test_accuracy")
            .and_then(|accuracy| accuracy.parse().ok()),
        cycles: speed.cycles,
        measured: speed.measured,
        clock_mhz: manifest.board.clock_mhz(),
        inferences_per_second: speed.inferences_per_second,
        operations_per_second,
        energy,
        fmax_mhz,
        clock_met,
        planned: manifest.plan.cost,
        utilization,
        critical_path,
        checks,
    })
}

impl Row {
    /// Returns the cells of the row, in the order of [`COLUMNS`].
    fn cells(&self) -> [String; 15] {
        let lanes: Vec<String> = self.lanes.iter().map(ToString::to_string).collect();
        let used = |resource: &str| {
            let row = self.utilization.iter().find(|row| row.resource == resource);
            row.map_or_else(unknown, |row| format!("{} of {}", row.used, row.available))
        };
        // Mark numbers that the plan estimated and co-simulation did not measure.
        let about = if self.measured { "" } else { "≈ " };
        [
            self.network.clone(),
            self.board.clone(),
            lanes.join(" + "),
            self.float_accuracy
                .map_or_else(unknown, |accuracy| format!("{:.2} %", 100.0 * accuracy)),
            format!("{about}{}", count(self.cycles)),
            self.clock_mhz.to_string(),
            format!("{about}{}", count(self.inferences_per_second)),
            self.operations_per_second.map_or_else(unknown, giga),
            match (self.fmax_mhz, self.clock_met) {
                (Some(reached), Some(false)) => format!("{reached:.1} (too slow)"),
                (Some(reached), _) => format!("{reached:.1}"),
                (None, _) => unknown(),
            },
            used(LUT),
            used(FF),
            used(BLOCK_RAM),
            used(SPRAM),
            used(DSP),
            if self.fmax_mhz.is_none() {
                unknown()
            } else {
                checked(&self.checks)
            },
        ]
    }
}

/// Titles of the columns with `--estimates`.
const ESTIMATES: [&str; 10] = [
    "network",
    "board",
    "lanes",
    "LUTs planned",
    "used",
    "off by",
    "block RAM planned",
    "used",
    "off by",
    "SPRAM planned, used",
];

impl Row {
    fn used(&self, resource: &str) -> Option<usize> {
        let row = self.utilization.iter().find(|row| row.resource == resource);
        row.map(|row| row.used)
    }

    /// Returns the cells of the row, in the order of [`ESTIMATES`].
    fn estimates(&self) -> Vec<String> {
        let lanes: Vec<String> = self.lanes.iter().map(ToString::to_string).collect();
        let compare = |planned: usize, used: Option<usize>| {
            [
                planned.to_string(),
                used.map_or_else(unknown, |used| used.to_string()),
                used.map_or_else(unknown, |used| off_by(planned, used)),
            ]
        };
        // For an iCE40, a plan counts logic cells, which flip-flops use as well.
        let luts = self.used(LOGIC_CELL).or_else(|| self.used(LUT));
        let sprams = self
            .used(SPRAM)
            .map_or_else(unknown, |used| format!("{}, {used}", self.planned.sprams));
        [self.network.clone(), self.board.clone(), lanes.join(" + ")]
            .into_iter()
            .chain(compare(self.planned.luts, luts))
            .chain(compare(self.planned.block_rams, self.used(BLOCK_RAM)))
            .chain([sprams])
            .collect()
    }
}

/// Titles of the columns with `--energy`.
const ENERGIES: [&str; 10] = [
    "network",
    "board",
    "lanes",
    "µJ estimated",
    "leakage",
    "clock",
    "memories",
    "additions",
    "sweeps",
    "mW while running",
];

/// Legend of the table with `--energy`.
const ENERGIES_LEGEND: &str = "estimated: the smallest and the largest energy of one inference by the coefficients of \
                               `hw/energy`, many of which are guesses; use them to compare plans of a network on one device; \
                               -: run `synfire cosim` first, which counts what the estimate needs";

impl Row {
    /// Returns the cells of the row, in the order of [`ENERGIES`].
    fn energies(&self) -> Vec<String> {
        let lanes: Vec<String> = self.lanes.iter().map(ToString::to_string).collect();
        let cells = match &self.energy {
            None => vec![unknown(); 7],
            Some(energy) => {
                let total = energy.total();
                // µJ · 1/s = µW.
                let power = |energy: f64| energy * self.inferences_per_second / 1000.0;
                let parts = [
                    total,
                    energy.leakage,
                    energy.clock,
                    energy.memory,
                    energy.additions,
                    energy.sweeps,
                ];
                let ranges = parts.map(|range| format!("{} to {}", short(range.low), short(range.high)));
                let power = format!("{} to {}", short(power(total.low)), short(power(total.high)));
                ranges.into_iter().chain([power]).collect()
            }
        };
        [self.network.clone(), self.board.clone(), lanes.join(" + ")]
            .into_iter()
            .chain(cells)
            .collect()
    }
}

/// Writes a number with two or three digits.
fn short(number: f64) -> String {
    match number {
        0.0 => "0".into(),
        _ if number >= 10.0 => count(number),
        _ if number >= 1.0 => format!("{number:.1}"),
        _ if number >= 0.01 => format!("{number:.2}"),
        _ => format!("{number:.1e}"),
    }
}

/// Writes a number in thousands of millions.
fn giga(number: f64) -> String {
    format!("{:.2} G", number / 1e9)
}

/// Returns the error of an estimate, relative to the number used.
fn off_by(planned: usize, used: usize) -> String {
    if used == 0 {
        return unknown();
    }
    let [planned, used] = [planned, used].map(|count| float(count as u64));
    format!("{:+.1} %", 100.0 * (planned - used) / used)
}

/// Lists the forms of a synthesized design that were compared with the golden model, and the number of inferences.
fn checked(checks: &[Check]) -> String {
    let forms: Vec<String> = [Form::Netlist, Form::Bitstream]
        .into_iter()
        .filter_map(|form| {
            let inferences = checks.iter().filter(|check| check.form == form);
            let inferences: usize = inferences.map(|check| check.inferences).sum();
            (inferences > 0).then(|| format!("{form} {inferences}"))
        })
        .collect();
    if forms.is_empty() {
        return "not checked".into();
    }
    forms.join(", ")
}

fn unknown() -> String {
    "-".into()
}

/// Legend of the table.
const LEGEND: &str = "≈: estimated by the plan, not yet measured by `synfire cosim`; too slow: the design misses its \
     clock, so there is no bitstream; checked: inferences in which the simulated netlist or bitstream equals the golden \
     model; -: not synthesized, or not available";

/// Legend of the table with `--estimates`.
const ESTIMATES_LEGEND: &str = "planned: estimated by the plan; used: reported by nextpnr, for an iCE40 its logic \
                                cells; -: not synthesized, or not available";

fn text(titles: &[&str], rows: &[Vec<String>], legend: &str) -> String {
    let mut text = table(titles.iter().copied());
    for row in rows {
        text.add_row(row);
    }
    format!("{text}\n{legend}")
}

fn critical_paths(rows: &[Row]) -> String {
    let path = |row: &Row| {
        let path = row.critical_path.as_ref()?;
        Some(format!("\n{}: slowest path {path}", row.folder.display()))
    };
    rows.iter().filter_map(path).collect()
}

fn markdown(titles: &[&str], rows: &[Vec<String>], legend: &str) -> String {
    let line = |cells: &[String]| format!("| {} |\n", cells.join(" | "));
    let titles: Vec<String> = titles.iter().map(ToString::to_string).collect();
    let mut text = line(&titles);
    // Names are aligned to the left, numbers to the right.
    let rules: Vec<String> = (0..titles.len())
        .map(|column| if column < 3 { "---" } else { "---:" }.to_owned())
        .collect();
    text.push_str(&line(&rules));
    for row in rows {
        text.push_str(&line(row));
    }
    text.push_str(&format!("\n{legend}.\n"));
    text
}

#[cfg(test)]
mod tests;
