//! Proof that no membrane overflows: not at the end of a step, nor in the middle of one, in any order of events.
//!
//! For every neuron the worst-case sums of its weights are taken from the weights themselves. A source fires at most
//! once per step, so a step adds at most the sum of all positive weights, and takes at most the sum of all negative
//! ones; a source of signed spikes, which only the input can be, counts with the magnitude of its weight both ways.
//! [`NeuronLimits::reach`] then follows threshold, leak and floor from step to step.
//!
//! The quantizer chooses widths by this proof, the file loader repeats it, and the engine refuses what it does not
//! cover.

use super::reach::{NeuronLimits, Reach};
use crate::quantized::{Neuron, QuantizedLayer, QuantizedModel};
use crate::{Error, Result};
use ndarray::ArrayView1;
use serde::Serialize;

/// Signs of the spikes that enter a network.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum InputSpikes {
    /// Spikes of +1 only: images of pixels from zero up.
    #[default]
    Unsigned,
    /// Spikes of +1 and −1: images normalized around zero.
    Signed,
}

/// How far the membranes of a layer can go, in units of 2^−G weight LSB.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct LayerBounds {
    /// Layer's name.
    pub layer: String,
    /// Largest sum that a step can add to a membrane.
    pub positive_sum: i64,
    /// Largest sum that a step can take from a membrane, as a magnitude.
    pub negative_sum: i64,
    /// Lowest membrane at the start of a step.
    pub lowest_start: i64,
    /// Highest membrane at the start of a step.
    pub highest_start: i64,
    /// Lowest partial sum.
    pub lowest: i64,
    /// Highest partial sum.
    pub highest: i64,
    /// Steps for which this holds; `None` for any number.
    pub steps: Option<usize>,
}

impl LayerBounds {
    /// Width in bits that holds every partial sum.
    #[must_use]
    pub const fn membrane_bits(&self) -> u32 {
        bits_of(self.lowest, self.highest)
    }
}

/// Proves the width of every membrane of a network.
///
/// Where nothing bounds an output layer (no leak), or its width suffices for no more, the proof is for the T steps of
/// the description, and [`LayerBounds::steps`] says so.
///
/// # Errors
/// If the network is inconsistent ([`QuantizedModel::validate`]), or a membrane can leave its width.
pub fn verify(model: &QuantizedModel, input: InputSpikes) -> Result<Vec<LayerBounds>> {
    model.validate()?;
    let mut spikes = input;
    let mut proven = Vec::with_capacity(model.layers.len());
    for layer in &model.layers {
        proven.push(prove(layer, spikes, model.description.steps)?);
        spikes = InputSpikes::Unsigned;
    }
    Ok(proven)
}

fn prove(layer: &QuantizedLayer, input: InputSpikes, steps: usize) -> Result<LayerBounds> {
    let limits = layer_limits(layer, input);
    let fits = |bounds: &LayerBounds| bounds.membrane_bits() <= u32::from(layer.membrane_bits);
    let bounds = match bounds(&layer.name, &limits, None) {
        Some(bounds) if fits(&bounds) => return Ok(bounds),
        unlimited => match layer.neuron {
            Neuron::Output => bounds(&layer.name, &limits, Some(steps)),
            Neuron::Lif { .. } => unlimited,
        },
    };
    match bounds {
        Some(bounds) if fits(&bounds) => Ok(bounds),
        Some(bounds) => Err(Error::MembraneOverflow {
            layer: layer.name.clone(),
            membrane_bits: layer.membrane_bits,
            lowest: bounds.lowest,
            highest: bounds.highest,
            needed: bounds.membrane_bits(),
        }),
        None => unreachable!("a number of steps, or a threshold and a floor, bound every membrane"),
    }
}

fn layer_limits(layer: &QuantizedLayer, input: InputSpikes) -> Vec<NeuronLimits<'_>> {
    let threshold = |neuron: usize| match &layer.neuron {
        Neuron::Lif { thresholds } => Some(i64::from(thresholds[neuron])),
        Neuron::Output => None,
    };
    let neuron_limits = |(neuron, weights)| {
        let (positive, negative) = worst_sums(weights, input);
        NeuronLimits {
            positive: positive << layer.guard_bits,
            negative: negative << layer.guard_bits,
            threshold: threshold(neuron),
            leak_shifts: &layer.leak_shifts,
            floor: Some(i64::from(layer.floor)),
        }
    };
    layer
        .weights
        .rows()
        .into_iter()
        .enumerate()
        .map(neuron_limits)
        .collect()
}

/// Largest sums that one step can add and take, in weight LSB.
pub(super) fn worst_sums(weights: ArrayView1<'_, i8>, input: InputSpikes) -> (i64, i64) {
    let (mut positive, mut negative) = (0, 0);
    for &weight in weights {
        let weight = i64::from(weight);
        match input {
            InputSpikes::Unsigned => {
                positive += weight.max(0);
                negative += (-weight).max(0);
            }
            InputSpikes::Signed => {
                positive += weight.abs();
                negative += weight.abs();
            }
        }
    }
    (positive, negative)
}

/// Bounds over all neurons, for a number of steps or for any; `None` where nothing bounds some neuron.
pub(super) fn bounds(name: &str, limits: &[NeuronLimits<'_>], steps: Option<usize>) -> Option<LayerBounds> {
    let mut bounds = LayerBounds {
        layer: name.to_owned(),
        positive_sum: 0,
        negative_sum: 0,
        lowest_start: 0,
        highest_start: 0,
        lowest: 0,
        highest: 0,
        steps,
    };
    for neuron in limits {
        let Reach { start, sums } = match steps {
            Some(steps) => neuron.reach_within(steps),
            None => neuron.reach()?,
        };
        bounds.positive_sum = bounds.positive_sum.max(neuron.positive);
        bounds.negative_sum = bounds.negative_sum.max(neuron.negative);
        bounds.lowest_start = bounds.lowest_start.min(*start.start());
        bounds.highest_start = bounds.highest_start.max(*start.end());
        bounds.lowest = bounds.lowest.min(*sums.start());
        bounds.highest = bounds.highest.max(*sums.end());
    }
    Some(bounds)
}

/// Width of two's-complement numbers that hold every number of a range that includes 0.
pub(super) const fn bits_of(lowest: i64, highest: i64) -> u32 {
    let below = if lowest < 0 {
        i64::BITS - (!lowest).leading_zeros()
    } else {
        0
    };
    let above = i64::BITS - highest.leading_zeros();
    1 + if below > above { below } else { above }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn widths_of_ranges() {
        assert_eq!(bits_of(0, 0), 1);
        assert_eq!(bits_of(-1, 0), 1);
        assert_eq!(bits_of(-1, 1), 2);
        assert_eq!(bits_of(-128, 127), 8);
        assert_eq!(bits_of(-129, 127), 9);
        assert_eq!(bits_of(-128, 128), 9);
    }
}
