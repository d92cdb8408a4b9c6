//! The settings of a sweep: lists of values, and all their combinations.

use super::SweepError;
use serde::{Deserialize, Serialize};
use std::fmt;
use std::str::FromStr;
use synfire_golden_model::network::NetworkDescription;
use synfire_golden_model::quantize::{GuardBits, Leak, QuantizeConfig, ScaleSearch};

/// Flags that list the values to combine.
#[derive(Clone, Debug, clap::Args)]
pub(super) struct GridArgs {
    /// Bits per weight, 2 to 8.
    #[arg(
        long,
        value_name = "BITS,...",
        value_delimiter = ',',
        default_value = "2,3,4,6,8"
    )]
    bits: Vec<u8>,
    /// Numbers of time steps after which to read the output; default: the network's number of steps.
    #[arg(long, value_name = "T,...", value_delimiter = ',')]
    steps: Vec<usize>,
    /// Leaks: `auto` fits shifts to the network's leak, `none` has no leak, 7:9 has shifts by 7 and by 9.
    #[arg(long, value_name = "LEAK,...", value_delimiter = ',', default_value = "auto")]
    leak: Vec<LeakChoice>,
    /// Fraction bits of the membranes: `auto` for as many as the leak needs, or 0 to 12.
    #[arg(long, value_name = "BITS,...", value_delimiter = ',', default_value = "auto")]
    guard_bits: Vec<GuardChoice>,
}

/// Settings of one quantization.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Setting {
    pub(super) weight_bits: u8,
    pub(super) leak: LeakChoice,
    pub(super) guard_bits: GuardChoice,
}

/// A leak, as written on the command line and in the results file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(into = "String", try_from = "String")]
pub(super) struct LeakChoice(Leak);

/// A number of guard bits, as written on the command line and in the results file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(into = "String", try_from = "String")]
pub(super) struct GuardChoice(GuardBits);

impl GridArgs {
    /// Returns every combination once.
    pub(super) fn settings(&self) -> Vec<Setting> {
        let mut settings = Vec::new();
        for &weight_bits in &self.bits {
            for leak in &self.leak {
                for &guard_bits in &self.guard_bits {
                    let setting = Setting {
                        weight_bits,
                        leak: leak.clone(),
                        guard_bits,
                    };
                    if !settings.contains(&setting) {
                        settings.push(setting);
                    }
                }
            }
        }
        settings
    }

    /// Returns the numbers of steps after which to read the output, in ascending order.
    ///
    /// # Errors
    /// If a number is 0 or larger than the network's number of steps.
    pub(super) fn steps(&self, network: &NetworkDescription) -> Result<Vec<usize>, SweepError> {
        if self.steps.is_empty() {
            return Ok(vec![network.steps]);
        }
        let mut steps = self.steps.clone();
        steps.sort_unstable();
        steps.dedup();
        let outside = |steps: &&usize| !(1..=network.steps).contains(*steps);
        match steps.iter().find(outside) {
            Some(&found) => Err(SweepError::Steps {
                network: network.name.clone(),
                found,
                limit: network.steps,
            }),
            None => Ok(steps),
        }
    }
}

impl Setting {
    /// Returns the parameters of the quantizer.
    pub(super) fn config(&self, scale: ScaleSearch) -> QuantizeConfig {
        QuantizeConfig {
            weight_bits: self.weight_bits,
            guard_bits: self.guard_bits.0,
            leak: self.leak.0.clone(),
            scale,
            ..QuantizeConfig::default()
        }
    }
}

impl fmt::Display for Setting {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            weight_bits,
            leak,
            guard_bits,
        } = self;
        write!(f, "{weight_bits} bits, leak {leak}, guard bits {guard_bits}")
    }
}

impl FromStr for LeakChoice {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let shifts =
            |text: &str| -> Option<Vec<u8>> { text.split(':').map(|shift| shift.parse().ok()).collect() };
        match text {
            "auto" => Ok(Self(Leak::Auto)),
            "none" => Ok(Self(Leak::Shifts(Vec::new()))),
            _ => shifts(text)
                .map(|shifts| Self(Leak::Shifts(shifts)))
                .ok_or_else(|| "give `auto`, `none`, or shifts such as 7:9".into()),
        }
    }
}

