//! Weights and membranes that the spikes of a convolution reach. A fully-connected layer is handled as the convolution
//! of a map with one position.
//!
//! [`Layout`] defines the layout of the neurons. The weights of one source channel are contiguous, as `[kernel row,
//! kernel column, output channel]` with rows and columns in the order of [`Axis::place`] and output channels padded as
//! in the layout. So one kernel row of weights, and the membranes that it adds to, are contiguous whole vectors.

use super::axis::Axis;
use super::layout::Layout;
use crate::network::Shape;
use std::collections::HashMap;

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

/// What distinguishes a window from others: its form, and where it starts. Windows of one form have as many rows and
/// columns, and the same weights.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Place {
    /// Number of the form, below [`Windows::forms`].
    pub(crate) form: u32,
    /// Offset of the first membrane.
    pub(crate) target: u32,
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
    /// Form and first membrane of every position's window.
    places: Vec<Place>,
    /// One window of every form; that its membranes are of one position means nothing.
    forms: Vec<Window>,
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
        let (places, forms) = forms(&windows);
        let channels = u32::try_from(input.stride).expect("validation bounds the neurons of a layer");
        Self {
            channels,
            block: rows.kernel * kernel * row,
            target_stride: width * row,
            weight_stride: kernel * row,
            windows,
            places,
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

    /// One window of every form.
    pub(crate) fn forms(&self) -> &[Window] {
        &self.forms
    }

    /// Form and first membrane of the window of a position.
    #[inline(always)]
    pub(crate) fn form(&self, position: usize) -> Place {
        self.places[position]
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

/// Numbers the forms of windows, first those that occur first.
fn forms(windows: &[Window]) -> (Vec<Place>, Vec<Window>) {
    let mut numbers = HashMap::new();
    let mut forms = Vec::new();
    let places = windows.iter().map(|window| {
        let form = (window.rows, window.length, window.weight);
        let number = *numbers.entry(form).or_insert_with(|| {
            forms.push(*window);
            forms.len() - 1
        });
        let narrow = |number| u32::try_from(number).expect("validation bounds the neurons of a layer");
        Place {
            form: narrow(number),
            target: narrow(window.target),
        }
    });
    (places.collect(), forms)
}
