//! Kernels of the second training rule: graded sources, gradients of spikes, and errors of chosen sources, in groups that
//! share weights or targets.

use super::order::{Run, Runs};
use super::row::{Dots, add};
use super::{ChannelOrder, Events, GradedEvents, Synapses};
use crate::events::{Dispatch, Kernel, Lanes, VECTOR, Windows};

impl Synapses {
    /// Computes `gradient += δ·x` for graded sources.
    pub(crate) fn add_graded_gradient(
        &self,
        dispatch: Dispatch,
        sources: GradedEvents<'_>,
        deltas: &[f32],
        gradient: &mut [f32],
    ) {
        dispatch.run(GradedGradient {
            windows: &self.0,
            sources,
            deltas,
            gradient,
        });
    }

    /// Computes `gradient += δ·s` for spikes, channel by channel.
    pub(crate) fn add_spike_gradient(
        &self,
        dispatch: Dispatch,
        events: Events<'_>,
        deltas: &[f32],
        gradient: &mut [f32],
        order: &mut ChannelOrder,
    ) {
        if self.0.are_one() {
            self.add_gradient(dispatch, events, deltas, gradient);
            return;
        }
        dispatch.run(SpikeGradient {
            windows: &self.0,
            runs: order.sort_alike(std::iter::once(events.addresses), &self.0, (0, 0)),
            factor: events.factor,
            deltas,
            gradient,
        });
    }

    /// Computes `errors += Wᵀ·δ` of the given sources only, channel by channel, for `count` steps at once: δ and errors are
    /// `[steps, neurons]`.
    pub(crate) fn return_errors<'a>(
        &self,
        dispatch: Dispatch,
        weights: &[f32],
        steps: impl Iterator<Item = &'a [u32]> + Clone,
        (count, deltas): (usize, &[f32]),
        errors: &mut [f32],
        order: &mut ChannelOrder,
    ) {
        let (sources, targets) = (errors.len() / count, deltas.len() / count);
        if self.0.are_one() {
            let maps = errors.chunks_exact_mut(sources).zip(deltas.chunks_exact(targets));
            for (sources, (errors, deltas)) in steps.zip(maps) {
                dispatch.run(ReturnDense {
                    windows: &self.0,
                    sources,
                    weights,
                    deltas,
                    errors,
                });
            }
            return;
        }
        dispatch.run(ReturnErrors {
            windows: &self.0,
            runs: order.sort_alike(steps, &self.0, (sources, targets)),
            weights,
            deltas,
            errors,
        });
    }
}

struct GradedGradient<'a> {
    windows: &'a Windows,
    sources: GradedEvents<'a>,
    deltas: &'a [f32],
    gradient: &'a mut [f32],
}

impl Kernel for GradedGradient<'_> {
    type Output = ();

    #[inline(always)]
    fn run<S: Lanes>(self, simd: S) {
        for (address, value) in self.sources.pairs() {
            let (start, window) = self.windows.place(address);
            for row in 0..window.rows {
                let target = window.target + row * self.windows.target_stride;
                let start = start + row * self.windows.weight_stride;
                let sums = &mut self.gradient[start..][..window.length];
                add(simd, sums, [&self.deltas[target..][..window.length]], value);
            }
        }
    }
}

struct SpikeGradient<'a> {
    windows: &'a Windows,
    runs: Runs<'a>,
    factor: f32,
    deltas: &'a [f32],
    gradient: &'a mut [f32],
}

impl Kernel for SpikeGradient<'_> {
    type Output = ();

    #[inline(always)]
    fn run<S: Lanes>(mut self, simd: S) {
        self.runs.for_each(
            #[inline(always)]
            |run| {
                // How many share a pass decides the order of their sum, so it is the same for all kinds of vectors.
                let (fours, rest) = run.targets.as_chunks::<4>();
                for &targets in fours {
                    self.add(simd, &run, targets);
                }
                match *rest {
                    [a, b, c] => self.add(simd, &run, [a, b, c]),
                    [a, b] => self.add(simd, &run, [a, b]),
                    [a] => self.add(simd, &run, [a]),
                    _ => {}
                }
            },
        );
    }
}

