//! The rule with a forward pass in integers, for fine-tuning a quantized network.
//!
//! Membranes are those of the integer engine, bit for bit (`float::engine::integers`): weights are integers q·2^G, biases
//! whole numbers of membrane LSB, and a neuron fires above its integer threshold. There is no normalization; it was folded
//! into weights and biases. The backward pass sees v = m/unit, where unit = v_th · 2^G / scale is the real threshold of the
//! channel in membrane LSB; thresholds of the rule are 1:
//!
//! ```text
//! ε(t) = e(t) h(m(t)/unit) + λ [s(t) = 0] ε(t+1)        as for real membranes
//! δ(t) = ∂loss/∂m(t) = ε(t) / unit
//! ```

use super::FewSteps;
use super::batch::{Firing, Image};
use super::network::Stage;
use super::slope::Slope;
use super::sweep::{Constants, MAX_STEPS, Neuron};
use crate::events::{Kernel, Lanes, Numbers, SpikeLists, zeros};
use crate::float::Parameters;
use crate::float::engine::{Connections, Dynamics, IntegerNeurons};
use crate::integer::QuantizedModel;

/// What a layer of integer neurons adds to its stage. Numbers per channel, padded.
#[derive(Clone, Debug)]
pub(super) struct Integers {
    pub(super) neurons: IntegerNeurons,
    /// What a spike over an identity path adds; empty without one.
    increments: Vec<f32>,
    /// 1/unit; 0 for channels that cannot fire, whose weights stay 0.
    pub(super) inverse_units: Vec<f32>,
    neuron: Neuron,
}

impl FewSteps {
    /// Prepares a quantized network that was made with `scales`; see [`crate::float::Engine::integers`]. Parameters passed
    /// to it are integers: weights, then the biases of every layer that has any.
    pub(crate) fn integers(model: &QuantizedModel, scales: &[Vec<f64>], slope: Slope, price: f32) -> Self {
        let mut network = Self::new(&model.description, slope, price);
        network.unit = 1.0;
        let mut place = network.tensors;
        let described = model.description.layers.iter().zip(&model.layers);
        for ((stage, (description, quantized)), scales) in
            network.stages.iter_mut().zip(described).zip(scales)
        {
            (stage.scale, stage.running, stage.shift) = (None, None, None);
            if !quantized.biases.is_empty() {
                stage.shift = Some(place);
                place += 1;
            }
            let layer = &mut stage.layer;
            layer.make_integer(description, quantized, scales, network.steps);
            let increments = layer.paths.iter().find_map(|path| match &path.connections {
                Connections::Identity { increments, .. } => Some(increments.clone()),
                _ => None,
            });
            let Some(neurons) = layer.integers.clone() else {
                continue;
            };
            let mut inverse_units: Vec<f32> = neurons.units.iter().map(|unit| 1.0 / unit).collect();
            for (channel, inverse) in inverse_units.iter_mut().enumerate().take(quantized.outputs()) {
                if quantized.is_silent(channel) {
                    *inverse = 0.0;
                }
            }
            stage.integers = Some(Integers {
                neuron: Neuron {
                    leak: neurons.leak_factor(),
                    ..stage.neuron
                },
                increments: increments.unwrap_or_default(),
                inverse_units,
                neurons,
            });
        }
        network
    }

    /// Fires the neurons of a layer; the drive becomes the membranes that are compared with the threshold.
    pub(super) fn fire_integers(
        &self,
        integers: &Integers,
        biases: &[f32],
        index: usize,
        image: &mut Image,
        steps: usize,
    ) {
        let layout = self.stages[index].layer.layout;
        let neurons = layout.size();
        let Firing {
            drive,
            plain,
            rest,
            spikes,
            active,
        } = image.firing(index, neurons);
        for t in 0..steps {
            let range = t * neurons..(t + 1) * neurons;
            let membranes = &mut drive[range.clone()];
            let plain = plain.get(range).unwrap_or_default();
            // All numbers are integers of at most 24 bits, and sums of them exact in any order.
            for (membrane, rest) in membranes.iter_mut().zip(&*rest) {
                *membrane += rest;
            }
            for (membranes, plain) in membranes
                .chunks_exact_mut(layout.stride)
                .zip(plain.chunks_exact(layout.stride))
            {
                for ((membrane, plain), increment) in
                    membranes.iter_mut().zip(plain).zip(&integers.increments)
                {
                    *membrane += plain * increment;
                }
            }
            if !biases.is_empty() {
                for membranes in membranes.chunks_exact_mut(layout.stride) {
                    membranes
                        .iter_mut()
                        .zip(biases)
                        .for_each(|(membrane, bias)| *membrane += bias);
                }
            }
            rest.copy_from_slice(membranes);
            integers.neurons.fire_and_settle(self.dispatch, rest, spikes);
            self.dispatch.run(ListActive {
                neuron: integers.neuron,
                inverse_units: &integers.inverse_units,
                membranes,
                active,
            });
        }
    }

