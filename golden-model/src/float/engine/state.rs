//! State of the engine for one image.

use super::Engine;
use crate::events::{ImageMemory, Layout, Numbers, SpikeLists, WORD};
use crate::float::Loss;
use crate::float::synapses::{ChannelOrder, GradedEvents};
use crate::spikes::{Spike, SpikeRaster};

/// State of the engine for one image. It is reused for the next image, so that time loops allocate nothing.
///
/// The size is known in advance and does not depend on how much the network fires ([`Self::memory`]).
#[derive(Clone, Debug)]
pub(crate) struct State {
    /// Input spikes in C, H, W order.
    pub(crate) input: SpikeRaster,
    pub(super) layers: Vec<LayerState>,
    /// Output y, one number per class.
    pub(crate) output: Vec<f32>,
    /// Membranes of the output layer after every step, `[T, classes]`.
    pub(crate) readout: Vec<f32>,
    pub(super) inputs: InputLists,
    pub(super) order: ChannelOrder,
    /// Scratch memory for partitioning the spikes of a step.
    pub(super) aside: Vec<u32>,
}

/// State of one layer; neurons are ordered as in [`Layout`].
#[derive(Clone, Debug)]
pub(super) struct LayerState {
    pub(super) membranes: Numbers,
    /// All spikes; within a step, the spikes that leave the layer come first.
    pub(super) spikes: SpikeLists,
    /// Number of spikes per step that dropout lets pass; empty without dropout.
    pub(super) passed: Vec<usize>,
    /// Number of synaptic operations of the last forward pass.
    pub(super) operations: u64,
    /// One bit per neuron, set if dropout keeps the neuron; empty without dropout.
    pub(super) keep: Vec<u64>,
    pub(super) slopes: Numbers,
    /// Number of spikes of each neuron over all steps.
    pub(super) counts: Numbers,
    /// Gradient ∂loss/∂s in the current step of the backward pass, for the neurons that fired in it.
    pub(super) errors: Numbers,
    /// The part of `errors` that is equal in all steps; empty if there is none.
    pub(super) steady_errors: Numbers,
    /// Gradient δ at the membranes in the current step of the backward pass.
    pub(super) deltas: Numbers,
}

impl LayerState {
    /// Spikes that leave the layer in step `t`, ascending.
    pub(super) fn sent(&self, t: usize) -> &[u32] {
        sent(&self.spikes, &self.passed, t)
    }

    /// Partitions the spikes of the step that has just ended into those that leave the layer and those that do not.
    pub(super) fn pass(&mut self, aside: &mut [u32]) {
        if !self.keep.is_empty() {
            self.passed.push(self.spikes.part(&self.keep, aside));
        }
    }
}

/// Spikes of step `t` that leave a layer, for callers that borrow the fields of its [`LayerState`] separately.
pub(super) fn sent<'a>(spikes: &'a SpikeLists, passed: &[usize], t: usize) -> &'a [u32] {
    let step = spikes.step(t);
    passed.get(t).map_or(step, |&passed| &step[..passed])
}

/// Input spikes of the current step as ascending addresses of [`Layout`].
#[derive(Clone, Debug)]
pub(super) struct InputLists {
    pub(super) positive: SpikeLists,
    pub(super) negative: SpikeLists,
    words: [Vec<u64>; 2],
    /// Values of the current step in place of spikes, if inputs are graded.
    pub(super) graded: Option<GradedInputs>,
}

/// Graded inputs of the current step.
#[derive(Clone, Debug)]
pub(super) struct GradedInputs {
    /// Real number for which the value 1 stands.
    pub(super) unit: f32,
    /// One value per address of [`Layout`].
    values: Vec<i16>,
    /// Addresses of the values that are not 0, ascending, and the real numbers for which these stand.
    addresses: Vec<u32>,
    numbers: Vec<f32>,
}

impl GradedInputs {
    fn new(inputs: usize, unit: f32) -> Self {
        Self {
            unit,
            values: vec![0; inputs],
            addresses: Vec::with_capacity(inputs),
            numbers: Vec::with_capacity(inputs),
        }
    }

    fn push(&mut self, events: &[Spike], layout: Layout) {
        self.values.fill(0);
        for event in events {
            self.values[layout.address(event.address as usize)] = event.value;
        }
        self.addresses.clear();
        self.numbers.clear();
        for (address, &value) in (0..).zip(&self.values).filter(|(_, value)| **value != 0) {
            self.addresses.push(address);
            self.numbers.push(f32::from(value) * self.unit);
        }
    }

    /// Events of the current step.
    pub(super) fn events(&self) -> GradedEvents<'_> {
        GradedEvents {
            addresses: &self.addresses,
            numbers: &self.numbers,
        }
    }

    /// Memory in bytes.
    fn bytes(&self) -> usize {
        // Lists with room for all inputs, whatever a clone has allocated so far.
        self.values.len() * (size_of::<i16>() + size_of::<u32>() + size_of::<f32>())
    }
}

