//! A layer with its state: it integrates the spikes of a step and emits its own spikes at the end of the step.

use super::number::{Number, VECTOR};
use super::sweep::Dynamics;
use super::synapses::{accumulate, accumulate_graded};
use super::{Neuron, QuantizedLayer, QuantizedShortcut};
use crate::events::{Axis, Dispatch, Layout, Numbers, Rows, Scatter, SpikeLists, Windows, zeros};
use crate::network::{Graph, LayerKind, NetworkDescription, Source};
use ndarray::Array2;
use std::fmt;
use std::sync::Arc;

/// Largest membrane width in bits that is computed with 16-bit numbers.
const NARROW_BITS: u8 = 16;

/// Layer with its state. Clones share the parameters and have their own state.
pub(super) trait Stage: fmt::Debug + Send + Sync {
    /// Resets all membranes.
    fn reset(&mut self);

    /// Sources of the paths into the membranes.
    fn sources(&self) -> &[Source];

    /// Integrates spikes of the current step that arrive on `path`, with ascending addresses and all of one sign;
    /// returns the number of synaptic operations.
    fn integrate(&mut self, path: usize, addresses: &[u32], negative: bool) -> u64;

    /// Integrates graded events of the current step that arrive on `path`, with ascending addresses and one value for each
    /// of them; returns the number of synaptic operations.
    fn integrate_graded(&mut self, path: usize, addresses: &[u32], values: &[i16]) -> u64;

    /// Ends the step: updates every neuron and lists those that fired as the next step of `fired`.
    fn end_step(&mut self, fired: &mut SpikeLists);

    /// Memory layout of the neurons.
    fn layout(&self) -> Layout;

    /// Whether the neurons can fire: true for all layers except the output layer.
    fn fires(&self) -> bool;

    /// Appends the membranes in C, H, W order, in units of 2^−G weight LSB.
    fn membranes(&self, into: &mut Vec<i32>);

    /// Memory of the state, in bytes.
    fn state_bytes(&self) -> usize;

    /// Clones the stage: the parameters are shared, the state is not.
    fn boxed_clone(&self) -> Box<dyn Stage>;
}

impl Clone for Box<dyn Stage> {
    fn clone(&self) -> Self {
        self.boxed_clone()
    }
}

/// Builds the stage of layer `index` of a validated network whose width V is proven.
pub(super) fn build(
    description: &NetworkDescription,
    graph: &Graph,
    index: usize,
    layer: &QuantizedLayer,
) -> Box<dyn Stage> {
    if layer.membrane_bits <= NARROW_BITS {
        Box::new(LayerStage::<i16>::new(description, graph, index, layer))
    } else {
        Box::new(LayerStage::<i32>::new(description, graph, index, layer))
    }
}

/// Layer whose membranes are numbers of type `N`.
struct LayerStage<N: Number> {
    parameters: Arc<Parameters<N>>,
    membranes: Numbers<N>,
    dispatch: Dispatch,
}

struct Parameters<N: Number> {
    layout: Layout,
    sources: Vec<Source>,
    /// Connections of each source.
    connections: Vec<Connections<N>>,
    dynamics: Dynamics<N>,
    /// Lowest and highest number of V bits. The width proof promises this range; debug builds check it.
    range: (i32, i32),
}

/// Connections from one source to the membranes.
enum Connections<N: Number> {
    /// Connections with weights, shifted by the guard bits.
    Weighted { windows: Windows, weights: Numbers<N> },
    /// Pooling: a spike adds one to a single membrane.
    Counted { scatter: Scatter },
    /// Identity: a spike adds the increment of its channel to a single membrane.
    Identity { scatter: Scatter, increments: Vec<N> },
}

