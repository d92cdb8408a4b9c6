//! From a build folder to a bitstream with Yosys and nextpnr, and what they report.

pub mod checks;
pub mod containment;
pub mod flow;
pub mod netlist;
pub mod nextpnr;
pub mod path;
pub mod process;
pub mod report;
pub mod speed;
pub mod unpack;

use crate::board::Board;
use crate::build::{Build, sha256};
use crate::error::{Error, Result, io};
use crate::tool::{Found, Tool};
use flow::Flow;
use process::{Cancel, End};
use report::{Bitstream, REPORT, Report};
use std::path::{Path, PathBuf};
use std::time::Instant;

/// A stage of the flow.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stage {
    /// Yosys.
    Synthesis,
    /// nextpnr.
    PlaceAndRoute,
    /// icepack, ecppack or gowin_pack.
    Pack,
}

impl Stage {
    /// What a user sees of it.
    #[must_use]
    pub const fn title(self) -> &'static str {
        match self {
            Self::Synthesis => "synthesis",
            Self::PlaceAndRoute => "place and route",
            Self::Pack => "bitstream",
        }
    }
}

/// The tools that a board's bitstream takes, in order of use.
#[must_use]
pub const fn tools(board: &Board) -> [Tool; 3] {
    let flow = Flow::of(board);
    [Tool::Yosys, flow.nextpnr, flow.packer]
}

/// Which of the placements that nextpnr can find are tried: it places by chance, and its results differ by some percent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Placements {
    /// Seed of the first; the next ones' follow.
    pub seed: u32,
    /// Most that are tried until one meets the clock.
    pub tries: u32,
}

impl Default for Placements {
    fn default() -> Self {
        Self { seed: 1, tries: 1 }
    }
}

/// Synthesizes, places, routes and packs a build; `progress` hears of each stage as it starts.
///
/// Scripts, logs and the report stay in the build folder, also that of a design that misses its clock. `cancel` stops the
/// running tool from another thread.
///
/// # Errors
/// A tool that is missing, too old or fails; [`Error::NotRouted`], [`Error::TimingNotMet`].
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
    let read = || nextpnr::read_nextpnr(&folder.join("nextpnr.json"), nextpnr.tool.name());
    let mut last = place_and_route(&flow, &nextpnr, build, placements.seed, cancel)?;
    let (mut seed, mut routed) = (last, read()?);
    for _ in 1..placements.tries {
        if routed.fmax_mhz >= clock_mhz {
            break;
        }
        last = match place_and_route(&flow, &nextpnr, build, last.wrapping_add(1), cancel) {
            // What was routed before is there to be told of.
            Err(Error::NotRouted { .. }) => break,
            result => result?,
        };
        let next = read()?;
        // Where none meets the clock, the best is told of.
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

/// Rounds of nextpnr's router after which it is given up: those that succeed take less than two hundred.
const MOST_ROUNDS: usize = 600;

/// Placements that are tried until one can be routed.
const ROUTED_TRIES: u32 = 5;

/// Places and routes with seeds from `first` on; gives that of the placement that could be routed.
///
/// Some placements leave the router with a handful of wires that it moves in circles for ever, a known fault of
/// nextpnr; another placement is the way out of it.
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

/// Files that placing, routing and packing leave in a build folder, of all families.
const ROUTED: [&str; 10] = [
    REPORT,
    "nextpnr.json",
    "routed.asc",
    "routed.config",
    "routed.json",
    "bitstream.bin",
    "bitstream.bit",
    "bitstream.fs",
    unpack::UNPACKED,
    unpack::MADE,
];

/// Removes what an earlier synthesis left in a folder: it must not pass for the next one's.
///
/// # Errors
/// [`Error::Io`] for a file that is there and cannot be removed.
pub fn remove_outputs(folder: &Path) -> Result<()> {
    remove_files(folder, netlist::FILES.iter().chain(&ROUTED))
}

/// The same, but leaves the netlists.
fn remove_routed(folder: &Path) -> Result<()> {
    remove_files(folder, ROUTED.iter())
}

fn remove_files<'a>(folder: &Path, files: impl Iterator<Item = &'a &'static str>) -> Result<()> {
    for file in files {
        let path = folder.join(file);
        match std::fs::remove_file(&path) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
                return Err(io("removing", path)(error));
            }
            _ => {}
        }
    }
    Ok(())
}

fn version(found: &Found) -> String {
    found
        .version
        .as_ref()
        .map_or_else(|| "unknown".into(), ToString::to_string)
}
