//! Comparison with the definition, pair by pair. All numbers are small integers, so sums are exact in any order.

use super::*;
use crate::events::{Numbers, zeros};
use crate::random::Random;

/// Convolution with a membrane per output and a weight per (source channel, kernel row, column, output channel).
struct Case {
    input: Layout,
    output: Layout,
    rows: Axis,
    columns: Axis,
}

impl Case {
    fn new(input: [usize; 3], out: usize, kernel: usize, stride: usize, padding: usize) -> Self {
        let axis = |sources: usize| Axis {
            kernel,
            stride,
            padding,
            outputs: (sources + 2 * padding - kernel) / stride + 1,
        };
        let (rows, columns) = (axis(input[1]), axis(input[2]));
        Self {
            input: Layout::neurons(input.into()),
            output: Layout::neurons([out, rows.outputs, columns.outputs].into()),
            rows,
            columns,
        }
    }

    fn synapses(&self) -> Synapses {
        Synapses::convolution(self.input, self.output, self.rows, self.columns)
    }

    fn order(&self) -> ChannelOrder {
        ChannelOrder::new(self.input.size(), self.input.stride)
    }

    /// Lists all synapses as (source, membrane, weight).
    fn pairs(&self) -> Vec<(usize, usize, usize)> {
        let (input, output) = (self.input.shape, self.output.shape);
        let Axis {
            kernel,
            stride,
            padding,
            ..
        } = self.rows;
        let mut pairs = Vec::new();
        for (oy, ox) in (0..output.height).flat_map(|y| (0..output.width).map(move |x| (y, x))) {
            for (ky, kx) in (0..kernel).flat_map(|y| (0..kernel).map(move |x| (y, x))) {
                let y = (oy * stride + ky)
                    .checked_sub(padding)
                    .filter(|&y| y < input.height);
                let x = (ox * stride + kx)
                    .checked_sub(padding)
                    .filter(|&x| x < input.width);
                let (Some(y), Some(x)) = (y, x) else {
                    continue;
                };
                for (c, o) in (0..input.channels).flat_map(|c| (0..output.channels).map(move |o| (c, o))) {
                    let source = (y * input.width + x) * self.input.stride + c;
                    let membrane = (oy * output.width + ox) * self.output.stride + o;
                    let place = (c * kernel + self.rows.place(ky)) * kernel + self.columns.place(kx);
                    pairs.push((source, membrane, place * self.output.stride + o));
                }
            }
        }
        pairs
    }

    fn weights(&self) -> usize {
        self.input.stride * self.rows.kernel * self.rows.kernel * self.output.stride
    }
}

fn cases() -> Vec<Case> {
    vec![
        Case::new([1, 1, 1], 3, 1, 1, 0),
        Case::new([2, 5, 6], 20, 5, 1, 2),
        Case::new([3, 6, 7], 17, 3, 1, 1),
        Case::new([5, 7, 6], 9, 3, 2, 1),
        Case::new([2, 5, 5], 33, 1, 2, 0),
        Case::new([1, 8, 9], 4, 2, 3, 0),
        // A fully-connected layer.
        Case::new([50, 1, 1], 75, 1, 1, 0),
    ]
}

/// Creates numbers that are 0 in the padding of rows.
fn numbers(length: usize, layout: Layout, mut next: impl FnMut() -> f32) -> Numbers {
    let mut numbers = zeros(length);
    for row in numbers.chunks_exact_mut(layout.stride) {
        row[..layout.shape.channels].fill_with(&mut next);
    }
    numbers
}

fn whole(random: &mut Random) -> impl FnMut() -> f32 {
    move || (random.uniform() * 17.0).floor() - 8.0
}

fn spikes(layout: Layout, random: &mut Random) -> Vec<u32> {
    let mut list: Vec<u32> = (0..layout.shape.size())
        .filter(|_| random.uniform() < 0.4)
        .map(|number| u32::try_from(layout.address(number)).unwrap())
        .collect();
    list.sort_unstable();
    list
}

