//! Processes: runs tools with their output in a log file.

mod guarded;

pub use guarded::Guarded;

use crate::error::{Error, Result};
use crate::tool::Found;
use std::fs::File;
use std::io::ErrorKind;
use std::path::Path;
use std::process::{Command, ExitStatus, Stdio};
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
    let mut command = tool.command();
    command.args(arguments).current_dir(folder);
    // Dropping the child stops it.
    let mut child = Guarded::spawn(logged(&mut command, &log)?)?;
    let mut looked = Instant::now();
    let status = loop {
        if let Some(status) = child.try_wait().map_err(io("waiting for", &tool.path))? {
            break status;
        }
        if cancel.is_cancelled() {
            return Err(Error::Cancelled {
                tool: tool.tool.name(),
            });
        }
        if looked.elapsed() >= LOOK {
            looked = Instant::now();
            if is_stuck(&text(&log)) {
                return Ok(End::Stuck);
            }
        }
        std::thread::sleep(POLL);
    };
    judge(status, tool.tool.name(), &log)?;
    Ok(End::Done)
}

/// Runs a command to its end with its output in `log`; errors call it `name`. It ends with this process, however that ends.
///
/// # Errors
/// [`Error::ToolFailed`] with the end of the log, [`Error::Io`] if it cannot be started.
pub fn run_to_end(command: &mut Command, name: &str, log: &Path) -> Result<()> {
    let program = command.get_program().to_owned();
    let mut child = Guarded::spawn(logged(command, log)?)?;
    let status = child.wait().map_err(io("waiting for", program))?;
    judge(status, name, log)
}

/// Runs a command as [`run_to_end`] does, but lets it finish if this process is killed: for work that must not stop halfway.
/// It belongs to the terminal's foreground group, so that Ctrl-C reaches it.
///
/// # Errors
/// The errors of [`run_to_end`].
pub fn run_undisturbed(command: &mut Command, name: &str, log: &Path) -> Result<()> {
    let program = command.get_program().to_owned();
    let status = logged(command, log)?.status().map_err(io("running", program))?;
    judge(status, name, log)
}

/// Gives a command no input, and its outputs to `log`.
fn logged<'a>(command: &'a mut Command, log: &Path) -> Result<&'a mut Command> {
    let output = create_log(log)?;
    let errors = output.try_clone().map_err(io("writing", log))?;
    Ok(command.stdin(Stdio::null()).stdout(output).stderr(errors))
}

/// Creates a log, as a new file: what has its name is removed first, so that a link there leads nowhere.
///
/// # Errors
/// [`Error::Io`] if there is a folder, or the log cannot be created.
pub fn create_log(path: &Path) -> Result<File> {
    match std::fs::remove_file(path) {
        Err(error) if error.kind() != ErrorKind::NotFound => Err(io("removing", path)(error).into()),
        _ => Ok(File::create_new(path).map_err(io("creating", path))?),
    }
}

fn judge(status: ExitStatus, name: &str, log: &Path) -> Result<()> {
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
