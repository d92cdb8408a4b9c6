//! Rows of weights per channel: the weights of the layer, followed by the weights of its shortcut.
//!
//! Both share the scale of the channel and are rounded together. Weights of graded input are those of the integer value 1:
//! the float weight times the real number for which that value stands.

use crate::float::FloatModel;
use crate::network::{NetworkDescription, Node, Source};
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

/// Real number for which an event of value 1 of a source stands; exact as f32, so that products with it are rounded as the
/// weight is.
pub(super) const fn unit_of(description: &NetworkDescription, source: Source) -> f32 {
    match source {
        Source::Input => description.coding.unit(),
        Source::Layer(_) => 1.0,
    }
}

impl Rows {
    /// Collects the weights of a layer; `None` for pooling.
    pub(super) fn of(model: &FloatModel, node: &Node) -> Option<Self> {
        let of_value = |tensor: usize, source| {
            let unit = unit_of(&model.description, source);
            model.weights[tensor].mapv(|weight| weight * unit)
        };
        let own = of_value(node.tensor?, node.source);
        let columns = own.ncols();
        let second = node
            .junction
            .as_ref()
            .and_then(|junction| Some(of_value(junction.tensor?, junction.source)));
        let shortcut = second.is_some();
        let weights = match second {
            Some(second) => concatenate(Axis(1), &[own.view(), second.view()])
                .expect("both paths have one row per output channel"),
            None => own,
        };
        Some(Self {
            weights,
            own: columns,
            shortcut,
        })
    }

    /// Splits integers of the same shape into those of the layer and those of the shortcut.
    pub(super) fn split(&self, integers: &Array2<i8>) -> (Array2<i8>, Option<Array2<i8>>) {
        let (own, second) = integers.view().split_at(Axis(1), self.own);
        (own.to_owned(), self.shortcut.then(|| second.to_owned()))
    }
}
