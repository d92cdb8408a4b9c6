//! Installation of the tools into a virtual environment of Python.

use crate::error::{Error, Result};
use crate::folder::is_vacant;
use crate::process::run_to_end;
use crate::tool::{REQUIREMENTS, STAMP, Tool};
use std::path::Path;
use std::process::Command;
use synfire_golden_model::file::{IoError, io, sha256, write_atomically};

/// Log of Python while it makes an environment; the first file there.
const VENV_LOG: &str = "venv.log";

/// Whether the environment at `venv` has the tools that this version of synfire pins.
#[must_use]
pub fn is_current(venv: &Path) -> bool {
    std::fs::read_to_string(venv.join(STAMP)).is_ok_and(|stamp| stamp.trim() == fingerprint())
}

/// Installs the pinned tools into the environment at `venv`, which it makes if needed; does nothing if they are already
/// installed. `progress` is called with the name of each step.
///
/// The WebAssembly tools compile themselves in their first run. The installation does this run, so later runs start at
/// once.
///
/// # Errors
/// [`Error::ToolFailed`] with the end of pip's log, [`Error::PythonMissing`] if Python cannot be started,
/// [`Error::OutputFolder`] if the folder holds other things than an environment.
pub fn install(venv: &Path, progress: &mut dyn FnMut(&str)) -> Result<()> {
    if is_current(venv) {
        return Ok(());
    }
    let is_ours = |name: &str| venv.join(name).is_file();
    if !is_vacant(venv)? && !is_ours("pyvenv.cfg") && !is_ours(VENV_LOG) {
        return Err(Error::OutputFolder {
            path: venv.into(),
            reason: "it holds files, but no virtual environment of Python".into(),
            remedy: "give the path of a new or empty folder, or of a virtual environment",
        });
    }
    progress("creating a virtual environment");
    make_environment(venv)?;
    progress("installing wheels");
    let requirements = venv.join("synfire-requirements.txt");
    write_atomically(&requirements, REQUIREMENTS)?;
    run_to_end(
        &mut install_wheels(&venv.join("bin/python"), &requirements),
        "pip install",
        &venv.join("pip.log"),
    )?;
    for tool in [
        Tool::Yosys,
        Tool::NextpnrIce40,
        Tool::NextpnrEcp5,
        Tool::NextpnrGowin,
    ] {
        progress(&format!("preparing {}", tool.name()));
        let program = venv.join("bin").join(format!("yowasp-{}", tool.name()));
        run_to_end(
            Command::new(program).arg("--version"),
            tool.name(),
            &venv.join("prepare.log"),
        )?;
    }
    Ok(write_atomically(&venv.join(STAMP), &fingerprint())?)
}

/// Makes a virtual environment, or repairs one that is half-made, for instance by a Python without pip.
fn make_environment(venv: &Path) -> Result<()> {
    let python = std::env::var("SYNFIRE_PYTHON").unwrap_or_else(|_| "python3".into());
    std::fs::create_dir_all(venv).map_err(io("creating folder", venv))?;
    run_to_end(
        Command::new(&python).args(["-m", "venv"]).arg(venv),
        "python3 -m venv",
        &venv.join(VENV_LOG),
    )
    .map_err(|error| match error {
        Error::Io(IoError {
            action: "running",
            source,
            ..
        }) => Error::PythonMissing { python, source },
        other => other,
    })
}

/// The command by which the Python of an environment installs the wheels of a file of requirements.
///
/// pip installs a file only if its hash is listed, and refuses a requirement without a hash. It installs wheels alone:
/// to build anything else it would fetch and run build tools that no hash covers.
fn install_wheels(python: &Path, requirements: &Path) -> Command {
    let mut command = Command::new(python);
    command
        .args(["-m", "pip", "install", "--quiet", "--disable-pip-version-check"])
        .args(["--require-hashes", "--only-binary", ":all:", "--requirement"])
        .arg(requirements);
    command
}

/// Hash of the requirements, by which an environment is known to be current.
fn fingerprint() -> String {
    sha256(REQUIREMENTS.as_bytes())
}

#[cfg(test)]
mod tests;
