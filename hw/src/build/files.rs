//! Names of the files that tools leave in a build folder, and their removal.
//!
//! [`super::Build::write`] removes the files of an earlier design; `synth` makes them.

use crate::error::Result;
use std::path::Path;
use synfire_golden_model::file::io;

/// Most bytes of a file of a build, or of an output of a tool, that is read.
pub const MAX_FILE_BYTES: u64 = 1 << 30;

/// Ends of the names of files that synfire and the tools read and write in a build folder.
const ENDS: [&str; 18] = [
    ".json",
    ".safetensors",
    ".v",
    ".hex",
    ".svg",
    ".vlt",
    ".pcf",
    ".lpf",
    ".cst",
    ".ys",
    ".log",
    ".out",
    ".asc",
    ".config",
    ".bin",
    ".bit",
    ".fs",
    ".vcd",
];
/// Folders that synfire makes in a build folder: variants, and the simulators, by the beginning of their names.
const FOLDERS: [&str; 2] = ["stress", "verilator-"];

/// Whether synfire or a tool may read or write an entry of this name in a build folder.
#[must_use]
pub fn is_used(name: &str) -> bool {
    ENDS.iter().any(|end| name.ends_with(end)) || FOLDERS.iter().any(|folder| name.starts_with(folder))
}

/// Hash of the manifest whose files were found to be those that the generator makes.
pub const GENERATED: &str = "generated.json";
/// Netlist of the whole board, which nextpnr reads.
pub const NETLIST: &str = "netlist.json";
/// Netlist of the core alone, as a module with all of the core's ports.
pub const CORE_NETLIST: &str = "core.json";
/// Netlist of the whole board as Verilog.
pub const NETLIST_VERILOG: &str = "netlist.v";
/// Netlist of the core as Verilog.
pub const CORE_VERILOG: &str = "core.v";
/// Accelerator as Yosys elaborates it.
pub const ELABORATED: &str = "elaborated.v";
/// Hashes of the netlists and of the files that they were made from.
pub const NETLIST_MADE: &str = "netlist-made.json";
/// Hashes of the elaborated Verilog and of the files that it was made from.
pub const ELABORATED_MADE: &str = "elaborated-made.json";
/// Report of synthesis, placement and routing.
pub const REPORT: &str = "report.json";
/// Report of nextpnr.
pub const NEXTPNR_REPORT: &str = "nextpnr.json";
/// Routed design of iCE40, ECP5 and Gowin.
pub const ROUTED: [&str; 3] = ["routed.asc", "routed.config", "routed.json"];
/// Bitstream of iCE40, ECP5 and Gowin.
pub const BITSTREAMS: [&str; 3] = ["bitstream.bin", "bitstream.bit", "bitstream.fs"];
/// Bitstream as Verilog.
pub const UNPACKED: &str = "unpacked.v";
/// Hashes of [`UNPACKED`] and of the bitstream that it was made from.
pub const UNPACKED_MADE: &str = "unpacked-made.json";

const NETLIST_FILES: [&str; 5] = [NETLIST, CORE_NETLIST, NETLIST_VERILOG, CORE_VERILOG, NETLIST_MADE];
const ELABORATED_FILES: [&str; 2] = [ELABORATED, ELABORATED_MADE];
const REPORTS: [&str; 4] = [REPORT, NEXTPNR_REPORT, UNPACKED, UNPACKED_MADE];

/// Removes all files that an earlier synthesis left in a folder: they must not pass for those of the next one.
///
/// # Errors
/// [`crate::Error::Io`] for a file that is there and cannot be removed.
pub fn remove_outputs(folder: &Path) -> Result<()> {
    remove(folder, &[GENERATED])?;
    remove_netlists(folder)?;
    remove_elaborated(folder)?;
    remove_routed(folder)
}

/// Removes the netlists that an earlier synthesis left in a folder.
///
/// # Errors
/// [`crate::Error::Io`] for a file that is there and cannot be removed.
pub fn remove_netlists(folder: &Path) -> Result<()> {
    remove(folder, &NETLIST_FILES)
}

/// Removes the Verilog that Yosys elaborated in a folder.
///
/// # Errors
/// [`crate::Error::Io`] for a file that is there and cannot be removed.
pub fn remove_elaborated(folder: &Path) -> Result<()> {
    remove(folder, &ELABORATED_FILES)
}

/// Removes the files that placement, routing and packing left in a folder, but not the netlists.
///
/// # Errors
/// [`crate::Error::Io`] for a file that is there and cannot be removed.
pub fn remove_routed(folder: &Path) -> Result<()> {
    remove(folder, &REPORTS)?;
    remove(folder, &ROUTED)?;
    remove(folder, &BITSTREAMS)
}

/// Removes files that are there.
///
/// # Errors
/// [`crate::Error::Io`] for a file that cannot be removed.
pub fn remove(folder: &Path, files: &[&str]) -> Result<()> {
    for file in files {
        let path = folder.join(file);
        match std::fs::remove_file(&path) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
                return Err(io("removing", path)(error).into());
            }
            _ => {}
        }
    }
    Ok(())
}
