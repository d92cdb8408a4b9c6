//! Forward and backward pass of one image at a time, on one thread.

use crate::Result;
use crate::evaluation::backward_passes;
use crate::float::{Engine, FloatModel, Loss, Parameters, State, check_label, check_raster, check_rule};
use crate::network::NetworkDescription;
use crate::spikes::SpikeRaster;

/// Network that processes one image at a time, forward and backward, on the calling thread. The weights stay unchanged.
#[derive(Clone, Debug)]
pub struct Pass {
    description: NetworkDescription,
    engine: Engine,
    weights: Parameters,
    state: State,
    gradient: Parameters,
    backward_passes: Vec<u64>,
}

impl Pass {
    /// Creates a pass with the weights of a model.
    ///
    /// # Errors
    /// If the model is invalid or has something for which the training rule of the paper has no gradient.
    pub fn new(model: &FloatModel) -> Result<Self> {
        let weights = Parameters::of_model(model)?;
        check_rule(&model.description, model.has_biases())?;
        let engine = Engine::new(&model.description);
        Ok(Self {
            state: engine.state(),
            engine,
            weights,
            gradient: Parameters::zeros(&model.description),
            backward_passes: backward_passes(&model.description),
            description: model.description.clone(),
        })
    }

    /// Creates a pass with the initial weights of a training run with this seed.
    ///
    /// # Errors
    /// If the network is invalid.
    pub fn initial(network: &NetworkDescription, seed: u64) -> Result<Self> {
        Self::new(&FloatModel::initial(network.clone(), seed)?)
    }

    /// Runs the forward pass of an image; returns the number of synaptic operations.
    ///
    /// # Errors
    /// If the raster does not have the shape of the network's input.
    pub fn forward(&mut self, input: &SpikeRaster) -> Result<u64> {
        check_raster(&self.description, 0, input)?;
        self.engine.forward_raster(&self.weights, input, &mut self.state);
        Ok(self.operations().iter().sum())
    }

    /// Runs the backward pass of the last image; returns the number of synaptic operations, counted like
    /// [`Effort`](crate::evaluation::Effort).
    ///
    /// # Panics
    /// If `label` is not a class of the network.
    pub fn backward(&mut self, label: usize) -> u64 {
        assert!(check_label(&self.description, 0, label).is_ok(), "label {label}");
        let Self {
            engine,
            weights,
            state,
            gradient,
            ..
        } = self;
        engine.backward(weights, Loss::SumOfSquares, label, state, gradient);
        let operations = self.operations().into_iter().zip(&self.backward_passes);
        operations.map(|(operations, passes)| operations * passes).sum()
    }

    /// Number of synaptic operations into each layer in the last forward pass.
    #[must_use]
    pub fn operations(&self) -> Vec<u64> {
        let layers = 0..self.description.layers.len();
        layers.map(|layer| self.state.operations(layer)).collect()
    }

    /// Number of spikes of the last image, including input spikes.
    #[must_use]
    pub fn spikes(&self) -> u64 {
        let layers = 0..self.description.layers.len();
        let spikes = layers.map(|layer| self.state.spike_count(layer));
        self.state.input.total() as u64 + spikes.sum::<u64>()
    }
}
