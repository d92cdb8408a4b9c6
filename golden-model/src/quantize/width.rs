//! Number format of a layer's membranes: guard bits G, width V, thresholds, increments of an identity, and floor.
//!
//! * **Threshold.** θ = ⌊v_th / scale · 2^G⌋. Membranes are integers, so m > θ exactly if m > v_th / scale · 2^G. A
//!   channel is silent if no sequence of spikes can lift it above its threshold, at any position. The weights of a
//!   silent channel have no effect, so they become 0, and its threshold becomes 0, so that it does not widen the
//!   layer.
//! * **Increment.** A spike over an identity adds ⌊1 / scale · 2^G⌋. If v_th is 1, this is exactly the threshold, so
//!   that a single such spike does not make the neuron fire, as in the float model.
//! * **Guard bits.** A leak by a shift s subtracts nothing from a membrane below 2^s. [`GuardBits::Auto`] chooses the
//!   fewest guard bits with which the strongest shift of the leak acts below every threshold: the smallest threshold
//!   that can be exceeded (in the output layer, which has none: v_th at its scale) is at least 2^s. It chooses fewer
//!   if the width would otherwise exceed [`PREFERRED_BITS`]. Even fewer would cost no measurable accuracy on networks
//!   with a weak leak, but the leak would be lost; more change the number of spikes by less than 0.2 %. Without leak,
//!   membranes are whole weight LSB, and no guard bit is needed.
//! * **Bias.** The nearest whole number of membrane LSB, b / scale · 2^G, halves away from zero. A silent channel's becomes 0.
//! * **Floor.** The float model has no floor, so the floor should be low: at most −2·θ of the largest threshold,
//!   unless no neuron can sink that far. A neuron at this floor needs an excitation of three thresholds to fire again.
//!   The input of an inference is stationary, so a neuron driven that low rarely fires again. Spare width lowers the
//!   floor further.
//! * **Ceiling.** Only a reset by subtraction needs one; the float model has none. So it should be high: at least four times
//!   the largest threshold (or T times, if there are fewer steps T), unless no neuron can rise that far. A neuron at this
//!   ceiling fires in the four steps that follow without any input, and more cannot matter where inferences are that
//!   short. Spare width raises the ceiling further.
//! * **Width.** The smallest width that holds the highest sum below that ceiling, and the lowest sum below that floor. The floor of an
//!   output layer must never bind, because its membranes are the answer: its width holds any number of steps if this
//!   takes no more than [`PREFERRED_BITS`], otherwise the T steps of the network and one more.

use super::config::GuardBits;
use crate::integer::proof::{bits_of, bounds};
use crate::integer::reach::NeuronLimits;
use crate::integer::sums::{EventValues, StepSums};
use crate::integer::{IntegerError, MAX_GUARD_BITS};
use crate::network::Reset;
use crate::{Error, Result};

/// Width in bits that [`GuardBits::Auto`] does not exceed if fewer guard bits avoid it.
pub const PREFERRED_BITS: u32 = 24;

/// Highest floor, as a multiple of the largest threshold.
const FLOOR_THRESHOLDS: i64 = -2;

/// Lowest ceiling, as a multiple of the largest threshold, unless there are fewer steps.
const CEILING_THRESHOLDS: usize = 4;

/// Requirements of a layer's weights and scales on its membranes.
#[derive(Clone, Copy, Debug)]
pub struct Demand<'a> {
    /// Name of the layer.
    pub layer: &'a str,
    /// Worst-case sums of a step over the weights of each channel, in weight LSB; several per channel if windows
    /// differ.
    pub sums: &'a [Vec<StepSums>],
    /// Real threshold v_th / scale of each channel, in weight LSB.
    pub thresholds: &'a [f64],
    /// Real bias of each channel, in weight LSB; empty without biases.
    pub biases: &'a [f64],
    /// Identity shortcut into the membranes, if any.
    pub identity: Option<Identity<'a>>,
    /// Whether neurons fire at the thresholds; false in the output layer.
    pub fires: bool,
    /// Reset of neurons that fire.
    pub reset: Reset,
    /// Shifts of the leak.
    pub leak_shifts: &'a [u8],
    /// Number of steps of an inference.
    pub steps: usize,
}

