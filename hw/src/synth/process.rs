//! Runs a tool in a build folder, its output in a log file.

use crate::error::{Error, Result, io};
use crate::tool::Found;
use std::fs::File;
use std::path::Path;
use std::process::Stdio;

/// Lines of a log that an error shows.
const TAIL_LINES: usize = 12;

/// Runs a tool in `folder` with its output in `log` there.
///
/// # Errors
/// [`Error::ToolFailed`] with the end of the log, [`Error::Io`] if it cannot be started.
pub fn run(tool: &Found, folder: &Path, arguments: &[&str], log: &str) -> Result<()> {
    let log = folder.join(log);
    let output = File::create(&log).map_err(io("creating", &log))?;
    let errors = output.try_clone().map_err(io("writing", &log))?;
    let path = tool.path.canonicalize().unwrap_or_else(|_| tool.path.clone());
    let status = tool
        .command()
        .args(arguments)
        .current_dir(folder)
        .stdin(Stdio::null())
        .stdout(output)
        .stderr(errors)
        .status()
        .map_err(io("running", path))?;
    if status.success() {
        return Ok(());
    }
    Err(Error::ToolFailed {
        tool: tool.tool.name().into(),
        status: status.to_string(),
        tail: tail(&log),
        log,
    })
}

/// The last lines of a log.
#[must_use]
pub fn tail(log: &Path) -> String {
    let text = std::fs::read(log)
        .map(|bytes| String::from_utf8_lossy(&bytes).into_owned())
        .unwrap_or_default();
    let lines: Vec<&str> = text.lines().collect();
    lines[lines.len().saturating_sub(TAIL_LINES)..].join("\n")
}
