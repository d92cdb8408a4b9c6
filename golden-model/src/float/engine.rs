//! The engine: forward and backward pass of one image.

mod arrive;
mod backward;
mod drive;
mod integers;
mod masks;
mod state;

pub(crate) use drive::Received;
pub(crate) use integers::MAX_MEMBRANE_BITS;
pub use masks::DropoutMasks;
pub(crate) use state::State;

use super::neuron::{LeakTable, fire_and_leak};
use super::parameters::Parameters;
use super::synapses::{ChannelOrder, Synapses};
use crate::events::{Axis, Dispatch, Layout, Scatter, SpikeLists, VECTOR, WORD, zeros};
use crate::network::{LayerDescription, LayerKind, NetworkDescription, Node, Reset, Source};
use crate::spikes::SpikeRaster;
use arrive::add_biases;
pub(super) use integers::IntegerNeurons;
use state::{InputLists, LayerState};

/// Update of a layer's membranes at the end of a step.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Dynamics {
    /// Fire, reset, leak.
    Lif,
    /// Fire, reset.
    Pool,
    /// Leak only.
    Output,
}

/// Connections from one source to a layer's membranes.
#[derive(Clone, Debug)]
pub(super) enum Connections {
    /// Connections with weights, which are tensor number `tensor` of the network.
    Weighted { synapses: Synapses, tensor: usize },
    /// Connections without weights: a spike adds 1, and `share` of δ flows back.
    Plain { scatter: Scatter, share: f32 },
    /// Identity into integer membranes: a spike adds the increment of its channel.
    Identity { scatter: Scatter, increments: Vec<f32> },
}

#[derive(Clone, Debug)]
pub(super) struct Path {
    pub(super) source: Source,
    pub(super) connections: Connections,
}

#[derive(Clone, Debug)]
pub(super) struct Layer {
    pub(super) layout: Layout,
    pub(super) paths: Vec<Path>,
    pub(super) dynamics: Dynamics,
    /// Threshold in units of the membrane; the membrane of a pooling neuron counts spikes.
    pub(super) threshold: f32,
    dropout: f32,
    /// Factor by which a step multiplies the membranes.
    leak: f32,
    /// Powers of the leak, for slopes.
    leak_table: LeakTable,
    /// End of a step for integer membranes; `None` if membranes are real numbers.
    pub(super) integers: Option<IntegerNeurons>,
}

impl Layer {
    /// Factor on the spikes that the layer sends; above 1 only while dropout is active.
    fn scale(&self, state: &LayerState) -> f32 {
        if state.keep.is_empty() {
            1.0
        } else {
            1.0 / (1.0 - self.dropout)
        }
    }
}

/// Network prepared to run: layers and number of steps, but not the weights.
#[derive(Clone, Debug)]
pub(crate) struct Engine {
    input: Layout,
    layers: Vec<Layer>,
    reset: Reset,
    /// Real number for which the value 1 of a graded input stands; `None` if inputs are spikes.
    graded_unit: Option<f32>,
    steps: usize,
    dispatch: Dispatch,
}

impl Engine {
    /// Creates the engine of a valid description.
    pub(crate) fn new(description: &NetworkDescription) -> Self {
        let graph = description.valid_graph();
        let input = Layout::input(description.input);
        let layers = description.layers.iter().zip(&graph.nodes).enumerate();
        let prepare = |(index, (layer, node))| {
            Layer::new(layer, node).with_leak(description.leak_of(index), description.steps)
        };
        Self {
            input,
            layers: layers.map(prepare).collect(),
            reset: description.reset,
            graded_unit: description.coding.is_graded().then(|| description.coding.unit()),
            steps: description.steps,
            dispatch: Dispatch::new(),
        }
    }

    /// Selects another kind of vectors.
    #[cfg(test)]
    pub(crate) fn with_dispatch(mut self, dispatch: Dispatch) -> Self {
        self.dispatch = dispatch;
        self
    }

