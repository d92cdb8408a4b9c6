//! The demo's results, as a table and as JSON.

use super::super::diagnostic::Result;
use super::super::inference::{Evaluated, float};
use super::super::run;
use super::super::table::{count, percent, table};
use super::hardware::Target;
use serde::Serialize;
use std::path::Path;
use std::time::Instant;
use synfire_hw::synth::checks::{Check, Form};
use synfire_hw::synth::report::{Report, Utilization};
use synfire_sim::cosim::Summary;

/// Duration of each stage in seconds, in order.
#[derive(Debug, Default, Serialize)]
#[serde(transparent)]
pub(super) struct StageTimes(Vec<(String, f64)>);

impl StageTimes {
    /// Runs a stage and adds its duration.
    pub(super) fn measure<T>(&mut self, stage: &str, work: impl FnOnce() -> Result<T>) -> Result<T> {
        let start = Instant::now();
        let result = work()?;
        self.add(stage, start.elapsed().as_secs_f64());
        Ok(result)
    }

    /// Adds seconds to the duration of a stage.
    pub(super) fn add(&mut self, stage: &str, seconds: f64) {
        match self.0.iter_mut().find(|(known, _)| known == stage) {
            Some((_, total)) => *total += seconds,
            None => self.0.push((stage.to_owned(), seconds)),
        }
    }
}

/// Results of one board.
#[derive(Debug, Serialize)]
pub(super) struct BoardResult {
    board: String,
    title: String,
    lanes: Vec<usize>,
    clock_mhz: f64,
    fmax_mhz: f64,
    utilization: Vec<Utilization>,
    cycles: f64,
    microseconds: f64,
    inferences_per_second: f64,
    /// Comparisons of the netlist and the bitstream with the golden model.
    checks: Vec<Check>,
}

impl BoardResult {
    pub(super) fn new(target: &Target, report: &Report, checks: Vec<Check>, simulated: &Summary) -> Self {
        let clock_mhz = target.board.clock_mhz();
        let microseconds = simulated.cycles / clock_mhz;
        Self {
            board: target.board.name.clone(),
            title: target.board.title.clone(),
            lanes: target
                .build
                .manifest
                .plan
                .layers
                .iter()
                .map(|layer| layer.lanes)
                .collect(),
            clock_mhz,
            fmax_mhz: report.fmax_mhz,
            utilization: report.utilization.clone(),
            cycles: simulated.cycles,
            microseconds,
            inferences_per_second: 1e6 / microseconds,
            checks,
        }
    }
}

/// All results of the demo.
#[derive(Debug, Serialize)]
pub(super) struct Results {
    pub(super) network: String,
    pub(super) dataset: String,
    pub(super) steps: usize,
    pub(super) float: Evaluated,
    pub(super) integer: Evaluated,
    /// Co-simulation of each board's Verilog.
    pub(super) cosim: Vec<Summary>,
    /// Co-simulation of each board's netlist.
    pub(super) netlists: Vec<Summary>,
    /// Runs of each board's netlist or bitstream through its pins.
    pub(super) behind_pins: Vec<(Form, run::Summary)>,
    /// Co-simulation of the circuits with rust-hdl.
    pub(super) native: Option<Summary>,
    pub(super) over_serial: Option<run::Summary>,
    pub(super) boards: Vec<BoardResult>,
    #[serde(rename = "seconds")]
    pub(super) times: StageTimes,
}

impl Results {
    /// Writes `results.json` and `results.txt`.
    pub(super) fn write(&self, folder: &Path) -> Result<()> {
        let json = serde_json::to_string_pretty(self)
            .map_err(|error| super::io("writing", folder.join("results.json"))(error.into()))?;
        synfire_golden_model::file::write_atomically(&folder.join("results.json"), &json)?;
        synfire_golden_model::file::write_atomically(&folder.join("results.txt"), &(self.table() + "\n"))?;
        Ok(())
    }

    /// Returns the results as a table.
    pub(super) fn table(&self) -> String {
        let mut rows = table([
            format!("{}, {} steps", self.network, self.steps).as_str(),
            "result",
        ]);
        let mut row = |name: &str, value: String| {
            rows.add_row([name.to_owned(), value]);
        };
        row("accuracy, float", accuracy(self.float.correct, self.float.images));
        row(
            "accuracy, integer golden model",
            accuracy(self.integer.correct, self.integer.images),
        );
        if let Some(serial) = &self.over_serial {
            row("accuracy, over serial", accuracy(serial.correct, serial.images));
        }
        let hidden: f64 = self.integer.layers.iter().map(|layer| layer.spikes).sum();
        row(
            "spikes per inference",
            format!(
                "{} in, {} hidden",
                count(self.integer.input_spikes),
                count(hidden)
            ),
        );
        row(
            "synaptic operations per inference",
            count(self.integer.synaptic_operations),
        );
        if let Some(serial) = &self.over_serial {
            row(
                "link bytes per inference",
                format!(
                    "{} ({:.0} µs on the line)",
                    count(serial.link_bytes),
                    serial.line_microseconds
                ),
            );
        }
        for board in &self.boards {
            let lanes: Vec<String> = board.lanes.iter().map(usize::to_string).collect();
            row(&board.title, format!("lanes {}", lanes.join(" + ")));
            row(
                "  cycles per inference",
                format!(
                    "{} = {:.0} µs at {} MHz, {} inferences/s",
                    count(board.cycles),
                    board.microseconds,
                    board.clock_mhz,
                    count(board.inferences_per_second)
                ),
            );
            row(
                "  maximum frequency",
                format!(
                    "{:.1} MHz reached, {} MHz wanted",
                    board.fmax_mhz, board.clock_mhz
                ),
            );
            for check in &board.checks {
                row("  equal to the golden model", check.to_string());
            }
            for used in &board.utilization {
                row(
                    &format!("  {}", used.resource),
                    format!(
                        "{} of {} ({:.0} %)",
                        used.used,
                        used.available,
                        100.0 * float(used.used as u64) / float(used.available.max(1) as u64)
                    ),
                );
            }
        }
        let seconds: Vec<String> = self
            .times
            .0
            .iter()
            .map(|(stage, seconds)| format!("{} {seconds:.1}", stage.trim()))
            .collect();
        format!("{rows}\nseconds: {}", seconds.join(", "))
    }
}

fn accuracy(correct: usize, images: usize) -> String {
    format!(
        "{} ({correct} of {images})",
        percent(float(correct as u64) / float(images.max(1) as u64))
    )
}
