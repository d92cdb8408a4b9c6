//! Error of this crate.

use crate::plan::Array;
use crate::plan::Shortage;
use std::path::PathBuf;
use synfire_golden_model::file::{FileError, IoError, LockError};

/// Error on the way from a plan to a bitstream on a board.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// A file could not be read.
    #[error(transparent)]
    File(#[from] FileError),
    /// No board has the given name.
    #[error("unknown board `{name}`: give one of {known}, or the path of a board file (.toml)")]
    UnknownBoard {
        /// Name that was given.
        name: String,
        /// Names of the built-in boards.
        known: String,
    },
    /// A board file cannot be used.
    #[error("board file {origin}: {reason}; see hw/boards for examples")]
    BoardFile {
        /// Path of the file, or name of the built-in board.
        origin: String,
        /// Fault, and how to correct it.
        reason: String,
    },
    /// The network does not fit the board with any choice of lanes.
    #[error(
        "network `{network}` does not fit {board}: it needs at least {} {}, {} of them for layer `{}`, but only {} are \
         available; {remedies}",
        .shortage.needed, .shortage.resource, .shortage.layer_needed, .shortage.layer, .shortage.available
    )]
    DoesNotFit {
        /// Name of the network.
        network: String,
        /// Name of the board.
        board: String,
        /// Resource that runs out, in the plan that needs the least of it.
        shortage: Box<Shortage>,
        /// Changes with which the network fits.
        remedies: String,
    },
    /// The user gave lanes that the generator cannot build.
    #[error("lanes {given:?}: the network has {layers} layers; give a number from 1 to {most} for each")]
    BadLanes {
        /// Lanes that were given.
        given: Vec<usize>,
        /// Number of layers of the network.
        layers: usize,
        /// Most lanes of a layer.
        most: usize,
    },
    /// The user gave an array that the layer cannot have.
    #[error("layer `{layer}`: an array of {given} cannot be built: {reason}")]
    BadArray {
        /// Name of the layer.
        layer: String,
        /// Array that was given.
        given: Array,
        /// What it can have.
        reason: String,
    },
    /// The user gave a number of lanes that pooling or an identity shortcut cannot have.
    #[error(
        "layer `{layer}`: {given} lanes cannot be built beside pooling or an identity shortcut, which have the lanes of their \
         sources: give {needed}"
    )]
    LanesOfOwnChannel {
        /// Name of the layer.
        layer: String,
        /// Lanes that were given.
        given: usize,
        /// Lanes that it needs.
        needed: usize,
    },
    /// The network exceeds a limit of the generator.
    #[error("layer `{layer}` is too large for the generator: {what}: {found}, but at most {limit}")]
    TooLarge {
        /// Name of the layer.
        layer: String,
        /// Quantity that exceeds the limit.
        what: &'static str,
        /// Value of the quantity.
        found: usize,
        /// Largest value that the generator supports.
        limit: usize,
    },
    /// rust-hdl or the check of the emitted Verilog rejects the design, which is a bug of the generator.
    #[error("the generated design is faulty: {report}; this is a bug in synfire, please report it")]
    Design {
        /// Fault that was found.
        report: String,
    },
    /// A tool is not installed.
    #[error(
        "{tool} not found: run `synfire tools --install`, or set {variable} to the path of version {wanted} or newer"
    )]
    ToolMissing {
        /// Name of the tool.
        tool: &'static str,
        /// Oldest version that works.
        wanted: String,
        /// Environment variable that holds the path of the tool.
        variable: &'static str,
    },
    /// The simulation models of Yosys are not in its data folder.
    #[error(
        "{yosys} comes without its simulation models {name}, which were looked for in {}: run `synfire tools --install`, \
         or set SYNFIRE_YOSYS to a Yosys that has its data folder",
        .shares.iter().map(|share| share.display().to_string()).collect::<Vec<_>>().join(" or ")
    )]
    CellsMissing {
        /// Path of the file, relative to the data folder.
        name: &'static str,
        /// Path of the Yosys that is used.
        yosys: PathBuf,
        /// Data folders that were searched.
        shares: Vec<PathBuf>,
    },
    /// A tool that `synfire tools --install` does not provide is not installed.
    #[error(
        "{tool} not found: install it (package {package} in Debian and Ubuntu), or set {variable} to its path"
    )]
    PackageMissing {
        /// Name of the tool.
        tool: &'static str,
        /// Name of the package in Debian.
        package: &'static str,
        /// Environment variable that holds the path of the tool.
        variable: &'static str,
    },
    /// An environment variable names a tool that does not exist.
    #[error(
        "{variable} names {path}, which is not a file: set it to {tool} {wanted} or newer, or unset it and run \
         `synfire tools --install`"
    )]
    ToolNamed {
        /// Name of the tool.
        tool: &'static str,
        /// Path that the variable holds.
        path: PathBuf,
        /// Oldest version that works.
        wanted: String,
        /// Environment variable that holds the path of the tool.
        variable: &'static str,
    },
    /// A tool is too old.
    #[error(
        "{tool} at {path} has version {found}, but synfire needs {wanted}: run `synfire tools --install`, or set \
         {variable} to a newer version"
    )]
    ToolTooOld {
        /// Name of the tool.
        tool: &'static str,
        /// Path of the tool.
        path: PathBuf,
        /// Version of the tool.
        found: String,
        /// Versions that work, and for which family.
        wanted: String,
        /// Environment variable that holds the path of the tool.
        variable: &'static str,
    },
    /// Python cannot be started.
    #[error(
        "{python} cannot be started ({source}): install Python 3 with its venv module, or set SYNFIRE_PYTHON to its path"
    )]
    PythonMissing {
        /// Program that was started.
        python: String,
        /// Error of the operating system.
        source: std::io::Error,
    },
    /// A tool does not print its version.
    #[error(
        "{tool} at {path} does not print its version (it prints: {output}); set {variable} to a tool that works"
    )]
    ToolVersion {
        /// Name of the tool.
        tool: &'static str,
        /// Path of the tool.
        path: PathBuf,
        /// First line of the tool's output.
        output: String,
        /// Environment variable that holds the path of the tool.
        variable: &'static str,
    },
    /// A tool failed.
    #[error("{tool} failed ({status}); the end of its log {log}:\n{tail}")]
    ToolFailed {
        /// Name of the tool.
        tool: String,
        /// Exit status of the tool.
        status: String,
        /// Path of the tool's log.
        log: PathBuf,
        /// Last lines of the log.
        tail: String,
    },
    /// The user stopped a tool before its end.
    #[error("{tool} was stopped")]
    Cancelled {
        /// Name of the tool.
        tool: &'static str,
    },
    /// A report is missing, damaged or incomplete.
    #[error(
        "report {path} of {tool} cannot be used: {reason}; run `synfire synth` again, or install the pinned tools with \
         `synfire tools --install`"
    )]
    Report {
        /// Path of the report.
        path: PathBuf,
        /// Name of the tool.
        tool: &'static str,
        /// Fault in the report.
        reason: String,
    },
    /// The router could not route the design.
    #[error(
        "nextpnr could not route any of {tries} placements of the design on {board}: use fewer lanes, or a larger board"
    )]
    NotRouted {
        /// Name of the board.
        board: String,
        /// Number of placements that were tried.
        tries: usize,
    },
    /// The design is too slow for the core's clock.
    #[error(
        "timing not met on {board}: the design reaches {reached_mhz:.2} MHz, but needs {wanted_mhz:.2} MHz, so no bitstream \
         was made. The slowest path is {path}. Use fewer lanes, try more placements (`synfire synth --tries`), or choose a \
         slower clock (`synfire hdl --clock`, or core_hz in the board file). `synfire report` shows the resources of the \
         design"
    )]
    TimingNotMet {
        /// Name of the board.
        board: String,
        /// Frequency that the design reaches, in MHz.
        reached_mhz: f64,
        /// Frequency of the core's clock, in MHz.
        wanted_mhz: f64,
        /// Description of the slowest path.
        path: String,
    },
    /// The core in the whole netlist differs from the core that was written out alone.
    #[error(
        "the core in netlist.json differs from core.json at cell `{cell}`: {reason}; this is a bug in synfire or Yosys, \
         please report it"
    )]
    CoreDiffers {
        /// Name of the first cell that differs.
        cell: String,
        /// How the cell differs.
        reason: String,
    },
    /// No tool turns bitstreams of the board's family back into Verilog.
    #[error(
        "the bitstream of {board} cannot be turned back into Verilog, because Project IceStorm does this only for iCE40: \
         use `synfire board --netlist`, which runs the netlist from which the bitstream is made"
    )]
    NotUnpacked {
        /// Name of the board.
        board: String,
    },
    /// A build has no bitstream that meets its clock.
    #[error("build folder {path} holds no bitstream that met its clock: run `synfire synth` first")]
    NoBitstream {
        /// Path of the build folder.
        path: PathBuf,
    },
    /// A bitstream is not the one of the report.
    #[error(
        "bitstream {path} is not the one that was synthesized (its SHA-256 is {found}, not {wanted}): run `synfire synth` \
         again"
    )]
    OtherBitstream {
        /// Path of the bitstream.
        path: PathBuf,
        /// SHA-256 of the file.
        found: String,
        /// SHA-256 in the report.
        wanted: String,
    },
    /// A folder is not a build folder, or is damaged.
    #[error("build folder {path}: {reason}; make it with `synfire hdl`")]
    BuildFolder {
        /// Path of the folder.
        path: PathBuf,
        /// Fault of the folder.
        reason: String,
    },
    /// A build folder holds files that this generator would not make.
    #[error(
        "build folder {}: {file} is not what {this} generates from the model, board and plan in the folder (it was made by \
         {by}), so nothing of it is simulated or synthesized; generate it again with `synfire hdl`", path.display()
    )]
    NotGenerated {
        /// Path of the folder.
        path: PathBuf,
        /// Name of the first file that differs.
        file: String,
        /// Program and version that made the folder, as it says.
        by: String,
        /// This program and its version.
        this: String,
    },
    /// A folder to write holds things of somebody else.
    #[error("cannot write into {}: {reason}; {remedy}", path.display())]
    OutputFolder {
        /// Path of the folder.
        path: PathBuf,
        /// What is there.
        reason: String,
        /// Instruction for the user.
        remedy: &'static str,
    },
    /// Another run uses a folder.
    #[error(transparent)]
    Locked(#[from] LockError),
    /// A file or process cannot be used.
    #[error(transparent)]
    Io(#[from] IoError),
    /// The board cannot be programmed.
    #[error(transparent)]
    Flash(#[from] crate::flash::FlashError),
    /// The model cannot be used.
    #[error(transparent)]
    Model(#[from] synfire_golden_model::Error),
}

/// Result of this crate.
pub type Result<T, E = Error> = std::result::Result<T, E>;