    /// Allocates the state for one image at a time.
    pub(crate) fn state(&self) -> State {
        let read_out = |index| {
            let from_here = |path: &Path| path.source == Source::Layer(index);
            let output = |layer: &&Layer| layer.dynamics == Dynamics::Output;
            self.layers
                .iter()
                .filter(output)
                .any(|layer| layer.paths.iter().any(from_here))
        };
        let layers = self.layers.iter().enumerate().map(|(index, layer)| {
            let neurons = layer.layout.size();
            let fires = layer.dynamics != Dynamics::Output;
            let (mask, masked_steps) = if layer.dropout > 0.0 {
                (neurons.div_ceil(WORD), self.steps)
            } else {
                (0, 0)
            };
            LayerState {
                membranes: zeros(neurons),
                spikes: SpikeLists::new(if fires { neurons } else { 0 }, self.steps),
                passed: Vec::with_capacity(masked_steps),
                operations: 0,
                keep: Vec::with_capacity(mask),
                slopes: zeros(neurons),
                counts: zeros(neurons),
                errors: zeros(neurons),
                steady_errors: zeros(if read_out(index) { neurons } else { 0 }),
                deltas: zeros(neurons),
            }
        });
        let widest = |size: fn(Layout) -> usize| {
            let sizes = self.layers.iter().map(|layer| size(layer.layout));
            sizes.max().unwrap_or(0)
        };
        let classes = self.classes();
        State {
            input: SpikeRaster::new(self.input.shape.size()),
            layers: layers.collect(),
            output: vec![0.0; classes],
            readout: vec![0.0; classes * self.steps],
            inputs: InputLists::new(self.input.size(), self.steps, self.graded_unit),
            order: ChannelOrder::new(widest(Layout::size), widest(|layout| layout.stride)),
            aside: vec![0; widest(Layout::size)],
        }
    }

    fn classes(&self) -> usize {
        self.layers.last().map_or(0, |layer| layer.layout.shape.size())
    }

    /// Runs the forward pass of an image given as spikes.
    pub(crate) fn forward_raster(&self, weights: &Parameters, input: &SpikeRaster, state: &mut State) {
        let mut steps = input.iter();
        self.forward(weights, state, |raster| {
            raster.push_step(steps.next().unwrap_or_default().iter().copied());
        });
    }

    /// Runs the forward pass of an image; `next` appends the input spikes of the next step.
    pub(crate) fn forward(
        &self,
        weights: &Parameters,
        state: &mut State,
        mut next: impl FnMut(&mut SpikeRaster),
    ) {
        state.input.clear(self.input.shape.size());
        state.inputs.clear();
        for layer in &mut state.layers {
            layer.spikes.clear();
            layer.passed.clear();
            layer.membranes.fill(0.0);
            layer.operations = 0;
        }
        for t in 0..self.steps {
            next(&mut state.input);
            self.step(weights, state, t);
        }
        if let (Some(last), Some(layer)) = (state.layers.last(), self.layers.last()) {
            for (y, membrane) in state.output.iter_mut().zip(last.membranes.iter()) {
                *y = membrane / layer.threshold / self.steps as f32;
            }
        }
    }

