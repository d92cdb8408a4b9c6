//! Processes: runs tools with their output in a log file.

use crate::error::{Error, Result};
use crate::tool::Found;
use std::fs::File;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};
use synfire_golden_model::file::io;

/// Number of lines of a log that an error shows.
const TAIL_LINES: usize = 12;

/// Interval between two looks at a running tool.
const POLL: Duration = Duration::from_millis(20);

/// Interval between two looks at the log of a tool that may be stuck.
const LOOK: Duration = Duration::from_millis(500);

/// Handle that stops running tools from another thread; its clones stop the same tools.
#[derive(Clone, Debug, Default)]
pub struct Cancel(Arc<AtomicBool>);

impl Cancel {
    /// Stops the tools that run with this handle.
    pub fn cancel(&self) {
        self.0.store(true, Ordering::Relaxed);
    }

    fn is_cancelled(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }
}

/// End of a tool that did not fail.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum End {
    /// The tool ended by itself, with success.
    Done,
    /// The tool was stopped because it was stuck.
    Stuck,
}

/// Runs a tool in `folder` with its output in `log` there, until it ends or `cancel` stops it.
///
/// # Errors
/// [`Error::ToolFailed`] with the end of the log, [`Error::Cancelled`], [`Error::Io`] if it cannot be started.
pub fn run(tool: &Found, folder: &Path, arguments: &[&str], log: &str, cancel: &Cancel) -> Result<()> {
    run_unless_stuck(tool, folder, arguments, log, cancel, |_| false).map(|_| ())
}

/// Runs a tool as [`run`] does, and stops it as soon as `is_stuck` is true for its log.
///
/// # Errors
/// The errors of [`run`].
pub fn run_unless_stuck(
    tool: &Found,
    folder: &Path,
    arguments: &[&str],
    log: &str,
    cancel: &Cancel,
    is_stuck: impl Fn(&str) -> bool,
) -> Result<End> {
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
    // The tool may have ended by itself in the meantime; then there is nothing left to stop.
    let stop = |child: &mut Child| {
        let _ = child.kill();
        let _ = child.wait();
    };
    let mut looked = Instant::now();
    let status = loop {
        if let Some(status) = child.try_wait().map_err(io("waiting for", &tool.path))? {
            break status;
        }
        if cancel.is_cancelled() {
            stop(&mut child);
            return Err(Error::Cancelled {
                tool: tool.tool.name(),
            });
        }
        if looked.elapsed() >= LOOK {
            looked = Instant::now();
            if is_stuck(&text(&log)) {
                stop(&mut child);
                return Ok(End::Stuck);
            }
        }
        std::thread::sleep(POLL);
    };
    if status.success() {
        return Ok(End::Done);
    }
    Err(Error::ToolFailed {
        tool: tool.tool.name().into(),
        status: status.to_string(),
        tail: tail(&log),
        log,
    })
}

/// Runs a command to its end with its output in `log`; errors call it `name`.
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

/// Last lines of a log.
#[must_use]
pub fn tail(log: &Path) -> String {
    let text = text(log);
    let lines: Vec<&str> = text.lines().collect();
    lines[lines.len().saturating_sub(TAIL_LINES)..].join("\n")
}

/// Text of a log so far; empty if the log cannot be read.
fn text(log: &Path) -> String {
    std::fs::read(log)
        .map(|bytes| String::from_utf8_lossy(&bytes).into_owned())
        .unwrap_or_default()
}
