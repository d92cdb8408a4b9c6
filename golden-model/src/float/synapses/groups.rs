//! Kernels of the second training rule: graded sources, gradients of spikes, and errors of chosen sources, in groups that
//! share weights or targets.

use super::row::{Dots, add};
use super::{ChannelOrder, Events, GradedEvents, Synapses};
use crate::events::{Dispatch, Kernel, Lanes, Window, Windows};

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
        let addresses = self.by_channel(events.addresses, order);
        dispatch.run(SpikeGradient {
            windows: &self.0,
            addresses,
            factor: events.factor,
            deltas,
            gradient,
        });
    }

    /// Computes `errors += Wᵀ·δ` of the given sources only, channel by channel.
    pub(crate) fn return_errors(
        &self,
        dispatch: Dispatch,
        weights: &[f32],
        sources: &[u32],
        deltas: &[f32],
        errors: &mut [f32],
        order: &mut ChannelOrder,
    ) {
        let addresses = self.by_channel(sources, order);
        dispatch.run(ReturnErrors {
            windows: &self.0,
            addresses,
            weights,
            deltas,
            errors,
        });
    }

    /// Sorts sources by channel where that lets them share weights.
    fn by_channel<'a>(&self, addresses: &'a [u32], order: &'a mut ChannelOrder) -> &'a [u32] {
        if self.0.are_one() {
            addresses
        } else {
            order.sort_alike(addresses, &self.0)
        }
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

/// Largest number of sources that are processed together.
const GROUP: usize = 4;

/// Sources whose windows have the same form: addresses, first weights, first targets.
struct Alike {
    addresses: [u32; GROUP],
    starts: [usize; GROUP],
    targets: [usize; GROUP],
    count: usize,
    window: Window,
}

impl Alike {
    /// Takes the next sources of the list: up to four that share their weights, or up to four that share their targets.
    #[inline(always)]
    fn next(windows: &Windows, rest: &[u32]) -> Option<Self> {
        let &first = rest.first()?;
        let (start, window) = windows.place(first);
        let mut alike = Self {
            addresses: [first; GROUP],
            starts: [start; GROUP],
            targets: [window.target; GROUP],
            count: 1,
            window,
        };
        let limit = rest.len().min(GROUP);
        while alike.count < limit {
            let (next, place) = windows.place(rest[alike.count]);
            let same_form = place.rows == window.rows && place.length == window.length;
            let shares = if alike.count == 1 || alike.shares_weights() {
                next == start || (alike.count == 1 && place.target == window.target)
            } else {
                place.target == window.target
            };
            if !(same_form && shares) {
                break;
            }
            alike.addresses[alike.count] = rest[alike.count];
            alike.starts[alike.count] = next;
            alike.targets[alike.count] = place.target;
            alike.count += 1;
        }
        Some(alike)
    }

    #[inline(always)]
    fn shares_weights(&self) -> bool {
        self.starts[1] == self.starts[0]
    }
}

struct SpikeGradient<'a> {
    windows: &'a Windows,
    addresses: &'a [u32],
    factor: f32,
    deltas: &'a [f32],
    gradient: &'a mut [f32],
}

impl Kernel for SpikeGradient<'_> {
    type Output = ();

    #[inline(always)]
    fn run<S: Lanes>(mut self, simd: S) {
        let mut rest = self.addresses;
        while let Some(alike) = Alike::next(self.windows, rest) {
            rest = &rest[alike.count..];
            let Alike {
                starts,
                targets: [a, b, c, _],
                window,
                ..
            } = alike;
            match alike.count {
                4 if alike.shares_weights() => self.add(simd, starts[0], alike.targets, window),
                3 if alike.shares_weights() => self.add(simd, starts[0], [a, b, c], window),
                2 if alike.shares_weights() => self.add(simd, starts[0], [a, b], window),
                _ => {
                    let sources = starts.into_iter().zip(alike.targets).take(alike.count);
                    for (start, target) in sources {
                        self.add(simd, start, [target], window);
                    }
                }
            }
        }
    }
}

impl SpikeGradient<'_> {
    /// Adds the δ of `N` windows to the gradient of the same weights.
    #[inline(always)]
    fn add<S: Lanes, const N: usize>(&mut self, simd: S, start: usize, targets: [usize; N], window: Window) {
        for row in 0..window.rows {
            let start = start + row * self.windows.weight_stride;
            let sums = &mut self.gradient[start..][..window.length];
            let terms = targets.map(
                #[inline(always)]
                |target| &self.deltas[target + row * self.windows.target_stride..][..window.length],
            );
            add(simd, sums, terms, self.factor);
        }
    }
}

struct ReturnErrors<'a> {
    windows: &'a Windows,
    addresses: &'a [u32],
    weights: &'a [f32],
    deltas: &'a [f32],
    errors: &'a mut [f32],
}

impl Kernel for ReturnErrors<'_> {
    type Output = ();

    #[inline(always)]
    fn run<S: Lanes>(mut self, simd: S) {
        let mut rest = self.addresses;
        while let Some(alike) = Alike::next(self.windows, rest) {
            rest = &rest[alike.count..];
            let Alike {
                addresses,
                starts,
                targets,
                count,
                window,
            } = alike;
            let first = |list: [u32; GROUP]| [list[0], list[1], list[2]];
            match (count, alike.shares_weights()) {
                (4, true) => self.dots(simd, addresses, [starts[0]], targets, window),
                (4, false) => self.dots(simd, addresses, starts, [targets[0]], window),
                (3, true) => {
                    let targets = [targets[0], targets[1], targets[2]];
                    self.dots(simd, first(addresses), [starts[0]], targets, window);
                }
                (2, true) => {
                    let targets = [targets[0], targets[1]];
                    self.dots(simd, [addresses[0], addresses[1]], [starts[0]], targets, window);
                }
                _ => {
                    for index in 0..count {
                        let (start, target) = (starts[index], targets[index]);
                        self.dots(simd, [addresses[index]], [start], [target], window);
                    }
                }
            }
        }
    }
}

impl ReturnErrors<'_> {
    /// Adds Σ weights·δ to the errors of `N` sources. Of weights and targets, one may be shared: then there is one.
    #[inline(always)]
    fn dots<S: Lanes, const N: usize, const W: usize, const T: usize>(
        &mut self,
        simd: S,
        addresses: [u32; N],
        starts: [usize; W],
        targets: [usize; T],
        window: Window,
    ) {
        let mut dots = Dots::<S, N>::new(simd);
        let mut weights = starts.map(
            #[inline(always)]
            |start| self.weights[start..].chunks(self.windows.weight_stride),
        );
        let mut deltas = targets.map(
            #[inline(always)]
            |target| self.deltas[target..].chunks(self.windows.target_stride),
        );
        for _ in 0..window.rows {
            let weights = weights.each_mut().map(
                #[inline(always)]
                |rows| &rows.next().unwrap_or_default()[..window.length],
            );
            let deltas = deltas.each_mut().map(
                #[inline(always)]
                |rows| &rows.next().unwrap_or_default()[..window.length],
            );
            dots.add(simd, weights, deltas);
        }
        for (address, total) in addresses.into_iter().zip(dots.totals()) {
            self.errors[address as usize] += total;
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
            [(3, 7, 20, 3, 1, 1), (17, 6, 4, 5, 2, 2), (2, 9, 33, 1, 2, 0)]
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
                synapses.return_errors(dispatch, &weights, &sources, &deltas, &mut found, order);
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
