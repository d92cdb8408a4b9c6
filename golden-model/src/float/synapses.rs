//! Weighted connections, processed spike by spike: convolutions, and fully-connected layers as convolutions of a map
//! with one position. [`Windows`] defines the memory layout.

mod groups;
mod order;
mod row;

use crate::events::{Axis, Dispatch, Group, Kernel, Lanes, Layout, Window, Windows};
pub(crate) use order::ChannelOrder;
use row::{Dot, add};

/// Geometry of weighted connections; the weights are passed to each method.
#[derive(Clone, Debug)]
pub(crate) struct Synapses(Windows);

/// Spikes of one step: ascending addresses, all with the same factor on their weights.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Events<'a> {
    pub(crate) addresses: &'a [u32],
    pub(crate) factor: f32,
}

/// Graded events of one step: ascending addresses, and the real number that each source sends.
#[derive(Clone, Copy, Debug)]
pub(crate) struct GradedEvents<'a> {
    pub(crate) addresses: &'a [u32],
    pub(crate) numbers: &'a [f32],
}

impl<'a> GradedEvents<'a> {
    /// Pairs of address and number.
    pub(crate) fn pairs(self) -> impl Iterator<Item = (u32, f32)> + 'a {
        self.addresses.iter().copied().zip(self.numbers.iter().copied())
    }
}

impl Synapses {
    /// Creates the connections of a convolution.
    pub(crate) fn convolution(input: Layout, output: Layout, rows: Axis, columns: Axis) -> Self {
        Self(Windows::convolution(input, output, rows, columns))
    }

    /// Creates the connections of a fully-connected layer.
    pub(crate) fn dense(input: Layout, output: Layout) -> Self {
        Self(Windows::dense(input, output))
    }

    /// Number of synapses of the sources in these lists.
    pub(crate) fn operations<'a>(&self, lists: impl Iterator<Item = &'a [u32]>) -> u64 {
        let synapses = lists.flatten().map(|&address| self.0.place(address).1.synapses);
        synapses.sum::<usize>() as u64
    }

    /// Computes `membranes += W·s` for the spikes of one step; returns the number of synaptic operations.
    pub(crate) fn accumulate(
        &self,
        dispatch: Dispatch,
        weights: &[f32],
        events: Events<'_>,
        membranes: &mut [f32],
    ) -> usize {
        dispatch.run(Accumulate {
            windows: &self.0,
            weights,
            events,
            membranes,
        })
    }

    /// Computes `membranes += W·x` for the graded events of one step, one after the other; returns the number of synaptic
    /// operations.
    pub(crate) fn accumulate_graded(
        &self,
        dispatch: Dispatch,
        weights: &[f32],
        events: GradedEvents<'_>,
        membranes: &mut [f32],
    ) -> usize {
        dispatch.run(AccumulateGraded {
            windows: &self.0,
            weights,
            events,
            membranes,
        })
    }

    /// Computes, in one pass, `gradient += δ·s` for the spikes of one step and `errors += Wᵀ·δ` of the sources that
    /// fired.
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
        let addresses = if !self.0.are_one() {
            order.sort(addresses, self.0.channels)
        } else {
            addresses
        };
        dispatch.run(Backward {
            windows: &self.0,
            weights,
            events: Events { addresses, factor },
            deltas,
            gradient,
            errors,
        });
    }

    /// Computes `gradient += δ·s` like [`Self::backward`], for sources that need no errors.
    pub(crate) fn add_gradient(
        &self,
        dispatch: Dispatch,
        events: Events<'_>,
        deltas: &[f32],
        gradient: &mut [f32],
    ) {
        dispatch.run(AddGradient {
            windows: &self.0,
            events,
            deltas,
            gradient,
        });
    }
}

struct Accumulate<'a> {
    windows: &'a Windows,
    weights: &'a [f32],
    events: Events<'a>,
    membranes: &'a mut [f32],
}

impl Kernel for Accumulate<'_> {
    type Output = usize;

    #[inline(always)]
    fn run<S: Lanes>(self, simd: S) -> usize {
        let (windows, addresses) = (self.windows, self.events.addresses);
        windows.walk(
            addresses,
            &mut Adding {
                accumulate: self,
                simd,
            },
        )
    }
}

struct AccumulateGraded<'a> {
    windows: &'a Windows,
    weights: &'a [f32],
    events: GradedEvents<'a>,
    membranes: &'a mut [f32],
}

impl Kernel for AccumulateGraded<'_> {
    type Output = usize;

    #[inline(always)]
    fn run<S: Lanes>(self, simd: S) -> usize {
        let mut operations = 0;
        for (address, number) in self.events.pairs() {
            let (start, window) = self.windows.place(address);
            operations += window.synapses;
            for row in 0..window.rows {
                let target = window.target + row * self.windows.target_stride;
                let start = start + row * self.windows.weight_stride;
                let sums = &mut self.membranes[target..][..window.length];
                add(simd, sums, [&self.weights[start..][..window.length]], number);
            }
        }
        operations
    }
}

struct Adding<'a, S> {
    accumulate: Accumulate<'a>,
    simd: S,
}

impl<S: Lanes> Group for Adding<'_, S> {
    #[inline(always)]
    fn meet<const SPIKES: usize>(&mut self, starts: [usize; SPIKES], window: Window) {
        let Accumulate {
            windows,
            weights,
            events,
            membranes,
        } = &mut self.accumulate;
        for row in 0..window.rows {
            let target = window.target + row * windows.target_stride;
            let sums = &mut membranes[target..][..window.length];
            let mut terms = [&weights[..0]; SPIKES];
            for (term, start) in terms.iter_mut().zip(starts) {
                *term = &weights[start + row * windows.weight_stride..][..window.length];
            }
            add(self.simd, sums, terms, events.factor);
        }
    }
}

struct Backward<'a> {
    windows: &'a Windows,
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
            windows,
            weights,
            events: Events { addresses, factor },
            deltas,
            gradient,
            errors,
        } = self;
        for &address in addresses {
            let (start, window) = windows.place(address);
            let mut dot = Dot::new(simd);
            for row in 0..window.rows {
                let target = window.target + row * windows.target_stride;
                let start = start + row * windows.weight_stride;
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
    windows: &'a Windows,
    events: Events<'a>,
    deltas: &'a [f32],
    gradient: &'a mut [f32],
}

impl Kernel for AddGradient<'_> {
    type Output = ();

    #[inline(always)]
    fn run<S: Lanes>(self, simd: S) {
        for &address in self.events.addresses {
            let (start, window) = self.windows.place(address);
            for row in 0..window.rows {
                let target = window.target + row * self.windows.target_stride;
                let start = start + row * self.windows.weight_stride;
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
