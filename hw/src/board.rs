//! Boards: device, pins, clock and link as data, one TOML file each.

use crate::error::{Error, Result, io};
use serde::{Deserialize, Serialize};
use std::path::Path;

/// FPGA family, which decides the tool chain.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Family {
    /// Lattice iCE40.
    Ice40,
    /// Lattice ECP5.
    Ecp5,
}

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
    /// Pins to hold high.
    #[serde(default)]
    pub held_high: Vec<Pin>,
    /// Lines to add to the constraints as they are.
    #[serde(default)]
    pub constraints: Vec<String>,
}

/// The FPGA.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Device {
    /// Family.
    pub family: Family,
    /// Device, as nextpnr's flag names it: `hx8k`, `up5k`, `85k`.
    pub part: String,
    /// Package, as nextpnr names it.
    pub package: String,
    /// Tables of 4 inputs.
    pub luts: usize,
    /// Block RAMs.
    pub block_rams: usize,
}

/// The oscillator.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ClockSource {
    /// Pin.
    pub pin: String,
    /// Frequency in Hz.
    pub hz: u32,
}

/// The serial port, seen from the FPGA.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Uart {
    /// Pin that receives.
    pub rx: String,
    /// Pin that sends.
    pub tx: String,
    /// Bits a second.
    pub baud: u32,
}

/// A LED.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Led {
    /// Pin.
    pub pin: String,
    /// Lights when the pin is low.
    pub active_low: bool,
}

/// The link's buffers.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Link {
    /// Bytes of a receive slot: a power of two.
    pub slot_bytes: u16,
}

/// A pin.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Pin {
    /// Pin.
    pub pin: String,
}

/// Files of the built-in boards.
const BUILT_IN: [(&str, &str); 3] = [
    ("ice40-hx8k", include_str!("../boards/ice40-hx8k.toml")),
    ("icebreaker", include_str!("../boards/icebreaker.toml")),
    ("ulx3s-85f", include_str!("../boards/ulx3s-85f.toml")),
];

/// Largest error of the baud rate that a UART receiver bears.
const BAUD_TOLERANCE: f64 = 0.02;

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
        let wrong = |reason: String| Error::BoardFile {
            origin: origin.to_owned(),
            reason,
        };
        let board: Self = toml::from_str(text).map_err(|error| wrong(error.to_string().trim().to_owned()))?;
        board.check().map_err(wrong)?;
        Ok(board)
    }

    /// Checks that the values can work together, whatever file they come from.
    ///
    /// # Errors
    /// What is wrong, for a message that names the file.
    pub(crate) fn check(&self) -> Result<(), String> {
        let plain = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '_';
        if self.name.is_empty() || !self.name.chars().all(plain) {
            return Err(format!(
                "name = {:?} is not made of letters, digits, - and _",
                self.name
            ));
        }
        let pins = [&self.clock.pin, &self.uart.rx, &self.uart.tx];
        let pins = pins.into_iter().chain(self.led.iter().map(|led| &led.pin));
        let pins = pins.chain(self.held_high.iter().map(|high| &high.pin));
        if let Some(pin) = pins
            .chain([&self.device.part, &self.device.package])
            .find(|pin| !pin.chars().all(plain))
        {
            return Err(format!("{pin:?} is no pin, part or package"));
        }
        if self.title.chars().any(char::is_control) {
            return Err("title holds control characters".into());
        }
        let slot = self.link.slot_bytes;
        if !slot.is_power_of_two() || !(64..=16384).contains(&slot) {
            return Err(format!("slot_bytes = {slot} is not a power of two of 64..=16384"));
        }
        if self.uart.baud == 0 || self.clock.hz / self.uart.baud < 4 {
            return Err(format!(
                "baud = {} wants a clock of at least 4 times as much, but hz = {}",
                self.uart.baud, self.clock.hz
            ));
        }
        let error = self.baud_error();
        if error > BAUD_TOLERANCE || self.clocks_per_bit() > 65535 {
            return Err(format!(
                "hz = {} does not divide into baud = {}: the rate would be {:.1} % off",
                self.clock.hz,
                self.uart.baud,
                100.0 * error
            ));
        }
        Ok(())
    }

    /// Clocks of a UART bit.
    #[must_use]
    pub fn clocks_per_bit(&self) -> u64 {
        let (hz, baud) = (u64::from(self.clock.hz), u64::from(self.uart.baud));
        (hz + baud / 2) / baud
    }

    /// Share by which the UART's rate is off.
    fn baud_error(&self) -> f64 {
        let wanted = f64::from(self.clock.hz) / f64::from(self.uart.baud);
        #[expect(clippy::cast_precision_loss, reason = "a few thousand at most")]
        let got = self.clocks_per_bit() as f64;
        (got / wanted - 1.0).abs()
    }

    /// The clock frequency in MHz.
    #[must_use]
    pub fn clock_mhz(&self) -> f64 {
        f64::from(self.clock.hz) / 1e6
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_built_in_board_is_valid_and_carries_its_name() {
        for name in Board::names() {
            assert_eq!(Board::find(name).unwrap().name, name);
        }
    }

    #[test]
    fn unknown_board_lists_the_known() {
        assert_eq!(
            Board::find("icebraker").unwrap_err().to_string(),
            "unknown board `icebraker`: the known boards are ice40-hx8k, icebreaker, ulx3s-85f; or give the \
             path of a board file (.toml)"
        );
    }

    #[test]
    fn baud_that_the_clock_cannot_make_is_refused() {
        let text = BUILT_IN[0].1.replace("baud = 1_000_000", "baud = 2_560_000");
        let error = Board::parse(&text, "mine.toml").unwrap_err().to_string();
        assert!(
            error.contains("hz = 12000000 does not divide into baud = 2560000"),
            "{error}"
        );
        assert!(error.starts_with("board file mine.toml: "), "{error}");
    }

    #[test]
    fn unknown_key_is_named() {
        let text = BUILT_IN[0].1.replace("active_low", "inverted");
        let error = Board::parse(&text, "mine.toml").unwrap_err().to_string();
        assert!(error.contains("inverted"), "{error}");
    }
}
