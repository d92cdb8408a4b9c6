//! Proof that no membrane overflows, neither at the end of a step nor within a step, in any order of events.
//!
//! The worst-case sums of every channel are computed from its weights, window by window where windows differ, over both
//! paths of a junction ([`super::sums`]). [`NeuronLimits::reach`] then follows bias, threshold, reset, leak, floor and
//! ceiling from step to step. On an identity path, an event adds its value times the increment of its channel.
//!
//! The quantizer chooses widths by this proof, the file loader repeats it, and the engine refuses rasters that it does
//! not cover.

use super::reach::{NeuronLimits, Reach};
use super::sums::{StepSums, events_of};
use super::{InputSigns, InputValues, Neuron, QuantizedLayer, QuantizedModel, QuantizedShortcut, sums};
use crate::integer::IntegerError;
use crate::network::{LayerKind, NetworkDescription, Node};
use crate::{Error, Result};
use serde::Serialize;

/// Bounds on the membranes of a layer, in units of 2^−G weight LSB.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct LayerBounds {
    /// Name of the layer.
    pub layer: String,
    /// Largest amount that one step can add to a membrane, with its bias.
    pub positive_sum: i64,
    /// Largest amount that one step can subtract from a membrane, with its bias, as a magnitude.
    pub negative_sum: i64,
    /// Lowest membrane at the start of a step.
    pub lowest_start: i64,
    /// Highest membrane at the start of a step.
    pub highest_start: i64,
    /// Lowest partial sum within a step.
    pub lowest: i64,
    /// Highest partial sum within a step.
    pub highest: i64,
    /// Number of steps for which the bounds hold; `None` for any number of steps.
    pub steps: Option<usize>,
}

impl LayerBounds {
    /// Width in bits that holds every partial sum.
    #[must_use]
    pub const fn membrane_bits(&self) -> u32 {
        bits_of(self.lowest, self.highest)
    }
}

/// Proves the width of every membrane of a network for input of the given signs, which may differ from the signs of the
/// network's samples ([`InputSigns::of`]), and of all values of the network's coding.
///
/// If an output layer is unbounded (no leak), or its width suffices for no more, the proof holds for the T steps of the
/// description, and [`LayerBounds::steps`] states this number.
///
/// # Errors
/// If the network is inconsistent ([`QuantizedModel::validate`]), or a membrane can leave its width.
pub fn verify(model: &QuantizedModel, input: InputSigns) -> Result<Vec<LayerBounds>> {
    model.validate()?;
    let description = &model.description;
    let nodes = description.graph()?.nodes;
    let input = InputValues {
        coding: description.coding,
        signs: input,
    };
    let mut proven = Vec::with_capacity(nodes.len());
    for ((layer, described), node) in model.layers.iter().zip(&description.layers).zip(&nodes) {
        let sums = of_layer(layer, &described.kind, node, input);
        let bounds = bounds_of(layer, &sums, description, layer.membrane_bits.into());
        let needed = bounds.membrane_bits();
        if needed > u32::from(layer.membrane_bits) {
            return Err(Error::Integer(IntegerError::MembraneOverflow {
                layer: layer.name.clone(),
                membrane_bits: layer.membrane_bits,
                lowest: bounds.lowest,
                highest: bounds.highest,
                needed,
            }));
        }
        proven.push(bounds);
    }
    Ok(proven)
}

/// Worst-case sums of every channel of a layer in membrane LSB; sums that another pair exceeds in both are omitted.
pub(crate) fn of_layer(
    layer: &QuantizedLayer,
    kind: &LayerKind,
    node: &Node,
    input: InputValues,
) -> Vec<Vec<StepSums>> {
    let second = match &layer.shortcut {
        Some(QuantizedShortcut::Weights(weights)) => Some(weights),
        Some(QuantizedShortcut::Identity(_)) | None => None,
    };
    let mut sums = sums::of_weights(&layer.weights, second, kind, node, input);
    for pair in sums.iter_mut().flatten() {
        *pair = pair.with_guard_bits(layer.guard_bits);
    }
    if let (Some(QuantizedShortcut::Identity(increments)), Some(junction)) = (&layer.shortcut, &node.junction)
    {
        for (sums, &increment) in sums.iter_mut().zip(increments) {
            let increment = StepSums::of([i64::from(increment)], events_of(junction.source, input));
            sums.iter_mut().for_each(|pair| *pair = pair.and(increment));
        }
    }
    sums
}

/// Bounds of a layer's membranes for any number of steps. The bounds of an output layer hold for the steps of the
/// description if it is unbounded otherwise, or would need more than `bits` bits.
pub(crate) fn bounds_of(
    layer: &QuantizedLayer,
    sums: &[Vec<StepSums>],
    description: &NetworkDescription,
    bits: u32,
) -> LayerBounds {
    let threshold = |channel: usize| match &layer.neuron {
        Neuron::Lif { thresholds } => Some(i64::from(thresholds[channel])),
        Neuron::Output => None,
    };
    let limits = |(channel, sums): (usize, &Vec<StepSums>)| {
        let limits = |&sums: &StepSums| NeuronLimits {
            sums,
            bias: i64::from(layer.bias(channel)),
            threshold: threshold(channel),
            leak_shifts: &layer.leak_shifts,
            floor: Some(i64::from(layer.floor)),
            reset: description.reset,
            ceiling: layer.ceiling.map(i64::from),
        };
        sums.iter().map(limits).collect::<Vec<_>>()
    };
    let limits: Vec<_> = sums.iter().enumerate().flat_map(limits).collect();
    let unlimited = bounds(&layer.name, &limits, None);
    let limited = || bounds(&layer.name, &limits, Some(description.steps));
    let found = match (&layer.neuron, unlimited) {
        (Neuron::Output, Some(bounds)) if bounds.membrane_bits() <= bits => Some(bounds),
        (Neuron::Output, _) => limited(),
        (Neuron::Lif { .. }, bounds) => bounds,
    };
    found.expect("a number of steps, or a floor with a threshold or a ceiling, bound every membrane")
}

/// Bounds over all neurons for `steps` steps, or for any number; `None` if a neuron is unbounded.
pub(crate) fn bounds(name: &str, limits: &[NeuronLimits<'_>], steps: Option<usize>) -> Option<LayerBounds> {
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
        bounds.positive_sum = bounds.positive_sum.max(neuron.most_added());
        bounds.negative_sum = bounds.negative_sum.max(neuron.most_subtracted());
        bounds.lowest_start = bounds.lowest_start.min(*start.start());
        bounds.highest_start = bounds.highest_start.max(*start.end());
        bounds.lowest = bounds.lowest.min(*sums.start());
        bounds.highest = bounds.highest.max(*sums.end());
    }
    Some(bounds)
}

/// Width in bits of two's-complement numbers that hold a range that includes 0.
pub(crate) const fn bits_of(lowest: i64, highest: i64) -> u32 {
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