    /// Biases of every layer among the parameters of a network of integers, padded; empty for a layer without.
    pub(crate) fn biases_of(&self, parameters: &Parameters) -> Vec<Numbers> {
        let biases = |stage: &Stage| match stage.shift {
            Some(place) if stage.layer.dynamics != Dynamics::Pool => parameters.layers[place].clone(),
            _ => zeros(0),
        };
        self.stages.iter().map(biases).collect()
    }
}

impl Integers {
    /// Turns the errors e of a layer, of membranes as they were compared, into ε, and adds them up per channel.
    pub(super) fn through_time<'a>(
        &'a self,
        (price, steps): (f32, usize),
        membranes: &'a [f32],
        errors: &'a mut [f32],
        sums: &'a mut [f32],
    ) -> ThroughTime<'a> {
        ThroughTime {
            neuron: self.neuron,
            thresholds: self.neurons.thresholds(),
            inverse_units: &self.inverse_units,
            price,
            steps,
            membranes,
            errors,
            sums,
        }
    }
}

/// Lists the neurons whose slope is not 0.
struct ListActive<'a> {
    neuron: Neuron,
    inverse_units: &'a [f32],
    membranes: &'a [f32],
    active: &'a mut SpikeLists,
}

impl Kernel for ListActive<'_> {
    type Output = ();

    #[inline(always)]
    fn run<S: Lanes>(self, simd: S) {
        let constants = Constants::new(simd, self.neuron);
        let inverse_units = S::as_simd_f32s(self.inverse_units).0;
        let (list, start) = self.active.room(self.membranes.len());
        let mut count = 0;
        let positions = S::as_simd_f32s(self.membranes)
            .0
            .chunks_exact(inverse_units.len());
        for (position, first) in positions.zip((0u32..).step_by(self.inverse_units.len())) {
            let bases = (first..).step_by(S::F32_LANES);
            for ((membrane, inverse), base) in position.iter().zip(inverse_units).zip(bases) {
                let v = simd.mul_f32s(*membrane, *inverse);
                count += simd.list(constants.is_active(simd, v), base, &mut list[count..]);
            }
        }
        self.active.end_step(start + count);
    }
}

/// Replaces the errors e of all steps by ε, from the last step to the first, and adds up ε per channel.
pub(super) struct ThroughTime<'a> {
    neuron: Neuron,
    thresholds: &'a [f32],
    inverse_units: &'a [f32],
    price: f32,
    steps: usize,
    /// Membranes as they were compared, `[steps, neurons]`, as `errors`.
    membranes: &'a [f32],
    errors: &'a mut [f32],
    sums: &'a mut [f32],
}

impl Kernel for ThroughTime<'_> {
    type Output = ();

    #[inline(always)]
    fn run<S: Lanes>(self, simd: S) {
        let constants = Constants::new(simd, self.neuron);
        let price = simd.splat_f32s(self.price);
        let zero = simd.splat_f32s(0.0);
        let steps = self.steps.min(MAX_STEPS);
        let thresholds = S::as_simd_f32s(self.thresholds).0;
        let inverse_units = S::as_simd_f32s(self.inverse_units).0;
        let membranes = S::as_simd_f32s(self.membranes).0;
        let errors = S::as_mut_simd_f32s(self.errors).0;
        let sums = S::as_mut_simd_f32s(self.sums).0;
        let vectors = membranes.len() / self.steps;
        for first in (0..vectors).step_by(thresholds.len()) {
            for channel in 0..thresholds.len() {
                let mut epsilon = zero;
                for t in (0..steps).rev() {
                    let index = t * vectors + first + channel;
                    let fired = simd.less_than_f32s(thresholds[channel], membranes[index]);
                    let v = simd.mul_f32s(membranes[index], inverse_units[channel]);
                    let error = simd.add_f32s(errors[index], price);
                    let now = simd.mul_f32s(error, constants.slope(simd, v));
                    epsilon = simd.add_f32s(now, constants.carried(simd, fired, epsilon));
                    errors[index] = epsilon;
                    sums[channel] = simd.add_f32s(sums[channel], epsilon);
                }
            }
        }
    }
}
