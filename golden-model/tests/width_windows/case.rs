//! A layer under test, and the increments that its membranes can receive, by definition.

use rand::RngExt;
use rand::seq::SliceRandom;
use rand_xoshiro::Xoshiro256PlusPlus;
use synfire_golden_model::integer::{
    InputSigns, LayerBounds, Neuron, QuantizedLayer, QuantizedModel, QuantizedShortcut, proof,
};
use synfire_golden_model::network::{LayerDescription, LayerKind, Shape, Shortcut};

/// Sources of the layer under test: the input, or neurons that pass the input's spikes on as spikes of +1.
pub(crate) const SOURCES: [&str; 2] = ["input", "pass"];

/// Amount that a spike of +1 adds to a membrane.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Increment {
    /// Index in [`SOURCES`], and the neuron of that source.
    pub(crate) source: (usize, usize),
    pub(crate) amount: i64,
}

/// Layer under test within a network.
pub(crate) struct Case {
    pub(crate) model: QuantizedModel,
    pub(crate) input: InputSigns,
}

/// Second path of the layer under test.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Path {
    Plain,
    Shortcut,
    Identity,
}

impl Case {
    /// Index of the layer under test, which is followed by the output layer.
    pub(crate) fn tested(&self) -> usize {
        self.model.layers.len() - 2
    }

    pub(crate) fn layer(&self) -> &QuantizedLayer {
        &self.model.layers[self.tested()]
    }

    pub(crate) fn described(&self) -> &LayerDescription {
        &self.model.description.layers[self.tested()]
    }

    pub(crate) fn shape(&self) -> Shape {
        self.model.description.shapes()[self.tested()]
    }

    pub(crate) fn threshold(&self, channel: usize) -> i64 {
        match &self.layer().neuron {
            Neuron::Lif { thresholds } => thresholds[channel].into(),
            Neuron::Output => unreachable!("the layer fires"),
        }
    }

    pub(crate) fn bounds(&self) -> LayerBounds {
        proof::verify(&self.model, self.input).expect("32 bits suffice")[self.tested()].clone()
    }

    pub(crate) fn is_signed(&self, source: usize) -> bool {
        source == 0 && self.input == InputSigns::Signed
    }

    /// Whether both paths share a source with spikes of either sign. No spike of it can be the worst case of both
    /// paths.
    pub(crate) fn shares_a_signed_source(&self) -> bool {
        let described = self.described();
        let shared = |shortcut: &Shortcut| Some(&shortcut.from) == described.from.as_ref();
        described.shortcut.as_ref().is_some_and(shared)
            && described.from.as_deref() == Some("input")
            && self.is_signed(0)
    }

    /// Lists, by definition, all increments of the neuron of a channel and position.
    pub(crate) fn increments(&self, channel: usize, y: usize, x: usize) -> Vec<Increment> {
        let input = self.model.description.input;
        let (layer, described) = (self.layer(), self.described());
        let index = |name: &str| {
            SOURCES
                .iter()
                .position(|source| *source == name)
                .expect("one of both")
        };
        let number = |channel: usize, y: usize, x: usize| (channel * input.height + y) * input.width + x;
        let unit = 1_i64 << layer.guard_bits;
        let own = index(described.from.as_deref().expect("named"));
        let mut found = Vec::new();
        match described.kind {
            LayerKind::Conv {
                kernel,
                stride,
                padding,
                ..
            } => {
                for c in 0..input.channels {
                    for ky in 0..kernel {
                        for kx in 0..kernel {
                            let (Some(sy), Some(sx)) = (
                                (y * stride + ky).checked_sub(padding),
                                (x * stride + kx).checked_sub(padding),
                            ) else {
                                continue;
                            };
                            if sy < input.height && sx < input.width {
                                let weight = layer.weights[[channel, (c * kernel + ky) * kernel + kx]];
                                found.push(Increment {
                                    source: (own, number(c, sy, sx)),
                                    amount: i64::from(weight) * unit,
                                });
                            }
                        }
                    }
                }
            }
            LayerKind::Pool { kernel } => {
                for ky in 0..kernel {
                    for kx in 0..kernel {
                        found.push(Increment {
                            source: (own, number(channel, y * kernel + ky, x * kernel + kx)),
                            amount: 1,
                        });
                    }
                }
            }
            LayerKind::Fc { .. } | LayerKind::Out { .. } => unreachable!("not under test"),
        }
        if let Some(shortcut) = &described.shortcut {
            let second = index(&shortcut.from);
            let (sy, sx) = (y * shortcut.stride, x * shortcut.stride);
            match layer.shortcut.as_ref().expect("as described") {
                QuantizedShortcut::Weights(weights) => found.extend((0..input.channels).map(|c| Increment {
                    source: (second, number(c, sy, sx)),
                    amount: i64::from(weights[[channel, c]]) * unit,
                })),
                QuantizedShortcut::Identity(increments) => found.push(Increment {
                    source: (second, number(channel, sy, sx)),
                    amount: increments[channel].into(),
                }),
            }
        }
        found
    }

    pub(crate) fn neurons(&self) -> impl Iterator<Item = (usize, usize, usize)> {
        let shape = self.shape();
        (0..shape.channels)
            .flat_map(move |c| (0..shape.height).flat_map(move |y| (0..shape.width).map(move |x| (c, y, x))))
    }

    /// Returns the step that raises a membrane highest, or lowers it most. Every source that can help fires with the
    /// sign that helps. All helping increments come first, followed by those of the same spikes that hinder.
    pub(crate) fn extreme(&self, increments: &[Increment], up: bool) -> Vec<i64> {
        let wanted = |amount: i64| if up { amount > 0 } else { amount < 0 };
        let mut helping = Vec::new();
        let mut hindering = Vec::new();
        for increment in increments {
            if self.is_signed(increment.source.0) {
                helping.push(if up {
                    increment.amount.abs()
                } else {
                    -increment.amount.abs()
                });
            } else if wanted(increment.amount) {
                helping.push(increment.amount);
            } else if increments
                .iter()
                .any(|other| other.source == increment.source && wanted(other.amount))
            {
                hindering.push(increment.amount);
            }
        }
        helping.into_iter().chain(hindering).collect()
    }

    /// Draws a random step: some sources fire, and their increments arrive in random order.
    pub(crate) fn random(&self, increments: &[Increment], rng: &mut Xoshiro256PlusPlus) -> Vec<i64> {
        let share = rng.random_range(0.0..1.0);
        let mut signs = std::collections::BTreeMap::new();
        for increment in increments {
            let sign = match (rng.random_bool(share), self.is_signed(increment.source.0)) {
                (false, _) => 0,
                (true, false) => 1,
                (true, true) => [-1, 1][rng.random_range(0..2)],
            };
            signs.entry(increment.source).or_insert(sign);
        }
        let mut step: Vec<i64> = increments
            .iter()
            .map(|increment| signs[&increment.source] * increment.amount)
            .collect();
        step.shuffle(rng);
        step
    }
}
