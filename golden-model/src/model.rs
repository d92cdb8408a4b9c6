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
        let (found, wanted) = (self.weights.len(), description.layers.len());
        if found != wanted {
            return Err(Error::FloatLayerCount { found, wanted });
        }
        for (index, (layer, weights)) in description.layers.iter().zip(&self.weights).enumerate() {
            let layer = || layer.name.clone();
            let wanted = [
                description.layers[index].kind.shape().size(),
                description.fan_in(index),
            ];
            if weights.shape() != wanted {
                let (found, wanted) = (weights.shape().to_vec(), wanted.to_vec());
                return Err(Error::FloatShape {
                    layer: layer(),
                    found,
                    wanted,
                });
            }
            let not_finite = weights.indexed_iter().find(|(_, weight)| !weight.is_finite());
            if let Some(((neuron, source_address), &value)) = not_finite {
                return Err(Error::FloatNotFinite {
                    layer: layer(),
                    neuron,
                    source_address,
                    value,
                });
            }
        }
        Ok(())
    }
}