impl SpikeGradient<'_> {
    /// Adds the δ of `N` windows to the gradient of the same weights.
    #[inline(always)]
    fn add<S: Lanes, const N: usize>(&mut self, simd: S, run: &Run<'_>, targets: [u32; N]) {
        for row in 0..run.rows {
            let start = run.start + row * self.windows.weight_stride;
            let sums = &mut self.gradient[start..][..run.length];
            let mut terms = [&self.deltas[..0]; N];
            for (term, target) in terms.iter_mut().zip(targets) {
                *term = &self.deltas[target as usize + row * self.windows.target_stride..][..run.length];
            }
            add(simd, sums, terms, self.factor);
        }
    }
}

struct ReturnErrors<'a> {
    windows: &'a Windows,
    runs: Runs<'a>,
    weights: &'a [f32],
    deltas: &'a [f32],
    errors: &'a mut [f32],
}

impl Kernel for ReturnErrors<'_> {
    type Output = ();

    #[inline(always)]
    fn run<S: Lanes>(mut self, simd: S) {
        self.runs.for_each(
            #[inline(always)]
            |run| {
                let mut from = 0;
                // As many products at once as there are registers for.
                if S::F32_LANES == VECTOR {
                    from = self.chunks::<S, 8>(simd, &run, from);
                }
                from = self.chunks::<S, 4>(simd, &run, from);
                from = self.chunks::<S, 2>(simd, &run, from);
                self.chunks::<S, 1>(simd, &run, from);
            },
        );
    }
}

impl ReturnErrors<'_> {
    /// Adds Σ weights·δ to the errors of the sources from `from` on, `N` at a time; returns where fewer are left.
    #[inline(always)]
    fn chunks<S: Lanes, const N: usize>(&mut self, simd: S, run: &Run<'_>, from: usize) -> usize {
        let (targets, _) = run.targets[from..].as_chunks::<N>();
        let (addresses, _) = run.addresses[from..].as_chunks::<N>();
        for (targets, addresses) in targets.iter().zip(addresses) {
            let mut dots = Dots::<S, N>::new(simd);
            for row in 0..run.rows {
                let weights = &self.weights[run.start + row * self.windows.weight_stride..][..run.length];
                let mut deltas = [weights; N];
                for (deltas, &target) in deltas.iter_mut().zip(targets) {
                    *deltas =
                        &self.deltas[target as usize + row * self.windows.target_stride..][..run.length];
                }
                dots.add(simd, [weights], deltas);
            }
            for (&address, total) in addresses.iter().zip(dots.totals()) {
                self.errors[address as usize] += total;
            }
        }
        from + N * targets.len()
    }
}

/// Errors of the sources of one position, which share δ: those of a fully-connected layer.
struct ReturnDense<'a> {
    windows: &'a Windows,
    sources: &'a [u32],
    weights: &'a [f32],
    deltas: &'a [f32],
    errors: &'a mut [f32],
}

impl Kernel for ReturnDense<'_> {
    type Output = ();

    #[inline(always)]
    fn run<S: Lanes>(mut self, simd: S) {
        let (fours, rest) = self.sources.as_chunks::<4>();
        for sources in fours {
            self.dots(simd, sources);
        }
        for &source in rest {
            self.dots(simd, &[source]);
        }
    }
}

