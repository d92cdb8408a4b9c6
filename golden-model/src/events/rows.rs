//! Memory layout of a weight tensor in the engines: rows of output channels, one row per source, or per source channel
//! and kernel position.

use super::axis::Axis;
use super::layout::Layout;
use crate::network::{Graph, LayerKind, NetworkDescription, Tensor, TensorShape};

/// Rows in which an engine stores a tensor.
pub(crate) struct Rows {
    /// Row of every column of the tensor's matrix.
    pub(crate) of_column: Vec<usize>,
    /// Number of rows, including rows that belong to no column.
    pub(crate) count: usize,
    /// Numbers per row.
    pub(crate) length: usize,
}

impl Rows {
    /// Rows for a tensor of a layer of the graph, for vectors of `vector` numbers.
    pub(crate) fn new(
        graph: &Graph,
        description: &NetworkDescription,
        tensor: &Tensor,
        vector: usize,
    ) -> Self {
        let node = &graph.nodes[tensor.layer];
        let shortcut = node.junction.as_ref().filter(|junction| {
            junction
                .tensor
                .is_some_and(|index| graph.tensors[index] == *tensor)
        });
        let (source, shape) = shortcut.map_or((node.source, node.input), |junction| {
            (junction.source, junction.input)
        });
        let layout = Layout::of_source(source, shape, vector);
        let length = tensor.outputs.next_multiple_of(vector);
        let TensorShape::Kernels(kernel) = tensor.shape else {
            return Self {
                of_column: (0..tensor.inputs).map(|number| layout.address(number)).collect(),
                count: layout.size(),
                length,
            };
        };
        let stride = match (shortcut, description.layers[tensor.layer].kind) {
            (Some(junction), _) => junction.stride,
            (None, LayerKind::Conv { stride, .. }) => stride,
            (None, _) => 1,
        };
        let axis = Axis {
            kernel,
            stride,
            padding: 0,
            outputs: 0,
        };
        let row = |column: usize| {
            let (channel, place) = (column / (kernel * kernel), column % (kernel * kernel));
            (channel * kernel + axis.place(place / kernel)) * kernel + axis.place(place % kernel)
        };
        Self {
            of_column: (0..tensor.inputs).map(row).collect(),
            count: layout.stride * kernel * kernel,
            length,
        }
    }

    /// Total count of numbers in all rows.
    pub(crate) const fn numbers(&self) -> usize {
        self.count * self.length
    }
}

/// Rows of every tensor of a network, for vectors of `vector` numbers.
pub(crate) fn all_rows(description: &NetworkDescription, vector: usize) -> Vec<(Tensor, Rows)> {
    let graph = description.valid_graph();
    let rows = |tensor: &Tensor| (tensor.clone(), Rows::new(&graph, description, tensor, vector));
    graph.tensors.iter().map(rows).collect()
}
