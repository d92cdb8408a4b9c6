//! Synthesis: from a build folder to a bitstream with Yosys and nextpnr, and the reports of these tools.

pub mod checks;
pub mod containment;
pub mod flow;
pub mod netlist;
pub mod nextpnr;
pub mod path;
pub mod report;
pub mod speed;
pub mod unpack;

use crate::board::Board;
use crate::build::Build;
use crate::build::files::{NEXTPNR_REPORT, REPORT, remove_routed};
use crate::error::{Error, Result};
use crate::process::{self, Cancel, End};
use crate::tool::{Found, Tool};
use flow::Flow;
use report::{Bitstream, Report};
use std::path::PathBuf;
use std::time::Instant;
use synfire_golden_model::file::{io, sha256};

/// Stage on the way to a bitstream.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stage {
    /// Synthesis by Yosys.
    Synthesis,
    /// Placement and routing by nextpnr.
    PlaceAndRoute,
    /// Packing by icepack, ecppack or gowin_pack.
    Pack,
}

impl Stage {
    /// Name of the stage, as shown to the user.
    #[must_use]
    pub const fn title(self) -> &'static str {
        match self {
            Self::Synthesis => "synthesis",
            Self::PlaceAndRoute => "place and route",
            Self::Pack => "bitstream",
        }
    }
}

/// Tools that make a board's bitstream, in order of use.
#[must_use]
pub const fn tools(board: &Board) -> [Tool; 3] {
    let flow = Flow::of(board);
    [Tool::Yosys, flow.nextpnr, flow.packer]
}

/// Placements that nextpnr tries. It places at random, and its results differ by some percent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Placements {
    /// Seed of the first placement; later placements use the next numbers.
    pub seed: u32,
    /// Most placements that are tried until one meets the clock.
    pub tries: u32,
}

impl Default for Placements {
    fn default() -> Self {
        Self { seed: 1, tries: 1 }
    }
}

/// Synthesizes, places, routes and packs a build; `progress` is called with each stage as it starts.
///
/// Scripts, logs and the report stay in the build folder, even if the design misses its clock. `cancel` stops the running
/// tool from another thread.
///
/// # Errors
/// [`Error::NotRouted`], [`Error::TimingNotMet`], and the errors of a tool that is missing, too old or fails.
pub fn synthesize(
    build: &Build,
    placements: Placements,
    cancel: &Cancel,
    progress: &mut dyn FnMut(Stage),
) -> Result<Report> {
    let board = &build.manifest.board;
    let flow = Flow::of(board);
    let yosys = Tool::Yosys.find_for(board.device.family)?;
    let nextpnr = flow.nextpnr.find()?;
    let packer = flow.packer.find()?;
    let folder = &build.folder;
    let run = |tool: &Found, arguments: &[String], log| {
        let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
        process::run(tool, folder, &arguments, log, cancel)
    };

    progress(Stage::Synthesis);
    let netlist = netlist::netlist(build, &yosys, cancel)?;
    remove_routed(folder)?;
    let (synthesis_seconds, start) = (netlist.seconds, Instant::now());

    progress(Stage::PlaceAndRoute);
    let clock_mhz = board.clock_mhz();
    let read = || nextpnr::read_nextpnr(&folder.join(NEXTPNR_REPORT), nextpnr.tool.name());
    let mut last = place_and_route(&flow, &nextpnr, build, placements.seed, cancel)?;
    let (mut seed, mut routed) = (last, read()?);
    for _ in 1..placements.tries {
        if routed.fmax_mhz >= clock_mhz {
            break;
        }
        last = match place_and_route(&flow, &nextpnr, build, last.wrapping_add(1), cancel) {
            // An earlier placement was routed and can be reported.
            Err(Error::NotRouted { .. }) => break,
            result => result?,
        };
        let next = read()?;
        // If no placement meets the clock, the best one is reported.
        if next.fmax_mhz > routed.fmax_mhz {
            (seed, routed) = (last, next);
        }
    }
    let place_and_route_seconds = start.elapsed().as_secs_f64();

    let bitstream = if routed.fmax_mhz < clock_mhz {
        None
    } else {
        progress(Stage::Pack);
        run(&packer, &flow.pack(), "pack.log")?;
        let file = folder.join(flow.bitstream);
        let content = std::fs::read(&file).map_err(io("reading", &file))?;
        Some(Bitstream {
            file: PathBuf::from(flow.bitstream),
            sha256: sha256(&content),
        })
    };
    let report = Report {
        board: board.name.clone(),
        design_hash: build.manifest.design_hash.clone(),
        netlist: netlist.sha256,
        utilization: flow.utilization(&routed.cells, folder)?,
        fmax_mhz: routed.fmax_mhz,
        clock_mhz,
        critical_path: routed.critical_path,
        bitstream,
        seed,
        yosys: version(&yosys),
        nextpnr: version(&nextpnr),
        synthesis_seconds,
        place_and_route_seconds,
    };
    report.write(&folder.join(REPORT))?;
    if report.bitstream.is_none() {
        return Err(Error::TimingNotMet {
            board: report.board,
            reached_mhz: report.fmax_mhz,
            wanted_mhz: report.clock_mhz,
            path: report
                .critical_path
                .map_or_else(|| "not reported".into(), |path| path.to_string()),
        });
    }
    Ok(report)
}

/// Rounds of nextpnr's router after which a placement is given up; placements that can be routed take less than 200.
const MOST_ROUNDS: usize = 600;

/// Most placements that are tried until one can be routed.
const ROUTED_TRIES: u32 = 5;

/// Places and routes with seeds from `first` on; returns the seed of the placement that could be routed.
///
/// Some placements leave nextpnr's router with a few wires that it moves in circles for ever, which is a known fault of
/// nextpnr. Another placement avoids this.
fn place_and_route(flow: &Flow, nextpnr: &Found, build: &Build, first: u32, cancel: &Cancel) -> Result<u32> {
    for seed in (0..ROUTED_TRIES).map(|next| first.wrapping_add(next)) {
        let arguments = flow.place_and_route(seed);
        let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
        let goes_in_circles = |log: &str| log.matches(" iter=").count() > MOST_ROUNDS;
        let end = process::run_unless_stuck(
            nextpnr,
            &build.folder,
            &arguments,
            "nextpnr.log",
            cancel,
            goes_in_circles,
        )?;
        if end == End::Done {
            return Ok(seed);
        }
    }
    Err(Error::NotRouted {
        board: build.manifest.board.name.clone(),
        tries: ROUTED_TRIES as usize,
    })
}

fn version(found: &Found) -> String {
    found
        .version
        .as_ref()
        .map_or_else(|| "unknown".into(), ToString::to_string)
}