#[test]
fn membranes_gather_the_weights_of_every_synapse() {
    let mut random = Random::new(1);
    let mut synaptic_operations = 0;
    for case in cases() {
        for factor in [1.0, -1.0] {
            let weights = numbers(case.weights(), case.output, whole(&mut random));
            let addresses = spikes(case.input, &mut random);
            let start = numbers(case.output.size(), case.output, whole(&mut random));
            let mut expected = start.clone();
            let mut count = 0;
            for (source, membrane, weight) in case.pairs() {
                if addresses.contains(&u32::try_from(source).unwrap()) {
                    expected[membrane] += factor * weights[weight];
                    count += 1;
                }
            }
            synaptic_operations += count;
            for dispatch in Dispatch::all() {
                let mut membranes = start.clone();
                let events = Events {
                    addresses: &addresses,
                    factor,
                };
                let operations = case
                    .synapses()
                    .accumulate(dispatch, &weights, events, &mut membranes);
                assert_eq!(
                    membranes, expected,
                    "{dispatch:?}, {} to {}",
                    case.input.shape, case.output.shape
                );
                assert_eq!(operations, count);
            }
        }
    }
    assert!(synaptic_operations > 10_000, "{synaptic_operations}");
}

#[test]
fn errors_and_gradients_gather_every_synapse() {
    let mut random = Random::new(2);
    for case in cases() {
        let weights = numbers(case.weights(), case.output, whole(&mut random));
        let deltas = numbers(case.output.size(), case.output, whole(&mut random));
        let addresses = spikes(case.input, &mut random);
        let factor = 2.0;
        let mut errors = numbers(case.input.size(), case.input, whole(&mut random));
        let mut gradient = numbers(case.weights(), case.output, whole(&mut random));
        let (start_errors, start_gradient) = (errors.clone(), gradient.clone());
        for (source, membrane, weight) in case.pairs() {
            if addresses.contains(&u32::try_from(source).unwrap()) {
                errors[source] += weights[weight] * deltas[membrane];
                gradient[weight] += factor * deltas[membrane];
            }
        }
        for dispatch in Dispatch::all() {
            let events = Events {
                addresses: &addresses,
                factor,
            };
            let (mut actual_errors, mut actual) = (start_errors.clone(), start_gradient.clone());
            let synapses = case.synapses();
            synapses.backward(
                dispatch,
                &weights,
                events,
                &deltas,
                &mut actual,
                &mut actual_errors,
                &mut case.order(),
            );
            assert_eq!(
                actual, gradient,
                "{dispatch:?}, {} to {}",
                case.input.shape, case.output.shape
            );
            assert_eq!(
                actual_errors, errors,
                "{dispatch:?}, {} to {}",
                case.input.shape, case.output.shape
            );
            let mut actual = start_gradient.clone();
            synapses.add_gradient(dispatch, events, &deltas, &mut actual);
            assert_eq!(actual, gradient);
        }
    }
}

/// With numbers that are rounded, all kinds of vectors still agree bit for bit.
#[test]
fn every_kind_of_vector_rounds_alike() {
    let mut random = Random::new(3);
    for case in cases() {
        let mut numbers = |length| numbers(length, case.output, || random.normal());
        let (weights, deltas) = (numbers(case.weights()), numbers(case.output.size()));
        let addresses = spikes(case.input, &mut random);
        let events = Events {
            addresses: &addresses,
            factor: 1.3,
        };
        let run = |dispatch| {
            let mut membranes = deltas.clone();
            let mut gradient = weights.clone();
            let mut errors = zeros(case.input.size());
            let synapses = case.synapses();
            synapses.accumulate(dispatch, &weights, events, &mut membranes);
            synapses.backward(
                dispatch,
                &weights,
                events,
                &deltas,
                &mut gradient,
                &mut errors,
                &mut case.order(),
            );
            [membranes, gradient, errors]
                .map(|numbers| numbers.iter().map(|n| n.to_bits()).collect::<Vec<_>>())
        };
        let expected = run(Dispatch::scalar());
        for dispatch in Dispatch::all() {
            assert_eq!(
                run(dispatch),
                expected,
                "{dispatch:?}, {} to {}",
                case.input.shape,
                case.output.shape
            );
        }
    }
}
