//! Installs the tools into a virtual environment of Python.

use crate::build::write_atomically;
use crate::error::{Error, Result, io};
use crate::synth::process::run_to_end;
use crate::tool::{REQUIREMENTS, Tool};
use sha2::{Digest, Sha256};
use std::path::Path;
use std::process::Command;

/// Marks an environment whose installation ended well, with the hash of the requirements.
pub(crate) const STAMP: &str = "synfire-tools.sha256";

/// Whether an environment has the tools of this version of synfire.
#[must_use]
pub fn is_current(venv: &Path) -> bool {
    std::fs::read_to_string(venv.join(STAMP)).is_ok_and(|stamp| stamp.trim() == fingerprint())
}

/// Installs the pinned tools into the environment at `venv`, making it if need be; does nothing if they are
/// there. `progress` hears of each step.
///
/// The WebAssembly tools compile themselves when they first run; that is done here, so that later runs start
/// at once.
///
/// # Errors
/// [`Error::ToolFailed`] with the end of pip's log, [`Error::Io`] if Python cannot be started.
pub fn install(venv: &Path, progress: &mut dyn FnMut(&str)) -> Result<()> {
    if is_current(venv) {
        return Ok(());
    }
    let python = std::env::var("SYNFIRE_PYTHON").unwrap_or_else(|_| "python3".into());
    progress("creating a virtual environment");
    std::fs::create_dir_all(venv).map_err(io("creating folder", venv))?;
    // Also mends one that was left half-made, by a Python without pip for instance.
    run_to_end(
        Command::new(&python).args(["-m", "venv"]).arg(venv),
        "python3 -m venv",
        &venv.join("venv.log"),
    )
    .map_err(|error| match error {
        Error::Io {
            action: "running",
            source,
            ..
        } => Error::PythonMissing { python, source },
        other => other,
    })?;
    progress("installing wheels");
    let requirements = venv.join("requirements.txt");
    write_atomically(&requirements, REQUIREMENTS)?;
    let pip = venv.join("bin/python");
    run_to_end(
        Command::new(&pip)
            .args([
                "-m",
                "pip",
                "install",
                "--quiet",
                "--disable-pip-version-check",
                "-r",
            ])
            .arg(&requirements),
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
    write_atomically(&venv.join(STAMP), &fingerprint())
}

fn fingerprint() -> String {
    crate::build::hex(&Sha256::digest(REQUIREMENTS))
}