impl ReturnDense<'_> {
    #[inline(always)]
    fn dots<S: Lanes, const N: usize>(&mut self, simd: S, sources: &[u32; N]) {
        let (_, window) = self.windows.place(sources[0]);
        let mut dots = Dots::<S, N>::new(simd);
        for row in 0..window.rows {
            let target = window.target + row * self.windows.target_stride;
            let deltas = &self.deltas[target..][..window.length];
            let start = window.weight + row * self.windows.weight_stride;
            let mut weights = [deltas; N];
            for (weights, &source) in weights.iter_mut().zip(sources) {
                *weights = &self.weights[source as usize * self.windows.block + start..][..window.length];
            }
            dots.add(simd, weights, [deltas]);
        }
        for (&source, total) in sources.iter().zip(dots.totals()) {
            self.errors[source as usize] += total;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::events::{Axis, Layout};
    use crate::random::Random;

    /// A convolution and a fully-connected layer with small whole numbers, whose sums are exact in any order.
    fn cases() -> Vec<(Synapses, Layout, usize, usize)> {
        let axis = |kernel, stride, padding, sources: usize| Axis {
            kernel,
            stride,
            padding,
            outputs: (sources + 2 * padding - kernel) / stride + 1,
        };
        let mut cases = Vec::new();
        for (channels, size, out, kernel, stride, padding) in
            // The last ones have one source position.
            [
                (3, 7, 20, 3, 1, 1),
                (17, 6, 4, 5, 2, 2),
                (2, 9, 33, 1, 2, 0),
                (9, 1, 20, 3, 1, 1),
                (5, 1, 17, 3, 1, 2),
            ]
        {
            let (rows, columns) = (
                axis(kernel, stride, padding, size),
                axis(kernel, stride, padding, size),
            );
            let input = Layout::neurons([channels, size, size].into());
            let output = Layout::neurons([out, rows.outputs, columns.outputs].into());
            let weights = input.stride * kernel * kernel * output.stride;
            let synapses = Synapses::convolution(input, output, rows, columns);
            cases.push((synapses, input, output.size(), weights));
        }
        let (input, output) = (
            Layout::neurons([5, 3, 2].into()),
            Layout::neurons([40, 1, 1].into()),
        );
        let weights = input.size() * output.stride;
        cases.push((Synapses::dense(input, output), input, output.size(), weights));
        cases
    }

    fn whole(random: &mut Random, length: usize) -> Vec<f32> {
        (0..length)
            .map(|_| (random.uniform() * 9.0).floor() - 4.0)
            .collect()
    }

    fn order(input: Layout) -> ChannelOrder {
        ChannelOrder::new(input.size(), input.stride)
    }

    #[test]
    fn chosen_sources_get_the_errors_that_the_first_rule_computes() {
        let mut random = Random::new(11);
        for (synapses, input, outputs, count) in cases() {
            let (weights, deltas) = (whole(&mut random, count), whole(&mut random, outputs));
            let real = |address: &u32| (*address as usize % input.stride) < input.shape.channels;
            let sources: Vec<u32> = (0..u32::try_from(input.size()).unwrap())
                .filter(real)
                .filter(|_| random.uniform() < 0.6)
                .collect();
            let events = Events {
                addresses: &sources,
                factor: 1.0,
            };
            for dispatch in Dispatch::all() {
                let (mut gradient, mut errors) = (vec![0.0; count], vec![0.0; input.size()]);
                let order = &mut order(input);
                synapses.backward(
                    dispatch,
                    &weights,
                    events,
                    &deltas,
                    &mut gradient,
                    &mut errors,
                    order,
                );
                let (mut found_gradient, mut found) = (vec![0.0; count], vec![0.0; input.size()]);
                let steps = std::iter::once(&sources[..]);
                synapses.return_errors(dispatch, &weights, steps, (1, &deltas), &mut found, order);
                synapses.add_spike_gradient(dispatch, events, &deltas, &mut found_gradient, order);
                assert!(errors.iter().any(|error| *error != 0.0));
                assert_eq!(found, errors, "{dispatch:?}");
                assert_eq!(found_gradient, gradient, "{dispatch:?}");
            }
        }
    }

    #[test]
    fn graded_sources_are_spikes_times_their_values() {
        let mut random = Random::new(12);
        for (synapses, input, outputs, count) in cases() {
            let (weights, deltas) = (whole(&mut random, count), whole(&mut random, outputs));
            let addresses: Vec<u32> = (0..u32::try_from(input.size()).unwrap()).step_by(3).collect();
            let values = whole(&mut random, addresses.len());
            let graded = GradedEvents {
                addresses: &addresses,
                numbers: &values,
            };
            let (mut sums, mut gradient) = (vec![0.0; outputs], vec![0.0; count]);
            for (&address, &factor) in addresses.iter().zip(&values) {
                let events = Events {
                    addresses: &[address],
                    factor,
                };
                synapses.accumulate(Dispatch::scalar(), &weights, events, &mut sums);
                synapses.add_gradient(Dispatch::scalar(), events, &deltas, &mut gradient);
            }
            for dispatch in Dispatch::all() {
                let (mut found, mut found_gradient) = (vec![0.0; outputs], vec![0.0; count]);
                let operations = synapses.accumulate_graded(dispatch, &weights, graded, &mut found);
                synapses.add_graded_gradient(dispatch, graded, &deltas, &mut found_gradient);
                assert!(operations > 0);
                assert_eq!(found, sums, "{dispatch:?}");
                assert_eq!(found_gradient, gradient, "{dispatch:?}");
            }
        }
    }
}
