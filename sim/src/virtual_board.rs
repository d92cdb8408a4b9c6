//! Virtual board: the verilated accelerator with its UART pins behind a pseudo-terminal.
//!
//! Whoever opens the pseudo-terminal talks to the very Verilog that the bitstream is made of; the host's
//! library and program cannot tell it from a board, but for its clock, which runs as fast as the machine can.

use crate::error::{Error, Result, io};
use crate::verilator::{Simulator, program};
use nix::pty::openpty;
use nix::sys::termios::{SetArg, cfmakeraw, tcgetattr, tcsetattr};
use nix::unistd::ttyname;
use std::fs::File;
use std::os::fd::OwnedFd;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use synfire_hw::build::Build;

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
    /// Builds the simulator if need be, and powers the board up.
    ///
    /// # Errors
    /// Verilator missing or failing; no pseudo-terminal to be had.
    pub fn start(build: &Build) -> Result<Self> {
        let program = program(build, Simulator::Board)?;
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
            .arg(build.manifest.board.clocks_per_bit().to_string())
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

fn terminal(action: &'static str) -> impl FnOnce(nix::Error) -> Error {
    move |source| Error::Terminal { action, source }
}
