//! How long an inference takes on a board: its clocks, and how they are known.

use super::nextpnr::read_json;
use crate::build::{Build, write_atomically};
use crate::error::{Error, Result};
use serde::{Deserialize, Serialize};

/// File in a build folder that keeps what co-simulation measured.
pub const MEASURED: &str = "cosim.json";

/// Clocks of an inference at core speed, on average.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Speed {
    /// The clocks.
    pub cycles: f64,
    /// Whether co-simulation counted them; the plan expects them otherwise.
    pub measured: bool,
    /// Inferences a second at the core's clock.
    pub inferences_per_second: f64,
}

#[derive(Serialize, Deserialize)]
struct Measured {
    design_hash: String,
    images: usize,
    cycles: f64,
}

impl Speed {
    /// The speed of a build: as co-simulation last measured this design, or else as its plan expects it.
    ///
    /// # Errors
    /// [`Error::Report`] for a measurement that is damaged.
    pub fn of(build: &Build) -> Result<Self> {
        let manifest = &build.manifest;
        let path = build.folder.join(MEASURED);
        let measured = if path.is_file() {
            let measured: Measured = read_json(&path, "synfire")?;
            // What another design in this folder took says nothing about this one.
            Some(measured.cycles).filter(|_| measured.design_hash == manifest.design_hash)
        } else {
            None
        };
        let cycles = measured.unwrap_or_else(|| manifest.plan.expected_cycles(manifest.steps));
        Ok(Self {
            cycles,
            measured: measured.is_some(),
            inferences_per_second: f64::from(manifest.board.core_hz()) / cycles,
        })
    }
}

/// Keeps in its folder that a build's inferences took `cycles` clocks, on average over `images`.
///
/// # Errors
/// [`Error::Report`], [`Error::Io`].
pub fn keep_measured(build: &Build, images: usize, cycles: f64) -> Result<()> {
    let path = build.folder.join(MEASURED);
    let measured = Measured {
        design_hash: build.manifest.design_hash.clone(),
        images,
        cycles,
    };
    let text = serde_json::to_string_pretty(&measured).map_err(|error| Error::Report {
        path: path.clone(),
        tool: "synfire",
        reason: error.to_string(),
    })?;
    write_atomically(&path, &text)
}
