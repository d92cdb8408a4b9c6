//! Runs a tool in a build folder, its output in a log file.

use crate::error::{Error, Result, io};
use crate::tool::Found;
use std::fs::File;
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

/// Lines of a log that an error shows.
const TAIL_LINES: usize = 12;

/// How often a running tool is looked at.
const POLL: Duration = Duration::from_millis(20);

/// Stops tools that run in other threads; clones stop the same ones.
#[derive(Clone, Debug, Default)]
pub struct Cancel(Arc<AtomicBool>);

impl Cancel {
    /// Stops them.
    pub fn cancel(&self) {
        self.0.store(true, Ordering::Relaxed);
    }

    fn is_cancelled(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }
}

/// Runs a tool in `folder` with its output in `log` there, until it ends or `cancel` stops it.
///
/// # Errors
/// [`Error::ToolFailed`] with the end of the log, [`Error::Cancelled`], [`Error::Io`] if it cannot be started.
pub fn run(tool: &Found, folder: &Path, arguments: &[&str], log: &str, cancel: &Cancel) -> Result<()> {
    let log = folder.join(log);
    let output = File::create(&log).map_err(io("creating", &log))?;
    let errors = output.try_clone().map_err(io("writing", &log))?;
    let mut child = tool
        .command()
        .args(arguments)
        .current_dir(folder)
        .stdin(Stdio::null())
        .stdout(output)
        .stderr(errors)
        .spawn()
        .map_err(io("running", &tool.path))?;
    let status = loop {
        if let Some(status) = child.try_wait().map_err(io("waiting for", &tool.path))? {
            break status;
        }
        if cancel.is_cancelled() {
            // It may have ended by itself in the meantime.
            let _ = child.kill();
            let _ = child.wait();
            return Err(Error::Cancelled {
                tool: tool.tool.name(),
            });
        }
        std::thread::sleep(POLL);
    };
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

/// Runs a command to its end, its output in `log`.
///
/// # Errors
/// [`Error::ToolFailed`] with the end of the log, [`Error::Io`] if it cannot be started.
pub fn run_to_end(command: &mut Command, name: &str, log: &Path) -> Result<()> {
    let output = File::create(log).map_err(io("creating", log))?;
    let errors = output.try_clone().map_err(io("writing", log))?;
    let program = command.get_program().to_owned();
    let status = command
        .stdin(Stdio::null())
        .stdout(output)
        .stderr(errors)
        .status()
        .map_err(io("running", program))?;
    if status.success() {
        return Ok(());
    }
    Err(Error::ToolFailed {
        tool: name.into(),
        status: status.to_string(),
        log: log.into(),
        tail: tail(log),
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
