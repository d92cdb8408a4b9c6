//! Record of the neurons that fired at least once.

use crate::events::Layout;
use crate::float::{Image, State};
use crate::network::{NetworkDescription, Shape};

/// Record of the neurons that fired for any image, for every layer that fires.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Fired {
    /// Shape of each layer, and one bool per neuron, ordered as in [`Layout`].
    layers: Vec<(Shape, Vec<bool>)>,
}

impl Fired {
    /// Creates an empty record.
    pub(super) fn new(description: &NetworkDescription) -> Self {
        let mut shapes = description.shapes();
        // The output layer never fires.
        shapes.pop();
        Self {
            layers: shapes
                .into_iter()
                .map(|shape| (shape, vec![false; Layout::neurons(shape).size()]))
                .collect(),
        }
    }

    pub(super) fn clear(&mut self) {
        self.layers.iter_mut().for_each(|(_, layer)| layer.fill(false));
    }

    /// Records the neurons that fired for the last image, after its forward and backward pass.
    pub(super) fn note(&mut self, state: &State) {
        for (index, (_, layer)) in self.layers.iter_mut().enumerate() {
            for (fired, &count) in layer.iter_mut().zip(state.counts(index)) {
                *fired |= count > 0.0;
            }
        }
    }

    /// Records the neurons that fired for an image of a batch, after its forward pass.
    pub(super) fn note_image(&mut self, image: &Image) {
        for (index, (_, layer)) in self.layers.iter_mut().enumerate() {
            for address in image.fired(index) {
                layer[address] = true;
            }
        }
    }

    /// Records the neurons that fired for the last image, after its forward pass alone. A neuron that dropout drops counts,
    /// too.
    pub(super) fn note_spikes(&mut self, state: &State) {
        for (index, (_, layer)) in self.layers.iter_mut().enumerate() {
            state.fired(index).for_each(|neuron| layer[neuron] = true);
        }
    }

    pub(super) fn add(&mut self, other: &Self) {
        for ((_, layer), (_, other)) in self.layers.iter_mut().zip(&other.layers) {
            layer
                .iter_mut()
                .zip(other)
                .for_each(|(fired, other)| *fired |= other);
        }
    }

    /// Share of neurons of each layer that never fired.
    pub(super) fn idle(&self) -> impl Iterator<Item = f64> {
        self.layers.iter().map(|(shape, layer)| {
            let fired = layer.iter().filter(|&&fired| fired).count();
            1.0 - fired as f64 / shape.size() as f64
        })
    }

    /// Returns the shape of each layer and one byte per neuron in C, H, W order.
    pub(super) fn to_bytes(&self) -> impl Iterator<Item = (Shape, Vec<u8>)> {
        self.layers.iter().map(|(shape, layer)| {
            let layout = Layout::neurons(*shape);
            let fired = |number| u8::from(layer[layout.address(number)]);
            (*shape, (0..shape.size()).map(fired).collect())
        })
    }

    /// Restores layer `index` from the bytes of [`Self::to_bytes`].
    pub(super) fn set_bytes(&mut self, index: usize, bytes: &[u8]) {
        let (shape, layer) = &mut self.layers[index];
        let layout = Layout::neurons(*shape);
        for (number, &byte) in bytes.iter().enumerate() {
            layer[layout.address(number)] = byte != 0;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn neurons_come_back_in_order_and_the_idle_are_counted() {
        let mut description = NetworkDescription::preset("digits").unwrap();
        description.layers[0].kind = crate::network::LayerKind::Fc { out: 4 };
        let mut fired = Fired::new(&description);
        assert_eq!(fired.idle().collect::<Vec<_>>(), [1.0]);
        fired.set_bytes(0, &[1, 0, 1, 1]);
        assert_eq!(fired.idle().collect::<Vec<_>>(), [0.25]);
        let mut other = Fired::new(&description);
        other.set_bytes(0, &[0, 1, 0, 1]);
        other.add(&fired);
        assert_eq!(other.idle().collect::<Vec<_>>(), [0.0]);
        let (shape, bytes) = fired.to_bytes().next().unwrap();
        assert_eq!((shape, bytes), ([4, 1, 1].into(), vec![1, 0, 1, 1]));
        fired.clear();
        assert_eq!(fired, Fired::new(&description));
    }
}
