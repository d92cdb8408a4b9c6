//! External tools: where they are, and whether they are new enough.
//!
//! A tool is looked for in this order:
//!
//! 1. the path that its environment variable names,
//! 2. the virtual environment that `SYNFIRE_VENV` names, or else the `.venv` of `synfire tools --install` in the current
//!    folder or a folder above it,
//! 3. the folders of `PATH`.
//!
//! The first program that is found must be new enough.

mod search;
mod version;

pub use search::virtual_environment;
pub use version::Version;

use crate::board::Family;
use std::path::PathBuf;
use std::process::Command;

/// Pinned Python packages of the tools, in pip's requirements format.
pub const REQUIREMENTS: &str = include_str!("../requirements.txt");

/// File that marks a virtual environment whose installation succeeded; it holds the hash of the requirements.
pub(crate) const STAMP: &str = "synfire-tools.sha256";

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
    /// Unpacker for iCE40 bitstreams.
    Iceunpack,
    /// Converter from unpacked iCE40 bitstreams to Verilog.
    IceboxVlog,
    /// Verilator.
    Verilator,
}

/// Tool that was found.
#[derive(Clone, Debug)]
pub struct Found {
    /// Which tool it is.
    pub tool: Tool,
    /// Path of the program.
    pub path: PathBuf,
    /// Version of the tool; packers have none of their own.
    pub version: Option<Version>,
    /// Root of Verilator's own files, if the program needs it named.
    pub root: Option<PathBuf>,
}

impl Found {
    /// Makes a command that runs the tool.
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

    /// Name of the tool.
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

    /// Environment variable that holds the path of the tool.
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

    /// Oldest version that works for designs of an FPGA family; none for packers.
    #[must_use]
    pub fn wanted_for(self, family: Family) -> Option<Version> {
        match (self, family) {
            // Yosys 0.62 ties the write enables of the encoder's table to 0; 0.70 is known to be right.
            (Self::Yosys, Family::Gowin) => Some(Version(vec![0, 70])),
            _ => self.wanted(),
        }
    }

    /// Oldest version that works for at least one FPGA family; none for packers.
    #[must_use]
    pub fn wanted(self) -> Option<Version> {
        match self {
            Self::Yosys => Some(Version(vec![0, 50])),
            Self::NextpnrIce40 | Self::NextpnrEcp5 => Some(Version(vec![0, 7])),
            // The first version whose bit database is that of the packer's release.
            Self::NextpnrGowin => Some(Version(vec![0, 8])),
            Self::Verilator => Some(Version(vec![5, 20])),
            Self::Icepack | Self::Ecppack | Self::GowinPack | Self::Iceunpack | Self::IceboxVlog => None,
        }
    }

    /// Names that the program may have in a folder of programs.
    fn programs(self) -> Vec<String> {
        // The wheels' programs carry a prefix.
        vec![format!("yowasp-{}", self.name()), self.name().to_owned()]
    }

    /// Whether synfire can work without the tool: it then leaves out the tool's step, and says so.
    #[must_use]
    pub const fn is_optional(self) -> bool {
        matches!(self, Self::IceboxVlog)
    }
}

#[cfg(test)]
mod tests;