/// Identity shortcut that adds to the membranes.
#[derive(Clone, Copy, Debug)]
pub struct Identity<'a> {
    /// Real increment of each channel that an event of value 1 adds, in weight LSB: 1 / scale for a spike.
    pub increments: &'a [f64],
    /// Values of the shortcut's events.
    pub events: EventValues,
}

/// Number format of a layer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Format {
    /// Number of guard bits G.
    pub guard_bits: u8,
    /// Width V of a membrane in bits.
    pub membrane_bits: u8,
    /// Lowest membrane at the end of a step, in membrane LSB.
    pub floor: i32,
    /// Highest membrane at the end of a step, in membrane LSB; only with a reset by subtraction.
    pub ceiling: Option<i32>,
    /// Bias of each channel, in membrane LSB; empty without biases.
    pub biases: Vec<i32>,
    /// Threshold θ of each channel, in membrane LSB; empty in the output layer.
    pub thresholds: Vec<i32>,
    /// Amount that a spike over the identity adds, one number per channel in membrane LSB; empty without an identity.
    pub increments: Vec<i32>,
    /// Channels whose threshold nothing can exceed. The rest of the format is valid only if their weights become 0.
    pub silent: Vec<usize>,
}

impl Demand<'_> {
    /// Chooses the format.
    ///
    /// # Errors
    /// If the sums need more than 32 bits.
    pub fn format(&self, guard_bits: GuardBits) -> Result<Format> {
        let most = match guard_bits {
            GuardBits::Fixed(bits) => return self.format_with(bits),
            GuardBits::Auto => self.resolving_guard_bits(),
        };
        for bits in (1..=most).rev() {
            match self.format_with(bits) {
                Ok(format) if u32::from(format.membrane_bits) <= PREFERRED_BITS => return Ok(format),
                _ => {}
            }
        }
        self.format_with(0)
    }

    /// Fewest guard bits that give the leak its resolution.
    fn resolving_guard_bits(&self) -> u8 {
        let Some(&strongest) = self.leak_shifts.first() else {
            return 0;
        };
        let resolution = f64::from(strongest).exp2();
        let live =
            (0..self.sums.len()).filter(|&channel| !self.fires || !self.is_silent(channel, MAX_GUARD_BITS));
        let smallest = live
            .map(|channel| self.thresholds[channel])
            .fold(f64::INFINITY, f64::min);
        (0..MAX_GUARD_BITS)
            .find(|&bits| smallest * f64::from(bits).exp2() >= resolution)
            .unwrap_or(MAX_GUARD_BITS)
    }

    fn format_with(&self, guard_bits: u8) -> Result<Format> {
        if self.fires {
            self.firing_format(guard_bits)
        } else {
            self.output_format(guard_bits)
        }
    }

    fn firing_format(&self, guard_bits: u8) -> Result<Format> {
        let channels = 0..self.sums.len();
        let silent: Vec<_> = channels
            .clone()
            .filter(|&channel| self.is_silent(channel, guard_bits))
            .collect();
        let mut sums: Vec<_> = channels
            .clone()
            .map(|channel| self.sums(channel, guard_bits))
            .collect();
        let mut thresholds: Vec<_> = channels
            .clone()
            .map(|channel| self.threshold(channel, guard_bits))
            .collect();
        let mut increments: Vec<_> = match self.identity {
            Some(_) => channels
                .map(|channel| self.increment(channel, guard_bits))
                .collect(),
            None => Vec::new(),
        };
        let mut biases = self.whole_biases(guard_bits);
        for &channel in &silent {
            sums[channel] = vec![StepSums::default()];
            thresholds[channel] = 0;
            if let Some(bias) = biases.get_mut(channel) {
                *bias = 0;
            }
            if let Some(increment) = increments.get_mut(channel) {
                *increment = 0;
            }
        }
        let largest = thresholds.iter().copied().max().unwrap_or(0);
        let thresholds_to_ceiling = i64::try_from(CEILING_THRESHOLDS.min(self.steps)).unwrap_or(i64::MAX);
        let subtracts = self.reset == Reset::Subtract;
        let ceiling = subtracts.then(|| thresholds_to_ceiling.saturating_mul(largest));
        let mut limits: Vec<NeuronLimits<'_>> = Vec::new();
        for (channel, (sums, &threshold)) in sums.iter().zip(&thresholds).enumerate() {
            let bias = biases.get(channel).copied().unwrap_or(0);
            limits.extend(sums.iter().map(|&sums| NeuronLimits {
                threshold: Some(threshold),
                floor: Some(FLOOR_THRESHOLDS * largest),
                ceiling,
                ..self.limits(sums, bias)
            }));
        }
        let most = increments.iter().copied().max().unwrap_or(0).max(largest);
        let reached = bounds(self.layer, &limits, None).map_or((i64::MIN, i64::MAX), |bounds| {
            let highest = if subtracts {
                bounds.highest_start + bounds.positive_sum
            } else {
                bounds.highest
            };
            (bounds.lowest_start - bounds.negative_sum, highest.max(most))
        });
        let Width {
            membrane_bits,
            floor,
            ceiling,
        } = self.width(&limits, reached)?;
        let narrow = |values: Vec<i64>| {
            let narrow =
                |value| i32::try_from(value).expect("32 bits hold every threshold, increment and bias");
            values.into_iter().map(narrow).collect()
        };
        Ok(Format {
            guard_bits,
            membrane_bits,
            floor,
            ceiling: subtracts.then_some(ceiling),
            biases: narrow(biases),
            thresholds: narrow(thresholds),
            increments: narrow(increments),
            silent,
        })
    }

    fn output_format(&self, guard_bits: u8) -> Result<Format> {
        let biases = self.whole_biases(guard_bits);
        let limits: Vec<_> = (0..self.sums.len())
            .flat_map(|channel| {
                let bias = biases.get(channel).copied().unwrap_or(0);
                let sums = self.sums(channel, guard_bits).into_iter();
                sums.map(move |sums| self.limits(sums, bias))
            })
            .collect();
        let reached = |steps| {
            bounds(self.layer, &limits, steps)
                .map(|bounds| (bounds.lowest_start - bounds.negative_sum, bounds.highest))
        };
        let range = reached(None)
            .filter(|&(lowest, highest)| bits_of(lowest, highest) <= PREFERRED_BITS)
            // One step more than there are: the floor is as far from the lowest sum as a step can sink, and must not bind at
            // the end of the last one.
            .or_else(|| reached(Some(self.steps + 1)))
            .unwrap_or((i64::MIN, i64::MAX));
        let Width {
            membrane_bits, floor, ..
        } = self.width(&limits, range)?;
        let narrow = |bias| i32::try_from(bias).expect("32 bits hold every bias");
        Ok(Format {
            guard_bits,
            membrane_bits,
            floor,
            ceiling: None,
            biases: biases.into_iter().map(narrow).collect(),
            thresholds: Vec::new(),
            increments: Vec::new(),
            silent: Vec::new(),
        })
    }

    /// Width that holds a range, and the lowest floor and highest ceiling from which a step cannot leave that width.
    fn width(&self, limits: &[NeuronLimits<'_>], (lowest, highest): (i64, i64)) -> Result<Width> {
        let needed = bits_of(lowest, highest).max(2);
        let too_wide = || {
            Error::Integer(IntegerError::MembraneOverflow {
                layer: self.layer.to_owned(),
                membrane_bits: 32,
                lowest,
                highest,
                needed,
            })
        };
        if needed > 32 {
            return Err(too_wide());
        }
        let most = |of: fn(&NeuronLimits<'_>) -> i64| limits.iter().map(of).max().unwrap_or(0);
        let half = 1_i64 << (needed - 1);
        let narrow = |number: i64| i32::try_from(number).map_err(|_| too_wide());
        Ok(Width {
            membrane_bits: u8::try_from(needed).map_err(|_| too_wide())?,
            floor: narrow(most(|limits| limits.most_subtracted()) - half)?,
            ceiling: narrow(half - 1 - most(|limits| limits.most_added()))?,
        })
    }

    /// Biases of all channels in membrane LSB; empty without biases.
    fn whole_biases(&self, guard_bits: u8) -> Vec<i64> {
        let biases = self.biases.iter();
        biases.map(|&bias| rounded(bias, guard_bits)).collect()
    }

    /// Threshold θ of a channel in membrane LSB.
    fn threshold(&self, channel: usize, guard_bits: u8) -> i64 {
        whole(self.thresholds[channel], guard_bits)
    }

    /// Amount in membrane LSB that a spike over the identity adds.
    fn increment(&self, channel: usize, guard_bits: u8) -> i64 {
        self.identity
            .map_or(0, |identity| whole(identity.increments[channel], guard_bits))
    }

    /// Worst-case sums of a channel's steps, in membrane LSB.
    fn sums(&self, channel: usize, guard_bits: u8) -> Vec<StepSums> {
        let spikes = self
            .identity
            .map_or(EventValues::SPIKES, |identity| identity.events);
        let increment = StepSums::of([self.increment(channel, guard_bits)], spikes);
        let whole = |sums: &StepSums| sums.with_guard_bits(guard_bits).and(increment);
        self.sums[channel].iter().map(whole).collect()
    }

    /// Whether nothing can lift a neuron of the channel above its threshold.
    fn is_silent(&self, channel: usize, guard_bits: u8) -> bool {
        let threshold = self.threshold(channel, guard_bits);
        let bias = self
            .biases
            .get(channel)
            .map_or(0, |&bias| rounded(bias, guard_bits));
        let never = |sums: StepSums| {
            // A quick test: almost all channels that can fire do so in the first step.
            if sums.positive + bias > threshold {
                return false;
            }
            let mut limits = self.limits(sums, bias);
            if limits.leak_shifts.is_empty() {
                // A membrane that sinks forever never converges. Without leak, sinking does not raise the highest
                // membrane.
                limits.floor = Some(0);
            }
            limits
                .reach()
                .is_some_and(|reach| threshold >= limits.highest_compared(&reach.start))
        };
        self.sums(channel, guard_bits).into_iter().all(never)
    }

    /// Limits of a neuron without threshold, floor and ceiling.
    const fn limits(&self, sums: StepSums, bias: i64) -> NeuronLimits<'_> {
        NeuronLimits {
            sums,
            bias,
            threshold: None,
            leak_shifts: self.leak_shifts,
            floor: None,
            reset: self.reset,
            ceiling: None,
        }
    }
}

/// Width of the membranes, and the limits on them that it affords.
struct Width {
    membrane_bits: u8,
    floor: i32,
    ceiling: i32,
}

/// Converts a real bias in weight LSB to the nearest whole number of membrane LSB, halves away from zero; saturates if no
/// width holds it.
pub(super) fn rounded(bias: f64, guard_bits: u8) -> i64 {
    #[expect(
        clippy::cast_possible_truncation,
        reason = "saturates, and the width refuses such a number"
    )]
    let whole = (bias * f64::from(guard_bits).exp2()).round() as i64;
    whole.clamp(-(i64::MAX >> 8), i64::MAX >> 8)
}

/// Converts a real number of weight LSB to whole membrane LSB, rounded down; saturates if no width holds it.
fn whole(value: f64, guard_bits: u8) -> i64 {
    #[expect(
        clippy::cast_possible_truncation,
        reason = "saturates, and the width refuses such a number"
    )]
    let whole = (value * f64::from(guard_bits).exp2()).floor() as i64;
    whole.min(i64::MAX >> 8)
}

#[cfg(test)]
mod tests;