impl<N: Number> LayerStage<N> {
    fn new(description: &NetworkDescription, graph: &Graph, index: usize, layer: &QuantizedLayer) -> Self {
        let node = &graph.nodes[index];
        let input = Layout::of_source(node.source, node.input, VECTOR);
        let output = Layout::padded(node.output, VECTOR);
        let weights = |tensor: Option<usize>, weights: &Array2<i8>| {
            let tensor = &graph.tensors[tensor.expect("layers with weights have a tensor")];
            let rows = Rows::new(graph, description, tensor, VECTOR);
            rows_of_weights(&rows, weights, layer.guard_bits)
        };
        let convolution = |source: Layout, kernel, stride, padding| {
            let axis = |outputs| Axis {
                kernel,
                stride,
                padding,
                outputs,
            };
            Windows::convolution(source, output, axis(node.output.height), axis(node.output.width))
        };
        let identity = |scatter, increments: &[i32]| {
            let mut increments: Vec<N> = increments
                .iter()
                .map(|&increment| N::truncated(increment))
                .collect();
            increments.resize(output.stride, N::default());
            Connections::Identity { scatter, increments }
        };
        let own = match description.layers[index].kind {
            LayerKind::Conv {
                kernel,
                stride,
                padding,
                ..
            } => Connections::Weighted {
                windows: convolution(input, kernel, stride, padding),
                weights: weights(node.tensor, &layer.weights),
            },
            LayerKind::Pool { kernel } => Connections::Counted {
                scatter: Scatter::pooling(input, output, kernel),
            },
            LayerKind::Fc { .. } | LayerKind::Out { .. } => Connections::Weighted {
                windows: Windows::dense(input, output),
                weights: weights(node.tensor, &layer.weights),
            },
        };
        let (mut sources, mut connections) = (vec![node.source], vec![own]);
        if let (Some(junction), Some(shortcut)) = (&node.junction, &layer.shortcut) {
            let source = Layout::of_source(junction.source, junction.input, VECTOR);
            sources.push(junction.source);
            connections.push(match shortcut {
                QuantizedShortcut::Weights(matrix) => Connections::Weighted {
                    windows: convolution(source, 1, junction.stride, 0),
                    weights: weights(junction.tensor, matrix),
                },
                QuantizedShortcut::Identity(increments) => {
                    identity(Scatter::sampling(source, output, junction.stride), increments)
                }
            });
        }
        let half = 1_i64 << (layer.membrane_bits - 1);
        let bound = |value: i64| i32::try_from(value).expect("at most 32 bits");
        let parameters = Parameters {
            layout: output,
            sources,
            connections,
            dynamics: Dynamics {
                thresholds: match &layer.neuron {
                    Neuron::Lif { thresholds } => Some(filled_up(thresholds, output.stride)),
                    Neuron::Output => None,
                },
                leak_shifts: layer.leak_shifts.clone(),
                floor: N::truncated(layer.floor),
                ceiling: layer.ceiling.map(N::truncated),
                biases: padded(&layer.biases, output.stride),
            },
            range: (bound(-half), bound(half - 1)),
        };
        Self {
            membranes: zeros(output.size()),
            parameters: Arc::new(parameters),
            dispatch: Dispatch::new(),
        }
    }
}

/// Pads thresholds to the layout's stride; the padding neurons never fire.
fn filled_up<N: Number>(thresholds: &[i32], stride: usize) -> Vec<N> {
    let mut filled: Vec<N> = thresholds
        .iter()
        .map(|&threshold| N::truncated(threshold))
        .collect();
    filled.resize(stride, N::MAX);
    filled
}

/// Pads biases to the layout's stride, so that padding neurons stay at 0; no biases stay none.
fn padded<N: Number>(biases: &[i32], stride: usize) -> Vec<N> {
    let mut padded: Vec<N> = biases.iter().map(|&bias| N::truncated(bias)).collect();
    if !padded.is_empty() {
        padded.resize(stride, N::default());
    }
    padded
}

/// Computes the increments q << G of a tensor, in rows.
fn rows_of_weights<N: Number>(rows: &Rows, weights: &Array2<i8>, guard_bits: u8) -> Numbers<N> {
    let mut numbers = zeros(rows.numbers());
    for (column, &row) in weights.columns().into_iter().zip(&rows.of_column) {
        let row = &mut numbers[row * rows.length..][..column.len()];
        for (number, &weight) in row.iter_mut().zip(column) {
            // Only a weight that no spike can reach may be wider than the proof allows.
            *number = N::truncated(i32::from(weight) << guard_bits);
        }
    }
    numbers
}

/// Whether all membranes are within a range.
fn are_within<N: Number>(membranes: &[N], (lowest, highest): (i32, i32)) -> bool {
    membranes
        .iter()
        .all(|&membrane| (lowest..=highest).contains(&membrane.into()))
}

