//! A trained floating-point network.

use crate::network::NetworkDescription;
use ndarray::Array2;
use std::collections::BTreeMap;

/// A network with its floating-point weights.
#[derive(Clone, Debug, PartialEq)]
pub struct FloatModel {
    /// The network.
    pub description: NetworkDescription,
    /// Weights per layer, `[outputs, inputs]`.
    pub weights: Vec<Array2<f32>>,
    /// Where the model comes from: data set, seed, epochs, accuracy and the like.
    pub provenance: BTreeMap<String, String>,
}
