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
    program: PathBuf,
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
            program,
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
    /// [`Error::Simulator`] with its exit status if it has ended.
    pub fn check(&mut self) -> Result<()> {
        match self.child.try_wait() {
            Ok(None) => Ok(()),
            Ok(Some(status)) => Err(self.ended(&status.to_string())),
            Err(error) => Err(self.ended(&error.to_string())),
        }
    }

    fn ended(&self, reason: &str) -> Error {
        Error::Simulator {
            program: self.program.clone(),
            reason: format!("it has ended ({reason})"),
            log: self.log.clone(),
        }
    }
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
