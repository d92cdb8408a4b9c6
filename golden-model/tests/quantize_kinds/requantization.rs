//! New weights in the number format of a quantized network.

use super::common::random_raster;
use super::{NETWORKS, network, random_model};
use rand::SeedableRng;
use rand_xoshiro::Xoshiro256PlusPlus;
use synfire_golden_model::float::FloatModel;
use synfire_golden_model::integer::{Engine, InputSigns};
use synfire_golden_model::quantize::{QuantizeConfig, quantize, requantize};

#[test]
fn requantizing_the_same_weights_gives_the_same_network() {
    let mut rng = Xoshiro256PlusPlus::seed_from_u64(8);
    for text in NETWORKS {
        for signed in [false, true] {
            let mut model = random_model(&mut rng, network(text, signed));
            if !text.starts_with('P') {
                // A channel that nothing can fire stays without weights, although the float model has some.
                model.weights[0].row_mut(0).fill(-0.3);
            }
            let (wanted, report) = quantize(&model, &QuantizeConfig::default()).expect("quantizes");
            let scales: Vec<_> = report
                .layers
                .iter()
                .map(|layer| layer.channel_scales.clone())
                .collect();
            let (found, again) =
                requantize(&model, &scales, &wanted, InputSigns::of(&model.description)).expect("fits");
            for (found, wanted) in found.layers.iter().zip(&wanted.layers) {
                assert_eq!(found, wanted, "{text}");
            }
            for (found, wanted) in again.layers.iter().zip(&report.layers) {
                assert_eq!(found, wanted, "{text}");
            }
        }
    }
}

#[test]
fn requantizing_other_weights_proves_other_widths() {
    let mut rng = Xoshiro256PlusPlus::seed_from_u64(9);
    let mut model = random_model(&mut rng, network("3C3p1=0-3-2@3x4x4", false));
    let (format, report) = quantize(&model, &QuantizeConfig::default()).expect("quantizes");
    let scales: Vec<_> = report
        .layers
        .iter()
        .map(|layer| layer.channel_scales.clone())
        .collect();
    for weights in &mut model.weights {
        *weights *= -2.0;
    }
    let (found, report) = requantize(&model, &scales, &format, InputSigns::Unsigned).expect("fits");
    for (index, (found, format)) in found.layers.iter().zip(&format.layers).enumerate() {
        assert_eq!(found.neuron, format.neuron);
        assert_eq!(found.shortcut, format.shortcut);
        assert_eq!((found.guard_bits, found.floor), (format.guard_bits, format.floor));
        assert_ne!(found.weights, format.weights);
        let bounds = &report.layers[index].bounds;
        let lowest = bounds.lowest.min(found.floor.into());
        assert!(lowest >= -(1_i64 << (found.membrane_bits - 1)));
        assert!(bounds.highest < 1_i64 << (found.membrane_bits - 1));
    }
    let raster = random_raster(&mut rng, &found, 12, false);
    Engine::new(&found)
        .expect("proven")
        .infer(&raster)
        .expect("covered");
}

#[test]
fn scales_and_formats_that_do_not_fit_are_refused() {
    let mut rng = Xoshiro256PlusPlus::seed_from_u64(10);
    let model = random_model(&mut rng, network("2C3p1-P2-2@1x4x4", false));
    let (format, report) = quantize(&model, &QuantizeConfig::default()).expect("quantizes");
    let scales: Vec<_> = report
        .layers
        .iter()
        .map(|layer| layer.channel_scales.clone())
        .collect();
    let refused = |model: &FloatModel, scales: &[Vec<f64>]| {
        requantize(model, scales, &format, InputSigns::Unsigned)
            .expect_err("does not fit")
            .to_string()
    };
    let mut short = scales.clone();
    short[0].pop();
    assert_eq!(
        refused(&model, &short),
        "quantizer: 1 scales are given for layer `conv1`, but it needs 2; pass `channel_scales` of the report that \
         belongs to the number format"
    );
    assert!(
        refused(&model, &scales[..2])
            .starts_with("quantizer: 0 scales are given for layer `out`, but it needs 2")
    );
    let mut wrong = scales.clone();
    wrong[0][1] = f64::NAN;
    assert_eq!(
        refused(&model, &wrong),
        "quantizer: the scale of channel 1 of layer `conv1` is NaN, but must be finite and above 0; pass `channel_scales` of the \
         report that belongs to the number format"
    );
    let mut other = model.clone();
    other.description.name = "other".to_owned();
    assert_eq!(
        refused(&other, &scales),
        "quantizer: the number format belongs to network `2C3p1-P2-2`, which differs from network `other`; \
         quantize this network first"
    );
}
