//! From a build folder to a bitstream with Yosys and nextpnr, and what they report.

pub mod process;
pub mod report;

use crate::board::Family;
use crate::build::{Build, write_atomically};
use crate::emit::constraints::constraints;
use crate::emit::wrapper::BOARD_TOP;
use crate::error::{Error, Result, io};
use crate::tool::Tool;
use process::Cancel;
use report::{Report, Utilization};
use std::path::{Path, PathBuf};
use std::time::Instant;

/// A stage of the flow.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stage {
    /// Yosys.
    Synthesis,
    /// nextpnr.
    PlaceAndRoute,
    /// icepack or ecppack.
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

/// Synthesizes, places, routes and packs a build; `progress` hears of each stage as it starts.
///
/// Scripts, logs and the report stay in the build folder. `cancel` stops the running tool from another thread.
///
/// # Errors
/// A tool that is missing, too old or fails; [`Error::TimingNotMet`].
pub fn synthesize(build: &Build, cancel: &Cancel, progress: &mut dyn FnMut(Stage)) -> Result<Report> {
    let board = &build.manifest.board;
    let flow = Flow::of(board.device.family);
    let yosys = Tool::Yosys.find()?;
    let nextpnr = flow.nextpnr.find()?;
    let packer = flow.packer.find()?;
    let folder = &build.folder;
    remove_outputs(folder)?;
    let start = Instant::now();

    progress(Stage::Synthesis);
    let script = format!(
        "read_verilog accelerator.v board.v\n{synth} -top {BOARD_TOP} -json netlist.json\n",
        synth = flow.synth(&board.device.part),
    );
    write_atomically(&folder.join("synth.ys"), &script)?;
    process::run(
        &yosys,
        folder,
        &["-q", "-l", "yosys.log", "synth.ys"],
        "yosys.out",
        cancel,
    )?;
    let synthesis_seconds = start.elapsed().as_secs_f64();

    progress(Stage::PlaceAndRoute);
    let part = format!("--{}", board.device.part);
    let (constraints_file, _) = constraints(board);
    let frequency = board.clock_mhz().to_string();
    let arguments = [
        part.as_str(),
        "--package",
        &board.device.package,
        "--json",
        "netlist.json",
        flow.constraints_flag,
        constraints_file,
        flow.routed_flag,
        flow.routed,
        "--freq",
        &frequency,
        "--seed",
        "1",
        // For the iCE40 the default is router1, which some netlists keep busy for ever.
        "--router",
        "router2",
        "--report",
        "nextpnr.json",
        // Whether the clock is met is judged below, with the frequency in hand.
        "--timing-allow-fail",
    ];
    process::run(&nextpnr, folder, &arguments, "nextpnr.log", cancel)?;
    let routed = report::read_nextpnr(&folder.join("nextpnr.json"), nextpnr.tool.name())?;
    let place_and_route_seconds = start.elapsed().as_secs_f64() - synthesis_seconds;
    let wanted_mhz = board.clock_mhz();
    if routed.fmax_mhz < wanted_mhz {
        return Err(Error::TimingNotMet {
            board: board.name.clone(),
            reached_mhz: routed.fmax_mhz,
            wanted_mhz,
        });
    }

    progress(Stage::Pack);
    process::run(&packer, folder, &flow.pack_arguments(), "pack.log", cancel)?;
    let report = Report {
        board: board.name.clone(),
        utilization: flow.utilization(&routed.cells, folder)?,
        fmax_mhz: routed.fmax_mhz,
        clock_mhz: wanted_mhz,
        critical_path: routed.critical_path,
        bitstream: PathBuf::from(flow.bitstream),
        yosys: version(&yosys),
        nextpnr: version(&nextpnr),
        synthesis_seconds,
        place_and_route_seconds,
    };
    report.write(&folder.join("report.json"))?;
    Ok(report)
}

/// Files that [`synthesize`] leaves in a build folder, of all families.
const OUTPUTS: [&str; 7] = [
    "netlist.json",
    "report.json",
    "nextpnr.json",
    "routed.asc",
    "routed.config",
    "bitstream.bin",
    "bitstream.bit",
];

/// Removes what an earlier synthesis left in a folder: it must not pass for the next one's.
///
/// # Errors
/// [`Error::Io`] for a file that is there and cannot be removed.
pub fn remove_outputs(folder: &Path) -> Result<()> {
    for file in OUTPUTS {
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

fn version(found: &crate::tool::Found) -> String {
    found
        .version
        .as_ref()
        .map_or_else(|| "unknown".into(), ToString::to_string)
}

/// What differs from family to family.
struct Flow {
    nextpnr: Tool,
    packer: Tool,
    constraints_flag: &'static str,
    routed_flag: &'static str,
    routed: &'static str,
    bitstream: &'static str,
    family: Family,
}

impl Flow {
    const fn of(family: Family) -> Self {
        match family {
            Family::Ice40 => Self {
                nextpnr: Tool::NextpnrIce40,
                packer: Tool::Icepack,
                constraints_flag: "--pcf",
                routed_flag: "--asc",
                routed: "routed.asc",
                bitstream: "bitstream.bin",
                family,
            },
            Family::Ecp5 => Self {
                nextpnr: Tool::NextpnrEcp5,
                packer: Tool::Ecppack,
                constraints_flag: "--lpf",
                routed_flag: "--textcfg",
                routed: "routed.config",
                bitstream: "bitstream.bit",
                family,
            },
        }
    }

    fn synth(&self, part: &str) -> String {
        match self.family {
            Family::Ice40 => {
                let device = if part.starts_with("up") {
                    "u"
                } else if part.starts_with("lp") {
                    "lp"
                } else {
                    "hx"
                };
                format!("synth_ice40 -abc9 -device {device}")
            }
            Family::Ecp5 => "synth_ecp5 -abc9".into(),
        }
    }

    fn pack_arguments(&self) -> Vec<&'static str> {
        match self.family {
            Family::Ice40 => vec![self.routed, self.bitstream],
            Family::Ecp5 => vec!["--compress", self.routed, self.bitstream],
        }
    }

    /// Tables, flip-flops and block RAMs, used and available.
    fn utilization(&self, cells: &report::Cells, folder: &Path) -> Result<Vec<Utilization>> {
        let routed = |resource: &str, cell: &str| {
            let (used, available) = cells.get(cell).copied()?;
            Some(Utilization {
                resource: resource.into(),
                used,
                available,
            })
        };
        let rows = match self.family {
            Family::Ice40 => {
                // A logic cell is a table and a flip-flop, and nextpnr counts cells: the netlist knows which.
                let netlist = report::count_cells(&folder.join("netlist.json"), BOARD_TOP)?;
                let available = cells.get("ICESTORM_LC").map_or(0, |(_, available)| *available);
                let netlist_row = |resource: &str, prefix: &str| {
                    let used = netlist
                        .iter()
                        .filter(|(kind, _)| kind.starts_with(prefix))
                        .map(|(_, count)| count)
                        .sum();
                    Some(Utilization {
                        resource: resource.into(),
                        used,
                        available,
                    })
                };
                [
                    netlist_row("LUT4", "SB_LUT4"),
                    netlist_row("FF", "SB_DFF"),
                    routed("logic cells (LUT4 and FF)", "ICESTORM_LC"),
                    routed("block RAM", "ICESTORM_RAM"),
                ]
            }
            Family::Ecp5 => [
                routed("LUT4", "TRELLIS_COMB"),
                routed("FF", "TRELLIS_FF"),
                routed("block RAM", "DP16KD"),
                None,
            ],
        };
        Ok(rows.into_iter().flatten().collect())
    }
}
