//! Unpacking: turns a bitstream back into Verilog, which shows the circuit that the device is configured to be.
//!
//! This works for iCE40. `iceunpack` of Project IceStorm turns `bitstream.bin` into the bits of every tile, and `icebox_vlog`
//! turns these into Verilog, with the pins of the board. A co-simulation of that Verilog trusts neither netlist, placement,
//! routing nor packing. Names are lost, and so are facts that no bit holds: pads, and the frequency of the oscillator.
//!
//! It does not work for ECP5 and Gowin. `ecpunpack` of Project Trellis gives the configuration of tiles, from which no tool
//! makes Verilog. `gowin_unpack` of Project Apicula writes Verilog, but block RAM as a cell without mode, width and contents.

use super::report::Report;
use crate::board::{Board, Family};
use crate::build::Build;
pub use crate::build::files::UNPACKED;
use crate::build::files::{MAX_FILE_BYTES, UNPACKED_MADE, remove};
use crate::emit::constraints::{pins, port_names};
use crate::emit::wrapper::BOARD_TOP;
use crate::error::{Error, Result};
use crate::process::{self, Cancel};
use crate::seal;
use crate::tool::Tool;
use serde::{Deserialize, Serialize};
use std::path::Path;
use synfire_golden_model::file::{read_bytes, read_text, sha256, write_atomically};

/// File of the bits of every tile, as `iceunpack` writes it.
const TILES: &str = "unpacked.asc";
/// File of the board's pins, without other constraints.
const PINS: &str = "pins.pcf";

/// Record of an unpacked bitstream.
#[derive(Debug, PartialEq, Serialize, Deserialize)]
struct Made {
    /// SHA-256 of the bitstream, in hex.
    bitstream: String,
    /// SHA-256 of [`UNPACKED`], in hex.
    verilog: String,
}

/// Unpacks the bitstream of a build into [`UNPACKED`], unless that file is already there and this user made it from this
/// bitstream.
///
/// # Errors
/// [`Error::NotUnpacked`] for a family without such a tool, those of [`Report::bitstream_of`], and those of a tool that is
/// missing or fails.
pub fn unpack(build: &Build, cancel: &Cancel) -> Result<()> {
    let folder = &build.folder;
    let board = &build.manifest.board;
    if board.device.family != Family::Ice40 {
        return Err(Error::NotUnpacked {
            board: board.name.clone(),
        });
    }
    let bitstream = Report::bitstream_of(build)?;
    let made = |verilog: &[u8]| Made {
        bitstream: bitstream.sha256.clone(),
        verilog: sha256(verilog),
    };
    let unpacked = folder.join(UNPACKED);
    let there = read_bytes(&unpacked, MAX_FILE_BYTES).ok();
    if there.is_some_and(|verilog| seal::read(&folder.join(UNPACKED_MADE)) == Some(made(&verilog))) {
        return Ok(());
    }
    let text = verilog(board, folder, &bitstream.file.display().to_string(), cancel)?;
    write_atomically(&unpacked, &text)?;
    seal::write(&folder.join(UNPACKED_MADE), &made(text.as_bytes()))
}

/// Turns a bitstream in `folder` into Verilog whose ports have the names of the board's top module.
///
/// # Errors
/// The errors of a tool that is missing or fails.
pub fn verilog(board: &Board, folder: &Path, bitstream: &str, cancel: &Cancel) -> Result<String> {
    let iceunpack = Tool::Iceunpack.find()?;
    let icebox_vlog = Tool::IceboxVlog.find()?;
    write_atomically(&folder.join(PINS), &pins(board))?;
    remove(folder, &[TILES])?;
    process::run(&iceunpack, folder, &[bitstream, TILES], "unpack.log", cancel)?;
    // icebox_vlog writes to its standard output, which is the log.
    let arguments = ["-S", "-p", PINS, "-n", BOARD_TOP, TILES];
    let log = "icebox_vlog.log";
    process::run(&icebox_vlog, folder, &arguments, log, cancel)?;
    let path = folder.join(log);
    let text = read_text(&path, MAX_FILE_BYTES)?;
    if !text.contains("module ") {
        return Err(Error::Report {
            path,
            tool: Tool::IceboxVlog.name(),
            reason: "it contains no module".into(),
        });
    }
    // icebox_vlog declares ports twice, in the module's head and as wires.
    let names = port_names(board);
    let is_port = |line: &&str| {
        let name = line.strip_prefix("wire ").and_then(|rest| rest.strip_suffix(';'));
        name.is_some_and(|name| names.iter().any(|port| port == name))
    };
    let lines: Vec<&str> = text.lines().filter(|line| !is_port(line)).collect();
    Ok(lines.join("\n") + "\n")
}

/// Whether a tool can unpack the bitstreams of a board.
#[must_use]
pub const fn can_unpack(board: &Board) -> bool {
    matches!(board.device.family, Family::Ice40)
}
