//! The rule with a forward pass in integers: spikes and outputs against the integer engine, bit for bit, and gradients
//! against f64.

use crate::cases::{Case, Sizes, case};
use crate::comparison::{NEAR_EDGE, distance, largest};
use crate::forward::{Pass, all};
use crate::network::{Network, Numbers};
use crate::synapses::Weight;
use ndarray::Array2;
use synfire_golden_model::Error;
use synfire_golden_model::float::{FewStepsGradient, FloatModel, Slope, fold_normalization};
use synfire_golden_model::integer::{Engine, InputSigns, Neuron, QuantizedModel, QuantizedShortcut};
use synfire_golden_model::network::{InputCoding, Reset, Source};
use synfire_golden_model::quantize::{GuardBits, QuantizeConfig, quantize};
use synfire_golden_model::spikes::{Spike, SpikeRaster};
use synfire_golden_model::train::{FineTuning, FineTuningError};

const CASES: usize = 80;

const SIZES: Sizes = Sizes {
    channels: 20,
    side: 6,
    batches: &[1, 3, 8],
};

/// Largest difference of a gradient, relative to the largest number of its list, or to [`OF_TERMS`] of the largest sum of
/// magnitudes of terms.
const GRADIENT: f64 = 1e-4;
const OF_TERMS: f64 = 0.01;

/// A case, folded and quantized.
struct Quantized {
    case: Case,
    float: FloatModel,
    model: QuantizedModel,
    scales: Vec<Vec<f64>>,
}

impl Quantized {
    fn new(number: usize) -> Self {
        let case = case(number, SIZES);
        let found = case.engine();
        let (description, parameters) = (&case.description, &case.parameters);
        let float = fold_normalization(description, parameters, &found.means, &found.variances);
        let float = float.expect("a valid case");
        let config = QuantizeConfig {
            weight_bits: [8, 4, 3, 2][number % 4],
            guard_bits: [GuardBits::Auto, GuardBits::Fixed(2)][number / 2 % 2],
            // Some cases have negative values.
            input: Some(InputSigns::Signed),
            ..QuantizeConfig::default()
        };
        let (model, report) = quantize(&float, &config).expect("a small network");
        let scales = report.layers.into_iter().map(|layer| layer.channel_scales);
        Self {
            case,
            float,
            model,
            scales: scales.collect(),
        }
    }

    /// What fine-tuning computes; `None` if membranes are wider than it can.
    fn found(&self) -> Option<FewStepsGradient> {
        let start = match FineTuning::new(&self.float, &self.model, &self.scales) {
            Err(Error::FineTuning(FineTuningError::Width { .. })) => return None,
            start => start.expect("a valid start"),
        };
        let Case {
            slope, price, batch, ..
        } = &self.case;
        let found = start.few_steps_gradient((*slope, *price), &batch.inputs, &batch.labels);
        Some(found.expect("its own images"))
    }

    /// Real number of a membrane LSB that is v_th = 1, per channel.
    fn unit(&self, layer: usize, channel: usize) -> f64 {
        f64::from(self.model.layers[layer].guard_bits).exp2() / self.scales[layer][channel]
    }
}

/// Input events of an image of a batch.
fn raster(case: &Case, image: usize) -> SpikeRaster {
    let mut raster = SpikeRaster::new(case.description.input.size());
    let steps = &case.batch.inputs[image];
    for t in 0..case.description.steps {
        let values = &steps[if steps.len() == 1 { 0 } else { t }];
        let events = (0..).zip(values).filter(|(_, value)| **value != 0);
        raster.push_step(events.map(|(address, &value)| Spike { address, value }));
    }
    raster
}

