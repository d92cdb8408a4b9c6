//! Float model: a network with its floating-point weights.

use super::Parameters;
use crate::float::FloatError;
use crate::network::{LayerKind, NetworkDescription};
use crate::{Error, Result};
use ndarray::Array2;
use std::collections::BTreeMap;

/// A network with its floating-point weights.
#[derive(Clone, Debug, PartialEq)]
pub struct FloatModel {
    /// Description of the network.
    pub description: NetworkDescription,
    /// One weight matrix `[outputs, inputs]` per tensor of [`crate::network::Graph::tensors`]. A fully-connected layer
    /// has one row per neuron over the sources in C, H, W order; a convolution has one row per output channel over
    /// (input channel, kernel row, kernel column).
    pub weights: Vec<Array2<f32>>,
    /// Biases: one list per layer, of one number per output channel (per neuron of a fully-connected layer), which every
    /// step adds to the membrane. The list of a layer without biases is empty; so is the whole, if no layer has any.
    pub biases: Vec<Vec<f32>>,
    /// Origin of the model as key-value pairs: data set, seed, epochs, accuracy and the like.
    pub provenance: BTreeMap<String, String>,
}

impl FloatModel {
    /// Creates a model with the initial weights of a training run with this seed.
    ///
    /// # Errors
    /// If the network is invalid.
    pub fn initial(description: NetworkDescription, seed: u64) -> Result<Self> {
        description.validate()?;
        Ok(Self {
            weights: Parameters::initial(&description, seed).to_matrices(&description),
            biases: Vec::new(),
            description,
            provenance: BTreeMap::new(),
        })
    }

    /// Biases of layer `index`, one per output channel; none for a layer without.
    #[must_use]
    pub fn biases_of(&self, index: usize) -> &[f32] {
        self.biases.get(index).map_or(&[], |biases| &biases[..])
    }

    /// Whether any layer has biases.
    #[must_use]
    pub fn has_biases(&self) -> bool {
        self.biases.iter().any(|biases| !biases.is_empty())
    }

    /// Checks that the network is valid, and that weights and biases have the shapes of the network and only finite
    /// numbers.
    ///
    /// # Errors
    /// Fails like [`NetworkDescription::validate`], or names the first layer whose weights do not fit.
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
        self.validate_biases()
    }

    /// Checks that there is one list of biases per layer or none, and that each has one finite number per channel or
    /// none.
    fn validate_biases(&self) -> Result<()> {
        let (found, wanted) = (self.biases.len(), self.description.layers.len());
        if found != 0 && found != wanted {
            return Err(Error::Float(FloatError::BiasLayers { found, wanted }));
        }
        let layers = self.description.layers.iter().zip(self.description.shapes());
        for ((layer, shape), biases) in layers.zip(&self.biases) {
            let channels = if matches!(layer.kind, LayerKind::Pool { .. }) {
                0
            } else {
                shape.channels
            };
            if !biases.is_empty() && biases.len() != channels {
                return Err(Error::Float(FloatError::BiasCount {
                    layer: layer.name.clone(),
                    found: biases.len(),
                    wanted: channels,
                }));
            }
            if let Some((channel, &value)) = biases.iter().enumerate().find(|(_, bias)| !bias.is_finite()) {
                return Err(Error::Float(FloatError::BiasNotFinite {
                    layer: layer.name.clone(),
                    channel,
                    value,
                }));
            }
        }
        Ok(())
    }
}
