//! A trained floating-point network.

use super::Parameters;
use crate::float::FloatError;
use crate::network::NetworkDescription;
use crate::{Error, Result};
use ndarray::Array2;
use std::collections::BTreeMap;

/// A network with its floating-point weights.
#[derive(Clone, Debug, PartialEq)]
pub struct FloatModel {
    /// The network.
    pub description: NetworkDescription,
    /// Weights per tensor of [`crate::network::Graph::tensors`], `[outputs, inputs]`: of a fully-connected layer one row
    /// per neuron over the sources in C, H, W order, of a convolution one row per output channel over (input channel,
    /// kernel row, kernel column).
    pub weights: Vec<Array2<f32>>,
    /// Where the model comes from: data set, seed, epochs, accuracy and the like.
    pub provenance: BTreeMap<String, String>,
}

impl FloatModel {
    /// A network with the weights that training with this seed starts from.
    ///
    /// # Errors
    /// If the network is invalid.
    pub fn initial(description: NetworkDescription, seed: u64) -> Result<Self> {
        description.validate()?;
        Ok(Self {
            weights: Parameters::initial(&description, seed).to_matrices(&description),
            description,
            provenance: BTreeMap::new(),
        })
    }

    /// Checks that the network is valid, that there is a finite weight for every pair of neurons it connects,
    /// and nothing else.
    ///
    /// # Errors
    /// What [`NetworkDescription::validate`] refuses, and the first layer whose weights do not fit.
    pub fn validate(&self) -> Result<()> {
        let description = &self.description;
        description.validate()?;
        let tensors = description.graph()?.tensors;
        let (found, wanted) = (self.weights.len(), tensors.len());
        if found != wanted {
            return Err(Error::Float(FloatError::LayerCount { found, wanted }));
        }
        for (tensor, weights) in tensors.iter().zip(&self.weights) {
            let layer = || tensor.name.clone();
            let wanted = [tensor.outputs, tensor.inputs];
            if weights.shape() != wanted {
                let (found, wanted) = (weights.shape().to_vec(), wanted.to_vec());
                return Err(Error::Float(FloatError::Shape {
                    layer: layer(),
                    found,
                    wanted,
                }));
            }
            let not_finite = weights.indexed_iter().find(|(_, weight)| !weight.is_finite());
            if let Some(((neuron, source_address), &value)) = not_finite {
                return Err(Error::Float(FloatError::NotFinite {
                    layer: layer(),
                    neuron,
                    source_address,
                    value,
                }));
            }
        }
        Ok(())
    }
}
