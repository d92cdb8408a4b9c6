//! Errors of this crate.

use crate::plan::Shortage;
use std::path::PathBuf;

/// What can go wrong from a plan to a bitstream.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// No board of that name.
    #[error("unknown board `{name}`: the known boards are {known}; or give the path of a board file (.toml)")]
    UnknownBoard {
        /// The name asked for.
        name: String,
        /// The names there are.
        known: String,
    },
    /// A board file that cannot be used.
    #[error("board file {origin}: {reason}; see hw/boards for examples")]
    BoardFile {
        /// The file or built-in board.
        origin: String,
        /// What is wrong.
        reason: String,
    },
    /// The network does not fit the board, even at one lane a layer.
    #[error(
        "network `{network}` does not fit {board}: it needs at least {} {}, of {} available, {} of them for layer \
         `{}`; {remedies}",
        .shortage.needed, .shortage.resource, .shortage.available, .shortage.layer_needed, .shortage.layer
    )]
    DoesNotFit {
        /// The network.
        network: String,
        /// The board.
        board: String,
        /// What runs out, in the plan that needs the least of it.
        shortage: Box<Shortage>,
        /// What would fit.
        remedies: String,
    },
    /// Lanes given by the user that the generator cannot build.
    #[error("lanes {given:?}: the network has {layers} layers; give one number of 1..={most} for each")]
    BadLanes {
        /// What was given.
        given: Vec<usize>,
        /// Layers of the network.
        layers: usize,
        /// Most lanes of a layer.
        most: usize,
    },
    /// Lanes that a layer whose sources meet their own channel cannot have.
    #[error(
        "layer `{layer}`: {given} lanes are no power of two, as pooling and identity shortcuts want; give 1, 2, 4, … 64"
    )]
    LanesOfOwnChannel {
        /// The layer.
        layer: String,
        /// What was given.
        given: usize,
    },
    /// A network that the generator does not build.
    #[error("layer `{layer}`: {found} is more than the generator's {limit} ({what})")]
    TooLarge {
        /// The layer.
        layer: String,
        /// What is too large.
        what: &'static str,
        /// Its size.
        found: usize,
        /// The limit.
        limit: usize,
    },
    /// rust-hdl found the design faulty: a bug of the generator.
    #[error("rust-hdl refuses the design: {report}; this is a bug in synfire, please report it")]
    Design {
        /// rust-hdl's finding.
        report: String,
    },
    /// A tool is not there.
    #[error(
        "{tool} not found: synfire wants version {wanted} or newer; run `synfire tools --install`, or set {variable} to its path"
    )]
    ToolMissing {
        /// The tool.
        tool: &'static str,
        /// The oldest version that works.
        wanted: String,
        /// Environment variable that names it.
        variable: &'static str,
    },
    /// Yosys's simulation models of a family are not where its data should be.
    #[error(
        "{name}, the simulation models of {yosys}, is not in {}: run `synfire tools --install`, or set SYNFIRE_YOSYS to a \
         Yosys with its data folder",
        .shares.iter().map(|share| share.display().to_string()).collect::<Vec<_>>().join(" or ")
    )]
    CellsMissing {
        /// The file, from the data folder on.
        name: &'static str,
        /// The Yosys that is used.
        yosys: PathBuf,
        /// Where its data folder might be.
        shares: Vec<PathBuf>,
    },
    /// A tool that is not among the wheels is not there.
    #[error(
        "{tool} not found: install it (package {package} of Debian and Ubuntu), or set {variable} to its path"
    )]
    PackageMissing {
        /// The tool.
        tool: &'static str,
        /// Debian's package.
        package: &'static str,
        /// Environment variable that names it.
        variable: &'static str,
    },
    /// The environment names a tool that is not there.
    #[error(
        "{variable} names {path}, which is no file: {tool} {wanted} or newer is wanted; correct it, or unset it and \
         run `synfire tools --install`"
    )]
    ToolNamed {
        /// The tool.
        tool: &'static str,
        /// The path named.
        path: PathBuf,
        /// The oldest version that works.
        wanted: String,
        /// Environment variable that names it.
        variable: &'static str,
    },
    /// A tool is too old.
    #[error(
        "{tool} at {path} is version {found}; synfire wants {wanted}: run `synfire tools --install`, \
         or set {variable} to a newer one"
    )]
    ToolTooOld {
        /// The tool.
        tool: &'static str,
        /// Where it is.
        path: PathBuf,
        /// Its version.
        found: String,
        /// Which works, and for what.
        wanted: String,
        /// Environment variable that names it.
        variable: &'static str,
    },
    /// Python could not be started.
    #[error(
        "{python} cannot be started ({source}): install Python 3 with its venv module, or set SYNFIRE_PYTHON to \
         one"
    )]
    PythonMissing {
        /// The program.
        python: String,
        /// Why it did not start.
        source: std::io::Error,
    },
    /// A tool's version could not be found out.
    #[error("{tool} at {path} does not tell its version ({output}); set {variable} to a working one")]
    ToolVersion {
        /// The tool.
        tool: &'static str,
        /// Where it is.
        path: PathBuf,
        /// What it printed.
        output: String,
        /// Environment variable that names it.
        variable: &'static str,
    },
    /// A tool failed.
    #[error("{tool} failed ({status}); the end of its log {log}:\n{tail}")]
    ToolFailed {
        /// The tool.
        tool: String,
        /// Exit status.
        status: String,
        /// The whole log.
        log: PathBuf,
        /// Its last lines.
        tail: String,
    },
    /// A tool was stopped before its end.
    #[error("{tool} was stopped")]
    Cancelled {
        /// The tool.
        tool: &'static str,
    },
    /// A tool's report that lacks what it should say.
    #[error("report {path} of {tool}: {reason}; the tool may be a version that synfire does not know")]
    Report {
        /// The report.
        path: PathBuf,
        /// The tool.
        tool: &'static str,
        /// What is missing.
        reason: String,
    },
    /// The router found no way.
    #[error(
        "nextpnr cannot route the design on {board}, in {tries} placements; use fewer lanes, or a larger board"
    )]
    NotRouted {
        /// The board.
        board: String,
        /// Placements tried.
        tries: usize,
    },
    /// The design is too slow for the board's clock.
    #[error(
        "timing not met on {board}: {reached_mhz:.2} MHz reached, {wanted_mhz:.2} MHz wanted; no bitstream was \
         made. The slowest path is {path}. Use fewer lanes, more placements (`synfire synth --tries`), or a slower \
         clock: `synfire hdl --clock`, or core_hz in the board file; `synfire report` shows what the design takes"
    )]
    TimingNotMet {
        /// The board.
        board: String,
        /// Frequency reached.
        reached_mhz: f64,
        /// Frequency wanted.
        wanted_mhz: f64,
        /// The slowest path in words.
        path: String,
    },
    /// The core in the whole netlist is not the one that was written out.
    #[error(
        "the core in netlist.json is not that of core.json: cell `{cell}`: {reason}; this is a bug in synfire or Yosys, please report it"
    )]
    CoreDiffers {
        /// The cell.
        cell: String,
        /// What is different.
        reason: String,
    },
    /// The bitstream of a family that no tool turns back into Verilog.
    #[error(
        "board {board}: its bitstream cannot be turned back into Verilog, which Project IceStorm does for iCE40 alone; \
         `synfire board --netlist` runs the netlist that the bitstream is made of"
    )]
    NotUnpacked {
        /// The board.
        board: String,
    },
    /// A build folder that is not one, or is damaged.
    #[error("build folder {path}: {reason}; make it with `synfire hdl`")]
    BuildFolder {
        /// The folder.
        path: PathBuf,
        /// What is wrong.
        reason: String,
    },
    /// A file or process could not be used.
    #[error("{action} {path}: {source}")]
    Io {
        /// What was tried.
        action: &'static str,
        /// On which path.
        path: PathBuf,
        /// Why it failed.
        source: std::io::Error,
    },
    /// A board is not programmed.
    #[error(transparent)]
    Flash(#[from] crate::flash::FlashError),
    /// The model could not be used.
    #[error(transparent)]
    Model(#[from] synfire_golden_model::Error),
}

/// Result of this crate.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// Says which action on which path an I/O error comes from.
pub(crate) fn io(action: &'static str, path: impl Into<PathBuf>) -> impl FnOnce(std::io::Error) -> Error {
    move |source| Error::Io {
        action,
        path: path.into(),
        source,
    }
}
