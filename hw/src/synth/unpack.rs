//! A bitstream back to Verilog, where a tool can: what the device would be configured to be.
//!
//! iCE40: Project IceStorm's `iceunpack` turns `bitstream.bin` into the bits of every tile, and its `icebox_vlog` these into Verilog,
//! with the pins of the board's file. So neither netlist, placement, routing nor packing has to be believed. Lost are names, and what
//! no bit says: pads, and the frequency of the oscillator.
//!
//! ECP5 and Gowin: Project Trellis' `ecpunpack` gives the configuration of tiles, of which no tool makes Verilog; Apicula's
//! `gowin_unpack` writes Verilog, but block RAM as a cell without mode, width and contents. They are refused by name.

use super::process::{self, Cancel};
use super::report::Report;
use crate::board::{Board, Family};
use crate::build::{Build, sha256, write_atomically};
use crate::emit::constraints::{pins, port_names};
use crate::emit::wrapper::BOARD_TOP;
use crate::error::{Error, Result, io};
use crate::flash::FlashError;
use crate::tool::Tool;
use std::path::Path;

/// The bitstream as Verilog.
pub const UNPACKED: &str = "unpacked.v";
/// Bits of every tile, as `iceunpack` writes them.
const TILES: &str = "unpacked.asc";
/// The board's pins alone.
const PINS: &str = "pins.pcf";
/// The bitstream that [`UNPACKED`] was made from.
pub(super) const MADE: &str = "unpacked.sha256";

/// Unpacks a build's bitstream into [`UNPACKED`], unless that is there already and of this bitstream.
///
/// # Errors
/// [`Error::NotUnpacked`] for a family without such a tool; [`FlashError::NoBitstream`]; a tool missing or failing.
pub fn unpack(build: &Build, cancel: &Cancel) -> Result<()> {
    let folder = &build.folder;
    let board = &build.manifest.board;
    if board.device.family != Family::Ice40 {
        return Err(Error::NotUnpacked {
            board: board.name.clone(),
        });
    }
    let bitstream = Report::of(build)?.and_then(|report| report.bitstream);
    let bitstream = bitstream.ok_or_else(|| FlashError::NoBitstream { path: folder.clone() })?;
    let path = folder.join(&bitstream.file);
    let found = sha256(&std::fs::read(&path).map_err(io("reading", &path))?);
    if found != bitstream.sha256 {
        return Err(FlashError::OtherBitstream {
            path,
            found,
            wanted: bitstream.sha256,
        }
        .into());
    }
    let is_current = std::fs::read_to_string(folder.join(MADE)).is_ok_and(|made| made == found);
    if is_current && folder.join(UNPACKED).is_file() {
        return Ok(());
    }
    let text = verilog(board, folder, &bitstream.file.display().to_string(), cancel)?;
    write_atomically(&folder.join(UNPACKED), &text)?;
    write_atomically(&folder.join(MADE), &found)
}

/// The Verilog of a bitstream in `folder`, with ports named as the board's top module names them, on the board's pins.
///
/// # Errors
/// A tool missing or failing.
pub fn verilog(board: &Board, folder: &Path, bitstream: &str, cancel: &Cancel) -> Result<String> {
    let iceunpack = Tool::Iceunpack.find()?;
    let icebox_vlog = Tool::IceboxVlog.find()?;
    write_atomically(&folder.join(PINS), &pins(board))?;
    process::run(&iceunpack, folder, &[bitstream, TILES], "unpack.log", cancel)?;
    // It writes to its standard output, which is the log.
    let arguments = ["-S", "-p", PINS, "-n", BOARD_TOP, TILES];
    let log = "icebox_vlog.log";
    process::run(&icebox_vlog, folder, &arguments, log, cancel)?;
    let path = folder.join(log);
    let text = std::fs::read_to_string(&path).map_err(io("reading", &path))?;
    if !text.contains("module ") {
        return Err(Error::Report {
            path,
            tool: Tool::IceboxVlog.name(),
            reason: "it holds no module".into(),
        });
    }
    // It declares its ports twice, in the module's head and as wires.
    let names = port_names(board);
    let is_port = |line: &&str| {
        let name = line.strip_prefix("wire ").and_then(|rest| rest.strip_suffix(';'));
        name.is_some_and(|name| names.iter().any(|port| port == name))
    };
    let lines: Vec<&str> = text.lines().filter(|line| !is_port(line)).collect();
    Ok(lines.join("\n") + "\n")
}

/// Whether the bitstreams of a board can be unpacked by some tool.
#[must_use]
pub const fn can_unpack(board: &Board) -> bool {
    matches!(board.device.family, Family::Ice40)
}
