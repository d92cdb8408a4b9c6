//! Rows of weights per channel: the weights of the layer, followed by the weights of its shortcut.
//!
//! Both share the scale of the channel and are rounded together.

use crate::float::FloatModel;
use crate::network::Node;
use ndarray::{Array2, Axis, concatenate};

/// Weights of a layer, with both paths of a junction side by side.
#[derive(Clone, Debug)]
pub(super) struct Rows {
    /// Float weights, one row per channel.
    pub(super) weights: Array2<f32>,
    /// Number of columns of the layer's first path.
    own: usize,
    /// Whether there is a shortcut with weights.
    shortcut: bool,
}

impl Rows {
    /// Collects the weights of a layer; `None` for pooling.
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

    /// Splits integers of the same shape into those of the layer and those of the shortcut.
    pub(super) fn split(&self, integers: &Array2<i8>) -> (Array2<i8>, Option<Array2<i8>>) {
        let (own, second) = integers.view().split_at(Axis(1), self.own);
        (own.to_owned(), self.shortcut.then(|| second.to_owned()))
    }
}
