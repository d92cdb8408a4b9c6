//! Channels that never fire for any input, and channels whose spikes have no effect.

use super::Channels;
use crate::integer::reach::NeuronLimits;
use crate::integer::sums::StepSums;
use crate::integer::{InputValues, Neuron, QuantizedLayer, QuantizedModel, QuantizedShortcut, proof};
use crate::network::{LayerKind, Node, Source};
use std::ops::Range;

/// Finds the channels that never fire: their membranes cannot exceed the threshold, at any position and in any number of
/// steps. Channels that never fire, and those already removed, send nothing to later layers.
pub(super) fn never_firing(
    model: &QuantizedModel,
    nodes: &[Node],
    removed: &Channels,
    input: InputValues,
) -> Channels {
    let mut never: Channels = Vec::with_capacity(nodes.len());
    for (index, (layer, node)) in model.layers.iter().zip(nodes).enumerate() {
        let kind = &model.description.layers[index].kind;
        let is_gone = |source: Source, channel: usize| match source {
            Source::Input => false,
            Source::Layer(source) => never[source][channel] || removed[source][channel],
        };
        let channels = 0..layer.outputs();
        let found = match &layer.neuron {
            Neuron::Output => vec![false; layer.outputs()],
            // A window counts spikes, so any source can fire it in the end.
            Neuron::Lif { .. } if matches!(kind, LayerKind::Pool { .. }) => {
                channels.map(|channel| is_gone(node.source, channel)).collect()
            }
            Neuron::Lif { thresholds } => {
                let driven = without_sources(layer, kind, node, is_gone);
                let sums = proof::of_layer(&driven, kind, node, input);
                let silent = |channel: usize| {
                    let limits = |&sums: &StepSums| NeuronLimits {
                        sums,
                        bias: layer.bias(channel).into(),
                        threshold: Some(thresholds[channel].into()),
                        leak_shifts: &layer.leak_shifts,
                        floor: Some(layer.floor.into()),
                        reset: model.description.reset,
                        ceiling: layer.ceiling.map(i64::from),
                    };
                    sums[channel]
                        .iter()
                        .map(limits)
                        .all(|limits| stays_below(&limits))
                };
                channels.map(silent).collect()
            }
        };
        never.push(found);
    }
    never
}

/// Whether the membrane of a neuron never exceeds its threshold.
fn stays_below(limits: &NeuronLimits<'_>) -> bool {
    let highest = limits.reach().map(|reach| *reach.sums.end());
    highest
        .zip(limits.threshold)
        .is_some_and(|(highest, threshold)| highest <= threshold)
}

/// A layer in which sources that are gone add nothing.
fn without_sources(
    layer: &QuantizedLayer,
    kind: &LayerKind,
    node: &Node,
    is_gone: impl Fn(Source, usize) -> bool,
) -> QuantizedLayer {
    let mut driven = layer.clone();
    for channel in (0..node.input.channels).filter(|&channel| is_gone(node.source, channel)) {
        for column in columns(kind, node, channel) {
            driven.weights.column_mut(column).fill(0);
        }
    }
    if let Some(junction) = &node.junction {
        for channel in (0..junction.input.channels).filter(|&channel| is_gone(junction.source, channel)) {
            match &mut driven.shortcut {
                Some(QuantizedShortcut::Weights(weights)) => weights.column_mut(channel).fill(0),
                Some(QuantizedShortcut::Identity(increments)) => increments[channel] = 0,
                None => {}
            }
        }
    }
    driven
}

/// Columns of a layer's weights that belong to a channel of its source.
pub(super) fn columns(kind: &LayerKind, node: &Node, channel: usize) -> Range<usize> {
    let each = match *kind {
        LayerKind::Conv { kernel, .. } => kernel * kernel,
        LayerKind::Pool { .. } => 0,
        LayerKind::Fc { .. } | LayerKind::Out { .. } => node.input.height * node.input.width,
    };
    channel * each..(channel + 1) * each
}

/// Whether all weights that the spikes of a channel meet are 0, in channels that are not removed. Channels that are tied
/// to it are left aside, since they go with it.
pub(super) fn has_no_effect(
    model: &QuantizedModel,
    nodes: &[Node],
    removed: &Channels,
    layer: usize,
    channel: usize,
) -> bool {
    let source = Source::Layer(layer);
    let mut consumers = model.layers.iter().zip(nodes).enumerate();
    consumers.all(|(index, (consumer, node))| {
        let kind = &model.description.layers[index].kind;
        let rows = || (0..consumer.outputs()).filter(|&row| !removed[index][row]);
        let own = node.source == source;
        let second = node.junction.as_ref().is_some_and(|path| path.source == source);
        let meets_own = own
            && columns(kind, node, channel)
                .any(|column| rows().any(|row| consumer.weights[[row, column]] != 0));
        let meets_second = second
            && match &consumer.shortcut {
                Some(QuantizedShortcut::Weights(weights)) => rows().any(|row| weights[[row, channel]] != 0),
                Some(QuantizedShortcut::Identity(_)) | None => false,
            };
        !meets_own && !meets_second
    })
}
