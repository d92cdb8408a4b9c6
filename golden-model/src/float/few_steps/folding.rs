//! Folding of the normalization into weights and biases.

use super::FewSteps;
use super::parameters::Norm;
use crate::float::engine::Connections;
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
        provenance: BTreeMap<String, String>,
    ) -> FloatModel {
        let mut weights = Parameters {
            layers: parameters.layers[..self.tensors()].to_vec(),
        };
        let mut biases = Vec::with_capacity(self.stages.len());
        for stage in &self.stages {
            let channels = stage.layer.layout.shape.channels;
            biases.push(match (stage.scale.zip(stage.running), stage.shift) {
                (Some((scale, [mean, variance])), Some(shift)) => {
                    let mut norm = Norm::new(stage.layer.layout.stride);
                    let (gamma, beta) = (&parameters.layers[scale], &parameters.layers[shift]);
                    norm.set(
                        &parameters.layers[mean],
                        &parameters.layers[variance],
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
                (None, Some(shift)) => parameters.layers[shift][..channels].to_vec(),
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
