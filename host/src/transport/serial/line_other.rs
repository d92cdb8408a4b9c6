//! Reads and writes a port's bytes with `serialport`, on systems other than Unix.

use serialport::{ClearBuffer, SerialPort, SerialPortBuilder};
use std::io;
use std::path::Path;
use std::time::{Duration, Instant};

/// An open port.
pub(super) struct Line(Box<dyn SerialPort>);

impl Line {
    pub(super) fn open(path: &Path, settings: &SerialPortBuilder) -> serialport::Result<Self> {
        settings.clone().path(path.to_string_lossy()).open().map(Self)
    }

    /// Writes all of `bytes`. Fails if the operating system does not take them within `timeout`.
    pub(super) fn write_all(&mut self, bytes: &[u8], timeout: Duration) -> io::Result<()> {
        self.0.set_timeout(timeout)?;
        self.0.write_all(bytes)
    }

    /// Waits for bytes until `deadline` and reads those that have arrived; returns 0 if there are none.
    pub(super) fn read(&mut self, buffer: &mut [u8], deadline: Instant) -> io::Result<usize> {
        loop {
            let left = deadline.saturating_duration_since(Instant::now());
            self.0.set_timeout(left)?;
            match self.0.read(buffer) {
                Ok(0) if !buffer.is_empty() => return Err(io::ErrorKind::UnexpectedEof.into()),
                Ok(count) => return Ok(count),
                Err(error) if error.kind() == io::ErrorKind::TimedOut => return Ok(0),
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
    }

    /// Discards bytes that have arrived and bytes that have not left yet.
    pub(super) fn clear(&mut self) -> io::Result<()> {
        Ok(self.0.clear(ClearBuffer::All)?)
    }
}
