//! A serial port: a USB adapter, a UART, or a pseudo-terminal with a simulated board behind it.
//!
//! The port has 8 data bits, no parity, one stop bit and no flow control, since the protocol has its own. It is opened
//! exclusively, and its modem lines stay as they are. If a port vanishes and comes back (an adapter is unplugged and
//! plugged in again), [`Transport::reopen`] opens the same path again.
//!
//! FTDI's USB adapters hold responses back until their latency timer expires. Opening a port sets the timer to its
//! minimum; if that is not permitted, [`SerialTransport::slow_adapter`] reports the adapter.

mod latency;
#[cfg_attr(unix, path = "serial/line_unix.rs")]
#[cfg_attr(not(unix), path = "serial/line_other.rs")]
mod line;

pub use latency::SlowAdapter;

use super::Transport;
use crate::error::{Error, PSEUDO_TERMINALS, Peer, Result};
use line::Line;
use serialport::{DataBits, ErrorKind, FlowControl, Parity, SerialPortBuilder, StopBits};
use std::io;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

/// Bits on the line per byte: start, eight data bits, stop.
const BITS_PER_BYTE: u32 = 10;
/// Longest wait for the operating system to take more bytes while its buffer is full.
const WRITE_TIMEOUT: Duration = Duration::from_secs(2);
/// Pause between two attempts to open a port that has vanished.
const REOPEN_PAUSE: Duration = Duration::from_millis(50);

/// An open serial port.
pub struct SerialTransport {
    path: PathBuf,
    peer: Peer,
    baud: u32,
    /// The open port; `None` from when it broke until it is opened again.
    port: Option<Line>,
    slow_adapter: Option<SlowAdapter>,
}

impl std::fmt::Debug for SerialTransport {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("SerialTransport")
            .field("path", &self.path)
            .field("baud", &self.baud)
            .field("open", &self.port.is_some())
            .finish()
    }
}

impl SerialTransport {
    /// Opens the port `path` at `baud` bits per second. The path need not be UTF-8.
    ///
    /// # Errors
    /// [`Error::PortNotFound`], [`Error::PortBusy`], [`Error::PortPermission`], or [`Error::PortOpen`] for all other
    /// reasons, such as a path that is not a serial port or a baud rate that the port does not support.
    pub fn open(path: impl Into<PathBuf>, baud: u32) -> Result<Self> {
        let path = path.into();
        let slow_adapter = latency::lower(&path);
        let port = Some(open(&path, baud)?);
        let peer = if is_pseudo_terminal(&path) {
            Peer::VirtualBoard
        } else {
            Peer::Board
        };
        Ok(Self {
            path,
            peer,
            baud,
            port,
            slow_adapter,
        })
    }

    /// Returns the port's USB adapter if it holds responses back and its latency timer could not be lowered.
    #[must_use]
    pub const fn slow_adapter(&self) -> Option<&SlowAdapter> {
        self.slow_adapter.as_ref()
    }

    /// Returns the paths of this machine's serial ports, as far as the operating system lists them.
    #[must_use]
    pub fn ports() -> Vec<String> {
        let mut ports: Vec<_> = serialport::available_ports()
            .unwrap_or_default()
            .into_iter()
            .map(|port| port.port_name)
            .collect();
        ports.sort();
        ports
    }

    fn port(&mut self) -> Result<&mut Line> {
        self.port.as_mut().ok_or_else(|| Error::Disconnected {
            name: self.path.display().to_string(),
            peer: self.peer,
            source: io::Error::new(io::ErrorKind::NotConnected, "the port is closed"),
        })
    }

    /// A virtual board that cannot be opened again has ended; of a real one, the error of opening says why.
    fn gone(&self, error: Error) -> Error {
        match error {
            Error::PortNotFound { path, .. } if self.peer == Peer::VirtualBoard => Error::Disconnected {
                name: self.path.display().to_string(),
                peer: self.peer,
                source: io::Error::new(
                    io::ErrorKind::NotFound,
                    format!("serial port {path} does not exist"),
                ),
            },
            error => error,
        }
    }

    /// Closes the port, so that its path is free when the device comes back.
    fn broken(&mut self, source: io::Error) -> Error {
        self.port = None;
        Error::Disconnected {
            name: self.path.display().to_string(),
            peer: self.peer,
            source,
        }
    }
}

fn open(path: &Path, baud: u32) -> Result<Line> {
    Line::open(path, &settings(baud))
        .map_err(|error| open_error(path, baud, error, path.exists(), SerialTransport::ports))
}

