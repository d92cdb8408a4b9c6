//! Weights as the trainer holds them, and their way from and to a model.

use crate::Result;
use crate::model::FloatModel;
use crate::network::NetworkDescription;
use crate::random::Random;
use ndarray::Array2;

/// One number per weight of every layer, input-major: `[inputs, outputs]`.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Parameters {
    pub(crate) layers: Vec<Vec<f32>>,
}

impl Parameters {
    /// Zeros in the shape of a network's weights.
    pub(crate) fn zeros(description: &NetworkDescription) -> Self {
        let sizes = description.shapes().into_iter().enumerate();
        Self {
            layers: sizes
                .map(|(index, shape)| vec![0.0; description.fan_in(index) * shape.size()])
                .collect(),
        }
    }

    /// Independent draws from N(0, √(2/fan-in)).
    pub(crate) fn random(description: &NetworkDescription, random: &mut Random) -> Self {
        let mut parameters = Self::zeros(description);
        for (index, layer) in parameters.layers.iter_mut().enumerate() {
            let deviation = (2.0 / description.fan_in(index) as f32).sqrt();
            layer.fill_with(|| deviation * random.normal());
        }
        parameters
    }

    /// The weights of a model whose shapes agree with its description.
    pub(crate) fn of_model(model: &FloatModel) -> Result<Self> {
        model.validate()?;
        let layers = model
            .weights
            .iter()
            .map(|weights| weights.t().iter().copied().collect());
        Ok(Self {
            layers: layers.collect(),
        })
    }

    /// As matrices `[outputs, inputs]`.
    pub(crate) fn to_matrices(&self, description: &NetworkDescription) -> Vec<Array2<f32>> {
        let shapes = description.shapes();
        let layers = self.layers.iter().zip(shapes).enumerate();
        let matrix = |(index, (layer, shape)): (usize, (&Vec<f32>, crate::network::Shape))| {
            let outputs = shape.size();
            Array2::from_shape_fn((outputs, description.fan_in(index)), |(output, input)| {
                layer[input * outputs + output]
            })
        };
        layers.map(matrix).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeMap;

    #[test]
    fn weights_survive_the_way_to_a_model_and_back() {
        let description = NetworkDescription::preset("digits").unwrap();
        let parameters = Parameters::random(&description, &mut Random::new(3));
        let weights = parameters.to_matrices(&description);
        assert_eq!(weights[0].dim(), (description.shapes()[0].size(), 64));
        let hidden = weights[0].nrows();
        assert_eq!(
            weights[0][[5, 7]].to_bits(),
            parameters.layers[0][7 * hidden + 5].to_bits()
        );
        let model = FloatModel {
            description,
            weights,
            provenance: BTreeMap::new(),
        };
        assert_eq!(Parameters::of_model(&model).unwrap(), parameters);
    }

    #[test]
    fn initial_weights_have_the_fan_ins_deviation() {
        let description = NetworkDescription::preset("mnist-mlp").unwrap();
        let parameters = Parameters::random(&description, &mut Random::new(3));
        let layer = &parameters.layers[0];
        let variance = layer.iter().map(|weight| weight * weight).sum::<f32>() / layer.len() as f32;
        assert!((variance * 784.0 / 2.0 - 1.0).abs() < 0.02, "{variance}");
    }
}
