//! The demo's boards: tools, synthesis in the background, and virtual boards.

use super::super::context::Context;
use super::super::diagnostic::{CliError, Result};
use super::super::inference::float;
use super::super::run::{self, Job, classify};
use crate::SerialTransport;
use std::sync::mpsc::{Receiver, channel};
use std::thread::JoinHandle;
use synfire_golden_model::dataset::Dataset;
use synfire_golden_model::file::OutputLock;
use synfire_hw::board::Board;
use synfire_hw::build::Build;
use synfire_hw::process::Cancel;
use synfire_hw::synth::checks::Form;
use synfire_hw::synth::unpack::can_unpack;
use synfire_hw::synth::{Placements, Stage, report::Report, synthesize, tools};
use synfire_hw::tool::Tool;
use synfire_sim::virtual_board::VirtualBoard;

/// A board and its build.
#[derive(Debug)]
pub(super) struct Target {
    pub(super) board: Board,
    pub(super) build: Build,
    /// Keeps other runs out of the build folder.
    pub(super) _lock: OutputLock,
}

/// Checks that every tool that these boards need is installed.
pub(super) fn find_tools(boards: &[Board]) -> Result<()> {
    for tool in boards.iter().flat_map(tools).chain([Tool::Verilator]) {
        tool.find()?;
    }
    Ok(())
}

/// Synthesis of all boards, each in its own thread.
#[derive(Debug)]
pub(super) struct Synthesis {
    cancel: Cancel,
    workers: Vec<JoinHandle<synfire_hw::Result<Report>>>,
    stages: Receiver<(String, Stage)>,
}

impl Synthesis {
    pub(super) fn start(targets: &[Target]) -> Self {
        let (sender, stages) = channel();
        let cancel = Cancel::default();
        let workers = targets
            .iter()
            .map(|target| {
                let (build, sender, cancel) = (target.build.clone(), sender.clone(), cancel.clone());
                std::thread::spawn(move || {
                    let name = build.manifest.board.name.clone();
                    synthesize(&build, Placements::default(), &cancel, &mut |stage| {
                        // The receiver may be gone already.
                        let _ = sender.send((name.clone(), stage));
                    })
                })
            })
            .collect();
        Self {
            cancel,
            workers,
            stages,
        }
    }

    /// Waits for all boards, and shows the current stage of each.
    pub(super) fn finish(mut self, context: &Context) -> Result<Vec<Report>> {
        let spinner = context.spinner("synthesis");
        let mut at = std::collections::BTreeMap::new();
        // The loop ends when the last worker drops its sender.
        for (board, stage) in &self.stages {
            at.insert(board, stage);
            let texts: Vec<String> = at
                .iter()
                .map(|(board, stage)| format!("{board}: {}", stage.title()))
                .collect();
            spinner.set_message(texts.join(", "));
        }
        spinner.finish_and_clear();
        std::mem::take(&mut self.workers)
            .into_iter()
            .map(|worker| {
                let report = worker
                    .join()
                    .map_err(|_| CliError::Worker { what: "synthesis" })?;
                Ok(report?)
            })
            .collect()
    }
}

impl Drop for Synthesis {
    fn drop(&mut self) {
        // After a failure elsewhere, no tool may write into folders that the next run creates again.
        self.cancel.cancel();
        for worker in self.workers.drain(..) {
            let _ = worker.join();
        }
    }
}

/// Returns the form in which a board runs through its pins: the bitstream if it can be unpacked and the tool is
/// installed, otherwise the netlist and the reason.
pub(super) fn form_behind_pins(board: &Board) -> (Form, Option<String>) {
    if !can_unpack(board) {
        return (
            Form::Netlist,
            Some("no tool can unpack bitstreams of this FPGA family".into()),
        );
    }
    match Tool::IceboxVlog.find() {
        Ok(_) => (Form::Bitstream, None),
        Err(error) => (Form::Netlist, Some(error.to_string())),
    }
}

/// Describes a report in one line.
pub(super) fn describe(report: &Report) -> String {
    let used: Vec<String> = report
        .utilization
        .iter()
        .map(|row| {
            let share = 100.0 * float(row.used as u64) / float(row.available.max(1) as u64);
            format!(
                "{} {} of {} ({share:.0} %)",
                row.resource, row.used, row.available
            )
        })
        .collect();
    format!(
        "{}: {:.1} MHz reached, {:.1} MHz wanted; {}",
        report.board,
        report.fmax_mhz,
        report.clock_mhz,
        used.join(", ")
    )
}

/// Starts a virtual board with a form of a build, and classifies images on it through the link library.
pub(super) fn run_virtual_board(
    target: &Target,
    form: Form,
    data: &Dataset,
    images: usize,
    seed: u64,
    context: &Context,
) -> Result<run::Summary> {
    let mut board = VirtualBoard::start(&target.build, form)?;
    let transport = SerialTransport::open(board.port(), target.board.uart.baud)?;
    let job = Job {
        images,
        seed,
        baud: target.board.uart.baud,
        spikes: false,
        exit: None,
        form,
    };
    let summary = classify(&target.build, transport, data, &job, context);
    // A board that has ended is why the link broke.
    board.check()?;
    let summary = summary?;
    run::keep_check(&target.build, form, &summary)?;
    Ok(summary)
}
