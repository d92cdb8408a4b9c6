//! Network prepared for the second training rule.

use super::integers::Integers;
use super::slope::Slope;
use super::sweep::{MAX_STEPS, Neuron};
use crate::events::{Dispatch, Layout};
use crate::float::engine::{Connections, Dynamics, Layer};
use crate::network::{LayerKind, NetworkDescription, Reset, Source};

/// Layer with what the rule adds to it.
#[derive(Clone, Debug)]
pub(super) struct Stage {
    pub(super) layer: Layer,
    /// How the neurons end a step.
    pub(super) neuron: Neuron,
    /// Place of γ in the parameters, for a layer that normalizes.
    pub(super) scale: Option<usize>,
    /// Place of β, or of the output layer's bias.
    pub(super) shift: Option<usize>,
    /// Places of the running mean and variance, for a layer that normalizes.
    pub(super) running: Option<[usize; 2]>,
    /// Membrane words that a spike of this layer touches, on average: F.
    pub(super) reach: f32,
    /// Whether an identity path adds spikes after the normalization.
    pub(super) has_plain: bool,
    /// Neurons of integers; `None` if membranes are real numbers.
    pub(super) integers: Option<Integers>,
}

impl Stage {
    /// Whether a pooling neuron fires on any spike of its window.
    pub(super) fn pools_any(&self) -> bool {
        self.layer.dynamics == Dynamics::Pool && self.layer.threshold < 1.0
    }
}

/// Network prepared for batches, without its parameters.
#[derive(Clone, Debug)]
pub(crate) struct FewSteps {
    pub(super) input: Layout,
    pub(super) stages: Vec<Stage>,
    /// Price of a spike ρ.
    pub(super) price: f32,
    pub(super) steps: usize,
    /// Number of tensors of weights, which come first among the parameters.
    pub(super) tensors: usize,
    /// Number that the value 1 of an input stands for.
    pub(super) unit: f32,
    pub(super) dispatch: Dispatch,
}

impl FewSteps {
    /// Prepares a valid network; `price` is ρ.
    pub(crate) fn new(description: &NetworkDescription, slope: Slope, price: f32) -> Self {
        let graph = description.valid_graph();
        let mut place = graph.tensors.len();
        let mut next = || {
            place += 1;
            place - 1
        };
        let stages = description.layers.iter().zip(&graph.nodes).enumerate();
        let prepare = |(index, (described, node))| {
            let layer = Layer::new(described, node);
            let normalizes = layer.dynamics == Dynamics::Lif;
            let has_plain = normalizes
                && layer
                    .paths
                    .iter()
                    .any(|path| matches!(path.connections, Connections::Plain { .. }));
            Stage {
                scale: normalizes.then(&mut next),
                shift: (layer.dynamics != Dynamics::Pool).then(&mut next),
                running: None,
                reach: reach(description, &graph.nodes, index),
                has_plain,
                integers: None,
                neuron: Neuron {
                    leak: description.leak_of(index),
                    subtract: description.reset == Reset::Subtract,
                    slope,
                },
                layer,
            }
        };
        let mut stages: Vec<Stage> = stages.map(prepare).collect();
        for stage in stages.iter_mut().filter(|stage| stage.scale.is_some()) {
            stage.running = Some([next(), next()]);
        }
        Self {
            input: Layout::input(description.input),
            stages,
            price,
            steps: description.steps.min(MAX_STEPS),
            tensors: graph.tensors.len(),
            unit: description.coding.unit(),
            dispatch: Dispatch::new(),
        }
    }

    /// Selects another kind of vectors.
    #[cfg(test)]
    pub(crate) fn with_dispatch(mut self, dispatch: Dispatch) -> Self {
        self.dispatch = dispatch;
        self
    }

    /// Number that the value 1 of an input stands for.
    pub(crate) const fn unit(&self) -> f32 {
        self.unit
    }

    pub(super) fn classes(&self) -> usize {
        self.stages
            .last()
            .map_or(0, |stage| stage.layer.layout.shape.size())
    }
}

/// Membrane words that a spike of layer `index` touches, on average over its neurons and summed over the layers that it
/// feeds: (kernel / stride)² of a convolution, 1 of any other connection.
fn reach(description: &NetworkDescription, nodes: &[crate::network::Node], index: usize) -> f32 {
    let here = Source::Layer(index);
    let mut words = 0.0;
    for (layer, node) in description.layers.iter().zip(nodes) {
        if node.source == here {
            words += match layer.kind {
                LayerKind::Conv { kernel, stride, .. } => (kernel as f32 / stride as f32).powi(2),
                LayerKind::Pool { .. } | LayerKind::Fc { .. } | LayerKind::Out { .. } => 1.0,
            };
        }
        if let Some(junction) = node.junction.as_ref().filter(|junction| junction.source == here) {
            words += (1.0 / junction.stride as f32).powi(2);
        }
    }
    words
}
