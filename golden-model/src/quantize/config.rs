//! Options of the quantizer.

use super::error::QuantizeError;
use crate::integer::{InputSigns, MAX_GUARD_BITS, MAX_LEAK_SHIFT, MAX_LEAK_SHIFTS};
use crate::network::{LayerKind, NetworkDescription};
use crate::{Error, Result};
use std::collections::BTreeMap;

/// Options of the quantizer. The default is 4-bit weights; all other choices follow from the network.
#[derive(Clone, Debug, PartialEq)]
pub struct QuantizeConfig {
    /// Width of a weight in bits, 2..=8.
    pub weight_bits: u8,
    /// Weight widths in bits for layers that differ from `weight_bits`, by layer name.
    pub layer_weight_bits: BTreeMap<String, u8>,
    /// Number of guard bits of the membranes.
    pub guard_bits: GuardBits,
    /// Leak of all layers.
    pub leak: Leak,
    /// Search for the scale of a channel.
    pub scale: ScaleSearch,
    /// Signs of the input spikes that the widths must hold. The default is the signs of the network's samples
    /// ([`InputSigns::of`]).
    pub input: Option<InputSigns>,
}

impl Default for QuantizeConfig {
    fn default() -> Self {
        Self {
            weight_bits: 4,
            layer_weight_bits: BTreeMap::new(),
            guard_bits: GuardBits::Auto,
            leak: Leak::Auto,
            scale: ScaleSearch::Best,
            input: None,
        }
    }
}

/// Number of guard bits: fraction bits of the membranes below the weight LSB.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum GuardBits {
    /// For each layer, the fewest guard bits that give the leak its resolution ([`super::width`]).
    Auto,
    /// A fixed number for all layers, 0..=12.
    Fixed(u8),
}

/// Leak of all layers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Leak {
    /// Shifts that fit the factor of the description ([`super::leak`]).
    Auto,
    /// The given shifts, distinct and ascending; empty for integrate-and-fire.
    Shifts(Vec<u8>),
}

/// Search for the scale of a channel, which is the real value of one weight LSB.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum ScaleSearch {
    /// Tries [`Self::Max`], [`Self::MeanSquare`] and some percentiles, and selects the one with the smallest error for
    /// each channel. With calibration, this is the error of the drive after rounding. Without calibration, it is the
    /// error of the weights, which [`Self::MeanSquare`] minimizes.
    Best,
    /// Maps the largest weight to the largest integer, so nothing is clipped.
    Max,
    /// Maps this percentile of the magnitudes, in (0, 100], to the largest integer; larger magnitudes are clipped.
    Percentile(f64),
    /// Minimizes the squared error of the channel's weights.
    MeanSquare,
}

impl ScaleSearch {
    /// Whether a number is a percentile: above 0 and at most 100.
    #[must_use]
    pub fn is_percentile(number: f64) -> bool {
        number > 0.0 && number <= 100.0
    }

    /// Searches that are tried; the error decides among them.
    pub(super) const fn candidates(&self, calibrated: bool) -> &[Self] {
        match self {
            Self::Best if calibrated => &[
                Self::MeanSquare,
                Self::Max,
                Self::Percentile(99.0),
                Self::Percentile(95.0),
            ],
            Self::Best => &[Self::MeanSquare],
            Self::Max | Self::Percentile(_) | Self::MeanSquare => std::slice::from_ref(self),
        }
    }
}

impl QuantizeConfig {
    /// Weight width in bits of the layer with this name.
    #[must_use]
    pub fn weight_bits_of(&self, layer: &str) -> u8 {
        self.layer_weight_bits
            .get(layer)
            .copied()
            .unwrap_or(self.weight_bits)
    }

    /// Checks all options: ranges, and that named layers exist and have weights.
    ///
    /// # Errors
    /// If an option is wrong. The first such option is reported.
    pub fn validate(&self, description: &NetworkDescription) -> Result<()> {
        let layers = &description.layers;
        for name in self.layer_weight_bits.keys() {
            match layers.iter().find(|layer| layer.name == *name) {
                None => {
                    return Err(Error::Quantize(QuantizeError::UnknownLayer {
                        layer: name.clone(),
                        known: layers.iter().map(|layer| layer.name.clone()).collect(),
                    }));
                }
                Some(layer) if matches!(layer.kind, LayerKind::Pool { .. }) => {
                    return Err(QuantizeError::NoWeights { layer: name.clone() }.into());
                }
                Some(_) => {}
            }
        }
        for bits in std::iter::once(&self.weight_bits).chain(self.layer_weight_bits.values()) {
            option("weight_bits", f64::from(*bits), 2.0, 8.0)?;
        }
        if let GuardBits::Fixed(bits) = self.guard_bits {
            option("guard_bits", f64::from(bits), 0.0, f64::from(MAX_GUARD_BITS))?;
        }
        if let ScaleSearch::Percentile(found) = self.scale
            && !ScaleSearch::is_percentile(found)
        {
            return Err(Error::Quantize(QuantizeError::Option {
                option: "percentile",
                found,
                wanted: "above 0 and at most 100".into(),
            }));
        }
        if let Leak::Shifts(shifts) = &self.leak {
            let count = u32::try_from(shifts.len()).unwrap_or(u32::MAX);
            option(
                "number of leak shifts",
                f64::from(count),
                0.0,
                MAX_LEAK_SHIFTS as f64,
            )?;
            for &shift in shifts {
                option("leak shift", f64::from(shift), 1.0, f64::from(MAX_LEAK_SHIFT))?;
            }
            if !shifts.is_sorted_by(|a, b| a < b) {
                return Err(Error::Quantize(QuantizeError::LeakShifts {
                    found: shifts.clone(),
                }));
            }
        }
        Ok(())
    }
}

fn option(option: &'static str, found: f64, low: f64, high: f64) -> Result<()> {
    if (low..=high).contains(&found) {
        Ok(())
    } else {
        Err(Error::Quantize(QuantizeError::Option {
            option,
            found,
            wanted: format!("{low} to {high}"),
        }))
    }
}
