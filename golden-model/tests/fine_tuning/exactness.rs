//! Comparison of spikes and outputs with the integer engine.

use super::{CASES, case, quantized};
use synfire_golden_model::Error;
use synfire_golden_model::integer::{Engine, Neuron, QuantizedModel};
use synfire_golden_model::quantize::GuardBits;
use synfire_golden_model::reference::Case;
use synfire_golden_model::spikes::SpikeRaster;
use synfire_golden_model::train::{FineTuning, FineTuningError};

/// Checks every spike and every output of a case's images; returns the spikes.
fn check(case: &Case, quantized: &QuantizedModel, scales: &[Vec<f64>], what: &str) -> Vec<Vec<SpikeRaster>> {
    let start = FineTuning::new(&case.model, quantized, scales).expect("at most 24 bits");
    let found = start
        .gradient(&case.images, &case.labels)
        .expect("its own images");
    let mut engine = Engine::new(quantized).expect("proven");
    let (output, last) = (
        quantized.layers.len() - 1,
        &quantized.layers[quantized.layers.len() - 1],
    );
    let unit = f64::from(last.guard_bits).exp2() / scales[output][0];
    assert_eq!(found.spikes.len(), case.images.len());
    for (image, raster) in case.images.iter().enumerate() {
        let trace = engine.trace(raster, false).expect("its own images");
        assert_eq!(found.spikes[image].len(), output, "{what}");
        for (layer, (found, expected)) in found.spikes[image].iter().zip(&trace.layers).enumerate() {
            assert_eq!(
                found.steps(),
                expected.steps(),
                "{what}, image {image}, layer {layer}"
            );
            for (step, (found, expected)) in found.iter().zip(expected.iter()).enumerate() {
                assert_eq!(
                    found, expected,
                    "{what}, image {image}, layer {layer}, step {step}"
                );
            }
        }
        let potentials = trace.inference.potentials.iter();
        #[expect(clippy::cast_possible_truncation, reason = "as the trainer computes it")]
        let expected: Vec<f32> = potentials
            .map(|&m| m as f32 / unit as f32 / quantized.description.steps as f32)
            .collect();
        assert_eq!(found.outputs[image], expected, "{what}, image {image}");
    }
    found.spikes
}

#[test]
fn forward_is_the_integer_engine_bit_for_bit() {
    for name in CASES {
        let case = case(name);
        for (weight_bits, guard_bits) in [
            (2, GuardBits::Auto),
            (4, GuardBits::Auto),
            (8, GuardBits::Fixed(0)),
            (8, GuardBits::Fixed(5)),
        ] {
            let (quantized, scales) = quantized(&case, weight_bits, guard_bits);
            let what = format!("{name}, {weight_bits} bits, {guard_bits:?}");
            let spikes = check(&case, &quantized, &scales, &what);
            let total: usize = spikes.iter().flatten().map(SpikeRaster::total).sum();
            assert!(total > 100, "{what}: {total} spikes");
        }
    }
}

#[test]
fn floors_and_leaks_that_act_are_the_same_in_both() {
    for name in CASES {
        let case = case(name);
        let (loose, scales) = quantized(&case, 4, GuardBits::Fixed(3));
        let free = check(&case, &loose, &scales, name);
        for shifts in [&[][..], &[1], &[3, 4], &[2, 5, 6]] {
            let mut tight = loose.clone();
            for layer in &mut tight.layers {
                // Pooling neurons of unsigned spikes never sink, and do not leak.
                if layer.inputs() > 0 {
                    layer.floor = match &layer.neuron {
                        Neuron::Lif { thresholds } => -thresholds.iter().max().expect("neurons") / 8,
                        Neuron::Output => layer.floor,
                    };
                    layer.leak_shifts = shifts.to_vec();
                    layer.membrane_bits = 24;
                }
            }
            let spikes = check(&case, &tight, &scales, &format!("{name}, tight, leak {shifts:?}"));
            assert_ne!(spikes, free, "{name}: neither floor nor leak acts");
        }
    }
}

#[test]
fn what_cannot_be_computed_exactly_is_refused() {
    let case = case("fc");
    let (quantized, scales) = quantized(&case, 4, GuardBits::Auto);
    let refused = |quantized: &QuantizedModel, scales: &[Vec<f64>]| {
        let error = FineTuning::new(&case.model, quantized, scales).expect_err("refused");
        assert!(
            matches!(error, Error::FineTuning(FineTuningError::Width { .. }))
                == (quantized.layers[1].membrane_bits > 24)
        );
        error.to_string()
    };
    let mut wide = quantized.clone();
    wide.layers[1].membrane_bits = 25;
    assert_eq!(
        refused(&wide, &scales),
        "layer `f1`: membranes have 25 bits, but fine-tuning computes at most 24 bits exactly; quantize with fewer guard \
         bits or fewer weight bits"
    );
    assert_eq!(
        refused(&quantized, &scales[1..]),
        "scales are given for 2 layers, but the network has 3; pass the scales of the quantizer's report"
    );
    type Change = fn(&mut Vec<Vec<f64>>);
    let cases: [(Change, &str); 3] = [
        (
            |scales| scales[0].truncate(19),
            "layer `f0`: 19 scales are given for 20 channels; pass the scales of the quantizer's report",
        ),
        (
            |scales| scales[1][3] = 0.0,
            "layer `f1`: the scale of channel 3 is 0, but must be finite and above 0; pass the scales of the \
             quantizer's report",
        ),
        (
            |scales| scales[2] = vec![0.5, 0.5, 0.25, 0.5],
            "layer `out`: the output layer has scales 0.5 and 0.25, but its classes must share one; pass the scales of \
             the quantizer's report",
        ),
    ];
    for (change, message) in cases {
        let mut changed = scales.clone();
        change(&mut changed);
        assert_eq!(refused(&quantized, &changed), message);
    }
}
