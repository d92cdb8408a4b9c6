//! Optimizers. A step uses the gradient g, summed over the pieces of a batch, the learning rate η and the weight decay
//! λ:
//!
//! | optimizer | step |
//! |---|---|
//! | SGD | g += λ·w; v = μ·v + g; w −= η·v, with Nesterov's momentum w −= η·(g + μ·v) |
//! | Adam | g += λ·w; m = β₁·m + (1 − β₁)·g; s = β₂·s + (1 − β₂)·g²; w −= η·m̂ / (√ŝ + ε) |
//! | AdamW | like Adam, but with unchanged g and w −= η·(λ·w + m̂ / (√ŝ + ε)) |
//!
//! Weights alone decay: λ is 0 for biases and numbers of normalization. Here,
//! m̂ = m / (1 − β₁ⁿ) and ŝ = s / (1 − β₂ⁿ) at step n.

use super::{Optimizer, TrainConfig};
use crate::float::{Parameters, Role};
use rayon::prelude::*;

const ADAM_BETA: (f32, f32) = (0.9, 0.999);
const ADAM_EPSILON: f32 = 1e-8;

/// Number of weights per task of a step: a multiple of the lanes of any vector.
const BLOCK: usize = 4096;

/// Optimizer with its parameters and state.
#[derive(Clone, Debug)]
pub(super) struct Stepper {
    kind: Optimizer,
    momentum: f32,
    nesterov: bool,
    weight_decay: f32,
    /// Part that each list of parameters plays; all are weights if empty.
    roles: Vec<Role>,
    pub(super) memory: Memory,
}

/// State of an optimizer.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Memory {
    /// Mean of gradients (Adam) or velocity (SGD), one number per weight.
    pub(super) first: Parameters,
    /// Mean of squared gradients, one number per weight; `None` for SGD.
    pub(super) second: Option<Parameters>,
    /// Number of steps taken.
    pub(super) steps: i32,
}

impl Memory {
    /// Creates the state before the first step; `zeros` has the shape of the weights.
    pub(super) fn new(kind: Optimizer, zeros: Parameters) -> Self {
        Self {
            second: (kind != Optimizer::Sgd).then(|| zeros.clone()),
            first: zeros,
            steps: 0,
        }
    }
}

impl Stepper {
    /// Creates an optimizer; `zeros` has the shape of the weights.
    pub(super) fn new(config: &TrainConfig, zeros: Parameters) -> Self {
        Self {
            kind: config.optimizer,
            momentum: config.momentum,
            nesterov: config.nesterov,
            roles: Vec::new(),
            weight_decay: config.weight_decay,
            memory: Memory::new(config.optimizer, zeros),
        }
    }

    /// Gives each list of parameters its part.
    pub(super) fn with_roles(mut self, roles: Vec<Role>) -> Self {
        self.roles = roles;
        self
    }

    /// Takes a step along the negative sum of `pieces`, which is added in order. Returns whether all weights are
    /// finite.
    pub(super) fn step(
        &mut self,
        weights: &mut Parameters,
        pieces: &[&Parameters],
        learning_rate: f32,
    ) -> bool {
        let Memory { first, second, steps } = &mut self.memory;
        *steps = steps.saturating_add(1);
        let mut finite = true;
        for (layer, weights) in weights.layers.iter_mut().enumerate() {
            let weight_decay = match self.roles.get(layer) {
                None | Some(Role::Weights) => self.weight_decay,
                Some(Role::Channels) => 0.0,
                Some(Role::Statistics) => continue,
            };
            let sum = |block: usize, length: usize| {
                let mut sums = [0.0; BLOCK];
                for piece in pieces {
                    let terms = &piece.layers[layer][block * BLOCK..][..length];
                    for (sum, term) in sums.iter_mut().zip(terms) {
                        *sum += term;
                    }
                }
                sums
            };
            let first = first.layers[layer].par_chunks_mut(BLOCK);
            let blocks = weights.par_chunks_mut(BLOCK).zip(first).enumerate();
            let both = |one: bool, other: bool| one & other;
            finite &= match second {
                None => {
                    let (momentum, decay) = (self.momentum, weight_decay);
                    let nesterov = self.nesterov;
                    blocks
                        .map(|(block, (weights, velocities))| {
                            let gradient = sum(block, weights.len());
                            for ((w, v), g) in weights.iter_mut().zip(velocities).zip(gradient) {
                                let g = g + decay * *w;
                                *v = momentum * *v + g;
                                *w -= learning_rate * if nesterov { g + momentum * *v } else { *v };
                            }
                            all_finite(weights)
                        })
                        .reduce(|| true, both)
                }
                Some(second) => {
                    let (b1, b2) = ADAM_BETA;
                    let (bias1, bias2) = (1.0 - b1.powi(*steps), 1.0 - b2.powi(*steps));
                    // Decay acts on the gradient or on the weight; the other one has a term of 0 or a factor of 1.
                    let (coupled, keep) = match self.kind {
                        Optimizer::AdamW => (0.0, 1.0 - learning_rate * weight_decay),
                        Optimizer::Adam | Optimizer::Sgd => (weight_decay, 1.0),
                    };
                    blocks
                        .zip(second.layers[layer].par_chunks_mut(BLOCK))
                        .map(|((block, (weights, means)), squares)| {
                            let gradient = sum(block, weights.len());
                            for (((w, m), s), g) in weights.iter_mut().zip(means).zip(squares).zip(gradient) {
                                let g = g + coupled * *w;
                                *m = b1 * *m + (1.0 - b1) * g;
                                *s = b2 * *s + (1.0 - b2) * g * g;
                                *w = *w * keep
                                    - learning_rate * (*m / bias1) / ((*s / bias2).sqrt() + ADAM_EPSILON);
                            }
                            all_finite(weights)
                        })
                        .reduce(|| true, both)
                }
            };
        }
        finite
    }
}

