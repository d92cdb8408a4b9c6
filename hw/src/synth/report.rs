//! What synthesis, placing and routing came to.

use super::nextpnr::read_json;
use super::path::CriticalPath;
use crate::build::{Build, write_atomically};
use crate::error::{Error, Result};
use serde::{Deserialize, Serialize};
use std::path::{Path, PathBuf};

/// The report's file name in a build folder.
pub const REPORT: &str = "report.json";

/// A board's report.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Report {
    /// The board.
    pub board: String,
    /// SHA-256 of the design that was synthesized, in hex.
    pub design_hash: String,
    /// SHA-256 of the netlist that was placed and routed, in hex.
    pub netlist: String,
    /// Resources used and available.
    pub utilization: Vec<Utilization>,
    /// Highest frequency after routing.
    pub fmax_mhz: f64,
    /// The core's clock.
    pub clock_mhz: f64,
    /// The slowest path.
    pub critical_path: Option<CriticalPath>,
    /// The bitstream; none of a design that misses its clock.
    pub bitstream: Option<Bitstream>,
    /// Seed of the placement.
    pub seed: u32,
    /// Version of Yosys.
    pub yosys: String,
    /// Version of nextpnr.
    pub nextpnr: String,
    /// Seconds that synthesis took.
    pub synthesis_seconds: f64,
    /// Seconds that placing and routing took.
    pub place_and_route_seconds: f64,
}

/// A bitstream that meets its clock.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Bitstream {
    /// Its file, in the build folder.
    pub file: PathBuf,
    /// Its SHA-256, in hex.
    pub sha256: String,
}

/// A resource used and available.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Utilization {
    /// The resource.
    pub resource: String,
    /// How much is used.
    pub used: usize,
    /// How much there is.
    pub available: usize,
}

impl Report {
    /// Writes the report as JSON.
    ///
    /// # Errors
    /// [`Error::Io`].
    pub fn write(&self, path: &Path) -> Result<()> {
        let text = serde_json::to_string_pretty(self).map_err(|error| Error::Report {
            path: path.into(),
            tool: "synfire",
            reason: error.to_string(),
        })?;
        write_atomically(path, &text)
    }

    /// Reads a report.
    ///
    /// # Errors
    /// [`Error::Report`] if it is not there or damaged.
    pub fn read(path: &Path) -> Result<Self> {
        read_json(path, "synfire")
    }

    /// The report of a build; none if it has not been synthesized.
    ///
    /// # Errors
    /// [`Error::Report`] if it is damaged or of another design.
    pub fn of(build: &Build) -> Result<Option<Self>> {
        let path = build.folder.join(REPORT);
        if !path.is_file() {
            return Ok(None);
        }
        let report = Self::read(&path)?;
        if report.design_hash != build.manifest.design_hash {
            return Err(Error::Report {
                path,
                tool: "synfire",
                reason: format!(
                    "it is of design {}, the folder holds {}",
                    report.design_hash, build.manifest.design_hash
                ),
            });
        }
        Ok(Some(report))
    }

    /// How much of a resource is used.
    #[must_use]
    pub fn used(&self, resource: &str) -> Option<&Utilization> {
        self.utilization.iter().find(|row| row.resource == resource)
    }
}