impl InputLists {
    /// Creates empty lists; `graded_unit` is the real number for which the value 1 of a graded input stands.
    pub(super) fn new(inputs: usize, steps: usize, graded_unit: Option<f32>) -> Self {
        let spikes = if graded_unit.is_some() { 0 } else { inputs };
        let words = || vec![0; spikes.div_ceil(WORD)];
        Self {
            positive: SpikeLists::new(spikes, steps),
            negative: SpikeLists::new(spikes, steps),
            words: [words(), words()],
            graded: graded_unit.map(|unit| GradedInputs::new(inputs, unit)),
        }
    }

    pub(super) fn clear(&mut self) {
        self.positive.clear();
        self.negative.clear();
    }

    /// Stores the events of the next step, which are in C, H, W order.
    pub(super) fn push(&mut self, spikes: &[Spike], layout: Layout) {
        if let Some(graded) = &mut self.graded {
            graded.push(spikes, layout);
            return;
        }
        let words = &mut self.words;
        words.iter_mut().for_each(|words| words.fill(0));
        for spike in spikes {
            let address = layout.address(spike.address as usize);
            words[usize::from(spike.is_negative())][address / WORD] |= 1 << (address % WORD);
        }
        self.positive.push_bits(&words[0]);
        self.negative.push_bits(&words[1]);
    }
}

impl State {
    /// Spikes of layer `index` in C, H, W order, from the last forward pass of `engine`.
    pub(crate) fn raster(&self, engine: &Engine, index: usize) -> SpikeRaster {
        let layout = engine.layers[index].layout;
        let mut raster = SpikeRaster::new(layout.shape.size());
        for step in self.layers[index].spikes.steps() {
            let addresses = step.iter().map(|&address| layout.number(address as usize));
            let mut addresses: Vec<u32> = addresses
                .filter_map(|address| u32::try_from(address).ok())
                .collect();
            addresses.sort_unstable();
            raster.push_step(addresses.into_iter().map(Spike::positive));
        }
        raster
    }

    /// Addresses of the neurons of layer `index` that fired, spike by spike, from the last forward pass; ordered as in
    /// [`Layout`] within a step.
    pub(crate) fn fired(&self, index: usize) -> impl Iterator<Item = usize> {
        let spikes = self.layers[index].spikes.steps().flatten();
        spikes.map(|&address| address as usize)
    }

    /// Number of spikes of layer `index`, from the last forward pass.
    pub(crate) fn spike_count(&self, index: usize) -> u64 {
        self.layers[index].spikes.total() as u64
    }

    /// Number of spikes of each neuron of layer `index` over all steps, ordered as in [`Layout`]; valid after a
    /// backward pass.
    pub(crate) fn counts(&self, index: usize) -> &[f32] {
        &self.layers[index].counts
    }

    /// Number of synaptic operations into layer `index` in the last forward pass: additions to its membranes.
    pub(crate) fn operations(&self, index: usize) -> u64 {
        self.layers[index].operations
    }

    /// Class with the largest membrane after the last step; the lowest class on a tie.
    pub(crate) fn answer(&self) -> usize {
        largest(&self.readout[self.readout.len() - self.output.len()..])
    }

    /// Answer after each step, as if it were the last.
    pub(crate) fn answers(&self) -> impl Iterator<Item = usize> + '_ {
        self.readout.chunks_exact(self.output.len().max(1)).map(largest)
    }

    /// Loss of the last forward pass.
    pub(crate) fn loss(&self, loss: Loss, label: usize) -> f64 {
        loss.value(&self.output, label)
    }

    /// Memory that the last image needed, and the upper bound, reached if every neuron fired in every step.
    pub(crate) fn memory(&self) -> ImageMemory {
        let numbers = |layer: &LayerState| {
            let floats = [
                &layer.membranes,
                &layer.slopes,
                &layer.counts,
                &layer.errors,
                &layer.steady_errors,
                &layer.deltas,
            ];
            let floats: usize = floats.iter().map(|numbers| size_of_val(&numbers[..])).sum();
            floats + layer.keep.capacity() * size_of::<u64>() + layer.passed.capacity() * size_of::<usize>()
        };
        let fixed = self.layers.iter().map(numbers).sum::<usize>()
            + size_of_val(&self.output[..])
            + size_of_val(&self.readout[..])
            + self.inputs.graded.as_ref().map_or(0, GradedInputs::bytes)
            + self.order.bytes()
            + size_of_val(&self.aside[..]);
        let lists = || {
            let layers = self.layers.iter().map(|layer| &layer.spikes);
            layers.chain([&self.inputs.positive, &self.inputs.negative])
        };
        let steps = self.readout.len() / self.output.len().max(1);
        let input = self.input.bytes();
        ImageMemory {
            used: fixed + input + lists().map(SpikeLists::bytes).sum::<usize>(),
            most: fixed
                + input.max(SpikeRaster::most_bytes(self.input.width(), steps))
                + lists().map(SpikeLists::most_bytes).sum::<usize>(),
        }
    }
}

/// Index of the largest number; the first on a tie.
fn largest(numbers: &[f32]) -> usize {
    let mut best = 0;
    for (index, &number) in numbers.iter().enumerate() {
        if number > numbers[best] {
            best = index;
        }
    }
    best
}
