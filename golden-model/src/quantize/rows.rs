//! Everything that adds into a channel's membranes, in one row: its weights, and behind them those of the shortcut.
//!
//! The two share the channel's scale, and are rounded together.

use crate::float::FloatModel;
use crate::network::Node;
use ndarray::{Array2, Axis, concatenate};

/// The weights of a layer, both paths of a junction side by side.
#[derive(Clone, Debug)]
pub(super) struct Rows {
    /// One row per channel.
    pub(super) weights: Array2<f32>,
    /// Columns of the layer's own path.
    own: usize,
    /// Whether there is a shortcut with weights.
    shortcut: bool,
}

impl Rows {
    /// Those of a layer of the model; none of pooling.
    pub(super) fn of(model: &FloatModel, node: &Node) -> Option<Self> {
        let own = &model.weights[node.tensor?];
        let shortcut = node.junction.as_ref().and_then(|junction| junction.tensor);
        let weights = match shortcut {
            Some(tensor) => concatenate(Axis(1), &[own.view(), model.weights[tensor].view()])
                .expect("both paths have one row per output channel"),
            None => own.clone(),
        };
        Some(Self {
            weights,
            own: own.ncols(),
            shortcut: shortcut.is_some(),
        })
    }

    /// Takes integers of the same form apart: the layer's own, and the shortcut's.
    pub(super) fn split(&self, integers: &Array2<i8>) -> (Array2<i8>, Option<Array2<i8>>) {
        let (own, second) = integers.view().split_at(Axis(1), self.own);
        (own.to_owned(), self.shortcut.then(|| second.to_owned()))
    }
}
