//! Folding of the normalization into weights and biases.

use super::FewSteps;
use super::forward::narrow;
use super::parameters::EPSILON;
use crate::float::engine::Connections;
use crate::float::{FloatModel, Parameters};
use crate::network::NetworkDescription;
use std::collections::BTreeMap;

impl FewSteps {
    /// Returns the network that computes the same with running statistics, without normalization: W′ = γ/σ·W and
    /// b = β − γμ/σ, computed in f64 and each rounded to f32 once.
    pub(crate) fn fold(
        &self,
        description: &NetworkDescription,
        parameters: &Parameters,
        provenance: BTreeMap<String, String>,
    ) -> FloatModel {
        let mut weights = Parameters {
            layers: parameters.layers[..self.tensors].to_vec(),
            biases: Vec::new(),
        };
        let mut biases = Vec::with_capacity(self.stages.len());
        for stage in &self.stages {
            let channels = stage.layer.layout.shape.channels;
            biases.push(match (stage.scale.zip(stage.running), stage.shift) {
                (Some((scale, [mean, variance])), Some(shift)) => {
                    let of = |place: usize| {
                        let numbers = parameters.layers[place][..channels].iter();
                        numbers.copied().map(f64::from)
                    };
                    let factors: Vec<f64> = of(scale)
                        .zip(of(variance))
                        .map(|(gamma, variance)| gamma / (variance + f64::from(EPSILON)).sqrt())
                        .collect();
                    for path in &stage.layer.paths {
                        let Connections::Weighted { tensor, .. } = path.connections else {
                            continue;
                        };
                        for row in weights.layers[tensor].chunks_exact_mut(stage.layer.layout.stride) {
                            for (weight, factor) in row.iter_mut().zip(&factors) {
                                *weight = narrow(factor * f64::from(*weight));
                            }
                        }
                    }
                    let biases = of(shift).zip(of(mean)).zip(&factors);
                    biases
                        .map(|((beta, mean), factor)| narrow(beta - factor * mean))
                        .collect()
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