#[test]
fn spikes_and_outputs_are_those_of_the_integer_engine_bit_for_bit() {
    let (mut compared, mut spikes) = (0, 0);
    for number in 0..CASES {
        let quantized = Quantized::new(number);
        let name = &quantized.case.name;
        let Some(found) = quantized.found() else { continue };
        let mut engine = Engine::new(&quantized.model).expect("proven");
        let last = quantized.model.layers.len() - 1;
        #[expect(clippy::cast_possible_truncation, reason = "as the trainer computes it")]
        let unit = quantized.unit(last, 0) as f32;
        assert_eq!(found.spikes.len(), quantized.case.batch.len());
        for (image, found_spikes) in found.spikes.iter().enumerate() {
            let trace = engine
                .trace(&raster(&quantized.case, image), false)
                .expect("its own images");
            assert_eq!(found_spikes.len(), last, "{name}");
            for (layer, (found, wanted)) in found_spikes.iter().zip(&trace.layers).enumerate() {
                assert_eq!(found, wanted, "{name}, image {image}, layer {layer}");
                spikes += found.total();
            }
            let mut before = vec![0; quantized.case.description.classes()];
            for (t, potentials) in trace.potentials_by_step.rows().into_iter().enumerate() {
                for (class, &potential) in potentials.iter().enumerate() {
                    let added = (potential - before[class]) as f32 / unit;
                    let y = found.outputs[image][[t, class]];
                    assert_eq!(y, added, "{name}, image {image}, step {t}, class {class}");
                    before[class] = potential;
                }
            }
        }
        compared += 1;
    }
    println!("{compared} of {CASES} networks, {spikes} spikes");
    assert!(compared * 10 >= CASES * 9, "{compared} of {CASES} compared");
    assert!(spikes > 10_000, "{spikes} spikes");
}

#[test]
fn gradients_equal_those_in_f64() {
    let (mut compared, mut worst) = (0, 0.0_f64);
    for number in 0..CASES {
        let quantized = Quantized::new(number);
        let Some(found) = quantized.found() else { continue };
        let case = &quantized.case;
        let (network, numbers) = (case.network(), real_numbers(&quantized));
        let pass = forward(&quantized, &network);
        let potentials = pass.potentials.iter().flatten().flatten().flatten();
        let mut from_edge = potentials.map(|v| ((v - 1.0).abs() - 0.5).abs());
        if case.slope == Slope::Rectangle && from_edge.any(|distance| distance < NEAR_EDGE) {
            continue;
        }
        let (wanted, sizes) = network.backward(&numbers, &case.batch, &pass);
        let lists = Numbers::new(&found.gradient).lists();
        for (((list, found), (_, wanted)), (_, sizes)) in lists.iter().zip(wanted.lists()).zip(sizes.lists())
        {
            let unit = largest(&wanted).max(OF_TERMS * largest(&sizes)).max(1e-9);
            let difference = distance(found, &wanted) / unit;
            worst = worst.max(difference);
            assert!(difference < GRADIENT, "{}: {list}: {difference:.1e}", case.name);
        }
        compared += 1;
    }
    println!("{compared} of {CASES} networks, largest difference {worst:.1e}");
    assert!(compared * 10 >= CASES * 8, "{compared} of {CASES} compared");
}

/// Weights that the integers stand for, for real inputs, and shapes of the biases. There are no scales: nothing normalizes.
fn real_numbers(quantized: &Quantized) -> Numbers {
    let nodes = quantized.case.description.graph().expect("valid").nodes;
    let unit_of = |source: Source| match (source, quantized.case.description.coding) {
        (Source::Input, InputCoding::Direct) => 1.0 / 256.0,
        _ => 1.0,
    };
    let mut weights = vec![Array2::zeros((0, 0)); quantized.float.weights.len()];
    for ((node, layer), scales) in nodes.iter().zip(&quantized.model.layers).zip(&quantized.scales) {
        let real = |integers: &Array2<i8>, source: Source| {
            Array2::from_shape_fn(integers.dim(), |place| {
                f64::from(integers[place]) * scales[place.0] / unit_of(source)
            })
        };
        if let Some(tensor) = node.tensor {
            weights[tensor] = real(&layer.weights, node.source);
        }
        if let (Some(junction), Some(QuantizedShortcut::Weights(integers))) =
            (&node.junction, &layer.shortcut)
        {
            weights[junction.tensor.expect("weights")] = real(integers, junction.source);
        }
    }
    let biases = quantized
        .model
        .layers
        .iter()
        .map(|layer| vec![0.0; layer.biases.len()]);
    Numbers {
        weights,
        scales: vec![Vec::new(); nodes.len()],
        shifts: biases.collect(),
    }
}

