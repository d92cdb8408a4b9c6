//! Parameters of the second rule beyond the weights, and the running statistics of its normalization.

use super::FewSteps;
use crate::events::{Numbers, zeros};
use crate::float::Parameters;
use crate::network::NetworkDescription;

/// Share of a batch in the running statistics.
const MOMENTUM: f32 = 0.1;

/// Number that keeps σ above 0: σ² is the variance of the channel plus this.
const EPSILON: f32 = 1e-5;

/// Running mean and variance of z, per layer and channel; empty for layers that do not normalize.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Statistics {
    pub(crate) means: Vec<Numbers>,
    pub(crate) variances: Vec<Numbers>,
}

/// Normalization of one layer in one batch: per channel, filled up.
#[derive(Clone, Debug)]
pub(super) struct Norm {
    /// μ.
    pub(super) mean: Numbers,
    /// 1/σ.
    pub(super) inverse: Numbers,
    /// γ/σ.
    pub(super) scale: Numbers,
    /// β − γμ/σ.
    pub(super) shift: Numbers,
    /// Factors of [`super::sweep::Deltas`].
    pub(super) by_drive: Numbers,
    pub(super) constant: Numbers,
}

impl Norm {
    pub(super) fn new(channels: usize) -> Self {
        let zeros = || zeros(channels);
        Self {
            mean: zeros(),
            inverse: zeros(),
            scale: zeros(),
            shift: zeros(),
            by_drive: zeros(),
            constant: zeros(),
        }
    }

    /// Takes mean and variance of the channels.
    pub(super) fn set(&mut self, means: &[f32], variances: &[f32], gamma: &[f32], beta: &[f32]) {
        for channel in 0..gamma.len() {
            let inverse = 1.0 / (variances[channel] + EPSILON).sqrt();
            self.mean[channel] = means[channel];
            self.inverse[channel] = inverse;
            self.scale[channel] = gamma[channel] * inverse;
            self.shift[channel] = beta[channel] - self.scale[channel] * means[channel];
        }
    }
}

impl Statistics {
    /// Statistics before the first batch: mean 0, variance 1.
    pub(crate) fn new(network: &FewSteps) -> Self {
        let of = |value: f32| {
            let numbers = |stage: &super::network::Stage| {
                let mut numbers = zeros(stage.scale.map_or(0, |_| stage.layer.layout.stride));
                numbers.fill(value);
                numbers
            };
            network.stages.iter().map(numbers).collect()
        };
        Self {
            means: of(0.0),
            variances: of(1.0),
        }
    }

    /// Moves the statistics of a layer towards those of a batch.
    pub(super) fn follow(&mut self, layer: usize, means: &[f32], variances: &[f32]) {
        for (running, batch) in [
            (&mut self.means[layer], means),
            (&mut self.variances[layer], variances),
        ] {
            for (running, batch) in running.iter_mut().zip(batch) {
                *running += MOMENTUM * (batch - *running);
            }
        }
    }

    /// Size in bytes.
    pub(crate) fn bytes(&self) -> usize {
        let numbers = self.means.iter().chain(&self.variances);
        numbers.map(|numbers| size_of_val(&numbers[..])).sum()
    }
}

impl FewSteps {
    /// Parameters in the shape of the network, all 0: weights of every tensor, then γ and β of every layer that
    /// normalizes, and the biases of the output layer.
    pub(crate) fn zeros(&self, description: &NetworkDescription) -> Parameters {
        let mut parameters = Parameters::zeros(description);
        for stage in &self.stages {
            for _ in [stage.scale, stage.shift].into_iter().flatten() {
                parameters.layers.push(zeros(stage.layer.layout.stride));
            }
        }
        parameters
    }

    /// Initial parameters of a run with this seed: the weights of the first rule, γ = 1, β = 0.
    pub(crate) fn initial(&self, description: &NetworkDescription, seed: u64) -> Parameters {
        let mut parameters = self.zeros(description);
        let weights = Parameters::initial(description, seed);
        for (to, from) in parameters.layers.iter_mut().zip(weights.layers) {
            *to = from;
        }
        for stage in &self.stages {
            if let Some(scale) = stage.scale {
                parameters.layers[scale][..stage.layer.layout.shape.channels].fill(1.0);
            }
        }
        parameters
    }

    /// Number of tensors of weights, which come first among the parameters.
    pub(crate) fn tensors(&self) -> usize {
        let extras = self
            .stages
            .iter()
            .flat_map(|stage| [stage.scale, stage.shift])
            .flatten();
        extras.min().unwrap_or(0)
    }
}
