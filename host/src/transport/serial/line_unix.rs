//! Reads and writes a port's bytes without blocking, so that no other program can make a wait exceed its deadline.
//!
//! `serialport` makes the settings and holds the lock. Its own `read` waits for bytes, and then blocks if another program
//! reads them first. Bytes therefore pass through a second, non-blocking file on the same device.

use super::is_pseudo_terminal;
use nix::fcntl::OFlag;
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use serialport::{ClearBuffer, ErrorKind, SerialPort, SerialPortBuilder, TTYPort};
use std::borrow::Cow;
use std::fs::{File, OpenOptions};
use std::io::{self, Read, Write};
use std::os::fd::{AsFd, AsRawFd};
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;
use std::time::{Duration, Instant};

/// An open port.
pub(super) struct Line {
    port: TTYPort,
    bytes: File,
}

impl Line {
    pub(super) fn open(path: &Path, settings: &SerialPortBuilder) -> serialport::Result<Self> {
        // Opened first: once the port is open exclusively, this file could not be opened any more.
        let bytes = OpenOptions::new()
            .read(true)
            .write(true)
            .custom_flags((OFlag::O_NONBLOCK | OFlag::O_NOCTTY).bits())
            .open(path)
            .map_err(|error| match error.kind() {
                io::ErrorKind::ResourceBusy => serialport::Error::new(ErrorKind::NoDevice, error.to_string()),
                _ => error.into(),
            })?;
        let mut port = TTYPort::open(&settings.clone().path(name(path, &bytes)))?;
        // A pseudo-terminal outlives a program that is killed, and would stay exclusive, closed to all users but root.
        // The lock keeps a second synfire off it, and the operating system releases the lock.
        if is_pseudo_terminal(path) {
            port.set_exclusive(false)?;
        }
        Ok(Self { port, bytes })
    }

    /// Writes all of `bytes`. Fails if the operating system takes none of them for as long as `timeout`.
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

    /// Waits for bytes until `deadline` and reads those that have arrived; returns 0 if there are none.
    pub(super) fn read(&mut self, buffer: &mut [u8], deadline: Instant) -> io::Result<usize> {
        if buffer.is_empty() {
            return Ok(0);
        }
        loop {
            match self.bytes.read(buffer) {
                Ok(0) => return Err(io::ErrorKind::UnexpectedEof.into()),
                Ok(count) => return Ok(count),
                // Nothing has arrived, or another program has read it.
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

    /// Discards bytes that have arrived and bytes that have not left yet.
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

/// A name of a port as text, which is all that `serialport` takes. Where its path is no text, this is the name that Linux
/// gives to a file that is open.
fn name<'a>(path: &'a Path, open: &File) -> Cow<'a, str> {
    match path.to_str() {
        Some(path) => path.into(),
        None => format!("/proc/self/fd/{}", open.as_raw_fd()).into(),
    }
}
