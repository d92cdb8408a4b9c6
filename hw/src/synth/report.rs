//! What synthesis, placing and routing came to.

use crate::build::write_atomically;
use crate::error::{Error, Result};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// Cells by name: used and available.
pub type Cells = BTreeMap<String, (usize, usize)>;

/// A board's report.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Report {
    /// The board.
    pub board: String,
    /// Resources used and available.
    pub utilization: Vec<Utilization>,
    /// Highest frequency after routing.
    pub fmax_mhz: f64,
    /// The board's clock.
    pub clock_mhz: f64,
    /// The slowest path in words.
    pub critical_path: String,
    /// The bitstream, in the build folder.
    pub bitstream: PathBuf,
    /// Version of Yosys.
    pub yosys: String,
    /// Version of nextpnr.
    pub nextpnr: String,
    /// Seconds that synthesis took.
    pub synthesis_seconds: f64,
    /// Seconds that placing and routing took.
    pub place_and_route_seconds: f64,
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
}

/// nextpnr's report.
#[derive(Clone, Debug)]
pub struct Routed {
    /// Cells used and available.
    pub cells: Cells,
    /// Frequency of the slowest clock.
    pub fmax_mhz: f64,
    /// Its slowest path in words.
    pub critical_path: String,
}

#[derive(Deserialize)]
struct RawReport {
    utilization: BTreeMap<String, RawUtilization>,
    fmax: BTreeMap<String, RawFrequency>,
    #[serde(default)]
    critical_paths: Vec<RawPath>,
}

#[derive(Deserialize)]
struct RawUtilization {
    used: usize,
    available: usize,
}

#[derive(Deserialize)]
struct RawFrequency {
    achieved: f64,
}

#[derive(Deserialize)]
struct RawPath {
    from: String,
    to: String,
    path: Vec<RawHop>,
}

#[derive(Deserialize)]
struct RawHop {
    delay: f64,
    from: RawEnd,
    to: RawEnd,
    #[serde(rename = "type")]
    kind: String,
}

#[derive(Deserialize)]
struct RawEnd {
    cell: String,
}

/// Cells of a netlist that Yosys wrote as JSON, counted by type.
///
/// # Errors
/// [`Error::Report`] if it is not there, damaged, or lacks the module.
pub fn count_cells(path: &Path, module: &str) -> Result<BTreeMap<String, usize>> {
    let mut netlist: RawNetlist = read_json(path, "yosys")?;
    let Some(module) = netlist.modules.remove(module) else {
        let reason = format!("it has no module `{module}`");
        return Err(Error::Report {
            path: path.into(),
            tool: "yosys",
            reason,
        });
    };
    let mut counts = BTreeMap::new();
    for cell in module.cells.into_values() {
        *counts.entry(cell.kind).or_insert(0) += 1;
    }
    Ok(counts)
}

#[derive(Deserialize)]
struct RawNetlist {
    modules: BTreeMap<String, RawModule>,
}

#[derive(Deserialize)]
struct RawModule {
    #[serde(default)]
    cells: BTreeMap<String, RawCell>,
}

#[derive(Deserialize)]
struct RawCell {
    #[serde(rename = "type")]
    kind: String,
}

/// Reads nextpnr's report.
///
/// # Errors
/// [`Error::Report`] if it is not there, damaged, or names no clock.
pub fn read_nextpnr(path: &Path, tool: &'static str) -> Result<Routed> {
    let raw: RawReport = read_json(path, tool)?;
    let Some(fmax_mhz) = raw.fmax.values().map(|clock| clock.achieved).reduce(f64::min) else {
        return Err(Error::Report {
            path: path.into(),
            tool,
            reason: "it names no clock".into(),
        });
    };
    let cells = raw
        .utilization
        .into_iter()
        .map(|(name, cell)| (name, (cell.used, cell.available)))
        .collect();
    let critical_path = raw
        .critical_paths
        .iter()
        .find(|path| path.from.starts_with("posedge") && path.to.starts_with("posedge"))
        .map_or_else(|| "not reported".into(), describe);
    Ok(Routed {
        cells,
        fmax_mhz,
        critical_path,
    })
}

/// A path in words: from where to where, its delay, and how much of it is routing.
fn describe(path: &RawPath) -> String {
    let total: f64 = path.path.iter().map(|hop| hop.delay).sum();
    let routing: f64 = path
        .path
        .iter()
        .filter(|hop| hop.kind == "routing")
        .map(|hop| hop.delay)
        .sum();
    let levels = path.path.iter().filter(|hop| hop.kind == "logic").count();
    let from = path.path.first().map_or("?", |hop| block_of(&hop.from.cell));
    let to = path.path.last().map_or("?", |hop| block_of(&hop.to.cell));
    format!("{from} to {to}: {total:.1} ns, {routing:.1} ns of it routing, through {levels} levels of logic")
}

/// The block that a cell lies in: its name without the synthesis tool's suffixes.
fn block_of(cell: &str) -> &str {
    let cell = cell.strip_prefix("accelerator.").unwrap_or(cell);
    let end = [
        "_SB_", "_LUT4", "_TRELLIS", "_DFFLC", "_LC", "_PFUMX", "_L6MUX", "_CCU2C", "_DP16KD",
    ]
    .iter()
    .filter_map(|suffix| cell.find(suffix))
    .min()
    .unwrap_or(cell.len());
    &cell[..end]
}

fn read_json<T: serde::de::DeserializeOwned>(path: &Path, tool: &'static str) -> Result<T> {
    let wrong = |reason: String| Error::Report {
        path: path.into(),
        tool,
        reason,
    };
    let text = std::fs::read_to_string(path).map_err(|error| wrong(error.to_string()))?;
    serde_json::from_str(&text).map_err(|error| wrong(error.to_string()))
}
