//! Onto the board: the command line of its programmer, for a bitstream that is this design's and met its clock.

use crate::board::Board;
use crate::build::{Build, sha256};
use crate::error::{Error, Result, io};
use crate::synth::process::run_to_end;
use crate::synth::report::Report;
use std::fmt;
use std::path::{Path, PathBuf};
use std::process::Command;

/// Environment variable that names the programmer's path.
pub const VARIABLE: &str = "SYNFIRE_PROGRAMMER";

/// Why a board is not programmed.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum FlashError {
    /// There is no bitstream that met its clock.
    #[error("build folder {path} holds no bitstream that met its clock: run `synfire synth` first")]
    NoBitstream {
        /// The build folder.
        path: PathBuf,
    },
    /// The bitstream is not the one that the report is about.
    #[error(
        "bitstream {path} is not the one that was synthesized: SHA-256 {found}, not {wanted}; run `synfire synth` again"
    )]
    OtherBitstream {
        /// The file.
        path: PathBuf,
        /// Its hash.
        found: String,
        /// The report's.
        wanted: String,
    },
    /// The board file names no programmer.
    #[error("board {board} names no programmer: add `flash` to [programmer] in its board file")]
    NoProgrammer {
        /// The board.
        board: String,
    },
    /// The board has only its flash.
    #[error(
        "board {board} cannot be loaded without its flash: leave --volatile out, or add `load` to [programmer]"
    )]
    NotVolatile {
        /// The board.
        board: String,
    },
    /// The programmer cannot choose its probe by a serial number.
    #[error("{program} takes no serial number for this board: {remedy}")]
    NoSerial {
        /// The program.
        program: String,
        /// What to do.
        remedy: &'static str,
    },
    /// The programmer is not there.
    #[error("{program} not found: {remedy}, or set {VARIABLE} to its path")]
    Missing {
        /// The program.
        program: String,
        /// What to do.
        remedy: &'static str,
    },
}

/// Where the bitstream goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Memory {
    /// The board's flash, from which the FPGA starts.
    Flash,
    /// The FPGA itself, until it loses power.
    Volatile,
}

/// How a programmer ended that did what it was to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum End {
    /// Well.
    Done,
    /// iceprog ended well, but saw at its end that the FPGA has not started: its CDONE pin is low.
    NotStarted,
    /// dfu-util wrote everything and then failed to read the status of a board that had restarted meanwhile.
    Restarted,
}

/// What dfu-util exits with where it cannot talk to the device (`EX_IOERR` of BSD's `sysexits.h`).
const DFU_UTIL_IO_ERROR: &str = "exit status: 74";
/// Boards of openFPGALoader whose probe is a CMSIS-DAP, which it does not choose by serial number.
const CMSIS_DAP_BOARDS: [&str; 2] = ["colorlight-i5", "colorlight-i9"];

/// A programmer's command line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CommandLine {
    /// The program's name, or its path if the environment names one.
    pub program: PathBuf,
    /// Its arguments.
    pub arguments: Vec<String>,
}

impl CommandLine {
    /// The command line for a build's board.
    ///
    /// # Errors
    /// [`FlashError`], [`crate::Error::Report`] for a report of another design.
    pub fn of(build: &Build, memory: Memory) -> Result<Self> {
        let board = &build.manifest.board;
        let bitstream = Report::of(build)?.and_then(|report| report.bitstream);
        let bitstream = bitstream.ok_or_else(|| FlashError::NoBitstream {
            path: build.folder.clone(),
        })?;
        let path = build.folder.join(&bitstream.file);
        let content = std::fs::read(&path).map_err(io("reading", &path))?;
        let found = sha256(&content);
        if found != bitstream.sha256 {
            return Err(FlashError::OtherBitstream {
                path,
                found,
                wanted: bitstream.sha256,
            }
            .into());
        }
        let path = std::path::absolute(&path).map_err(io("finding", &path))?;
        let mut words = words(board, memory)?
            .iter()
            .map(|word| word.replace(crate::board::BITSTREAM, &path.display().to_string()));
        let program = words.next().unwrap_or_default().into();
        Ok(Self {
            program,
            arguments: words.collect(),
        })
    }

