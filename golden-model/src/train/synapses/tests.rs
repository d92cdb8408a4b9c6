//! Against the definition, pair by pair. All numbers are small whole ones, so that every order of sums is exact.

use super::*;
use crate::random::Random;

/// A convolution with a membrane per output and a weight per (source channel, kernel row, column, output channel).
struct Case {
    input: Shape,
    output: Shape,
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
            input: input.into(),
            output: [out, rows.outputs, columns.outputs].into(),
            rows,
            columns,
        }
    }

    fn synapses(&self) -> Synapses {
        Synapses::convolution(self.input, self.output, self.rows, self.columns)
    }

    fn order(&self) -> ChannelOrder {
        ChannelOrder::new(self.input.size(), self.input.channels)
    }

    /// (source, membrane, weight) of every synapse.
    fn pairs(&self) -> Vec<(usize, usize, usize)> {
        let (input, output) = (self.input, self.output);
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
                    let source = (y * input.width + x) * input.channels + c;
                    let membrane = (oy * output.width + ox) * output.channels + o;
                    let place = (c * kernel + self.rows.place(ky)) * kernel + self.columns.place(kx);
                    pairs.push((source, membrane, place * output.channels + o));
                }
            }
        }
        pairs
    }

    fn weights(&self) -> usize {
        self.input.channels * self.rows.kernel * self.rows.kernel * self.output.channels
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
        // Fully connected.
        Case::new([50, 1, 1], 75, 1, 1, 0),
    ]
}

fn numbers(length: usize, random: &mut Random) -> Vec<f32> {
    (0..length)
        .map(|_| (random.uniform() * 17.0).floor() - 8.0)
        .collect()
}

fn spikes(sources: usize, random: &mut Random) -> Vec<u32> {
    (0u32..)
        .take(sources)
        .filter(|_| random.uniform() < 0.4)
        .collect()
}

#[test]
fn membranes_gather_the_weights_of_every_synapse() {
    let mut random = Random::new(1);
    let mut synaptic_operations = 0;
    for case in cases() {
        for factor in [1.0, -1.0] {
            let weights = numbers(case.weights(), &mut random);
            let addresses = spikes(case.input.size(), &mut random);
            let start = numbers(case.output.size(), &mut random);
            let mut expected = start.clone();
            let mut count = 0;
            for (source, membrane, weight) in case.pairs() {
                if addresses.contains(&(source as u32)) {
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
                    case.input, case.output
                );
                assert_eq!(operations, count);
            }
        }
    }
    assert!(synaptic_operations > 10_000);
}

#[test]
fn errors_and_gradients_gather_every_synapse() {
    let mut random = Random::new(2);
    for case in cases() {
        let weights = numbers(case.weights(), &mut random);
        let deltas = numbers(case.output.size(), &mut random);
        let addresses = spikes(case.input.size(), &mut random);
        let factor = 2.0;
        let mut errors = numbers(case.input.size(), &mut random);
        let mut gradient = numbers(case.weights(), &mut random);
        let (start_errors, start_gradient) = (errors.clone(), gradient.clone());
        for (source, membrane, weight) in case.pairs() {
            if addresses.contains(&(source as u32)) {
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
                case.input, case.output
            );
            assert_eq!(
                actual_errors, errors,
                "{dispatch:?}, {} to {}",
                case.input, case.output
            );
            let mut actual = start_gradient.clone();
            synapses.add_gradient(dispatch, events, &deltas, &mut actual);
            assert_eq!(actual, gradient);
        }
    }
}

/// With numbers that round, all kinds of vectors still agree, bit for bit.
#[test]
fn every_kind_of_vector_rounds_alike() {
    let mut random = Random::new(3);
    for case in cases() {
        let mut numbers = |length: usize| -> Vec<f32> { (0..length).map(|_| random.normal()).collect() };
        let (weights, deltas) = (numbers(case.weights()), numbers(case.output.size()));
        let addresses: Vec<u32> = (0u32..).take(case.input.size()).collect();
        let events = Events {
            addresses: &addresses,
            factor: 1.3,
        };
        let run = |dispatch| {
            let mut membranes = deltas.clone();
            let mut gradient = weights.clone();
            let mut errors = vec![0.5; case.input.size()];
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
                case.input,
                case.output
            );
        }
    }
}
