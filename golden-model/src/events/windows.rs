//! Weights and membranes that the spikes of a convolution reach. A fully-connected layer is handled as the convolution
//! of a map with one position.
//!
//! [`Layout`] defines the layout of the neurons. The weights of one source channel are contiguous, as `[kernel row,
//! kernel column, output channel]` with rows and columns in the order of [`Axis::place`] and output channels padded as
//! in the layout. So one kernel row of weights, and the membranes that it adds to, are contiguous whole vectors.

use super::axis::Axis;
use super::layout::Layout;
use crate::network::Shape;

/// Number of spikes of one position that share a pass over the membranes.
const GROUP: usize = 4;

/// Operation on the spikes of a position, one to four at a time.
pub(crate) trait Group {
    /// Processes one to four sources of a position; `starts` are the indices of their first weights.
    fn meet<const SPIKES: usize>(&mut self, starts: [usize; SPIKES], window: Window);
}

/// Weights and membranes that the sources of one position reach; offsets and lengths count numbers.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Window {
    /// Offset of the first membrane.
    pub(crate) target: usize,
    /// Offset of the first weight within the weights of the source channel.
    pub(crate) weight: usize,
    /// Number of kernel rows.
    pub(crate) rows: usize,
    /// Numbers per row.
    pub(crate) length: usize,
    /// Number of synapses of one source, without the padding of the rows.
    pub(crate) synapses: usize,
}

/// Geometry of weighted connections.
#[derive(Clone, Debug)]
pub(crate) struct Windows {
    /// Source addresses per position; u32, because its division is much faster than a 64-bit one.
    pub(crate) channels: u32,
    /// Number of weights of one source channel.
    pub(crate) block: usize,
    /// Offset from one row of membranes to the next.
    pub(crate) target_stride: usize,
    /// Offset from one row of weights to the next.
    pub(crate) weight_stride: usize,
    /// Windows of all source positions.
    windows: Vec<Window>,
    /// Number of the form of every position's window. Windows of one form have as many rows and columns, and the same
    /// weights.
    position_forms: Vec<u8>,
    forms: usize,
    /// Bits of the channel in an address, if the addresses per position are a power of two.
    channel_bits: Option<u32>,
}

impl Windows {
    /// Geometry of a convolution.
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
        let windows: Vec<Window> = (0..height)
            .flat_map(|y| (0..columns_in).map(move |x| (y, x)))
            .map(|(y, x)| window(y, x))
            .collect();
        let (position_forms, forms) = forms(&windows);
        let channels = u32::try_from(input.stride).expect("validation bounds the neurons of a layer");
        Self {
            channels,
            block: rows.kernel * kernel * row,
            target_stride: width * row,
            weight_stride: kernel * row,
            windows,
            position_forms,
            forms,
            channel_bits: channels.is_power_of_two().then(|| channels.trailing_zeros()),
        }
    }

    /// Geometry of a fully-connected layer.
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

    /// Index of the first weight of a source, and its window.
    #[inline(always)]
    pub(crate) fn place(&self, address: u32) -> (usize, Window) {
        let (position, channel) = self.split(address);
        let window = self.windows[position];
        (channel * self.block + window.weight, window)
    }

    /// Position and channel of a source.
    #[inline(always)]
    pub(crate) const fn split(&self, address: u32) -> (usize, usize) {
        // Shifts are much faster than a division.
        match self.channel_bits {
            Some(bits) => (
                (address >> bits) as usize,
                (address & (self.channels - 1)) as usize,
            ),
            None => (
                (address / self.channels) as usize,
                (address % self.channels) as usize,
            ),
        }
    }

    /// Number of forms of windows.
    pub(crate) const fn forms(&self) -> usize {
        self.forms
    }

    /// Form of the window of a position, below [`Self::forms`].
    #[inline(always)]
    pub(crate) fn form(&self, position: usize) -> usize {
        self.position_forms[position].into()
    }

    /// Processes spikes of ascending addresses; returns the number of synaptic operations.
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

    /// Whether there is only one source position, as in a fully-connected layer.
    pub(crate) fn are_one(&self) -> bool {
        self.windows.len() <= 1
    }
}

/// Numbers the forms of windows: first those that occur first. Beyond 255 forms, which no sensible kernel has, all others
/// share the last number; they are then told apart where they are used.
fn forms(windows: &[Window]) -> (Vec<u8>, usize) {
    let mut known: Vec<(usize, usize, usize)> = Vec::new();
    let mut number = |window: &Window| {
        let form = (window.rows, window.length, window.weight);
        let place = known.iter().position(|other| *other == form).unwrap_or_else(|| {
            known.push(form);
            known.len() - 1
        });
        u8::try_from(place).unwrap_or(u8::MAX)
    };
    let forms: Vec<u8> = windows.iter().map(&mut number).collect();
    let count = forms
        .iter()
        .copied()
        .max()
        .map_or(1, |highest| usize::from(highest) + 1);
    (forms, count)
}
