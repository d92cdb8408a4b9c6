//! Speed of a design: cycles per inference, as measured or as expected.

use super::nextpnr::read_json;
use crate::build::Build;
use crate::error::{Error, Result};
use crate::work::Work;
use serde::{Deserialize, Serialize};
use synfire_golden_model::file::write_atomically;

/// File in a build folder that keeps the cycles that co-simulation measured.
pub const MEASURED: &str = "cosim.json";

/// Mean speed of a design at core speed, without the link.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Speed {
    /// Cycles per inference.
    pub cycles: f64,
    /// Whether co-simulation measured the cycles; otherwise they are those that the plan expects.
    pub measured: bool,
    /// Inferences per second at the core's clock.
    pub inferences_per_second: f64,
    /// Inferences that were measured, and the work of each layer in all of them.
    pub images: usize,
    /// Empty without a measurement.
    pub work: Vec<Work>,
}

#[derive(Serialize, Deserialize)]
struct Measured {
    design_hash: String,
    images: usize,
    cycles: f64,
    #[serde(default)]
    work: Vec<Work>,
}

impl Speed {
    /// Speed of a build: as co-simulation last measured this design, or else as the plan expects it.
    ///
    /// # Errors
    /// [`Error::Report`] for a measurement that is damaged.
    pub fn of(build: &Build) -> Result<Self> {
        let manifest = &build.manifest;
        let path = build.folder.join(MEASURED);
        let measured = if path.is_file() {
            let measured: Measured = read_json(&path, "synfire")?;
            // A measurement of another design in this folder says nothing about this one.
            Some(measured).filter(|measured| measured.design_hash == manifest.design_hash)
        } else {
            None
        };
        let is_measured = measured.is_some();
        let Measured {
            images, cycles, work, ..
        } = measured.unwrap_or_else(|| Measured {
            design_hash: String::new(),
            images: 0,
            cycles: manifest.plan.expected_cycles(manifest.steps),
            work: Vec::new(),
        });
        Ok(Self {
            cycles,
            measured: is_measured,
            inferences_per_second: f64::from(manifest.board.core_hz()) / cycles,
            images,
            work,
        })
    }
}

/// Records in the build folder that inferences took `cycles` cycles, averaged over `images` images, and what work the layers did
/// in all of them.
///
/// # Errors
/// [`Error::Report`], [`Error::Io`].
pub fn keep_measured(build: &Build, images: usize, cycles: f64, work: &[Work]) -> Result<()> {
    let path = build.folder.join(MEASURED);
    let measured = Measured {
        design_hash: build.manifest.design_hash.clone(),
        images,
        cycles,
        work: work.to_vec(),
    };
    let text = serde_json::to_string_pretty(&measured).map_err(|error| Error::Report {
        path: path.clone(),
        tool: "synfire",
        reason: error.to_string(),
    })?;
    Ok(write_atomically(&path, &text)?)
}
