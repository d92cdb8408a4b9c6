//! What the spikes of a convolution meet, and of a fully-connected layer as the convolution of a map of one position.
//!
//! Neurons lie as [`Layout`] says. The weights of one source channel lie together, `[kernel row, kernel column, output
//! channel]` with rows and columns in the order of [`Axis::place`] and output channels filled up as in the layout. So
//! one kernel row of weights and the membranes that it adds to are each one stretch of whole vectors.

use super::axis::Axis;
use super::layout::Layout;
use crate::network::Shape;

/// Spikes of one position that share a pass over the membranes.
const GROUP: usize = 4;

/// What is done with the spikes of a position, some at a time.
pub(crate) trait Group {
    /// One to four sources, of which the first weights are given, meet their window.
    fn meet<const SPIKES: usize>(&mut self, starts: [usize; SPIKES], window: Window);
}

/// What the sources of one position meet; offsets and lengths in numbers.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Window {
    /// The first membrane.
    pub(crate) target: usize,
    /// The first weight, within the source channel's.
    pub(crate) weight: usize,
    /// Number of kernel rows.
    pub(crate) rows: usize,
    /// Length of a row.
    pub(crate) length: usize,
    /// Number of synapses of one source; rows have some numbers more.
    pub(crate) synapses: usize,
}

/// The geometry of weighted connections.
#[derive(Clone, Debug)]
pub(crate) struct Windows {
    /// Source addresses per position. As u32, in which a division costs a fraction of one in 64 bits.
    pub(crate) channels: u32,
    /// Weights of one source channel.
    pub(crate) block: usize,
    /// From one row of membranes to the next.
    pub(crate) target_stride: usize,
    /// From one row of weights to the next.
    pub(crate) weight_stride: usize,
    /// One per source position.
    windows: Vec<Window>,
}

impl Windows {
    /// A convolution.
    pub(crate) fn convolution(input: Layout, output: Layout, rows: Axis, columns: Axis) -> Self {
        let (row, kernel, width) = (output.stride, columns.kernel, output.shape.width);
        let window = |y, x| {
            let (y, x) = (rows.span(y), columns.span(x));
            Window {
                target: (y.output * width + x.output) * row,
                weight: (y.place * kernel + x.place) * row,
                rows: if x.count == 0 { 0 } else { y.count },
                length: x.count * row,
                synapses: y.count * x.count * output.shape.channels,
            }
        };
        let Shape {
            height,
            width: columns_in,
            ..
        } = input.shape;
        Self {
            channels: u32::try_from(input.stride).expect("validation bounds the neurons of a layer"),
            block: rows.kernel * kernel * row,
            target_stride: width * row,
            weight_stride: kernel * row,
            windows: (0..height)
                .flat_map(|y| (0..columns_in).map(move |x| (y, x)))
                .map(|(y, x)| window(y, x))
                .collect(),
        }
    }

    /// Every source to every neuron.
    pub(crate) fn dense(input: Layout, output: Layout) -> Self {
        let flat = Layout::input([input.size(), 1, 1].into());
        let point = Axis {
            kernel: 1,
            stride: 1,
            padding: 0,
            outputs: 1,
        };
        Self::convolution(flat, output, point, point)
    }

    /// The first weight of a source, and its window.
    #[inline(always)]
    pub(crate) fn place(&self, address: u32) -> (usize, Window) {
        let (position, channel) = (address / self.channels, address % self.channels);
        let window = self.windows[position as usize];
        (channel as usize * self.block + window.weight, window)
    }

    /// Takes spikes of rising addresses to their windows; returns the number of synaptic operations.
    #[inline(always)]
    pub(crate) fn walk(&self, addresses: &[u32], group: &mut impl Group) -> usize {
        let mut operations = 0;
        let mut rest = addresses;
        while let Some(&first) = rest.first() {
            let (start, window) = self.place(first);
            let end = first - first % self.channels + self.channels;
            let limit = rest.len().min(GROUP);
            let mut same = 1;
            while same < limit && rest[same] < end {
                same += 1;
            }
            let (now, later) = rest.split_at(same);
            rest = later;
            operations += same * window.synapses;
            let at = |index: usize| start + (now[index] - first) as usize * self.block;
            match same {
                4 => group.meet([start, at(1), at(2), at(3)], window),
                3 => group.meet([start, at(1), at(2)], window),
                2 => group.meet([start, at(1)], window),
                _ => group.meet([start], window),
            }
        }
        operations
    }

    /// Whether all sources have one position, as those of a fully-connected layer.
    pub(crate) fn are_one(&self) -> bool {
        self.windows.len() <= 1
    }
}
