//! Onto the board: the command line of its programmer, for a bitstream that is this design's and met its clock.

use crate::board::Board;
use crate::build::{Build, sha256};
use crate::error::{Result, io};
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

    /// Runs it to its end, its output in `log`.
    ///
    /// # Errors
    /// [`FlashError::Missing`], [`crate::Error::ToolFailed`] with the end of its output.
    pub fn run(&self, log: &Path) -> Result<()> {
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
        run_to_end(Command::new(found).args(&self.arguments), &name, log)
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

/// Where the usual programmers come from.
fn remedy(program: &str) -> &'static str {
    match program {
        "iceprog" => "install it (package fpga-icestorm of Debian and Ubuntu, icestorm of others)",
        "openFPGALoader" => "install it (package openfpgaloader)",
        "dfu-util" => "install it (package dfu-util)",
        _ => "install it",
    }
}