impl fmt::Display for LeakChoice {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            Leak::Auto => write!(f, "auto"),
            Leak::Shifts(shifts) if shifts.is_empty() => write!(f, "none"),
            Leak::Shifts(shifts) => {
                let shifts: Vec<String> = shifts.iter().map(u8::to_string).collect();
                write!(f, "{}", shifts.join(":"))
            }
        }
    }
}

impl FromStr for GuardChoice {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        if text == "auto" {
            return Ok(Self(GuardBits::Auto));
        }
        text.parse()
            .map(|bits| Self(GuardBits::Fixed(bits)))
            .map_err(|_| "give `auto`, or a number of bits such as 2".into())
    }
}

impl fmt::Display for GuardChoice {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            GuardBits::Auto => write!(f, "auto"),
            GuardBits::Fixed(bits) => write!(f, "{bits}"),
        }
    }
}

// Results files hold these choices in the same form as the command line.
macro_rules! text {
    ($($choice:ty),+) => {
        $(impl TryFrom<String> for $choice {
            type Error = String;

            fn try_from(text: String) -> Result<Self, String> {
                text.parse()
            }
        }

        impl From<$choice> for String {
            fn from(choice: $choice) -> Self {
                choice.to_string()
            }
        })+
    };
}

text!(LeakChoice, GuardChoice);

#[cfg(test)]
mod tests {
    use super::*;

    fn grid(bits: &[u8], steps: &[usize], leaks: &[&str], guards: &[&str]) -> GridArgs {
        GridArgs {
            bits: bits.to_vec(),
            steps: steps.to_vec(),
            leak: leaks.iter().map(|text| text.parse().unwrap()).collect(),
            guard_bits: guards.iter().map(|text| text.parse().unwrap()).collect(),
        }
    }

    #[test]
    fn every_combination_comes_once() {
        let grid = grid(&[2, 8, 2], &[], &["auto", "none", "7:9"], &["auto", "0"]);
        let settings = grid.settings();
        assert_eq!(settings.len(), 2 * 3 * 2);
        assert_eq!(settings[0].to_string(), "2 bits, leak auto, guard bits auto");
        assert_eq!(settings[11].to_string(), "8 bits, leak 7:9, guard bits 0");
        let config = settings[11].config(ScaleSearch::Max);
        assert_eq!((config.weight_bits, config.guard_bits), (8, GuardBits::Fixed(0)));
        assert_eq!(config.leak, Leak::Shifts(vec![7, 9]));
        assert_eq!(
            settings[2].config(ScaleSearch::Max).leak,
            Leak::Shifts(Vec::new())
        );
    }

    #[test]
    fn choices_are_read_as_they_are_written() {
        for text in ["auto", "none", "5", "7:9", "3:7:9"] {
            assert_eq!(text.parse::<LeakChoice>().unwrap().to_string(), text);
        }
        for text in ["auto", "0", "12"] {
            assert_eq!(text.parse::<GuardChoice>().unwrap().to_string(), text);
        }
        for text in ["", "7:", "seven", "7,9", "-1", "300"] {
            assert!(text.parse::<LeakChoice>().is_err(), "{text}");
            assert!(text.parse::<GuardChoice>().is_err(), "{text}");
        }
    }

    #[test]
    fn steps_rise_up_to_the_networks() {
        let network = NetworkDescription::preset("digits").unwrap();
        let steps = |steps: &[usize]| grid(&[4], steps, &["auto"], &["auto"]).steps(&network);
        assert_eq!(steps(&[]).unwrap(), [16]);
        assert_eq!(steps(&[8, 16, 4, 8]).unwrap(), [4, 8, 16]);
        for wrong in [0, 17] {
            let wanted = [4, wrong];
            let error = steps(&wanted).unwrap_err().to_string();
            assert_eq!(
                error,
                format!("network `digits` has 16 time steps; its output cannot be read after {wrong}")
            );
        }
    }
}
