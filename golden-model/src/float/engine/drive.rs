//! The drive of a layer: what its sources add to its membranes in one step. It is measured apart from the membranes, in
//! order to scale the weights to it.

use super::{Connections, Engine, Layer, State};
use crate::events::{Dispatch, Layout, Numbers, zeros};
use crate::float::synapses::{Events, Synapses};
use crate::network::{LayerDescription, LayerKind, Node};

impl Engine {
    /// The engine of the first `layers` layers alone, for the same weights.
    pub(crate) fn front(&self, layers: usize) -> Self {
        Self {
            layers: self.layers[..layers].to_vec(),
            ..self.clone()
        }
    }

    /// Number of time steps.
    pub(crate) const fn steps(&self) -> usize {
        self.steps
    }

    /// Memory layout of the neurons of layer `index`.
    pub(crate) fn layout(&self, index: usize) -> Layout {
        self.layers[index].layout
    }

    /// Threshold of layer `index` in units of its membranes.
    pub(crate) fn threshold(&self, index: usize) -> f32 {
        self.layers[index].threshold
    }

    /// Tensor of each path into layer `index`; `None` for a path without weights.
    pub(crate) fn tensors(&self, index: usize) -> Vec<Option<usize>> {
        let paths = self.layers[index].paths.iter();
        let tensor = |connections: &Connections| match connections {
            Connections::Weighted { tensor, .. } => Some(*tensor),
            Connections::Plain { .. } | Connections::Identity { .. } => None,
        };
        paths.map(|path| tensor(&path.connections)).collect()
    }

    /// Spikes that each path into layer `index` receives in step `t`. `state` is that of [`Self::front`] of at least
    /// `index` layers, after a forward pass.
    pub(crate) fn received<'a>(&self, state: &'a State, index: usize, t: usize) -> Vec<Vec<Events<'a>>> {
        let paths = self.layers[index].paths.iter();
        paths
            .map(|path| self.sent(path.source, &state.layers, &state.inputs, t).to_vec())
            .collect()
    }

    /// Adds the drive of `events` over path `path` of layer `index` to `drive`, which is ordered as the layer's neurons.
    /// `weights` are those of the path's tensor; a path without weights adds the factor of each event.
    pub(crate) fn add_drive(
        &self,
        index: usize,
        path: usize,
        weights: &[f32],
        events: Events<'_>,
        drive: &mut [f32],
    ) {
        match &self.layers[index].paths[path].connections {
            Connections::Weighted { synapses, .. } => {
                let _ = synapses.accumulate(self.dispatch, weights, events, drive);
            }
            Connections::Plain { scatter, .. } | Connections::Identity { scatter, .. } => {
                let _ = scatter.accumulate(events.addresses, events.factor, drive);
            }
        }
    }

    /// Memory for the drive of layer `index`, filled with 0.
    pub(crate) fn drive_of(&self, index: usize) -> Numbers {
        zeros(self.layers[index].layout.size())
    }
}

/// Sums of what each weight of a layer receives: of the events that meet it, over all positions of its kernel. All output
/// channels receive the same, so the sums are those of a layer of one channel.
#[derive(Clone, Debug)]
pub(crate) struct Received {
    /// Connections of each path; `None` for a path without weights.
    synapses: Vec<Option<Synapses>>,
    dispatch: Dispatch,
    ones: Numbers,
    /// Sums of each path, in rows of as many equal numbers as the layout has for one channel.
    sums: Vec<Numbers>,
    row: usize,
}

impl Received {
    /// Creates sums of 0 for a layer with weights; `rows` are the numbers of rows of the weights of each path.
    pub(crate) fn new(layer: &LayerDescription, node: &Node, rows: &[usize]) -> Self {
        let mut node = node.clone();
        node.output.channels = 1;
        let mut single = layer.clone();
        if let LayerKind::Conv { out, .. } | LayerKind::Fc { out } | LayerKind::Out { out } = &mut single.kind
        {
            *out = 1;
        }
        // An identity has no weights, and more channels than one.
        node.junction = node.junction.filter(|junction| junction.tensor.is_some());
        let Layer { layout, paths, .. } = Layer::new(&single, &node);
        let mut synapses: Vec<Option<Synapses>> = paths
            .into_iter()
            .map(|path| match path.connections {
                Connections::Weighted { synapses, .. } => Some(synapses),
                Connections::Plain { .. } | Connections::Identity { .. } => None,
            })
            .collect();
        synapses.resize(rows.len(), None);
        let mut ones = zeros(layout.size());
        ones.fill(1.0);
        Self {
            synapses,
            dispatch: Dispatch::new(),
            ones,
            sums: rows.iter().map(|rows| zeros(rows * layout.stride)).collect(),
            row: layout.stride,
        }
    }

    /// Adds events over a path; nothing for a path without weights.
    pub(crate) fn add(&mut self, path: usize, events: Events<'_>) {
        if let Some(synapses) = &self.synapses[path] {
            synapses.add_gradient(self.dispatch, events, &self.ones, &mut self.sums[path]);
        }
    }

    /// Sum of each row of weights, for each path.
    pub(crate) fn sums(&self) -> Vec<Vec<f64>> {
        let rows = |sums: &Numbers| sums.iter().step_by(self.row).copied().map(f64::from).collect();
        self.sums.iter().map(rows).collect()
    }
}