    fn step(&self, weights: &Parameters, state: &mut State, t: usize) {
        let State {
            input,
            layers,
            readout,
            inputs,
            aside,
            ..
        } = state;
        inputs.push(input.step(t), self.input);
        for (index, layer) in self.layers.iter().enumerate() {
            let (before, from_here) = layers.split_at_mut(index);
            let here = &mut from_here[0];
            for path in &layer.paths {
                here.operations += self.arrive(path, weights, before, inputs, &mut here.membranes, t) as u64;
            }
            // Those of the weights come first: fine-tuning changes them.
            let biases = match (weights.biases_of(index), &layer.integers) {
                ([], Some(integers)) => &integers.biases,
                (biases, _) => biases,
            };
            add_biases(biases, &mut here.membranes);
            let LayerState {
                membranes, spikes, ..
            } = here;
            match (layer.dynamics, &layer.integers) {
                (Dynamics::Lif | Dynamics::Pool, None) => {
                    fire_and_leak(
                        self.dispatch,
                        membranes,
                        layer.threshold,
                        layer.leak,
                        self.reset,
                        spikes,
                    );
                    here.pass(aside);
                }
                (Dynamics::Lif | Dynamics::Pool, Some(integers)) => {
                    integers.fire_and_settle(self.dispatch, membranes, spikes);
                    here.pass(aside);
                }
                (Dynamics::Output, integers) => {
                    let membranes = &mut membranes[..layer.layout.shape.size()];
                    match integers {
                        None => membranes.iter_mut().for_each(|membrane| *membrane *= layer.leak),
                        Some(integers) => integers.settle(membranes),
                    }
                    readout[t * membranes.len()..][..membranes.len()].copy_from_slice(membranes);
                }
            }
        }
    }
}

impl Layer {
    /// Prepares a layer, without leak.
    pub(super) fn new(layer: &LayerDescription, node: &Node) -> Self {
        let layout = |source, shape| Layout::of_source(source, shape, VECTOR);
        let (input, output) = (layout(node.source, node.input), Layout::neurons(node.output));
        let (connections, dynamics) = match layer.kind {
            LayerKind::Conv {
                kernel,
                stride,
                padding,
                ..
            } => {
                let axis = |outputs| Axis {
                    kernel,
                    stride,
                    padding,
                    outputs,
                };
                let (rows, columns) = (axis(node.output.height), axis(node.output.width));
                let synapses = Synapses::convolution(input, output, rows, columns);
                (weighted(synapses, node.tensor), Dynamics::Lif)
            }
            LayerKind::Pool { kernel } => {
                let scatter = Scatter::pooling(input, output, kernel);
                let share = 1.0 / (kernel * kernel) as f32;
                (Connections::Plain { scatter, share }, Dynamics::Pool)
            }
            LayerKind::Fc { .. } => (
                weighted(Synapses::dense(input, output), node.tensor),
                Dynamics::Lif,
            ),
            LayerKind::Out { .. } => (
                weighted(Synapses::dense(input, output), node.tensor),
                Dynamics::Output,
            ),
        };
        let mut paths = vec![Path {
            source: node.source,
            connections,
        }];
        paths.extend(node.junction.as_ref().map(|junction| {
            let stride = junction.stride;
            let connections = if junction.tensor.is_some() {
                let axis = |outputs| Axis {
                    kernel: 1,
                    stride,
                    padding: 0,
                    outputs,
                };
                let (rows, columns) = (axis(node.output.height), axis(node.output.width));
                let synapses =
                    Synapses::convolution(layout(junction.source, junction.input), output, rows, columns);
                weighted(synapses, junction.tensor)
            } else {
                let scatter = Scatter::sampling(layout(junction.source, junction.input), output, stride);
                Connections::Plain { scatter, share: 1.0 }
            };
            Path {
                source: junction.source,
                connections,
            }
        }));
        let window = match layer.kind {
            LayerKind::Pool { kernel } => (kernel * kernel) as f32,
            _ => 1.0,
        };
        Self {
            layout: output,
            paths,
            dynamics,
            threshold: layer.threshold() * window,
            dropout: layer.dropout,
            leak: 1.0,
            leak_table: LeakTable::new(1.0, 0),
            integers: None,
        }
    }

    /// Lets the membranes leak in a network of `steps` steps.
    pub(super) fn with_leak(mut self, leak: f32, steps: usize) -> Self {
        self.leak = leak;
        self.leak_table = LeakTable::new(leak, steps);
        self
    }
}

fn weighted(synapses: Synapses, tensor: Option<usize>) -> Connections {
    Connections::Weighted {
        synapses,
        tensor: tensor.expect("weighted connections have a tensor"),
    }
}

#[cfg(test)]
mod tests;
