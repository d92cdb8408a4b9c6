//! Flashing: runs the board's programmer, with a bitstream that belongs to the design and meets its clock.

use crate::board::Board;
use crate::build::Build;
use crate::error::{Error, Result};
use crate::process::run_undisturbed;
use crate::synth::report::Report;
use std::fmt;
use std::path::{Path, PathBuf};
use std::process::Command;
use synfire_golden_model::file::io;

/// Environment variable that holds the path of the programmer.
pub const VARIABLE: &str = "SYNFIRE_PROGRAMMER";

/// Reason why a board is not programmed.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum FlashError {
    /// The board file names no programmer.
    #[error("the board file of {board} names no programmer: add `flash` to its [programmer]")]
    NoProgrammer {
        /// Name of the board.
        board: String,
    },
    /// The programmer can write only the flash of the board.
    #[error(
        "the board file of {board} has no command that loads the FPGA alone: leave --volatile out, or add `load` to its \
         [programmer]"
    )]
    NotVolatile {
        /// Name of the board.
        board: String,
    },
    /// The programmer cannot select its probe by a serial number.
    #[error("{program} cannot select the probe of this board by serial number: {remedy}")]
    NoSerial {
        /// Name of the program.
        program: String,
        /// Instruction for the user.
        remedy: &'static str,
    },
    /// The programmer is not installed.
    #[error("{program} not found: {remedy}, or set {VARIABLE} to its path")]
    Missing {
        /// Name of the program.
        program: String,
        /// Instruction for the user.
        remedy: &'static str,
    },
}

/// Memory that the bitstream is written to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Memory {
    /// Flash of the board, from which the FPGA starts.
    Flash,
    /// Configuration memory of the FPGA, which lasts until it loses power.
    Volatile,
}

/// End of a programmer that wrote the bitstream.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum End {
    /// The programmer reported success.
    Done,
    /// iceprog reported success, but the FPGA has not started: its CDONE pin is low.
    NotStarted,
    /// dfu-util wrote everything, but could not read the status of the board, which had already restarted.
    Restarted,
}

/// Exit status of dfu-util if it cannot talk to the device (`EX_IOERR` of BSD's `sysexits.h`).
const DFU_UTIL_IO_ERROR: &str = "exit status: 74";
/// Boards of openFPGALoader with a CMSIS-DAP probe, which it cannot select by serial number.
const CMSIS_DAP_BOARDS: [&str; 2] = ["colorlight-i5", "colorlight-i9"];

/// Command line of a programmer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CommandLine {
    /// Name of the program, as in the board file.
    pub program: PathBuf,
    /// Arguments of the program.
    pub arguments: Vec<String>,
}

impl CommandLine {
    /// Command line that writes the bitstream of a build to its board.
    ///
    /// # Errors
    /// [`FlashError`], and those of [`Report::bitstream_of`].
    pub fn of(build: &Build, memory: Memory) -> Result<Self> {
        let board = &build.manifest.board;
        let path = build.folder.join(Report::bitstream_of(build)?.file);
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

    /// Adds the flag that selects the probe with this serial number among several.
    ///
    /// # Errors
    /// [`FlashError::NoSerial`] if synfire knows no such flag of the program.
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
                return Err(refuse("give `--cable-index N` or `--busdev-num BUS:DEVICE` after `--`").into());
            }
            // Newer releases call the flag --usb-serial-num, and still accept this name.
            "openFPGALoader" => vec!["--ftdi-serial".into(), serial.into()],
            // These are vendor and product of FTDI's FT2232H, which all built-in boards for iceprog have.
            "iceprog" => vec!["-d".into(), format!("s:0x0403:0x6010:{serial}")],
            "dfu-util" => vec!["--serial".into(), serial.into()],
            _ => return Err(refuse("give the programmer's own flag after `--`").into()),
        };
        Ok(self.with_arguments(flag))
    }

    /// Puts more arguments in front of the others: the file of iceprog must stay the last one.
    #[must_use]
    pub fn with_arguments(mut self, more: Vec<String>) -> Self {
        self.arguments.splice(0..0, more);
        self
    }

    /// Name of the program, without its folder.
    fn name(&self) -> String {
        let name = self.program.file_name().unwrap_or_default();
        name.to_string_lossy().into_owned()
    }

    /// Runs the programmer to its end with its output in `log`. `SYNFIRE_PROGRAMMER` may name its path.
    ///
    /// # Errors
    /// [`FlashError::Missing`], [`crate::Error::ToolFailed`] with the end of the output.
    pub fn run(&self, log: &Path) -> Result<End> {
        let name = self.program.display().to_string();
        let named = std::env::var_os(VARIABLE).map(PathBuf::from);
        let path = std::env::var_os("PATH").unwrap_or_default();
        let found = match named {
            Some(named) => Some(named).filter(|path| path.is_file()),
            // A relative folder would be looked up in the current one, which may be a build folder of somebody else.
            None => std::env::split_paths(&path)
                .filter(|folder| folder.is_absolute())
                .map(|folder| folder.join(&self.program))
                .find(|path| path.is_file()),
        };
        let found = found.ok_or_else(|| FlashError::Missing {
            program: name.clone(),
            remedy: remedy(&name),
        })?;
        // A log that cannot be read counts as empty.
        let read = || {
            let log = std::fs::read(log).unwrap_or_default();
            String::from_utf8_lossy(&log).into_owned()
        };
        match run_undisturbed(Command::new(found).args(&self.arguments), &name, log) {
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
    /// Writes the command line so that a shell accepts it.
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

/// Words of the command line in the board file.
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

/// Whether the last line of iceprog's output about the CDONE pin says that the pin is low.
fn cdone_is_low(log: &str) -> bool {
    let mut states = log.lines().filter_map(|line| line.trim().strip_prefix("cdone:"));
    states.next_back().is_some_and(|state| state.trim() == "low")
}

/// Whether dfu-util's output says that everything was written without a fault, and that only the final status could not be
/// read. The boot loader of the OrangeCrab starts the new bitstream before it reports that status.
fn dfu_download_is_done(log: &str) -> bool {
    let Some((_, after)) = log.split_once("Download done.") else {
        return false;
    };
    let statuses = after.match_indices("status(").count();
    after.contains("unable to read DFU status after completion")
        && statuses == after.match_indices("status(0)").count()
}

/// How to install a programmer.
fn remedy(program: &str) -> &'static str {
    match program {
        "iceprog" => "install it (package fpga-icestorm of Debian and Ubuntu, icestorm of others)",
        "openFPGALoader" => "install it (package openfpgaloader)",
        "dfu-util" => "install it (package dfu-util)",
        _ => "install it",
    }
}
