//! What one image needs while it passes.

use super::Engine;
use crate::network::Shape;
use crate::spikes::{Spike, SpikeRaster};
use crate::train::Loss;
use crate::train::spike_bits::{SpikeBits, WORD, decode};

/// What one image needs while it passes; used again for the next, so that nothing is allocated in time loops.
///
/// Its size is known beforehand, however much the network fires ([`Self::bytes`]), but for the input spikes.
#[derive(Clone, Debug)]
pub(crate) struct State {
    /// The input spikes, in C, H, W order.
    pub(crate) input: SpikeRaster,
    pub(super) layers: Vec<LayerState>,
    /// Output y, one per class.
    pub(crate) output: Vec<f32>,
    /// Membranes of the output layer after every step, `[T, classes]`.
    pub(crate) readout: Vec<f32>,
    pub(super) scratch: Scratch,
}

/// A layer's part; everything lies channels-last.
#[derive(Clone, Debug)]
pub(super) struct LayerState {
    /// Padded to whole words of spikes.
    pub(super) membranes: Vec<f32>,
    /// Empty for the output layer.
    pub(super) spikes: SpikeBits,
    /// Synaptic operations of the last forward pass.
    pub(super) operations: u64,
    /// Neurons that dropout lets pass; empty where it drops none.
    pub(super) keep: Vec<u64>,
    pub(super) slopes: Vec<f32>,
    /// Spikes of each neuron over all steps.
    pub(super) counts: Vec<f32>,
    /// ∂loss/∂s in the current step of the backward pass, of neurons that fired in it.
    pub(super) errors: Vec<f32>,
    /// The part of `errors` that is the same in every step; empty where there is none.
    pub(super) steady_errors: Vec<f32>,
    /// δ, the gradient at the membranes, in the current step of the backward pass.
    pub(super) deltas: Vec<f32>,
}

impl LayerState {
    pub(super) fn keep(&self) -> Option<&[u64]> {
        (!self.keep.is_empty()).then_some(&self.keep)
    }
}

/// Lists of the current step.
#[derive(Clone, Debug, Default)]
pub(super) struct Scratch {
    /// Inputs with a positive and with a negative spike, channels-last, rising.
    pub(super) positive: Vec<u32>,
    pub(super) negative: Vec<u32>,
    /// Neurons of the source, and of the layer itself.
    pub(super) source: Vec<u32>,
    pub(super) fired: Vec<u32>,
    words: [Vec<u64>; 2],
}

impl Scratch {
    pub(super) fn new(inputs: usize, widest: usize) -> Self {
        let list = |length| Vec::with_capacity(length);
        let words = || vec![0; inputs.div_ceil(WORD)];
        Self {
            positive: list(inputs),
            negative: list(inputs),
            source: list(widest),
            fired: list(widest),
            words: [words(), words()],
        }
    }

    /// Lists the input spikes of a step.
    pub(super) fn list_input(&mut self, spikes: &[Spike], shape: Shape) {
        let words = &mut self.words;
        words.iter_mut().for_each(|words| words.fill(0));
        for spike in spikes {
            let address = channels_last(shape, spike.address as usize);
            words[usize::from(spike.negative)][address / WORD] |= 1 << (address % WORD);
        }
        decode(&words[0], None, &mut self.positive);
        decode(&words[1], None, &mut self.negative);
    }

    fn bytes(&self) -> usize {
        let lists = [&self.positive, &self.negative, &self.source, &self.fired];
        let words: usize = self.words.iter().map(|words| size_of_val(&words[..])).sum();
        lists
            .iter()
            .map(|list| list.capacity() * size_of::<u32>())
            .sum::<usize>()
            + words
    }
}

/// Channels-last address of the neuron with this address in C, H, W order.
pub(crate) const fn channels_last(shape: Shape, address: usize) -> usize {
    let positions = shape.height * shape.width;
    (address % positions) * shape.channels + address / positions
}

/// Address in C, H, W order of the neuron with this channels-last address.
pub(crate) const fn channels_first(shape: Shape, address: usize) -> usize {
    let positions = shape.height * shape.width;
    (address % shape.channels) * positions + address / shape.channels
}

impl State {
    /// Spikes of layer `index` in C, H, W order, from the last forward pass of `engine`.
    pub(crate) fn raster(&self, engine: &Engine, index: usize) -> SpikeRaster {
        let shape = engine.layers[index].shape;
        let mut raster = SpikeRaster::new(shape.size());
        let (mut list, mut addresses) = (Vec::new(), Vec::new());
        for t in 0..engine.steps {
            decode(self.layers[index].spikes.step(t), None, &mut list);
            addresses.clear();
            addresses.extend(
                list.iter()
                    .filter_map(|&address| u32::try_from(channels_first(shape, address as usize)).ok()),
            );
            addresses.sort_unstable();
            raster.push_step(addresses.iter().map(|&address| Spike::positive(address)));
        }
        raster
    }

    /// Number of spikes of layer `index`, from the last forward pass.
    pub(crate) fn spike_count(&self, index: usize) -> u64 {
        self.layers[index].spikes.total()
    }

    /// Synaptic operations into layer `index`, in the last forward pass: additions to its membranes.
    pub(crate) fn operations(&self, index: usize) -> u64 {
        self.layers[index].operations
    }

    /// The class with the largest output; the lowest on a tie.
    pub(crate) fn answer(&self) -> usize {
        largest(&self.output)
    }

    /// The answers that each of the steps would have given, had it been the last.
    pub(crate) fn answers(&self) -> impl Iterator<Item = usize> + '_ {
        self.readout.chunks_exact(self.output.len().max(1)).map(largest)
    }

    /// The loss of the last forward pass.
    pub(crate) fn loss(&self, loss: Loss, label: usize) -> f64 {
        loss.value(&self.output, label)
    }

    /// Memory in bytes.
    pub(crate) fn bytes(&self) -> usize {
        let numbers = |layer: &LayerState| {
            [
                &layer.membranes,
                &layer.slopes,
                &layer.counts,
                &layer.errors,
                &layer.steady_errors,
                &layer.deltas,
            ]
            .iter()
            .map(|numbers| size_of_val(&numbers[..]))
            .sum::<usize>()
                + layer.spikes.bytes()
                + size_of_val(&layer.keep[..])
        };
        self.layers.iter().map(numbers).sum::<usize>()
            + self.scratch.bytes()
            + size_of_val(&self.output[..])
            + size_of_val(&self.readout[..])
            + self.input.bytes()
    }
}

/// The place of the largest number, the first on a tie.
fn largest(numbers: &[f32]) -> usize {
    let mut best = 0;
    for (index, &number) in numbers.iter().enumerate() {
        if number > numbers[best] {
            best = index;
        }
    }
    best
}
