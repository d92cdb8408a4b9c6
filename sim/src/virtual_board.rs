//! Virtual board: the verilated accelerator with its UART pins behind a pseudo-terminal.
//!
//! A program that opens the pseudo-terminal talks to the Verilog from which the bitstream is made, or to the netlist or the
//! unpacked bitstream, which include the board's top module. The host's library and program see no difference from a board,
//! except that the clock runs only as fast as the machine can simulate it.

use crate::error::{Error, Result};
use crate::verilator::{Harness, Simulator, program};
use nix::pty::openpty;
use nix::sys::termios::{SetArg, cfmakeraw, tcgetattr, tcsetattr};
use nix::unistd::ttyname;
use std::os::fd::OwnedFd;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use synfire_golden_model::file::io;
use synfire_hw::board::Board;
use synfire_hw::build::Build;
use synfire_hw::emit::clock::SETTLING_CYCLES;
use synfire_hw::process::{Guarded, create_log};
use synfire_hw::synth::checks::Form;

/// Running virtual board; it ends when this value is dropped.
#[derive(Debug)]
pub struct VirtualBoard {
    child: Guarded,
    port: PathBuf,
    log: PathBuf,
    /// End of the terminal that stays open, so that the terminal outlives each host that opens and closes it.
    _terminal: OwnedFd,
}

impl VirtualBoard {
    /// Builds the simulator of a form of the design if needed, and starts the board.
    ///
    /// # Errors
    /// The errors of [`program`], [`Error::Terminal`] if there is no pseudo-terminal, and [`Error::Io`].
    pub fn start(build: &Build, form: Form) -> Result<Self> {
        let harness = Harness::Board;
        let program = program(build, Simulator { harness, form })?;
        let pty = openpty(None, None).map_err(terminal("opening one"))?;
        // The terminal is made raw before a program opens it: nothing may be echoed or translated.
        let mut settings = tcgetattr(&pty.slave).map_err(terminal("reading its settings"))?;
        cfmakeraw(&mut settings);
        tcsetattr(&pty.slave, SetArg::TCSANOW, &settings).map_err(terminal("making it raw"))?;
        let port = ttyname(&pty.slave).map_err(terminal("naming it"))?;
        let log = program.with_extension("log");
        let errors = create_log(&log)?;
        // Clones are closed when a program starts, the originals are not. With an original the board would hold its own
        // terminal open and outlive a host that is killed.
        let input = pty.master.try_clone().map_err(io("duplicating", &port))?;
        let output = pty.master.try_clone().map_err(io("duplicating", &port))?;
        let slave = pty.slave.try_clone().map_err(io("duplicating", &port))?;
        drop(pty);
        let mut command = Command::new(&program);
        command
            // The memory images are named relative to the build folder.
            .current_dir(&build.folder)
            .args(pins(&build.manifest.board, form))
            .stdin(Stdio::from(input))
            .stdout(Stdio::from(output))
            .stderr(errors);
        Ok(Self {
            child: Guarded::spawn(&mut command)?,
            port,
            log,
            _terminal: slave,
        })
    }

    /// Path of the pseudo-terminal.
    #[must_use]
    pub fn port(&self) -> &Path {
        &self.port
    }

    /// Checks that the board still runs.
    ///
    /// # Errors
    /// [`Error::BoardEnded`] with its exit status and the end of its log if it has ended.
    pub fn check(&mut self) -> Result<()> {
        match self.child.try_wait() {
            Ok(None) => Ok(()),
            Ok(Some(status)) => Err(self.ended(&status.to_string())),
            Err(error) => Err(self.ended(&error.to_string())),
        }
    }

    fn ended(&self, reason: &str) -> Error {
        Error::BoardEnded {
            port: self.port.clone(),
            reason: reason.into(),
            last_lines: last_lines(&self.log),
            log: self.log.clone(),
        }
    }
}

