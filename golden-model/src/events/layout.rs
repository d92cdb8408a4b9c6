//! Memory layout of a map's neurons.
//!
//! The layout is channels-last: neuron (c, y, x) has the address (y·W + x)·stride + c, so that all channels of one
//! position, and all positions of one row, are contiguous. The stride is the number of channels padded to a whole
//! number of vectors, so that each position begins and ends at a vector boundary. The padding has neither weights nor
//! spikes.

use crate::network::{Shape, Source};
use aligned_vec::{AVec, ConstAlign};

/// Number of floats in the longest vector, and in a cache line.
pub(crate) const VECTOR: usize = 16;

/// Bytes of the longest vector, and of a cache line.
pub(crate) const ALIGNMENT: usize = VECTOR * size_of::<f32>();

/// Numbers in memory aligned to a cache line.
pub(crate) type Numbers<N = f32> = AVec<N, ConstAlign<ALIGNMENT>>;

/// Allocates `length` zeros.
pub(crate) fn zeros<N: Copy + Default>(length: usize) -> Numbers<N> {
    let mut numbers = Numbers::with_capacity(0, length);
    numbers.resize(length, N::default());
    numbers
}

/// Memory layout of one map.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Layout {
    pub(crate) shape: Shape,
    /// Distance in addresses from one position to the next.
    pub(crate) stride: usize,
}

impl Layout {
    /// Layout of the network's input, whose channels are not padded because it is only a source.
    pub(crate) const fn input(shape: Shape) -> Self {
        Self {
            shape,
            stride: shape.channels,
        }
    }

    /// Layout of a layer's neurons, for vectors of [`VECTOR`] numbers.
    pub(crate) const fn neurons(shape: Shape) -> Self {
        Self::padded(shape, VECTOR)
    }

    /// Layout of a layer's neurons, for vectors of `vector` numbers.
    pub(crate) const fn padded(shape: Shape, vector: usize) -> Self {
        Self {
            shape,
            stride: shape.channels.next_multiple_of(vector),
        }
    }

    /// Layout of a source of this shape.
    pub(crate) const fn of_source(source: Source, shape: Shape, vector: usize) -> Self {
        match source {
            Source::Input => Self::input(shape),
            Source::Layer(_) => Self::padded(shape, vector),
        }
    }

    /// Number of addresses.
    pub(crate) const fn size(self) -> usize {
        self.shape.height * self.shape.width * self.stride
    }

    /// Address of the neuron with index `number` in C, H, W order.
    pub(crate) const fn address(self, number: usize) -> usize {
        let positions = self.shape.height * self.shape.width;
        (number % positions) * self.stride + number / positions
    }

    /// Index in C, H, W order of the neuron at `address`.
    pub(crate) const fn number(self, address: usize) -> usize {
        let positions = self.shape.height * self.shape.width;
        (address % self.stride) * positions + address / self.stride
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn neurons_lie_channels_last_and_filled_up() {
        let layout = Layout::neurons([3, 2, 2].into());
        assert_eq!((layout.stride, layout.size()), (16, 64));
        let addresses: Vec<usize> = (0..12).map(|number| layout.address(number)).collect();
        assert_eq!(addresses, [0, 16, 32, 48, 1, 17, 33, 49, 2, 18, 34, 50]);
        assert!((0..12).all(|number| layout.number(layout.address(number)) == number));
        assert_eq!(Layout::input([3, 2, 2].into()).address(5), 4);
    }

    #[test]
    fn numbers_begin_at_a_cache_line() {
        for length in [1, 17, 1000] {
            let numbers: Numbers = zeros(length);
            assert_eq!(numbers.len(), length);
            assert_eq!(numbers.as_ptr().addr() % 64, 0);
        }
    }
}
