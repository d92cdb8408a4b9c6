//! The backward pass in f64 against central differences of a smoothed network, which know no formula of a derivative.
//!
//! In the smoothed network a neuron sends the integral of the slope at its potential, which is differentiable; what
//! resets, and where, is that of the pass without change, because the rule does not differentiate the reset.

use crate::cases::{Sizes, case};
use crate::forward::{Firing, Pass};
use crate::network::{Network, Numbers};
use synfire_golden_model::float::Slope;

/// Change of a parameter in either direction.
const STEP: f64 = 1e-6;

/// Largest difference, relative to the largest gradient of the tensor.
const TOLERANCE: f64 = 1e-5;

/// Number of cases.
const CASES: usize = 70;

/// Largest number of parameters of a list that are changed.
const PER_LIST: usize = 30;

const SIZES: Sizes = Sizes {
    channels: 4,
    side: 5,
    batches: &[1, 2, 3],
};

#[test]
fn the_backward_pass_equals_central_differences_of_a_smoothed_network() {
    let (mut compared, mut left_out) = (0, 0);
    for number in 0..CASES {
        let case = case(number, SIZES);
        let network = case.network();
        let mut numbers = Numbers::new(&case.parameters);
        let pass = network.forward(&numbers, &case.batch, Firing::Smooth(None));
        let (gradient, _) = network.backward(&numbers, &case.batch, &pass);
        for (list, (name, gradients)) in gradient.lists().into_iter().enumerate() {
            let largest = gradients
                .iter()
                .fold(0.0_f64, |largest, value| largest.max(value.abs()));
            for index in (0..gradients.len()).step_by(gradients.len().div_ceil(PER_LIST).max(1)) {
                let before = *numbers.entry(list, index);
                let mut changed = |change: f64| {
                    *numbers.entry(list, index) = before + change;
                    network.forward(&numbers, &case.batch, Firing::Smooth(Some(&pass.resets)))
                };
                let (more, less) = (changed(STEP), changed(-STEP));
                *numbers.entry(list, index) = before;
                if crosses_an_edge(&network, &more, &less) {
                    left_out += 1;
                    continue;
                }
                compared += 1;
                let slope = (more.loss + more.price - less.loss - less.price) / (2.0 * STEP);
                let found = gradients[index];
                assert!(
                    (slope - found).abs() <= TOLERANCE * largest + 1e-8,
                    "{}: {name}, entry {index}: {found}, but the difference is {slope}; the largest is {largest}",
                    case.name
                );
            }
        }
    }
    println!("{compared} derivatives compared, {left_out} left out next to an edge of the rectangle");
    assert!(left_out * 50 < compared, "{left_out} of {compared}");
}

/// Whether the change moves a potential over an edge of the rectangle, where its integral has a corner.
fn crosses_an_edge(network: &Network, more: &Pass, less: &Pass) -> bool {
    let all = |pass: &Pass| -> Vec<f64> {
        let potentials = pass.potentials.iter().flatten().flatten().flatten();
        potentials.copied().collect()
    };
    network.slope == Slope::Rectangle
        && all(more).into_iter().zip(all(less)).any(|(more, less)| {
            (more - 1.0).abs() < 0.5 && (less - 1.0).abs() >= 0.5
                || (more - 1.0).abs() >= 0.5 && (less - 1.0).abs() < 0.5
        })
}
