//! What a board is made of.

use serde::{Deserialize, Serialize};

/// FPGA family, which decides the tool chain.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Family {
    /// Lattice iCE40.
    Ice40,
    /// Lattice ECP5.
    Ecp5,
    /// Gowin GW1N and GW2A, by Project Apicula.
    Gowin,
}

/// The FPGA.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Device {
    /// Family.
    pub family: Family,
    /// Device: for Lattice as nextpnr's flag names it (`hx8k`, `up5k`, `85k`), for Gowin the part number.
    pub part: String,
    /// Package, as nextpnr names it; for Lattice only, since Gowin's part number has it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub package: Option<String>,
    /// Speed grade; for ECP5 only, where the slowest is assumed otherwise.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub speed: Option<u8>,
    /// Device as the tools' database names it (`GW1N-9C`); for Gowin only.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub database: Option<String>,
    /// Tables of 4 inputs.
    pub luts: usize,
    /// Block RAMs.
    pub block_rams: usize,
    /// Single-ported RAMs of 256 kbit, which UltraPlus has.
    #[serde(default)]
    pub sprams: usize,
    /// Multipliers of about 18×18.
    #[serde(default)]
    pub dsps: usize,
    /// Whether tables can be used as RAM.
    #[serde(default)]
    pub distributed_ram: bool,
}

/// The oscillator, and the clock that is made of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ClockSource {
    /// Pin.
    pub pin: String,
    /// The oscillator's frequency in Hz.
    pub hz: u32,
    /// The core's frequency in Hz, which a PLL makes; the oscillator's if not given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub core_hz: Option<u32>,
    /// Whether the pin is the PLL's own input; for iCE40 only, which then has no other way to the PLL.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub pll_pad: bool,
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
    /// Electrical standard, if not LVCMOS33; not for iCE40, whose banks decide it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub standard: Option<String>,
}

/// The link's buffers.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Link {
    /// Bytes of a receive slot: a power of two.
    pub slot_bytes: u16,
    /// What designs for the board have unless they are asked for otherwise.
    #[serde(default)]
    pub features: Features,
}

/// What a design can have or go without.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Features {
    /// Spikes of 8-bit images are drawn on the board.
    pub encoder: bool,
    /// An inference can stop when its answer is clear.
    pub early_exit: bool,
    /// Weights and thresholds can be loaded over the link, of memories too that have contents at power-up.
    pub load: bool,
}

impl Features {
    /// How many there are.
    #[must_use]
    pub fn count(self) -> usize {
        [self.encoder, self.early_exit, self.load]
            .map(usize::from)
            .iter()
            .sum()
    }
}

/// As `--features` takes them.
impl std::fmt::Display for Features {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let all = [
            (self.encoder, "encoder"),
            (self.early_exit, "early-exit"),
            (self.load, "load"),
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
            load: false,
        };
        if text == "none" {
            return Ok(features);
        }
        for name in text.split(',') {
            match name {
                "encoder" => features.encoder = true,
                "early-exit" => features.early_exit = true,
                "load" => features.load = true,
                _ => {
                    return Err(format!(
                        "`{name}` is no feature; known are encoder, early-exit and load, separated by commas, or none"
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
            load: true,
        }
    }
}

/// A pin.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Pin {
    /// Pin.
    pub pin: String,
}

/// How a bitstream gets onto the board: command lines, in which `{bitstream}` stands for the file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Programmer {
    /// Writes the board's flash, from which the FPGA starts.
    pub flash: Vec<String>,
    /// Loads the FPGA until it loses power, where the board can do that.
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
                load: gone & 4 == 0,
            };
            assert_eq!(features.to_string().parse(), Ok(features));
        }
        assert_eq!(Features::default().to_string(), "encoder,early-exit,load");
        let error = "encoder,lode".parse::<Features>().expect_err("no feature");
        assert!(
            error.starts_with("`lode` is no feature; known are encoder"),
            "{error}"
        );
    }
}
