//! Parts of a board: device, clock, serial port, LED, link, programmer.

use crate::pll;
use serde::{Deserialize, Serialize};

/// FPGA family; it decides which tools make the bitstream.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Family {
    /// Lattice iCE40.
    Ice40,
    /// Lattice ECP5.
    Ecp5,
    /// Gowin GW1N and GW2A, which Project Apicula supports.
    Gowin,
}

/// FPGA of a board.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Device {
    /// Family of the device.
    pub family: Family,
    /// Part: for Lattice the name of nextpnr's flag (`hx8k`, `up5k`, `85k`), for Gowin the part number.
    pub part: String,
    /// Package, as nextpnr names it; for Lattice only, since Gowin's part number includes the package.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub package: Option<String>,
    /// Speed grade; for ECP5 only. Without one the slowest grade is assumed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub speed: Option<u8>,
    /// Name of the device in the tools' database (`GW1N-9C`); for Gowin only.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub database: Option<String>,
    /// LUTs of 4 inputs.
    pub luts: usize,
    /// Block RAMs.
    pub block_rams: usize,
    /// SPRAMs: single-port RAMs of 256 kbit, which iCE40 UltraPlus has.
    #[serde(default)]
    pub sprams: usize,
    /// Multipliers of about 18×18.
    #[serde(default)]
    pub dsps: usize,
    /// Whether LUTs can be used as RAM.
    #[serde(default)]
    pub distributed_ram: bool,
}

impl Device {
    /// Kind of the device's PLL; none if synfire does not know it.
    #[must_use]
    pub fn pll_kind(&self) -> Option<pll::Kind> {
        match self.family {
            Family::Ice40 => Some(pll::Kind::Ice40),
            Family::Ecp5 => Some(pll::Kind::Ecp5),
            // Other Gowin devices have PLLs of other kinds.
            Family::Gowin => match self.database.as_deref()? {
                "GW1N-1" | "GW1N-4" | "GW1N-9" | "GW1N-9C" | "GW1NZ-1" => Some(pll::Kind::Gw1n),
                "GW2A-18" | "GW2A-18C" => Some(pll::Kind::Gw2a),
                _ => None,
            },
        }
    }
}

/// Oscillator of a board, and the clock that is made from it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ClockSource {
    /// Pin on which the oscillator's clock arrives.
    pub pin: String,
    /// Frequency of the oscillator, in Hz.
    pub hz: u32,
    /// Frequency of the core's clock in Hz, made by a PLL; without it the core runs on the oscillator.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub core_hz: Option<u32>,
    /// Whether the pin is the PLL's own input; for iCE40 only. Such a pin reaches the PLL in no other way.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub pll_pad: bool,
}

/// Serial port of a board, seen from the FPGA.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Uart {
    /// Pin on which the FPGA receives.
    pub rx: String,
    /// Pin on which the FPGA sends.
    pub tx: String,
    /// Baud rate, in bits per second.
    pub baud: u32,
}

/// LED of a board.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Led {
    /// Pin that drives the LED.
    pub pin: String,
    /// Whether the LED lights when the pin is low.
    pub active_low: bool,
    /// Electrical standard of the pin, if not LVCMOS33; not for iCE40, whose I/O banks decide it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub standard: Option<String>,
}

/// Link of a board: its buffers, and the features of its designs.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Link {
    /// Bytes of a receive slot; a power of two.
    pub slot_bytes: u16,
    /// Features of designs for the board, unless `--features` says otherwise.
    #[serde(default)]
    pub features: Features,
}

/// Optional parts of a design.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Features {
    /// Whether the board draws the spikes of 8-bit images itself.
    pub encoder: bool,
    /// Whether an inference can stop as soon as its answer is clear.
    pub early_exit: bool,
    /// Whether weights and thresholds can be loaded over the link, also into memories that have contents at power-up. Files
    /// and `--features` call it `load`.
    #[serde(rename = "load")]
    pub reloadable: bool,
}

impl Features {
    /// Number of features that the design has.
    #[must_use]
    pub fn count(self) -> usize {
        [self.encoder, self.early_exit, self.reloadable]
            .map(usize::from)
            .iter()
            .sum()
    }
}

/// The form that `--features` accepts.
impl std::fmt::Display for Features {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let all = [
            (self.encoder, "encoder"),
            (self.early_exit, "early-exit"),
            (self.reloadable, "load"),
        ];
        let names: Vec<&str> = all
            .into_iter()
            .filter_map(|(has, name)| has.then_some(name))
            .collect();
        f.write_str(if names.is_empty() { "none" } else { "" })?;
        f.write_str(&names.join(","))
    }
}

impl std::str::FromStr for Features {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let mut features = Self {
            encoder: false,
            early_exit: false,
            reloadable: false,
        };
        if text == "none" {
            return Ok(features);
        }
        for name in text.split(',') {
            match name {
                "encoder" => features.encoder = true,
                "early-exit" => features.early_exit = true,
                "load" => features.reloadable = true,
                _ => {
                    return Err(format!(
                        "`{name}` is no feature; give encoder, early-exit and load, separated by commas, or none"
                    ));
                }
            }
        }
        Ok(features)
    }
}

impl Default for Features {
    fn default() -> Self {
        Self {
            encoder: true,
            early_exit: true,
            reloadable: true,
        }
    }
}

/// Pin that a design holds at one level.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Pin {
    /// Name of the pin.
    pub pin: String,
}

/// Command lines that write a bitstream to the board; `{bitstream}` stands for the file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Programmer {
    /// Command line that writes the board's flash, from which the FPGA starts.
    pub flash: Vec<String>,
    /// Command line that loads the FPGA until it loses power, for boards that can do this.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub load: Option<Vec<String>>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn features_are_read_as_they_are_written() {
        for gone in 0..8 {
            let features = Features {
                encoder: gone & 1 == 0,
                early_exit: gone & 2 == 0,
                reloadable: gone & 4 == 0,
            };
            assert_eq!(features.to_string().parse(), Ok(features));
        }
        assert_eq!(Features::default().to_string(), "encoder,early-exit,load");
        let error = "encoder,lode".parse::<Features>().expect_err("no feature");
        assert!(error.starts_with("`lode` is no feature; give encoder"), "{error}");
    }
}