    /// The same for the one of several probes that has this serial number.
    ///
    /// # Errors
    /// [`FlashError::NoSerial`] if the program has no flag for it that is known here.
    pub fn with_serial(self, serial: &str) -> Result<Self> {
        let program = self.name();
        let refuse = |remedy| FlashError::NoSerial {
            program: program.clone(),
            remedy,
        };
        let flag = match program.as_str() {
            "openFPGALoader"
                if self
                    .arguments
                    .iter()
                    .any(|word| CMSIS_DAP_BOARDS.contains(&word.as_str())) =>
            {
                return Err(refuse(
                    "choose its probe behind `--`, by `--cable-index N` or `--busdev-num BUS:DEVICE`",
                )
                .into());
            }
            // Newer releases call it --usb-serial-num, and still take this.
            "openFPGALoader" => vec!["--ftdi-serial".into(), serial.into()],
            // Vendor and product of FTDI's FT2232H, which is on all boards that iceprog programs here.
            "iceprog" => vec!["-d".into(), format!("s:0x0403:0x6010:{serial}")],
            "dfu-util" => vec!["--serial".into(), serial.into()],
            _ => return Err(refuse("give the programmer's own flag behind `--`").into()),
        };
        Ok(self.with_arguments(flag))
    }

    /// The same with more arguments, before those that it has: iceprog's file must be the last.
    #[must_use]
    pub fn with_arguments(mut self, more: Vec<String>) -> Self {
        self.arguments.splice(0..0, more);
        self
    }

    /// The program's name, without the folder that it may be in.
    fn name(&self) -> String {
        let name = self.program.file_name().unwrap_or_default();
        name.to_string_lossy().into_owned()
    }

    /// Runs it to its end, its output in `log`.
    ///
    /// # Errors
    /// [`FlashError::Missing`], [`crate::Error::ToolFailed`] with the end of its output.
    pub fn run(&self, log: &Path) -> Result<End> {
        let name = self.program.display().to_string();
        let named = std::env::var_os(VARIABLE).map(PathBuf::from);
        let path = std::env::var_os("PATH").unwrap_or_default();
        let found = match named {
            Some(named) => Some(named).filter(|path| path.is_file()),
            None => std::env::split_paths(&path)
                .map(|folder| folder.join(&self.program))
                .find(|path| path.is_file()),
        };
        let found = found.ok_or_else(|| FlashError::Missing {
            program: name.clone(),
            remedy: remedy(&name),
        })?;
        // A log that cannot be read says nothing.
        let read = || {
            let log = std::fs::read(log).unwrap_or_default();
            String::from_utf8_lossy(&log).into_owned()
        };
        match run_to_end(Command::new(found).args(&self.arguments), &name, log) {
            Ok(()) if self.name() == "iceprog" && cdone_is_low(&read()) => Ok(End::NotStarted),
            Ok(()) => Ok(End::Done),
            Err(Error::ToolFailed { status, .. })
                if self.name() == "dfu-util"
                    && status == DFU_UTIL_IO_ERROR
                    && dfu_download_is_done(&read()) =>
            {
                Ok(End::Restarted)
            }
            Err(error) => Err(error),
        }
    }
}

impl fmt::Display for CommandLine {
    /// As a shell takes it.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.program.display())?;
        for argument in &self.arguments {
            let plain = |c: char| c.is_ascii_alphanumeric() || "-_./:=,+@%".contains(c);
            if !argument.is_empty() && argument.chars().all(plain) {
                write!(f, " {argument}")?;
            } else {
                write!(f, " '{}'", argument.replace('\'', r"'\''"))?;
            }
        }
        Ok(())
    }
}

fn words(board: &Board, memory: Memory) -> Result<&[String], FlashError> {
    let programmer = board
        .programmer
        .as_ref()
        .ok_or_else(|| FlashError::NoProgrammer {
            board: board.name.clone(),
        })?;
    match memory {
        Memory::Flash => Ok(&programmer.flash),
        Memory::Volatile => programmer.load.as_deref().ok_or_else(|| FlashError::NotVolatile {
            board: board.name.clone(),
        }),
    }
}

/// Whether the last that iceprog says of the FPGA's CDONE pin is that it is low.
fn cdone_is_low(log: &str) -> bool {
    let mut states = log.lines().filter_map(|line| line.trim().strip_prefix("cdone:"));
    states.next_back().is_some_and(|state| state.trim() == "low")
}

/// Whether dfu-util's output says that all was written, the device found no fault with it, and only its status afterwards
/// could not be read: the OrangeCrab's boot loader starts the new bitstream before it has told that.
fn dfu_download_is_done(log: &str) -> bool {
    let Some((_, after)) = log.split_once("Download done.") else {
        return false;
    };
    let statuses = after.match_indices("status(").count();
    after.contains("unable to read DFU status after completion")
        && statuses == after.match_indices("status(0)").count()
}

/// Where the usual programmers come from.
fn remedy(program: &str) -> &'static str {
    match program {
        "iceprog" => "install it (package fpga-icestorm of Debian and Ubuntu, icestorm of others)",
        "openFPGALoader" => "install it (package openfpgaloader)",
        "dfu-util" => "install it (package dfu-util)",
        _ => "install it",
    }
}
