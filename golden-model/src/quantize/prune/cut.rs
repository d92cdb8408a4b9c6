//! The network without some of its channels.

use super::Channels;
use super::silence::columns;
use crate::Result;
use crate::integer::{InputValues, Neuron, QuantizedLayer, QuantizedModel, QuantizedShortcut};
use crate::network::{LayerKind, NetworkDescription, Node, Shape, Source};
use crate::quantize::requantize::least_width;
use ndarray::Axis;

/// Builds the network without the channels that are `removed`. Its widths are the smallest that can be proven for input
/// spikes of the given signs, and never larger than before.
///
/// # Errors
/// If what remains is not a valid network.
pub(super) fn without(
    model: &QuantizedModel,
    nodes: &[Node],
    removed: &Channels,
    input: InputValues,
) -> Result<QuantizedModel> {
    let description = described(&model.description, removed);
    description.validate()?;
    let cut = Cut { removed };
    let mut layers = Vec::with_capacity(nodes.len());
    for (index, (layer, node)) in model.layers.iter().zip(nodes).enumerate() {
        layers.push(cut.layer(index, layer, &model.description.layers[index].kind, node));
    }
    let graph = description.graph()?;
    for (layer, (described, node)) in layers.iter_mut().zip(description.layers.iter().zip(&graph.nodes)) {
        let bits = least_width(layer, described, node, &description, input)?;
        layer.membrane_bits = bits.min(layer.membrane_bits);
    }
    Ok(QuantizedModel {
        description,
        layers,
        provenance: model.provenance.clone(),
    })
}

/// The description with fewer output channels.
fn described(description: &NetworkDescription, removed: &Channels) -> NetworkDescription {
    let mut description = description.clone();
    for (layer, removed) in description.layers.iter_mut().zip(removed) {
        let left = removed.iter().filter(|&&removed| !removed).count();
        match &mut layer.kind {
            LayerKind::Conv { out, .. } | LayerKind::Fc { out } | LayerKind::Out { out } => *out = left,
            LayerKind::Pool { .. } => {}
        }
    }
    description
}

struct Cut<'a> {
    removed: &'a Channels,
}

impl Cut<'_> {
    /// Channels of a source that remain.
    fn of_source(&self, source: Source, shape: Shape) -> Vec<usize> {
        match source {
            Source::Input => (0..shape.channels).collect(),
            Source::Layer(index) => self.of_layer(index),
        }
    }

    fn of_layer(&self, index: usize) -> Vec<usize> {
        let channels = self.removed[index].iter().enumerate();
        channels
            .filter_map(|(channel, removed)| (!removed).then_some(channel))
            .collect()
    }

    fn layer(&self, index: usize, layer: &QuantizedLayer, kind: &LayerKind, node: &Node) -> QuantizedLayer {
        let rows = self.of_layer(index);
        let sources = self.of_source(node.source, node.input);
        let columns: Vec<usize> = sources
            .into_iter()
            .flat_map(|channel| columns(kind, node, channel))
            .collect();
        let select = |numbers: &[i32]| -> Vec<i32> { rows.iter().map(|&row| numbers[row]).collect() };
        let second = node.junction.as_ref();
        let shortcut = match &layer.shortcut {
            None => None,
            Some(QuantizedShortcut::Weights(weights)) => {
                let sources = second.map_or_else(Vec::new, |path| self.of_source(path.source, path.input));
                let weights = weights.select(Axis(0), &rows).select(Axis(1), &sources);
                Some(QuantizedShortcut::Weights(weights))
            }
            Some(QuantizedShortcut::Identity(increments)) => {
                Some(QuantizedShortcut::Identity(select(increments)))
            }
        };
        // Every field by name, so that one that belongs to channels cannot be forgotten.
        QuantizedLayer {
            name: layer.name.clone(),
            weights: layer.weights.select(Axis(0), &rows).select(Axis(1), &columns),
            shortcut,
            weight_bits: layer.weight_bits,
            guard_bits: layer.guard_bits,
            membrane_bits: layer.membrane_bits,
            leak_shifts: layer.leak_shifts.clone(),
            floor: layer.floor,
            ceiling: layer.ceiling,
            biases: if layer.biases.is_empty() {
                Vec::new()
            } else {
                select(&layer.biases)
            },
            neuron: match &layer.neuron {
                Neuron::Lif { thresholds } => Neuron::Lif {
                    thresholds: select(thresholds),
                },
                Neuron::Output => Neuron::Output,
            },
        }
    }
}
