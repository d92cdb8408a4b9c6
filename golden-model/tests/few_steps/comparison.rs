//! The engine against the passes in f64.
//!
//! A potential next to the threshold may fire in f64 and not in f32, or the reverse, and one next to an edge of the
//! rectangle may have a slope in one and none in the other. Such cases are left out and counted.

use crate::cases::{Case, Sizes, case};
use crate::forward::{Firing, Pass};
use crate::network::{Network, Numbers};
use synfire_golden_model::float::{FewStepsGradient, Slope};

/// Distance from the threshold within which f32 may decide otherwise.
const NEAR: f64 = 1e-4;

/// Distance from an edge of the rectangle below which a case is left out.
pub(crate) const NEAR_EDGE: f64 = 2e-6;

/// Largest difference of a gradient, relative to the largest number of its tensor, or to [`OF_TERMS`] of the largest sum
/// of magnitudes of terms.
const GRADIENT: f64 = 1e-4;

/// Normalization makes the loss independent of a channel's scale, so that the terms of a gradient by few weights cancel.
/// Their rounding does not.
const OF_TERMS: f64 = 0.01;

/// Number of cases.
const CASES: usize = 120;

const SIZES: Sizes = Sizes {
    channels: 20,
    side: 6,
    batches: &[1, 3, 8, 13],
};

/// Largest difference of outputs, loss, means and variances, likewise.
const FORWARD: f64 = 1e-5;

/// Difference of two lists.
struct Difference {
    what: String,
    /// Relative to the largest number of the list, or to a unit.
    found: f64,
    allowed: f64,
}

#[test]
fn spikes_outputs_losses_and_gradients_equal_those_in_f64() {
    let (mut left_out, mut differences) = (Vec::new(), Vec::new());
    for number in 0..CASES {
        let case = case(number, SIZES);
        match compare(&case) {
            Ok(found) => differences.extend(found),
            Err(reason) => left_out.push(format!("{}: {reason}", case.name)),
        }
    }
    let compared = CASES - left_out.len();
    let worst = |allowed: f64| {
        let alike = differences
            .iter()
            .filter(|difference| difference.allowed == allowed);
        alike.map(|difference| difference.found).fold(0.0, f64::max)
    };
    println!(
        "{compared} of {CASES} cases compared; largest differences {:.1e} forward, {:.1e} of gradients; left out: \
         {left_out:#?}",
        worst(FORWARD),
        worst(GRADIENT)
    );
    let wrong = differences
        .iter()
        .filter(|difference| difference.found > difference.allowed);
    let wrong: Vec<String> = wrong
        .map(|difference| format!("{}: {:.1e}", difference.what, difference.found))
        .collect();
    assert!(wrong.is_empty(), "{} differ: {wrong:#?}", wrong.len());
    assert!(compared * 10 >= CASES * 9, "left out: {left_out:#?}");
}

/// Compares a case; the error says why it is left out.
fn compare(case: &Case) -> Result<Vec<Difference>, &'static str> {
    let network = case.network();
    let numbers = Numbers::new(&case.parameters);
    let pass = network.forward(&numbers, &case.batch, Firing::Spikes);
    let found = case.engine();
    if !same_spikes(case, &network, &pass, &found) {
        return Err("next to the threshold");
    }
    let potentials = pass.potentials.iter().flatten().flatten().flatten();
    let mut from_edge = potentials.map(|v| ((v - 1.0).abs() - 0.5).abs());
    if case.slope == Slope::Rectangle && from_edge.any(|distance| distance < NEAR_EDGE) {
        return Err("next to an edge of the slope");
    }
    let mut differences = Vec::new();
    let mut add = |what: &str, found: &[f64], wanted: &[f64], unit: f64, allowed| {
        differences.push(Difference {
            what: format!("{}: {what}", case.name),
            found: distance(found, wanted) / largest(wanted).max(unit),
            allowed,
        });
    };
    let wide = |list: &[f32]| list.iter().copied().map(f64::from).collect::<Vec<_>>();
    add("loss", &[found.loss], &[pass.loss], 0.1, FORWARD);
    for (outputs, wanted) in found.outputs.iter().zip(&pass.outputs) {
        let outputs: Vec<f64> = outputs.iter().copied().map(f64::from).collect();
        add("outputs", &outputs, &wanted.concat(), 0.1, FORWARD);
    }
    for index in 0..pass.means.len() {
        for (what, found, wanted) in [
            ("means", &found.means[index], &pass.means[index]),
            ("variances", &found.variances[index], &pass.variances[index]),
        ] {
            add(
                &format!("{what} of layer {index}"),
                &wide(found),
                wanted,
                1e-3,
                FORWARD,
            );
        }
    }
    let (wanted, sizes) = network.backward(&numbers, &case.batch, &pass);
    let found = Numbers::new(&found.gradient).lists();
    for (((list, found), (_, wanted)), (_, sizes)) in found.iter().zip(wanted.lists()).zip(sizes.lists()) {
        let unit = (OF_TERMS * largest(&sizes)).max(1e-9);
        add(&format!("gradient of {list}"), found, &wanted, unit, GRADIENT);
    }
    Ok(differences)
}

/// Largest magnitude of a list.
pub(crate) fn largest(list: &[f64]) -> f64 {
    list.iter().fold(0.0, |largest, value| largest.max(value.abs()))
}

/// Largest difference of two lists.
pub(crate) fn distance(found: &[f64], wanted: &[f64]) -> f64 {
    assert_eq!(found.len(), wanted.len());
    let differences: Vec<f64> = found
        .iter()
        .zip(wanted)
        .map(|(found, wanted)| found - wanted)
        .collect();
    largest(&differences)
}

/// Compares all spikes; returns false if they differ first where a potential is next to the threshold.
fn same_spikes(case: &Case, network: &Network, pass: &Pass, found: &FewStepsGradient) -> bool {
    for (index, sent) in pass.sent[..pass.sent.len() - 1].iter().enumerate() {
        for (image, sent) in sent.iter().enumerate() {
            let raster = &found.spikes[image][index];
            assert_eq!(raster.steps(), case.description.steps, "{}", case.name);
            for (t, sent) in sent.iter().enumerate() {
                let fired: Vec<usize> = raster
                    .step(t)
                    .iter()
                    .map(|spike| spike.address as usize)
                    .collect();
                let wanted: Vec<usize> = (0..sent.len()).filter(|&neuron| sent[neuron] > 0.5).collect();
                if fired == wanted {
                    continue;
                }
                let differ = |&neuron: &usize| fired.contains(&neuron) != wanted.contains(&neuron);
                let far = |&neuron: &usize| {
                    network.pooling(index).is_some()
                        || (pass.potentials[index][image][t][neuron] - 1.0).abs() > NEAR
                };
                let wrong = (0..sent.len()).filter(differ).find(far);
                assert!(
                    wrong.is_none(),
                    "{}: image {image}, step {t}, layer {index}, neuron {wrong:?}: fired {fired:?}, wanted {wanted:?}",
                    case.name
                );
                return false;
            }
        }
    }
    true
}