/// The forward pass in integers, by the contract; potentials are membranes as they are compared, in units of the threshold.
fn forward(quantized: &Quantized, network: &Network) -> Pass {
    let (case, model) = (&quantized.case, &quantized.model);
    let (images, steps) = (case.batch.len(), case.description.steps);
    let mut pass = Pass::default();
    let integers = |tensor: usize, [row, column]: [usize; 2]| -> i64 {
        for (node, layer) in network.graph.nodes.iter().zip(&model.layers) {
            if node.tensor == Some(tensor) {
                return i64::from(layer.weights[[row, column]]) << layer.guard_bits;
            }
            let second = node.junction.as_ref().and_then(|junction| junction.tensor);
            if let (true, Some(QuantizedShortcut::Weights(weights))) =
                (second == Some(tensor), &layer.shortcut)
            {
                return i64::from(weights[[row, column]]) << layer.guard_bits;
            }
        }
        unreachable!("every tensor belongs to a layer")
    };
    for (index, layer) in model.layers.iter().enumerate() {
        let (mut potentials, mut resets) = (network.map(index, images), network.map(index, images));
        let mut membranes = vec![0_i64; network.shape(index).size()];
        let pools = network.pooling(index).is_some();
        // Pooling compares counts, too, but only the real spikes of a window matter to its errors.
        let mut counts = network.map(index, images);
        let synapses: Vec<_> = network.synapses[index]
            .iter()
            .map(|synapse| {
                let channel = network.channel(index, synapse.to);
                let weight = match (synapse.weight, &layer.shortcut) {
                    (Weight::Learned(tensor, place), _) => integers(tensor, place),
                    (Weight::Fixed(_), _) if pools => 1,
                    (Weight::Fixed(_), Some(QuantizedShortcut::Identity(increments))) => {
                        increments[channel].into()
                    }
                    (Weight::Fixed(_), _) => unreachable!("an identity has increments"),
                };
                (*synapse, weight)
            })
            .collect();
        for (image, t) in all(images, steps) {
            if t == 0 {
                membranes.fill(0);
            }
            for &(synapse, weight) in &synapses {
                let value = match synapse.source {
                    Source::Input => {
                        let values = &case.batch.inputs[image];
                        i64::from(values[if values.len() == 1 { 0 } else { t }][synapse.from])
                    }
                    Source::Layer(source) => i64::from(pass.sent[source][image][t][synapse.from] > 0.5),
                };
                membranes[synapse.to] += weight * value;
                counts[image][t][synapse.to] += if pools { value as f64 } else { 0.0 };
            }
            for (neuron, membrane) in membranes.iter_mut().enumerate() {
                let channel = network.channel(index, neuron);
                *membrane += i64::from(layer.bias(channel));
                let unit = if pools {
                    1.0
                } else {
                    quantized.unit(index, channel)
                };
                potentials[image][t][neuron] = *membrane as f64 / unit;
                let Neuron::Lif { thresholds } = &layer.neuron else {
                    // The output of a step is what it adds.
                    *membrane = 0;
                    continue;
                };
                let threshold = i64::from(thresholds[channel]);
                let fired = *membrane > threshold;
                resets[image][t][neuron] = f64::from(u8::from(fired));
                if fired {
                    *membrane = match case.description.reset {
                        Reset::Subtract => *membrane - threshold,
                        _ => 0,
                    };
                }
                let leaked: i64 = layer.leak_shifts.iter().map(|&shift| *membrane >> shift).sum();
                *membrane = (*membrane - leaked).max(layer.floor.into());
                if let Some(ceiling) = layer.ceiling {
                    *membrane = (*membrane).min(ceiling.into());
                }
            }
        }
        if network.reads_out(index) {
            pass.outputs = potentials.clone();
        }
        pass.drive.push(counts);
        pass.potentials.push(if pools { Vec::new() } else { potentials });
        pass.sent.push(resets.clone());
        pass.resets.push(resets);
        pass.means.push(Vec::new());
        pass.variances.push(Vec::new());
    }
    pass
}