/// Whether a program is behind a port.
fn is_pseudo_terminal(path: &Path) -> bool {
    path.canonicalize()
        .is_ok_and(|path| path.starts_with(PSEUDO_TERMINALS))
}

/// Settings of a port, without its path.
fn settings(baud: u32) -> SerialPortBuilder {
    serialport::new("", baud)
        .data_bits(DataBits::Eight)
        .parity(Parity::None)
        .stop_bits(StopBits::One)
        .flow_control(FlowControl::None)
        .timeout(WRITE_TIMEOUT)
}

fn open_error(
    path: &Path,
    baud: u32,
    error: serialport::Error,
    exists: bool,
    ports: impl FnOnce() -> Vec<String>,
) -> Error {
    let path = path.display().to_string();
    match error.kind() {
        ErrorKind::Io(io::ErrorKind::PermissionDenied) => Error::PortPermission { path },
        ErrorKind::Io(io::ErrorKind::NotFound) => Error::PortNotFound { path, found: ports() },
        // "No device" means either that the port is missing or that another program has locked it.
        ErrorKind::NoDevice => {
            let found = ports();
            if exists || found.contains(&path) {
                Error::PortBusy { path }
            } else {
                Error::PortNotFound { path, found }
            }
        }
        _ => Error::PortOpen {
            path,
            baud,
            source: error.into(),
        },
    }
}

impl Transport for SerialTransport {
    fn send(&mut self, bytes: &[u8]) -> Result<()> {
        let sent = self.port()?.write_all(bytes, WRITE_TIMEOUT);
        sent.map_err(|source| self.broken(source))
    }

    fn receive(&mut self, buffer: &mut [u8], deadline: Instant) -> Result<usize> {
        let received = self.port()?.read(buffer, deadline);
        received.map_err(|source| self.broken(source))
    }

    fn discard(&mut self) -> Result<()> {
        let cleared = self.port()?.clear();
        cleared.map_err(|error| self.broken(error))
    }

    fn reopen(&mut self, deadline: Instant) -> Result<()> {
        self.port = None;
        loop {
            match open(&self.path, self.baud) {
                Ok(port) => {
                    // Another adapter may be behind the path now.
                    self.slow_adapter = latency::lower(&self.path);
                    self.port = Some(port);
                    return Ok(());
                }
                Err(error) if Instant::now() >= deadline => return Err(self.gone(error)),
                Err(_) => std::thread::sleep(REOPEN_PAUSE),
            }
        }
    }

    fn byte_time(&self) -> Duration {
        Duration::from_secs(1) * BITS_PER_BYTE / self.baud.max(1)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn message(kind: ErrorKind, exists: bool, ports: &[&str]) -> String {
        let found = ports.iter().map(|&port| port.to_owned()).collect();
        let error = serialport::Error::new(kind, "what the system said");
        open_error(Path::new("/dev/ttyUSB9"), 115_200, error, exists, || found).to_string()
    }

    #[test]
    fn what_the_system_says_becomes_what_to_do() {
        const FOUND: [&str; 2] = ["/dev/ttyS0", "/dev/ttyUSB0"];
        let missing = "serial port /dev/ttyUSB9 does not exist; use one of /dev/ttyS0, /dev/ttyUSB0";
        assert_eq!(
            message(ErrorKind::Io(io::ErrorKind::NotFound), false, &FOUND),
            missing
        );
        assert_eq!(message(ErrorKind::NoDevice, false, &FOUND), missing);
        let busy = "serial port /dev/ttyUSB9 is in use; close the program that has it open, such as a terminal or \
                    another synfire (`fuser /dev/ttyUSB9` shows which)";
        assert_eq!(message(ErrorKind::NoDevice, true, &FOUND), busy);
        assert_eq!(message(ErrorKind::NoDevice, false, &["/dev/ttyUSB9"]), busy);
        assert!(
            message(ErrorKind::Io(io::ErrorKind::PermissionDenied), true, &FOUND)
                .starts_with("no permission to open serial port /dev/ttyUSB9; ")
        );
        assert_eq!(
            message(ErrorKind::Unknown, true, &FOUND),
            "cannot open serial port /dev/ttyUSB9 at 115200 baud: what the system said; check the path and the \
             baud rate"
        );
    }

    #[test]
    fn a_byte_takes_ten_bits() {
        let transport = SerialTransport {
            path: PathBuf::new(),
            peer: Peer::Board,
            baud: 1_000_000,
            port: None,
            slow_adapter: None,
        };
        assert_eq!(transport.byte_time(), Duration::from_micros(10));
    }
}
