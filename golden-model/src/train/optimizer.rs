//! Steps along the gradient.

use super::{Optimizer, Parameters, TrainConfig};
use rayon::prelude::*;

const ADAM_BETA: (f32, f32) = (0.9, 0.999);
const ADAM_EPSILON: f32 = 1e-8;

/// Weights per task of a step; a whole number of any vector's lanes.
const BLOCK: usize = 4096;

/// What an optimizer remembers per weight.
#[derive(Clone, Debug)]
pub(super) struct Stepper {
    kind: Optimizer,
    momentum: f32,
    weight_decay: f32,
    /// Mean of gradients (Adam), velocity (SGD).
    first: Parameters,
    /// Mean of squared gradients; unused by SGD.
    second: Parameters,
    steps: i32,
}

impl Stepper {
    /// `zeros` has the shape of the weights.
    pub(super) fn new(config: &TrainConfig, zeros: Parameters) -> Self {
        let second = match config.optimizer {
            Optimizer::Sgd => Parameters {
                layers: vec![super::layout::zeros(0); zeros.layers.len()],
            },
            Optimizer::Adam => zeros.clone(),
        };
        let TrainConfig {
            optimizer: kind,
            momentum,
            weight_decay,
            ..
        } = *config;
        Self {
            kind,
            momentum,
            weight_decay,
            first: zeros,
            second,
            steps: 0,
        }
    }

    /// One step against the sum of `pieces`, which is built up in order.
    pub(super) fn step(&mut self, weights: &mut Parameters, pieces: &[&Parameters], learning_rate: f32) {
        self.steps = self.steps.saturating_add(1);
        for (layer, weights) in weights.layers.iter_mut().enumerate() {
            let sum = |block: usize, sums: &mut [f32; BLOCK], length: usize| {
                let sums = &mut sums[..length];
                sums.fill(0.0);
                for piece in pieces {
                    for (sum, term) in sums
                        .iter_mut()
                        .zip(&piece.layers[layer][block * BLOCK..][..length])
                    {
                        *sum += term;
                    }
                }
            };
            let first = self.first.layers[layer].par_chunks_mut(BLOCK);
            let blocks = weights.par_chunks_mut(BLOCK).zip(first).enumerate();
            match self.kind {
                Optimizer::Sgd => {
                    let (momentum, decay) = (self.momentum, self.weight_decay);
                    blocks.for_each(|(block, (weights, velocities))| {
                        let mut gradient = [0.0; BLOCK];
                        sum(block, &mut gradient, weights.len());
                        for ((w, v), g) in weights.iter_mut().zip(velocities).zip(gradient) {
                            *v = momentum * *v + g + decay * *w;
                            *w -= learning_rate * *v;
                        }
                    });
                }
                Optimizer::Adam => {
                    let (b1, b2) = ADAM_BETA;
                    let (bias1, bias2) = (1.0 - b1.powi(self.steps), 1.0 - b2.powi(self.steps));
                    let keep = 1.0 - learning_rate * self.weight_decay;
                    let second = self.second.layers[layer].par_chunks_mut(BLOCK);
                    blocks
                        .zip(second)
                        .for_each(|((block, (weights, means)), squares)| {
                            let mut gradient = [0.0; BLOCK];
                            sum(block, &mut gradient, weights.len());
                            for (((w, m), s), g) in weights.iter_mut().zip(means).zip(squares).zip(gradient) {
                                *m = b1 * *m + (1.0 - b1) * g;
                                *s = b2 * *s + (1.0 - b2) * g * g;
                                *w = *w * keep
                                    - learning_rate * (*m / bias1) / ((*s / bias2).sqrt() + ADAM_EPSILON);
                            }
                        });
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::layout::{Numbers, zeros};
    use super::*;

    fn config(optimizer: Optimizer) -> TrainConfig {
        TrainConfig {
            optimizer,
            learning_rate: 0.1,
            epochs: 1,
            batch: 1,
            seed: 1,
            momentum: 0.5,
            weight_decay: 0.0,
            milestones: Vec::new(),
            decay: 1.0,
            shift: 0,
            rotate: 0.0,
            flip: false,
        }
    }

    fn numbers(length: usize, value: f32) -> Numbers {
        let mut numbers = zeros(length);
        numbers.fill(value);
        numbers
    }

    fn one(value: f32) -> Parameters {
        Parameters {
            layers: vec![numbers(1, value)],
        }
    }

    /// The weight, from 1, after steps with a gradient of 0.5 + 1.5 at a learning rate of 0.1.
    fn after(steps: usize, config: &TrainConfig) -> f32 {
        let mut weights = one(1.0);
        let mut stepper = Stepper::new(config, one(0.0));
        for _ in 0..steps {
            stepper.step(&mut weights, &[&one(0.5), &one(1.5)], 0.1);
        }
        weights.layers[0][0]
    }

    #[test]
    fn sgd_gathers_speed_and_decays_weights() {
        let mut config = config(Optimizer::Sgd);
        assert!((after(1, &config) - 0.8).abs() < 1e-6);
        assert!((after(2, &config) - (0.8 - 0.1 * (0.5 * 2.0 + 2.0))).abs() < 1e-6);
        config.weight_decay = 0.5;
        assert!((after(1, &config) - (1.0 - 0.1 * (2.0 + 0.5))).abs() < 1e-6);
    }

    #[test]
    fn adam_steps_by_the_learning_rate_whatever_the_gradients_size() {
        let mut config = config(Optimizer::Adam);
        assert!((after(1, &config) - 0.9).abs() < 1e-6);
        assert!((after(3, &config) - 0.7).abs() < 1e-5);
        config.weight_decay = 0.5;
        assert!((after(1, &config) - (0.95 - 0.1)).abs() < 1e-6);
    }

    #[test]
    fn blocks_cover_every_weight_once() {
        let long = |value| Parameters {
            layers: vec![numbers(2 * BLOCK + 17, value)],
        };
        let mut weights = long(1.0);
        Stepper::new(&config(Optimizer::Sgd), long(0.0)).step(&mut weights, &[&long(1.0)], 0.25);
        assert!(
            weights.layers[0]
                .iter()
                .all(|&weight| (weight - 0.75).abs() < 1e-6)
        );
    }
}
