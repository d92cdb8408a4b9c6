//! Boards: device, pins, clock, link and programmer as data, one TOML file each.
//!
//! Every file of `hw/boards` is built in; how to write one is in `docs/boards.md`.

mod check;
mod device;

pub use device::{ClockSource, Device, Family, Features, Led, Link, Pin, Programmer, Uart};

pub(crate) use check::BITSTREAM;

use crate::error::{Error, Result, io};
use serde::{Deserialize, Serialize};
use std::path::Path;

/// A board.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Board {
    /// Short name, as the command line wants it.
    pub name: String,
    /// Full name.
    pub title: String,
    /// The FPGA.
    pub device: Device,
    /// The oscillator.
    pub clock: ClockSource,
    /// The serial port.
    pub uart: Uart,
    /// A LED that shows activity.
    pub led: Option<Led>,
    /// The link's buffers.
    pub link: Link,
    /// How a bitstream gets onto it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub programmer: Option<Programmer>,
    /// Pins to hold high.
    #[serde(default)]
    pub held_high: Vec<Pin>,
    /// Lines to add to the constraints as they are.
    #[serde(default)]
    pub constraints: Vec<String>,
}

/// Names and texts of the built-in boards, in order of names: the build script lists the files of `boards/`.
const BUILT_IN: &[(&str, &str)] = include!(concat!(env!("OUT_DIR"), "/boards.rs"));

impl Board {
    /// Names of the built-in boards.
    #[must_use]
    pub fn names() -> Vec<&'static str> {
        BUILT_IN.iter().map(|(name, _)| *name).collect()
    }

    /// A built-in board, or the board file at a path that ends in `.toml`.
    ///
    /// # Errors
    /// [`Error::UnknownBoard`], [`Error::BoardFile`], or [`Error::Io`] for a file that cannot be read.
    pub fn find(name: &str) -> Result<Self> {
        if Path::new(name)
            .extension()
            .is_some_and(|extension| extension == "toml")
        {
            let text = std::fs::read_to_string(name).map_err(io("reading board file", name))?;
            return Self::parse(&text, name);
        }
        match BUILT_IN.iter().find(|(known, _)| *known == name) {
            Some((_, text)) => Self::parse(text, name),
            None => Err(Error::UnknownBoard {
                name: name.to_owned(),
                known: Self::names().join(", "),
            }),
        }
    }

    /// The board that a file describes; `origin` names the file in errors.
    ///
    /// # Errors
    /// [`Error::BoardFile`] for TOML that is no board, or values that cannot work.
    pub fn parse(text: &str, origin: &str) -> Result<Self> {
        let board: Self = toml::from_str(text).map_err(|error| Error::BoardFile {
            origin: origin.to_owned(),
            reason: error.to_string().trim().to_owned(),
        })?;
        board.checked(origin)
    }

    /// The same board with its core at another frequency.
    ///
    /// # Errors
    /// [`Error::BoardFile`] if the device's PLL cannot make it, or the UART's rate not be made of it.
    pub fn with_core_hz(self, core_hz: u32) -> Result<Self> {
        self.with_rates(Some(core_hz), None)
    }

    /// The same board with its core at another frequency, its serial port at another rate, or both.
    ///
    /// # Errors
    /// As [`Board::with_core_hz`], of both together.
    pub fn with_rates(mut self, core_hz: Option<u32>, baud: Option<u32>) -> Result<Self> {
        self.clock.core_hz = core_hz.or(self.clock.core_hz);
        self.uart.baud = baud.unwrap_or(self.uart.baud);
        let name = self.name.clone();
        self.checked(&name)
    }

    fn checked(self, origin: &str) -> Result<Self> {
        match self.check() {
            Ok(()) => Ok(self),
            Err(reason) => Err(Error::BoardFile {
                origin: origin.to_owned(),
                reason,
            }),
        }
    }

    /// Checks that the values can work together, whatever file they come from.
    ///
    /// # Errors
    /// What is wrong, for a message that names the file.
    pub(crate) fn check(&self) -> Result<(), String> {
        check::check(self)
    }

    /// Frequency of the core's clock in Hz: the oscillator's, or what the PLL makes of it.
    #[must_use]
    pub fn core_hz(&self) -> u32 {
        self.clock.core_hz.unwrap_or(self.clock.hz)
    }

    /// Frequency of the core's clock in MHz.
    #[must_use]
    pub fn clock_mhz(&self) -> f64 {
        f64::from(self.core_hz()) / 1e6
    }

    /// Clocks of a UART bit.
    #[must_use]
    pub fn clocks_per_bit(&self) -> u64 {
        let (hz, baud) = (u64::from(self.core_hz()), u64::from(self.uart.baud));
        (hz + baud / 2) / baud
    }

    /// Share by which the UART's rate is off.
    fn baud_error(&self) -> f64 {
        let wanted = f64::from(self.core_hz()) / f64::from(self.uart.baud);
        #[expect(clippy::cast_precision_loss, reason = "a few thousand at most")]
        let got = self.clocks_per_bit() as f64;
        (got / wanted - 1.0).abs()
    }
}
