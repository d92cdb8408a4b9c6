//! Checks: which forms of a build have been compared with the golden model.
//!
//! A design passes through several forms on its way to the board. A check names the form and the hash of the file that was
//! simulated, so a check of one netlist says nothing about another netlist. Checks are kept under a [`seal`]: those in a folder
//! of somebody else are claims, and do not count.

use super::report::Report;
use crate::build::Build;
use crate::error::Result;
use crate::seal;
use serde::{Deserialize, Serialize};
use std::fmt;

/// File in a build folder that keeps the checks.
pub const CHECKS: &str = "checks.json";

/// Form of a design.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Form {
    /// Verilog as emitted.
    Emitted,
    /// Verilog as Yosys elaborates it.
    Elaborated,
    /// Netlist that nextpnr reads, simulated with models of the vendor's cells.
    Netlist,
    /// Bitstream, unpacked to Verilog.
    Bitstream,
}

impl fmt::Display for Form {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Emitted => "emitted Verilog",
            Self::Elaborated => "Verilog as Yosys elaborates it",
            Self::Netlist => "netlist",
            Self::Bitstream => "bitstream",
        })
    }
}

/// Interface through which a design was driven and observed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Through {
    /// Ports of the core: they show every spike, potential and counter.
    Ports,
    /// Pins of the board, driven by the host over the serial line: they show every potential.
    Pins,
}

/// Comparison with the golden model that found no difference.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Check {
    /// Form that was simulated.
    pub form: Form,
    /// SHA-256 of the file that was simulated, or that it was made from (`netlist.json` for a netlist), in hex.
    pub sha256: String,
    /// Interface through which the design was driven and observed.
    pub through: Through,
    /// Number of inferences compared.
    pub inferences: usize,
    /// Number of hidden layers' spikes compared; 0 through pins.
    pub spikes: u64,
    /// Number of output potentials compared.
    pub potentials: u64,
}

#[derive(Default, Serialize, Deserialize)]
struct Checks {
    checks: Vec<Check>,
}

/// Reads all checks that this user made of a build, including those of earlier designs in its folder.
#[must_use]
pub fn read(build: &Build) -> Vec<Check> {
    let checks: Option<Checks> = seal::read(&build.folder.join(CHECKS));
    checks.unwrap_or_default().checks
}

/// Records a check in the build folder. It replaces an earlier check of the same form, file and interface.
///
/// # Errors
/// [`crate::Error::Report`], [`crate::Error::Io`].
pub fn keep(build: &Build, check: Check) -> Result<()> {
    let mut checks = read(build);
    checks.retain(|old| (old.form, old.through) != (check.form, check.through) || old.sha256 != check.sha256);
    checks.push(check);
    seal::write(&build.folder.join(CHECKS), &Checks { checks })
}

/// Checks that apply to a report: those of its netlist and of its bitstream.
#[must_use]
pub fn of_report(build: &Build, report: &Report) -> Vec<Check> {
    let bitstream = report
        .bitstream
        .as_ref()
        .map(|bitstream| bitstream.sha256.as_str());
    let checks = read(build).into_iter();
    checks
        .filter(|check| match check.form {
            Form::Netlist => check.sha256 == report.netlist,
            Form::Bitstream => Some(check.sha256.as_str()) == bitstream,
            Form::Emitted | Form::Elaborated => false,
        })
        .collect()
}

/// Summary of a report's checks in one line: *checked* with what was compared, or *not checked* with the remedy.
#[must_use]
pub fn describe(checks: &[Check]) -> String {
    if checks.is_empty() {
        return "not checked: `synfire cosim BUILD --netlist` compares the netlist with the golden model"
            .into();
    }
    let texts: Vec<String> = checks.iter().map(ToString::to_string).collect();
    format!("checked: {}", texts.join("; "))
}

impl fmt::Display for Check {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            form,
            inferences,
            spikes,
            potentials,
            ..
        } = self;
        let many = if *inferences == 1 { "" } else { "s" };
        match self.through {
            Through::Ports => write!(
                f,
                "{form} by {inferences} inference{many} ({spikes} spikes, {potentials} potentials)"
            ),
            Through::Pins => write!(
                f,
                "{form} through its pins by {inferences} inference{many} ({potentials} potentials)"
            ),
        }
    }
}