/// Whether all weights are finite, computed without a branch per weight.
fn all_finite(weights: &[f32]) -> bool {
    weights
        .iter()
        .fold(true, |finite, weight| finite & weight.is_finite())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::events::{Numbers, zeros};

    fn config(optimizer: Optimizer) -> TrainConfig {
        let text = "optimizer = 'sgd'\nlearning_rate = 0.1\nepochs = 1\nbatch = 1\nmomentum = 0.5";
        TrainConfig {
            optimizer,
            ..toml::from_str(text).unwrap()
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
            biases: Vec::new(),
        }
    }

    /// Weight, starting at 1, after `steps` steps with a gradient of 0.5 + 1.5 at a learning rate of 0.1.
    fn after(steps: usize, config: &TrainConfig) -> f32 {
        let mut weights = one(1.0);
        let mut stepper = Stepper::new(config, one(0.0));
        for _ in 0..steps {
            assert!(stepper.step(&mut weights, &[&one(0.5), &one(1.5)], 0.1));
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
    fn nesterovs_momentum_looks_one_step_ahead() {
        let mut config = config(Optimizer::Sgd);
        config.nesterov = true;
        // g = 2, v = 2: the step is g + 0.5 v; then v = 3.
        assert!((after(1, &config) - (1.0 - 0.1 * 3.0)).abs() < 1e-6);
        assert!((after(2, &config) - (0.7 - 0.1 * (2.0 + 1.5))).abs() < 1e-6);
    }

    #[test]
    fn only_weights_decay_and_statistics_stay() {
        for optimizer in [Optimizer::Sgd, Optimizer::Adam, Optimizer::AdamW] {
            let mut config = config(optimizer);
            config.weight_decay = 0.5;
            let three = |value: f32| Parameters {
                layers: vec![numbers(1, value), numbers(1, value), numbers(1, value)],
                biases: Vec::new(),
            };
            let step = |gradient: f32| {
                let mut weights = three(1.0);
                let roles = vec![Role::Weights, Role::Channels, Role::Statistics];
                let mut stepper = Stepper::new(&config, three(0.0)).with_roles(roles);
                assert!(stepper.step(&mut weights, &[&three(gradient)], 0.1));
                [0, 1, 2].map(|layer: usize| weights.layers[layer][0])
            };
            let still = step(0.0);
            assert!(
                still[0] < 1.0 && still[1..] == [1.0, 1.0],
                "{optimizer:?}: {still:?}"
            );
            let moved = step(1.0);
            assert!(moved[1] < 1.0 && moved[2] == 1.0, "{optimizer:?}: {moved:?}");
        }
    }

    #[test]
    fn adam_steps_by_the_learning_rate_whatever_the_gradients_size() {
        for optimizer in [Optimizer::Adam, Optimizer::AdamW] {
            let config = config(optimizer);
            assert!((after(1, &config) - 0.9).abs() < 1e-6);
            assert!((after(3, &config) - 0.7).abs() < 1e-5);
        }
    }

    #[test]
    fn adams_decay_goes_through_the_means_and_adamws_past_them() {
        // The size of the first step is the learning rate, for any sum of gradient and decay.
        let mut coupled = config(Optimizer::Adam);
        coupled.weight_decay = 0.5;
        assert!((after(1, &coupled) - 0.9).abs() < 1e-6);
        let mut decoupled = config(Optimizer::AdamW);
        decoupled.weight_decay = 0.5;
        assert!((after(1, &decoupled) - (0.95 - 0.1)).abs() < 1e-6);
        // If the gradient is 0, only the decay changes the weight.
        let still = |config: &TrainConfig| {
            let mut weights = one(1.0);
            assert!(Stepper::new(config, one(0.0)).step(&mut weights, &[&one(0.0)], 0.1));
            weights.layers[0][0]
        };
        assert!((still(&coupled) - 0.9).abs() < 1e-6);
        assert!((still(&decoupled) - 0.95).abs() < 1e-6);
    }

    #[test]
    fn blocks_cover_every_weight_once() {
        let long = |value| Parameters {
            layers: vec![numbers(2 * BLOCK + 17, value)],
            biases: Vec::new(),
        };
        let mut weights = long(1.0);
        let mut stepper = Stepper::new(&config(Optimizer::Sgd), long(0.0));
        assert!(stepper.step(&mut weights, &[&long(1.0)], 0.25));
        assert!(
            weights.layers[0]
                .iter()
                .all(|&weight| (weight - 0.75).abs() < 1e-6)
        );
    }

    #[test]
    fn a_weight_that_is_no_longer_finite_is_told() {
        for optimizer in [Optimizer::Sgd, Optimizer::Adam, Optimizer::AdamW] {
            let long = |last| {
                let mut weights = numbers(BLOCK + 3, 0.5);
                weights[BLOCK + 2] = last;
                Parameters {
                    layers: vec![numbers(1, 0.5), weights],
                    biases: Vec::new(),
                }
            };
            let mut stepper = Stepper::new(&config(optimizer), long(0.0));
            assert!(stepper.step(&mut long(0.5), &[&long(1.0)], 0.1));
            assert!(!stepper.step(&mut long(0.5), &[&long(f32::INFINITY)], 0.1));
        }
    }
}
