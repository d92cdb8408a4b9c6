//! Reports of nextpnr and Yosys about a design.

use super::path::{CriticalPath, block, place};
use crate::build::files::MAX_FILE_BYTES;
use crate::error::{Error, Result};
use serde::Deserialize;
use std::collections::BTreeMap;
use std::path::Path;
use synfire_golden_model::file::{MAX_TEXT_BYTES, read_text};

/// Number of cells used and available, by kind.
pub type Cells = BTreeMap<String, (usize, usize)>;

/// Result of placement and routing, from nextpnr's report.
#[derive(Clone, Debug)]
pub struct Routed {
    /// Number of cells used and available, by kind.
    pub cells: Cells,
    /// Highest frequency of the slowest clock, in MHz.
    pub fmax_mhz: f64,
    /// Slowest path of a clock, if the report has one.
    pub critical_path: Option<CriticalPath>,
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

/// Reads nextpnr's report.
///
/// # Errors
/// [`Error::Report`] if the file is missing or damaged, or names no clock.
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
    // Paths between two edges of a clock run from register to register; other paths come from pins or go to pins.
    let between_registers =
        |path: &&RawPath| path.from.starts_with("posedge") && path.to.starts_with("posedge");
    let length = |path: &RawPath| path.path.iter().map(|hop| hop.delay).sum::<f64>();
    let paths = raw.critical_paths.iter().filter(between_registers);
    let slowest = paths.max_by(|a, b| length(a).total_cmp(&length(b)));
    Ok(Routed {
        cells,
        fmax_mhz,
        critical_path: slowest.and_then(describe),
    })
}

fn describe(path: &RawPath) -> Option<CriticalPath> {
    let from = place(&path.path.first()?.from.cell);
    let to = place(&path.path.last()?.to.cell);
    let (routing, logic): (Vec<&RawHop>, Vec<&RawHop>) =
        path.path.iter().partition(|hop| hop.kind == "routing");
    let sum = |hops: &[&RawHop]| hops.iter().map(|hop| hop.delay).sum();
    let levels = || logic.iter().filter(|hop| hop.kind == "logic");
    let mut through: Vec<String> = Vec::new();
    // Cells that the tools add, such as those from a carry to a LUT, have no place in the design.
    for hop in levels().filter(|hop| !hop.from.cell.starts_with('$')) {
        let passed = block(place(&hop.from.cell));
        if ![block(from), block(to)].contains(&passed) && !through.iter().any(|known| known == passed) {
            through.push(passed.to_owned());
        }
    }
    Some(CriticalPath {
        from: from.to_owned(),
        to: to.to_owned(),
        through,
        logic_ns: sum(&logic),
        routing_ns: sum(&routing),
        levels: levels().count(),
    })
}

/// Counts the cells of a module by kind, in a netlist that Yosys wrote as JSON.
///
/// # Errors
/// [`Error::Report`] if the file is missing or damaged, or lacks the module.
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

/// Reads a JSON file that `tool` wrote.
pub(super) fn read_json<T: serde::de::DeserializeOwned>(path: &Path, tool: &'static str) -> Result<T> {
    let wrong = |reason: String| Error::Report {
        path: path.into(),
        tool,
        reason,
    };
    let limit = match tool {
        "synfire" => MAX_TEXT_BYTES,
        _ => MAX_FILE_BYTES,
    };
    let text = read_text(path, limit).map_err(|error| wrong(error.to_string()))?;
    serde_json::from_str(&text).map_err(|error| wrong(error.to_string()))
}
