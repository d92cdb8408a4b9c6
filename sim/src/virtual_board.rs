//! Virtual board: the verilated accelerator with its UART pins behind a pseudo-terminal.
//!
//! Whoever opens the pseudo-terminal talks to the very Verilog that the bitstream is made of, or to the netlist or the unpacked
//! bitstream with all of the board's top module; the host's
//! library and program cannot tell it from a board, but for its clock, which runs as fast as the machine can.

use crate::error::{Error, Result, io};
use crate::verilator::{Harness, Simulator, program};
use nix::pty::openpty;
use nix::sys::termios::{SetArg, cfmakeraw, tcgetattr, tcsetattr};
use nix::unistd::ttyname;
use std::fs::File;
use std::os::fd::OwnedFd;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use synfire_hw::board::Board;
use synfire_hw::build::Build;
use synfire_hw::emit::clock::SETTLING_CYCLES;
use synfire_hw::synth::checks::Form;

/// A running virtual board. It ends when it is dropped.
#[derive(Debug)]
pub struct VirtualBoard {
    child: Child,
    port: PathBuf,
    program: PathBuf,
    log: PathBuf,
    /// Held open so that the terminal outlives each host that opens and closes it.
    _terminal: OwnedFd,
}

impl VirtualBoard {
    /// Builds the simulator of a form of the design if need be, and powers the board up.
    ///
    /// # Errors
    /// Verilator missing or failing; no pseudo-terminal to be had.
    pub fn start(build: &Build, form: Form) -> Result<Self> {
        let harness = Harness::Board;
        let program = program(build, Simulator { harness, form })?;
        let pty = openpty(None, None).map_err(terminal("opening one"))?;
        // Raw before anybody opens it: nothing may be echoed or translated.
        let mut settings = tcgetattr(&pty.slave).map_err(terminal("reading its settings"))?;
        cfmakeraw(&mut settings);
        tcsetattr(&pty.slave, SetArg::TCSANOW, &settings).map_err(terminal("making it raw"))?;
        let port = ttyname(&pty.slave).map_err(terminal("naming it"))?;
        let log = program.with_extension("log");
        let errors = File::create(&log).map_err(io("creating", &log))?;
        // Clones close when a program starts, the originals do not: the board would hold its own terminal open and
        // outlive a host that is killed.
        let input = pty.master.try_clone().map_err(io("duplicating", &port))?;
        let output = pty.master.try_clone().map_err(io("duplicating", &port))?;
        let slave = pty.slave.try_clone().map_err(io("duplicating", &port))?;
        drop(pty);
        let child = Command::new(&program)
            // The memory images are named relative to the build folder.
            .current_dir(&build.folder)
            .args(pins(&build.manifest.board, form))
            .stdin(Stdio::from(input))
            .stdout(Stdio::from(output))
            .stderr(errors)
            .spawn()
            .map_err(io("running", &program))?;
        Ok(Self {
            child,
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

    /// Whether the board still runs.
    ///
    /// # Errors
    /// [`Error::Simulator`] with its exit status if it does not.
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
            reason: format!("it ended: {reason}"),
            log: self.log.clone(),
        }
    }
}

impl Drop for VirtualBoard {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// What the harness is told of the pins: clocks of a bit on the line, level of the pin that shows activity while there is none, clocks
/// of silence after which nothing goes on, clocks from power-up until the line is listened to.
fn pins(board: &Board, form: Form) -> [String; 4] {
    let whole_board = matches!(form, Form::Netlist | Form::Bitstream);
    let (idle_level, shows_activity) = match &board.led {
        Some(led) if whole_board => (led.active_low, true),
        _ => (false, !whole_board),
    };
    // Without a light, only silence for as long as the design's own watchdog shows that nothing goes on.
    let idle_clocks = if shows_activity { 1 << 17 } else { board.core_hz() };
    // The board's top module waits for its loop to lock.
    let settling = if whole_board { 4 * SETTLING_CYCLES } else { 0 };
    [
        board.cycles_per_bit().to_string(),
        u8::from(idle_level).to_string(),
        idle_clocks.to_string(),
        settling.to_string(),
    ]
}

fn terminal(action: &'static str) -> impl FnOnce(nix::Error) -> Error {
    move |source| Error::Terminal { action, source }
}
