//! Runs a tool in a build folder, its output in a log file.

use crate::error::{Error, Result, io};
use crate::tool::Found;
use std::fs::File;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

/// Lines of a log that an error shows.
const TAIL_LINES: usize = 12;

/// How often a running tool is looked at.
const POLL: Duration = Duration::from_millis(20);

/// How often the log of one that may be stuck is.
const LOOK: Duration = Duration::from_millis(500);

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

/// How a tool ended that was watched.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum End {
    /// By itself, and well.
    Done,
    /// It was stopped, since it would not have ended.
    Stuck,
}

/// Runs a tool in `folder` with its output in `log` there, until it ends or `cancel` stops it.
///
/// # Errors
/// [`Error::ToolFailed`] with the end of the log, [`Error::Cancelled`], [`Error::Io`] if it cannot be started.
pub fn run(tool: &Found, folder: &Path, arguments: &[&str], log: &str, cancel: &Cancel) -> Result<()> {
    run_unless_stuck(tool, folder, arguments, log, cancel, |_| false).map(|_| ())
}

/// The same, but stops the tool, too, when `is_stuck` says so of what it has logged.
///
/// # Errors
/// As [`run`].
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
    // It may have ended by itself in the meantime, when there is nothing left to stop.
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
    let text = text(log);
    let lines: Vec<&str> = text.lines().collect();
    lines[lines.len().saturating_sub(TAIL_LINES)..].join("\n")
}

/// All of a log so far; nothing if it cannot be read.
fn text(log: &Path) -> String {
    std::fs::read(log)
        .map(|bytes| String::from_utf8_lossy(&bytes).into_owned())
        .unwrap_or_default()
}
