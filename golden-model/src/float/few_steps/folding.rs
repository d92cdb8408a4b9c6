//! Folding of the normalization into weights and biases.

use super::FewSteps;
use super::parameters::{Norm, Statistics};
use crate::float::engine::{Connections, Dynamics};
use crate::float::{FloatModel, Parameters};
use crate::network::NetworkDescription;
use std::collections::BTreeMap;

impl FewSteps {
    /// Returns the network that computes the same with running statistics, without normalization: W′ = γ/σ·W and
    /// b = β − γμ/σ, each rounded to f32 once.
    pub(crate) fn fold(
        &self,
        description: &NetworkDescription,
        parameters: &Parameters,
        statistics: &Statistics,
        provenance: BTreeMap<String, String>,
    ) -> FloatModel {
        let mut weights = Parameters {
            layers: parameters.layers[..self.tensors()].to_vec(),
        };
        let mut biases = Vec::with_capacity(self.stages.len());
        for (index, stage) in self.stages.iter().enumerate() {
            let channels = stage.layer.layout.shape.channels;
            biases.push(match (stage.layer.dynamics, stage.scale, stage.shift) {
                (Dynamics::Lif, Some(scale), Some(shift)) => {
                    let mut norm = Norm::new(stage.layer.layout.stride);
                    let (gamma, beta) = (&parameters.layers[scale], &parameters.layers[shift]);
                    norm.set(
                        &statistics.means[index],
                        &statistics.variances[index],
                        gamma,
                        beta,
                    );
                    for path in &stage.layer.paths {
                        let Connections::Weighted { tensor, .. } = path.connections else {
                            continue;
                        };
                        for row in weights.layers[tensor].chunks_exact_mut(norm.scale.len()) {
                            row.iter_mut()
                                .zip(norm.scale.iter())
                                .for_each(|(weight, scale)| *weight *= scale);
                        }
                    }
                    norm.shift[..channels].to_vec()
                }
                (Dynamics::Output, _, Some(shift)) => parameters.layers[shift][..channels].to_vec(),
                _ => Vec::new(),
            });
        }
        FloatModel {
            description: description.clone(),
            weights: weights.to_matrices(description),
            biases,
            provenance,
        }
    }
}
