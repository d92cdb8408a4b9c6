//! Layers whose channels are tied to each other, number by number: pooling to its source, and a junction with an identity
//! to the source of the identity.

use crate::network::{LayerKind, NetworkDescription, Node, Source};

/// Layers whose channels can only be removed together. All have the same number of channels.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Group {
    /// Indices of the layers, ascending; never the output layer.
    pub(super) layers: Vec<usize>,
    /// Whether the channels are also tied to those of the network's input, which stay.
    pub(super) has_input: bool,
}

/// Divides all layers but the output layer into groups.
pub(super) fn groups(description: &NetworkDescription, nodes: &[Node]) -> Vec<Group> {
    // Number of a group for the input, which is first, and for every layer.
    let mut group: Vec<usize> = (0..=nodes.len()).collect();
    let place = |source: Source| match source {
        Source::Input => 0,
        Source::Layer(index) => index + 1,
    };
    for (index, (layer, node)) in description.layers.iter().zip(nodes).enumerate() {
        let pooled = matches!(layer.kind, LayerKind::Pool { .. }).then_some(node.source);
        let identity = node.junction.as_ref().filter(|path| path.tensor.is_none());
        for source in pooled.into_iter().chain(identity.map(|path| path.source)) {
            let (one, other) = (group[place(source)], group[index + 1]);
            group
                .iter_mut()
                .filter(|group| **group == other)
                .for_each(|group| *group = one);
        }
    }
    let hidden = nodes.len().saturating_sub(1);
    let members =
        |number: usize| -> Vec<usize> { (0..hidden).filter(|&layer| group[layer + 1] == number).collect() };
    let groups = (0..=nodes.len()).map(|number| Group {
        layers: members(number),
        has_input: group[0] == number,
    });
    groups.filter(|group| !group.layers.is_empty()).collect()
}

/// Whether the spikes of a layer go to pooling or over an identity, whose channels are tied to its own.
pub(super) fn feeds_tied(description: &NetworkDescription, nodes: &[Node], layer: usize) -> bool {
    let source = Source::Layer(layer);
    description.layers.iter().zip(nodes).any(|(consumer, node)| {
        let pools = matches!(consumer.kind, LayerKind::Pool { .. }) && node.source == source;
        let identity = node.junction.as_ref().filter(|path| path.tensor.is_none());
        pools || identity.is_some_and(|path| path.source == source)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pooling_and_identities_tie_channels() {
        let found = |text: &str| {
            let network = NetworkDescription::from_compact(text, None).unwrap();
            let groups = groups(&network, &network.graph().unwrap().nodes);
            let pairs = groups.into_iter().map(|group| (group.layers, group.has_input));
            pairs.collect::<Vec<_>>()
        };
        assert_eq!(found("8-6-4@1x2x2"), [(vec![0], false), (vec![1], false)]);
        assert_eq!(
            found("4C3p1-P2-R4-I4-6-3@2x8x8"),
            // The first block's shortcut has weights; the second's is an identity from the first block.
            [
                (vec![0, 1], false),
                (vec![2], false),
                (vec![3, 5], false),
                (vec![4], false),
                (vec![6], false)
            ]
        );
        assert_eq!(found("P2-3C1=1-4@3x4x4"), [(vec![0, 1], true)]);
        assert_eq!(
            found("3C3p1-3C3p1=0-4@3x4x4"),
            [(vec![1], true), (vec![0], false)]
        );
    }
}
