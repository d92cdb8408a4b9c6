//! Parameters of the second rule beyond the weights, and the running statistics of its normalization.

use super::forward::narrow;
use super::network::Stage;
use super::sweep::Affine;
use super::{Batch, FewSteps};
use crate::events::{Numbers, zeros};
use crate::float::Parameters;
use crate::float::engine::Connections;
use crate::network::{LayerDescription, NetworkDescription};

/// Share of a batch in the running statistics.
const MOMENTUM: f32 = 0.1;

/// Number that keeps σ above 0: σ² is the variance of the channel plus this.
pub(super) const EPSILON: f32 = 1e-5;

/// Part that a list of parameters plays for the optimizer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Role {
    /// Weights, which decay.
    Weights,
    /// Numbers per channel, which do not decay.
    Channels,
    /// Running statistics, which the optimizer leaves alone.
    Statistics,
}

/// Normalization of one layer in one batch: per channel, filled up.
#[derive(Clone, Debug)]
pub(super) struct Norm {
    /// Variance.
    pub(super) variance: Numbers,
    /// μ.
    pub(super) mean: Numbers,
    /// 1/σ.
    pub(super) inverse: Numbers,
    /// γ/σ.
    pub(super) scale: Numbers,
    /// β.
    pub(super) shift: Numbers,
    /// Factors of [`super::sweep::Deltas`].
    pub(super) by_drive: Numbers,
    pub(super) constant: Numbers,
}

impl Norm {
    pub(super) fn new(channels: usize) -> Self {
        let zeros = || zeros(channels);
        Self {
            variance: zeros(),
            mean: zeros(),
            inverse: zeros(),
            scale: zeros(),
            shift: zeros(),
            by_drive: zeros(),
            constant: zeros(),
        }
    }

    /// Memory in bytes.
    pub(super) fn bytes(&self) -> usize {
        let Self {
            variance,
            mean,
            inverse,
            scale,
            shift,
            by_drive,
            constant,
        } = self;
        let lists = [variance, mean, inverse, scale, shift, by_drive, constant];
        lists.iter().map(|numbers| size_of_val(&numbers[..])).sum()
    }

    /// Takes the variances of the channels, after their means.
    pub(super) fn set(&mut self, variances: &[f64], gamma: &[f32], beta: &[f32]) {
        for (channel, &variance) in variances.iter().enumerate() {
            let inverse = 1.0 / (variance + f64::from(EPSILON)).sqrt();
            self.variance[channel] = narrow(variance);
            self.inverse[channel] = narrow(inverse);
            self.scale[channel] = narrow(f64::from(gamma[channel]) * inverse);
            self.shift[channel] = beta[channel];
        }
    }

    /// What turns z into u.
    pub(super) fn affine(&self) -> Affine<'_> {
        Affine {
            mean: &self.mean,
            scale: &self.scale,
            shift: &self.shift,
        }
    }
}

impl FewSteps {
    /// Parameters in the shape of the network, all 0: weights of every tensor; then γ and β of every layer that
    /// normalizes, and the biases of the output layer; then running means and variances of every layer that normalizes.
    pub(crate) fn zeros(&self, description: &NetworkDescription) -> Parameters {
        let mut parameters = Parameters::zeros(description);
        for stage in &self.stages {
            for _ in [stage.scale, stage.shift].into_iter().flatten() {
                parameters.layers.push(zeros(stage.layer.layout.stride));
            }
        }
        for stage in self.stages.iter().filter(|stage| stage.running.is_some()) {
            for _ in 0..2 {
                parameters.layers.push(zeros(stage.layer.layout.stride));
            }
        }
        parameters
    }

    /// Part that every one of the parameters plays for the optimizer.
    pub(crate) fn roles(&self) -> Vec<Role> {
        let mut roles = vec![Role::Weights; self.tensors];
        for stage in &self.stages {
            roles.extend(
                [stage.scale, stage.shift]
                    .iter()
                    .flatten()
                    .map(|_| Role::Channels),
            );
        }
        for stage in &self.stages {
            roles.extend(stage.running.iter().flat_map(|_| [Role::Statistics; 2]));
        }
        roles
    }

    /// Names of all parameters after the weights, with the number of their channels, in their order.
    pub(crate) fn extra_names(&self, description: &NetworkDescription) -> Vec<(String, usize)> {
        let layers = || self.stages.iter().zip(&description.layers);
        let name = |kind: &str, stage: &Stage, layer: &LayerDescription| {
            (
                format!("{kind}/{}", layer.name),
                stage.layer.layout.shape.channels,
            )
        };
        let mut names = Vec::new();
        for (stage, layer) in layers() {
            names.extend(stage.scale.map(|_| name("scale", stage, layer)));
            names.extend(stage.shift.map(|_| name("shift", stage, layer)));
        }
        for (stage, layer) in layers().filter(|(stage, _)| stage.running.is_some()) {
            names.push(name("mean", stage, layer));
            names.push(name("variance", stage, layer));
        }
        names
    }

    /// Moves the running statistics towards those of the last batch.
    pub(crate) fn follow(&self, batch: &Batch, parameters: &mut Parameters) {
        for (stage, norm) in self.stages.iter().zip(&batch.norms) {
            let Some([mean, variance]) = stage.running else {
                continue;
            };
            for (place, batch) in [(mean, &norm.mean), (variance, &norm.variance)] {
                for (running, batch) in parameters.layers[place].iter_mut().zip(batch.iter()) {
                    *running += MOMENTUM * (batch - *running);
                }
            }
        }
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
            if let Some([_, variance]) = stage.running {
                parameters.layers[variance][..stage.layer.layout.shape.channels].fill(1.0);
            }
        }
        parameters
    }

    /// Scales the weights of every channel that normalizes so that z has deviation 1 over the last batch, and starts the
    /// running statistics there. A channel whose z does not vary is left alone.
    pub(crate) fn standardize(&self, batch: &Batch, parameters: &mut Parameters) {
        for (stage, norm) in self.stages.iter().zip(&batch.norms) {
            let Some([mean, variance]) = stage.running else {
                continue;
            };
            let mut factors = zeros(stage.layer.layout.stride);
            for channel in 0..stage.layer.layout.shape.channels {
                let varies = norm.variance[channel] > EPSILON;
                factors[channel] = if varies { norm.inverse[channel] } else { 1.0 };
                parameters.layers[mean][channel] = norm.mean[channel] * factors[channel];
                parameters.layers[variance][channel] = if varies { 1.0 } else { norm.variance[channel] };
            }
            for path in &stage.layer.paths {
                let Connections::Weighted { tensor, .. } = path.connections else {
                    continue;
                };
                for row in parameters.layers[tensor].chunks_exact_mut(factors.len()) {
                    let weights = row.iter_mut().zip(factors.iter());
                    weights.for_each(|(weight, factor)| *weight *= factor);
                }
            }
        }
    }
}
