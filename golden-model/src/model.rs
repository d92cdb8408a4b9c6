//! A trained floating-point network.

use crate::network::NetworkDescription;
use crate::{Error, Result};
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

impl FloatModel {
    /// Checks that the network is valid, that there is a finite weight for every pair of neurons it connects,
    /// and nothing else.
    ///
    /// # Errors
    /// What [`NetworkDescription::validate`] refuses, and the first layer whose weights do not fit.
    pub fn validate(&self) -> Result<()> {
        let description = &self.description;
        description.validate()?;
        if self.weights.len() != description.layers.len() {
            return Err(Error::WeightCount {
                network: description.name.clone(),
                found: self.weights.len(),
                wanted: description.layers.len(),
            });
        }
        for (index, (layer, weights)) in description.layers.iter().zip(&self.weights).enumerate() {
            let (found, wanted) = (
                weights.dim(),
                (layer.kind.shape().size(), description.fan_in(index)),
            );
            if found != wanted {
                return Err(Error::WeightShape {
                    layer: layer.name.clone(),
                    found: found.into(),
                    wanted: wanted.into(),
                });
            }
            if let Some(((output, input), &found)) =
                weights.indexed_iter().find(|(_, weight)| !weight.is_finite())
            {
                return Err(Error::WeightValue {
                    layer: layer.name.clone(),
                    output,
                    input,
                    found,
                });
            }
        }
        Ok(())
    }
}
