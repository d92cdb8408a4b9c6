//! The port's bytes: read and written without blocking, so that a deadline holds whatever other programs do.
//!
//! `serialport` makes the settings and holds the lock. Its own `read` waits for bytes and then blocks if another reader was
//! faster, so bytes go through a file of our own on the same device, which never blocks.

use nix::fcntl::OFlag;
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use serialport::{ClearBuffer, ErrorKind, SerialPort, SerialPortBuilder, TTYPort};
use std::fs::{File, OpenOptions};
use std::io::{self, Read, Write};
use std::os::fd::AsFd;
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;
use std::time::{Duration, Instant};

/// Where pseudo-terminals are.
const PSEUDO_TERMINALS: &str = "/dev/pts";

/// An open port.
pub(super) struct Line {
    port: TTYPort,
    bytes: File,
}

impl Line {
    pub(super) fn open(path: &str, settings: &SerialPortBuilder) -> serialport::Result<Self> {
        // Before the port is closed to others, and this file with them.
        let bytes = OpenOptions::new()
            .read(true)
            .write(true)
            .custom_flags((OFlag::O_NONBLOCK | OFlag::O_NOCTTY).bits())
            .open(path)
            .map_err(|error| match error.kind() {
                io::ErrorKind::ResourceBusy => serialport::Error::new(ErrorKind::NoDevice, error.to_string()),
                _ => error.into(),
            })?;
        let mut port = TTYPort::open(settings)?;
        // A pseudo-terminal lives on when a program ends that was killed, and stays closed to all but root if it was. The
        // lock, which the system releases, keeps a second synfire off it.
        if is_pseudo_terminal(path) {
            port.set_exclusive(false)?;
        }
        Ok(Self { port, bytes })
    }

    /// Writes all of `bytes`; the system must take some of them again and again within `timeout`.
    pub(super) fn write_all(&mut self, mut bytes: &[u8], timeout: Duration) -> io::Result<()> {
        let mut deadline = Instant::now() + timeout;
        while !bytes.is_empty() {
            match self.bytes.write(bytes) {
                Ok(0) => return Err(io::ErrorKind::WriteZero.into()),
                Ok(count) => {
                    bytes = &bytes[count..];
                    deadline = Instant::now() + timeout;
                }
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
                    if Instant::now() >= deadline {
                        return Err(io::ErrorKind::TimedOut.into());
                    }
                    self.wait(PollFlags::POLLOUT, deadline)?;
                }
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }

    /// Reads what has arrived, at the latest at `deadline`; 0 bytes if nothing has.
    pub(super) fn read(&mut self, buffer: &mut [u8], deadline: Instant) -> io::Result<usize> {
        if buffer.is_empty() {
            return Ok(0);
        }
        loop {
            match self.bytes.read(buffer) {
                Ok(0) => return Err(io::ErrorKind::UnexpectedEof.into()),
                Ok(count) => return Ok(count),
                // Nothing has arrived, or another reader has taken it.
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
                    if Instant::now() >= deadline {
                        return Ok(0);
                    }
                    self.wait(PollFlags::POLLIN, deadline)?;
                }
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
    }

    /// Throws away what has arrived and what has not left.
    pub(super) fn clear(&mut self) -> io::Result<()> {
        Ok(self.port.clear(ClearBuffer::All)?)
    }

    /// Waits until the port may be ready for `what`, or `deadline` has passed.
    fn wait(&self, what: PollFlags, deadline: Instant) -> io::Result<()> {
        let left = deadline.saturating_duration_since(Instant::now());
        // Rounded up: a wait of 0 ms until the deadline would be a busy loop.
        let milliseconds = left.as_nanos().div_ceil(1_000_000);
        let timeout = PollTimeout::try_from(milliseconds).unwrap_or(PollTimeout::MAX);
        let mut ports = [PollFd::new(self.bytes.as_fd(), what)];
        match poll(&mut ports, timeout) {
            Ok(_) | Err(nix::Error::EINTR) => {}
            Err(error) => return Err(error.into()),
        }
        let is_broken = ports[0].revents().is_some_and(|events| {
            events.intersects(PollFlags::POLLHUP | PollFlags::POLLERR | PollFlags::POLLNVAL)
                && !events.contains(what)
        });
        if is_broken {
            return Err(io::ErrorKind::BrokenPipe.into());
        }
        Ok(())
    }
}

fn is_pseudo_terminal(path: &str) -> bool {
    Path::new(path)
        .canonicalize()
        .is_ok_and(|path| path.starts_with(PSEUDO_TERMINALS))
}
