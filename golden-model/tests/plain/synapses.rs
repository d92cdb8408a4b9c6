//! Synapses of a layer, from its description by plain loops over outputs and windows.

use synfire_golden_model::network::{Graph, LayerKind, NetworkDescription, Shape, Source};

/// Weight of a synapse.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Weight {
    /// Trained weight: tensor, then row and column.
    Learned(usize, [usize; 2]),
    /// Fixed weight of an identity or of a pooling window.
    Fixed(f64),
}

/// Connection of two neurons, or of an input and a neuron, numbered in C, H, W order.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Synapse {
    pub(crate) source: Source,
    pub(crate) from: usize,
    pub(crate) to: usize,
    pub(crate) weight: Weight,
}

fn address(shape: Shape, channel: usize, y: usize, x: usize) -> usize {
    (channel * shape.height + y) * shape.width + x
}

/// Source position under the window of an output; `None` if it lies outside the source.
fn under(length: usize, output: usize, stride: usize, offset: usize, padding: usize) -> Option<usize> {
    (output * stride + offset)
        .checked_sub(padding)
        .filter(|&place| place < length)
}

/// Lists the synapses into layer `index`.
pub(crate) fn synapses(description: &NetworkDescription, graph: &Graph, index: usize) -> Vec<Synapse> {
    let node = &graph.nodes[index];
    let (input, output) = (node.input, node.output);
    let mut synapses = Vec::new();
    let mut push = |source, from, to, weight| {
        synapses.push(Synapse {
            source,
            from,
            to,
            weight,
        });
    };
    let (kernel, stride, padding) = match description.layers[index].kind {
        LayerKind::Fc { .. } | LayerKind::Out { .. } => {
            let tensor = node.tensor.expect("weights");
            for to in 0..output.size() {
                for from in 0..input.size() {
                    push(node.source, from, to, Weight::Learned(tensor, [to, from]));
                }
            }
            return synapses;
        }
        LayerKind::Conv {
            kernel,
            stride,
            padding,
            ..
        } => (kernel, stride, padding),
        LayerKind::Pool { kernel } => (kernel, kernel, 0),
    };
    let area = (kernel * kernel) as f64;
    for channel in 0..output.channels {
        for y in 0..output.height {
            for x in 0..output.width {
                let to = address(output, channel, y, x);
                for (ky, kx) in (0..kernel).flat_map(|ky| (0..kernel).map(move |kx| (ky, kx))) {
                    let (Some(sy), Some(sx)) = (
                        under(input.height, y, stride, ky, padding),
                        under(input.width, x, stride, kx, padding),
                    ) else {
                        continue;
                    };
                    match node.tensor {
                        None => push(
                            node.source,
                            address(input, channel, sy, sx),
                            to,
                            Weight::Fixed(1.0 / area),
                        ),
                        Some(tensor) => {
                            for from in 0..input.channels {
                                let column = (from * kernel + ky) * kernel + kx;
                                let weight = Weight::Learned(tensor, [channel, column]);
                                push(node.source, address(input, from, sy, sx), to, weight);
                            }
                        }
                    }
                }
                let Some(junction) = &node.junction else {
                    continue;
                };
                let (sy, sx) = (y * junction.stride, x * junction.stride);
                match junction.tensor {
                    None => {
                        let from = address(junction.input, channel, sy, sx);
                        push(junction.source, from, to, Weight::Fixed(1.0));
                    }
                    Some(tensor) => {
                        for from in 0..junction.input.channels {
                            let weight = Weight::Learned(tensor, [channel, from]);
                            push(junction.source, address(junction.input, from, sy, sx), to, weight);
                        }
                    }
                }
            }
        }
    }
    synapses
}
