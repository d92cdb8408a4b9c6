//! Dropout masks: the neurons kept for an image, equal in all steps.

use super::{Engine, State};
use crate::events::WORD;
use crate::random::{Random, mix};

/// Neurons that dropout keeps for one image: per layer one bool per neuron in C, H, W order, or `None` if all are kept.
pub type DropoutMasks = Vec<Option<Vec<bool>>>;

impl Engine {
    /// Draws masks for the next image from `seed`: every neuron of a layer with dropout is kept with probability
    /// 1 − p.
    pub(crate) fn draw_masks(&self, seed: u64, state: &mut State) {
        for (index, (layer, state)) in self.layers.iter().zip(&mut state.layers).enumerate() {
            state.keep.clear();
            if layer.dropout == 0.0 {
                continue;
            }
            let mut random = Random::new(mix(&[seed, index as u64]));
            let neurons = layer.layout.size();
            state.keep.resize(neurons.div_ceil(WORD), 0);
            for neuron in 0..neurons {
                let kept = random.uniform() >= layer.dropout;
                state.keep[neuron / WORD] |= u64::from(kept) << (neuron % WORD);
            }
        }
    }

    /// Disables dropout, as for inference.
    pub(crate) fn clear_masks(&self, state: &mut State) {
        state.layers.iter_mut().for_each(|layer| layer.keep.clear());
    }

    /// Sets the given masks, whose lengths must be those of the layers.
    pub(crate) fn set_masks(&self, masks: &DropoutMasks, state: &mut State) {
        self.clear_masks(state);
        for ((layer, state), mask) in self.layers.iter().zip(&mut state.layers).zip(masks) {
            let Some(mask) = mask else {
                continue;
            };
            state.keep.resize(layer.layout.size().div_ceil(WORD), 0);
            for (number, &kept) in mask.iter().enumerate() {
                let neuron = layer.layout.address(number);
                state.keep[neuron / WORD] |= u64::from(kept) << (neuron % WORD);
            }
        }
    }
}
