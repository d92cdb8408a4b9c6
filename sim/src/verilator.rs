//! Builds a simulator of a design's Verilog with Verilator, once for each content.

use crate::error::{Error, Result, io};
use sha2::{Digest, Sha256};
use std::fs::File;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use synfire_hw::build::{Build, hex, write_atomically};
use synfire_hw::emit::lint::LINT;
use synfire_hw::synth::process::tail;
use synfire_hw::tool::{Found, Tool};

/// A simulator to build.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Simulator {
    /// The core with its taps, driven by events.
    Cosim,
    /// The same, recording a waveform.
    CosimTraced,
    /// The whole accelerator behind its UART pins.
    Board,
}

impl Simulator {
    const fn name(self) -> &'static str {
        match self {
            Self::Cosim => "cosim",
            Self::CosimTraced => "cosim-traced",
            Self::Board => "board",
        }
    }

    const fn harness(self) -> &'static str {
        match self {
            Self::Cosim | Self::CosimTraced => include_str!("harness/cosim.cpp"),
            Self::Board => include_str!("harness/board.cpp"),
        }
    }

    const fn top(self) -> &'static str {
        match self {
            Self::Cosim | Self::CosimTraced => synfire_hw::emit::wrapper::COSIM_TOP,
            Self::Board => synfire_hw::emit::verilog::TOP,
        }
    }

    const fn sources(self) -> &'static [&'static str] {
        match self {
            Self::Cosim | Self::CosimTraced => &["accelerator.v", "cosim.v"],
            Self::Board => &["accelerator.v"],
        }
    }
}

/// The simulator's program, built if it is not there yet or something it is made of has changed.
///
/// # Errors
/// Verilator missing or too old; a build that fails, with the end of its log.
pub fn program(build: &Build, simulator: Simulator) -> Result<PathBuf> {
    let verilator = Tool::Verilator.find()?;
    let folder = build
        .folder
        .canonicalize()
        .map_err(io("opening", &build.folder))?;
    let objects = folder.join(format!("verilator-{}", simulator.name()));
    let program = objects.join(simulator.name());
    let stamp = objects.join("built.sha256");
    let fingerprint = fingerprint(&folder, simulator, &verilator)?;
    let is_current = std::fs::read_to_string(&stamp).is_ok_and(|built| built == fingerprint);
    if is_current && program.is_file() {
        return Ok(program);
    }
    if objects.exists() {
        std::fs::remove_dir_all(&objects).map_err(io("removing", &objects))?;
    }
    std::fs::create_dir_all(&objects).map_err(io("creating folder", &objects))?;
    write_atomically(&objects.join("harness.cpp"), simulator.harness())?;
    compile(&verilator, &folder, simulator, &objects)?;
    // Stamped last, so that a build that was stopped half-way is made again.
    write_atomically(&stamp, &fingerprint)?;
    Ok(program)
}

fn compile(verilator: &Found, folder: &Path, simulator: Simulator, objects: &Path) -> Result<()> {
    let log = objects.join("verilator.log");
    let output = File::create(&log).map_err(io("creating", &log))?;
    let errors = output.try_clone().map_err(io("writing", &log))?;
    let mut command = verilator.command();
    command
        .current_dir(folder)
        .args([
            "--cc",
            "--exe",
            "--build",
            "-j",
            "2",
            "-O3",
            "--noassert",
            "-Wall",
        ])
        .args(["--x-assign", "fast", "--x-initial", "fast"])
        .args([
            "--top-module",
            simulator.top(),
            "--prefix",
            "Vdesign",
            "-o",
            simulator.name(),
        ])
        .args([
            "-CFLAGS",
            "-std=c++20 -DVL_TIME_CONTEXT",
            "-MAKEFLAGS",
            "OPT_FAST=-O2",
        ])
        // The wheel leaves this empty, and without it a build of several files cannot find its precompiled header.
        .args(["-MAKEFLAGS", "CFG_CXXFLAGS_PCH_I=-include"])
        .arg("--Mdir")
        .arg(objects)
        .arg(LINT)
        .args(simulator.sources())
        .arg(objects.join("harness.cpp"));
    if simulator == Simulator::CosimTraced {
        command.arg("--trace");
    }
    let status = command
        .stdin(Stdio::null())
        .stdout(output)
        .stderr(errors)
        .status()
        .map_err(io("running", &verilator.path))?;
    if status.success() {
        return Ok(());
    }
    Err(Error::Design(synfire_hw::Error::ToolFailed {
        tool: Tool::Verilator.name().into(),
        status: status.to_string(),
        tail: tail(&log),
        log,
    }))
}

/// Hash of everything that the program is made of.
fn fingerprint(folder: &Path, simulator: Simulator, verilator: &Found) -> Result<String> {
    let mut hasher = Sha256::new();
    hasher.update(simulator.name());
    hasher.update(simulator.harness());
    hasher.update(format!("{:?} {}", verilator.version, verilator.path.display()));
    for source in simulator.sources().iter().chain([&LINT]) {
        let path = folder.join(source);
        hasher.update(std::fs::read(&path).map_err(io("reading", &path))?);
    }
    Ok(hex(&hasher.finalize()))
}
