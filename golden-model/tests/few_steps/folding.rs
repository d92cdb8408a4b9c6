//! Folding of the normalization into weights and biases.

use crate::cases::{Case, Sizes, case};
use crate::forward::{Firing, all};
use crate::network::Numbers;
use crate::synapses::Weight;
use synfire_golden_model::float::{FloatModel, fold_normalization};

const CASES: usize = 40;

const SIZES: Sizes = Sizes {
    channels: 20,
    side: 5,
    batches: &[3, 8],
};

/// Distance of 1 from the next f32.
const ULP: f64 = f32::EPSILON as f64;

fn folded(case: &Case) -> (FloatModel, Vec<Vec<f32>>, Vec<Vec<f32>>) {
    let found = case.engine();
    let model = fold_normalization(
        &case.description,
        &case.parameters,
        &found.means,
        &found.variances,
    );
    (model.expect("a valid case"), found.means, found.variances)
}

/// Asserts that a number is at most two units in the last place of f32 away from another.
fn assert_rounded(what: &str, found: f32, wanted: f64) {
    let found = f64::from(found);
    let unit = ULP * wanted.abs().max(f64::from(f32::MIN_POSITIVE));
    assert!(
        (found - wanted).abs() <= 2.0 * unit,
        "{what}: {found:e} for {wanted:e}"
    );
}

#[test]
fn folded_weights_and_biases_are_those_of_f64_rounded() {
    for number in 0..CASES {
        let case = case(number, SIZES);
        let network = case.network();
        let (model, means, variances) = folded(&case);
        model.validate().expect("a valid model");
        for (index, node) in network.graph.nodes.iter().enumerate() {
            let what = |part: &str, channel| format!("{}: {part} of layer {index}, {channel}", case.name);
            let (scales, shifts) = (&case.parameters.scales[index], &case.parameters.shifts[index]);
            assert_eq!(model.biases[index].len(), shifts.len(), "{}", case.name);
            let tensors = [
                node.tensor,
                node.junction.as_ref().and_then(|junction| junction.tensor),
            ];
            let deviation = |channel: usize| {
                let variance = f64::from(variances[index][channel]);
                (variance + f64::from(1e-5_f32)).sqrt()
            };
            for channel in 0..node.output.channels {
                let factor = scales
                    .get(channel)
                    .map_or(1.0, |&gamma| f64::from(gamma) / deviation(channel));
                if let Some(&beta) = shifts.get(channel) {
                    let mean = means[index].get(channel).map_or(0.0, |&mean| f64::from(mean));
                    let wanted = f64::from(beta) - factor * mean;
                    assert_rounded(&what("bias", channel), model.biases[index][channel], wanted);
                }
                for tensor in tensors.into_iter().flatten() {
                    let rows = [&model.weights[tensor], &case.parameters.weights[tensor]];
                    for (&found, &before) in rows[0].row(channel).iter().zip(rows[1].row(channel)) {
                        assert_rounded(&what("weight", channel), found, factor * f64::from(before));
                    }
                }
            }
        }
    }
}

/// The sources fire as in the normalized network, so that a difference stays in its layer.
#[test]
fn potentials_of_the_folded_network_equal_the_normalized_ones() {
    for number in 0..CASES {
        let case = case(number, SIZES);
        let network = case.network();
        let numbers = Numbers::new(&case.parameters);
        let pass = network.forward(&numbers, &case.batch, Firing::Spikes);
        let (model, means, variances) = folded(&case);
        for index in 0..network.graph.nodes.len() {
            if network.pooling(index).is_some() || network.reads_out(index) {
                continue;
            }
            for (image, t) in all(case.batch.len(), case.description.steps) {
                let neurons = network.shape(index).size();
                let (mut sums, mut sizes) = (vec![0.0; neurons], vec![0.0_f64; neurons]);
                for &synapse in &network.synapses[index] {
                    if let Weight::Learned(tensor, place) = synapse.weight {
                        let value = pass.emitted(&case.batch, synapse, image, t);
                        let term = f64::from(model.weights[tensor][place]) * value;
                        sums[synapse.to] += term;
                        sizes[synapse.to] += term.abs();
                    }
                }
                for neuron in 0..neurons {
                    let channel = network.channel(index, neuron);
                    let bias = f64::from(model.biases[index][channel]);
                    let inverse = 1.0 / (f64::from(variances[index][channel]) + f64::from(1e-5_f32)).sqrt();
                    let centered = pass.drive[index][image][t][neuron] - f64::from(means[index][channel]);
                    let wanted =
                        numbers.scales[index][channel] * centered * inverse + numbers.shifts[index][channel];
                    let allowed = ULP * (sizes[neuron] + bias.abs());
                    let found = sums[neuron] + bias;
                    assert!(
                        (found - wanted).abs() <= allowed,
                        "{}: layer {index}, image {image}, step {t}, neuron {neuron}: {found} for {wanted}",
                        case.name
                    );
                }
            }
        }
    }
}

#[test]
fn statistics_of_the_wrong_length_are_named() {
    let case = case(0, SIZES);
    let (_, mut means, variances) = folded(&case);
    means[0].push(0.0);
    let error = fold_normalization(&case.description, &case.parameters, &means, &variances);
    let error = error.unwrap_err().to_string();
    assert!(
        error.contains(&format!("`{}`", case.description.layers[0].name)),
        "{error}"
    );
}
