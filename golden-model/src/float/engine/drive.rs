//! The drive of a layer: what its sources add to its membranes in one step. It is measured apart from the membranes, in
//! order to scale the weights to it.

use super::{Connections, Engine, State};
use crate::events::{Layout, Numbers, zeros};
use crate::float::synapses::Events;

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

    /// Adds `events` over path `path` of layer `index` to the sums of what each weight receives, over all positions of
    /// its kernel. `sums` has the layout of the weights, with the same sum for every output channel. `ones` are as many
    /// ones as the layer has neurons.
    pub(crate) fn add_received(
        &self,
        index: usize,
        path: usize,
        events: Events<'_>,
        ones: &[f32],
        sums: &mut [f32],
    ) {
        if let Connections::Weighted { synapses, .. } = &self.layers[index].paths[path].connections {
            synapses.add_gradient(self.dispatch, events, ones, sums);
        }
    }

    /// Memory for the drive of layer `index`, filled with `number`.
    pub(crate) fn drive_of(&self, index: usize, number: f32) -> Numbers {
        let mut drive = zeros(self.layers[index].layout.size());
        drive.fill(number);
        drive
    }
}