/// Calls `add` with every target of the events and the event's value; returns the number of calls.
fn add_values<N: Number>(
    scatter: &Scatter,
    addresses: &[u32],
    values: &[i16],
    mut add: impl FnMut(usize, N),
) -> u64 {
    let mut operations = 0;
    for (address, &value) in addresses.iter().zip(values) {
        for (_, target) in scatter.pairs(std::slice::from_ref(address)) {
            add(target, N::truncated(value.into()));
            operations += 1;
        }
    }
    operations
}

impl<N: Number> fmt::Debug for LayerStage<N> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("LayerStage")
            .field("layout", &self.parameters.layout)
            .field("bits", &(8 * size_of::<N>()))
            .finish_non_exhaustive()
    }
}

impl<N: Number> Stage for LayerStage<N> {
    fn reset(&mut self) {
        self.membranes.fill(N::default());
    }

    fn sources(&self) -> &[Source] {
        &self.parameters.sources
    }

    fn integrate(&mut self, path: usize, addresses: &[u32], negative: bool) -> u64 {
        if addresses.is_empty() {
            return 0;
        }
        let Parameters {
            layout,
            connections,
            range,
            ..
        } = &*self.parameters;
        let membranes = &mut self.membranes[..];
        let operations = match &connections[path] {
            Connections::Weighted { windows, weights } => {
                accumulate(self.dispatch, windows, weights, addresses, negative, membranes) as u64
            }
            Connections::Counted { scatter } => {
                let one = N::truncated(if negative { -1 } else { 1 });
                let count =
                    |(_, target): (usize, usize)| membranes[target] = membranes[target].wrapping_add(one);
                scatter.pairs(addresses).map(count).count() as u64
            }
            Connections::Identity { scatter, increments } => {
                let add = |(_, target): (usize, usize)| {
                    let increment = increments[target % layout.stride];
                    membranes[target] = if negative {
                        membranes[target].wrapping_sub(increment)
                    } else {
                        membranes[target].wrapping_add(increment)
                    };
                };
                scatter.pairs(addresses).map(add).count() as u64
            }
        };
        debug_assert!(are_within(membranes, *range), "a membrane left its proven width");
        operations
    }

    fn integrate_graded(&mut self, path: usize, addresses: &[u32], values: &[i16]) -> u64 {
        let Parameters {
            layout,
            connections,
            range,
            ..
        } = &*self.parameters;
        let membranes = &mut self.membranes[..];
        let operations = match &connections[path] {
            Connections::Weighted { windows, weights } => {
                accumulate_graded(self.dispatch, windows, weights, addresses, values, membranes) as u64
            }
            Connections::Counted { scatter } => add_values(scatter, addresses, values, |target, value| {
                membranes[target] = membranes[target].wrapping_add(value);
            }),
            Connections::Identity { scatter, increments } => {
                add_values(scatter, addresses, values, |target, value| {
                    let amount = increments[target % layout.stride].wrapping_mul(value);
                    membranes[target] = membranes[target].wrapping_add(amount);
                })
            }
        };
        debug_assert!(are_within(membranes, *range), "a membrane left its proven width");
        operations
    }

    fn end_step(&mut self, fired: &mut SpikeLists) {
        let Self {
            parameters,
            membranes,
            dispatch,
        } = self;
        parameters.dynamics.end_step(*dispatch, membranes, fired);
    }

    fn layout(&self) -> Layout {
        self.parameters.layout
    }

    fn fires(&self) -> bool {
        self.parameters.dynamics.thresholds.is_some()
    }

    fn membranes(&self, into: &mut Vec<i32>) {
        let layout = self.parameters.layout;
        let membrane = |number| self.membranes[layout.address(number)].into();
        into.extend((0..layout.shape.size()).map(membrane));
    }

    fn state_bytes(&self) -> usize {
        size_of_val(&self.membranes[..])
    }

    fn boxed_clone(&self) -> Box<dyn Stage> {
        Box::new(Self {
            parameters: Arc::clone(&self.parameters),
            membranes: zeros(self.membranes.len()),
            dispatch: self.dispatch,
        })
    }
}
