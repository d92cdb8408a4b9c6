//! Guarded children: programs that end with this process, however it ends.
//!
//! A process that is killed cannot stop its children. A guarded child therefore runs in a process group whose leader is a
//! shell that waits for the end of a pipe. This process holds the other end, so the operating system closes the pipe when
//! this process ends, and the shell kills the group: the child, and everything that the child started.

use crate::error::Result;
use std::ops::{Deref, DerefMut};
use std::process::{Child, Command};
use synfire_golden_model::file::io;

/// Running program that ends, with everything that it has started, when this value is dropped or this process ends.
///
/// It does not belong to the terminal's foreground group: Ctrl-C reaches it only through the end of this process.
#[derive(Debug)]
pub struct Guarded {
    child: Child,
    _group: Group,
}

impl Guarded {
    /// Starts a program.
    ///
    /// # Errors
    /// [`crate::Error::Io`] if the program or its guard cannot be started.
    pub fn spawn(command: &mut Command) -> Result<Self> {
        let group = Group::start()?;
        group.admit(command);
        let program = command.get_program().to_owned();
        let child = command.spawn().map_err(io("running", program))?;
        Ok(Self { child, _group: group })
    }
}

impl Deref for Guarded {
    type Target = Child;

    fn deref(&self) -> &Child {
        &self.child
    }
}

impl DerefMut for Guarded {
    fn deref_mut(&mut self) -> &mut Child {
        &mut self.child
    }
}

impl Drop for Guarded {
    fn drop(&mut self) {
        // The program may have ended by itself; then there is nothing left to stop. Its group ends after this.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Process group that ends when this value is dropped or this process ends.
#[cfg(unix)]
#[derive(Debug)]
struct Group {
    leader: Child,
}

#[cfg(unix)]
impl Group {
    fn start() -> Result<Self> {
        use std::os::unix::process::CommandExt as _;
        use std::process::Stdio;
        // Group 0 of `kill` is the shell's own, so the shell cannot miss or outlive it.
        let leader = Command::new("/bin/sh")
            .args(["-c", "read -r end; kill -KILL 0"])
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .process_group(0)
            .spawn()
            .map_err(io("running", "/bin/sh"))?;
        Ok(Self { leader })
    }

    fn admit(&self, command: &mut Command) {
        use std::os::unix::process::CommandExt as _;
        command.process_group(self.leader.id().cast_signed());
    }
}

#[cfg(unix)]
impl Drop for Group {
    fn drop(&mut self) {
        drop(self.leader.stdin.take());
        let _ = self.leader.wait();
    }
}

/// Elsewhere, only the child itself is stopped, when it is dropped.
#[cfg(not(unix))]
#[derive(Debug)]
struct Group;

#[cfg(not(unix))]
impl Group {
    fn start() -> Result<Self> {
        Ok(Self)
    }

    fn admit(&self, _command: &mut Command) {}
}
