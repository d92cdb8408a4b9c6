//! Report of synthesis, placement and routing.

use super::flow::Flow;
use super::nextpnr::read_json;
use super::path::CriticalPath;
use crate::build::Build;
use crate::build::files::MAX_FILE_BYTES;
pub use crate::build::files::REPORT;
use crate::error::{Error, Result};
use serde::{Deserialize, Serialize};
use std::path::{Path, PathBuf};
use synfire_golden_model::file::{read_bytes, sha256, write_atomically};

/// Report of a design on a board.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Report {
    /// Name of the board.
    pub board: String,
    /// SHA-256 of the design that was synthesized, in hex.
    pub design_hash: String,
    /// SHA-256 of the netlist that was placed and routed, in hex.
    pub netlist: String,
    /// Resources used and available.
    pub utilization: Vec<Utilization>,
    /// Highest frequency after routing, in MHz.
    pub fmax_mhz: f64,
    /// Frequency of the core's clock, in MHz.
    pub clock_mhz: f64,
    /// Slowest path, if nextpnr reports it.
    pub critical_path: Option<CriticalPath>,
    /// Bitstream; none if the design misses its clock.
    pub bitstream: Option<Bitstream>,
    /// Seed of the placement.
    pub seed: u32,
    /// Version of Yosys.
    pub yosys: String,
    /// Version of nextpnr.
    pub nextpnr: String,
    /// Seconds that synthesis took.
    pub synthesis_seconds: f64,
    /// Seconds that placement and routing took.
    pub place_and_route_seconds: f64,
}

/// Bitstream of a design that meets its clock.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Bitstream {
    /// File name of the bitstream in the build folder.
    pub file: PathBuf,
    /// SHA-256 of the bitstream, in hex.
    pub sha256: String,
}

/// Use of one resource of the device.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Utilization {
    /// Name of the resource.
    pub resource: String,
    /// Amount that the design uses.
    pub used: usize,
    /// Amount that the device has.
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
        Ok(write_atomically(path, &text)?)
    }

    /// Reads a report.
    ///
    /// # Errors
    /// [`Error::Report`] if the file is missing, damaged, or holds control characters.
    pub fn read(path: &Path) -> Result<Self> {
        let report: Self = read_json(path, "synfire")?;
        // Its texts are printed, and may be somebody else's.
        let is_plain = serde_json::to_string(&report)
            .is_ok_and(|text| !text.contains("\\u00") && !text.contains(char::is_control));
        if is_plain {
            return Ok(report);
        }
        Err(Error::Report {
            path: path.into(),
            tool: "synfire",
            reason: "it holds control characters".into(),
        })
    }

    /// Report of a build; none if the build has not been synthesized.
    ///
    /// # Errors
    /// [`Error::Report`] if the report is damaged, or belongs to another design.
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
                    "it belongs to design {}, but the folder holds design {}",
                    report.design_hash, build.manifest.design_hash
                ),
            });
        }
        Ok(Some(report))
    }

    /// Bitstream of a build: its file, whose content has the hash that the report names, and that hash. The file is the one
    /// that the board's packer makes, whatever else a report of somebody else may name.
    ///
    /// # Errors
    /// [`Error::NoBitstream`], [`Error::OtherBitstream`], [`Error::File`], and those of [`Report::of`].
    pub fn bitstream_of(build: &Build) -> Result<Bitstream> {
        let bitstream = Self::of(build)?.and_then(|report| report.bitstream);
        let bitstream = bitstream.ok_or_else(|| Error::NoBitstream {
            path: build.folder.clone(),
        })?;
        let made = Path::new(Flow::of(&build.manifest.board).bitstream);
        if bitstream.file != made {
            return Err(Error::Report {
                path: build.folder.join(REPORT),
                tool: "synfire",
                reason: format!(
                    "it names {} as the bitstream, which is {} on this board",
                    bitstream.file.display(),
                    made.display()
                ),
            });
        }
        let path = build.folder.join(made);
        let found = sha256(&read_bytes(&path, MAX_FILE_BYTES)?);
        if found == bitstream.sha256 {
            return Ok(bitstream);
        }
        Err(Error::OtherBitstream {
            path,
            found,
            wanted: bitstream.sha256,
        })
    }

    /// Use of the resource of this name.
    #[must_use]
    pub fn used(&self, resource: &str) -> Option<&Utilization> {
        self.utilization.iter().find(|row| row.resource == resource)
    }
}
