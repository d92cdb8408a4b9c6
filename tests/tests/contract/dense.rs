//! Integer inference, written from `docs/numerics.md`: dense loops over every neuron and weight, 64-bit integers, and
//! division in place of shifts.

use crate::file::{Layer, Network, Operation, SecondPath};
use ndarray::Array3;

/// What one step did: of every layer the spikes, and the membranes at its end. Spikes of the input come first.
pub(crate) struct Step {
    pub(crate) spikes: Vec<Array3<i64>>,
    pub(crate) membranes: Vec<Array3<i64>>,
}

/// Runs all steps of one inference; `input` has the value of the event, or 0, per step and input.
pub(crate) fn run(network: &Network, input: &[Array3<i64>]) -> Vec<Step> {
    let mut membranes: Vec<Array3<i64>> = network
        .layers
        .iter()
        .map(|layer| Array3::zeros(layer.shape))
        .collect();
    let mut steps = Vec::new();
    for input in input {
        assert_eq!(input.shape(), network.input);
        let mut spikes = vec![input.clone()];
        for (layer, membranes) in network.layers.iter().zip(&mut membranes) {
            integrate(layer, &spikes[layer.source], membranes);
            second_path(layer, &spikes, membranes);
            assert_width(layer, membranes);
            add_biases(layer, membranes);
            assert_width(layer, membranes);
            spikes.push(end_step(network, layer, membranes));
        }
        steps.push(Step {
            spikes,
            membranes: membranes.clone(),
        });
    }
    steps
}

/// The class of the largest number, the lowest class of equal ones.
pub(crate) fn answer(potentials: &[i64]) -> usize {
    let largest = potentials.iter().max().expect("a class");
    potentials
        .iter()
        .position(|potential| potential == largest)
        .expect("it is there")
}

fn integrate(layer: &Layer, source: &Array3<i64>, membranes: &mut Array3<i64>) {
    let unit = 2_i64.pow(layer.guard_bits);
    let (channels, height, width) = source.dim();
    for ((out, y, x), membrane) in membranes.indexed_iter_mut() {
        match &layer.operation {
            Operation::Convolution { q, stride, padding } => {
                for ((_, channel, ky, kx), weight) in q.indexed_iter().filter(|((row, ..), _)| *row == out) {
                    // Counted from the padding's corner, so that nothing is negative.
                    let (row, column) = (y * stride + ky, x * stride + kx);
                    let inside = (*padding..padding + height).contains(&row)
                        && (*padding..padding + width).contains(&column);
                    if inside {
                        *membrane += weight * unit * source[[channel, row - padding, column - padding]];
                    }
                }
            }
            Operation::Pooling { kernel } => {
                for ky in 0..*kernel {
                    for kx in 0..*kernel {
                        *membrane += source[[out, y * kernel + ky, x * kernel + kx]];
                    }
                }
            }
            Operation::Dense { q } => {
                for ((channel, row, column), spike) in source.indexed_iter() {
                    let address = (channel * height + row) * width + column;
                    *membrane += q[[out, address]] * unit * spike;
                }
                assert_eq!(q.ncols(), channels * height * width);
            }
        }
    }
}

fn second_path(layer: &Layer, spikes: &[Array3<i64>], membranes: &mut Array3<i64>) {
    let Some(shortcut) = &layer.shortcut else {
        return;
    };
    let source = &spikes[shortcut.source];
    for ((out, y, x), membrane) in membranes.indexed_iter_mut() {
        let (row, column) = (y * shortcut.stride, x * shortcut.stride);
        match &shortcut.path {
            SecondPath::Weights(q) => {
                for channel in 0..source.dim().0 {
                    *membrane +=
                        q[[out, channel]] * 2_i64.pow(layer.guard_bits) * source[[channel, row, column]];
                }
            }
            SecondPath::Identity(numbers) => *membrane += numbers[out] * source[[out, row, column]],
        }
    }
}

fn add_biases(layer: &Layer, membranes: &mut Array3<i64>) {
    if !layer.biases.is_empty() {
        for ((channel, ..), membrane) in membranes.indexed_iter_mut() {
            *membrane += layer.biases[channel];
        }
    }
}

/// Fires, resets, leaks and limits every membrane; returns the spikes.
fn end_step(network: &Network, layer: &Layer, membranes: &mut Array3<i64>) -> Array3<i64> {
    let mut spikes = Array3::zeros(layer.shape);
    for ((channel, y, x), membrane) in membranes.indexed_iter_mut() {
        if let Some(thresholds) = &layer.thresholds
            && *membrane > thresholds[channel]
        {
            spikes[[channel, y, x]] = 1;
            *membrane = if network.subtracts {
                *membrane - thresholds[channel]
            } else {
                0
            };
        }
        let mut leak = 0;
        for &shift in &layer.leak_shifts {
            // Rounds toward −∞.
            leak += membrane.div_euclid(2_i64.pow(shift));
        }
        *membrane = (*membrane - leak).max(layer.floor);
        if let Some(ceiling) = layer.ceiling {
            *membrane = ceiling.min(*membrane);
        }
    }
    spikes
}

/// The proof promises that V bits hold every sum.
fn assert_width(layer: &Layer, membranes: &Array3<i64>) {
    let half = 2_i64.pow(layer.membrane_bits - 1);
    assert!(
        membranes.iter().all(|membrane| (-half..half).contains(membrane)),
        "layer {} leaves its {} bits",
        layer.name,
        layer.membrane_bits
    );
}