/// Most lines of a log to show.
const LAST_LINES: usize = 5;
/// Most characters of a line to show.
const LINE_CHARACTERS: usize = 200;

/// The last lines of a log, each behind a line break; or that it is empty.
fn last_lines(log: &Path) -> String {
    let text = std::fs::read(log).unwrap_or_default();
    let text = String::from_utf8_lossy(&text);
    let lines: Vec<&str> = text.lines().filter(|line| !line.trim().is_empty()).collect();
    if lines.is_empty() {
        return ", which is empty".into();
    }
    let last = &lines[lines.len().saturating_sub(LAST_LINES)..];
    let shown = last.iter().map(|line| {
        let line: String = line.chars().take(LINE_CHARACTERS).collect();
        format!("\n  {line}")
    });
    std::iter::once(", whose last lines are:".to_owned())
        .chain(shown)
        .collect()
}

/// Arguments of the harness: cycles per bit on the line, idle level of the pin that shows activity, cycles of silence after
/// which the design counts as idle, and cycles from power-up until the design listens to the line.
fn pins(board: &Board, form: Form) -> [String; 4] {
    let whole_board = matches!(form, Form::Netlist | Form::Bitstream);
    let (idle_level, shows_activity) = match &board.led {
        Some(led) if whole_board => (led.active_low, true),
        _ => (false, !whole_board),
    };
    // Without an LED the design counts as idle after as much silence as its own watchdog allows.
    let idle_cycles = if shows_activity { 1 << 17 } else { board.core_hz() };
    // The board's top module waits until its PLL has locked.
    let settling = if whole_board { 4 * SETTLING_CYCLES } else { 0 };
    [
        board.cycles_per_bit().to_string(),
        u8::from(idle_level).to_string(),
        idle_cycles.to_string(),
        settling.to_string(),
    ]
}

/// Turns an error of a pseudo-terminal into an error that names the action.
fn terminal(action: &'static str) -> impl FnOnce(nix::Error) -> Error {
    move |source| Error::Terminal { action, source }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;

    /// A board whose program is a shell script.
    fn board(name: &str, script: &str) -> (VirtualBoard, PathBuf) {
        let folder = std::env::temp_dir().join(format!("synfire-ended-{name}-{}", std::process::id()));
        fs::create_dir_all(&folder).expect("a writable folder");
        let log = folder.join("board.log");
        let errors = fs::File::create(&log).expect("a writable folder");
        let child = Guarded::spawn(Command::new("sh").args(["-c", script]).stderr(errors)).expect("a shell");
        let pty = openpty(None, None).expect("a pseudo-terminal");
        let board = VirtualBoard {
            child,
            port: "/dev/pts/99".into(),
            log,
            _terminal: pty.slave,
        };
        (board, folder)
    }

    fn ended(board: &mut VirtualBoard) -> String {
        loop {
            if let Err(error) = board.check() {
                let log = board.log.display().to_string();
                return error.to_string().replace(&log, "LOG");
            }
            std::thread::sleep(std::time::Duration::from_millis(5));
        }
    }

    #[test]
    fn a_board_that_ends_is_reported_with_the_end_of_its_log() {
        let (mut board_of, folder) =
            board("log", "for n in 1 2 3 4 5 6 7; do echo line $n >&2; done; exit 3");
        assert_eq!(
            ended(&mut board_of),
            "the virtual board behind /dev/pts/99 has ended (exit status: 3); start it again; see its log LOG, whose last \
             lines are:\n  line 3\n  line 4\n  line 5\n  line 6\n  line 7"
        );
        fs::remove_dir_all(folder).expect("our own");
        let (mut board_of, folder) = board("silent", "kill -9 $$");
        assert_eq!(
            ended(&mut board_of),
            "the virtual board behind /dev/pts/99 has ended (signal: 9 (SIGKILL)); start it again; see its log LOG, which is \
             empty"
        );
        fs::remove_dir_all(folder).expect("our own");
    }
}
