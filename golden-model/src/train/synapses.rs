//! Weighted connections, worked spike by spike: convolutions, and fully-connected layers as convolutions of a map of
//! one position.
//!
//! Neurons lie as [`Layout`] says. The weights of one source channel lie together, `[kernel row, kernel column, output
//! channel]` with rows and columns in the order of [`Axis::place`] and output channels filled up as in the layout. So
//! one kernel row of weights and the membranes that it adds to are each one stretch of whole vectors.

mod order;
mod row;
mod window;

use super::layout::Layout;
use super::simd::{Dispatch, Kernel, Lanes};
use crate::network::Shape;
pub(crate) use order::ChannelOrder;
use row::{Dot, add};
pub(crate) use window::Axis;

/// Spikes of one position that share a pass over the membranes.
const GROUP: usize = 4;

/// What the sources of one position meet; offsets and lengths in numbers.
#[derive(Clone, Copy, Debug)]
struct Window {
    /// The first membrane.
    target: usize,
    /// The first weight, within the source channel's.
    weight: usize,
    /// Number of kernel rows.
    rows: usize,
    /// Length of a row.
    length: usize,
    /// Number of synapses of one source; rows have some numbers more.
    synapses: usize,
}

/// The geometry of weighted connections; the weights are passed in.
#[derive(Clone, Debug)]
pub(crate) struct Synapses {
    /// Source addresses per position. As u32, in which a division costs a fraction of one in 64 bits.
    channels: u32,
    /// Weights of one source channel.
    block: usize,
    /// From one row of membranes, or weights, to the next.
    target_stride: usize,
    weight_stride: usize,
    /// One per source position.
    windows: Vec<Window>,
}

/// Spikes of one step: rising addresses, all with the same factor on their weights.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Events<'a> {
    pub(crate) addresses: &'a [u32],
    pub(crate) factor: f32,
}

impl Synapses {
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

    /// `membranes += W·s` for the spikes of one step; returns the number of synaptic operations.
    pub(crate) fn accumulate(
        &self,
        dispatch: Dispatch,
        weights: &[f32],
        events: Events<'_>,
        membranes: &mut [f32],
    ) -> usize {
        dispatch.run(Accumulate {
            synapses: self,
            weights,
            events,
            membranes,
        })
    }

    /// `gradient += δ·s` for the spikes of one step, and `errors += Wᵀ·δ` of the sources that fired, in one
    /// pass.
    #[expect(
        clippy::too_many_arguments,
        reason = "both directions of one pass, and its scratch memory"
    )]
    pub(crate) fn backward(
        &self,
        dispatch: Dispatch,
        weights: &[f32],
        events: Events<'_>,
        deltas: &[f32],
        gradient: &mut [f32],
        errors: &mut [f32],
        order: &mut ChannelOrder,
    ) {
        let Events { addresses, factor } = events;
        let addresses = if self.windows.len() > 1 {
            order.sort(addresses, self.channels)
        } else {
            addresses
        };
        dispatch.run(Backward {
            synapses: self,
            weights,
            events: Events { addresses, factor },
            deltas,
            gradient,
            errors,
        });
    }

    /// [`Self::backward`] for sources that need no errors.
    pub(crate) fn add_gradient(
        &self,
        dispatch: Dispatch,
        events: Events<'_>,
        deltas: &[f32],
        gradient: &mut [f32],
    ) {
        dispatch.run(AddGradient {
            synapses: self,
            events,
            deltas,
            gradient,
        });
    }

    /// The first weight of a source, and its window.
    #[inline(always)]
    fn place(&self, address: u32) -> (usize, Window) {
        let (position, channel) = (address / self.channels, address % self.channels);
        let window = self.windows[position as usize];
        (channel as usize * self.block + window.weight, window)
    }
}

struct Accumulate<'a> {
    synapses: &'a Synapses,
    weights: &'a [f32],
    events: Events<'a>,
    membranes: &'a mut [f32],
}

impl Accumulate<'_> {
    #[inline(always)]
    fn group<S: Lanes, const N: usize>(&mut self, simd: S, starts: [usize; N], window: Window) {
        let synapses = self.synapses;
        for row in 0..window.rows {
            let target = window.target + row * synapses.target_stride;
            let sums = &mut self.membranes[target..][..window.length];
            let terms = starts.map(
                #[inline(always)]
                |start| &self.weights[start + row * synapses.weight_stride..][..window.length],
            );
            add(simd, sums, terms, self.events.factor);
        }
    }
}

impl Kernel for Accumulate<'_> {
    type Output = usize;

    #[inline(always)]
    fn run<S: Lanes>(mut self, simd: S) -> usize {
        let channels = self.synapses.channels;
        let mut operations = 0;
        let mut rest = self.events.addresses;
        while let Some(&first) = rest.first() {
            let (start, window) = self.synapses.place(first);
            let end = first - first % channels + channels;
            let limit = rest.len().min(GROUP);
            let mut same = 1;
            while same < limit && rest[same] < end {
                same += 1;
            }
            let (now, later) = rest.split_at(same);
            rest = later;
            operations += same * window.synapses;
            let at = |index: usize| start + (now[index] - first) as usize * self.synapses.block;
            match same {
                4 => {
                    let starts = [start, at(1), at(2), at(3)];
                    self.group(simd, starts, window);
                }
                3 => {
                    let starts = [start, at(1), at(2)];
                    self.group(simd, starts, window);
                }
                2 => {
                    let starts = [start, at(1)];
                    self.group(simd, starts, window);
                }
                _ => self.group(simd, [start], window),
            }
        }
        operations
    }
}

struct Backward<'a> {
    synapses: &'a Synapses,
    weights: &'a [f32],
    events: Events<'a>,
    deltas: &'a [f32],
    gradient: &'a mut [f32],
    errors: &'a mut [f32],
}

impl Kernel for Backward<'_> {
    type Output = ();

    #[inline(always)]
    fn run<S: Lanes>(self, simd: S) {
        let Self {
            synapses,
            weights,
            events: Events { addresses, factor },
            deltas,
            gradient,
            errors,
        } = self;
        for &address in addresses {
            let (start, window) = synapses.place(address);
            let mut dot = Dot::new(simd);
            for row in 0..window.rows {
                let target = window.target + row * synapses.target_stride;
                let start = start + row * synapses.weight_stride;
                dot.add(
                    simd,
                    &weights[start..][..window.length],
                    &deltas[target..][..window.length],
                    &mut gradient[start..][..window.length],
                    factor,
                );
            }
            errors[address as usize] += dot.total(simd);
        }
    }
}

struct AddGradient<'a> {
    synapses: &'a Synapses,
    events: Events<'a>,
    deltas: &'a [f32],
    gradient: &'a mut [f32],
}

impl Kernel for AddGradient<'_> {
    type Output = ();

    #[inline(always)]
    fn run<S: Lanes>(self, simd: S) {
        for &address in self.events.addresses {
            let (start, window) = self.synapses.place(address);
            for row in 0..window.rows {
                let target = window.target + row * self.synapses.target_stride;
                let start = start + row * self.synapses.weight_stride;
                let sums = &mut self.gradient[start..][..window.length];
                add(
                    simd,
                    sums,
                    [&self.deltas[target..][..window.length]],
                    self.events.factor,
                );
            }
        }
    }
}

#[cfg(test)]
mod tests;
