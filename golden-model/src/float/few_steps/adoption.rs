//! Training that goes on from a model without normalization.

use super::parameters::EPSILON;
use super::{Batch, FewSteps};
use crate::float::Parameters;

impl FewSteps {
    /// Chooses γ, β and running statistics so that the network computes what it would with these biases and no
    /// normalization, on the batch that is loaded: γ = σ and β = b + μ, layer by layer. `parameters` holds the weights.
    pub(crate) fn adopt(
        &self,
        parameters: &mut Parameters,
        biases: &[Vec<f32>],
        batch: &mut Batch,
        at: (usize, usize),
    ) {
        let biases_of = |index: usize| biases.get(index).map_or(&[][..], |biases| &biases[..]);
        let mut chosen = parameters.clone();
        self.run(parameters, batch, at, &mut |index, norm, variances| {
            let stage = &self.stages[index];
            let (Some(scale), Some(shift), Some([mean, variance])) =
                (stage.scale, stage.shift, stage.running)
            else {
                return;
            };
            let channels = stage.layer.layout.shape.channels;
            for (channel, &square) in variances.iter().enumerate().take(channels) {
                let bias = biases_of(index).get(channel).copied().unwrap_or(0.0);
                chosen.layers[scale][channel] = super::forward::narrow((square + f64::from(EPSILON)).sqrt());
                chosen.layers[shift][channel] = bias + norm.mean[channel];
                chosen.layers[mean][channel] = norm.mean[channel];
                chosen.layers[variance][channel] = super::forward::narrow(square);
            }
            norm.set(variances, &chosen.layers[scale], &chosen.layers[shift]);
        });
        for (index, stage) in self.stages.iter().enumerate() {
            if let (None, Some(shift)) = (stage.scale, stage.shift) {
                let biases = biases_of(index);
                chosen.layers[shift][..biases.len()].copy_from_slice(biases);
            }
        }
        *parameters = chosen;
    }
}
