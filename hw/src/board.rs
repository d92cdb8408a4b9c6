//! Boards: device, pins, clock, link and programmer as data, one TOML file per board.
//!
//! Every file in `hw/boards` is built in. `docs/boards.md` explains how to write one.

mod check;
mod device;
mod programmer;

pub use device::{ClockSource, Device, Family, Features, Led, Link, Pin, Programmer, Uart};

pub(crate) use programmer::BITSTREAM;

use crate::error::{Error, Result};
use crate::pll::{Pll, PllError};
use serde::{Deserialize, Serialize};
use std::ffi::OsStr;
use std::path::Path;
use synfire_golden_model::file::{MAX_TEXT_BYTES, read_text};

/// Description of a board, as its TOML file gives it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Board {
    /// Short name, as given to `--board`.
    pub name: String,
    /// Full name, for people.
    pub title: String,
    /// FPGA on the board.
    pub device: Device,
    /// Oscillator, and the clock that is made from it.
    pub clock: ClockSource,
    /// Serial port.
    pub uart: Uart,
    /// LED that shows activity, if the board has one.
    pub led: Option<Led>,
    /// Buffers and features of the link.
    pub link: Link,
    /// Command lines that write a bitstream to the board.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub programmer: Option<Programmer>,
    /// Pins that the design holds high.
    #[serde(default)]
    pub held_high: Vec<Pin>,
    /// Lines that are added to the constraints file unchanged.
    #[serde(default)]
    pub constraints: Vec<String>,
}

/// Names and texts of the built-in boards, sorted by name; the build script lists the files in `boards/`.
const BUILT_IN: &[(&str, &str)] = include!(concat!(env!("OUT_DIR"), "/boards.rs"));

impl Board {
    /// Names of the built-in boards, sorted.
    #[must_use]
    pub fn names() -> Vec<&'static str> {
        BUILT_IN.iter().map(|(name, _)| *name).collect()
    }

    /// Finds a built-in board by name, or reads the board file if `name` is a path that ends in `.toml`.
    ///
    /// # Errors
    /// [`Error::UnknownBoard`], [`Error::BoardFile`], or [`Error::File`] for a file that cannot be read.
    pub fn find(name: impl AsRef<OsStr>) -> Result<Self> {
        let path = Path::new(&name);
        let name = &*path.to_string_lossy();
        if path.extension().is_some_and(|extension| extension == "toml") {
            return Self::parse(&read_text(path, MAX_TEXT_BYTES)?, name);
        }
        match BUILT_IN.iter().find(|(known, _)| *known == name) {
            Some((_, text)) => Self::parse(text, name),
            None => Err(Error::UnknownBoard {
                name: name.to_owned(),
                known: Self::names().join(", "),
            }),
        }
    }

    /// Parses the text of a board file; `origin` names the file in errors.
    ///
    /// # Errors
    /// [`Error::BoardFile`] if the TOML does not describe a board, or its values cannot work.
    pub fn parse(text: &str, origin: &str) -> Result<Self> {
        let board: Self = toml::from_str(text).map_err(|error| Error::BoardFile {
            origin: origin.to_owned(),
            reason: error.to_string().trim().to_owned(),
        })?;
        board.checked(origin)
    }

    /// Gives the core of this board another frequency.
    ///
    /// # Errors
    /// [`Error::BoardFile`] if the device's PLL cannot make the frequency, or the UART cannot make its baud rate from it.
    pub fn with_core_hz(self, core_hz: u32) -> Result<Self> {
        self.with_rates(Some(core_hz), None)
    }

    /// Gives the core of this board another frequency, its serial port another baud rate, or both.
    ///
    /// # Errors
    /// [`Error::BoardFile`] if the two do not work together, or the device's PLL cannot make the frequency.
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

    /// Checks that the values work together.
    ///
    /// # Errors
    /// The fault as text; the caller names the file.
    pub(crate) fn check(&self) -> Result<(), String> {
        check::check(self)
    }

    /// Setting of the PLL that makes the core's clock; none if the core runs on the oscillator itself.
    ///
    /// # Errors
    /// [`PllError`] if the PLL of the device is not known, or cannot make the core's frequency.
    pub fn pll(&self) -> Result<Option<Pll>, PllError> {
        match self.clock.core_hz {
            Some(core_hz) if core_hz != self.clock.hz => {
                let kind = self.device.pll_kind().ok_or_else(|| PllError::Unknown {
                    device: self.device.part.clone(),
                })?;
                Pll::search(kind, self.clock.hz, core_hz).map(Some)
            }
            _ => Ok(None),
        }
    }

    /// Frequency of the core's clock in Hz: that of the PLL's output, or of the oscillator if there is no PLL.
    #[must_use]
    pub fn core_hz(&self) -> u32 {
        self.clock.core_hz.unwrap_or(self.clock.hz)
    }

    /// Frequency of the core's clock in MHz.
    #[must_use]
    pub fn clock_mhz(&self) -> f64 {
        f64::from(self.core_hz()) / 1e6
    }

    /// Core clock cycles per bit of the UART.
    #[must_use]
    pub fn cycles_per_bit(&self) -> u64 {
        let (hz, baud) = (u64::from(self.core_hz()), u64::from(self.uart.baud));
        (hz + baud / 2) / baud
    }

    /// Relative error of the UART's baud rate.
    fn baud_error(&self) -> f64 {
        let wanted = f64::from(self.core_hz()) / f64::from(self.uart.baud);
        #[expect(clippy::cast_precision_loss, reason = "a few thousand at most")]
        let got = self.cycles_per_bit() as f64;
        (got / wanted - 1.0).abs()
    }
}
