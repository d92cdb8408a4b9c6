//! One layer at work: it takes the spikes of a step, and at the end of the step gives its own.

use super::guard::with_guard_bits;
use super::neuron::{fire_and_settle, leak_and_floor};
use crate::quantized::{Neuron, QuantizedLayer};
use crate::spikes::Spike;
use fixed::FixedI32;
use fixed::types::extra::LeEqU32;
use std::fmt;
use std::sync::Arc;

/// A layer with its state. Clones share the parameters and have a state of their own.
pub(super) trait Stage: fmt::Debug + Send + Sync {
    /// Forgets everything that was integrated.
    fn reset(&mut self);

    /// Integrates spikes of the current step; returns the number of synaptic operations.
    fn integrate(&mut self, spikes: &[Spike]) -> u64;

    /// Ends the step: updates every neuron and appends those that fired, in ascending order.
    fn end_of_step(&mut self, fired: &mut Vec<Spike>);

    /// Number of neurons.
    fn outputs(&self) -> usize;

    /// Appends the membranes, in units of 2^−G weight LSB.
    fn membranes(&self, into: &mut Vec<i32>);

    /// A stage of the same parameters and a state of its own.
    fn boxed_clone(&self) -> Box<dyn Stage>;
}

impl Clone for Box<dyn Stage> {
    fn clone(&self) -> Self {
        self.boxed_clone()
    }
}

/// Builds the stage of a validated layer; `None` if its guard bits are out of range.
pub(super) fn build(layer: &QuantizedLayer) -> Option<Box<dyn Stage>> {
    with_guard_bits!(layer.guard_bits, Frac => Box::new(FullyConnected::<Frac>::new(layer)) as Box<dyn Stage>)
}

/// A fully-connected layer whose membranes have `Frac` fraction bits.
struct FullyConnected<Frac: LeEqU32> {
    parameters: Arc<Parameters<Frac>>,
    membranes: Vec<FixedI32<Frac>>,
}

struct Parameters<Frac: LeEqU32> {
    outputs: usize,
    /// Source-major, so that a spike reads one contiguous row: `[inputs, outputs]`.
    weights: Vec<i8>,
    /// One per neuron; none in the output layer.
    thresholds: Option<Vec<FixedI32<Frac>>>,
    leak_shifts: Vec<u8>,
    floor: FixedI32<Frac>,
    /// Lowest and highest number of V bits: what the width proof promises, checked in debug builds.
    range: (FixedI32<Frac>, FixedI32<Frac>),
}

impl<Frac: LeEqU32> FullyConnected<Frac> {
    fn new(layer: &QuantizedLayer) -> Self {
        let half = 1_i64 << (layer.membrane_bits - 1);
        let bound = |value: i64| {
            FixedI32::from_bits(i32::try_from(value).expect("a membrane of at most 32 bits fits an i32"))
        };
        let thresholds = match &layer.neuron {
            Neuron::Lif { thresholds } => Some(thresholds.iter().map(|&t| FixedI32::from_bits(t)).collect()),
            Neuron::Output => None,
        };
        let parameters = Parameters {
            outputs: layer.outputs(),
            weights: layer.weights.t().iter().copied().collect(),
            thresholds,
            leak_shifts: layer.leak_shifts.clone(),
            floor: FixedI32::from_bits(layer.floor),
            range: (bound(-half), bound(half - 1)),
        };
        Self {
            membranes: vec![FixedI32::ZERO; parameters.outputs],
            parameters: Arc::new(parameters),
        }
    }
}

impl<Frac: LeEqU32> fmt::Debug for FullyConnected<Frac> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("FullyConnected")
            .field("outputs", &self.parameters.outputs)
            .field("guard_bits", &Frac::U32)
            .finish_non_exhaustive()
    }
}

/// A weight as a membrane increment: q << G.
#[inline]
fn increment<Frac: LeEqU32>(weight: i8) -> FixedI32<Frac> {
    FixedI32::from_bits(i32::from(weight) << Frac::U32)
}

impl<Frac: LeEqU32 + Send + Sync + 'static> Stage for FullyConnected<Frac> {
    fn reset(&mut self) {
        self.membranes.fill(FixedI32::ZERO);
    }

    fn integrate(&mut self, spikes: &[Spike]) -> u64 {
        let Parameters {
            outputs,
            weights,
            range,
            ..
        } = &*self.parameters;
        for spike in spikes {
            let row = &weights[spike.address as usize * outputs..][..*outputs];
            if spike.negative {
                for (membrane, &weight) in self.membranes.iter_mut().zip(row) {
                    *membrane -= increment(weight);
                }
            } else {
                for (membrane, &weight) in self.membranes.iter_mut().zip(row) {
                    *membrane += increment(weight);
                }
            }
            debug_assert!(
                self.membranes.iter().all(|m| range.0 <= *m && *m <= range.1),
                "a membrane left its proven width"
            );
        }
        spikes.len() as u64 * *outputs as u64
    }

    fn end_of_step(&mut self, fired: &mut Vec<Spike>) {
        let Parameters {
            thresholds,
            leak_shifts,
            floor,
            ..
        } = &*self.parameters;
        let Some(thresholds) = thresholds else {
            for membrane in &mut self.membranes {
                *membrane = leak_and_floor(*membrane, leak_shifts, *floor);
            }
            return;
        };
        for (neuron, (membrane, &threshold)) in (0..).zip(self.membranes.iter_mut().zip(thresholds)) {
            let (fires, next) = fire_and_settle(*membrane, threshold, leak_shifts, *floor);
            *membrane = next;
            if fires {
                fired.push(Spike::positive(neuron));
            }
        }
    }

    fn outputs(&self) -> usize {
        self.parameters.outputs
    }

    fn membranes(&self, into: &mut Vec<i32>) {
        into.extend(self.membranes.iter().map(|membrane| membrane.to_bits()));
    }

    fn boxed_clone(&self) -> Box<dyn Stage> {
        Box::new(Self {
            parameters: Arc::clone(&self.parameters),
            membranes: vec![FixedI32::ZERO; self.membranes.len()],
        })
    }
}
