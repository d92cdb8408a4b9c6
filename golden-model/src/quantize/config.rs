//! What the quantizer may choose, and what it is told.

use super::error::QuantizeError;
use crate::integer::{InputSigns, MAX_GUARD_BITS, MAX_LEAK_SHIFT, MAX_LEAK_SHIFTS};
use crate::network::{LayerKind, NetworkDescription};
use crate::{Error, Result};
use std::collections::BTreeMap;

/// How to quantize a network. The default is 4-bit weights and everything else found from the network.
#[derive(Clone, Debug, PartialEq)]
pub struct QuantizeConfig {
    /// Width of a weight in bits, 2..=8.
    pub weight_bits: u8,
    /// Other widths for some layers, by name.
    pub layer_weight_bits: BTreeMap<String, u8>,
    /// Fraction bits of the membranes.
    pub guard_bits: GuardBits,
    /// Leak of every layer.
    pub leak: Leak,
    /// How a channel's scale is found.
    pub scale: ScaleSearch,
    /// Signs of the input spikes that the widths must hold; by default those of the network's samples
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

/// Fraction bits of the membranes below a weight's LSB.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum GuardBits {
    /// Per layer, the fewest that give the leak its resolution ([`super::width`]).
    Auto,
    /// This many in every layer, 0..=12.
    Fixed(u8),
}

/// Leak of every layer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Leak {
    /// Shifts that fit the factor of the description ([`super::leak`]).
    Auto,
    /// These shifts, distinct and ascending; none for integrate-and-fire.
    Shifts(Vec<u8>),
}

/// How the scale of a channel, the real value of one weight LSB, is found from its weights.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum ScaleSearch {
    /// Of [`Self::Max`], [`Self::MeanSquare`] and some percentiles whichever brings the least error, channel by channel:
    /// over calibration inferences that of the drive, after rounding; without them that of the weights, which is least by
    /// [`Self::MeanSquare`].
    Best,
    /// The largest weight becomes the largest integer: nothing is clipped.
    Max,
    /// This percentile of the magnitudes becomes the largest integer; what lies above is clipped. In (0, 100].
    Percentile(f64),
    /// The scale of least squared error over the channel's weights.
    MeanSquare,
}

impl ScaleSearch {
    /// The searches among which the error decides.
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
    /// Width of the weights of the layer of this name.
    #[must_use]
    pub fn weight_bits_of(&self, layer: &str) -> u8 {
        self.layer_weight_bits
            .get(layer)
            .copied()
            .unwrap_or(self.weight_bits)
    }

    /// Checks every option against its range, and layer names against those layers of the network that have weights.
    ///
    /// # Errors
    /// The first option that is wrong.
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
        if let ScaleSearch::Percentile(percentile) = self.scale {
            option("percentile", percentile, f64::MIN_POSITIVE, 100.0)?;
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
            low,
            high,
        }))
    }
}
