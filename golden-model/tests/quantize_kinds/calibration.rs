//! Rounding and scales with the spikes of calibration inferences.

use super::common::random_raster;
use super::{NETWORKS, network, random_model, rasters};
use rand::SeedableRng;
use rand_xoshiro::Xoshiro256PlusPlus;
use synfire_golden_model::Result;
use synfire_golden_model::float::FloatModel;
use synfire_golden_model::integer::{QuantizedModel, QuantizedShortcut};
use synfire_golden_model::quantize::{
    Calibration, QuantizeConfig, QuantizeReport, QuantizeWarning, ScaleSearch, quantize, quantize_calibrated,
    quantize_with,
};
use synfire_golden_model::spikes::SpikeRaster;

/// Root mean square over all windows of the first layer's drive error, relative to that of the drive.
fn drive_error(
    model: &FloatModel,
    quantized: &QuantizedModel,
    report: &QuantizeReport,
    rasters: &[SpikeRaster],
) -> f64 {
    let input = model.description.input;
    let shape = model.description.shapes()[0];
    let (kernel, padding) = (3, 1);
    let scales = &report.layers[0].channel_scales;
    let second = match &quantized.layers[0].shortcut {
        Some(QuantizedShortcut::Weights(weights)) => weights,
        other => panic!("{other:?}"),
    };
    let (mut error, mut total) = (0.0, 0.0);
    for raster in rasters {
        let mut counts = vec![0.0; input.size()];
        for spike in raster.iter().flatten() {
            counts[spike.address as usize] += f64::from(spike.value);
        }
        for channel in 0..shape.channels {
            for (y, x) in (0..shape.height).flat_map(|y| (0..shape.width).map(move |x| (y, x))) {
                let (mut wanted, mut found) = (0.0, 0.0);
                let mut add = |weight: f32, integer: i8, count: f64| {
                    wanted += f64::from(weight) * count;
                    found += scales[channel] * f64::from(integer) * count;
                };
                for c in 0..input.channels {
                    let at = |y: usize, x: usize| counts[(c * input.height + y) * input.width + x];
                    for (ky, kx) in (0..kernel).flat_map(|ky| (0..kernel).map(move |kx| (ky, kx))) {
                        let (sy, sx) = (y + ky, x + kx);
                        let inside = (padding..input.height + padding).contains(&sy)
                            && (padding..input.width + padding).contains(&sx);
                        if inside {
                            let column = [channel, (c * kernel + ky) * kernel + kx];
                            let count = at(sy - padding, sx - padding);
                            add(
                                model.weights[0][column],
                                quantized.layers[0].weights[column],
                                count,
                            );
                        }
                    }
                    add(model.weights[1][[channel, c]], second[[channel, c]], at(y, x));
                }
                error += (wanted - found).powi(2);
                total += wanted.powi(2);
            }
        }
    }
    (error / total).sqrt()
}

#[test]
fn calibration_rounds_both_paths_by_what_their_windows_count() {
    let mut rng = Xoshiro256PlusPlus::seed_from_u64(5);
    for signed in [false, true] {
        let model = random_model(&mut rng, network("5C3p1+0-3@3x5x5", signed));
        let config = QuantizeConfig {
            weight_bits: 3,
            scale: ScaleSearch::Max,
            ..QuantizeConfig::default()
        };
        let (plain, plain_report) = quantize(&model, &config).expect("quantizes");
        let rasters = rasters(&mut rng, &plain, 20, signed);
        let (rounded, report) = quantize_calibrated(&model, &config, &rasters).expect("quantizes");
        let before = drive_error(&model, &plain, &plain_report, &rasters);
        let after = drive_error(&model, &rounded, &report, &rasters);
        assert!(after < 0.9 * before, "{after} {before}");
        // The report computes the error from the moments, damped by 1 %; with few images it uses all windows.
        let reported = report.layers[0].drive_error.expect("calibrated");
        assert!(
            (0.95 * after..1.3 * after).contains(&reported),
            "{reported} {after}"
        );
        assert_eq!(plain_report.layers[0].drive_error, None);
    }
}

#[test]
fn the_best_scale_is_no_worse_than_any_other() {
    let mut rng = Xoshiro256PlusPlus::seed_from_u64(6);
    let model = random_model(&mut rng, network(NETWORKS[2], true));
    let (first, _) = quantize(&model, &QuantizeConfig::default()).expect("quantizes");
    let rasters = rasters(&mut rng, &first, 12, true);
    let errors = |scale| {
        let config = QuantizeConfig {
            scale,
            weight_bits: 3,
            ..QuantizeConfig::default()
        };
        let layers = quantize_calibrated(&model, &config, &rasters)
            .expect("quantizes")
            .1
            .layers;
        // Only the first layer receives the same spikes for every search.
        layers[0].drive_error.expect("calibrated")
    };
    let best = errors(ScaleSearch::Best);
    for other in [
        ScaleSearch::Max,
        ScaleSearch::MeanSquare,
        ScaleSearch::Percentile(95.0),
    ] {
        assert!(best <= errors(other), "{other:?}");
    }
    let weights_alone = |scale| {
        let config = QuantizeConfig {
            scale,
            ..QuantizeConfig::default()
        };
        quantize(&model, &config).expect("quantizes").0.layers
    };
    assert_eq!(
        weights_alone(ScaleSearch::Best),
        weights_alone(ScaleSearch::MeanSquare)
    );
}

#[test]
fn calibration_does_not_depend_on_threads_and_says_what_stays_silent() {
    let mut rng = Xoshiro256PlusPlus::seed_from_u64(7);
    let mut model = random_model(&mut rng, network(NETWORKS[2], false));
    // The last channel of the first convolution can fire, but not by the given spikes.
    model.weights[0].row_mut(5).fill(0.002);
    model.weights[0].row_mut(4).fill(9.0);
    let (first, _) = quantize(&model, &QuantizeConfig::default()).expect("quantizes");
    let rasters: Vec<SpikeRaster> = (0..3)
        .map(|_| random_raster(&mut rng, &first, 12, false))
        .collect();
    let run = |threads| {
        let pool = rayon::ThreadPoolBuilder::new()
            .num_threads(threads)
            .build()
            .expect("threads");
        let spikes = |image: usize| -> Result<SpikeRaster> { Ok(rasters[image].clone()) };
        let calibration = Calibration::new(rasters.len(), &spikes);
        pool.install(|| quantize_with(&model, &QuantizeConfig::default(), &calibration))
            .expect("quantizes")
    };
    let (one, two) = (run(1), run(2));
    assert_eq!(one, two);
    let of_first = |warning: &&QuantizeWarning| warning.to_string().contains("`conv1`");
    let warned: Vec<String> = one
        .1
        .warnings
        .iter()
        .filter(of_first)
        .map(ToString::to_string)
        .collect();
    assert!(
        warned.contains(&"layer `conv1`: calibration never fires 1 channel (5); calibrate with more images, or make the layer smaller".to_owned()),
        "{warned:?}"
    );
    assert!(
        warned.contains(
            &"layer `conv1`: calibration almost always fires 1 channel (4); train with a lower input rate"
                .to_owned()
        ),
        "{warned:?}"
    );
}
